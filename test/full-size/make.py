"""Makes a Stable Diffusion 1.5 of full size with random weights, and what diffusers draws with it in float32.

    python test/full-size/make.py FOLDER [--threads 2]

FOLDER lies outside the repository and gets about 5 GB: a parity case (format: test/golden/parity/make/README.md) whose
base is one checkpoint file with the original names (860 M UNet, CLIP-L, VAE, all in float16), whose net is a ControlNet
of 361 M in float16, and whose request is 2 steps at 256 x 256. `diffusers/` holds the same base as a diffusers folder,
which diffusers itself draws with, and whose configs bench/load.ts hands to it. run.ts beside this file compares.

Everything follows from the seed. It needs about 9 GB of memory and what test/golden/parity/make/requirements.txt lists
(open_clip aside). The last line says how long diffusers took and the memory at its peak.
"""

import argparse
import json
import logging
import resource
import shutil
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PARITY = HERE.parent / "golden" / "parity"
sys.path.insert(0, str(PARITY / "make"))

import diffusers  # noqa: E402
import folders  # noqa: E402
import ldm  # noqa: E402
import maps  # noqa: E402
import models  # noqa: E402
import record  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from make_case import REQUEST, full_scheduler  # noqa: E402

Config = dict[str, Any]
SEED = 1515

#: The published configs of Stable Diffusion 1.5 where they differ from the small family of models.py.
CONFIGS: Config = {
    "unet": {"block_out_channels": [320, 640, 1280, 1280], "cross_attention_dim": 768, "norm_num_groups": 32},
    "vae": {"block_out_channels": [128, 256, 512, 512], "layers_per_block": 2, "norm_num_groups": 32},
    "text_encoder": {
        "hidden_size": 768, "intermediate_size": 3072, "num_hidden_layers": 12, "num_attention_heads": 12,
        "projection_dim": 768,
    },
}  # fmt: skip
NET: Config = {"conditioning_embedding_out_channels": [16, 32, 96, 256]}
#: What the published models count, so that a wrong config is seen.
PARAMETERS = {"unet": 859_520_964, "vae": 83_653_863, "text_encoder": 123_060_480, "controlnet": 361_279_120}


def count(name: str, model: torch.nn.Module) -> None:
    found = sum(p.numel() for p in model.parameters())
    print(f"{name}: {found:,} parameters", flush=True)
    if found != PARAMETERS[name]:
        raise ValueError(f"{name} has {found} parameters and not {PARAMETERS[name]}")


def build(out: Path) -> Config:
    """Writes base and net, one part in memory at a time; the folder's configs."""
    configs = models.family_config({"family": "sd15", **CONFIGS})
    home = out / "diffusers"
    noise = getattr(diffusers, configs["scheduler"]["_class_name"]).from_config(configs["scheduler"])
    unet = models.build_unet(configs["unet"], "float16", noise, SEED, 1.0)
    count("unet", unet)
    unet.save_pretrained(home / "unet")
    original = {f"model.diffusion_model.{k}": v for k, v in ldm.unet(dict(unet.state_dict()), 2).items()}
    settings = dict(unet.config)
    vae = models.build_vae(configs["vae"], "float16", SEED + 10, 1.0)
    count("vae", vae)
    vae.save_pretrained(home / "vae")
    original |= {f"first_stage_model.{k}": v for k, v in ldm.vae(dict(vae.state_dict())).items()}
    text = models.build_text_encoder(configs["text_encoder"], 49_408, "float16", SEED + 20, 1.0)
    count("text_encoder", text)
    words = folders.text_tensors(text)
    folders.write_tensors(home / "text_encoder" / "model.safetensors", words)
    own = {**text.config.to_diff_dict(), "architectures": ["CLIPTextModel"], "model_type": "clip_text_model"}
    kept = {k: v for k, v in own.items() if k not in ("dtype", "transformers_version")}
    folders.write_json(home / "text_encoder" / "config.json", {**kept, "torch_dtype": "float16"})
    original |= {f"cond_stage_model.transformer.{k}": v for k, v in words.items()}
    folders.write_tensors(out / "base.safetensors", original)
    del unet, vae, text, words, original

    net = models.build_controlnet(settings, NET, "float16", SEED + 100, 1.0)
    count("controlnet", net)
    net.save_pretrained(out / "controlnets" / "canny")
    del net

    shutil.copytree(PARITY / "sd15-tiny" / "base" / "tokenizer", home / "tokenizer")
    scheduler = full_scheduler(configs["scheduler"])
    folders.write_json(home / "scheduler" / "scheduler_config.json", {**scheduler, "_diffusers_version": "0.42.1"})
    index = {**folders._INDEX, "scheduler": ["diffusers", scheduler["_class_name"]]}
    folders.write_json(home / "model_index.json", index)
    return scheduler


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("out", type=Path)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    out = args.out.resolve()
    if out.is_relative_to(HERE.parent.parent):
        raise SystemExit(f"{out} lies in the repository. Take a folder elsewhere: the files are large.")
    logging.disable(logging.WARNING)
    diffusers.utils.logging.disable_progress_bar()
    transformers.utils.logging.disable_progress_bar()
    torch.set_num_threads(args.threads)
    torch.set_grad_enabled(False)
    if (out / "model.json").exists():
        scheduler = json.loads((out / "model.json").read_text())
    else:
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        scheduler = build(out)
        # Written last: a model that was stopped half-way is made anew.
        folders.write_json(out / "model.json", scheduler)
    peak_of_making = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss

    maps.draw("canny", 256, 256).save(out / "map-canny.png")
    control = {"net": "canny", "map": "map-canny.png", "weight": 0.9, "range": [0, 1]}
    request = {
        **REQUEST, "prompt": "a lighthouse on a cliff at dusk, oil painting", "negativePrompt": "blurry", "width": 256,
        "height": 256, "steps": 2, "controls": [control], "scheduler": scheduler,
    }  # fmt: skip
    began = time.time()
    recorder, picture = record.run(
        out, out / "diffusers", request, {"canny": out / "controlnets" / "canny"}, [], SEED + 50
    )
    took = time.time() - began
    for name, value in recorder.expected.items():
        if not torch.isfinite(value).all():
            raise ValueError(f"{name} is not finite")
    folders.write_tensors(out / "inputs.safetensors", recorder.inputs)
    folders.write_tensors(out / "expected.safetensors", recorder.expected)
    picture.save(out / "expected.png")
    case = {
        "format": 1, "kind": "generation", "name": "full-size", "about": "Stable Diffusion 1.5 in its own size.",
        "base": {"family": "sd15", "layout": "ldm", "path": "base.safetensors"},
        "controlnets": {"canny": {"layout": "diffusers", "path": "controlnets/canny"}}, "loras": [],
        "request": request, "controlSteps": recorder.control_steps,
    }  # fmt: skip
    folders.write_json(out / "case.json", case)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    made = f", {peak_of_making / 1e6:.1f} GB of it while the model was made" if peak == peak_of_making else ""
    print(f"diffusers: loaded and drew in {took:.1f} s on {args.threads} threads; peak {peak / 1e6:.1f} GB{made}")


if __name__ == "__main__":
    main()
