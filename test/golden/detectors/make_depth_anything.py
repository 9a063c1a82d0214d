"""Small Depth Anything nets with random weights, and what transformers computes with them.

    pip install torch==2.15.0 transformers==5.23.0 safetensors
    OMP_NUM_THREADS=1 python make_depth_anything.py

depth-anything/ is a folder as `save_pretrained` writes it, at an odd width with three heads. depth-anything-original.safetensors
has the names of the original checkpoints and twelve layers, for which a file alone tells everything. depth-anything-metric/
gives distances. Each has its pictures and answers in *-cases.safetensors, and the sizes of transformers' processor are in
depth-anything-sizes.json.
"""

import json
import pathlib
import re
import shutil

import numpy as np
import torch
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import DepthAnythingConfig, DepthAnythingForDepthEstimation, Dinov2Config
from transformers.models.dpt.image_processing_pil_dpt import get_resize_output_image_size

HERE = pathlib.Path(__file__).parent
MEAN = torch.tensor([0.485, 0.456, 0.406]).view(1, 3, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225]).view(1, 3, 1, 1)


def scramble(model, seed, half=False):
    """Weights that keep activations at their size, so that every layer has its say."""
    generator = torch.Generator().manual_seed(seed)
    state = model.state_dict()
    for key, value in state.items():
        fan = max(1, value[0].numel()) if value.dim() > 1 else 1
        scale = (3 / fan) ** 0.5 if value.dim() > 1 else 0.2
        if key.endswith(("cls_token", "position_embeddings")):
            scale = 0.5
        fresh = (torch.rand(value.shape, generator=generator) * 2 - 1) * scale
        if re.search(r"(norm\d?\.weight|lambda1)$", key):
            fresh = fresh + 0.7
        if key == "head.conv3.bias":
            fresh = fresh + 1.0
        state[key] = fresh.half().float() if half else fresh
    model.load_state_dict(state)
    return model.eval()


def net(width, heads, layers, taps, ratio=4, grid=4, **more):
    backbone = Dinov2Config(
        image_size=14 * grid, patch_size=14, hidden_size=width, num_attention_heads=heads, num_hidden_layers=layers,
        out_indices=taps, mlp_ratio=ratio, reshape_hidden_states=False, apply_layernorm=True,
    )
    config = DepthAnythingConfig(
        backbone_config=backbone, reassemble_hidden_size=width, neck_hidden_sizes=[4, 8, 12, 16], fusion_hidden_size=8,
        head_hidden_size=4, **more,
    )
    return DepthAnythingForDepthEstimation(config)


def answers(model, sizes, seed):
    """Pictures of whole numbers from 0 to 255 and their depth."""
    generator = torch.Generator().manual_seed(seed)
    cases = {}
    for height, width in sizes:
        picture = torch.randint(0, 256, (1, 3, height, width), generator=generator)
        with torch.no_grad():
            depth = model((picture / 255 - MEAN) / STD).predicted_depth
        assert depth.std() > 0.01 * depth.abs().mean() and (depth > 0).float().mean() > 0.2, (height, width)
        cases[f"{height}x{width}.picture"] = picture.to(torch.uint8)
        cases[f"{height}x{width}.depth"] = depth.contiguous()
    return cases


def original_names(state):
    """The names of github.com/DepthAnything/Depth-Anything-V2, queries, keys and values in one tensor."""
    out = {}
    for key, value in state.items():
        k = key.replace("backbone.embeddings.", "pretrained.").replace("position_embeddings", "pos_embed")
        k = k.replace("patch_embeddings.projection", "patch_embed.proj").replace("backbone.encoder.layer.", "pretrained.blocks.")
        k = k.replace("backbone.layernorm", "pretrained.norm").replace("attention.o_proj", "attn.proj")
        k = re.sub(r"layer_scale(\d)\.lambda1", r"ls\1.gamma", k)
        k = re.sub(r"neck\.reassemble_stage\.layers\.(\d)\.projection", r"depth_head.projects.\1", k)
        k = re.sub(r"neck\.reassemble_stage\.layers\.(\d)\.resize", r"depth_head.resize_layers.\1", k)
        k = re.sub(r"neck\.convs\.(\d)", lambda m: f"depth_head.scratch.layer{int(m[1]) + 1}_rn", k)
        k = re.sub(r"neck\.fusion_stage\.layers\.(\d)", lambda m: f"depth_head.scratch.refinenet{4 - int(m[1])}", k)
        k = re.sub(r"residual_layer(\d)\.convolution(\d)", r"resConfUnit\1.conv\2", k)
        if "refinenet" in k:
            k = k.replace(".projection.", ".out_conv.")
        k = k.replace("head.conv1", "depth_head.scratch.output_conv1") if k.startswith("head.") else k
        k = k.replace("head.conv2", "depth_head.scratch.output_conv2.0") if k.startswith("head.") else k
        k = k.replace("head.conv3", "depth_head.scratch.output_conv2.2") if k.startswith("head.") else k
        out[k] = value
    for key in [key for key in out if "attention.q_proj" in key]:
        parts = [out.pop(key.replace("q_proj", part)) for part in ("q_proj", "k_proj", "v_proj")]
        out[key.replace("attention.q_proj", "attn.qkv")] = torch.cat(parts)
    return out


def main():
    torch.use_deterministic_algorithms(True)
    small = scramble(net(48, 3, 5, [1, 2, 4, 5]), 1)
    folder = HERE / "depth-anything"
    shutil.rmtree(folder, ignore_errors=True)
    small.save_pretrained(folder)
    sizes = [(56, 56), (42, 70), (14, 14), (98, 28)]
    save_file(answers(small, sizes, 2), HERE / "depth-anything-cases.safetensors")

    twelve = scramble(net(64, 1, 12, [3, 6, 9, 12], ratio=1), 3, half=True)
    state = {key: value.half().contiguous() for key, value in original_names(twelve.state_dict()).items()}
    save_file(state, HERE / "depth-anything-original.safetensors")
    save_file(answers(twelve, [(42, 56), (70, 14)], 4), HERE / "depth-anything-original-cases.safetensors")

    metric = scramble(net(32, 2, 4, [1, 2, 3, 4], depth_estimation_type="metric", max_depth=20), 5)
    folder = HERE / "depth-anything-metric"
    shutil.rmtree(folder, ignore_errors=True)
    metric.save_pretrained(folder)
    save_file(answers(metric, [(28, 42)], 6), HERE / "depth-anything-metric-cases.safetensors")

    found = []
    for height, width in [(480, 640), (640, 480), (1024, 1024), (300, 400), (513, 381), (381, 513), (2000, 900), (64, 64), (700, 525), (519, 777)]:
        size = get_resize_output_image_size(np.zeros((3, height, width), np.uint8), (518, 518), True, 14)
        found.append({"height": height, "width": width, "read": [size.height, size.width]})
    # What Pillow's bicubic filter makes of a picture, larger and smaller.
    generator = torch.Generator().manual_seed(7)
    picture = torch.randint(0, 256, (37, 53, 3), generator=generator).to(torch.uint8)
    read = {"picture": picture}
    for height, width in [(70, 98), (14, 28), (42, 42), (37, 98)]:
        resized = Image.fromarray(picture.numpy()).resize((width, height), Image.Resampling.BICUBIC)
        read[f"{height}x{width}"] = torch.from_numpy(np.asarray(resized).copy())
    save_file(read, HERE / "bicubic-cases.safetensors")
    (HERE / "depth-anything-sizes.json").write_text(json.dumps(found) + "\n")


main()
