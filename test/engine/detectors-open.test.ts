import { readFileSync } from "node:fs";
import { nodeFile, nodeFolder } from "@underdraw/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openDetector } from "../../engine/src/detectors/open.ts";
import { memoryFolder, memorySource } from "../../engine/src/models/memory.ts";
import type { ModelFile } from "../../engine/src/models/source.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { field, joined, seeing, smallOnnx, whole } from "./detectors-onnx.ts";
import { golden } from "./golden.ts";
import { fileWith, numbers, safetensorsFile } from "./safetensors-file.ts";

// How a net's file is opened by what is in it, and what is said of one that cannot be.

const folder = "test/golden/detectors";
let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu" });
});
afterAll(() => runtime.dispose());

const fileOf = (bytes: Uint8Array, name = "net.bin"): ModelFile => ({
  kind: "file",
  name,
  open: async () => memorySource(name, bytes),
});

/** A picture whose channels tell themselves apart, and its numbers from 0 to 255. */
const picture = {
  dims: [1, 3, 32, 64],
  values: Float32Array.from({ length: 3 * 32 * 64 }, (_, i) => [51, 102, 204][Math.floor(i / 2048)] as number),
};
const channel = (value: number) => [51, 102, 204].indexOf(value);

/** What a model saw of the picture: the first number of what it gives back. */
async function seen(bytes: Uint8Array, model = "depth-model", more = {}) {
  const net = await openDetector(runtime, model, fileOf(bytes));
  try {
    const { seen: found } = await net.run({ picture, ...more });
    return { value: found?.values[0] as number, dims: found?.dims, warnings: net.warnings.map(({ code }) => code) };
  } finally {
    await net.release();
  }
}

