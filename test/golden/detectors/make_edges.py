"""Nets for edges and line drawings with random weights, and what controlnet_aux's own modules compute with them.

    pip install torch==2.15.0 safetensors && pip download --no-deps controlnet_aux==0.0.10 && unzip controlnet_aux-0.0.10-*.whl -d aux
    PYTHONPATH=aux OMP_NUM_THREADS=1 python make_edges.py

Where the module takes its widths as arguments they are small ones (HED, PiDiNet), and the weights lie in *.safetensors. The
generator of line drawings has fixed ones: its weights follow from their names, see `named` and test/engine/detectors-golden.ts.
The modules' files are loaded by themselves, so that none of the package's other needs is installed.
"""

import importlib.util
import pathlib
import sys
import types

import numpy as np
import torch
from safetensors.torch import save_file

HERE = pathlib.Path(__file__).parent


def module(path):
    """One file of controlnet_aux; what it imports beside torch and does not use in its network is a stand-in."""
    for name in ("cv2", "einops", "huggingface_hub", "PIL"):
        if name not in sys.modules:
            stand_in = types.ModuleType(name)
            for attribute in ("rearrange", "hf_hub_download", "Image"):
                setattr(stand_in, attribute, None)
            sys.modules[name] = stand_in
    root = next(pathlib.Path(p) / "controlnet_aux" for p in sys.path if (pathlib.Path(p) / "controlnet_aux").is_dir())
    for name in ("aux", "aux." + path.split("/")[0]):
        sys.modules.setdefault(name, types.ModuleType(name)).__path__ = [str(root / name[4:])]
    util = types.ModuleType("aux.util")
    util.HWC3 = util.nms = util.resize_image = util.safe_step = None
    sys.modules["aux.util"] = util
    name = "aux." + path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
    spec = importlib.util.spec_from_file_location(name, root / path)
    found = importlib.util.module_from_spec(spec)
    sys.modules[name] = found
    spec.loader.exec_module(found)
    return found


def scramble(model, seed):
    generator = torch.Generator().manual_seed(seed)
    state = model.state_dict()
    for key, value in state.items():
        fan = max(1, value[0].numel()) if value.dim() > 1 else 1
        scale = (3 / fan) ** 0.5 if value.dim() > 1 else 0.3
        state[key] = (torch.rand(value.shape, generator=generator) * 2 - 1) * scale
    if "norm" in state:
        state["norm"] = state["norm"] + torch.tensor([120.0, 115.0, 105.0]).view(1, 3, 1, 1)
    model.load_state_dict(state)
    return model.eval()


def named(key, shape):
    """Uniform numbers in -1..1 from a name: FNV-1a of it, then a congruential generator; scaled by fan-in."""
    seed = 2166136261
    for letter in key:
        seed = ((seed ^ ord(letter)) * 16777619) & 0xFFFFFFFF
    count = int(np.prod(shape))
    powers = np.cumprod(np.full(count, 1664525, np.uint32), dtype=np.uint32)
    sums = np.cumsum(np.concatenate([[1], powers[:-1]]), dtype=np.uint32)
    states = powers * np.uint32(seed) + sums * np.uint32(1013904223)
    values = states.astype(np.float64) / 2**31 - 1
    scale = 0.2 if len(shape) == 1 else (3 / np.prod(shape[1:])) ** 0.5
    return torch.from_numpy((values * scale).astype(np.float32).reshape(shape))


def pictures(sizes, seed):
    generator = torch.Generator().manual_seed(seed)
    return {f"{h}x{w}": torch.randint(0, 256, (1, 3, h, w), generator=generator) for h, w in sizes}


def record(name, run, sizes, seed):
    cases = {}
    for size, picture in pictures(sizes, seed).items():
        with torch.no_grad():
            outputs = run(picture.float())
        cases[f"{size}.picture"] = picture.to(torch.uint8)
        for n, output in enumerate(outputs):
            assert output.std() > 0, (name, n)
            cases[f"{size}.{n}"] = output.contiguous()
    save_file(cases, HERE / f"{name}-cases.safetensors")


def main():
    hed = module("hed/__init__.py")
    net = hed.ControlNetHED_Apache2()
    widths = [3, 8, 8, 12, 16, 16]
    for n, layers in enumerate([2, 2, 3, 3, 3]):
        setattr(net, f"block{n + 1}", hed.DoubleConvBlock(widths[n], widths[n + 1], layers))
    scramble(net, 1)
    save_file({key: value.contiguous() for key, value in net.state_dict().items()}, HERE / "hed.safetensors")
    record("hed", lambda x: net(x), [(64, 128), (16, 80)], 2)

    pidi = module("pidi/model.py")
    net = scramble(pidi.PiDiNet(8, pidi.config_model("carv4"), dil=6, sa=True), 3)
    state = {f"module.{key}": value.contiguous() for key, value in net.state_dict().items()}
    save_file(state, HERE / "pidinet.safetensors")
    bgr = lambda x: x[:, [2, 1, 0]] / 255
    record("pidinet", lambda x: net(bgr(x)), [(64, 40), (24, 72)], 4)
    # As its authors convert it: plain convolutions, those of the radial kind larger.
    net = scramble(pidi.PiDiNet(8, ["cd", "ad", "rd", "cv"] * 4, dil=6, sa=True, convert=True), 8)
    save_file({key: value.contiguous() for key, value in net.state_dict().items()}, HERE / "pidinet-converted.safetensors")
    record("pidinet-converted", lambda x: net(bgr(x)), [(24, 40)], 9)

    module("teed/Fsmish.py")
    module("teed/Xsmish.py")
    net = scramble(module("teed/ted.py").TED(), 5)
    save_file({key: value.contiguous() for key, value in net.state_dict().items()}, HERE / "teed.safetensors")
    record("teed", lambda x: net(x), [(32, 48), (64, 16)], 6)

    net = module("lineart/__init__.py").Generator(3, 1, 3)
    net.load_state_dict({key: named(key, tuple(value.shape)) for key, value in net.state_dict().items()})
    net.eval()
    record("lineart", lambda x: [net(x / 255)], [(32, 24)], 7)


main()
