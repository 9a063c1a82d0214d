"""python cuda_normals.py FOLDER: torch's normals of a CUDA generator, as normals.safetensors and normals.json, on a machine with such a card.

The engine draws the same numbers by itself (engine/src/diffusion/philox.ts) and is compared with these. `SEED/AxBxCxD` is the
first tensor of a new generator; `SEED/AxBxCxD/second` the one that the same generator draws after it.
"""

import json
import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

SEEDS = (0, 1, 42, 2**32 + 5)
SHAPES = ((1, 4, 8, 8), (1, 4, 64, 64), (2, 4, 16, 16), (1, 4, 31, 33))


def main(folder: Path) -> None:
    drawn = {}
    for seed in SEEDS:
        for shape in SHAPES:
            g = torch.Generator("cuda").manual_seed(seed)
            name = f"{seed}/{'x'.join(map(str, shape))}"
            drawn[name] = torch.randn(shape, generator=g, device="cuda").cpu()
            if seed == 42:
                drawn[f"{name}/second"] = torch.randn(shape, generator=g, device="cuda").cpu()
    card = torch.cuda.get_device_properties(0)
    about = {"torch": torch.__version__, "cuda": torch.version.cuda, "card": card.name, "multiprocessors": card.multi_processor_count, "threads_of_each": card.max_threads_per_multi_processor}
    folder.mkdir(parents=True, exist_ok=True)
    save_file(drawn, folder / "normals.safetensors", metadata={k: str(v) for k, v in about.items()})
    (folder / "normals.json").write_text(json.dumps(about, indent=2) + "\n")
    print(about, {k: round(v.std().item(), 3) for k, v in drawn.items()})


if __name__ == "__main__":
    main(Path(sys.argv[1]))
