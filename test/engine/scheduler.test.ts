import { UnderdrawError } from "@underdraw/engine";
import { expect, test } from "vitest";
import { activeSteps } from "../../engine/src/controlnet/active-steps.ts";
import { samplerConfig, samplerNames } from "../../engine/src/diffusion/sampler.ts";
import { noised, noMemory, type Schedule, type ScheduleConfig, step } from "../../engine/src/diffusion/schedule.ts";
import { createSchedule, firstStep, schedulerClasses } from "../../engine/src/diffusion/scheduler.ts";
import { errors, readJson, readTensors } from "./golden.ts";

const latent: ScheduleConfig = {
  beta_schedule: "scaled_linear",
  beta_start: 0.00085,
  beta_end: 0.012,
  steps_offset: 1,
  clip_sample: false,
};

interface Inputs {
  readonly initial: Float32Array;
  readonly noise: readonly Float32Array[];
  readonly pattern: Float32Array;
}

// The stand-in for a net of the parity case: out = 0.4 * scaled x + 0.3 * (t / 1000) * pattern.
function trajectory(schedule: Schedule, start: Float32Array, { noise, pattern }: Inputs, images = 1): Float32Array[] {
  const rows: Float32Array[] = [];
  let [latents, memory] = [start, noMemory];
  for (const [i, { inputScale, timestep }] of schedule.steps.entries()) {
    const output = latents.map((x, k) => 0.4 * x * inputScale + 0.3 * (timestep / 1000) * (pattern[k] as number));
    const drawn = noise[i % noise.length] as Float32Array;
    ({ latents, memory } = step(schedule, i, { latents, output, noise: drawn, images, memory }));
    rows.push(latents);
  }
  return rows;
}

function inputsOf(path: string): Inputs {
  const tensors = readTensors(path);
  const values = (name: string) => Float32Array.from(tensors.get(name)?.values ?? []);
  const [initial, all] = [values("noise.initial"), values("noise.step")];
  const count = all.length / initial.length;
  const noise = Array.from({ length: count }, (_, i) => all.slice(i * initial.length, (i + 1) * initial.length));
  return { initial, noise, pattern: values("pattern") };
}

function compare(folder: string, first: (name: string) => number): string[] {
  const found = readJson(`${folder}/case.json`);
  const inputs = inputsOf(`${folder}/inputs.safetensors`);
  const expected = readTensors(`${folder}/expected.safetensors`);
  const failures: string[] = [];
  let compared = 0;
  const check = (name: string, actual: readonly number[] | null) => {
    const wanted = expected.get(name);
    if (!wanted || !actual) {
      if (wanted || actual) failures.push(`${name} is ${wanted ? "missing" : "too much"}`);
      return;
    }
    compared++;
    const wider = Object.entries(found.tolerance as Record<string, number[]>).find(([p]) => new RegExp(p).test(name));
    const tolerance = wider?.[1][0] ?? (/timesteps$|sigmas$/.test(name) ? 1e-5 : 1e-4);
    const error = errors(actual, wanted.values);
    if (!(error.relative <= tolerance && error.largest <= 12 * tolerance))
      failures.push(`${name}: ${error.relative.toExponential(2)}, largest ${error.largest.toExponential(2)}`);
  };
  for (const [name, config] of Object.entries(found.configs as Record<string, ScheduleConfig>))
    for (const steps of found.steps as number[]) {
      const key = `${name}.${steps}`;
      if (found.leftOut.includes(key)) continue;
      const schedule = createSchedule(config, steps, { first: first(name) });
      const start =
        first(name) > 0
          ? noised(schedule, inputs.pattern, inputs.initial, 0)
          : inputs.initial.map((x) => x * schedule.initialNoiseScale);
      check(`${key}.timesteps`, schedule.timesteps);
      check(`${key}.sigmas`, schedule.sigmas);
      check(
        `${key}.latents`,
        trajectory(schedule, start, inputs).flatMap((row) => Array.from(row)),
      );
      const middle = Math.floor(schedule.steps.length / 2);
      check(`${key}.noised`, Array.from(noised(schedule, inputs.pattern, inputs.initial, middle)));
    }
  expect(compared).toBe(expected.size);
  return failures;
}

