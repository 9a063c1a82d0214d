"""python load_in_diffusers.py FOLDER [--out FILE]: loads a net that a training wrote into diffusers, and asks it once.

FOLDER has config.json, diffusion_pytorch_model.safetensors and perhaps control-NAME.safetensors, the same net under the
original names. Ends with 1 when diffusers reads another config than was written, saves other bytes than it read, or
gives other residuals from the single file. Prints a JSON object with what it found; FILE gets the residuals in float32,
with that object as metadata.

Recording what training-files-net.test.ts compares with (packages: requirements.txt):

    node scripts/run.mjs test/golden/training/write-nets.ts /tmp/nets
    for net in first second third; do python test/golden/training/load_in_diffusers.py /tmp/nets/$net --out test/golden/training/$net.safetensors; done
"""

import argparse
import hashlib
import json
import sys
import tempfile
from pathlib import Path

import diffusers
import torch
from diffusers import ControlNetModel
from safetensors.torch import save_file

WEIGHTS = "diffusion_pytorch_model.safetensors"
# As in test/engine/training-files-nets.ts.
HEIGHT, WIDTH, CONTEXT, TIMESTEP = 8, 16, 5, 401
torch.set_num_threads(1)


def uniform(seed: int, *sides: int) -> torch.Tensor:
    """Numbers in -1..1 by the rule of test/engine/random-weights.ts."""
    state, values = seed, []
    for _ in range(torch.Size(sides).numel()):
        state = (state * 1664525 + 1013904223) % 2**32
        values.append(state / 2**31 - 1)
    return torch.tensor(values, dtype=torch.float32).reshape(sides)


def residuals(net: ControlNetModel) -> dict[str, torch.Tensor]:
    config = net.config
    factor = 2 ** (len(config.conditioning_embedding_out_channels) - 1)
    with torch.no_grad():
        down, middle = net.float().eval()(
            uniform(1, 1, config.in_channels, HEIGHT, WIDTH),
            TIMESTEP,
            encoder_hidden_states=uniform(2, 1, CONTEXT, config.cross_attention_dim),
            controlnet_cond=(uniform(3, 1, 3, HEIGHT * factor, WIDTH * factor) + 1) / 2,
            return_dict=False,
        )
    return {**{f"skip.{n}": tensor.contiguous() for n, tensor in enumerate(down)}, "middle": middle.contiguous()}


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def from_single_file(folder: Path, path: Path) -> ControlNetModel | str:
    """The net of the single file, or why diffusers cannot tell one of this size."""
    steps = len(json.loads((folder / "config.json").read_text())["conditioning_embedding_out_channels"])
    if steps != 4:
        return f"diffusers knows original names of hint blocks with 4 widths only, and this one has {steps}"
    return ControlNetModel.from_single_file(str(path), config=str(folder), torch_dtype=torch.float16, local_files_only=True)


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("folder", type=Path)
    parser.add_argument("--out", type=Path)
    args = parser.parse_args()
    folder: Path = args.folder
    faults: list[str] = []

    net, loading = ControlNetModel.from_pretrained(folder, torch_dtype=torch.float16, output_loading_info=True)
    for what, keys in loading.items():
        if keys:
            faults.append(f"loading: {what}: {list(keys)[:3]}")
    with tempfile.TemporaryDirectory() as again:
        net.save_pretrained(again)
        if sha256(Path(again) / WEIGHTS) != sha256(folder / WEIGHTS):
            faults.append("diffusers saves other weights than it read")
        written = json.loads((folder / "config.json").read_text())
        saved = json.loads((Path(again) / "config.json").read_text())
        saved.pop("_name_or_path", None)
        if saved != written:
            differing = sorted(key for key in {*saved, *written} if saved.get(key, "none") != written.get(key, "none"))
            faults.append(f"diffusers saves another config than it read: {differing}")

    found = residuals(net)
    said = {
        "diffusers": diffusers.__version__,
        "config": saved,
        "weights": sha256(folder / WEIGHTS),
        "sums": {name: round(float(tensor.double().sum()), 4) for name, tensor in found.items()},
    }
    for path in sorted(folder.glob("control-*.safetensors")):
        single = from_single_file(folder, path)
        said["single"] = sha256(path)
        if isinstance(single, str):
            said["singleFile"] = single
            continue
        other = residuals(single)
        apart = max(float((other[name] - tensor).abs().max()) for name, tensor in found.items())
        said["singleFile"] = f"loads; largest difference of a residual {apart}"
        if apart != 0:
            faults.append(f"the single file gives other residuals, by {apart}")

    print(json.dumps({**said, "faults": faults}))
    if args.out:
        save_file(found, args.out, metadata={"net": json.dumps(said, sort_keys=True)})
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
