"""The pack's networks: stock diffusers and transformers classes with small configurations."""

import contextlib
import hashlib
import logging
from pathlib import Path

import torch
from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

LATENTS = 8
SIDE = 16  # latent side
CANVAS = 256
WIDTH = 192  # of the text encoder

VAE = dict(
    in_channels=3,
    out_channels=3,
    latent_channels=LATENTS,
    block_out_channels=(16, 24, 48, 96, 160),
    layers_per_block=1,
    norm_num_groups=8,
    mid_block_add_attention=False,
    down_block_types=("DownEncoderBlock2D",) * 5,
    up_block_types=("UpDecoderBlock2D",) * 5,
    sample_size=CANVAS,
    scaling_factor=1.0,  # the statistics are folded into quant_conv and post_quant_conv, see `standardise`
)
UNET = dict(
    sample_size=SIDE,
    in_channels=LATENTS,
    out_channels=LATENTS,
    block_out_channels=(96, 160, 192),
    layers_per_block=1,
    down_block_types=("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    up_block_types=("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    cross_attention_dim=WIDTH,
    attention_head_dim=4,  # the number of heads, as in SD 1.5
    norm_num_groups=32,
    use_linear_projection=True,
)
HINT = (8, 16, 32, 64, 128)  # the last of five entries is at 1/16 of the canvas
SCHEDULER = dict(
    num_train_timesteps=1000,
    beta_start=0.00085,
    beta_end=0.012,
    beta_schedule="scaled_linear",
    prediction_type="v_prediction",
    rescale_betas_zero_snr=True,
    timestep_spacing="trailing",
    clip_sample=False,
    set_alpha_to_one=True,
    steps_offset=1,
)


def vae() -> AutoencoderKL:
    return AutoencoderKL(**VAE)


@torch.no_grad()
def start_as_thumbnail(model: AutoencoderKL) -> None:
    """Makes an untrained autoencoder a thumbnail: 16x16 box means in three latent channels, softly enlarged again.

    Six channels of every level carry R, -R, G, -G, B, -B: averaged on the way down, repeated on the way up, left alone by the
    residual blocks. silu(x) - silu(-x) = x takes them through the last norms, whose pairs have mean 0. Colours are right from the
    first step and training only adds detail; from an ordinary start this small net had learnt one axis of colour after 34,000 crops.
    """
    six, pairs = 6, [(c, 2 * c, 2 * c + 1) for c in range(3)]  # (colour, its channel, the channel of its negative)
    encoder, decoder = model.encoder, model.decoder

    def clear(conv: torch.nn.Conv2d, outputs: int = six) -> None:
        conv.weight[:outputs], conv.bias[:outputs] = 0, 0

    def carry(conv: torch.nn.Conv2d, kernel: torch.Tensor) -> None:
        clear(conv)
        for k in range(six):
            conv.weight[k, k] = kernel

    box, soft = torch.zeros(3, 3), torch.outer(torch.tensor([1.0, 2, 1]), torch.tensor([1.0, 2, 1])) / 16
    box[:2, :2] = 0.25
    for part in (encoder, decoder):
        for block in [*getattr(part, "down_blocks", []), *getattr(part, "up_blocks", []), part.mid_block]:
            for resnet in block.resnets:
                clear(resnet.conv2)
                if resnet.conv_shortcut is not None:
                    carry(resnet.conv_shortcut, torch.ones(1, 1))
            for sampler in getattr(block, "downsamplers", None) or []:
                carry(sampler.conv, box)
            for sampler in getattr(block, "upsamplers", None) or []:
                carry(sampler.conv, soft)
        clear(part.conv_in)
        for colour, plus, minus in pairs:
            part.conv_in.weight[plus, colour, 1, 1], part.conv_in.weight[minus, colour, 1, 1] = 1, -1
    clear(encoder.conv_out, 3)
    encoder.conv_out.weight[LATENTS:] *= 0.1
    encoder.conv_out.bias[LATENTS:] = -6  # log variance: little noise at first
    decoder.conv_out.weight *= 0.03
    decoder.conv_out.weight[:, :six], decoder.conv_out.bias[:] = 0, 0
    for colour, plus, minus in pairs:
        encoder.conv_out.weight[colour, plus, 1, 1], encoder.conv_out.weight[colour, minus, 1, 1] = 1, -1
        decoder.conv_out.weight[colour, plus, 1, 1], decoder.conv_out.weight[colour, minus, 1, 1] = 0.85, -0.85
    for conv in (model.quant_conv, model.post_quant_conv):
        torch.nn.init.dirac_(conv.weight)
        conv.bias.zero_()


def unet() -> UNet2DConditionModel:
    return UNet2DConditionModel(**UNET)


def text(vocabulary: int, length: int) -> CLIPTextModel:
    end = vocabulary - 1
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=WIDTH,
            intermediate_size=4 * WIDTH,
            num_hidden_layers=4,
            num_attention_heads=3,
            max_position_embeddings=length,
            hidden_act="quick_gelu",
            projection_dim=WIDTH,
            bos_token_id=end - 1,
            eos_token_id=end,
            pad_token_id=end,
        )
    )


