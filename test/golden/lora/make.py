"""LoRAs of every spelling and form for the base of parity/sd15-tiny, and samples of the weights that they make of it.

python make.py [FOLDER], with what requirements.txt lists; makes the files beside this one, or in FOLDER. Where diffusers
or peft can read a file, its weights are theirs after `fuse_lora`, or `merge_and_unload`: the cases whose `by` says so.
For the others ("float64") they are computed here in float64, from the formulas in LyCORIS' documentation.
"""

import json
import re
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from diffusers import StableDiffusionPipeline, UNet2DConditionModel
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from torch import Tensor

HERE = Path(__file__).parent
OUT = Path(sys.argv[1]) if len(sys.argv) > 1 else HERE
BASE = HERE.parent / "parity/sd15-tiny/base"
sys.path.append(str(HERE.parent / "parity/make"))
import ldm  # noqa: E402

STEP = 31  # every 31st number of a changed tensor is kept
Tensors = dict[str, Tensor]
random = torch.Generator().manual_seed(15)


def pipeline() -> StableDiffusionPipeline:
    return StableDiffusionPipeline.from_pretrained(BASE, torch_dtype=torch.float32)


def states(pipe: StableDiffusionPipeline) -> dict[str, Tensors]:
    text = {k if k.startswith("text_model.") else f"text_model.{k}": v for k, v in pipe.text_encoder.state_dict().items()}
    return {"unet": pipe.unet.state_dict(), "text": text}


PLAIN = {network: {k: v.clone() for k, v in state.items()} for network, state in states(pipeline()).items()}
A = "down_blocks.0.attentions.1.transformer_blocks.0"
B = "up_blocks.2.attentions.0.transformer_blocks.0"
T = "text_model.encoder.layers"


def normal(*shape: int, scale: float = 0.3, dtype: torch.dtype = torch.float32) -> Tensor:
    return (torch.randn(shape, generator=random) * scale).to(dtype)


def factors(network: str, layer: str, rank: int, dtypes: tuple = (torch.float32, torch.float32)) -> tuple[Tensor, Tensor]:
    """Down and up of a layer; a convolution's kernel is in the first one."""
    rows, *rest = PLAIN[network][f"{layer}.weight"].shape
    return normal(rank, *rest, dtype=dtypes[0]), normal(rows, rank, *[1] * (len(rest) - 1), dtype=dtypes[1])


def changed(pipe_states: dict[str, Tensors]) -> dict[str, Tensors]:
    return {
        network: {k: v for k, v in state.items() if not torch.equal(v, PLAIN[network][k])}
        for network, state in pipe_states.items()
    }


def by_diffusers(uses: list[tuple[str, float, float]]) -> dict[str, Tensors]:
    """Weights with LoRAs of [file, weight, text weight], as diffusers fuses them."""
    pipe = pipeline()
    names = []
    for n, (file, _, _) in enumerate(uses):
        pipe.load_lora_weights(OUT, weight_name=file, adapter_name=f"a{n}")
        names.append(f"a{n}")
    # Not every file has parts for both networks.
    loaded = pipe.get_list_adapters()
    weights = [
        {part: w for part, w in (("unet", unet), ("text_encoder", text)) if name in loaded.get(part, [])}
        for name, (_, unet, text) in zip(names, uses)
    ]
    pipe.set_adapters(names, weights)
    pipe.fuse_lora(components=list(loaded), adapter_names=names)
    pipe.unload_lora_weights()
    return changed(states(pipe))


def plus(deltas: dict[tuple[str, str], np.ndarray | None]) -> dict[str, Tensors]:
    """Weights from differences in float64, by network and key."""
    out: dict[str, Tensors] = {"unet": {}, "text": {}}
    for (network, key), delta in deltas.items():
        weight = PLAIN[network][key]
        if delta is not None:
            out[network][key] = torch.from_numpy(weight.double().numpy() + delta.reshape(weight.shape)).float()
    return out


def wide(value: Tensor) -> np.ndarray:
    return value.double().numpy()


def product(down: Tensor, up: Tensor) -> np.ndarray:
    return wide(up).reshape(up.shape[0], -1) @ wide(down).reshape(down.shape[0], -1)


cases: list[dict[str, Any]] = []
expected: Tensors = {}


def save(file: str, tensors: Tensors, metadata: dict[str, str] | None = None) -> str:
    save_file({k: v.contiguous() for k, v in tensors.items()}, OUT / file, metadata=metadata)
    return file


