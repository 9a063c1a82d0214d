"""python make.py [--pack models/pack]: what diffusers draws from the pack, for test/models/mini-parity.test.ts. Run it again when the pack changed.

Stock StableDiffusionControlNetPipeline of diffusers in float32 on the processor, 20 steps, noise by seed. In the case
"halves" the control acts on the prompt's half of guidance alone: the nets' residuals of the other half are zeros, which
is diffusers' guess mode without its layer weights; everything else is the pipeline's own. Writes case.json (requests,
and the SHA-256 of every file that decides), and for each case its maps, NAME.png and NAME.safetensors (the last latents).

Packages: models/recipe/requirements.txt. Some two minutes on two slow cores.
"""

import argparse
import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import torch
from diffusers import ControlNetModel, MultiControlNetModel, StableDiffusionControlNetPipeline
from PIL import Image
from safetensors.torch import save_file

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]
STEPS, GUIDANCE = 20, 3.0
CASES = {
    "both": {"prompt": "3d render emoji of red mushroom", "seed": 7, "halves": [1, 1], "controls": [{"net": "lines", "map": "mushroom.png", "weight": 1}]},
    "halves": {
        "prompt": "flat emoji of orange cat",
        "seed": 12345678901,
        "halves": [1, 0],
        "controls": [{"net": "lines", "map": "cat.png", "weight": 0.9}, {"net": "colour", "map": "colours.png", "weight": 0.5}],
    },
}


def colours() -> Image.Image:
    """A map of the net `colour`: an orange disc on white, in 16 x 16 flat cells, with two lighter cells in it."""
    cells = np.full((16, 16, 3), 255, np.uint8)
    y, x = np.mgrid[:16, :16]
    cells[(x - 7.5) ** 2 + (y - 8.5) ** 2 < 30] = (240, 150, 50)
    cells[10:12, 6:10] = (250, 225, 190)
    return Image.fromarray(cells).resize((256, 256), Image.Resampling.NEAREST)


def fingerprint(pack: Path) -> dict[str, str]:
    """SHA-256 of each file that decides what is drawn; not of words about it."""
    files = sorted(p for p in pack.rglob("*") if p.is_file() and p.parent != pack)
    return {p.relative_to(pack).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def prompts_half_alone(net: ControlNetModel) -> None:
    """The first half of the batch is the one without the prompt: it gets zeros."""
    forward = net.forward

    def halved(*given, **named):
        down, mid = forward(*given, **named)
        for residual in (*down, mid):
            residual[: len(residual) // 2] = 0
        return down, mid

    net.forward = halved


@torch.no_grad()
def draw(pack: Path, case: dict) -> tuple[torch.Tensor, Image.Image]:
    nets = [ControlNetModel.from_pretrained(pack / "controlnet" / c["net"], torch_dtype=torch.float32) for c in case["controls"]]
    if case["halves"] == [1, 0]:
        for net in nets:
            prompts_half_alone(net)
    pipe = StableDiffusionControlNetPipeline.from_pretrained(pack, controlnet=MultiControlNetModel(nets), torch_dtype=torch.float32)
    pipe.set_progress_bar_config(disable=True)
    latents = pipe(
        case["prompt"],
        image=[Image.open(HERE / c["map"]).convert("RGB") for c in case["controls"]],
        controlnet_conditioning_scale=[float(c["weight"]) for c in case["controls"]],
        num_inference_steps=STEPS,
        guidance_scale=GUIDANCE,
        width=256,
        height=256,
        generator=torch.Generator().manual_seed(case["seed"]),
        output_type="latent",
    ).images
    decoded = pipe.vae.decode(latents / pipe.vae.config.scaling_factor).sample
    return latents, pipe.image_processor.postprocess(decoded)[0]


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("--pack", type=Path, default=ROOT / "models" / "pack")
    pack = p.parse_args().pack.resolve()
    for name in ("mushroom.png", "cat.png"):
        if not (HERE / name).exists():
            shutil.copy(ROOT / "models" / "sketches" / name, HERE / name)
    colours().save(HERE / "colours.png")
    for name, case in CASES.items():
        latents, picture = draw(pack, case)
        save_file({"latents": latents.contiguous()}, HERE / f"{name}.safetensors")
        picture.save(HERE / f"{name}.png")
        print(f"{name}: drawn, latents' deviation {latents.std().item():.3f}", flush=True)
    case = {"steps": STEPS, "guidance": GUIDANCE, "width": 256, "height": 256, "cases": CASES, "pack": fingerprint(pack)}
    (HERE / "case.json").write_text(json.dumps(case, indent=2) + "\n")


if __name__ == "__main__":
    main()
