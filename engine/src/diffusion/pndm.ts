import type { Plan } from "./ddim.ts";
import { timestepGrid } from "./grid.ts";
import { alphaBars, refuse, trainSteps } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";

// PNDMScheduler (Liu and others 2022, arXiv 2202.09778), what Stable Diffusion 1.x was published with: a multistep method
// over the net's own outputs. It begins with Runge-Kutta steps, or with `skip_prk_steps` at once ("PLMS").

// Adams and Bashforth's weights for 1 to 4 outputs, newest first.
const weights = [[1], [3 / 2, -1 / 2], [23 / 12, -16 / 12, 5 / 12], [55 / 24, -59 / 24, 37 / 24, -9 / 24]] as const;

/** Rows of the Runge-Kutta start: three steps of four. */
const STARTING_ROWS = 12;

/** One row: from one timestep to another, by a sum of outputs. */
interface Row {
  /** What the net is told. */
  readonly timestep: number;
  readonly from: number;
  readonly to: number;
  /** Weights of this output and of those that are remembered, newest first. */
  readonly now: number;
  readonly previous: readonly number[];
  readonly remembered: boolean;
  /** Goes back to the latent that the row before began with. */
  readonly again: boolean;
}

/** PNDMScheduler. As there, counting begins anew where a run begins, `first` rows into the table. */
export function pndm(config: ScheduleConfig, steps: number, first: number): Plan {
  const velocity = config.prediction_type === "v_prediction";
  if (!velocity && (config.prediction_type ?? "epsilon") !== "epsilon")
    refuse("prediction_type", `PNDMScheduler predicts epsilon or v_prediction, not "${config.prediction_type}".`);
  const bars = alphaBars(config);
  const train = trainSteps(config);
  const spacing = config.timestep_spacing ?? "leading";
  const grid = timestepGrid(config, { spacing, train, steps, whole: true, open: false, last: train });
  const final = config.set_alpha_to_one ? 1 : (bars[0] as number);
  const stride = Math.floor(train / steps);
  const rows = config.skip_prk_steps ? plainRows(grid, stride, train, first) : startedRows(grid, stride, first);
  const all = rows.map(({ timestep, from, to, now, previous, remembered, again }): ScheduleStep => {
    const bar = bars[from] as number;
    const following = to >= 0 ? (bars[to] as number) : final;
    const factor = -(following - bar) / (bar * Math.sqrt(1 - following) + Math.sqrt(bar * (1 - bar) * following));
    const scale = factor * (velocity ? Math.sqrt(bar) : 1);
    return {
      timestep,
      inputScale: 1,
      converted: { sample: 0, output: 1 },
      remembered,
      corrected: again ? { last: 1, now: 0, previous: [] } : null,
      next: {
        sample: Math.sqrt(following / bar) + (velocity ? factor * Math.sqrt(1 - bar) : 0),
        output: 0,
        converted: scale * now,
        previous: previous.map((weight) => scale * weight),
        noise: 0,
      },
      noised: { clean: Math.sqrt(bars[timestep] as number), noise: Math.sqrt(1 - (bars[timestep] as number)) },
    };
  });
  return { steps: all, sigmas: null, initialNoiseScale: 1, limit: { kind: "none" } };
}

/**
 * Without a start. The second timestep is run twice: from 2 steps on there is one row more than was asked for, which goes
 * back to the latent before and repeats the first step with the mean of both outputs.
 */
function plainRows(grid: readonly number[], stride: number, train: number, first: number): readonly Row[] {
  const timesteps = grid.length > 1 ? [...grid.slice(0, 2), ...grid.slice(1)] : grid;
  return timesteps.map((timestep, i) => {
    const done = i - first;
    if (done === 1)
      return {
        ...{ timestep, from: Math.min(timestep + stride, train - 1), to: timestep },
        ...{ now: 0.5, previous: [0.5], remembered: false, again: true },
      };
    const [now = 1, ...previous]: readonly number[] = weights[Math.min(Math.max(done - 1, 0), 3)] ?? [];
    return { timestep, from: timestep, to: timestep - stride, now, previous, remembered: true, again: false };
  });
}

/**
 * With Runge-Kutta steps for the first three, which give the four outputs that the others begin with. Each has four rows:
 * at its timestep, twice between it and the next, and at the next one; all of them go from the latent at its beginning.
 */
function startedRows(grid: readonly number[], stride: number, first: number): readonly Row[] {
  if (grid.length < 4)
    refuse(
      "skip_prk_steps",
      `PNDMScheduler without skip_prk_steps begins with three steps of Runge and Kutta's and cannot do ${grid.length} steps. Ask for at least 4, or set skip_prk_steps to true.`,
    );
  const half = Math.floor(stride / 2);
  const starting = grid.slice(0, 3).flatMap((timestep, n) => {
    const next = grid[n + 1] as number;
    return [timestep, next + half, next + half, next];
  });
  return [...starting, ...grid.slice(3)].map((timestep, i) => {
    const done = i - first;
    if (done < STARTING_ROWS) {
      const row = Math.max(done, 0) % 4;
      const from = grid[Math.floor(Math.max(done, 0) / 4)] as number;
      const isMean = row === 3;
      return {
        ...{ timestep, from, to: timestep - (row % 2 === 0 ? half : 0), remembered: !isMean, again: row > 0 },
        ...(isMean ? { now: 1 / 6, previous: [1 / 3, 1 / 3, 1 / 6] } : { now: 1, previous: [] }),
      };
    }
    // Of each starting step, three outputs are remembered and the oldest is of its timestep.
    const since = done - STARTING_ROWS;
    const [now, ...older] = weights[3];
    const places = older.map((_, n) => (n < since ? n : since + 2 + 3 * (n - since)));
    const previous = Array.from({ length: (places.at(-1) as number) + 1 }, (_, at) => older[places.indexOf(at)] ?? 0);
    return { timestep, from: timestep, to: timestep - stride, now, previous, remembered: true, again: false };
  });
}
