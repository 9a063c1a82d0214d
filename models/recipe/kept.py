"""What an evaluation has measured so far, one small file a piece of work: killed and begun again, it goes on."""

import json
import os
import re
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch
from PIL import Image

TILE = 128  # side at which pictures are kept: half the canvas, so that areas stay exact


class OutOfTime(Exception):
    """The minutes that were given are over; what is kept stays."""


class Kept:
    def __init__(self, folder: Path, fingerprint: str, minutes: float | None = None):
        self.folder = folder
        self.until = time.time() + minutes * 60 if minutes else None
        folder.mkdir(parents=True, exist_ok=True)
        mark = folder / "pack.txt"
        if mark.exists() and mark.read_text() != fingerprint:
            raise SystemExit(f"{folder} holds measurements of other weights. Remove it, or name another folder with --out.")
        mark.write_text(fingerprint)

    def path(self, name: str) -> Path:
        return self.folder / (re.sub(r"[^\w./-]+", "-", name) + ".json")

    def has(self, name: str) -> bool:
        return self.path(name).exists()

    def in_time(self) -> None:
        """Raises OutOfTime when the minutes are over."""
        if self.until is not None and time.time() > self.until:
            raise OutOfTime

    def piece(self, name: str, make: Callable[[], tuple[dict, torch.Tensor | None]]) -> dict:
        """The numbers of a piece of work: from its file, or made now. `make` gives numbers, and pictures to keep or None."""
        path = self.path(name)
        if path.exists():
            return json.loads(path.read_text())
        self.in_time()
        path.parent.mkdir(parents=True, exist_ok=True)
        began = time.time()
        numbers, pictures = make()
        if pictures is not None:
            strip = torch.cat(list(torch.nn.functional.interpolate(pictures, (TILE, TILE), mode="area")), 2).clamp(0, 1)
            Image.fromarray((strip * 255).round().byte().permute(1, 2, 0).numpy().astype(np.uint8)).save(path.with_suffix(".png"))
        part = path.with_suffix(".part")
        part.write_text(json.dumps(numbers))
        os.replace(part, path)
        print(f"  {name} ({time.time() - began:.0f} s)", flush=True)
        return numbers

    def pictures(self, name: str) -> torch.Tensor:
        """The pictures of a piece as [n,3,TILE,TILE] in 0..1."""
        strip = torch.from_numpy(np.asarray(Image.open(self.path(name).with_suffix(".png")).convert("RGB")).copy())
        return (strip.permute(2, 0, 1).float() / 255).unfold(2, TILE, TILE).permute(2, 0, 1, 3).contiguous()
