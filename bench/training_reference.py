"""A training step of the pack's net by diffusers on PyTorch, for training.ts: one for each line on stdin."""

import json
import resource
import sys
import time

import torch
from diffusers import ControlNetModel, UNet2DConditionModel

model, net_name = sys.argv[1:3]
batch, context, threads = map(int, sys.argv[3:6])
if threads:
    torch.set_num_threads(threads)
unet = UNet2DConditionModel.from_pretrained(model, subfolder="unet").float().eval().requires_grad_(False)
net = ControlNetModel.from_pretrained(model, subfolder=f"controlnet/{net_name}").float().train()
optimiser = torch.optim.AdamW(net.parameters(), lr=1e-5)
random = torch.Generator().manual_seed(1)
latent, target = (torch.randn(batch, unet.config.in_channels, 16, 16, generator=random) for _ in range(2))
states = torch.randn(batch, context, unet.config.cross_attention_dim, generator=random)
drawing = torch.rand(batch, 3, 256, 256, generator=random)
steps = torch.randint(0, 1000, (batch,), generator=random)


def step() -> None:
    optimiser.zero_grad()
    down, middle = net(latent, steps, encoder_hidden_states=states, controlnet_cond=drawing, return_dict=False)
    prediction = unet(
        latent,
        steps,
        encoder_hidden_states=states,
        down_block_additional_residuals=down,
        mid_block_additional_residual=middle,
        return_dict=False,
    )[0]
    torch.nn.functional.mse_loss(prediction, target).backward()
    torch.nn.utils.clip_grad_norm_(net.parameters(), 1)
    optimiser.step()


print(json.dumps({"about": f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads"}), flush=True)
for _ in sys.stdin:
    began, before = time.perf_counter(), time.process_time()
    step()
    ms, cpu = 1000 * (time.perf_counter() - began), 1000 * (time.process_time() - before)
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"ms": ms, "cpu": cpu, "peak": peak}), flush=True)