def control(base: UNet2DConditionModel) -> ControlNetModel:
    """The trainable copy of the base's encoder and middle, with zero convolutions."""
    return ControlNetModel.from_unet(base, conditioning_embedding_out_channels=HINT)


@torch.no_grad()
def start_hint(net: ControlNetModel, maps: torch.Tensor, seed: int = 5) -> None:
    """Starts the hint block so that it sees: each layer's answer to real maps has mean 0 and deviation 1 per channel.

    From PyTorch's own start a map moves the features by 1e-6 of a deviation (nine small layers, each a fifth of the
    one before), and thousands of steps pass before the net notices its map. The features are made half as large as what
    they are added to. The net stays an exact no-op: its zero convolutions are zero.
    """
    g = torch.Generator().manual_seed(seed)
    block = net.controlnet_cond_embedding
    x = maps.float()
    for layer in (block.conv_in, *block.blocks, block.conv_out):
        layer.weight.copy_(torch.randn(layer.weight.shape, generator=g).to(layer.weight.device))
        layer.bias.zero_()
        y = layer(x)
        mean, std = y.mean((0, 2, 3)), y.std((0, 2, 3)).clamp(min=1e-6)
        scale = (0.5 * net.conv_in.weight.flatten(1).norm(dim=1).mean() if layer is block.conv_out else 1.0) / std
        layer.weight.mul_(scale.view(-1, 1, 1, 1))
        layer.bias.copy_(-mean * scale)
        x = torch.nn.functional.silu(layer(x))


def scheduler() -> DDIMScheduler:
    return DDIMScheduler(**SCHEDULER)


@torch.no_grad()
def standardise(model: AutoencoderKL, mean: torch.Tensor, std: torch.Tensor) -> None:
    """Folds per channel statistics into the two 1x1 convolutions: latents come out with mean 0 and deviation 1, exactly.

    diffusers' Stable Diffusion pipelines know a scaling factor but no shift, so neither is left for them to apply.
    """
    q, p = model.quant_conv, model.post_quant_conv
    mean, std = mean.to(q.weight), std.to(q.weight)
    q.weight[:LATENTS] /= std.view(-1, 1, 1, 1)
    q.bias[:LATENTS] = (q.bias[:LATENTS] - mean) / std
    q.bias[LATENTS:] -= 2 * std.log()  # the log variance
    p.bias += p.weight[:, :, 0, 0] @ mean
    p.weight *= std.view(1, -1, 1, 1)


def locked(module: torch.nn.Module) -> torch.nn.Module:
    return module.requires_grad_(False).eval()


@torch.no_grad()
def halve(*modules: torch.nn.Module) -> None:
    """Rounds weights to what the pack's fp16 files hold, so that later stages train against exactly the shipped model."""
    for module in modules:
        for value in module.state_dict().values():
            if value.is_floating_point():
                value.copy_(value.half().float())


def fingerprint(*modules: torch.nn.Module) -> str:
    """SHA-256 of all weights: the proof that a locked model was not touched."""
    h = hashlib.sha256()
    for module in modules:
        for name, value in sorted(module.state_dict().items()):
            h.update(name.encode())
            h.update(value.detach().cpu().contiguous().numpy().tobytes())
    return h.hexdigest()


def millions(module: torch.nn.Module) -> float:
    return sum(p.numel() for p in module.parameters()) / 1e6


@contextlib.contextmanager
def quiet():
    """The load reports of transformers are long and say nothing here."""
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


def load(folder: Path, kind: type, device: str = "cpu"):
    with quiet():
        return locked(kind.from_pretrained(folder, dtype=torch.float32) if kind is CLIPTextModel else kind.from_pretrained(folder)).float().to(device)
