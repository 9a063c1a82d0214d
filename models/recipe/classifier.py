"""A judge of what a picture shows: a small network of its own that names subject and style, trained on drawings alone.

It learns from the training drawings of all sets, on pictures of 64 px, and never sees one that a model drew. Its accuracy on
held-out drawings is the ceiling of what it can say about anything else.
"""

import json

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import images
from bench import SIDE, Bench
from control import HALVES, Control
from kept import Kept, OutOfTime
from profiles import Stage
from run import DEVICE, Run

STAGE = Stage(batch=48, samples=150_000, lr=2e-3, warm=100, mean=0.998)
WIDTHS = (32, 64, 128, 192)


class Judge(nn.Module):
    """[n,3,64,64] in 0..1 to logits of subjects and of styles."""

    def __init__(self, subjects: int, styles: int):
        super().__init__()
        layers: list[nn.Module] = []
        for before, after in zip((3, *WIDTHS), WIDTHS, strict=False):
            layers += [nn.Conv2d(before, after, 3, 2, 1), nn.GroupNorm(8, after), nn.SiLU()]
        self.body = nn.Sequential(*layers, nn.Conv2d(WIDTHS[-1], WIDTHS[-1], 3, 1, 1), nn.GroupNorm(8, WIDTHS[-1]), nn.SiLU())
        self.join = nn.Sequential(nn.Flatten(), nn.Dropout(0.2), nn.Linear(WIDTHS[-1] * 16, 256), nn.SiLU())
        self.subject, self.style = nn.Linear(256, subjects), nn.Linear(256, styles)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        features = self.join(self.body(x * 2 - 1))
        return self.subject(features), self.style(features)


class Classes:
    """The names that can be given: subjects that the model was taught, and the styles of all sets."""

    def __init__(self, bench: Bench):
        self.items = json.loads((bench.data / "items.json").read_text())
        taught = sorted({x["subject"] for x in bench.items if x["split"] == "train"})
        styles = sorted({x["style"] for x in self.items})
        self.subjects, self.styles = {s: k for k, s in enumerate(taught)}, {s: k for k, s in enumerate(styles)}
        self.numbers = [k for k, x in enumerate(self.items) if x["split"] == "train" and x["subject"] in self.subjects]

    def labels(self, items: list[dict]) -> tuple[torch.Tensor, torch.Tensor]:
        """Subject (-1 for one that was never taught) and style of each."""
        return torch.tensor([self.subjects.get(x["subject"], -1) for x in items]), torch.tensor([self.styles[x["style"]] for x in items])


def trained(bench: Bench, kept: Kept, classes: Classes, samples: int | None = None) -> Judge:
    """The judge, from its file or trained now; goes on from its last checkpoint."""
    path, samples = kept.folder / "judge.pt", samples or STAGE.samples
    torch.manual_seed(0)
    judge = Judge(len(classes.subjects), len(classes.styles)).to(DEVICE)
    if path.exists():
        judge.load_state_dict(torch.load(path, weights_only=True, map_location=DEVICE))
        return judge.eval()
    small = bench.small(kept.folder / "small.pt", classes.numbers).to(DEVICE)
    subjects, styles = (v.to(DEVICE) for v in classes.labels([classes.items[n] for n in classes.numbers]))

    def step(batch: int, g: torch.Generator) -> torch.Tensor:
        pick = torch.randint(0, len(small), (batch,), generator=g)
        v = images.Variants.random(pick, g, hue=0.15, ground=0.1)
        x = images.over(*images.draw(small, v), images.ground_colour(v, small.device))
        named, drawn = judge(x)
        at = pick.to(small.device)
        return F.cross_entropy(named, subjects[at], label_smoothing=0.1) + 0.5 * F.cross_entropy(drawn, styles[at], label_smoothing=0.05)

    run = Run(kept.folder / "judge-run.pt", {"judge": judge}, lr=STAGE.lr, batch=STAGE.batch, samples=samples, seconds=None, warm=STAGE.warm, mean=STAGE.mean, every=60)
    if not run.train(step, 1.0, kept.until):
        raise OutOfTime
    torch.save(run.means["judge"].state_dict(), path)
    return run.means["judge"].eval()


@torch.no_grad()
def ranks(judge: Judge, pics: torch.Tensor, right: tuple[torch.Tensor, torch.Tensor]) -> dict[str, float]:
    """Top-1 and top-5 of subject and style, over pictures whose subject was taught."""
    x = F.interpolate(pics, (SIDE, SIDE), mode="area")
    found = [torch.cat(part) for part in zip(*(judge(p.to(DEVICE)) for p in x.split(64)), strict=True)]
    out: dict[str, float] = {}
    for name, logits, wanted in zip(("subject", "style"), found, right, strict=True):
        known = wanted >= 0
        if known.any():
            best = logits.cpu()[known].topk(min(5, logits.shape[1]), -1).indices == wanted[known, None]
            out |= {f"{name}_top1": float(best[:, 0].float().mean()), f"{name}_top5": float(best.any(1).float().mean())}
    return out


def judged(bench: Bench, kept: Kept, control: Control, samples: int | None = None) -> dict:
    """What the judge says of the pictures that `control` drew of held-out pairs: subjects it was taught, in other styles."""
    classes = Classes(bench)
    judge = trained(bench, kept, classes, samples)
    held = bench.held("pair", len(bench.items))
    plain = torch.cat([images.over(*bench.plain(held[k : k + 64])) for k in range(0, len(held), 64)])
    chance = {f"{n}_top{k}": min(1.0, k / len(c)) for n, c in (("subject", classes.subjects), ("style", classes.styles)) for k in (1, 5)}
    rows = {"chance": chance, "all held-out drawings": ranks(judge, plain, classes.labels([bench.items[i] for i in held]))}
    right = classes.labels([bench.items[i] for i in control.pick])
    wanted = {"drawings": ("drawings", 0), "through the autoencoder": ("autoencoder ceiling", 0), "words alone": ("none", None)}
    for net in bench.nets:
        wanted |= {f"words and {net}, {halves}": (f"{net} control, {halves}", None) for halves in HALVES}
        wanted[f"{net} alone"] = (f"{net} empty prompt", None)
    for label, (row, seed) in wanted.items():
        found = []
        for s in control.seeds if seed is None else [seed]:
            names = [control.name(row, s, k) for k in control.starts()]
            if all(kept.has(n) for n in names):
                found.append(ranks(judge, torch.cat([kept.pictures(n) for n in names]), right))
        if found:
            rows[label] = {k: float(np.mean([f[k] for f in found])) for k in found[0]}
    return {"n": len(control.pick), "subjects": len(classes.subjects), "styles": len(classes.styles), "trained_on": len(classes.numbers), "rows": rows}


def best_guess(judge: Judge, classes: Classes, pics: torch.Tensor) -> list[list[str]]:
    """The five subjects that the judge would name, of each picture."""
    names = list(classes.subjects)
    with torch.no_grad():
        return [[names[k] for k in row] for row in judge(F.interpolate(pics, (SIDE, SIDE), mode="area").to(DEVICE))[0].topk(5, -1).indices.tolist()]