def case(name: str, by: str, uses: list[tuple[str, float, float]], result: dict[str, Tensors]) -> None:
    count = sum(len(state) for state in result.values())
    assert count > 0, name
    print(f"{name}: {count} tensors by {by}")
    cases.append({"name": name, "by": by, "uses": [{"file": f, "weight": w, "textWeight": t} for f, w, t in uses]})
    for network, state in result.items():
        for key, value in state.items():
            expected[f"{name}/{network}/{key}"] = value.flatten()[::STEP].contiguous()


# peft's spelling, as diffusers saves it: linear layers, 1x1 and 3x3 convolutions, odd ranks, one above the layer's width.
tensors: Tensors = {}
for network, layer, rank in (
    ("unet", f"{A}.attn1.to_q", 3),
    ("unet", f"{A}.attn2.to_v", 5),
    ("unet", f"{A}.attn1.to_out.0", 37),
    ("unet", f"{B}.ff.net.0.proj", 1),
    ("unet", "down_blocks.1.attentions.0.proj_in", 3),
    ("unet", "mid_block.resnets.0.conv1", 2),
    ("unet", "down_blocks.0.downsamplers.0.conv", 3),
    ("unet", "time_embedding.linear_1", 2),
    ("text", f"{T}.0.self_attn.q_proj", 4),
    ("text", f"{T}.1.mlp.fc2", 3),
):
    down, up = factors(network, layer, rank)
    prefix = {"unet": "unet", "text": "text_encoder"}[network]
    tensors |= {f"{prefix}.{layer}.lora_A.weight": down, f"{prefix}.{layer}.lora_B.weight": up}
save("peft.safetensors", tensors)
use = [("peft.safetensors", 0.8, 0.35)]
case("peft", "diffusers", use, by_diffusers(use))

# The same with diffusers' settings in its metadata: a strength for all, one for some by name, and a bias of the factors.
layers = {f"{A}.attn1.to_q": 3, f"{B}.attn2.to_k": 2, f"{A}.attn1.to_out.0": 4}
tensors = {}
for layer, rank in layers.items():
    down, up = factors("unet", layer, rank)
    tensors |= {f"unet.{layer}.lora_A.weight": down, f"unet.{layer}.lora_B.weight": up}
settings = LoraConfig(
    r=3, lora_alpha=6, rank_pattern={f"{B}.attn2.to_k": 2, f"{A}.attn1.to_out.0": 4}, alpha_pattern={"to_k": 5.0},
    target_modules=list(layers), use_rslora=True,
).to_dict()  # fmt: skip
packed = {f"unet.{k}": sorted(v) if isinstance(v, set) else v for k, v in settings.items()}
save("metadata.safetensors", tensors, {"format": "pt", "lora_adapter_metadata": json.dumps(packed, default=str)})
use = [("metadata.safetensors", 1.0, 1.0)]
case("metadata", "diffusers", use, by_diffusers(use))

# kohya's spelling: a strength in every layer, of all types; halves; convolutions. diffusers loses the strengths of
# attention's projections and takes the most common one of the file, which theirs is here; others, and 0, are below.
tensors = {}
for network, layer, rank, alpha, dtypes in (
    ("unet", f"{A}.attn1.to_q", 4, torch.tensor(1.0), (torch.float16, torch.float16)),
    ("unet", f"{A}.attn1.to_out.0", 3, torch.tensor(1.0, dtype=torch.float16), (torch.float16, torch.float32)),
    ("unet", f"{A}.ff.net.2", 5, torch.tensor(0.5, dtype=torch.bfloat16), (torch.bfloat16, torch.float16)),
    ("unet", "up_blocks.1.attentions.2.proj_out", 3, torch.tensor(1.0, dtype=torch.float64), (torch.float32,) * 2),
    ("unet", "up_blocks.0.resnets.1.conv2", 2, torch.tensor(4.0), (torch.float16,) * 2),
    ("text", f"{T}.0.self_attn.out_proj", 2, torch.tensor(7.0), (torch.float32,) * 2),
    ("text", f"{T}.1.mlp.fc1", 3, torch.tensor(6.0), (torch.float32,) * 2),
):
    down, up = factors(network, layer, rank, dtypes)
    key = {"unet": "lora_unet_", "text": "lora_te_"}[network] + layer.replace(".", "_")
    tensors |= {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up, f"{key}.alpha": alpha}
