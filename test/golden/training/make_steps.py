"""Training steps of whole networks by diffusers, torch.optim.AdamW and clip_grad_norm_: float64 is the referee, and
beside it stands how far float32 in PyTorch is from it. training-step.test.ts holds the engine against both.

    python make_steps.py [NAME …]    (writes NAME.step.safetensors and NAME.step.json beside itself: sd15-tiny, sd21-tiny,
                                      pack; and NAME-light, with low-rank layers. Needs torch, diffusers, safetensors)

Of each tensor PLACES numbers are kept, evenly spread. Gradients are those before they are shortened; "first" and "last"
are what one step and all of them changed.
"""

import hashlib
import json
import sys
from pathlib import Path

import torch
from diffusers import ControlNetModel, DDIMScheduler, UNet2DConditionModel
from named_numbers import tensor_of
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.nn import functional as F

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
PARITY = HERE.parent / "parity"
# base, net, height, width of the latents, context, timesteps of the rows, steps
MODELS = {
    "sd15-tiny": (PARITY / "sd15-tiny/base", PARITY / "sd15-tiny/controlnets/canny", 8, 16, 7, (137, 811), 5),
    "sd21-tiny": (PARITY / "sd21-tiny/base", PARITY / "sd21-tiny/controlnets/depth", 16, 8, 5, (52, 640), 50),
    "pack": (ROOT / "models/pack", ROOT / "models/pack/controlnet/lines", 8, 16, 9, (303, 777), 5),
}
PLACES, BATCHES, RATE, DECAY, RANK = 16, 3, 1e-3, 1e-2, 4
FILE = "diffusion_pytorch_model.safetensors"
OWN = ("controlnet_cond_embedding", "controlnet_down_blocks", "controlnet_mid_block")


