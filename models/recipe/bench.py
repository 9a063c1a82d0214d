"""A run's or a pack's networks, the held-out drawings, and drawing with them. What is measured is elsewhere."""

import hashlib
import json
from dataclasses import dataclass
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
from run import DEVICE
from unet import context, pictures

SIDE = 64  # of the small copies of all drawings
BATCH = 20  # pictures a piece of work
MOST = 400 if DEVICE == "cuda" else BATCH  # pictures that are drawn at once: a GPU takes many pieces together


@dataclass
class Ask:
    """A piece of work: `nets` are (name, maps [n,3,256,256], scale); without any word there is no guidance."""

    texts: list[str]
    seed: int
    nets: tuple[tuple[str, torch.Tensor, float], ...] = ()
    halves: tuple[float, float] = (1, 1)
    guidance: float = 3.0

    def alike(self) -> tuple:
        """What pieces that are drawn at once must share."""
        return tuple(name for name, *_ in self.nets), self.halves, self.guidance if any(self.texts) else 1.0


def groups(asks: list[Ask]) -> list[list[int]]:
    """Places in `asks` of those that are drawn at once, in order: of one kind, and never more than MOST pictures."""
    out: list[list[int]] = []
    open_: dict[tuple, list[int]] = {}
    for k, ask in enumerate(asks):
        group = open_.get(ask.alike())
        if group is None or sum(len(asks[j].texts) for j in group) + len(ask.texts) > MOST:
            out.append(group := [])
            open_[ask.alike()] = group
        group.append(k)
    return out


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


class Bench:
    def __init__(self, folder: Path, data: Path, steps: int, few: int = 1000):
        self.folder, self.data, self.steps, self.few = folder, data, steps, few
        torch.backends.cudnn.allow_tf32 = False  # float32 as on a CPU: what is measured is the pack, not a card's short cut
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
        parts = [slice(k, k + BATCH) for k in range(0, len(texts), BATCH)]
        asks = [Ask(texts[p], seed + p.start, tuple((n, hint[p], scale) for n, hint, scale in nets), halves, guidance) for p in parts]
        return torch.cat([self.together([ask])[0] for ask in asks])

    @torch.no_grad()
    def together(self, asks: list[Ask]) -> list[torch.Tensor]:
        """The pictures of each of some pieces that are `alike`, with the noise that each would have by itself."""
        names, halves, guidance = asks[0].alike()
        texts = [text for ask in asks for text in ask.texts]
        used = []
        for k, name in enumerate(names):
            scales = [ask.nets[k][2] for ask in asks]
            each = torch.cat([torch.full((len(ask.texts), 1, 1, 1), float(s)) for ask, s in zip(asks, scales, strict=True)]).to(DEVICE)
            used.append((self.nets[name], torch.cat([ask.nets[k][1] for ask in asks]).to(DEVICE), each if len(set(scales)) > 1 else scales[0]))
        noise = torch.cat([diffusion.start(len(ask.texts), ask.seed) for ask in asks])
        c, e = context(self.text, self.tokenizer, texts), context(self.text, self.tokenizer, [""])
        z = diffusion.sample(self.unet, c, e, self.steps, guidance, nets=used, halves=halves, noise=noise)
        return list(pictures(self.vae, z).cpu().split([len(ask.texts) for ask in asks]))

    @torch.no_grad()
    def through_autoencoder(self, source: torch.Tensor) -> torch.Tensor:
        x = source.to(DEVICE) * 2 - 1
        return torch.cat([pictures(self.vae, self.vae.encode(p).latent_dist.mean) for p in x.split(8)]).cpu()

    def plain(self, ids: list[int]) -> tuple[torch.Tensor, torch.Tensor]:
        """Drawings as they are, by their place in `items`: premultiplied colour and alpha, on the CPU."""
        return images.draw(images.decoded(self.data, [self.numbers[i] for i in ids]), images.Variants.none(torch.arange(len(ids))))

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
        for k in range(0, len(numbers), 2048):
            for part in images.decoded(self.data, numbers[k : k + 2048]).split(64):
                x = part.float() / 255
                both = F.interpolate(torch.cat([x[:, :3] * x[:, 3:], x[:, 3:]], 1), (SIDE, SIDE), mode="area")
                straight = torch.cat([both[:, :3] / both[:, 3:].clamp(min=1 / 510), both[:, 3:]], 1).clamp(0, 1)
                out.append((straight * 255).round().byte())
        made = torch.cat(out)
        torch.save({"numbers": numbers, "small": made}, path)
        return made