test("every sampler of the schedulers case has the timesteps, sigmas and latents of the reference", () => {
  expect(compare("parity/schedulers", () => 0)).toEqual([]);
});

const begins = (name: string): number => Number(/\.from-(\d+)$/.exec(name)?.[1] ?? 0);

test("settings beyond the case have the numbers of the reference too", () => {
  expect(compare("schedulers", begins)).toEqual([]);
});

test("every other sampler and spacing has the numbers of the reference, from 1 to 20 steps and from later ones on", () => {
  expect(compare("samplers", begins)).toEqual([]);
});

test("published landmarks of noise levels hold", () => {
  const karras = createSchedule(samplerConfig("euler-karras", latent), 20);
  const rounded = karras.sigmas?.map((sigma) => sigma.toFixed(4));
  expect(rounded?.slice(0, 4)).toEqual(["14.6146", "11.7254", "9.3402", "7.3836"]);
  expect(rounded?.slice(-3)).toEqual(["0.0485", "0.0292", "0.0000"]);
  expect(karras.timesteps[1]).toBeCloseTo(961.73, 2);
  const plain = createSchedule(samplerConfig("euler", latent), 20);
  expect(plain.sigmas?.slice(0, 3).map((sigma) => sigma.toFixed(4))).toEqual(["14.6146", "10.7468", "8.0815"]);
  expect(createSchedule(samplerConfig("ddim", latent), 20).timesteps.slice(0, 3)).toEqual([951, 901, 851]);
});

const counts = [1, 2, 3, 7, 49, 333, 999, 1000];
const zeroSnr = { ...latent, prediction_type: "v_prediction", rescale_betas_zero_snr: true };
const bases = [latent, { ...latent, prediction_type: "v_prediction" }, zeroSnr];
const twoRows = /^(heun|dpm2|dpmpp-sde)/;

// Runs a schedule on a stand-in for a net and says how many rows it had.
function finiteRows(config: ScheduleConfig, steps: number, label: string): number {
  const schedule = createSchedule(config, steps);
  expect(Math.min(...schedule.timesteps), label).toBeGreaterThanOrEqual(0);
  expect(Math.max(...schedule.timesteps), label).toBeLessThanOrEqual(999);
  let latents: Float32Array = Float32Array.of(schedule.initialNoiseScale, -schedule.initialNoiseScale);
  let memory = noMemory;
  for (const [i, { inputScale }] of schedule.steps.entries()) {
    const output = latents.map((x) => 0.9 * x * inputScale);
    ({ latents, memory } = step(schedule, i, { latents, output, noise: Float32Array.of(1, -1), memory }));
  }
  expect(latents.every(Number.isFinite), `${label}: ${latents}`).toBe(true);
  return schedule.steps.length;
}

test("PNDM with its Runge-Kutta start, the default of a config without skip_prk_steps, has nine rows more than steps", () => {
  for (const base of bases.slice(0, 2))
    for (const spacing of ["leading", "trailing", "linspace"])
      for (const steps of [4, 5, 7, 49, 333, 999, 1000]) {
        const config = { ...base, _class_name: "PNDMScheduler", timestep_spacing: spacing };
        expect(finiteRows(config, steps, `${spacing} ${steps}`)).toBe(steps + 9);
      }
});

test("every sampler stays finite and within the trained timesteps at 1, 2, 3, 7, 49, 333, 999 and 1000 steps", () => {
  const names = samplerNames.filter((name) => !/-(karras|exponential|beta|trailing|normal|simple|uniform)$/.test(name));
  let made = 0;
  for (const name of names)
    for (const base of bases)
      for (const spacing of ["leading", "trailing", "linspace"])
        for (const steps of counts) {
          const config = { ...samplerConfig(name, base), timestep_spacing: spacing };
          const open = /^(dpmpp-2m|dpmpp-2m-sde|unipc|deis)$/.test(name) && spacing === "leading" && steps === 1000;
          if (open || ((name === "lcm" || name === "tcd") && steps > 50)) {
            expect(() => createSchedule(config, steps)).toThrow(/at most \d+/);
            continue;
          }
          const rows = finiteRows(config, steps, `${name} ${spacing} ${steps}`);
          const more = name === "pndm" && steps > 1 ? 1 : twoRows.test(name) ? steps - 1 : 0;
          expect(rows, `${name} ${spacing} ${steps}`).toBe(steps + more);
          made++;
        }
  expect(made).toBeGreaterThan(1000);
});

