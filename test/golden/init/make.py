"""What a picture to begin with becomes, by other hands than the engine's: the mean of its latents through diffusers'
image-to-image pipeline, grays that say when a place may change (differential diffusion: the rule of Levin and Fried 2023,
written out here over diffusers' UNet and scheduler), and the overlay of diffusers' inpainting pipelines.
Makes the files beside this one. python make.py, with torch, diffusers, transformers and Pillow."""

from pathlib import Path

import numpy as np
import torch
from diffusers import EulerDiscreteScheduler, StableDiffusionImg2ImgPipeline
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from safetensors.torch import save_file

HERE = Path(__file__).parent
WIDTH, HEIGHT, SEED = 72, 56, 7
PROMPT, NEGATIVE, GUIDANCE, STEPS, STRENGTH = "a small boat", "fog", 4.0, 7, 0.8

torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
rows, columns = np.mgrid[0:HEIGHT, 0:WIDTH]
photo = np.stack([columns * 3, rows * 4, (rows * columns) % 256], 2).astype(np.uint8)
# Every level, so that some places open in each step; a black corner and a white bar.
gray = (columns * 255 // (WIDTH - 1)).astype(np.uint8)
gray[:16, :24] = 0
gray[40:, 8:32] = 255
Image.fromarray(photo, "RGB").save(HERE / "picture.png")
Image.fromarray(gray, "L").save(HERE / "mask.png")

pipe = StableDiffusionImg2ImgPipeline.from_pretrained(HERE.parent / "parity" / "sd15-tiny" / "base", safety_checker=None)
pipe.set_progress_bar_config(disable=True)
processor = VaeImageProcessor(vae_scale_factor=8)
made = {}
with torch.no_grad():
    posterior = pipe.vae.encode(processor.preprocess(Image.fromarray(photo, "RGB"))).latent_dist
    mean = posterior.mode() * pipe.vae.config.scaling_factor
    asked = {"prompt": PROMPT, "negative_prompt": NEGATIVE, "guidance_scale": GUIDANCE, "num_inference_steps": STEPS}
    out = pipe(
        image=mean, strength=STRENGTH, generator=torch.Generator().manual_seed(SEED), output_type="latent", **asked
    )
    made["mean.ddim"] = out.images[0]

    positive, negative = pipe.encode_prompt(PROMPT, "cpu", 1, True, NEGATIVE)
    states = torch.cat([negative, positive])
    # 1 where the picture must stay; the first pixel of each block, as the engine has it.
    stays = 1 - torch.from_numpy(gray[::8, ::8].astype(np.float32) / 255)
    for name, scheduler in [("ddim", pipe.scheduler), ("euler", EulerDiscreteScheduler.from_config(pipe.scheduler.config))]:
        pipe.scheduler = scheduler
        generator = torch.Generator().manual_seed(SEED)
        clean = posterior.sample(generator) * pipe.vae.config.scaling_factor
        noise = torch.randn(clean.shape, generator=generator)
        scheduler.set_timesteps(STEPS)
        timesteps, count = pipe.get_timesteps(STEPS, STRENGTH, "cpu")
        latents = None
        for i, timestep in enumerate(timesteps):
            original = scheduler.add_noise(clean, noise, timestep[None])
            if latents is None:
                latents = original
            else:
                kept = (stays > torch.tensor(i / count, dtype=torch.float32)).float()
                latents = original * kept + latents * (1 - kept)
                made[f"when.{name}.{i - 1}"] = latents[0].clone()
            double = scheduler.scale_model_input(torch.cat([latents] * 2), timestep)
            plain, prompted = pipe.unet(double, timestep, encoder_hidden_states=states).sample.chunk(2)
            latents = scheduler.step(plain + GUIDANCE * (prompted - plain), timestep, latents).prev_sample
        made[f"when.{name}.{count - 1}"] = latents[0].clone()

# The overlay: another picture as what was drawn, a mask with every level.
drawn = np.random.default_rng(3).integers(0, 256, photo.shape, dtype=np.uint8)
over = processor.apply_overlay(Image.fromarray(gray, "L"), Image.fromarray(photo, "RGB"), Image.fromarray(drawn, "RGB"))
Image.fromarray(drawn, "RGB").save(HERE / "drawn.png")
over.convert("RGB").save(HERE / "overlay.png")
save_file({name: value.contiguous() for name, value in made.items()}, HERE / "expected.safetensors")
print({name: tuple(value.shape) for name, value in made.items()})
