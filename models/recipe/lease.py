"""python lease.py RUN --start PACK [--data data] [--profile lease] [--seconds 760] : everything in one short lease of a GPU.

The autoencoder and the base go on from PACK's, and the nets where PACK has some; else they are made anew. Three processes
share the machine: while the autoencoder trains, the other two load, write captions and compile, so that each begins the
moment that its turn comes. A profile whose autoencoder has no samples keeps PACK's: the first process then makes the latents.
Only PACK/vae has to be there at the start; the base waits for PACK/unet and PACK/text_encoder, the nets for PACK/controlnet
if the base was late. RUN/clock.json says when each part has to end (seconds since 1970); it may be changed until that part
begins. A part that fails is started again from its last checkpoint, first without recording its steps, then without
compiling. RUN/log-*.txt tells.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

PARTS = ("vae", "base", "nets")
TRIES = 3


def wait(path: Path) -> None:
    while not path.exists():
        time.sleep(0.1)


def adopt(there: Path, here: Path) -> None:
    """A folder of the pack that this run goes on from; what the run has already stays."""
    if not here.exists():
        shutil.copytree(there, here.with_name(f".{here.name}"), dirs_exist_ok=True)
        os.replace(here.with_name(f".{here.name}"), here)


def kept(profile) -> bool:
    """Whether the autoencoder stays as it came."""
    return profile.vae.samples == 0


def part(a: argparse.Namespace) -> int:
    import dataclasses

    import torch
    from diffusers import AutoencoderKL, UNet2DConditionModel
    from transformers import CLIPTextModel

    import images
    import latents
    import models
    import nets
    import tokenizer as tokens
    import unet as base
    import vae as autoencoder
    from profiles import PROFILES
    from run import DEVICE, compiled_now, prepare_device

    began = time.time()
    profile = PROFILES[a.profile]
    if a.no_graph:
        profile = dataclasses.replace(profile, graph=False)
    if a.no_compile:
        profile = dataclasses.replace(profile, compile=False)
    keeps = kept(profile)
    clock = lambda: json.loads((a.run / "clock.json").read_text())[a.part]
    prepare_device()
    drawings, items = None, []
    if not (keeps and a.part == "base"):  # the base needs nothing but the latents
        drawings, items = images.load(a.data, profile.sources, profile.every)
        drawings = drawings.to(DEVICE)
        print(f"{len(items)} drawings on {DEVICE} after {time.time() - began:.0f} s, torch {torch.__version__}", flush=True)
    if a.part == "vae" and not keeps:
        return 0 if autoencoder.train(a.run, profile, drawings, items, clock()) else 3

    tokenizer = tokens.make(a.data, a.run / f"tokenizer-{a.part}")
    vae_done, cached = a.run / "vae" / "report.json", a.run / "state" / "latents.pt"
    load_vae = lambda: models.load(a.run / "vae", AutoencoderKL, DEVICE)
    if a.part == "vae":
        latents.make(cached, profile, drawings, items, load_vae(), tokenizer)
        return 0
    said = None if keeps or cached.exists() else latents.described(profile, drawings, items, tokenizer)
    if a.part == "base":
        shutil.copytree(a.run / "tokenizer-base", a.run / "tokenizer", dirs_exist_ok=True)

        def ready():
            wait(cached if keeps else vae_done)
            vae = load_vae()
            cache = latents.make(cached, profile, drawings, items, vae, tokenizer, said)
            for name in ("unet", "text_encoder"):
                wait(a.start / name)
                adopt(a.start / name, a.run / "warm" / name)
            return cache, vae

        return 0 if base.train(a.run, profile, ready, tokenizer, clock) else 3

    torch.manual_seed(2)
    unet, text = models.locked(models.unet()).to(DEVICE), models.locked(models.text(len(tokenizer), tokens.LENGTH)).to(DEVICE)
    trainer = None
    if keeps:
        wait(cached)
    if said or keeps:  # whatever the latents are: what this part does is seen to work, and is compiled, long before its turn
        made_up = latents.Cache({**said, "z": torch.randn(len(said["ids"]), models.LATENTS, models.SIDE, models.SIDE)}, DEVICE) if said else latents.kept(cached)
        trainer = nets.Trainer(a.run, profile, made_up, drawings, text, unet)
        for name in nets.maps.NETS:
            compiled_now(lambda name=name: trainer.step(name)(profile.net.batch, torch.Generator().manual_seed(3)), trainer.net)
        if profile.graph and DEVICE == "cuda":
            trainer.record()
    wait(a.run / "unet" / "report.json")
    if (a.start / "controlnet").exists():
        adopt(a.start / "controlnet", a.run / "warm" / "controlnet")
    vae = load_vae()
    cache = latents.make(cached, profile, drawings, items, vae, tokenizer, said)
    text_done, unet_done = models.load(a.run / "text_encoder", CLIPTextModel, DEVICE), models.load(a.run / "unet", UNet2DConditionModel, DEVICE)
    trainer = trainer or nets.Trainer(a.run, profile, cache, drawings, text, unet)
    trainer.adopt(text_done, unet_done, cache)
    if not nets.train(trainer, items, vae, tokenizer, clock()):
        return 3
    (a.run / "done.json").write_text(json.dumps({"profile": a.profile, "drawings": len(items), "torch": torch.__version__}, indent=2) + "\n")
    return 0


def begin(a: argparse.Namespace) -> None:
    from profiles import PROFILES

    profile = PROFILES[a.profile]
    (a.run / "state").mkdir(parents=True, exist_ok=True)
    adopt(a.start / "vae", a.run / "warm" / "vae")
    if kept(profile):
        adopt(a.start / "vae", a.run / "vae")
        (a.run / "vae" / "report.json").write_text("{}\n")
    (a.run / "run.json").write_text(json.dumps({"profile": a.profile, "sources": profile.sources, "every": profile.every}) + "\n")
    now = time.time()
    (a.run / "clock.json").write_text(json.dumps({p: now + share * a.seconds for p, share in zip(PARTS, profile.ends, strict=True)}) + "\n")


def main() -> int:
    p = argparse.ArgumentParser()
    p.add_argument("run", type=Path)
    p.add_argument("--start", type=Path)
    p.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    p.add_argument("--profile", default="lease")
    p.add_argument("--seconds", type=float, default=760)
    p.add_argument("--part", choices=PARTS)
    p.add_argument("--no-graph", action="store_true")
    p.add_argument("--no-compile", action="store_true")
    a = p.parse_args()
    if a.part:
        return part(a)
    from profiles import PROFILES

    begin(a)
    command = [sys.executable, __file__, str(a.run), "--start", str(a.start), "--data", str(a.data), "--profile", a.profile]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1", "TORCHINDUCTOR_COMPILE_THREADS": "8"}

    def started(name: str, tries: int) -> subprocess.Popen:
        more = ["--no-graph"] * bool(tries or a.no_graph) + ["--no-compile"] * bool(tries > 1 or a.no_compile)
        with open(a.run / f"log-{name}.txt", "a") as log:
            return subprocess.Popen([*command, "--part", name, *more], stdout=log, stderr=subprocess.STDOUT, env=environment)

    tries, running = dict.fromkeys(PARTS, 0), {name: started(name, 0) for name in PARTS}
    while running:
        time.sleep(0.5)
        for name, process in list(running.items()):
            code = process.poll()
            if code is None:
                continue
            del running[name]
            if code != 0:
                tries[name] += 1
                print(f"{name} ended with {code}, {tries[name]} times", flush=True)
                if tries[name] < TRIES:
                    running[name] = started(name, tries[name])
                elif name == "vae" and not kept(PROFILES[a.profile]):
                    shutil.copytree(a.run / "warm" / "vae", a.run / "vae", dirs_exist_ok=True)  # the others go on with the earlier one
                    (a.run / "vae" / "report.json").write_text("{}\n")
                else:
                    for other in running.values():
                        other.terminate()
                    return 1
            else:
                print(f"{name} done", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