describe("an ONNX model gets its picture as it wants it", () => {
  test("by metadata: mean and deviation of shares or bytes, a range, an order of channels", async () => {
    const shares = { mean: "[0.5, 0.4, 0.3]", std: "[0.1, 0.2, 0.2]" };
    expect((await seen(seeing({ metadata: shares }))).value).toBeCloseTo((51 / 255 - 0.5) / 0.1, 4);
    const bytes = { image_mean: "127.5 100 90", image_std: "50 60 70" };
    expect((await seen(seeing({ metadata: bytes }))).value).toBeCloseTo((51 - 127.5) / 50, 4);
    expect((await seen(seeing({ metadata: { input_range: "-1-1" } }))).value).toBeCloseTo(51 / 127.5 - 1, 4);
    expect((await seen(seeing({ metadata: { "Input Range": "[0, 255]" } }))).value).toBeCloseTo(51, 4);
    const turned = { ...bytes, channel_order: "BGR" };
    expect((await seen(seeing({ metadata: turned }))).value).toBeCloseTo((204 - 127.5) / 50, 4);
    const whole = { preprocessor_config: JSON.stringify({ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] }) };
    expect((await seen(seeing({ metadata: whole }))).value).toBeCloseTo(51 / 127.5 - 1, 4);
    expect((await seen(seeing({ metadata: whole }))).warnings).toEqual([]);
  });

  test("by its own first operations, and by the type of its numbers", async () => {
    const divided = {
      before: [{ op: "Div", inputs: ["photo", "bytes"], output: "share" }],
      constants: { bytes: { dims: [1], values: [255] } },
    };
    expect((await seen(seeing(divided))).value).toBeCloseTo(51 / 255, 4);
    const centred = {
      before: [
        { op: "Sub", inputs: ["photo", "mean"], output: "less" },
        { op: "Div", inputs: ["less", "deviation"], output: "even" },
      ],
      constants: {
        mean: { dims: [1, 3, 1, 1], values: [0.485, 0.456, 0.406] },
        deviation: { dims: [1, 3, 1, 1], values: [0.229, 0.224, 0.225] },
      },
    };
    expect((await seen(seeing(centred))).value).toBeCloseTo((51 / 255 - 0.485) / 0.229, 4);
    const bytes = await seen(seeing({ type: 2 }));
    expect(bytes).toMatchObject({ value: 51, warnings: [] });
  });

  test("by what its role is used to where nothing tells, which is said", async () => {
    const depth = await seen(seeing());
    expect(depth.value).toBeCloseTo((51 / 255 - 0.485) / 0.229, 4);
    expect(depth.warnings).toEqual(["model-range-assumed"]);
    expect((await seen(seeing(), "edges-model")).value).toBeCloseTo(51 / 255, 4);
    expect((await seen(seeing(), "hed")).value).toBeCloseTo(51, 4);
    expect((await seen(seeing(), "pidinet")).value).toBeCloseTo(204 / 255, 4);
  });

  test("by what its asker says, above all else", async () => {
    const said = {
      mean: { dims: [3], values: Float32Array.of(1, 2, 3) },
      deviation: { dims: [3], values: Float32Array.of(2, 2, 2) },
      order: { dims: [3], values: Int32Array.of(2, 1, 0) },
    };
    expect((await seen(seeing({ metadata: { mean: "0", std: "1" } }), "depth-model", said)).value).toBeCloseTo(
      203 / 2,
      4,
    );
    await expect(seen(seeing(), "depth-model", { mean: { dims: [1], values: Float32Array.of(1) } })).rejects.toThrow(
      TypeError,
    );
  });

  test("with its channels first or last, with a batch or without, at fixed sides or free ones", async () => {
    const range = { metadata: { input_range: "0 255" } };
    for (const dims of [[1, 3, "h", "w"], ["n", 3, "h", "w"], [1, "h", "w", 3], null]) {
      const all = await Promise.all(
        (
          [
            [1, 0, 0],
            [0, 1, 0],
            [0, 0, 1],
          ] as const
        ).map((shares) => seen(seeing({ dims, shares, ...range }))),
      );
      expect(all.map(({ value }) => channel(value))).toEqual([0, 1, 2]);
      expect(all[0]?.dims).toEqual([1, 1, 32, 64]);
    }
    expect((await seen(seeing({ dims: [1, 3, 24, 48], ...range }))).dims).toEqual([1, 1, 24, 48]);
    const bare = smallOnnx({
      inputs: [{ name: "photo", dims: [3, "h", "w"] }],
      outputs: [{ name: "seen", dims: null }],
      steps: [{ op: "Identity", inputs: ["photo"], output: "seen" }],
      ...range,
    });
    expect(await seen(bare)).toMatchObject({ value: 51, dims: [3, 32, 64] });
  });

  test("stretched to whole patches where its first convolution cuts some", async () => {
    const bytes = smallOnnx({
      inputs: [{ name: "photo", dims: [1, 3, "h", "w"] }],
      outputs: [{ name: "seen", dims: [1, 1, "y", "x"] }],
      steps: [
        { op: "Conv", inputs: ["photo", "patch"], output: "seen", ints: { kernel_shape: [14, 14], strides: [14, 14] } },
      ],
      constants: { patch: { dims: [1, 3, 14, 14], values: Array.from({ length: 588 }, () => 1) } },
    });
    expect((await seen(bytes)).dims).toEqual([1, 1, 2, 5]);
  });

  test("as it is, by the model's own names or by any where it has one input", async () => {
    const net = await openDetector(runtime, "somebody's", fileOf(seeing({ dims: [1, 3, 2, 2] })));
    const values = Float32Array.from({ length: 12 }, (_, i) => i);
    for (const name of ["photo", "", "whatever"])
      expect([...((await net.run({ [name]: { dims: [1, 3, 2, 2], values } }))["seen"]?.values ?? [])]).toEqual([
        0, 1, 2, 3,
      ]);
    await expect(net.run({ a: { dims: [1], values }, b: { dims: [1], values } })).rejects.toThrow(
      /no input "a"; it has photo/,
    );
    await expect(net.run({ photo: { dims: [1, 3, 2, 3], values: new Float32Array(18) } })).rejects.toThrow(RangeError);
    await net.release();
    const ints = await openDetector(runtime, "somebody's", fileOf(seeing({ dims: [1, 2, 2, 3], type: 6 })));
    const given = { dims: [1, 2, 2, 3], values: Int32Array.from({ length: 12 }, (_, i) => i) };
    expect([...((await ints.run({ input: given }))["seen"]?.values ?? [])]).toEqual([0, 3, 6, 9]);
    await ints.release();
  });
});