test("so it does on every other grid and spacing that a name may end with", () => {
  let made = 0;
  for (const name of samplerNames.filter((one) => /-(karras|exponential|beta|normal|simple|uniform)$/.test(one)))
    for (const base of bases)
      for (const steps of [1, 2, 7, 30, 333]) {
        const rows = finiteRows(samplerConfig(name, base), steps, `${name} ${steps}`);
        // ComfyUI's grid of this name has a point more where the steps do not divide the timesteps.
        const points = name.endsWith("ddim-uniform") ? Math.ceil(999 / Math.floor(1000 / steps)) : steps;
        expect(rows, `${name} ${steps}`).toBe(twoRows.test(name) ? 2 * points - 1 : points);
        made++;
      }
  expect(made).toBeGreaterThan(900);
});

test("named grids of A1111 and ComfyUI begin and end where those do", () => {
  const sigmas = (name: string) => createSchedule(samplerConfig(name, latent), 20).sigmas ?? [];
  expect([sigmas("euler-normal")[0], sigmas("euler-normal").at(-2)].map((s) => s?.toFixed(4))).toEqual([
    "14.6146",
    "0.0292",
  ]);
  expect(createSchedule(samplerConfig("euler-simple", latent), 20).timesteps.slice(0, 3)).toEqual([999, 949, 899]);
  expect(createSchedule(samplerConfig("euler-ddim-uniform", latent), 20).timesteps).toEqual(
    createSchedule(samplerConfig("ddim", latent), 20).timesteps,
  );
  expect(createSchedule(samplerConfig("dpmpp-2m-sgm-uniform", latent), 4).timesteps).toEqual([
    999, 749.25, 499.5, 249.75,
  ]);
  // Zero terminal SNR keeps a grid that was asked for, and has diffusers' begin at the top.
  expect(samplerConfig("heun-sgm-uniform", zeroSnr).timestep_spacing).toBe("sgm_uniform");
  expect(samplerConfig("heun-karras", zeroSnr)).toMatchObject({
    timestep_spacing: "trailing",
    use_karras_sigmas: true,
  });
});

test("a strength counts steps, of which some classes run two rows each", () => {
  const begin = (name: string, steps: number, strength: number) => {
    const whole = createSchedule(samplerConfig(name, latent), steps);
    const part = createSchedule(samplerConfig(name, latent), steps, { strength });
    expect(part.timesteps).toEqual(whole.timesteps.slice(-part.timesteps.length));
    return part.timesteps.length;
  };
  expect([begin("euler", 10, 0.6), begin("heun", 10, 0.6), begin("dpmpp-sde-karras", 10, 0.6)]).toEqual([6, 11, 11]);
  expect([begin("dpm2-ancestral", 7, 0.5), begin("heun", 10, 0.01), begin("heun", 1, 1)]).toEqual([5, 1, 1]);
});

test("one step begins at the noisiest timestep, whatever the grid counts from", () => {
  for (const name of ["ddim", "ddpm", "euler", "euler-karras", "euler-ancestral", "pndm"] as const)
    expect(createSchedule({ ...samplerConfig(name, latent), timestep_spacing: "linspace" }, 1).timesteps).toEqual([
      999,
    ]);
});

test("an offset that would leave the trained timesteps is lowered", () => {
  const { timesteps } = createSchedule(samplerConfig("ddim", latent), 1000);
  expect([timesteps[0], timesteps[999]]).toEqual([999, 0]);
  expect(createSchedule(samplerConfig("ddim", latent), 500).timesteps[0]).toBe(999);
});

test("zero terminal SNR starts the Euler classes at sigma 4096", () => {
  const base = { ...latent, prediction_type: "v_prediction", rescale_betas_zero_snr: true };
  for (const name of ["euler", "euler-ancestral"] as const) {
    const schedule = createSchedule(samplerConfig(name, base), 10);
    expect(schedule.sigmas?.[0]).toBeCloseTo(4096, 2);
    expect(schedule.timesteps[0]).toBe(999);
  }
});

