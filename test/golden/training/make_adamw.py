"""Five steps of torch.optim.AdamW with clip_grad_norm_ in float64, for adamw.test.ts.

    python make_adamw.py            (writes adamw.safetensors beside itself)
"""

from pathlib import Path

import torch
from named_numbers import tensor_of
from safetensors.torch import save_file

SIDES = {"a": (3, 5), "b": (2, 3, 3, 3), "c": (7,)}
STEPS, RATE, DECAY, SHARE = 5, 2e-3, 5e-2, 0.5
# Some gradients are shortened, and some are not.
CLIP = 1.7


def size(step: int) -> float:
    return (1.0, 0.1, 1e-4, 3.0, 0.3)[step]


weights = {key: torch.nn.Parameter(tensor_of(f"weight/{key}", *sides)) for key, sides in SIDES.items()}
optimiser = torch.optim.AdamW(weights.values(), lr=RATE, weight_decay=DECAY)
found, means = {}, {key: value.detach().clone() for key, value in weights.items()}
for step in range(STEPS):
    for key, sides in SIDES.items():
        gradient = (tensor_of(f"gradient/{step}/{key}", *sides).float() * torch.tensor(size(step))).double()
        gradient.flatten()[0] = 0
        weights[key].grad = gradient * SHARE
    norm = torch.nn.utils.clip_grad_norm_(weights.values(), CLIP)
    optimiser.step()
    found[f"{step}/norm"] = norm.float().reshape(1)
    for key, value in weights.items():
        means[key] = 0.9 * means[key] + 0.1 * value.detach()
        state = optimiser.state[value]
        for what, tensor in (("", value.detach()), ("m.", state["exp_avg"]), ("v.", state["exp_avg_sq"]), ("mean.", means[key])):
            found[f"{step}/{what}{key}"] = tensor.float().contiguous()
file = Path(__file__).with_name("adamw.safetensors")
save_file(found, file, metadata={"torch": torch.__version__})
file.chmod(0o644)