save("kohya.safetensors", tensors)
use = [("kohya.safetensors", -0.7, -1.3)]
case("kohya", "diffusers", use, by_diffusers(use))

use = [("peft.safetensors", 0.6, 0.6), ("kohya.safetensors", -1.3, 0.5)]
case("two", "diffusers", use, by_diffusers(use))

# Early diffusers: the processors of attention, and the text encoder in the two spellings that it had.
tensors = {}
for layer in (f"{A}.attn1.to_q", f"{A}.attn1.to_out", f"{B}.attn2.to_k", "mid_block.attentions.0.transformer_blocks.0.attn1.to_v"):
    down, up = factors("unet", re.sub(r"to_out$", "to_out.0", layer), 3)
    block, projection = layer.rsplit(".", 1)
    tensors |= {f"unet.{block}.processor.{projection}_lora.{way}.weight": v for way, v in (("down", down), ("up", up))}
for layer in (f"{T}.0.self_attn.q_proj", f"{T}.1.self_attn.out_proj"):
    down, up = factors("text", layer, 2)
    tensors |= {f"text_encoder.{layer}.lora_linear_layer.{way}.weight": v for way, v in (("down", down), ("up", up))}
save("early.safetensors", tensors)
use = [("early.safetensors", 1.1, 0.9)]
case("early", "diffusers", use, by_diffusers(use))

# A UNet alone without a prefix, as `save_attn_procs` wrote it.
bare = {k.removeprefix("unet."): v for k, v in tensors.items() if k.startswith("unet.")}
save("early-bare.safetensors", bare)
deltas = {}
for key in bare:
    if key.endswith(".down.weight"):
        layer = key.replace(".processor.to_out_lora.down", ".to_out.0").replace(".processor.", ".").replace("_lora.down", "")
        deltas["unet", layer] = 0.5 * product(bare[key], bare[key.replace(".down.", ".up.")])
case("early-bare", "float64", [("early-bare.safetensors", 0.5, 1.0)], plus(deltas))

# The text encoder's layers under the UNet's names, which diffusers had for a while.
tensors, deltas = {}, {}
for layer, old in (("self_attn.v_proj", "to_v"), ("self_attn.out_proj", "to_out")):
    down, up = factors("text", f"{T}.1.{layer}", 3)
    tensors |= {f"text_encoder.{T}.1.self_attn.{old}_lora.{way}.weight": v for way, v in (("down", down), ("up", up))}
    deltas["text", f"{T}.1.{layer}.weight"] = product(down, up)
save("early-text.safetensors", tensors)
case("early-text", "float64", [("early-text.safetensors", 0.4, 1.0)], plus(deltas))

# What peft itself saves of a UNet: a folder, with its settings beside the weights.
unet = UNet2DConditionModel.from_pretrained(BASE / "unet", torch_dtype=torch.float32)
model = get_peft_model(
    unet,
    LoraConfig(
        r=3, lora_alpha=5, target_modules=["to_q", "conv1", "linear_2"], alpha_pattern={"conv1": 2},
        rank_pattern={"linear_2": 5}, layers_to_transform=None, exclude_modules=r".*(up_blocks|down_blocks\.[123]).*",
    ),
)  # fmt: skip
for name, value in model.named_parameters():
    if "lora_" in name:
        value.data = normal(*value.shape)
model.save_pretrained(OUT / "peft-folder")
(OUT / "peft-folder/README.md").unlink(missing_ok=True)
merged = model.merge_and_unload()
case("peft-folder", "peft", [("peft-folder", 1.0, 1.0)], changed({"unet": merged.state_dict()}))

# The original names of blocks, as kohya's spelling has them; strengths missing, of one side, whole numbers.
names = {key: next(iter(ldm.unet({key: value, **{k: v for k, v in PLAIN["unet"].items() if k != key}}, 2)))
         for key, value in PLAIN["unet"].items()}  # fmt: skip
