import { ddim, ddpm, lcm, type Plan, tcd } from "./ddim.ts";
import { deis } from "./deis.ts";
import { dpmSinglestep } from "./dpm-singlestep.ts";
import { dpmSolver } from "./dpm-solver.ts";
import { euler, eulerAncestral } from "./euler.ts";
import { lms } from "./lms.ts";
import { refuse, trainSteps } from "./noise-levels.ts";
import { pndm } from "./pndm.ts";
import type { Schedule, ScheduleConfig, ScheduleStep } from "./schedule.ts";
import { dpm2, dpm2Ancestral, dpmSde, heun } from "./second-order.ts";
import { unipc } from "./unipc.ts";

const classes: Readonly<Record<string, (config: ScheduleConfig, steps: number, first: number) => Plan>> = {
  DDIMScheduler: ddim,
  DDPMScheduler: ddpm,
  DEISMultistepScheduler: deis,
  DPMSolverMultistepScheduler: dpmSolver,
  DPMSolverSDEScheduler: dpmSde,
  DPMSolverSinglestepScheduler: dpmSinglestep,
  EulerAncestralDiscreteScheduler: eulerAncestral,
  EulerDiscreteScheduler: euler,
  HeunDiscreteScheduler: heun,
  KDPM2AncestralDiscreteScheduler: dpm2Ancestral,
  KDPM2DiscreteScheduler: dpm2,
  LCMScheduler: lcm,
  LMSDiscreteScheduler: lms,
  PNDMScheduler: pndm,
  TCDScheduler: tcd,
  UniPCMultistepScheduler: unipc,
};

// Those with two rows a step (diffusers' `order`). PNDM has a row more than steps, and one counts as one there.
const secondOrder: readonly string[] = [
  "DPMSolverSDEScheduler",
  "HeunDiscreteScheduler",
  "KDPM2AncestralDiscreteScheduler",
  "KDPM2DiscreteScheduler",
];

/** The diffusers scheduler classes that `createSchedule` knows. */
export const schedulerClasses: readonly string[] = Object.keys(classes);

// Where nothing is limited and no later step looks back, a step is two numbers.
function folded(step: ScheduleStep, plan: Plan): ScheduleStep {
  if (plan.limit.kind !== "none" || step.remembered || step.corrected) return step;
  const { converted, next } = step;
  if (next.converted === 0) return { ...step, converted: { sample: 0, output: 0 } };
  return {
    ...step,
    converted: { sample: 0, output: 0 },
    next: {
      ...next,
      sample: next.sample + next.converted * converted.sample,
      output: next.output + next.converted * converted.output,
      converted: 0,
    },
  };
}

function numbers(step: ScheduleStep): number[] {
  const { converted, corrected, next, noised } = step;
  const fix = corrected ? [corrected.last, corrected.now, ...corrected.previous] : [];
  const { sample, output, previous, noise } = next;
  return [
    ...[step.timestep, step.inputScale, converted.sample, converted.output, ...fix],
    ...[sample, output, next.converted, ...previous, noise, next.noiseBefore ?? 0, noised.clean, noised.noise],
  ];
}

/** How a schedule is made. */
export interface ScheduleOptions {
  /** The first row of the table that is run; 0 by default. Classes that run a net twice in a step have two rows a step. */
  readonly first?: number;
  /** In place of `first`: the share of the steps that is run, the last ones, as image-to-image does; at least one step. */
  readonly strength?: number;
}

/** Steps that `strength` leaves out at the start, as diffusers counts them: `steps - int(steps * strength)`. */
export function firstStep(steps: number, strength: number): number {
  return Math.max(steps - Math.min(Math.trunc(steps * strength), steps), 0);
}

/**
 * The schedule of a diffusers scheduler config for a number of steps: from 1 to the timesteps of the training. Multistep
 * solvers begin anew at `first`. Refuses with `request-invalid` what cannot be carried: an unknown class or setting, or
 * a prediction that divides by zero (epsilon at zero terminal SNR); no coefficient is ever not finite.
 */
export function createSchedule(config: ScheduleConfig, steps: number, options: ScheduleOptions = {}): Schedule {
  const className = config._class_name ?? "";
  const build = Object.hasOwn(classes, className) ? classes[className] : undefined;
  if (!build)
    return refuse(
      "_class_name",
      `The scheduler "${className}" is not supported. Choose a sampler of: ${schedulerClasses.join(", ")}.`,
    );
  const train = trainSteps(config);
  if (!Number.isInteger(steps) || steps < 1 || steps > train)
    refuse("steps", `${steps} steps are not possible. Ask for a whole number from 1 to ${train}.`);
  const { strength } = options;
  const rows = secondOrder.includes(className) ? 2 : 1;
  let first = strength === undefined ? (options.first ?? 0) : rows * firstStep(steps, strength);
  let plan = build(config, steps, first);
  if (strength !== undefined && first >= plan.steps.length) {
    first = plan.steps.length - 1;
    plan = build(config, steps, first);
  }
  if (!Number.isInteger(first) || first < 0 || first >= plan.steps.length)
    throw new RangeError(`first is ${first}, not a step from 0 to ${plan.steps.length - 1}.`);
  const run = plan.steps.slice(first).map((step) => folded(step, plan));
  for (const step of run)
    if (!numbers(step).every(Number.isFinite))
      refuse(
        "prediction_type",
        `${className} divides by zero at timestep ${step.timestep} with prediction_type ${config.prediction_type ?? "epsilon"}${
          config.rescale_betas_zero_snr ? " and rescale_betas_zero_snr" : ""
        }. Use another spacing, prediction type or sampler.`,
      );
  const { sigmas, initialNoiseScale, limit } = plan;
  return { className, timesteps: run.map(({ timestep }) => timestep), sigmas, initialNoiseScale, limit, steps: run };
}
