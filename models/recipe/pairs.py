"""python pairs.py [FOLDER] [--count 50] [--data data] [--source fluent-emoji-flat]: pairs to train a net on, as `underdraw train` reads them.

FOLDER is examples/train/pairs without a word, the worked example of docs/guide/your-own-net.md, and is made anew; `--count 500`
into another folder is for the bench. A pair is a drawing of one set on white and its silhouette, which the command `underdraw map`
draws from the very file that is written: `--pictures FOLDER/target --condition silhouette` gives the same maps. The layout is the
paper's: FOLDER/prompt.json, a line of source, target and prompt for each pair. FOLDER/NOTICE.txt names author and licence.
Only drawings that the base was trained on; the fifty are the first of the five hundred.
"""

import argparse
import itertools
import json
import re
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple

import cv2
import numpy as np
from PIL import Image

import images
import words

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
FREE = ("MIT", "Apache-2.0", "CC0-1.0", "CC-BY-4.0")
# Shares of a round: things whose outline says what they are. Faces and people are round or alike.
ROUND = ("animals nature", "food drink", "objects", "animals nature", "travel places", "food drink", "animals nature", "objects", "travel places", "activities")
COLOURS = 64
# Pixels by which the outline of a map may be off the drawing's own, and how many may be further off than that.
OFF, FAR = 3, 16
MIT = """Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated documentation
files (the "Software"), to deal in the Software without restriction, including without limitation the rights to use, copy,
modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit persons to whom the
Software is furnished to do so, subject to the following conditions:

The above copyright notice and this permission notice shall be included in all copies or substantial portions of the
Software.

THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
"""


def shape_of(alpha: np.ndarray) -> np.ndarray:
    """The subject of a drawing, its holes filled: bool [H,W]."""
    outside = np.pad((alpha <= 127).astype(np.uint8), 1, constant_values=1)
    cv2.floodFill(outside, None, (0, 0), 2)
    return outside[1:-1, 1:-1] != 2


def overlap(one: np.ndarray, other: np.ndarray) -> float:
    return float((one & other).sum() / max(1, (one | other).sum()))


def agrees(seen: np.ndarray, shape: np.ndarray) -> bool:
    """Whether what was seen is the shape: neither a white part of the subject is lost, nor ground taken for it."""
    near = np.ones((2 * OFF + 1, 2 * OFF + 1), np.uint8)
    least, most = cv2.erode(shape.astype(np.uint8), near) > 0, cv2.dilate(shape.astype(np.uint8), near) > 0
    return bool((least & ~seen).sum() <= FAR and (seen & ~most).sum() <= FAR)


def is_one(shape: np.ndarray) -> bool:
    """Whether it is one thing, neither tiny nor all of the picture."""
    _, _, stats, _ = cv2.connectedComponentsWithStats(shape.astype(np.uint8))
    return bool(0.12 < shape.mean() < 0.72 and stats[1:, 4].max() >= 0.9 * shape.sum())