test("classes that do not know zero terminal SNR begin where the training's noise ends, as diffusers has them", () => {
  for (const name of ["heun", "dpm2", "dpm2-ancestral", "dpmpp-sde", "lms", "deis", "dpmpp-2s"] as const)
    expect(createSchedule(samplerConfig(name, zeroSnr), 10).sigmas?.[0], name).toBeCloseTo(14.6146, 3);
  const pndm = samplerConfig("pndm", zeroSnr);
  expect(createSchedule(pndm, 10)).toEqual(createSchedule({ ...pndm, rescale_betas_zero_snr: false }, 10));
});

test("a step of a single-step sampler is two numbers in float64", () => {
  const schedule = createSchedule(samplerConfig("ddim", latent), 20);
  const at = schedule.steps[0];
  const [before, after] = [schedule.steps[0]?.noised, schedule.steps[1]?.noised];
  expect(at?.next).toMatchObject({ converted: 0, previous: [], noise: 0 });
  expect(at?.next.sample).toBeCloseTo((after?.clean ?? 0) / (before?.clean ?? 1), 12);
});

test("steps change nothing that they were given", () => {
  const schedule = createSchedule(samplerConfig("unipc", latent), 5);
  const latents = Float32Array.of(1, 2);
  const output = Float32Array.of(0.5, 0.25);
  const once = step(schedule, 0, { latents, output, memory: noMemory });
  const twice = step(schedule, 0, { latents, output, memory: noMemory });
  expect(once).toEqual(twice);
  expect([latents, output]).toEqual([Float32Array.of(1, 2), Float32Array.of(0.5, 0.25)]);
  expect(noMemory.converted).toEqual([]);
  expect(() => step(schedule, 5, { latents, output, memory: noMemory })).toThrow(RangeError);
  expect(() => step(schedule, 1, { latents, output, memory: noMemory })).toThrow(TypeError);
});

test("a step that draws noise says when it got none", () => {
  const schedule = createSchedule(samplerConfig("euler-ancestral", latent), 5);
  const input = { latents: Float32Array.of(1), output: Float32Array.of(1), memory: noMemory };
  expect(schedule.steps[0]?.next.noise).toBeGreaterThan(0);
  expect(() => step(schedule, 0, input)).toThrow(/noise/);
  expect(schedule.steps[4]?.next.noise).toBe(0);
  expect(step(schedule, 4, input).latents.length).toBe(1);
});

