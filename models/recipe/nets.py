"""Stage nets: a ControlNet for each condition on the locked base, then all of them in pairs, so that several combine.

The paper is in here: trainable copy, zero convolutions (the start is an exact no-op, asserted), locked base
(SHA-256 of its weights before and after), prompts dropped for 30 % of the samples.
"""

import json
import time
from pathlib import Path

import torch

import diffusion
import images
import maps
import models
from graphed import Graphed
from latents import Cache
from profiles import Profile
from run import DEVICE, Run, any_shape, autocast, faster
from sheets import sheet
from unet import context, pictures

EMPTY = 0.3  # share of samples whose caption is empty
BLANK = 0.05  # share of samples whose map is black: the net learns to leave the base alone there


def assert_no_op(net, unet, width: int, tokens: int) -> None:
    """Every residual of the untrained net is exactly 0, so the output is the base's: same bits on a CPU."""
    z = torch.randn(2, models.LATENTS, models.SIDE, models.SIDE, device=DEVICE)
    t, c = torch.tensor([10, 900], device=DEVICE), torch.randn(2, tokens, width, device=DEVICE)
    hint = torch.rand(2, 3, models.CANVAS, models.CANVAS, device=DEVICE)
    with torch.no_grad():
        down, mid = diffusion.residuals([(net, hint, 1.0)], z, t, c)
        assert not any(r.any() for r in [*down, mid]), "an untrained net says something"
        base, steered = diffusion.predict(unet, z, t, c), diffusion.predict(unet, z, t, c, [(net, hint, 1.0)])
    # A GPU may choose other kernels for the second run, whose memory layout differs.
    same = torch.equal(base, steered) if DEVICE == "cpu" else torch.allclose(base, steered, atol=1e-3)
    assert same, "the untrained net is not an exact no-op"


class Trainer:
    """What the single and the joint phase share."""

    def __init__(self, folder: Path, profile: Profile, cache: Cache, drawings: torch.Tensor, text, unet):
        self.folder, self.profile, self.cache, self.drawings = folder, profile, cache, drawings
        self.text, self.unet = text, unet.to(memory_format=torch.channels_last)
        torch.manual_seed(1)
        self.net = models.control(unet).to(DEVICE, memory_format=torch.channels_last)
        self.start = {k: v.clone() for k, v in self.net.state_dict().items()}
        self.quick = faster(self.single, profile.compile)
        self.recorded: Graphed | None = None

    def plain(self, *inputs: torch.Tensor) -> torch.Tensor:
        with autocast(self.profile.bf16):
            return self.quick(*inputs)

    def record(self) -> None:
        """The step as a CUDA graph, of whatever the weights are then: they are changed in place alone."""
        x, t, c, (hint,), target = self.sample(self.profile.net.batch, torch.Generator().manual_seed(3), ("depth",))
        self.recorded = Graphed(self.plain, (x, t, c, hint, target), self.net.parameters())

    def adopt(self, text, unet, cache: Cache) -> None:
        """Another base and its cache, in the same modules, so that what is compiled stays."""
        self.text.load_state_dict(text.state_dict())
        self.unet.load_state_dict(unet.state_dict())
        torch.manual_seed(1)
        self.net.load_state_dict(models.control(unet).state_dict())
        self.start = {k: v.clone() for k, v in self.net.state_dict().items()}
        self.cache = cache

    def reset(self) -> None:
        """The same module for each condition in turn, so that it is compiled once."""
        self.net.load_state_dict(self.start)
        self.net.requires_grad_(True)

    def single(self, x, t, c, hint, target):
        return diffusion.loss(diffusion.predict(self.unet, x, t, c, [(self.net, hint, 1.0)]), target)

    def sample(self, batch: int, g: torch.Generator, names: tuple[str, ...]):
        index, z, ids = self.cache.batch(batch, g)
        ids = torch.where((torch.rand(batch, generator=g) < EMPTY)[:, None].to(DEVICE), self.cache.bare.long(), ids)
        v = self.cache.variants.pick(index)
        drawn = images.draw(self.drawings, v)
        ground = images.ground_colour(v, self.drawings.device)
        hints = []
        for name in names:
            with any_shape():
                hint = maps.condition(name, drawn, g, ground)
            hints.append((hint * (torch.rand(batch, 1, 1, 1, generator=g) >= BLANK).to(hint.device)).to(DEVICE).contiguous(memory_format=torch.channels_last))
        t = torch.randint(0, 1000, (batch,), generator=g).to(DEVICE)
        x, target = diffusion.noised(z, t, torch.randn_like(z))
        with torch.no_grad(), autocast(self.profile.bf16):
            c = self.text(ids)[0].float()
        return x.contiguous(memory_format=torch.channels_last), t, c, hints, target

    def step(self, name: str):
        def one(batch: int, g: torch.Generator) -> torch.Tensor:
            x, t, c, (hint,), target = self.sample(batch, g, (name,))
            return (self.recorded or self.plain)(x, t, c, hint, target)

        return one