describe("what cannot be opened is refused in words", () => {
  const opening = (model: string, bytes: Uint8Array, name?: string) =>
    openDetector(runtime, model, fileOf(bytes, name));
  const hed = readFileSync(golden("detectors/hed.safetensors"));

  test("a file that is cut short, whatever it is", async () => {
    for (const bytes of [
      hed.subarray(0, hed.length - 5),
      seeing().subarray(0, 150),
      seeing().subarray(0, 40),
      new Uint8Array(),
      hed.subarray(0, 4),
    ])
      await expect(opening("hed", bytes)).rejects.toMatchObject({ code: "file-invalid" });
  });

  test("a pickle, with how to convert it", async () => {
    const pickle = Uint8Array.from("PK\x03\x04 archive/data.pkl and more", (sign) => sign.charCodeAt(0));
    await expect(opening("hed", pickle, "ControlNetHED.pth")).rejects.toMatchObject({
      code: "file-invalid",
      message: expect.stringMatching(/pickle.*safetensors\.torch/s),
    });
  });

  test("the net of another family or role, by its tensors and not by its name", async () => {
    await expect(opening("pidinet", hed, "pidinet.safetensors")).rejects.toMatchObject({
      code: "model-incompatible",
      message: expect.stringMatching(/it is HED, and "pidinet" has to be PiDiNet/),
    });
    await expect(opening("depth-model", hed)).rejects.toMatchObject({ code: "model-incompatible" });
    await (await opening("edges-model", hed)).release(); // opened: what is no net of theirs would have rejected
    await (await opening("somebody's", hed)).release(); // opened: what is no net of theirs would have rejected
    await expect(opening("hed", safetensorsFile({ a: numbers(1), b: numbers(2) }))).rejects.toMatchObject({
      code: "model-incompatible",
      message: expect.stringContaining("it holds a, b"),
    });
  });

  test("a net of the right family whose layers are others", async () => {
    const text = hed.toString("latin1");
    const header = JSON.parse(hed.toString("utf8", 8, 8 + Number(hed.readBigUint64LE(0)))) as Record<string, unknown>;
    expect(text.length).toBe(hed.length);
    const body = hed.subarray(8 + Number(hed.readBigUint64LE(0)));
    const { ["block2.convs.1.weight"]: _, ...less } = header;
    await expect(opening("hed", fileWith(less, body))).rejects.toMatchObject({
      code: "model-incompatible",
      message: expect.stringContaining("1 missing: block2.convs.1.weight"),
    });
    const more = { ...header, "block6.convs.0.weight": { dtype: "F32", shape: [0], data_offsets: [0, 0] } };
    await expect(opening("hed", fileWith(more, body))).rejects.toMatchObject({ code: "model-incompatible" });
  });

  test("an ONNX model that reads no picture, keeps its weights elsewhere, or has types of its own", async () => {
    for (const dims of [
      [1, 4, 8, 8],
      [3, 8],
      [2, 3, 8, 8],
    ])
      await expect(opening("depth-model", seeing({ dims }))).rejects.toMatchObject({ code: "model-incompatible" });
    await expect(opening("depth-model", seeing({ outside: true }))).rejects.toMatchObject({
      code: "model-incompatible",
      message: expect.stringContaining("onnx.save"),
    });
    await expect(opening("depth-model", seeing({ type: 8 }))).rejects.toMatchObject({ code: "model-incompatible" });
  });

  test("an ONNX model that onnxruntime cannot run", async () => {
    const bytes = smallOnnx({
      inputs: [{ name: "photo", dims: [1, 3, "h", "w"] }],
      outputs: [{ name: "seen", dims: [1, 3, "h", "w"] }],
      steps: [{ op: "Nonsense", inputs: ["photo"], output: "seen" }],
    });
    await expect(opening("depth-model", bytes)).rejects.toMatchObject({
      code: "model-incompatible",
      message: expect.stringMatching(/cannot be loaded.*Nonsense/s),
    });
    // Found out when it runs: the file tells no shape, and its weights read three channels.
    const net = await openDetector(
      runtime,
      "somebody's",
      fileOf(seeing({ dims: ["n", 3, "h", "w"], shares: [1, 0, 0] })),
    );
    await expect(net.run({ photo: { dims: [1, 4, 8, 8], values: new Float32Array(256) } })).rejects.toThrow(RangeError);
    const wide = smallOnnx({
      inputs: [{ name: "photo", dims: null }],
      outputs: [{ name: "seen", dims: null }],
      steps: [{ op: "Conv", inputs: ["photo", "k"], output: "seen", ints: { kernel_shape: [1, 1] } }],
      constants: { k: { dims: [1, 3, 1, 1], values: [1, 1, 1] } },
    });
    const other = await openDetector(runtime, "somebody's", fileOf(wide));
    await expect(other.run({ photo: { dims: [1, 4, 8, 8], values: new Float32Array(256) } })).rejects.toMatchObject({
      code: "model-incompatible",
      message: expect.stringContaining("it fails on [1, 4, 8, 8]"),
    });
  });

  test("protobuf that was made to mislead", async () => {
    const start = joined(whole(1, 10), field(2, "somebody"));
    const hostile = [
      joined(start, Uint8Array.of(0x3a, 255, 255, 255, 255, 15)),
      joined(start, Uint8Array.of(0x3a, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255)),
      joined(start, Uint8Array.of(0x3a, 5, 0x0b, 0, 0, 0, 0)),
      joined(start, field(7, Uint8Array.of(0x0a, 200))),
      joined(start, field(3, "no graph at all")),
    ];
    for (const bytes of hostile)
      await expect(opening("depth-model", bytes), [...bytes].join()).rejects.toMatchObject({ code: "file-invalid" });
  });

  test("a folder without weights, and a config that asks for layers that are not there", async () => {
    await expect(openDetector(runtime, "depth-anything", memoryFolder("empty", {}))).rejects.toMatchObject({
      code: "model-incompatible",
    });
    const weights = new Uint8Array(readFileSync(golden("detectors/depth-anything/model.safetensors")));
    const config = JSON.parse(readFileSync(golden("detectors/depth-anything/config.json"), "utf8"));
    const wrong: readonly [what: string, change: object][] = [
      ["use_swiglu_ffn", { backbone_config: { ...config.backbone_config, use_swiglu_ffn: true } }],
      ["out_indices", { backbone_config: { ...config.backbone_config, out_indices: [1, 2, 3] } }],
      ["out_indices", { backbone_config: { ...config.backbone_config, out_indices: [1, 2, 4, 9] } }],
      ["heads", { backbone_config: { ...config.backbone_config, num_attention_heads: 5 } }],
      ["num_attention_heads", { backbone_config: { ...config.backbone_config, num_attention_heads: "3" } }],
      ["reassemble_factors", { reassemble_factors: [8, 4, 2, 1] }],
      ["depth_estimation_type", { depth_estimation_type: "disparity" }],
    ];
    for (const [what, change] of wrong) {
      const source = memoryFolder("other", {
        "config.json": JSON.stringify({ ...config, ...change }),
        "model.safetensors": weights,
      });
      await expect(openDetector(runtime, "depth-anything", source), what).rejects.toMatchObject({
        code: "model-incompatible",
        message: expect.stringContaining(what),
      });
    }
  });

  test("Depth Anything of an unusual width as a file alone, with what is missing", async () => {
    await expect(
      openDetector(runtime, "depth-anything", nodeFile(`${folder}/depth-anything/model.safetensors`)),
    ).rejects.toMatchObject({ code: "model-incompatible", message: expect.stringContaining("config.json") });
  });
});

