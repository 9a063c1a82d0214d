"""Puts a made case's files into other layouts that people publish: `python repack.py CASE_DIR LAYOUT...`.

The numbers stay what they are: only names, places and copies of tensors change.

dump         base and net in one file, as the first ControlNets were published (`control_sd15_*`)
difference   the net as differences to the base's UNet, with the empty tensor `difference`
ema          averaged copies of the UNet besides, with other numbers, their names joined without dots
old-clip     the text encoder without the inner name `text_model`, positions in half precision
odd          tensors at odd places, with gaps between them
"""

import json
import shutil
import struct
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

Tensors = dict[str, Tensor]

NAMES = {torch.float16: "F16", torch.float32: "F32", torch.bfloat16: "BF16", torch.int64: "I64",
         torch.float8_e4m3fn: "F8_E4M3", torch.float8_e5m2: "F8_E5M2"}  # fmt: skip
UNET, NET, CLIP = "model.diffusion_model.", "control_model.", "cond_stage_model.transformer."


def write(path: Path, tensors: Tensors, odd: bool) -> None:
    """A .safetensors file; with `odd`, what the library's own writer never makes and its format allows."""
    header, body = {"__metadata__": {"format": "pt"}}, bytearray(b"\0" if odd else b"")
    for n, (key, value) in enumerate(sorted(tensors.items())):
        raw = value.contiguous().reshape(-1).view(torch.uint8).numpy().tobytes()
        header[key] = {"dtype": NAMES[value.dtype], "shape": list(value.shape), "data_offsets": [len(body), len(body) + len(raw)]}
        body += raw + (b"\x7f" * (1 + n % 3) if odd else b"")
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * ((1 - len(text) % 2) if odd else -len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(body))


def main() -> None:
    folder, wanted = Path(sys.argv[1]), set(sys.argv[2:])
    case = json.loads((folder / "case.json").read_text())
    base = load_file(folder / case["base"]["path"])
    nets = {name: load_file(folder / net["path"]) for name, net in case["controlnets"].items()}
    shutil.rmtree(folder / "controlnets", ignore_errors=True)
    (folder / case["base"]["path"]).unlink()
    if "ema" in wanted:
        copies = {k: v for k, v in base.items() if k.startswith(UNET)}
        base |= {"model_ema." + k.removeprefix("model.").replace(".", ""): -v.float() for k, v in copies.items() if v.numel() < 500}
        base |= {"model_ema.decay": torch.tensor(0.9999), "model_ema.num_updates": torch.tensor(470000)}
    if "old-clip" in wanted:
        base = {k.replace(f"{CLIP}text_model.", CLIP): v.half() if k.endswith("position_ids") else v for k, v in base.items()}
    for name, net in nets.items():
        bare = {k.removeprefix(NET): v for k, v in net.items()}
        entry = case["controlnets"][name]
        if "difference" in wanted:
            bare = {k: v.float() - base[UNET + k].float() if UNET + k in base else v for k, v in bare.items()}
            entry |= {"layout": "ldm-difference", "path": f"{name}.safetensors"}
            write(folder / entry["path"], {**bare, "difference": torch.zeros(0)}, "odd" in wanted)
        elif "dump" in wanted:
            base |= {NET + k: v for k, v in bare.items()}
            entry |= {"layout": "ldm", "path": case["base"]["path"]}
        else:
            entry |= {"path": f"{name}.safetensors"}
            write(folder / entry["path"], net, "odd" in wanted)
    write(folder / case["base"]["path"], base, "odd" in wanted)
    (folder / "case.json").write_text(json.dumps(case, indent=2, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