def tells(shape: np.ndarray) -> bool:
    """Whether its outline says something: neither a disc nor a box."""
    outlines, _ = cv2.findContours(shape.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    outline = max(outlines, key=cv2.contourArea)
    (_, (width, height), _), (_, radius) = cv2.minAreaRect(outline), cv2.minEnclosingCircle(outline)
    area = cv2.contourArea(outline)
    return area < 0.88 * width * height and area < 0.85 * np.pi * radius**2


def on_white(drawing: np.ndarray) -> Image.Image:
    """RGBA [H,W,4] as a palette on white, white itself kept as it is."""
    rgb = Image.new("RGBA", drawing.shape[1::-1], "white")
    rgb.alpha_composite(Image.fromarray(drawing, "RGBA"))
    picture = rgb.convert("RGB").quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    palette = np.array(picture.getpalette("RGB"), np.uint8).reshape(-1, 3)
    palette[(palette > 249).all(1)] = 255
    picture.putpalette(palette.flatten().tolist())
    return picture


def underdraw(*words: str, bundled: bool = True) -> None:
    """The command line from source: bundled once by scripts/run.mjs, which takes longer than a map, and then as it lies there."""
    entry = ["out/run/cli-src-main-ts.mjs"] if bundled else ["scripts/run.mjs", "cli/src/main.ts"]
    done = subprocess.run(["node", *entry, *words], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"underdraw {' '.join(words)} failed: {done.stderr}")


def silhouette(picture: Path, out: Path) -> Image.Image:
    """What `underdraw map silhouette` draws, as black and white alone."""
    underdraw("map", "silhouette", str(picture), str(out))
    return Image.open(out).convert("L").convert("1", dither=Image.Dither.NONE)


def candidates(data: Path, source: str, seed: int) -> list[tuple[int, dict]]:
    """Drawings of a set that the base has seen, the groups in turn, in an order that the seed decides."""
    rng = np.random.RandomState(seed)
    items = {i: x for i, x in images.chosen(data, [source]).items() if x["split"] == "train"}
    if any(x["licence"] not in FREE for x in items.values()):
        raise SystemExit(f"{source} is not under a licence that may be passed on: {FREE}")
    order = [list(items)[k] for k in rng.permutation(len(items))]
    queues = {group: iter([(i, items[i]) for i in order if items[i]["group"] == group]) for group in set(ROUND)}
    ended: set[str] = set()
    found = []
    for group in itertools.cycle(ROUND):
        if len(ended) == len(queues):
            return found
        following = next(queues[group], None)
        if following is None:
            ended.add(group)
        else:
            found.append(following)
    return found


def chosen(data: Path, source: str, seed: int) -> list[tuple[dict, Image.Image, np.ndarray]]:
    """Items with their pictures and shapes, whose ground can be told from white: first outlines that tell and differ, then others."""
    listed = candidates(data, source, seed)
    drawings = images.decoded(data, [i for i, _ in listed]).permute(0, 2, 3, 1).numpy()
    found: list[tuple[dict, Image.Image, np.ndarray]] = []
    small: list[np.ndarray] = []
    left = list(zip([item for _, item in listed], drawings, [shape_of(d[..., 3]) for d in drawings], strict=True))
    for fits, alike in ((tells, 0.82), (is_one, 0.95)):
        later = []
        for item, drawing, shape in left:
            tiny = cv2.resize(shape.astype(np.float32), (48, 48), interpolation=cv2.INTER_AREA) > 0.5
            if not is_one(shape) or not fits(shape) or any(overlap(tiny, other) > alike for other in small):
                later.append((item, drawing, shape))
                continue
            picture = on_white(drawing)
            seen = (np.asarray(picture.convert("RGB")) < 244).any(-1)
            if agrees(shape_of(seen * np.uint8(255)), shape):
                small.append(tiny)
                found.append((item, picture, shape))
        left = later
    return found


def notice(data: Path, source: str, licence: str) -> str:
    """Who drew the pictures and what was done to them, from the data's own notice."""
    blocks = (data / "NOTICE.txt").read_text().split("\n\n")
    block = next(b for b in blocks if f"@iconify-json/{source} " in b)
    name, author, terms, via = (line.split(": ", 1)[-1].strip() for line in block.splitlines()[:4])
    name = block.split(":", 1)[0]
    lines = [
        f"The pictures in target/ are drawings of {name}.",
        f"  author: {author}",
        f"  licence: {terms}",
        f"  from: {via}",
        f"  changed: drawn as pixels on white, packed as AVIF, reduced to {COLOURS} colours",
        "The maps in source/ are made from the pictures and are under the same licence.",
        "Words of the prompts: emojibase-data 17.0.0 (MIT), Copyright (c) 2017-2019 Miles Johnson.",
        "Made by models/recipe/pairs.py.",
    ]
    text = "\n".join(lines) + "\n"
    return f"{text}\nMIT License\n\nCopyright (c) {author.split(',')[0].removesuffix('.')}.\n\n{MIT}" if licence == "MIT" else text


class Pair(NamedTuple):
    name: str
    prompt: str
    map: Image.Image
    overlap: float  # of the map and the drawing's own shape


def slug(subject: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")


def main() -> None:
    p = argparse.ArgumentParser()
    p.add_argument("folder", type=Path, nargs="?", default=ROOT / "examples" / "train" / "pairs")
    p.add_argument("--count", type=int, default=50)
    p.add_argument("--data", type=Path, default=HERE / "data")
    p.add_argument("--source", default="fluent-emoji-flat")
    p.add_argument("--seed", type=int, default=5)
    p.add_argument("--processes", type=int, default=2)
    a = p.parse_args()
    folder = a.folder.resolve()
    if folder.exists() and not (folder / "prompt.json").exists() and any(folder.iterdir()):
        raise SystemExit(f"{folder} has something else in it.")
    underdraw("--version", bundled=False)
    found = chosen(a.data, a.source, a.seed)
    lines: list[str] = []
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor(a.processes) as pool:
        fresh = Path(place)
        for part in ("source", "target"):
            (fresh / part).mkdir()

        def drawn(one: tuple[dict, Image.Image, np.ndarray]) -> tuple[Pair, bool]:
            item, picture, shape = one
            name = slug(item["subject"])
            picture.save(fresh / f"{name}.png", optimize=True)
            seen = silhouette(fresh / f"{name}.png", fresh / f"{name}-map.png")
            return Pair(name, words.plain(item), seen, overlap(np.asarray(seen), shape)), agrees(np.asarray(seen), shape)

        def keep(pair: Pair) -> None:
            (fresh / f"{pair.name}.png").rename(fresh / "target" / f"{pair.name}.png")
            pair.map.save(fresh / "source" / f"{pair.name}.png", optimize=True)
            line = {"source": f"source/{pair.name}.png", "target": f"target/{pair.name}.png", "prompt": pair.prompt}
            lines.append(json.dumps(line, ensure_ascii=False))

        at, reserve = 0, []
        while len(lines) < a.count and at < len(found):
            batch = found[at : at + min(2 * a.processes, a.count - len(lines))]
            at += len(batch)
            for pair, is_whole in pool.map(drawn, batch):
                if is_whole:
                    keep(pair)
                else:
                    reserve.append(pair)
        # Maps that lost a light part are still what the condition draws: they fill up what is missing, the best first.
        for pair in sorted(reserve, key=lambda pair: -pair.overlap)[: a.count - len(lines)]:
            keep(pair)
        if len(lines) < a.count:
            raise SystemExit(f"Only {len(lines)} of {a.count} pairs were found.")
        (fresh / "prompt.json").write_text("\n".join(lines) + "\n")
        (fresh / "NOTICE.txt").write_text(notice(a.data, a.source, found[0][0]["licence"]))
        for png in fresh.glob("*.png"):
            png.unlink()
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(fresh, folder)
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    print(f"{len(lines)} pairs of {len(found)} that would do, {size / 1000:.0f} kB, in {folder}")


if __name__ == "__main__":
    main()
