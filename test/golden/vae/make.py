"""A VAE of random weights in its layouts, what diffusers makes of it, and how near diffusers' tiles come to the whole.

python test/golden/vae/make.py      (diffusers 0.42.1, torch 2.15, safetensors)

`diffusers` is a folder, `original.safetensors` the same weights under the names of the original checkpoints (CompVis
latent-diffusion, ldm/modules/diffusionmodules/model.py). Odd sides. `tiles.json` holds the mean and the largest
difference of diffusers' `enable_tiling` from the whole, by the size of the latent: tiles of 64 cells that overlap by 16,
as for Stable Diffusion. `encoded` is the same of a picture that is encoded.
"""

import json
import re
from pathlib import Path

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file

HERE = Path(__file__).parent
torch.set_num_threads(1)
CHANNELS = (8, 8, 16)


def original(key: str) -> str:
    levels = len(CHANNELS)
    key = re.sub(r"^encoder\.down_blocks\.(\d+)\.resnets", r"encoder.down.\1.block", key)
    key = re.sub(r"^encoder\.down_blocks\.(\d+)\.downsamplers\.0", r"encoder.down.\1.downsample", key)
    up = lambda rest: lambda found: f"decoder.up.{levels - 1 - int(found[1])}.{rest}"
    key = re.sub(r"^decoder\.up_blocks\.(\d+)\.resnets", up("block"), key)
    key = re.sub(r"^decoder\.up_blocks\.(\d+)\.upsamplers\.0", up("upsample"), key)
    key = re.sub(r"mid_block\.resnets\.(\d)", lambda found: f"mid.block_{int(found[1]) + 1}", key)
    names = {"group_norm": "norm", "to_q": "q", "to_k": "k", "to_v": "v", "to_out.0": "proj_out"}
    for name, old in names.items():
        key = key.replace(f"mid_block.attentions.0.{name}.", f"mid.attn_1.{old}.")
    return key.replace("conv_norm_out", "norm_out").replace("conv_shortcut", "nin_shortcut")


def smooth(channels: int, height: int, width: int) -> torch.Tensor:
    """Latents as pictures have them: large shapes and some noise."""
    coarse = torch.randn(1, channels, (height + 15) // 8, (width + 15) // 8)
    large = torch.nn.functional.interpolate(coarse, size=(height, width), mode="bicubic")
    return large + 0.2 * torch.randn(1, channels, height, width)


def main() -> None:
    torch.manual_seed(3)
    vae = AutoencoderKL(
        block_out_channels=CHANNELS,
        down_block_types=("DownEncoderBlock2D",) * len(CHANNELS),
        up_block_types=("UpDecoderBlock2D",) * len(CHANNELS),
        layers_per_block=1,
        latent_channels=4,
        norm_num_groups=4,
        sample_size=256,
        scaling_factor=0.3,
    ).eval()
    with torch.no_grad():
        for key, value in vae.named_parameters():
            if value.ndim == 1 and "norm" in key:
                value.add_(0.2 * torch.randn_like(value))
        vae.half().float()
    folder = HERE / "diffusers"
    folder.mkdir(exist_ok=True)
    halves = {key: value.half().contiguous() for key, value in vae.state_dict().items()}
    save_file(halves, folder / "diffusion_pytorch_model.fp16.safetensors")
    config = {key: value for key, value in vae.config.items() if not key.startswith("_")}
    (folder / "config.json").write_text(
        json.dumps({"_class_name": "AutoencoderKL", **config}, indent=1, sort_keys=True) + "\n"
    )
    # Linear layers of attention were 1x1 convolutions there.
    old = {
        original(key): value[:, :, None, None] if ".attentions." in key and value.ndim == 2 else value
        for key, value in halves.items()
    }
    save_file({key: value.contiguous() for key, value in old.items()}, HERE / "original.safetensors")

    results = {}
    with torch.no_grad():
        latent = smooth(4, 7, 5)
        results["latent"] = latent[0].contiguous()
        results["picture"] = vae.decode(latent / 0.3).sample[0].contiguous()
        picture = torch.rand(1, 3, 20, 28) * 2 - 1
        results["source"] = picture[0].contiguous()
        results["moments"] = vae.encode(picture).latent_dist.parameters[0].contiguous()
        tiles = {}
        for height, width in ((65, 9), (100, 33), (80, 112)):
            latent = smooth(4, height, width)
            results[f"{height}x{width}"] = latent[0].contiguous()
            scaled = results[f"{height}x{width}"][None] / 0.3
            vae.disable_tiling()
            whole = vae.decode(scaled).sample
            vae.enable_tiling()
            difference = (vae.decode(scaled).sample - whole).abs()
            tiles[f"{height}x{width}"] = {
                "mean": round(float(difference.mean()), 5),
                "largest": round(float(difference.max()), 5),
                "checked": [round(float(value), 5) for value in whole[0, :, 3, 5]],
            }
        # What the test computes too: a picture of waves, 70 x 33 cells.
        height, width = 4 * 70, 4 * 33
        n = torch.arange(3 * height * width, dtype=torch.float64)
        waves = torch.sin(n / 900) + 0.3 * torch.sin((n % width) / 7)
        waves = waves.float().reshape(1, 3, height, width)
        vae.disable_tiling()
        whole = vae.encode(waves).latent_dist.parameters
        vae.enable_tiling()
        difference = (vae.encode(waves).latent_dist.parameters - whole).abs()
        encoded = {"mean": round(float(difference.mean()), 5), "largest": round(float(difference.max()), 5)}
    large = {key: results.pop(key) for key in tiles}
    save_file(results, HERE / "expected.safetensors")
    save_file(large, HERE / "latents.safetensors")
    (HERE / "tiles.json").write_text(json.dumps({**tiles, "encoded": encoded}, indent=1) + "\n")


if __name__ == "__main__":
    main()
