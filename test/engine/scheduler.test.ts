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

test("settings beyond the case have the numbers of the reference too", () => {
  expect(compare("schedulers", (name) => Number(/\.from-(\d+)$/.exec(name)?.[1] ?? 0))).toEqual([]);
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

test("every sampler stays finite and within the trained timesteps at 1, 2, 3, 7, 49, 333, 999 and 1000 steps", () => {
  const zero = { ...latent, prediction_type: "v_prediction", rescale_betas_zero_snr: true };
  let made = 0;
  for (const name of samplerNames)
    for (const base of [latent, { ...latent, prediction_type: "v_prediction" }, zero])
      for (const spacing of ["leading", "trailing", "linspace"])
        for (const steps of [1, 2, 3, 7, 49, 333, 999, 1000]) {
          const config = { ...samplerConfig(name, base), timestep_spacing: spacing };
          const open = /dpmpp-2m$|unipc$/.test(name) && spacing === "leading" && steps === 1000;
          if (open || (name === "lcm" && steps > 50)) {
            expect(() => createSchedule(config, steps)).toThrow(/at most \d+/);
            continue;
          }
          const schedule = createSchedule(config, steps);
          const label = `${name} ${spacing} ${steps}`;
          expect(schedule.steps.length, label).toBe(name === "pndm" && steps > 1 ? steps + 1 : steps);
          expect(Math.min(...schedule.timesteps), label).toBeGreaterThanOrEqual(0);
          expect(Math.max(...schedule.timesteps), label).toBeLessThanOrEqual(999);
          let latents: Float32Array = Float32Array.of(schedule.initialNoiseScale, -schedule.initialNoiseScale);
          let memory = noMemory;
          for (const [i, { inputScale }] of schedule.steps.entries()) {
            const output = latents.map((x) => 0.9 * x * inputScale);
            ({ latents, memory } = step(schedule, i, { latents, output, noise: Float32Array.of(1, -1), memory }));
          }
          expect(latents.every(Number.isFinite), `${label}: ${latents}`).toBe(true);
          made++;
        }
  expect(made).toBeGreaterThan(600);
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
  refused(of("ddim", { _class_name: "HeunDiscreteScheduler" }), 5, "HeunDiscreteScheduler");
  refused(of("ddim", { _class_name: "constructor" }), 5, schedulerClasses.join(", "));
  refused(of("ddim", { prediction_type: "flow_prediction" }), 5, "flow_prediction");
  refused(of("ddim", { timestep_spacing: "even" }), 5, "even");
  refused(of("ddim", { beta_schedule: "laplace" }), 5, "laplace");
  refused(of("ddim", { rescale_betas_zero_snr: true, timestep_spacing: "trailing" }), 5, "divides by zero");
  refused(of("ddim", { trained_betas: [0.1] }), 5, "trained_betas");
  refused(of("ddpm", { variance_type: "learned_range" }), 5, "learned_range");
  refused(of("euler", { use_beta_sigmas: true }), 5, "use_beta_sigmas");
  refused(of("euler", { use_karras_sigmas: true, use_exponential_sigmas: true }), 5, "karras and exponential");
  refused(of("euler", { final_sigmas_type: "none" }), 5, "final_sigmas_type");
  refused(of("euler", { interpolation_type: "cubic" }), 5, "cubic");
  refused(of("dpmpp-2m", { algorithm_type: "dpmsolver" }), 5, "dpmsolver++");
  refused(of("dpmpp-2m", { solver_order: 4 }), 5, "solver_order");
  refused(of("pndm", { skip_prk_steps: false }), 5, "skip_prk_steps");
  for (const steps of [0, -1, 1.5, 1001, Number.NaN]) refused(of("ddim", {}), steps, "from 1 to 1000");
  expect(() => samplerConfig("heun", latent)).toThrow(/ddim, .*lcm/);
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
