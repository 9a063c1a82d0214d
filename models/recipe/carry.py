"""What travels to a GPU machine that takes in little: python carry.py PACK FOLDER [--data data] [--profile lease]; there: python carry.py FOLDER --unpack START.

FOLDER/data holds the drawings of the profile's sets alone, FOLDER/start the pack's autoencoder as it is and its base with
weights of 8 bits a row, which is enough to go on from: the base trains on at once. 62 MB instead of 120 (measured).
"""

import argparse
import json
import shutil
import zipfile
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from profiles import PROFILES

BASE = {"unet": "diffusion_pytorch_model.safetensors", "text_encoder": "model.safetensors"}
SCALE = "#scale"


def small(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Each row of a matrix as int8 with one factor; vectors as they are."""
    out = {}
    for name, value in tensors.items():
        if value.ndim < 2:
            out[name] = value.float()
            continue
        rows = value.float().flatten(1)
        scale = (rows.abs().amax(1) / 127).clamp(min=1e-12)
        out[name] = (rows / scale[:, None]).round().to(torch.int8).view(value.shape)
        out[name + SCALE] = scale
    return out


def whole(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The matrices of `small`, in float32."""
    scaled = lambda name, value: value.float() * tensors[name + SCALE].view(-1, *[1] * (value.ndim - 1)) if name + SCALE in tensors else value
    return {name: scaled(name, value).contiguous() for name, value in tensors.items() if not name.endswith(SCALE)}


def pack(source: Path, folder: Path, data: Path, sources: list[str] | None) -> None:
    items = json.loads((data / "items.json").read_text())
    numbers = [i for i, x in enumerate(items) if sources is None or x["src"] in sources]
    (folder / "data").mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(data / "images.zip") as all_, zipfile.ZipFile(folder / "data" / "images.zip", "w", zipfile.ZIP_STORED) as some:
        for k, i in enumerate(numbers):
            some.writestr(zipfile.ZipInfo(f"{k:05d}", (1980, 1, 1, 0, 0, 0)), all_.read(f"{i:05d}"))
    (folder / "data" / "items.json").write_text(json.dumps([items[i] for i in numbers], ensure_ascii=False))
    shutil.copy(data / "merges.txt", folder / "data")
    shutil.copytree(source / "vae", folder / "start" / "vae", dirs_exist_ok=True)
    for part, name in BASE.items():
        (folder / "start" / part).mkdir(parents=True, exist_ok=True)
        shutil.copy(source / part / "config.json", folder / "start" / part)
        save_file(small(load_file(source / part / name)), folder / "start" / part / "small.safetensors")
    print(len(numbers), "drawings,", sum(p.stat().st_size for p in folder.rglob("*") if p.is_file()) // 1000, "kB")


def unpack(folder: Path, start: Path) -> None:
    shutil.copytree(folder / "start", start, dirs_exist_ok=True)
    for part, name in BASE.items():
        save_file(whole(load_file(start / part / "small.safetensors")), start / part / name, metadata={"format": "pt"})
        (start / part / "small.safetensors").unlink()


if __name__ == "__main__":
    p = argparse.ArgumentParser()
    p.add_argument("source", type=Path)
    p.add_argument("folder", type=Path, nargs="?")
    p.add_argument("--unpack", type=Path)
    p.add_argument("--data", type=Path, default=Path(__file__).parent / "data")
    p.add_argument("--profile", default="lease")
    a = p.parse_args()
    if a.unpack:
        unpack(a.source, a.unpack)
    else:
        pack(a.source, a.folder, a.data, PROFILES[a.profile].sources)
