"""What bench/lora.ts compares with: a LoRA added to weights by NumPy, layer by layer, in float32.

python lora_reference.py LORA.safetensors BLOCK.f32 < layers.json; answers with one line of JSON: the seconds of each round
and, for each layer, three of its numbers. Only what belongs to a LoRA is timed: its factors are read and widened, their
product is made and added. A weight is the block's numbers over and over, laid out before.
"""
import json
import sys
import time

import numpy as np

file, block_file = sys.argv[1:3]
asked = json.load(sys.stdin)
block = np.fromfile(block_file, np.float32)
with open(file, "rb") as source:
    length = int.from_bytes(source.read(8), "little")
    header = json.loads(source.read(length))


def factor(name: str) -> np.ndarray:
    entry = header[name]
    begin, end = entry["data_offsets"]
    with open(file, "rb") as source:
        source.seek(8 + length + begin)
        halves = np.frombuffer(source.read(end - begin), np.float16)
    return halves.astype(np.float32).reshape(entry["shape"][0], -1)


rounds, samples = [], []
for _ in range(asked["rounds"]):
    spent, samples = 0.0, []
    for layer in asked["layers"]:
        weight = np.resize(block, layer["shape"]).reshape(layer["shape"][0], -1)
        began = time.perf_counter()
        up, down = factor(layer["name"] + ".lora_up.weight"), factor(layer["name"] + ".lora_down.weight")
        weight += np.float32(layer["factor"]) * (up @ down)
        spent += time.perf_counter() - began
        flat = weight.reshape(-1)
        samples.append([float(flat[at]) for at in (0, flat.size // 2, flat.size - 1)])
    rounds.append(spent)
print(json.dumps({"rounds": rounds, "samples": samples}))
