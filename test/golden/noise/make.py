"""Random numbers beyond one picture's on the CPU. Makes the files beside this one: python make.py, with requirements.txt.

numbers.safetensors: `cuda.SEED.K`, the K-th tensor of a Philox generator as cuRAND has it, in numpy's float32; `slerp.*`,
noise turned towards other noise as A1111's variation seeds do, by torch; `batch.*`, rows of torch's tensors of a batch.
latents.safetensors: what diffusers' pipelines make of a batch with one generator, from the small model of the parity cases.
"""

import json
from pathlib import Path

import diffusers
import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file

diffusers.logging.set_verbosity_error()
HERE = Path(__file__).parent
PARITY = HERE.parent / "parity"
SEEDS = [0, 42, 123456789012, 2**64 - 1]
SIZES = [12, 4, 1, 1000, 4 * 9 * 13]
BATCH = {"seed": 77, "size": 3, "shape": [4, 5, 7]}
SLERPS = {"half": [4, 6, 5, 0.5], "little": [3, 9, 4, 0.1], "most": [1, 2, 3, 0.85], "all": [4, 8, 8, 1.0]}


def philox(seed: int, call: int, count: int) -> np.ndarray:
    """Ten rounds of Philox 4x32 on (call, 0, index, 0), then Box and Muller's sine in float32."""
    word = np.uint64(0xFFFFFFFF)
    half = np.uint64(32)
    c = [np.full(count, call, np.uint64), np.zeros(count, np.uint64), np.arange(count, dtype=np.uint64), np.zeros(count, np.uint64)]
    keys = [seed & 0xFFFFFFFF, seed >> 32]
    for _ in range(10):
        first, second = c[0] * np.uint64(0xD2511F53), c[2] * np.uint64(0xCD9E8D57)
        c = [
            (second >> half) ^ c[1] ^ np.uint64(keys[0]),
            second & word,
            (first >> half) ^ c[3] ^ np.uint64(keys[1]),
            first & word,
        ]
        keys = [(keys[0] + 0x9E3779B9) & 0xFFFFFFFF, (keys[1] + 0xBB67AE85) & 0xFFFFFFFF]
    one = np.float32(2.3283064e-10)
    turn = np.float32(2.3283064e-10 * 6.2831855)
    u = c[0].astype(np.float32) * one + one / np.float32(2)
    v = c[1].astype(np.float32) * turn + turn / np.float32(2)
    return np.sqrt(np.float32(-2) * np.log(u)) * np.sin(v)


def turned(low: torch.Tensor, high: torch.Tensor, share: float) -> torch.Tensor:
    """Between two noises [channels, height, width], along the great circle of each column (norms over dimension 1)."""
    unit = lambda x: x / x.norm(dim=1, keepdim=True)  # noqa: E731
    angle = (unit(low) * unit(high)).sum(1, keepdim=True).acos()
    return ((1 - share) * angle).sin() / angle.sin() * low + (share * angle).sin() / angle.sin() * high


def numbers() -> dict[str, torch.Tensor]:
    found = {}
    for seed in SEEDS:
        for call, size in enumerate(SIZES):
            found[f"cuda.{seed}.{call}"] = torch.from_numpy(philox(seed, call, size))
    for name, (*shape, share) in SLERPS.items():
        one, two = (torch.randn(shape, generator=torch.Generator().manual_seed(seed)) for seed in (5, 6))
        found[f"slerp.{name}"] = turned(one, two, share)
    generator = torch.Generator().manual_seed(BATCH["seed"])
    for name in ("initial", "step.0", "step.1"):
        found[f"batch.{name}"] = torch.randn([BATCH["size"], *BATCH["shape"]], generator=generator)
    return found


