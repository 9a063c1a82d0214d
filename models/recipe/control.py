"""How well a net is followed: against none, a mismatched map (chance), wrong and empty prompts, and the autoencoder's ceiling.

Everything is measured twice: with the control in both halves of guidance, and in the prompt's half alone.
"""

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch

import images
import maps
import words
from bench import BATCH, Ask, Bench, groups
from kept import Kept
from measures import psnr, scores
from run import DEVICE
from sheets import sheet

HALVES = {"both halves": (1, 1), "prompt's half": (1, 0)}
OWN = {"lines": "f1", "depth": "iou", "colour": "lab"}  # what each net is judged by


@dataclass
class Row:
    """A row's pictures of one seed from `start` on."""

    name: str
    start: int
    net: str | None
    scale: float
    prompt: str
    halves: str
    seed: int


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

    @cached_property
    def drawn(self) -> maps.Draw:
        """All of `pick` as they are."""
        return self.bench.plain(self.pick)

    @cached_property
    def map_of(self) -> dict[str, torch.Tensor]:
        """The plain map of each net, of all of `pick`."""
        return {net: maps.fixed(net, self.drawn) for net in self.bench.nets}

    def some(self, places: list[int]) -> maps.Draw:
        return self.drawn[0][places], self.drawn[1][places]

    def places(self, start: int) -> list[int]:
        return [*range(start, min(start + BATCH, len(self.pick)))]

    def ask(self, row: Row) -> Ask:
        own, wrong = ([self.texts[k] for k in of] for of in (self.places(row.start), self.turned(row.start, len(self.pick) // 5)))
        texts = {"own": own, "wrong": wrong, "empty": [""] * len(own)}[row.prompt]
        nets = ((row.net, self.map_of[row.net][self.places(row.start)], row.scale),) if row.net else ()
        return Ask(texts, 1000 * row.seed + row.start, nets, HALVES[row.halves])

    def measured(self, row: Row, pics: torch.Tensor) -> tuple[dict, torch.Tensor]:
        numbers: dict = scores(images.over(*self.some(self.places(row.start))), pics)
        if row.scale == 1 and row.prompt == "own":
            numbers["mismatched"] = scores(images.over(*self.some(self.turned(row.start, len(self.pick) // 3))), pics)
        return numbers, pics

    def run(self) -> None:
        for start in self.starts():
            of = self.places(start)

            def ceiling(of=of) -> tuple[dict, torch.Tensor]:
                source = images.over(*self.some(of))
                back = self.bench.through_autoencoder(source)
                return {**scores(source, back), "psnr": psnr(source, back)}, back

            self.kept.piece(self.name("drawings", 0, start), lambda of=of: ({}, images.over(*self.some(of))))
            self.kept.piece(self.name("autoencoder ceiling", 0, start), ceiling)
            for net in self.bench.nets:
                self.kept.piece(self.name(f"{net} map", 0, start), lambda net=net, of=of: ({}, self.map_of[net][of]))
        every = [Row(self.name(name, seed, start), start, *how, seed) for start in self.starts() for name, *how in self.rows() for seed in self.seeds]
        left = [row for row in every if not self.kept.has(row.name)]
        asks = [self.ask(row) for row in left]
        # Measuring is the processor's work: beside a GPU it is the longer one.
        with ThreadPoolExecutor(min(8, os.cpu_count() or 1) if DEVICE == "cuda" else 1) as workers:
            for group in groups(asks):
                self.kept.in_time()
                pictures = self.bench.together([asks[k] for k in group])
                one = lambda k, pics: self.kept.piece(left[k].name, lambda: self.measured(left[k], pics))
                list(workers.map(one, group, pictures))

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