def places(tensor: Tensor) -> Tensor:
    count = min(PLACES, tensor.numel())
    return tensor.detach().double().flatten()[[(2 * n + 1) * tensor.numel() // (2 * count) for n in range(count)]]


def parts(key: str, tensor: Tensor) -> dict[str, Tensor]:
    """A weight as the engine has it: GEGLU's in two halves."""
    if not key.endswith(("ff.net.0.proj.weight", "ff.net.0.proj.bias")):
        return {key: tensor}
    half = len(tensor) // 2
    return {f"{key}[0:{half}]": tensor[:half], f"{key}[{half}:{2 * half}]": tensor[half:]}


def batch(name: str, number: int, alphas: Tensor) -> dict[str, Tensor]:
    base, net, height, width, context, times, _ = MODELS[name]
    factor = 2 ** (len(json.loads((net / "config.json").read_text())["conditioning_embedding_out_channels"]) - 1)
    config = json.loads((base / "unet/config.json").read_text())
    rows, channels = len(times), config["in_channels"]
    of = f"{name}/{number}"
    clean, noise = (tensor_of(f"{of}/{what}", rows, channels, height, width) * 2 for what in ("clean", "noise"))
    kept = alphas[list(times)].reshape(-1, 1, 1, 1)
    # What the net reads is float32 for all.
    return {
        "latent": (kept.sqrt() * clean + (1 - kept).sqrt() * noise).float(),
        "target": (kept.sqrt() * noise - (1 - kept).sqrt() * clean).float(),
        "states": tensor_of(f"{of}/states", rows, context, config["cross_attention_dim"]).float(),
        "map": (tensor_of(f"{of}/map", rows, 3, factor * height, factor * width) > 0.4).float(),
    }


class Light(nn.Module):
    """Low-rank parts beside every layer of a net that a base has too."""

    def __init__(self, name: str, net: nn.Module) -> None:
        super().__init__()
        self.parts: dict[str, nn.Parameter] = {}
        for key, layer in net.named_modules():
            if not isinstance(layer, nn.Linear | nn.Conv2d) or key.startswith(OWN):
                continue
            layer.requires_grad_(False)
            pairs = []
            for part, weight in parts(f"{key}.weight", layer.weight).items():
                rank = min(RANK, len(weight), weight[0].numel())
                down = tensor_of(f"{name}/{part}.down", rank, *weight.shape[1:]) / weight[0].numel() ** 0.5
                up = tensor_of(f"{name}/{part}.up", len(weight), rank, *[1] * (weight.ndim - 2)) * 0.2
                pairs.append([nn.Parameter(x.float().to(weight.dtype)) for x in (down, up)])
                self.parts |= {f"{part}.down": pairs[-1][0], f"{part}.up": pairs[-1][1]}
            layer.register_forward_hook(self.beside(layer, pairs))
        for key, parameter in net.named_parameters():
            if key.startswith(OWN):
                self.parts[key] = parameter
            else:
                parameter.requires_grad_(False)

    @staticmethod
    def beside(layer, pairs):
        def one(x: Tensor, down: Tensor, up: Tensor) -> Tensor:
            if isinstance(layer, nn.Linear):
                return F.linear(F.linear(x, down), up)
            return F.conv2d(F.conv2d(x, down, None, layer.stride, layer.padding), up)

        def hook(_, given, output: Tensor) -> Tensor:
            return output + torch.cat([one(given[0], *pair) for pair in pairs], -1 if isinstance(layer, nn.Linear) else 1)

        return hook


def run(name: str, light: bool, dtype: torch.dtype, batches: list[dict[str, Tensor]], clip: float):
    base, folder, *_, times, steps = MODELS[name]
    unet = UNet2DConditionModel.from_pretrained(base, subfolder="unet").to(dtype).eval().requires_grad_(False)
    net = ControlNetModel.from_pretrained(folder).to(dtype).eval()
    learns = Light(name, net).parts if light else dict(net.named_parameters())
    optimiser = torch.optim.AdamW(learns.values(), lr=RATE, weight_decay=DECAY)
    start = {key: value.detach().clone() for key, value in learns.items()}
    kept: dict[str, Tensor] = {}
    losses, norms = [], []

    def keep(what: str, of: dict[str, Tensor]) -> None:
        for key, value in of.items():
            for part, tensor in parts(key, value).items() if not light else [(key, value)]:
                kept[f"{what}/{part}"] = places(tensor)

    for step in range(steps):
        given = {key: value.to(dtype) for key, value in batches[step % BATCHES].items()}
        asked = (given["latent"], torch.tensor(times))
        down, middle = net(*asked, encoder_hidden_states=given["states"], controlnet_cond=given["map"], return_dict=False)
        prediction = unet(
            *asked,
            encoder_hidden_states=given["states"],
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]
        loss = F.mse_loss(prediction, given["target"])
        optimiser.zero_grad()
        loss.backward()
        if step == 0:
            keep("gradient", {key: value.grad for key, value in learns.items()})
        norms.append(nn.utils.clip_grad_norm_(learns.values(), clip).item())
        losses.append(loss.item())
        optimiser.step()
        if step in (0, steps - 1):
            what = "first" if step == 0 else "last"
            keep(what, {key: value.detach().double() - start[key].double() for key, value in learns.items()})
    return kept, losses, norms


def main(asked: list[str]) -> None:
    torch.set_num_threads(1)
    for full in asked:
        name, light = full.removesuffix("-light"), full.endswith("-light")
        alphas = DDIMScheduler.from_pretrained(MODELS[name][0], subfolder="scheduler").alphas_cumprod.double()
        batches = [batch(name, n, alphas) for n in range(BATCHES)]
        # Shorter than the first gradient is, so that shortening is seen.
        clip = 0.05
        right, losses, norms = run(name, light, torch.float64, batches, clip)
        single, single_losses, single_norms = run(name, light, torch.float32, batches, clip)
        errors = {
            key: float(f"{((single[key] - value).norm() / value.norm().clamp_min(1e-300)).item():.2e}")
            for key, value in right.items()
        }
        tensors = {key: value.float() for key, value in right.items()}
        for n, given in enumerate(batches):
            tensors |= {f"batch/{n}/{key}": given[key] for key in ("latent", "target")}
        file = HERE / f"{full}.step.safetensors"
        save_file(tensors, file, metadata={"torch": torch.__version__})
        file.chmod(0o644)
        _, _, height, width, context, times, _ = MODELS[name]
        about = {
            **{"height": height, "width": width, "context": context, "timesteps": times},
            **{"rate": RATE, "decay": DECAY, "clip": clip, "rank": RANK if light else None},
            "files": [hashlib.sha256((folder / FILE).read_bytes()).hexdigest() for folder in (MODELS[name][0] / "unet", MODELS[name][1])],
            **{"losses": losses, "norms": norms, "float32Losses": single_losses, "float32Norms": single_norms, "float32Errors": errors},
        }
        (HERE / f"{full}.step.json").write_text(json.dumps(about, indent=1) + "\n")
        print(full, losses[0], losses[-1], norms[:3], {
            what: (sum(e**2 for e in found) / len(found)) ** 0.5
            for what in ("gradient", "first", "last")
            if (found := [e for key, e in errors.items() if key.startswith(what)])
        })  # fmt: skip


main(sys.argv[1:] or ["sd15-tiny", "sd21-tiny", "pack", "sd15-tiny-light", "sd21-tiny-light"])