test("what cannot be carried is refused by name", () => {
  const refused = (config: ScheduleConfig, steps: number, words: string) => {
    let caught: unknown;
    try {
      createSchedule(config, steps);
    } catch (error) {
      caught = error;
    }
    expect(UnderdrawError.is(caught, "request-invalid"), words).toBe(true);
    expect(String(caught)).toContain(words);
  };
  const of = (name: string, extra: ScheduleConfig) => ({ ...samplerConfig(name, latent), ...extra });
  refused(of("ddim", { _class_name: "SASolverScheduler" }), 5, "SASolverScheduler");
  refused(of("ddim", { _class_name: "constructor" }), 5, schedulerClasses.join(", "));
  refused(of("ddim", { prediction_type: "flow_prediction" }), 5, "flow_prediction");
  refused(of("ddim", { timestep_spacing: "even" }), 5, "even");
  refused(of("ddim", { beta_schedule: "laplace" }), 5, "laplace");
  refused(of("ddim", { rescale_betas_zero_snr: true, timestep_spacing: "trailing" }), 5, "divides by zero");
  refused(of("ddim", { trained_betas: [0.1] }), 5, "trained_betas");
  refused(of("ddpm", { variance_type: "learned_range" }), 5, "learned_range");
  refused(of("euler", { use_flow_sigmas: true }), 5, "use_flow_sigmas");
  refused(of("euler", { use_lu_lambdas: true }), 5, "use_lu_lambdas");
  refused(of("ddim", { timestep_spacing: "sgm_uniform" }), 5, "sgm_uniform is for samplers that step in sigma");
  refused(of("ddim", { eta: 1.5 }), 5, "from 0 to 1");
  refused(of("ddim", { eta: Number.NaN }), 5, "eta is NaN");
  refused(of("euler", { use_karras_sigmas: true, use_exponential_sigmas: true }), 5, "karras and exponential");
  refused(of("euler", { final_sigmas_type: "none" }), 5, "final_sigmas_type");
  refused(of("euler", { interpolation_type: "cubic" }), 5, "cubic");
  refused(of("dpmpp-2m", { algorithm_type: "dpmsolver" }), 5, "dpmsolver++");
  refused(of("dpmpp-2m", { solver_order: 4 }), 5, "solver_order");
  refused(of("pndm", { skip_prk_steps: false }), 3, "at least 4");
  for (const steps of [0, -1, 1.5, 1001, Number.NaN]) refused(of("ddim", {}), steps, "from 1 to 1000");
  expect(() => samplerConfig("restart", latent)).toThrow(/ddim, .*lcm/);
  for (const [theirs, ours] of [
    ["DPM++ 2M SDE Karras", "dpmpp-2m-sde-karras"],
    ["Euler a", "euler-ancestral"],
    ["dpm_2_ancestral", "dpm2-ancestral"],
    ["uni_pc", "unipc"],
  ])
    expect(() => samplerConfig(theirs, latent)).toThrow(`Did you mean "${ours}"?`);
  refused({ ...samplerConfig("heun", latent), use_lu_lambdas: true }, 5, "use_lu_lambdas");
  for (const name of ["dpm2", "dpm2-ancestral", "dpmpp-sde"])
    refused({ ...samplerConfig(name, latent), prediction_type: "sample" }, 5, "predicts epsilon or v_prediction");
  refused(of("deis", { thresholding: true }), 5, "thresholding");
  expect(() => createSchedule(of("ddim", {}), 5, { first: 5 })).toThrow(RangeError);
});

test("a sampler keeps what the checkpoint was trained with", () => {
  const base = { _class_name: "DDIMScheduler", prediction_type: "v_prediction", steps_offset: 0 };
  const config = samplerConfig("lcm", base);
  // LCMScheduler alone would take the betas of Stable Diffusion: the checkpoint's defaults are those of its own class.
  expect(config).toMatchObject({ beta_schedule: "linear", beta_start: 0.0001, beta_end: 0.02, steps_offset: 0 });
  expect(config.prediction_type).toBe("v_prediction");
  const zero = samplerConfig("euler", { ...base, rescale_betas_zero_snr: true });
  expect(zero).toMatchObject({ timestep_spacing: "trailing", rescale_betas_zero_snr: true });
  expect(samplerConfig("euler", latent).timestep_spacing).toBe("linspace");
  expect(samplerConfig(undefined, base)).toBe(base);
  expect(samplerConfig(latent, base)).toBe(latent);
});

test("strength leaves out the steps that diffusers leaves out", () => {
  expect([1, 0.85, 0.6, 0.5, 0.1, 0.01, 0].map((strength) => firstStep(20, strength))).toEqual([
    0, 3, 8, 10, 18, 20, 20,
  ]);
  expect(firstStep(10, 0.29)).toBe(8); // 10 * 0.29 is 2.9
  expect(firstStep(100, 0.29)).toBe(72); // 100 * 0.29 is 28.999...
});

test("a control acts in the steps that lie within its range, to the last bit of the division", () => {
  const steps = (start: number, end: number, count: number) =>
    activeSteps([start, end], count).flatMap((active, i) => (active ? [i] : []));
  expect(steps(0, 1, 4)).toEqual([0, 1, 2, 3]);
  expect(steps(0, 0.5, 4)).toEqual([0, 1]);
  expect(steps(0.25, 1, 4)).toEqual([1, 2, 3]);
  expect(steps(0, 0.8, 1)).toEqual([]);
  // 3 / 10 is 0.3, below the sum 0.1 + 0.2; 0.7 is not 0.1 * 7 either.
  expect(steps(0.1 + 0.2, 1, 10)).toEqual([4, 5, 6, 7, 8, 9]);
  expect(steps(0.3, 0.7, 10)).toEqual([3, 4, 5, 6]);
  expect(steps(0, 0.1 * 7, 10)).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(steps(1, 1, 3)).toEqual([]);
});
