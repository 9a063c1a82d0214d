"""A control with a mask: the residuals of diffusers' ControlNetModel in the first step of the parity case `sd15-tiny`,
times the weight, times the mask at each residual's size (PyTorch's bilinear interpolation without aligned corners).
Makes the files beside this one. python make.py, with torch, diffusers and Pillow."""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import ControlNetModel
from PIL import Image
from safetensors.torch import load_file, save_file
from torch.nn.functional import interpolate

HERE = Path(__file__).parent
CASE = HERE.parent / "parity" / "sd15-tiny"
WEIGHT = 0.8

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
request = json.loads((CASE / "case.json").read_text())["request"]
control = request["controls"][0]
seen = load_file(CASE / "expected.safetensors")
net = ControlNetModel.from_pretrained(CASE / "controlnets" / control["net"], torch_dtype=torch.float32).eval()

# A slope, a hole in it and a white bar: values between black and white, edges, and places where nothing acts.
rows, columns = np.mgrid[0 : request["height"], 0 : request["width"]]
mask = (columns * 255 // (request["width"] - 1)).astype(np.uint8)
mask[(rows - 40) ** 2 + (columns - 100) ** 2 < 26**2] = 0
mask[70:83, 9:71] = 255
Image.fromarray(mask, "L").save(HERE / "mask.png")

picture = np.asarray(Image.open(CASE / control["map"]).convert("RGB"), np.float32) / 255
hint = torch.from_numpy(picture).permute(2, 0, 1)[None]
with torch.no_grad():
    down, middle = net(
        torch.cat([seen["unet.input"]] * 2),
        seen["timesteps"][0],
        encoder_hidden_states=torch.cat([seen["text.uncond.states"], seen["text.cond.states"]]),
        controlnet_cond=torch.cat([hint] * 2),
        conditioning_scale=WEIGHT,
        return_dict=False,
    )
plane = torch.from_numpy(mask.astype(np.float32) / 255)[None, None]
masked = {
    f"control.0.scaled.{j}": residual * interpolate(plane, residual.shape[2:], mode="bilinear", align_corners=False)
    for j, residual in enumerate([*down, middle])
}
save_file({name: value.contiguous() for name, value in masked.items()}, HERE / "expected.safetensors")
