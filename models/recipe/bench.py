"""A run's or a pack's networks, the held-out drawings, and drawing with them. What is measured is elsewhere."""

import hashlib
import json
import zipfile
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, ControlNetModel, UNet2DConditionModel
from transformers import CLIPTextModel, CLIPTokenizer

import diffusion
import images
import maps
import models
from run import DEVICE, autocast
from unet import context, pictures

SIDE = 64  # of the small copies of all drawings
BATCH = 20  # pictures a piece of work


def part_of(folder: Path, data: Path) -> tuple[list[str] | None, int]:
    """Which sets, and one subject in how many, were trained on: as a run says it, or as a pack's own list of styles tells."""
    if (folder / "run.json").exists():
        part = json.loads((folder / "run.json").read_text())
        return part["sources"], part["every"]
    styles = set(json.loads((folder / "knows.json").read_text())["styles"])
    return sorted({x["src"] for x in json.loads((data / "items.json").read_text()) if x["style"] in styles}), 1


def weights(folder: Path) -> str:
    """SHA-256 over the weight files of a run or a pack."""
    found = [*(folder / n / "model.safetensors" for n in ("text_encoder",)), *sorted(folder.glob("[uv]*/*.safetensors")), *sorted(folder.glob("controlnet/*/*.safetensors"))]
    return hashlib.sha256(b"".join(hashlib.sha256(p.read_bytes()).digest() for p in found)).hexdigest()


def decoded(data: Path, numbers: list[int]) -> torch.Tensor:
    """uint8 [n,4,256,256] of drawings by their number in the data."""
    with zipfile.ZipFile(data / "images.zip") as archive:
        return torch.stack([torch.from_numpy(images.decode(archive.read(f"{i:05d}")).copy()) for i in numbers]).permute(0, 3, 1, 2).contiguous()


class Bench:
    def __init__(self, folder: Path, data: Path, steps: int, few: int = 1000):
        self.folder, self.data, self.steps, self.few = folder, data, steps, few
        self.numbers, self.items = [], []
        self.sources, every = part_of(folder, data)
        for number, item in images.chosen(data, self.sources, every).items():
            self.numbers.append(number)
            self.items.append(item)
        self.tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
        self.vae = models.load(folder / "vae", AutoencoderKL, DEVICE)
        self.text = models.load(folder / "text_encoder", CLIPTextModel, DEVICE)
        self.unet = models.load(folder / "unet", UNet2DConditionModel, DEVICE)
        self.nets = {n: models.load(folder / "controlnet" / n, ControlNetModel, DEVICE) for n in maps.NETS if (folder / "controlnet" / n).exists()}

    @torch.no_grad()
    def draw(self, texts: list[str], nets=(), seed: int = 1, guidance: float = 3.0, halves: tuple[float, float] = (1, 1)) -> torch.Tensor:
        """Pictures [n,3,256,256] in 0..1 on the CPU. `nets`: list of (name, maps, scale). Without any word there is no guidance."""
        guidance = guidance if any(texts) else 1.0
        out = []
        for k in range(0, len(texts), BATCH):
            part = texts[k : k + BATCH]
            used = [(self.nets[n], hint[k : k + BATCH].to(DEVICE), scale) for n, hint, scale in nets]
            with autocast(DEVICE == "cuda"):
                c, e = context(self.text, self.tokenizer, part), context(self.text, self.tokenizer, [""])
                z = diffusion.sample(self.unet, c, e, self.steps, guidance, seed + k, used, halves)
                out.append(pictures(self.vae, z).cpu())
        return torch.cat(out)

    @torch.no_grad()
    def through_autoencoder(self, source: torch.Tensor) -> torch.Tensor:
        x = source.to(DEVICE) * 2 - 1
        return torch.cat([pictures(self.vae, self.vae.encode(p).latent_dist.mean) for p in x.split(8)]).cpu()

    def plain(self, ids: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Drawings as they are, by their place in `items`: premultiplied colour and alpha, on the CPU."""
        return images.draw(decoded(self.data, [self.numbers[i] for i in ids]), images.Variants.none(torch.arange(len(ids))))

    def held(self, split: str, count: int) -> list[int]:
        ids = [i for i, x in enumerate(self.items) if x["split"] == split]
        return [ids[k] for k in np.random.RandomState(11).permutation(len(ids))[: min(count, self.few)]]

    def small(self, path: Path, numbers: list[int]) -> torch.Tensor:
        """uint8 [n,4,64,64], straight alpha; made once and kept at `path`. A quarter of the side, so that areas stay exact."""
        if path.exists():
            kept = torch.load(path, weights_only=True)
            place = {number: k for k, number in enumerate(kept["numbers"])}
            if all(number in place for number in numbers):
                return kept["small"][[place[number] for number in numbers]]
        out = []
        for k in range(0, len(numbers), 64):
            x = decoded(self.data, numbers[k : k + 64]).float() / 255
            both = F.interpolate(torch.cat([x[:, :3] * x[:, 3:], x[:, 3:]], 1), (SIDE, SIDE), mode="area")
            straight = torch.cat([both[:, :3] / both[:, 3:].clamp(min=1 / 510), both[:, 3:]], 1).clamp(0, 1)
            out.append((straight * 255).round().byte())
        made = torch.cat(out)
        torch.save({"numbers": numbers, "small": made}, path)
        return made