test("a file that is none of those known to be right works, and is told of", async () => {
  const source = nodeFile(`${folder}/teed.safetensors`);
  const digest = await crypto.subtle.digest("SHA-256", readFileSync(golden("detectors/teed.safetensors")));
  const right = Buffer.from(digest).toString("hex");
  const codes = async (...sha256: string[]) => {
    const net = await openDetector(runtime, "teed", source, { sha256 });
    await net.release();
    return net.warnings.map(({ code }) => code);
  };
  expect(await codes("0".repeat(64), right.toUpperCase())).toEqual([]);
  expect(await codes("0".repeat(64))).toEqual(["model-unverified"]);
  expect(await codes()).toEqual([]);
});

test("an ONNX model is found in a folder too", async () => {
  const source = memoryFolder("exported", { "onnx/model.onnx": seeing({ metadata: { input_range: "0 255" } }) });
  const net = await openDetector(runtime, "depth-model", source);
  expect((await net.run({ picture }))["seen"]?.values[0]).toBe(51);
  await net.release();
  const folderNet = await openDetector(runtime, "depth-anything", nodeFolder(`${folder}/depth-anything`));
  const [depth] = Object.values(await folderNet.run({ picture }));
  expect(depth?.values.every(Number.isFinite)).toBe(true);
  await folderNet.release();
});

test("a picture that is none is refused", async () => {
  const net = await openDetector(runtime, "teed", nodeFile(`${folder}/teed.safetensors`));
  await expect(net.run({})).rejects.toThrow(/without its input "picture"/);
  await expect(net.run({ picture: { dims: [1, 4, 8, 8], values: new Float32Array(256) } })).rejects.toThrow(TypeError);
  await expect(net.run({ picture: { dims: [1, 3, 8, 8], values: new Float32Array(5) } })).rejects.toThrow(RangeError);
  const outputs = await net.run({ picture: { dims: [1, 3, 7, 1], values: new Float32Array(21) } });
  expect(outputs["side.0"]?.dims).toEqual([1, 1, 8, 4]);
  const stopped = AbortSignal.abort("enough");
  await expect(net.run({ picture }, { signal: stopped })).rejects.toBe("enough");
  await net.release();
  await net.release();
});