def weight(profile: Profile, name: str) -> float:
    """How much longer than the others a net trains."""
    return profile.lines if name == "lines" else 1


def share(stop_at: float | None, profile: Profile, left: list[str]) -> float | None:
    """When the first of the nets that are `left` has to end, so that the others and the joint phase have their part of the call."""
    if stop_at is None or profile.net.seconds is None or profile.joint.seconds is None:
        return stop_at
    ahead = sum(weight(profile, n) for n in left) * profile.net.seconds + profile.joint.seconds
    return time.time() + max(0.0, stop_at - time.time()) * weight(profile, left[0]) * profile.net.seconds / ahead


def joint(trainer: Trainer, nets: dict[str, torch.nn.Module], stop_at: float | None) -> Run | None:
    """Two of the nets at once, each at a random strength or absent. None when the clock stopped it."""
    stage = trainer.profile.joint
    run = Run(trainer.folder / "state" / "joint.pt", nets, lr=stage.lr, batch=stage.batch, samples=stage.samples, seconds=stage.seconds, warm=stage.warm, mean=stage.mean, every=trainer.profile.save)
    names = list(nets)

    def step(batch: int, g: torch.Generator) -> torch.Tensor:
        left_out = int(torch.randint(0, len(names), (1,), generator=g))
        pair = tuple(n for k, n in enumerate(names) if k != left_out)
        x, t, c, hints, target = trainer.sample(batch, g, pair)
        # A quarter of the samples has one of the two alone, so that a net stays good by itself.
        strength = torch.rand(batch, 2, generator=g) * 0.4 + 0.6
        alone = torch.randint(0, 8, (batch,), generator=g)
        for side in (0, 1):
            strength[alone == side] = 0.0
            strength[alone == side, 1 - side] = 1.0
        scales = [strength[:, k].view(-1, 1, 1, 1).to(DEVICE) for k in (0, 1)]
        with autocast(trainer.profile.bf16):
            out = diffusion.predict(trainer.unet, x, t, c, [(nets[n], h, s) for n, h, s in zip(pair, hints, scales, strict=True)])
            value = diffusion.loss(out, target)
        # The third net takes no part: its gradients are zeros, not absent, so that a resumed run is the same run.
        return value + 0.0 * sum(p.sum() for p in nets[names[left_out]].parameters())

    return run if run.train(step, 1.0, stop_at) else None


