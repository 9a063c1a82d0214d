"""python canny_pairs.py FOLDER [--count 200] [--data data | --synthetic]: pictures, and what `maps.canny` makes of them.

For the check that training and the engine see the same lines: test/models/recipe-canny.test.ts reads FOLDER and compares the
engine's maps bit for bit. Pictures are drawings of the data, as many of every set, plain or as a variant on a coloured
ground; without data, shapes drawn here. Thresholds are those of `maps.fixed` for half of them, else such as training draws.
"""

import argparse
import json
from pathlib import Path

import cv2
import numpy as np
import torch
from PIL import Image

import images
import maps

HERE = Path(__file__).resolve().parent


def synthetic(count: int) -> torch.Tensor:
    """[n,3,H,W] in 0..1, odd and even sides: soft-edged shapes over each other, slopes of colour, and noise in every third."""
    out = []
    rng = np.random.RandomState(5)
    for k in range(count):
        image = np.full((128, 128, 3), rng.randint(0, 256, 3), np.uint8)
        for _ in range(rng.randint(3, 9)):
            shade, points = [int(v) for v in rng.randint(0, 256, 3)], rng.randint(0, 128, (rng.randint(3, 6), 2)).astype(np.int32)
            if rng.rand() < 0.5:
                cv2.fillPoly(image, [points], shade, cv2.LINE_AA)
            else:
                cv2.circle(image, tuple(int(v) for v in points[0]), int(rng.randint(4, 40)), shade, -1 if rng.rand() < 0.6 else int(rng.randint(1, 5)), cv2.LINE_AA)
        slope = np.linspace(0.55, 1, 128)[:, None, None] if k % 2 else np.ones((1, 1, 1))
        noise = rng.randint(-30, 31, image.shape) if k % 3 == 0 else 0
        out.append(torch.from_numpy((image * slope + noise).clip(0, 255).round() / 255).permute(2, 0, 1).float())
    return torch.stack(out)


def drawings(data: Path, count: int) -> torch.Tensor:
    """Drawings over white, or turned and scaled on a ground as in training."""
    items = images.chosen(data)
    numbers = [list(items)[k] for k in np.linspace(0, len(items) - 1, count).round().astype(int)]
    out = []
    for k in range(0, count, 32):
        loaded = images.decoded(data, numbers[k : k + 32])
        g = torch.Generator().manual_seed(k)
        plain, v = images.Variants.none(torch.arange(len(loaded))), images.Variants.random(torch.arange(len(loaded)), g, ground=0.5)
        for variants, every in ((plain, 0), (v, 1)):
            picture = images.over(*images.draw(loaded, variants), images.ground_colour(variants, loaded.device))
            out += [(k + n, picture[n]) for n in range(every, len(loaded), 2)]
    return torch.stack([p for _, p in sorted(out, key=lambda pair: pair[0])])


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=Path)
    p.add_argument("--count", type=int, default=200)
    p.add_argument("--data", type=Path, default=HERE / "data")
    p.add_argument("--synthetic", action="store_true")
    a = p.parse_args()
    a.folder.mkdir(parents=True, exist_ok=True)
    made_up = a.synthetic or not (a.data / "items.json").exists()
    pictures = (synthetic(a.count) if made_up else drawings(a.data, a.count)).mul(255).round() / 255
    rng = np.random.RandomState(9)
    listed, pixels = [], 0
    for k, picture in enumerate(pictures):
        low, high = (100, 200) if k % 2 == 0 else (int(rng.randint(20, 110)), 0)
        high = high or round(low * float(rng.uniform(1.8, 3.0)))
        seen = maps.canny(picture[None], float(low), float(high))[0, 0]
        pixels += int(seen.sum())
        Image.fromarray((picture * 255).round().byte().permute(1, 2, 0).numpy()).save(a.folder / f"{k:03d}.png", optimize=True)
        Image.fromarray((seen * 255).byte().numpy()).convert("1").save(a.folder / f"{k:03d}-map.png", optimize=True)
        listed.append({"picture": f"{k:03d}.png", "map": f"{k:03d}-map.png", "low": low, "high": high})
    (a.folder / "pairs.json").write_text(json.dumps(listed, indent=1) + "\n")
    print(f"{len(listed)} {'synthetic pictures' if made_up else 'drawings'}, {pixels} edge pixels, in {a.folder}")


if __name__ == "__main__":
    main()
