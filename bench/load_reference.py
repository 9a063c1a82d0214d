"""What bench/load.ts compares with: diffusers' from_single_file on the same checkpoint, in float32 on the CPU.

    load_reference.py CHECKPOINT CONFIGS THREADS

CONFIGS is a folder in diffusers' layout whose configs and tokenizer belong to the checkpoint, so that nothing is fetched.
Prints one JSON object: seconds from the call to the loaded pipeline, and to the end of the first step of 256 x 256 pixels
without guidance, importing of libraries left out; then waits for a line, so that its memory can be read. Needs torch,
diffusers and transformers.
"""

import json
import logging
import sys
import time
import warnings

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)

import diffusers  # noqa: E402
import torch  # noqa: E402
import transformers  # noqa: E402
from diffusers import StableDiffusionPipeline  # noqa: E402
from diffusers.loaders import single_file_utils  # noqa: E402, F401
from transformers import CLIPTextModel  # noqa: E402, F401

checkpoint, configs, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
diffusers.utils.logging.disable_progress_bar()
transformers.utils.logging.disable_progress_bar()
torch.set_num_threads(threads)


class Enough(Exception):
    pass


def stop(*_: object) -> dict:
    raise Enough


began = time.perf_counter()
pipe = StableDiffusionPipeline.from_single_file(
    checkpoint, config=configs, local_files_only=True, torch_dtype=torch.float32, safety_checker=None
)
loaded = time.perf_counter() - began
pipe.set_progress_bar_config(disable=True)
try:
    with torch.no_grad():
        pipe("a lighthouse", width=256, height=256, num_inference_steps=2, guidance_scale=1, callback_on_step_end=stop)
except Enough:
    pass
first = time.perf_counter() - began
about = f"torch {torch.__version__}, diffusers {diffusers.__version__}"
print(json.dumps({"about": about, "loaded": 1000 * loaded, "first": 1000 * first}), flush=True)
sys.stdin.readline()
