"""What is measured on pictures: edges, silhouettes, colours, distances. Nothing here knows a model."""

import cv2
import numpy as np
import torch
import torch.nn.functional as F

import words


def edges(picture: torch.Tensor) -> np.ndarray:
    """Canny 100/200 of [3,H,W] in 0..1, at 128 px, so that one pixel of tolerance is two of the canvas."""
    small = F.interpolate(picture[None], (128, 128), mode="area")[0]
    return cv2.Canny(np.ascontiguousarray((small * 255).round().byte().permute(1, 2, 0).cpu().numpy()), 100, 200)


def boundary_f1(a: np.ndarray, b: np.ndarray) -> float:
    """F1 of two edge maps with 1 px of tolerance; 0 when one is empty."""
    a, b, kernel = a > 0, b > 0, np.ones((3, 3), np.uint8)
    if not a.any() or not b.any():
        return 0.0
    near = lambda m: cv2.dilate(m.astype(np.uint8), kernel) > 0
    precision, recall = (b & near(a)).sum() / b.sum(), (a & near(b)).sum() / a.sum()
    return float(2 * precision * recall / max(precision + recall, 1e-9))


def not_white(picture: torch.Tensor) -> torch.Tensor:
    return (picture.amin(1, keepdim=True) < 0.94).float()


def iou(a: torch.Tensor, b: torch.Tensor) -> list[float]:
    """Overlap of two silhouettes: what both cover of what either covers."""
    both, any_ = (a * b).sum((1, 2, 3)), ((a + b) > 0).float().sum((1, 2, 3))
    return (both / any_.clamp(min=1)).tolist()


def grid_distance(a: torch.Tensor, b: torch.Tensor) -> list[float]:
    """Mean Lab distance on the 8x8 grid; smaller is better."""
    small = lambda x: words.lab(F.interpolate(x, (8, 8), mode="area").flatten(2).transpose(1, 2))
    return (small(a) - small(b)).norm(dim=-1).mean(1).tolist()


def psnr(a: torch.Tensor, b: torch.Tensor) -> list[float]:
    """Decibels of pictures in 0..1."""
    return (-10 * (a - b).square().mean((1, 2, 3)).clamp(min=1e-10).log10()).tolist()


def looks(x: torch.Tensor) -> torch.Tensor:
    """[n,3072]: Lab at 32 px, scaled so that a Euclidean distance is the root mean square over the 1,024 pixels."""
    return words.lab(F.interpolate(x, (32, 32), mode="area").flatten(2).transpose(1, 2)).flatten(1) / 32


def spread(x: torch.Tensor) -> float:
    """Mean distance of all pairs of [n,3,H,W] by `looks`; 0 for one picture."""
    return float(torch.pdist(looks(x)).mean()) if len(x) > 1 else 0.0


def scores(want: torch.Tensor, got: torch.Tensor) -> dict[str, list[float]]:
    """Each picture of `got` against that of `want`: F1 of edges, overlap of silhouettes, Lab distance."""
    return {
        "f1": [boundary_f1(edges(w), edges(g)) for w, g in zip(want, got, strict=True)],
        "iou": iou(not_white(want), not_white(got)),
        "lab": grid_distance(want, got),
    }