tensors, deltas = {}, {}
for layer, rank, alpha in (
    ("conv_in", 2, None),
    (f"{A}.attn1.to_q", 3, torch.tensor([2.0])),
    (f"{B}.attn2.to_out.0", 3, torch.tensor(5)),
    ("down_blocks.1.resnets.0.conv1", 2, torch.tensor(1.0)),
    ("down_blocks.1.resnets.0.time_emb_proj", 3, None),
    ("down_blocks.2.resnets.0.conv_shortcut", 1, torch.tensor([3], dtype=torch.int32)),
    ("down_blocks.2.downsamplers.0.conv", 2, None),
    ("mid_block.attentions.0.proj_in", 3, None),
    ("mid_block.resnets.1.conv2", 2, torch.tensor(0.0)),
    ("up_blocks.0.upsamplers.0.conv", 2, None),
    ("up_blocks.1.upsamplers.0.conv", 2, None),
    ("up_blocks.3.attentions.2.transformer_blocks.0.ff.net.0.proj", 3, None),
    ("time_embedding.linear_2", 3, None),
    ("conv_out", 1, None),
):
    down, up = factors("unet", layer, rank)
    key = "lora_unet_" + names[f"{layer}.weight"].removesuffix(".weight").replace(".", "_")
    tensors |= {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up} | ({} if alpha is None else {f"{key}.alpha": alpha})
    factor = 1.0 if alpha is None else float(alpha) / rank
    deltas["unet", f"{layer}.weight"] = 0.9 * factor * product(down, up) if factor else None
down, up = factors("text", f"{T}.0.mlp.fc1", 3)
tensors |= {f"lora_te1_{T.replace('.', '_')}_0_mlp_fc1.lora_{way}.weight": v for way, v in (("down", down), ("up", up))}
deltas["text", f"{T}.0.mlp.fc1.weight"] = 0.9 * product(down, up)
save("original.safetensors", tensors)
case("original", "float64", [("original.safetensors", 0.9, 0.9)], plus(deltas))

# The same layers with dots, as ComfyUI saves what it takes out of a checkpoint; factors of 1x1 convolutions laid flat.
tensors, deltas = {}, {}
for layer, flat in ((f"{A}.attn1.to_v", False), ("down_blocks.1.attentions.0.proj_in", True)):
    down, up = factors("unet", layer, 3)
    key = "diffusion_model." + names[f"{layer}.weight"].removesuffix(".weight")
    down, up = (down.flatten(1), up.flatten(1)) if flat else (down[..., None, None], up[..., None, None])
    tensors |= {f"{key}.lora_down.weight": down, f"{key}.lora_up.weight": up}
    deltas["unet", f"{layer}.weight"] = product(down, up)
down, up = factors("text", f"{T}.0.mlp.fc2", 3)
tensors |= {f"text_encoders.clip_l.transformer.{T}.0.mlp.fc2.lora_{way}.weight": v for way, v in (("down", down), ("up", up))}
deltas["text", f"{T}.0.mlp.fc2.weight"] = product(down, up)
save("dotted.safetensors", tensors)
case("dotted", "float64", [("dotted.safetensors", 1.0, 1.0)], plus(deltas))

# LyCORIS: LoCon with a kernel of its own, LoHa, LoKr, differences. einsum's letters: o outputs, i inputs, k l kernel.
tensors, deltas = {}, {}
weight = 0.75


def put(layer: str, delta: np.ndarray | None, parts: Tensors, end: str = "weight", alpha: float | None = None) -> None:
    key = "lora_unet_" + layer.replace(".", "_")
    for role, value in parts.items():
        tensors[f"{key}.{role}"] = value
    if alpha is not None:
        tensors[f"{key}.alpha"] = torch.tensor(alpha)
    if delta is not None:
        deltas["unet", f"{layer}.{end}"] = weight * delta


def shape(layer: str) -> tuple[int, ...]:
    return tuple(PLAIN["unet"][f"{layer}.weight"].shape)


layer = "mid_block.resnets.0.conv1"
o, i, k, l = shape(layer)
down, mid, up = normal(3, i, 1, 1), normal(3, 3, k, l), normal(o, 3, 1, 1)
delta = np.einsum("op,pqkl,qi->oikl", wide(up)[..., 0, 0], wide(mid), wide(down)[..., 0, 0])
put(layer, 2 / 3 * delta, {"lora_down.weight": down, "lora_mid.weight": mid, "lora_up.weight": up}, alpha=2.0)

layer = f"{A}.attn1.to_q"
o, i = shape(layer)
a1, b1, a2, b2 = normal(o, 3), normal(3, i), normal(o, 3), normal(3, i)
loha = {"hada_w1_a": a1, "hada_w1_b": b1, "hada_w2_a": a2, "hada_w2_b": b2}
put(layer, 1.5 / 3 * product(b1, a1) * product(b2, a2), loha, alpha=1.5)

