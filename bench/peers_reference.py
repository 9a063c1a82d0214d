"""What bench/peers.ts compares with: diffusers on PyTorch, and its networks exported to ONNX.

    make MODEL FOLDER --scale 0.5    a diffusers folder with random weights, in the shape of Stable Diffusion 1.5 at a
                                     share of its width, with a ControlNet; the tokenizer is that of MODEL
    export MODEL NET FOLDER          text_encoder.onnx, unet.onnx and vae_decoder.onnx: the UNet with the ControlNet
                                     inside, as pipelines over exported networks run it, for two rows of guidance
    draw MODEL NET                   reads one request in JSON a line and answers each with its time

In float32 on the CPU. Needs torch, diffusers and transformers; the export needs onnx (and onnxscript with --exporter dynamo).
"""
import argparse
import json
import os
import sys
import time
import warnings

import diffusers
import numpy as np
import torch
import transformers
from diffusers import AutoencoderKL, ControlNetModel, DDIMScheduler, StableDiffusionControlNetPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

warnings.simplefilter("ignore")
for library in (diffusers, transformers):
    library.utils.logging.set_verbosity_error()
    library.utils.logging.disable_progress_bar()


def make(model, folder, scale):
    torch.manual_seed(1)
    width = 32 * max(1, round(10 * scale))
    words = 64 * max(1, round(12 * scale))
    shared = dict(
        block_out_channels=(width, 2 * width, 4 * width, 4 * width),
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        cross_attention_dim=words,
        attention_head_dim=8,
    )
    tokenizer = CLIPTokenizer.from_pretrained(model, subfolder="tokenizer", model_max_length=77)
    unet = UNet2DConditionModel(up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3, sample_size=64, **shared)
    net = ControlNetModel(**shared)
    text = CLIPTextModel(
        CLIPTextConfig(
            vocab_size=len(tokenizer),
            hidden_size=words,
            intermediate_size=4 * words,
            num_hidden_layers=12,
            num_attention_heads=words // 64,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )
    deep = [32 * max(1, round(4 * scale * times)) for times in (1, 2, 4, 4)]
    vae = AutoencoderKL(
        block_out_channels=deep,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        layers_per_block=2,
        latent_channels=4,
    )
    # A new ControlNet's zero convolutions are zeros: nothing of it would be seen.
    for part in (*net.controlnet_down_blocks, net.controlnet_mid_block, net.controlnet_cond_embedding.conv_out):
        part.reset_parameters()
    scheduler = DDIMScheduler(
        beta_schedule="scaled_linear", beta_start=0.00085, beta_end=0.012, clip_sample=False, set_alpha_to_one=False, steps_offset=1
    )
    for name, part in dict(unet=unet, text_encoder=text, vae=vae, tokenizer=tokenizer, scheduler=scheduler).items():
        part.save_pretrained(os.path.join(folder, name))
    net.save_pretrained(os.path.join(folder, "controlnet", "net"))
    index = {
        "_class_name": "StableDiffusionPipeline",
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"],
        "unet": ["diffusers", "UNet2DConditionModel"],
        "vae": ["diffusers", "AutoencoderKL"],
        "scheduler": ["diffusers", "DDIMScheduler"],
    }
    with open(os.path.join(folder, "model_index.json"), "w") as file:
        json.dump(index, file)


def opened(model, net):
    pipe = StableDiffusionControlNetPipeline.from_pretrained(
        model,
        controlnet=ControlNetModel.from_pretrained(net, torch_dtype=torch.float32),
        safety_checker=None,
        feature_extractor=None,
        image_encoder=None,
        requires_safety_checker=False,
        torch_dtype=torch.float32,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


class Steered(torch.nn.Module):
    """A UNet with its ControlNet, everything inside the loop."""

    def __init__(self, unet, net):
        super().__init__()
        self.unet, self.net = unet, net

    def forward(self, latent, timestep, states, map, scale):
        down, middle = self.net(latent, timestep, states, controlnet_cond=map, conditioning_scale=scale, return_dict=False)
        return self.unet(
            latent,
            timestep,
            states,
            down_block_additional_residuals=down,
            mid_block_additional_residual=middle,
            return_dict=False,
        )[0]


class States(torch.nn.Module):
    def __init__(self, text):
        super().__init__()
        self.text = text

    def forward(self, ids):
        return self.text(ids)[0]


class Decoded(torch.nn.Module):
    def __init__(self, vae):
        super().__init__()
        self.vae = vae

    def forward(self, latent):
        return self.vae.decode(latent, return_dict=False)[0]


def export(model, net, folder, side, exporter, dynamic):
    os.makedirs(folder, exist_ok=True)
    pipe = opened(model, net)
    unet, factor = pipe.unet, pipe.vae_scale_factor
    channels, length, words = unet.config.in_channels, pipe.tokenizer.model_max_length, unet.config.cross_attention_dim
    step = dict(
        latent=torch.randn(2, channels, side, side),
        timestep=torch.tensor(500.0),
        states=torch.randn(2, length, words),
        map=torch.rand(2, 3, side * factor, side * factor),
        scale=torch.tensor(1.0),
    )
    ids = dict(ids=torch.zeros(2, length, dtype=torch.int64) + pipe.tokenizer.eos_token_id)
    latent = dict(latent=torch.randn(1, pipe.vae.config.latent_channels, side, side))
    sides = {0: "batch", 2: "height", 3: "width"}
    wide = {0: "batch", 2: "picture_height", 3: "picture_width"}
    for name, module, inputs, axes in (
        ("text_encoder", States(pipe.text_encoder), ids, {"ids": {0: "batch"}}),
        ("unet", Steered(pipe.unet, pipe.controlnet), step, {"latent": sides, "states": {0: "batch"}, "map": wide}),
        ("vae_decoder", Decoded(pipe.vae), latent, {"latent": sides}),
    ):
        path = os.path.join(folder, name + ".onnx")
        if dynamic and exporter == "dynamo":
            one = torch.export.Dim
            known = {axis: one.DYNAMIC for axis in ("batch", "height", "width", "picture_height", "picture_width")}
            shapes = {key: {n: known[axis] for n, axis in axes.get(key, {}).items()} or None for key in inputs}
            more = dict(dynamic_shapes=shapes)
        else:
            more = dict(dynamic_axes=axes) if dynamic else {}
        with torch.no_grad():
            torch.onnx.export(
                module.eval(),
                tuple(inputs.values()),
                path,
                input_names=list(inputs),
                output_names=["out"],
                opset_version=18,
                dynamo=exporter == "dynamo",
                **more,
            )


def peak():
    """Bytes of memory at the most since the last call of `forget`."""
    with open("/proc/self/status") as file:
        return 1024 * int(next(line for line in file if line.startswith("VmHWM")).split()[1])


def forget():
    with open("/proc/self/clear_refs", "w") as file:
        file.write("5")


def draw(model, net):
    pipe = opened(model, net)
    about = f"diffusers {diffusers.__version__}, PyTorch {torch.__version__}, transformers {transformers.__version__}"
    print(json.dumps({"about": f"{about}, {torch.get_num_threads()} threads"}), flush=True)
    for line in sys.stdin:
        asked = json.loads(line)
        side, size = asked["side"], asked["side"] * pipe.vae_scale_factor
        noise = np.fromfile(asked["noise"], np.float32).reshape(1, -1, side, side)
        pixels = np.fromfile(asked["map"], np.uint8).reshape(1, size, size, 3).astype(np.float32) / 255
        given = dict(
            prompt=asked["prompt"],
            negative_prompt="",
            image=torch.from_numpy(pixels.transpose(0, 3, 1, 2)),
            latents=torch.from_numpy(noise),
            num_inference_steps=asked["steps"],
            guidance_scale=asked["guidance"],
            controlnet_conditioning_scale=asked["weight"],
            width=size,
            height=size,
        )
        forget()
        used, begun = time.process_time(), time.perf_counter()
        found = pipe(**given, output_type="latent" if "latents" in asked else "np").images
        answer = {"ms": (time.perf_counter() - begun) * 1e3, "cpu": (time.process_time() - used) * 1e3, "peak": peak()}
        if "latents" in asked:
            found.numpy().astype(np.float32).tofile(asked["latents"])
        print(json.dumps(answer), flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["make", "export", "draw"])
    parser.add_argument("model")
    parser.add_argument("rest", nargs="+")
    parser.add_argument("--scale", type=float, default=0.5)
    parser.add_argument("--side", type=int, default=32)
    parser.add_argument("--exporter", choices=["dynamo", "script"], default="dynamo")
    parser.add_argument("--dynamic", action="store_true")
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    if asked.threads:
        torch.set_num_threads(asked.threads)
    if asked.what == "make":
        make(asked.model, asked.rest[0], asked.scale)
    elif asked.what == "export":
        export(asked.model, *asked.rest, asked.side, asked.exporter, asked.dynamic)
    else:
        draw(asked.model, *asked.rest)


if __name__ == "__main__":
    main()
