"""Numbers that follow from a name: test/engine/gradient-numbers.ts makes the same ones."""

import numpy as np
import torch


def numbers_of(name: str, count: int) -> np.ndarray:
    seed = 2166136261
    for letter in name:
        seed = ((seed ^ ord(letter)) * 16777619) & 0xFFFFFFFF
    h = ((np.arange(1, count + 1, dtype=np.uint64) * 0x9E3779B9) & 0xFFFFFFFF) ^ seed
    h = ((h ^ (h >> 16)) * 0x85EBCA6B) & 0xFFFFFFFF
    h = ((h ^ (h >> 13)) * 0xC2B2AE35) & 0xFFFFFFFF
    h ^= h >> 16
    return (h >> 8).astype(np.float64) / 2**23 - 1


def tensor_of(name: str, *sides: int) -> torch.Tensor:
    return torch.from_numpy(numbers_of(name, int(np.prod(sides)))).reshape(sides)