layer = "down_blocks.0.resnets.0.conv2"
o, i, k, l = shape(layer)
a1, b1, a2, b2 = normal(o, 2), normal(2, i * k * l), normal(o, 2), normal(2, i * k * l)
loha = {"hada_w1_a": a1, "hada_w1_b": b1, "hada_w2_a": a2, "hada_w2_b": b2}
put(layer, product(b1, a1) * product(b2, a2), loha)

layer = "up_blocks.2.resnets.1.conv1"
o, i, k, l = shape(layer)
r = 3
t1, t2 = normal(r, r, k, l), normal(r, r, k, l)
a1, b1, a2, b2 = normal(r, o), normal(r, i), normal(r, o), normal(r, i)
rebuilt = [np.einsum("pqkl,qi,po->oikl", wide(t), wide(b), wide(a)) for t, a, b in ((t1, a1, b1), (t2, a2, b2))]
loha = {"hada_t1": t1, "hada_t2": t2, "hada_w1_a": a1, "hada_w1_b": b1, "hada_w2_a": a2, "hada_w2_b": b2}
put(layer, 4 / r * rebuilt[0] * rebuilt[1], loha, alpha=4.0)

layer = f"{A}.ff.net.0.proj"
o, i = shape(layer)
w1, w2 = normal(4, 8), normal(o // 4, i // 8)
put(layer, np.kron(wide(w1), wide(w2)), {"lokr_w1": w1, "lokr_w2": w2}, alpha=1e6)  # whole ones have no rank

layer = f"{A}.ff.net.2"
o, i = shape(layer)
w1a, w1b, w2a, w2b = normal(8, 2), normal(2, 4), normal(o // 8, 2), normal(2, i // 4)
lokr = {"lokr_w1_a": w1a, "lokr_w1_b": w1b, "lokr_w2_a": w2a, "lokr_w2_b": w2b}
put(layer, 3 / 2 * np.kron(product(w1b, w1a), product(w2b, w2a)), lokr, alpha=3.0)

layer = "down_blocks.2.resnets.1.conv1"
o, i, k, l = shape(layer)
w1, w2 = normal(8, 4), normal(o // 8, i // 4, k, l)
delta = np.kron(wide(w1)[..., None, None], wide(w2))
put(layer, delta, {"lokr_w1": w1, "lokr_w2": w2})

layer = "down_blocks.2.resnets.1.conv2"
o, i, k, l = shape(layer)
w1, t2, w2a, w2b = normal(2, 2), normal(r, r, k, l), normal(r, o // 2), normal(r, i // 2)
delta = np.kron(wide(w1)[..., None, None], np.einsum("pqkl,qi,po->oikl", wide(t2), wide(w2b), wide(w2a)))
put(layer, 2 / r * delta, {"lokr_w1": w1, "lokr_t2": t2, "lokr_w2_a": w2a, "lokr_w2_b": w2b}, alpha=2.0)

layer = "up_blocks.3.resnets.0.conv2"
o, i, k, l = shape(layer)
w1, w2a, w2b = normal(4, 4), normal(o // 4, 2), normal(2, i // 4 * k * l)
put(layer, np.kron(wide(w1), product(w2b, w2a)), {"lokr_w1": w1, "lokr_w2_a": w2a, "lokr_w2_b": w2b})

difference, bias = normal(*shape("conv_in"), dtype=torch.float16), normal(shape("conv_in")[0], dtype=torch.bfloat16)
put("conv_in", wide(difference), {"diff": difference})
put("conv_in", wide(bias), {"diff_b": bias}, "bias")
norm, bias = normal(32), normal(32)
put("down_blocks.0.resnets.0.norm1", wide(norm), {"w_norm": norm})
put("down_blocks.0.resnets.0.norm1", wide(bias), {"b_norm": bias}, "bias")

# A bias of the second factor, which peft writes with `lora_bias`.
layer = f"{B}.attn1.to_out.0"
down, up = factors("unet", layer, 4)
bias = normal(up.shape[0])
put(layer, 0.25 * product(down, up), {"lora_down.weight": down, "lora_up.weight": up, "lora_up.bias": bias}, alpha=1.0)
deltas["unet", f"{layer}.bias"] = weight * 0.25 * wide(bias)
save("lycoris.safetensors", tensors)
case("lycoris", "float64", [("lycoris.safetensors", weight, 1.0)], plus(deltas))

save_file(expected, OUT / "expected.safetensors")
(OUT / "case.json").write_text(json.dumps({"step": STEP, "cases": cases}, indent=1) + "\n")
