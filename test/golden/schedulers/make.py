"""Trajectories of diffusers' schedulers for settings that the parity case lacks. Makes the files beside this one.

python make.py, with diffusers 0.42.1, without network. The stand-in for a net is that of the parity case.
A name that ends in `.from-K` begins at step K as image-to-image does: `pattern` with `noise.initial` added.
"""

import json
import sys
from pathlib import Path

import diffusers
import torch
from safetensors.torch import save_file

HERE = Path(__file__).parent
SHAPE = (1, 4, 2, 3)
SHARED = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1}
STEPS = [2, 5, 16]

DDIM = {"class": "DDIMScheduler", "clip_sample": False, "set_alpha_to_one": False}
EULER = {"class": "EulerDiscreteScheduler"}
DPM = {"class": "DPMSolverMultistepScheduler"}
UNIPC = {"class": "UniPCMultistepScheduler"}
PNDM = {"class": "PNDMScheduler", "skip_prk_steps": True}
START = {"class": "PNDMScheduler"}
CONFIGS = {
    "ddim.sample": {**DDIM, "prediction_type": "sample"},
    "ddim.clip": {**DDIM, "clip_sample": True, "clip_sample_range": 0.8},
    "ddim.threshold": {**DDIM, "thresholding": True, "dynamic_thresholding_ratio": 0.9, "sample_max_value": 1.5},
    "ddim.linear.one": {**DDIM, "beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02, "set_alpha_to_one": True},
    "ddim.cosine": {**DDIM, "beta_schedule": "squaredcos_cap_v2"},
    "ddim.short": {**DDIM, "num_train_timesteps": 40, "steps_offset": 0},
    "ddim.trained": {**DDIM, "num_train_timesteps": 50, "trained_betas": [0.01 + 0.001 * i for i in range(50)]},
    "ddim.trailing.from-1": {**DDIM, "timestep_spacing": "trailing"},
    "ddpm.large.clip": {"class": "DDPMScheduler", "variance_type": "fixed_large"},
    "ddpm.log.sample": {"class": "DDPMScheduler", "variance_type": "fixed_small_log", "prediction_type": "sample", "clip_sample": False},
    "euler.sample": {**EULER, "prediction_type": "sample"},
    "euler.log-linear": {**EULER, "interpolation_type": "log_linear"},
    "euler.final": {**EULER, "final_sigmas_type": "sigma_min", "timestep_spacing": "trailing"},
    "euler.exponential": {**EULER, "use_exponential_sigmas": True},
    "euler.karras.leading": {**EULER, "use_karras_sigmas": True, "timestep_spacing": "leading", "sigma_min": 0.1, "sigma_max": 10.0},
    "euler.continuous": {**EULER, "timestep_type": "continuous", "prediction_type": "v_prediction"},
    "euler.cosine": {**EULER, "beta_schedule": "squaredcos_cap_v2"},
    "euler.from-1": {**EULER},
    "euler-ancestral.linear": {"class": "EulerAncestralDiscreteScheduler", "beta_schedule": "linear", "beta_start": 1e-4, "beta_end": 0.02},
    "dpm.heun": {**DPM, "solver_type": "heun"},
    "dpm.1": {**DPM, "solver_order": 1},
    "dpm.3": {**DPM, "solver_order": 3},
    "dpm.3.final": {**DPM, "solver_order": 3, "final_sigmas_type": "sigma_min", "timestep_spacing": "leading"},
    "dpm.low": {**DPM, "lower_order_final": False, "final_sigmas_type": "sigma_min"},
    "dpm.euler-at-final": {**DPM, "euler_at_final": True, "final_sigmas_type": "sigma_min"},
    "dpm.sde": {**DPM, "algorithm_type": "sde-dpmsolver++"},
    "dpm.sde.heun": {**DPM, "algorithm_type": "sde-dpmsolver++", "solver_type": "heun", "use_karras_sigmas": True},
    "dpm.sde.3": {**DPM, "algorithm_type": "sde-dpmsolver++", "solver_order": 3},
    "dpm.lu": {**DPM, "use_lu_lambdas": True},
    "dpm.exponential": {**DPM, "use_exponential_sigmas": True},
    "dpm.karras.final": {**DPM, "use_karras_sigmas": True, "final_sigmas_type": "sigma_min"},
    "dpm.cosine": {**DPM, "beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1},
    "dpm.cosine.karras": {**DPM, "beta_schedule": "squaredcos_cap_v2", "use_karras_sigmas": True},
    "dpm.threshold": {**DPM, "thresholding": True, "sample_max_value": 2.0},
    "dpm.sample": {**DPM, "prediction_type": "sample"},
    "dpm.from-1": {**DPM, "use_karras_sigmas": True},
    "unipc.1": {**UNIPC, "solver_order": 1},
    "unipc.3": {**UNIPC, "solver_order": 3},
    "unipc.3.v": {**UNIPC, "solver_order": 3, "prediction_type": "v_prediction", "solver_type": "bh1", "final_sigmas_type": "sigma_min"},
    "unipc.bh1": {**UNIPC, "solver_type": "bh1", "final_sigmas_type": "sigma_min"},
    "unipc.noise": {**UNIPC, "predict_x0": False, "final_sigmas_type": "sigma_min"},
    "unipc.plain": {**UNIPC, "disable_corrector": [0, 2]},
    "unipc.low": {**UNIPC, "lower_order_final": False, "final_sigmas_type": "sigma_min"},
    "unipc.exponential": {**UNIPC, "use_exponential_sigmas": True, "final_sigmas_type": "sigma_min", "sigma_min": 0.05, "sigma_max": 12.0},
    "unipc.from-1": {**UNIPC},
    "pndm": {**PNDM},
    "pndm.v.trailing": {**PNDM, "prediction_type": "v_prediction", "timestep_spacing": "trailing"},
    "pndm.linspace.one": {**PNDM, "timestep_spacing": "linspace", "set_alpha_to_one": True},
    "pndm.from-1": {**PNDM},
    "pndm.start": {**START},
    "pndm.start.v.trailing": {**START, "prediction_type": "v_prediction", "timestep_spacing": "trailing"},
    "pndm.start.linspace.one": {**START, "timestep_spacing": "linspace", "set_alpha_to_one": True},
    "pndm.start.from-3": {**START},
    "lcm.from-1": {"class": "LCMScheduler"},
    "lcm.clip": {"class": "LCMScheduler", "clip_sample": True, "original_inference_steps": 100, "timestep_scaling": 5.0},
}  # fmt: skip


def run(scheduler, steps: int, first: int, inputs: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    at, module = 0, sys.modules[type(scheduler).__module__]
    if hasattr(module, "randn_tensor"):
        module.randn_tensor = lambda *_, **__: inputs["noise.step"][at].clone()
    scheduler.set_timesteps(steps)
    timesteps = scheduler.timesteps[first:]
    fresh = type(scheduler).from_config(scheduler.config)
    fresh.set_timesteps(steps)
    add = lambda k: fresh.add_noise(inputs["pattern"], inputs["noise.initial"], timesteps[k : k + 1])  # noqa: E731
    latents = add(0) if first else inputs["noise.initial"] * scheduler.init_noise_sigma
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    rows = []
    for at, t in enumerate(timesteps):
        out = 0.4 * scheduler.scale_model_input(latents, t) + 0.3 * (float(t) / 1000) * inputs["pattern"]
        latents = scheduler.step(out, t, latents, return_dict=False)[0]
        rows.append(latents)
    found = {"timesteps": timesteps.double(), "latents": torch.stack(rows), "noised": add(len(timesteps) // 2)}
    if hasattr(scheduler, "sigmas"):
        found["sigmas"] = scheduler.sigmas.double()
    return found


def main() -> None:
    draw = torch.Generator().manual_seed(1601)
    inputs = {"noise.initial": torch.randn(SHAPE, generator=draw), "noise.step": torch.randn((max(STEPS) + 1, *SHAPE), generator=draw)}
    inputs["pattern"] = torch.randn(SHAPE, generator=draw)
    configs, expected, left_out = {}, {}, []
    for name, config in CONFIGS.items():
        full = {**SHARED, **config}
        kind = full.pop("class")
        known = set(getattr(diffusers, kind)().config)
        configs[name] = {"_class_name": kind, **{key: value for key, value in full.items() if key in known}}
        first = int(name.rsplit(".from-", 1)[1]) if ".from-" in name else 0
        for steps in STEPS:
            if name.startswith("pndm.start") and steps < 4:  # diffusers raises
                left_out.append(f"{name}.{steps}")
                continue
            rows = run(getattr(diffusers, kind).from_config(configs[name]), steps, first, inputs)
            assert all(torch.isfinite(row).all() for row in rows.values()), f"{name}.{steps}"
            expected |= {f"{name}.{steps}.{key}": row.float().contiguous() for key, row in rows.items()}
    save_file(inputs, HERE / "inputs.safetensors")
    save_file(expected, HERE / "expected.safetensors")
    case = {"steps": STEPS, "leftOut": left_out, "tolerance": {}, "configs": configs}
    (HERE / "case.json").write_text(json.dumps(case, indent=1) + "\n")


main()
