"""How well a net is followed: against none, a mismatched map (chance), wrong and empty prompts, and the autoencoder's ceiling.

Everything is measured twice: with the control in both halves of guidance, and in the prompt's half alone.
"""

from collections.abc import Iterator

import numpy as np
import torch

import images
import maps
import words
from bench import BATCH, Bench
from kept import Kept
from measures import psnr, scores
from sheets import sheet

HALVES = {"both halves": (1, 1), "prompt's half": (1, 0)}
OWN = {"lines": "f1", "depth": "iou", "colour": "lab"}  # what each net is judged by


class Control:
    """All rows of one split, in pieces of some pictures each."""

    def __init__(self, bench: Bench, kept: Kept, split: str, count: int, seeds: list[int]):
        self.bench, self.kept, self.split, self.seeds = bench, kept, split, seeds
        self.pick = bench.held(split, count)
        self.texts = [words.plain(bench.items[i]) for i in self.pick]

    def turned(self, start: int, by: int) -> list[int]:
        """The places in `pick` of those that lie `by` further."""
        n = len(self.pick)
        return [(k + max(1, by)) % n for k in range(start, min(start + BATCH, n))]

    def name(self, row: str, seed: int, start: int) -> str:
        return f"{self.split}-{len(self.pick)}/steps-{self.bench.steps}/{row}/seed-{seed}-from-{start}"

    def starts(self) -> range:
        return range(0, len(self.pick), BATCH)

    def rows(self) -> Iterator[tuple[str, str | None, float, str, str]]:
        """Name, net, scale, prompt and halves of every row that is drawn."""
        yield "none", None, 0, "own", "both halves"
        for net in self.bench.nets:
            for halves in HALVES:
                yield f"{net} control, {halves}", net, 1, "own", halves
                yield f"{net} wrong prompt, {halves}", net, 1, "wrong", halves
                yield f"{net} scale 0.5, {halves}", net, 0.5, "own", halves
            yield f"{net} empty prompt", net, 1, "empty", "both halves"

    def run(self) -> None:
        for start in self.starts():
            ids = self.pick[start : start + BATCH]
            drawn = None

            def drawings(ids=ids) -> tuple[torch.Tensor, torch.Tensor]:
                nonlocal drawn
                drawn = drawn or self.bench.plain(ids)
                return drawn

            def ceiling(of=drawings) -> tuple[dict, torch.Tensor]:
                source = images.over(*of())
                back = self.bench.through_autoencoder(source)
                return {**scores(source, back), "psnr": psnr(source, back)}, back

            self.kept.piece(self.name("drawings", 0, start), lambda of=drawings: ({}, images.over(*of())))
            self.kept.piece(self.name("autoencoder ceiling", 0, start), ceiling)
            for net in self.bench.nets:
                self.kept.piece(self.name(f"{net} map", 0, start), lambda net=net, of=drawings: ({}, maps.fixed(net, of())))
            for row, net, scale, prompt, halves in self.rows():
                own, wrong = self.texts[start : start + BATCH], [self.texts[k] for k in self.turned(start, len(self.pick) // 5)]
                texts = {"own": own, "wrong": wrong, "empty": [""] * len(own)}[prompt]
                other = self.turned(start, len(self.pick) // 3)
                for seed in self.seeds:

                    def make(of=drawings, net=net, scale=scale, halves=halves, texts=texts, wrong=wrong, seed=seed, other=other, start=start) -> tuple[dict, torch.Tensor]:
                        source = images.over(*of())
                        nets = [(net, maps.fixed(net, of()), scale)] if net else []
                        pics = self.bench.draw(texts, nets, 1000 * seed + start, halves=HALVES[halves])
                        numbers: dict = scores(source, pics)
                        if scale == 1 and texts is not wrong and any(texts):
                            numbers["mismatched"] = scores(images.over(*self.bench.plain([self.pick[k] for k in other])), pics)
                        return numbers, pics

                    self.kept.piece(self.name(row, seed, start), make)

    def numbers(self, row: str, seeds: list[int], of: str | None = None) -> dict[str, np.ndarray] | None:
        """Every measure of a row, [seeds, n]; None while a piece of it is missing."""
        found = []
        for seed in seeds:
            if not all(self.kept.has(self.name(row, seed, s)) for s in self.starts()):
                return None
            pieces = [self.kept.piece(self.name(row, seed, s), lambda: ({}, None)) for s in self.starts()]
            found.append([p[of] if of else p for p in pieces])
        keys = [k for k in found[0][0] if k != "mismatched"]
        return {k: np.array([[v for piece in seed for v in piece[k]] for seed in found]) for k in keys}

    def table(self, net: str) -> dict | None:
        """`rows` and the gain over none, with the control in both halves; `prompts_half`: the same with it in one."""
        none, ceiling = self.numbers("none", self.seeds), self.numbers("autoencoder ceiling", [0])
        if none is None or ceiling is None:
            return None
        mean = lambda values: {k: float(v.mean()) for k, v in values.items()}
        out: dict = {"n": len(self.pick), "seeds": len(self.seeds), "judged_by": OWN[net]}
        for halves in HALVES:
            named = {
                "control": self.numbers(f"{net} control, {halves}", self.seeds),
                "mismatched map": self.numbers(f"{net} control, {halves}", self.seeds, "mismatched"),
                "scale 0.5": self.numbers(f"{net} scale 0.5, {halves}", self.seeds),
                "wrong prompt": self.numbers(f"{net} wrong prompt, {halves}", self.seeds),
            }
            if halves == "both halves":
                named["empty prompt"] = self.numbers(f"{net} empty prompt", self.seeds)
            if any(v is None for v in named.values()):
                return None
            gain = (named["control"]["f1"] - none["f1"]).mean(0)
            report = {
                "rows": {"none": mean(none), **{k: mean(v) for k, v in named.items()}, "autoencoder ceiling": mean(ceiling)},
                "f1_gain": float(gain.mean()),
                "f1_gain_95": float(1.96 * gain.std(ddof=1) / len(gain) ** 0.5) if len(gain) > 1 else None,
                "improved": f"{int((gain > 0).sum())}/{len(gain)}",
                "wrong_prompt_f1_drop": float(named["control"]["f1"].mean() - named["wrong prompt"]["f1"].mean()),
            }
            if halves == "both halves":
                out |= report
            else:
                out["prompts_half"] = report
        return out

    def sheet(self) -> None:
        """The first pictures of every row, the row's name beside it."""
        names = [("drawings", 0), ("autoencoder ceiling", 0), ("none", self.seeds[0])]
        for net in self.bench.nets:
            names += [(f"{net} map", 0), *((row, self.seeds[0]) for row, of, *_ in self.rows() if of == net)]
        there = {row: self.name(row, seed, 0) for row, seed in names if self.kept.has(self.name(row, seed, 0))}
        sheet(self.kept.folder.parent / "sheets" / f"control-{self.split}.png", [self.kept.pictures(n)[:10] for n in there.values()], labels=list(there))
