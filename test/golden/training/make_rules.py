"""Gradients of single operations by PyTorch's autograd in float64: the cases of test/engine/gradient-cases.ts.

    python make_rules.py            (writes rules.safetensors beside itself; needs torch, numpy, safetensors)
"""

from collections.abc import Callable
from pathlib import Path

import torch
from named_numbers import tensor_of
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional as F

Leaf = Callable[..., Tensor]
FOUND: dict[str, Tensor] = {}


def case(name: str, forward: Callable[[Leaf], Tensor]) -> None:
    leaves: dict[str, Tensor] = {}

    def leaf(key: str, *sides: int) -> Tensor:
        if key not in leaves:
            values = tensor_of(f"{name}/{key}", *sides)
            if name == "group-norm-constant" and key == "x":
                values[:, :2] = 0.5
            leaves[key] = values.requires_grad_()
        return leaves[key]

    y = forward(leaf)
    (y * tensor_of(f"{name}/share", *y.shape)).sum().backward()
    for key, value in leaves.items():
        FOUND[f"{name}/{key}"] = value.grad.float().contiguous()


ODD, EVEN = (2, 5, 7), (3, 6, 8)


def conv(name, source, target, kernel, stride=1, pads=None, bias=True, sides=ODD) -> None:
    rows, height, width = sides
    top, left, bottom, right = pads or [kernel // 2] * 4

    def forward(leaf: Leaf) -> Tensor:
        x = F.pad(leaf("x", rows, source, height, width), (left, right, top, bottom))
        weight = leaf("conv.weight", target, source, kernel, kernel)
        return F.conv2d(x, weight, leaf("conv.bias", target) if bias else None, stride=stride)

    case(name, forward)


def norm(name, channels, groups, epsilon) -> None:
    case(
        name,
        lambda leaf: F.group_norm(
            leaf("x", 2, channels, 5, 7),
            groups,
            leaf("norm.weight", channels, 1, 1).reshape(-1),
            leaf("norm.bias", channels, 1, 1).reshape(-1),
            epsilon,
        ),
    )


def attend(heads: int, q: Tensor, k: Tensor, v: Tensor) -> Tensor:
    def split(x: Tensor) -> Tensor:
        return x if x.ndim == 4 else x.unflatten(2, (heads, -1)).transpose(1, 2)

    return F.scaled_dot_product_attention(split(q), split(k), split(v)).transpose(1, 2).flatten(2)


def attention(name, heads, q, k) -> None:
    case(name, lambda leaf: attend(heads, leaf("q", *q), leaf("k", *k), leaf("v", *k)))


def main() -> None:
    conv("conv", 3, 4, 3)
    conv("conv-without-bias", 3, 4, 3, bias=False)
    conv("conv-stride", 3, 5, 3, 2)
    conv("conv-stride-even", 3, 2, 3, 2, sides=EVEN)
    conv("conv-stride-asymmetric", 3, 2, 3, 2, [0, 0, 1, 1])
    conv("conv-stride-asymmetric-even", 2, 3, 3, 2, [0, 0, 1, 1], sides=EVEN)
    conv("conv-asymmetric", 2, 3, 3, 1, [0, 1, 2, 1])
    conv("conv-unpadded", 2, 3, 3, 1, [0, 0, 0, 0])
    conv("conv-pixel", 3, 4, 1)
    conv("conv-pixel-without-bias", 3, 5, 1, bias=False)
    conv("conv-pixel-stride", 3, 4, 1, 2)
    conv("conv-pixel-stride-even", 2, 4, 1, 2, sides=EVEN)
    conv("conv-widened", 6, 4, 3)
    rows = 2 * 5 * 7

    def linear(leaf: Leaf, x: Tensor, part: str = "", bias: bool = True, source: int = 5, to: int = 3) -> Tensor:
        return F.linear(x, leaf(f"linear.weight{part}", to, source), leaf(f"linear.bias{part}", to) if bias else None)

    case("linear", lambda t: linear(t, t("x", rows, 5)))
    case("linear-without-bias", lambda t: linear(t, t("x", rows, 5), bias=False))
    case("linear-halves", lambda t: linear(t, t("x", rows, 5), "[0:3]") * F.gelu(linear(t, t("x", rows, 5), "[3:6]")))
    case("silu", lambda t: F.silu(t("x", 2, 3, 5, 7)))
    # The attribute of an ONNX node is a float32.
    alpha = float(torch.tensor(1.702, dtype=torch.float32))
    case("quick-gelu", lambda t: t("x", 2, 3, 5, 7) * torch.sigmoid(alpha * t("x", 2, 3, 5, 7)))
    case("gelu", lambda t: F.gelu(t("x", 2, 3, 5, 7)))
    case("sigmoid", lambda t: torch.sigmoid(t("x", 2, 3, 5, 7)))
    norm("group-norm", 6, 2, 1e-5)
    norm("group-norm-single", 3, 3, 1e-6)
    norm("group-norm-constant", 4, 2, 1e-5)
    case("layer-norm", lambda t: F.layer_norm(t("x", rows, 7), (7,), t("norm.weight", 7), t("norm.bias", 7), 1e-5))
    case(
        "layer-norm-sequence",
        lambda t: F.layer_norm(t("x", 2, 3, 5), (5,), t("norm.weight", 5), t("norm.bias", 5), 1e-5),
    )
    attention("self-attention", 2, (2, 9, 6), (2, 9, 6))
    attention("cross-attention", 2, (2, 9, 6), (2, 5, 6))
    attention("cross-attention-split", 2, (2, 9, 6), (2, 2, 5, 3))
    attention("cross-attention-one-head", 1, (2, 9, 5), (2, 1, 5, 5))
    attention("attention-wide", 1, (1, 3, 257), (1, 2, 257))
    case("softmax", lambda t: F.softmax(t("x", 2, 3, 5), -1))
    case("matmul", lambda t: t("x", 2, 3, 5) @ t("z", 2, 3, 5).mT)
    case("matmul-repeated", lambda t: t("x", 2, 3, 5) @ t("z", 5, 4))
    case("resize", lambda t: F.interpolate(t("x", 2, 3, 5, 7), scale_factor=2, mode="nearest"))
    case("concat", lambda t: torch.cat([t("x", 2, 3, 5, 7), t("z", 2, 2, 5, 7)], 1))
    case("concat-same", lambda t: torch.cat([t("x", 2, 3, 5, 7)] * 2, 1))
    case("pad", lambda t: F.pad(t("x", 2, 3, 5, 7), (2, 1, 0, 3, 1, 0)))
    case("expand", lambda t: t("x", 1, 3, 5, 7).expand(2, -1, -1, -1))
    case("add", lambda t: t("x", 2, 3, 5, 7) + t("z", 2, 3, 5, 7))
    case("add-time", lambda t: t("x", 2, 3, 5, 7) + t("z", 2, 3, 1, 1))
    case("add-wider", lambda t: t("x", 3, 1, 1) + t("z", 2, 3, 5, 7))
    case("add-both-ways", lambda t: t("x", 3, 1) + t("z", 1, 4))
    case("mul", lambda t: t("x", 2, 3, 5, 7) * t("z", 2, 3, 5, 7))
    case("mul-scale", lambda t: t("x", 2, 3, 5, 7) * t("z", 2, 1, 1, 1))
    case("mul-number", lambda t: t("x", 2, 3, 5, 7) * 0.375)
    case("sub", lambda t: t("x", 2, 3, 5, 7) - t("z", 2, 3, 5, 7))
    case("sub-channels", lambda t: t("x", 2, 3, 5, 7) - t("z", 3, 1, 1))
    case("transpose", lambda t: t("x", 2, 3, 5, 7).permute(2, 0, 3, 1))
    case("rows", lambda t: t("x", 2, 3, 5, 7).permute(0, 2, 3, 1).reshape(-1, 3))
    case("map", lambda t: t("x", rows, 3).reshape(2, 5, 7, 3).permute(0, 3, 1, 2))
    case("reshape", lambda t: t("x", 2, 4, 5, 7).reshape(2, 2, -1))
    case("identity", lambda t: t("x", 2, 2, 5, 7).clone())
    case("two-uses", lambda t: F.silu(t("x", 2, 3, 5, 7)) * t("x", 2, 3, 5, 7) + t("x", 2, 3, 5, 7))

    def shared(t: Leaf) -> Tensor:
        once = linear(t, t("x", rows, 4), source=4, to=4)
        return linear(t, once, source=4, to=4) * once + once

    case("shared-weight", shared)
    file = Path(__file__).with_name("rules.safetensors")
    save_file(FOUND, file, metadata={"torch": torch.__version__})
    file.chmod(0o644)


main()
