"""Sketches drawn by hand with a mouse, which no drawing gave: what comes of them, and what a judge calls it."""

import json
from pathlib import Path

import numpy as np
import torch
from PIL import Image

from bench import Bench
from classifier import Classes, best_guess, trained
from control import HALVES
from kept import Kept
from sheets import sheet


def picture(path: Path) -> torch.Tensor:
    return torch.from_numpy(np.asarray(Image.open(path).convert("RGB").resize((256, 256))).copy()).permute(2, 0, 1).float() / 255


def sketched(bench: Bench, kept: Kept, folder: Path, seeds: list[int]) -> dict:
    """`folder`: strokes.json with the words of each sketch, and NAME.png with its map. The judge names only if it was trained."""
    asked = {name: x["prompt"] for name, x in json.loads((folder / "strokes.json").read_text()).items() if (folder / f"{name}.png").exists()}
    asked = dict(list(asked.items())[: bench.few])
    hints = torch.stack([picture(folder / f"{name}.png") for name in asked])
    rows, labels = [hints], ["sketch"]
    at = lambda row, seed: f"sketches/steps-{bench.steps}/{row}-{len(asked)}-seed-{seed}"
    for seed in seeds:
        for row, nets, halves in [("words alone", [], (1, 1)), *((h, [("lines", hints, 1.0)], v) for h, v in HALVES.items())]:
            kept.piece(at(row, seed), lambda nets=nets, halves=halves, seed=seed: ({}, bench.draw(list(asked.values()), nets, 1000 * seed, halves=halves)))
            rows.append(kept.pictures(at(row, seed)))
            labels.append(f"{row}, seed {seed}")
    sheet(kept.folder.parent / "sheets" / "sketches.png", rows, labels=labels)
    report: dict = {"prompts": asked}
    if (kept.folder / "judge.pt").exists():
        classes = Classes(bench)
        judge = trained(bench, kept, classes)
        report["judge_names"] = {label: dict(zip(asked, best_guess(judge, classes, pics), strict=True)) for label, pics in zip(labels[1:], rows[1:], strict=True)}
    return report
