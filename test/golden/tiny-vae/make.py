"""Tiny VAEs of random weights in every layout that TAESD's decoder is published in, and what diffusers draws with them.

python test/golden/tiny-vae/make.py      (diffusers 0.42.1, torch 2.15, safetensors)

`eight` has three doublings and a scale of its own, `four` two doublings and other numbers of blocks. Latents are of odd
sides. The original layout counts the clamp as a layer, so that its names are one above those of diffusers
(madebyollin/taesd, taesd.py).
"""

import json
from pathlib import Path

import torch
from diffusers import AutoencoderTiny
from safetensors.torch import save_file

HERE = Path(__file__).parent
torch.set_num_threads(1)


def tiny(seed: int, channels: int, latent: int, blocks: tuple[int, ...], scale: float) -> AutoencoderTiny:
    torch.manual_seed(seed)
    sides = (channels,) * len(blocks)
    vae = AutoencoderTiny(
        encoder_block_out_channels=sides,
        decoder_block_out_channels=sides,
        num_encoder_blocks=blocks[::-1],
        num_decoder_blocks=blocks,
        latent_channels=latent,
        scaling_factor=scale,
    ).eval()
    with torch.no_grad():
        for value in vae.parameters():
            value.mul_(1.5)
    return vae


def original(state: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    names = {}
    for key, value in state.items():
        if not key.startswith("decoder.layers."):
            continue
        number, rest = key.removeprefix("decoder.layers.").split(".", 1)
        names[f"{prefix}{int(number) + 1}.{rest}"] = value
    return names


def main() -> None:
    results = {}
    cases = {
        "eight": (tiny(1, 6, 4, (2, 1, 2, 1), 1.0), (5, 7)),
        "four": (tiny(2, 5, 8, (1, 3, 2), 0.5), (9, 4)),
    }
    for name, (vae, (height, width)) in cases.items():
        latent = 2 * torch.randn(1, vae.config.latent_channels, height, width)
        with torch.no_grad():
            picture = vae.decode(latent / vae.config.scaling_factor).sample
        results[f"{name}.latent"] = latent[0].contiguous()
        results[f"{name}.picture"] = picture[0].contiguous()
        state = {key: value.contiguous() for key, value in vae.state_dict().items()}
        folder = HERE / name
        folder.mkdir(exist_ok=True)
        save_file(state, folder / "diffusion_pytorch_model.safetensors")
        config = {key: value for key, value in vae.config.items() if not key.startswith("_")}
        (folder / "config.json").write_text(
            json.dumps({"_class_name": "AutoencoderTiny", **config}, indent=1, sort_keys=True) + "\n"
        )
    state = cases["eight"][0].state_dict()
    save_file(original(state, ""), HERE / "taesd_decoder.safetensors")
    encoder = {
        key.removeprefix("encoder.layers."): value.contiguous()
        for key, value in state.items()
        if key.startswith("encoder.layers.")
    }
    save_file(encoder, HERE / "taesd_encoder.safetensors")
    save_file(results, HERE / "expected.safetensors")


if __name__ == "__main__":
    main()
