"""Whether pictures are copies of what was trained on, and how much they vary over seeds."""

import numpy as np
import torch

import images
import maps
import words
from bench import Bench
from control import HALVES
from kept import Kept
from measures import looks, spread
from sheets import sheet

SEEDS = 6


def premultiplied(small: torch.Tensor) -> torch.Tensor:
    """Small copies (uint8 [n,4,64,64]) on white, in 0..1."""
    x = small.float() / 255
    return images.over(x[:, :3] * x[:, 3:], x[:, 3:])


@torch.no_grad()
def memory(bench: Bench, kept: Kept, seed: int = 1) -> dict:
    """Nearest training drawing of pictures drawn from words (Lab, root mean square at 32 px), beside that of held-out drawings."""
    train = [i for i, x in enumerate(bench.items) if x["split"] == "train"]
    small = premultiplied(bench.small(kept.folder / "small.pt", [bench.numbers[i] for i in train]))
    bank = looks(small)
    seen = [train[k] for k in np.random.RandomState(3).permutation(len(train))[: min(48, bench.few)]]
    places = range(0, len(seen), 16)
    at = lambda k: f"memory/steps-{bench.steps}/{len(seen)}-seed-{seed}-from-{k}"
    for k in places:
        kept.piece(at(k), lambda k=k: ({}, bench.draw([words.plain(bench.items[i]) for i in seen[k : k + 16]], (), 1000 * seed + k)))
    pics = torch.cat([kept.pictures(at(k)) for k in places])
    far, index = torch.cdist(looks(pics), bank).min(1)
    held = bench.held("subject", 48) or bench.held("pair", 48)
    beside = torch.cdist(looks(images.over(*bench.plain(held))), bank).min(1)[0]
    order = far.argsort()[:12].tolist()
    named = [bench.items[seen[k]] for k in order]
    own = torch.cat([images.over(*bench.plain([seen[k]])) for k in order])
    sheet(
        kept.folder.parent / "sheets" / "nearest.png",
        [pics[order], images.over(*bench.plain([train[index[k]] for k in order])), own],
        labels=["drawn from words, the nearest first", "its nearest training drawing", "what the words were of"],
    )
    return {
        "outputs_to_nearest_training_drawing": float(far.median()),
        "held_out_drawings_to_the_same": float(beside.median()),
        "nearest_of_outputs": float(far.min()),
        "nearest_of_held_out_drawings": float(beside.min()),
        "nearest_shown": [words.plain(x) for x in named],
        "n": len(pics),
        "note": "Lab, root mean square, median; the first far below the second means copies",
    }


@torch.no_grad()
def diversity(bench: Bench, kept: Kept, count: int = 12) -> dict:
    """Mean distance of pairs over seeds, of one prompt and of one prompt and map; beside that of drawings."""
    pick = bench.held("pair", count) or bench.held("subject", count)
    texts = [words.plain(bench.items[i]) for i in pick]
    seeds = min(SEEDS, max(2, bench.few))
    at = lambda row, k: f"diversity/steps-{bench.steps}/{len(pick)}-of-{seeds}/{row}-{k}"
    rows = ["words alone", *(f"words and lines, {h}" for h in HALVES if "lines" in bench.nets)]
    mean: dict[str, float] = {}
    for row in rows:
        for k, (i, text) in enumerate(zip(pick, texts, strict=True)):

            def make(row=row, i=i, text=text) -> tuple[dict, torch.Tensor]:
                nets, halves = [], (1, 1)
                if row != rows[0]:
                    nets = [("lines", maps.fixed("lines", bench.plain([i])).repeat(seeds, 1, 1, 1), 1.0)]
                    halves = HALVES[row.split(", ")[1]]
                pics = bench.draw([text] * seeds, nets, 77, halves=halves)
                return {"spread": spread(pics)}, pics

            kept.piece(at(row, k), make)
        mean[row] = float(np.mean([kept.piece(at(row, k), lambda: ({}, None))["spread"] for k in range(len(pick))]))
    # What drawings differ by: the same subject in several styles, and several subjects in one style.
    by_subject: dict[str, list[int]] = {}
    for i, x in enumerate(bench.items):
        by_subject.setdefault(x["subject"], []).append(i)
    styles = [v for v in by_subject.values() if len(v) > 1][:40]
    one = bench.items[pick[0]]["style"]
    others = [i for i, x in enumerate(bench.items) if x["style"] == one][:: max(1, len(bench.items) // 200)][:40]
    mean["drawings of one subject in all styles"] = float(np.mean([spread(images.over(*bench.plain(v))) for v in styles])) if styles else 0.0
    mean["drawings of one style, any subject"] = spread(images.over(*bench.plain(others)))
    shown = [(row, k) for k in range(min(4, len(pick))) for row in rows]
    sheet(kept.folder.parent / "sheets" / "diversity.png", [kept.pictures(at(row, k)) for row, k in shown], labels=[f"{row}: {texts[k]}" for row, k in shown])
    return {"spread": mean, "n": len(pick), "seeds": seeds, "note": "Lab, root mean square at 32 px, mean of all pairs"}