def show(folder: Path, trainer: Trainer, nets: dict[str, torch.nn.Module], items: list[dict], vae, tokenizer) -> None:
    """Held-out drawings: picture, then for each net its map, drawn with the subject as prompt, drawn with an empty one."""
    count = trainer.profile.sheet
    held = [i for i, x in enumerate(items) if x["split"] != "train"][: 7 * count : 7]
    v = images.Variants.none(torch.tensor(held))
    drawn = images.draw(trainer.drawings, v)
    rows = [images.over(*drawn)]
    texts = [f"{items[i]['style']} of {items[i]['subject']}" for i in held]
    with autocast(trainer.profile.bf16), torch.no_grad():
        c, e = context(trainer.text, tokenizer, texts), context(trainer.text, tokenizer, [""])
        for name, net in nets.items():
            hint = maps.fixed(name, drawn).to(DEVICE)
            rows.append(hint.cpu())
            for words, guidance in ((c, 3.0), (e.expand(len(held), -1, -1), 1.0)):
                z = diffusion.sample(trainer.unet, words, e, 16, guidance, 3, [(net, hint, 1.0)])
                rows.append(pictures(vae, z).cpu())
    sheet(folder / "sheets" / "nets.png", [r.cpu() for r in rows])


def done(folder: Path) -> bool:
    return all((folder / "controlnet" / n / "config.json").exists() for n in maps.NETS)


def train(trainer: Trainer, items: list[dict], vae, tokenizer, stop_at: float | None) -> bool:
    folder, profile, cache, text, unet = trainer.folder, trainer.profile, trainer.cache, trainer.text, trainer.unet
    before = models.fingerprint(unet, text)
    print(f"nets: {models.millions(trainer.net):.2f} M parameters each, locked base {before[:16]}", flush=True)
    single, report = {}, {"locked_sha256": before, "nets": {}}
    for name in maps.NETS:
        ready = folder / "single" / name  # trained alone; kept, so that a lost joint phase costs only itself
        if (ready / "report.json").exists():
            single[name] = models.load(ready, type(trainer.net), DEVICE).to(memory_format=torch.channels_last).requires_grad_(True)
            report["nets"][name] = json.loads((ready / "report.json").read_text())
            continue
        trainer.reset()
        path, stage = folder / "state" / f"{name}.pt", profile.net
        if not path.exists():
            models.start_hint(trainer.net, trainer.sample(32, torch.Generator().manual_seed(77), (name,))[3][0])
            assert_no_op(trainer.net, unet, models.WIDTH, cache.bare.shape[-1])
            if (earlier := folder / "warm" / "controlnet" / name).exists():  # of an earlier round, on an earlier base
                trainer.net.load_state_dict(models.load(earlier, type(trainer.net), DEVICE).state_dict())
                print(f"net {name}: starts from the weights of an earlier round", flush=True)
        run = Run(
            path,
            {"net": trainer.net},
            lr=stage.lr,
            batch=stage.batch,
            samples=round(stage.samples * weight(profile, name)),
            seconds=stage.seconds and stage.seconds * weight(profile, name),
            warm=stage.warm,
            mean=stage.mean,
            every=profile.save,
        )
        if not run.train(trainer.step(name), 1.0, share(stop_at, profile, [n for n in maps.NETS if n not in single])):
            return False
        single[name] = run.means["net"].requires_grad_(True)
        single[name].save_pretrained(ready)
        report["nets"][name] = {"samples": run.seen, "seconds": round(run.spent), "loss": run.loss and round(run.loss, 5)}
        (ready / "report.json").write_text(json.dumps(report["nets"][name]) + "\n")
        print(f"net {name} done", report["nets"][name], flush=True)
        del run
    both = joint(trainer, single, stop_at)
    if both is None:
        return False
    report["joint"] = {"samples": both.seen, "seconds": round(both.spent)}
    after = models.fingerprint(unet, text)
    assert after == before, "the locked model changed"
    nets = {n: m.eval() for n, m in both.means.items()}
    models.halve(*nets.values())
    show(folder, trainer, nets, items, vae, tokenizer)
    for name, net in nets.items():
        net.save_pretrained(folder / "controlnet" / name)
    (folder / "controlnet" / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    print("nets done, locked base unchanged", after[:16], flush=True)
    return True
