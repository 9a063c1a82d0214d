"""Trajectories of diffusers' samplers: Heun, DPM2, DPM++ SDE, 2M SDE, singlestep, DEIS, LMS, TCD, and the spacings beta,
exponential and those of A1111 and ComfyUI. Makes the files beside this one.

python make.py, with requirements.txt, without network. The stand-in for a net is that of the parity case.
A name that ends in `.from-K` begins at row K as image-to-image does: `pattern` with `noise.initial` added.
"""

import json
import sys
import warnings
from pathlib import Path

import diffusers
import numpy as np
import torch
from diffusers.schedulers import scheduling_dpmsolver_sde
from safetensors.torch import save_file

warnings.filterwarnings("ignore")
diffusers.logging.set_verbosity_error()
HERE = Path(__file__).parent
SHAPE = (1, 2, 1, 3)
SHARED = {"beta_schedule": "scaled_linear", "beta_start": 0.00085, "beta_end": 0.012, "steps_offset": 1}
STEPS = [1, 2, 3, 7, 20]

V = {"prediction_type": "v_prediction"}
X = {"prediction_type": "sample"}
ZERO = {**V, "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
END = {"final_sigmas_type": "sigma_min"}
EULER = {"class": "EulerDiscreteScheduler"}
HEUN = {"class": "HeunDiscreteScheduler"}
DPM2 = {"class": "KDPM2DiscreteScheduler"}
DPM2A = {"class": "KDPM2AncestralDiscreteScheduler"}
SDE = {"class": "DPMSolverSDEScheduler"}
LMS = {"class": "LMSDiscreteScheduler"}
SINGLE = {"class": "DPMSolverSinglestepScheduler"}
MULTI = {"class": "DPMSolverMultistepScheduler"}
MULTI_SDE = {**MULTI, "algorithm_type": "sde-dpmsolver++"}
UNIPC = {"class": "UniPCMultistepScheduler"}
DEIS = {"class": "DEISMultistepScheduler"}
TCD = {"class": "TCDScheduler"}
DDIM = {"class": "DDIMScheduler", "clip_sample": False, "set_alpha_to_one": False}
KARRAS, EXPONENTIAL, BETA = {"use_karras_sigmas": True}, {"use_exponential_sigmas": True}, {"use_beta_sigmas": True}
LEADING, TRAILING = {"timestep_spacing": "leading"}, {"timestep_spacing": "trailing"}
CONFIGS = {
    "heun": HEUN,
    "heun.v.karras": {**HEUN, **V, **KARRAS},
    "heun.sample.trailing": {**HEUN, **X, **TRAILING},
    "heun.leading.clip": {**HEUN, **LEADING, "clip_sample": True, "clip_sample_range": 1.5},
    "heun.beta": {**HEUN, **BETA},
    "heun.cosine": {**HEUN, "beta_schedule": "squaredcos_cap_v2"},
    "heun.bare": {"class": "HeunDiscreteScheduler", "bare": True},
    "heun.from-4": {**HEUN, **KARRAS},
    "dpm2": DPM2,
    "dpm2.v.karras": {**DPM2, **V, **KARRAS},
    "dpm2.exponential.leading": {**DPM2, **EXPONENTIAL, **LEADING},
    "dpm2.from-2": {**DPM2, **TRAILING},
    "dpm2a": DPM2A,
    "dpm2a.v.karras": {**DPM2A, **V, **KARRAS},
    "dpm2a.beta.trailing": {**DPM2A, **BETA, **TRAILING},
    "dpm2a.from-2": DPM2A,
    "sde": SDE,
    "sde.v.karras": {**SDE, **V, **KARRAS},
    "sde.exponential.trailing": {**SDE, **EXPONENTIAL, **TRAILING},
    "sde.leading": {**SDE, **LEADING},
    "sde.from-4": {**SDE, **KARRAS},
    "lms": LMS,
    "lms.v.karras": {**LMS, **V, **KARRAS},
    "lms.sample.leading": {**LMS, **X, **LEADING},
    "lms.beta": {**LMS, **BETA},
    "lms.from-2": LMS,
    "single": SINGLE,
    "single.v.karras": {**SINGLE, **V, **KARRAS},
    "single.1": {**SINGLE, "solver_order": 1, **EXPONENTIAL},
    "single.3": {**SINGLE, "solver_order": 3, "lower_order_final": True},
    "single.3.heun": {**SINGLE, "solver_order": 3, "solver_type": "heun", **END},
    "single.heun.end": {**SINGLE, "solver_type": "heun", **END},
    "single.sde": {**SINGLE, "algorithm_type": "sde-dpmsolver++", **KARRAS},
    "single.sde.heun": {**SINGLE, "algorithm_type": "sde-dpmsolver++", "solver_type": "heun", **BETA},
    "single.sde.3": {**SINGLE, "algorithm_type": "sde-dpmsolver++", "solver_order": 3, "solver_type": "heun", **END},
    "single.sde.3.midpoint": {**SINGLE, "algorithm_type": "sde-dpmsolver++", "solver_order": 3, **END},
    "single.threshold": {**SINGLE, "thresholding": True, "sample_max_value": 1.5},
    "single.cosine.sample": {**SINGLE, **X, "beta_schedule": "squaredcos_cap_v2", "lambda_min_clipped": -5.1},
    "single.from-1": SINGLE,
    "single.3.from-1": {**SINGLE, "solver_order": 3, **END},
    "single.3.from-2": {**SINGLE, "solver_order": 3, **END},
    "multi.beta": {**MULTI, **BETA},
    "multi.zero": {**MULTI, **ZERO},
    "multi.sde.karras": {**MULTI_SDE, **KARRAS},
    "multi.sde.exponential.v": {**MULTI_SDE, **EXPONENTIAL, **V},
    "multi.sde.end.leading": {**MULTI_SDE, **END, **LEADING},
    "multi.sde.zero": {**MULTI_SDE, **ZERO},
    "multi.sde.from-2": {**MULTI_SDE, **KARRAS},
    "unipc.beta.end": {**UNIPC, **BETA, **END},
    "unipc.zero": {**UNIPC, **ZERO},
    "deis": DEIS,
    "deis.1.v": {**DEIS, **V, "solver_order": 1},
    "deis.3": {**DEIS, "solver_order": 3, **LEADING},
    "deis.3.low": {**DEIS, "solver_order": 3, "lower_order_final": False, **TRAILING},
    "deis.karras.sample": {**DEIS, **KARRAS, **X},
    "deis.beta": {**DEIS, **BETA},
    "deis.from-1": {**DEIS, "solver_order": 3},
    "tcd": TCD,
    "tcd.v.zero": {**TCD, "prediction_type": "v_prediction", "rescale_betas_zero_snr": True},
    "tcd.sample.full": {**TCD, **X, "eta": 1.0},
    "tcd.plain": {**TCD, "eta": 0.0, "original_inference_steps": 100},
    "tcd.from-1": {**TCD, "eta": 0.7},
    "ddim.eta": {**DDIM, "eta": 1.0},
    "ddim.eta.v.clip": {**DDIM, **V, "eta": 0.4, "clip_sample": True, "clip_sample_range": 0.9},
    "euler.beta": {**EULER, **BETA},
    "euler.beta.bounds": {**EULER, **BETA, "sigma_min": 0.1, "sigma_max": 10.0},
    "euler.zero": {**EULER, **ZERO},
    "euler.normal": {**EULER, "named": "normal"},
    "euler.sgm_uniform": {**EULER, "named": "sgm_uniform"},
    "euler.simple.v": {**EULER, **V, "named": "simple"},
    "euler.ddim_uniform": {**EULER, "named": "ddim_uniform"},
}  # fmt: skip


class Path_(scheduling_dpmsolver_sde.BrownianTreeNoiseSampler):
    """A Brownian path over sigma whose pieces come from `fresh`, in the order in which it is asked."""

    fresh = staticmethod(lambda: None)

    def __init__(self, *_, **__):
        self.start, self.point, self.value = None, None, None

    def __call__(self, sigma, sigma_next):
        begin, end = float(sigma), float(sigma_next)
        if self.start is not None and abs(self.start - begin) < 1e-6 * begin:
            value = self.value + self.fresh() * (self.point - end) ** 0.5
        else:
            value = self.fresh() * (begin - end) ** 0.5
        self.start, self.point, self.value = begin, end, value
        return value / (begin - end) ** 0.5


scheduling_dpmsolver_sde.BrownianTreeNoiseSampler = Path_


def named_sigmas(name: str, steps: int, scheduler) -> np.ndarray:
    """The noise levels that A1111 and ComfyUI have under a name, with their 0 at the end."""
    table = (((1 - scheduler.alphas_cumprod) / scheduler.alphas_cumprod) ** 0.5).double().numpy()
    at = lambda ts: np.exp(np.interp(ts, np.arange(len(table)), np.log(table)))  # noqa: E731
    top = len(table) - 1
    if name == "normal":
        found = at(np.linspace(top, 0, steps))
    elif name == "sgm_uniform":
        found = at(np.linspace(top, 0, steps + 1)[:-1])
    elif name == "simple":
        found = np.array([table[-(1 + int(i * len(table) / steps))] for i in range(steps)])
    else:
        found = table[1 :: max(len(table) // steps, 1)][::-1]
    return np.append(found, 0.0)


def set_steps(scheduler, steps: int, named: str | None) -> None:
    if named is None:
        return scheduler.set_timesteps(steps)
    return scheduler.set_timesteps(sigmas=named_sigmas(named, steps, scheduler).tolist())


def run(scheduler, steps: int, first: int, inputs: dict[str, torch.Tensor], named: str | None, eta: float | None):
    at, module = 0, sys.modules[type(scheduler).__module__]
    draw = lambda *_, **__: inputs["noise.step"][at].clone()  # noqa: E731
    if hasattr(module, "randn_tensor"):
        module.randn_tensor = draw
    Path_.fresh = staticmethod(draw)
    set_steps(scheduler, steps, named)
    timesteps = scheduler.timesteps[first:]
    if len(timesteps) == 0:
        raise IndexError("it begins after its last row")
    fresh = type(scheduler).from_config(scheduler.config)
    set_steps(fresh, steps, named)
    add = lambda k: fresh.add_noise(inputs["pattern"], inputs["noise.initial"], timesteps[k : k + 1])  # noqa: E731
    latents = add(0) if first else inputs["noise.initial"] * scheduler.init_noise_sigma
    if hasattr(scheduler, "set_begin_index"):
        scheduler.set_begin_index(first)
    more = {} if eta is None else {"eta": eta}
    rows = []
    for at, t in enumerate(timesteps):
        out = 0.4 * scheduler.scale_model_input(latents, t) + 0.3 * (float(t) / 1000) * inputs["pattern"]
        latents = scheduler.step(out, t, latents, return_dict=False, **more)[0].float()
        rows.append(latents)
    found = {"timesteps": timesteps.double(), "latents": torch.stack(rows), "noised": add(len(timesteps) // 2)}
    if hasattr(scheduler, "sigmas"):
        found["sigmas"] = scheduler.sigmas.double()
    return found


def main() -> None:
    draw = torch.Generator().manual_seed(1502)
    inputs = {"noise.initial": torch.randn(SHAPE, generator=draw), "noise.step": torch.randn((40, *SHAPE), generator=draw)}
    inputs["pattern"] = torch.randn(SHAPE, generator=draw)
    configs, expected, left_out = {}, {}, []
    for name, config in CONFIGS.items():
        full = dict(config) if config.get("bare") else {**SHARED, **config}
        kind, named, eta = full.pop("class"), full.pop("named", None), full.pop("eta", None)
        maker = getattr(diffusers, kind)
        known = set(maker().config)
        settings = {"_class_name": kind, **{key: value for key, value in full.items() if key in known}}
        configs[name] = dict(settings)
        if named:
            configs[name]["timestep_spacing"] = named
        if eta is not None:
            configs[name]["eta"] = eta
        first = int(name.rsplit(".from-", 1)[1]) if ".from-" in name else 0
        for steps in STEPS:
            key = f"{name}.{steps}"
            try:
                # Copied, since diffusers changes the config of some while it sets the steps.
                rows = run(maker.from_config(json.loads(json.dumps(settings))), steps, first, inputs, named, eta)
            except (IndexError, ZeroDivisionError) as error:
                left_out.append(key)
                print(key, type(error).__name__, error)
                continue
            if not all(torch.isfinite(row).all() for row in rows.values()):
                left_out.append(key)
                print(key, "is not finite")
                continue
            # One step on a closed linspace grid: diffusers starts where there is no noise, the engine at the top.
            closed = settings.get("timestep_spacing", "linspace") == "linspace" and named is None
            if steps == 1 and closed and rows["timesteps"][0] == 0 and kind != "TCDScheduler":
                left_out.append(key)
                continue
            expected |= {f"{key}.{part}": row.float().contiguous() for part, row in rows.items()}
    save_file(inputs, HERE / "inputs.safetensors")
    save_file(expected, HERE / "expected.safetensors")
    # diffusers subtracts float32 numbers of the size of its first sigma, 4096, there.
    tolerance = {"^euler\\.zero\\..*latents": [1e-3, 1e-3]}
    case = {"steps": STEPS, "leftOut": left_out, "tolerance": tolerance, "configs": configs}
    (HERE / "case.json").write_text(json.dumps(case, indent=1) + "\n")


main()
