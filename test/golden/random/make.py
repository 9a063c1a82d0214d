"""Normal numbers of torch on the CPU: for each seed, tensors of all sizes drawn one after the other. Makes the files
beside this one. python make.py, with torch."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent
SEEDS = [0, 1, 42, 2**32 - 1, 123456789012, 2**63, 2**64 - 1]
SIZES = [1, 3, 15, 16, 17, 31, 64, 3, 1000, 2, 8 * 16 * 16]

numbers = {}
for seed in SEEDS:
    # torch takes a seed above 2^63 - 1 as the negative number of the same bits.
    generator = torch.Generator().manual_seed(seed - 2**64 if seed >= 2**63 else seed)
    for i, size in enumerate(SIZES):
        numbers[f"{seed}.{i}"] = torch.randn(size, generator=generator)
save_file(numbers, HERE / "expected.safetensors")
case = {"torch": torch.__version__, "seeds": [str(seed) for seed in SEEDS], "sizes": SIZES}
(HERE / "case.json").write_text(json.dumps(case) + "\n")