TRAINED = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1}
ANCESTRAL = {"_class_name": "EulerAncestralDiscreteScheduler", **TRAINED}
PICTURE = {"init": "image-photo.png", "strength": 0.6}
CASES = {
    "text": {"sampler": ANCESTRAL, "steps": 4, "size": 3},
    "sde": {"sampler": {"_class_name": "DPMSolverMultistepScheduler", "algorithm_type": "sde-dpmsolver++", "use_karras_sigmas": True, **TRAINED}, "steps": 5, "size": 2},
    "picture": {"sampler": ANCESTRAL, "steps": 5, "size": 2, **PICTURE},
    "mask": {"sampler": ANCESTRAL, "steps": 5, "size": 2, **PICTURE, "mask": "mask.png"},
    "heun": {"sampler": {"_class_name": "HeunDiscreteScheduler", **TRAINED}, "steps": 7, "size": 2, **PICTURE},
    "dpm2a": {"sampler": {"_class_name": "KDPM2AncestralDiscreteScheduler", "use_karras_sigmas": True, **TRAINED}, "steps": 5, "size": 2, **PICTURE},
    "tcd": {"sampler": {"_class_name": "TCDScheduler", "eta": 0.3, **TRAINED}, "steps": 4, "size": 2},
    "control": {"sampler": {"_class_name": "HeunDiscreteScheduler", **TRAINED}, "steps": 4, "size": 2, "control": "map-canny.png", "range": [0.2, 0.6]},
}  # fmt: skip
REQUEST = {"prompt": "a paper boat", "negativePrompt": "photo", "guidance": 4.0, "width": 128, "height": 72, "seed": 31}


def mask() -> Image.Image:
    """White on the right and below, with an edge that runs through blocks."""
    places = np.zeros((72, 128), np.uint8)
    places[20:, 50:] = 255
    return Image.fromarray(places)


@torch.no_grad()
def latents(case: dict) -> torch.Tensor:
    from diffusers import (
        ControlNetModel,
        StableDiffusionControlNetPipeline,
        StableDiffusionImg2ImgPipeline,
        StableDiffusionInpaintPipeline,
        StableDiffusionPipeline,
    )

    settings = dict(case["sampler"])
    eta = settings.pop("eta", 0.0)
    scheduler = getattr(diffusers, settings["_class_name"]).from_config(settings)
    parts = {"scheduler": scheduler, "torch_dtype": torch.float32, "safety_checker": None}
    given = {"height": REQUEST["height"], "width": REQUEST["width"]}
    if "control" in case:
        kind = StableDiffusionControlNetPipeline
        parts["controlnet"] = ControlNetModel.from_pretrained(PARITY / "sd15-tiny/controlnets/canny", torch_dtype=torch.float32)
        given["image"] = Image.open(PARITY / "img2img" / case["control"]).convert("RGB")
        given["control_guidance_start"], given["control_guidance_end"] = case["range"]
    elif "mask" in case:
        kind = StableDiffusionInpaintPipeline
        given |= {"image": Image.open(PARITY / "img2img" / case["init"]), "mask_image": mask(), "strength": case["strength"]}
    elif "init" in case:
        kind = StableDiffusionImg2ImgPipeline
        given = {"image": Image.open(PARITY / "img2img" / case["init"]), "strength": case["strength"]}
    else:
        kind = StableDiffusionPipeline
    pipe = kind.from_pretrained(PARITY / "sd15-tiny/base", **parts)
    pipe.set_progress_bar_config(disable=True)
    return pipe(
        REQUEST["prompt"],
        negative_prompt=REQUEST["negativePrompt"],
        num_inference_steps=case["steps"],
        guidance_scale=REQUEST["guidance"],
        num_images_per_prompt=case["size"],
        generator=torch.Generator().manual_seed(REQUEST["seed"]),
        eta=eta,
        output_type="latent",
        **given,
    ).images


def main() -> None:
    save_file(numbers(), HERE / "numbers.safetensors")
    mask().save(HERE / "mask.png")
    save_file({name: latents(case).contiguous() for name, case in CASES.items()}, HERE / "latents.safetensors")
    told = {"seeds": [str(seed) for seed in SEEDS], "sizes": SIZES, "batch": BATCH, "slerps": SLERPS}
    case = {**told, "request": REQUEST, "cases": CASES}
    (HERE / "case.json").write_text(json.dumps(case, indent=1) + "\n")


main()
