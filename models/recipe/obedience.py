"""Whether words are obeyed: the colour that was asked for, and the ground."""

import torch
import torch.nn.functional as F

import words
from bench import Bench
from kept import Kept
from measures import not_white
from sheets import sheet

SUBJECTS = ["apple", "car", "fish", "flower", "heart", "bird"]


def colour_words(bench: Bench, kept: Kept, seeds: list[int]) -> dict:
    """`flat emoji of <colour> <subject>`: is the asked colour the most of what is not ground, among 14 names?"""
    names = [c for c in words.NAMES if c not in ("white", "beige")][: bench.few]
    subjects = SUBJECTS[: bench.few]
    first = second = total = 0
    of: dict[str, list[int]] = {c: [] for c in names}
    for seed in seeds:
        for name in names:

            def make(name=name, seed=seed) -> tuple[dict, torch.Tensor]:
                pics = bench.draw([f"flat emoji of {name} {s}" for s in subjects], (), 1000 * seed)
                small = F.interpolate(pics, (48, 48), mode="area")
                return {"top": words.shares(small, not_white(small) > 0).topk(2, -1).indices.tolist()}, pics

            asked = words.NAMES.index(name)
            for a, b in kept.piece(piece(bench, name, seed), make)["top"]:
                first, second, total = first + (a == asked), second + (asked in (a, b)), total + 1
                of[name].append(int(a == asked))
    sheet(kept.folder.parent / "sheets" / "colours.png", [kept.pictures(piece(bench, c, seeds[0])) for c in names], side=96, labels=names)
    return {"top1": first / total, "top2": second / total, "chance_top1": 1 / len(words.NAMES), "n": total, "of_each": {c: sum(v) / len(v) for c, v in of.items()}}


def piece(bench: Bench, name: str, seed: int) -> str:
    return f"colour-words/steps-{bench.steps}/{name}-{min(bench.few, len(SUBJECTS))}-seed-{seed}"


def grounds(bench: Bench, kept: Kept, seeds: list[int]) -> dict:
    """`… on a <colour> background`: is the rim of the picture that colour? Without the words it should be white."""
    names = [c for c in words.GROUNDS if c != "beige"][: bench.few]
    right = white = total = 0
    rim = torch.zeros(1, 1, 32, 32, dtype=torch.bool)
    rim[..., :2, :], rim[..., -2:, :], rim[..., :2], rim[..., -2:] = True, True, True, True

    def rims(texts: list[str], seed: int) -> tuple[dict, torch.Tensor]:
        pics = bench.draw(texts, (), 1000 * seed)
        return {"rim": words.shares(F.interpolate(pics, (32, 32), mode="area"), rim.expand(len(pics), -1, -1, -1)).argmax(-1).tolist()}, pics

    for seed in seeds:
        at = f"grounds/steps-{bench.steps}/{{}}-{len(names)}-seed-{seed}"
        asked = kept.piece(at.format("asked"), lambda seed=seed: rims([f"flat emoji of cat face on a {c} background" for c in names], seed))["rim"]
        plain = kept.piece(at.format("plain"), lambda seed=seed: rims(["flat emoji of cat face"] * len(names), seed))["rim"]
        right += sum(words.NAMES[g] == c for g, c in zip(asked, names, strict=True))
        white += sum(words.NAMES[g] == "white" for g in plain)
        total += len(names)
    return {"asked_colour": right / total, "white_without_words": white / total, "n": total}
