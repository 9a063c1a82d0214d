import { limitOf, type Plan } from "./ddim.ts";
import { levelOf, solverGrid, solverStep } from "./dpm-solver.ts";
import { refuse, wholeSetting } from "./noise-levels.ts";
import type { ScheduleConfig, ScheduleStep } from "./schedule.ts";

// UniPC (Zhao and others 2023, arXiv 2302.04867): a multistep predictor, and a corrector that improves the latent once
// the net was asked at it. Orders and variants (B(h) = h or e^h - 1) as in diffusers.

// Gaussian elimination with pivots, for systems of at most three.
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const rows = matrix.map((row, i) => [...row, right[i] as number]);
  const size = rows.length;
  for (let column = 0; column < size; column++) {
    const magnitude = (row: number) => Math.abs((rows[row] as number[])[column] as number);
    let pivot = column;
    for (let row = column + 1; row < size; row++) if (magnitude(row) > magnitude(pivot)) pivot = row;
    [rows[column], rows[pivot]] = [rows[pivot] as number[], rows[column] as number[]];
    const top = rows[column] as number[];
    for (let row = 0; row < size; row++) {
      const other = rows[row] as number[];
      if (row === column) continue;
      const factor = (other[column] as number) / (top[column] as number);
      for (let k = column; k <= size; k++) other[k] = (other[k] as number) - factor * (top[k] as number);
    }
  }
  return rows.map((row, i) => (row[size] as number) / (row[i] as number));
}

interface Update {
  /** Factor of the latent that is left behind. */
  readonly sample: number;
  /** Factor of the output at the point that is reached; the corrector has one. */
  readonly reached: number;
  /** Factors of the outputs before, newest first. */
  readonly known: readonly number[];
}

// From level `from` to `to`; `lambdas` are the log signal-to-noise of the outputs known, newest (at `from`) first.
function update(
  [from, to]: readonly [number, number],
  lambdas: readonly number[],
  { clean, flat, corrects }: { readonly clean: boolean; readonly flat: boolean; readonly corrects: boolean },
): Update | null {
  const [start, end] = [levelOf(from), levelOf(to)];
  const h = end.lambda - start.lambda;
  if (h === 0) return corrects ? null : { sample: 1, reached: 0, known: [] };
  const signed = clean ? -h : h;
  const phi = Math.expm1(signed);
  const scale = flat ? signed : phi;
  const outer = clean ? end.signal : end.noise;
  const sample = clean ? end.noise / start.noise : end.signal / start.signal;
  // An output whose level equals another's, or that an infinite step makes equal, tells nothing about a slope.
  const ratios: number[] = [];
  for (const lambda of lambdas.slice(1)) {
    const ratio = (lambda - start.lambda) / h;
    if (ratio === 0 || ratios.includes(ratio)) break;
    ratios.push(ratio);
  }
  const points = [...ratios, 1];
  const right: number[] = [];
  let [term, factorial] = [phi / signed - 1, 1];
  for (let i = 1; i <= points.length; i++) {
    right.push((term * factorial) / scale);
    factorial *= i + 1;
    term = term / signed - 1 / factorial;
  }
  const system = points.map((_, i) => points.map((point) => point ** i));
  const count = points.length;
  let rhos: number[];
  if (corrects) rhos = count === 1 ? [0.5] : solve(system, right);
  else if (count <= 2) rhos = count === 2 ? [0.5] : [];
  else
    rhos = solve(
      system.slice(0, -1).map((row) => row.slice(0, -1)),
      right.slice(0, -1),
    );
  const known = [-outer * phi];
  for (const [k, ratio] of ratios.entries()) {
    const slope = (outer * scale * (rhos[k] as number)) / ratio;
    known.push(-slope);
    known[0] = (known[0] as number) + slope;
  }
  const reached = corrects ? -outer * scale * (rhos[count - 1] as number) : 0;
  known[0] = (known[0] as number) - reached;
  return { sample, reached, known };
}

/** UniPCMultistepScheduler of order 1 to 3, bh1 or bh2, with or without its corrector. */
export function unipc(config: ScheduleConfig, steps: number, first: number): Plan {
  const most = wholeSetting(config, "solver_order", 2, [1, 3]);
  if (config.solver_p) refuse("solver_p", "UniPCMultistepScheduler with a solver_p is not supported. Leave it out.");
  const clean = config.predict_x0 ?? true;
  const flat = config.solver_type === "bh1";
  // On predicted noise diffusers bounds nothing.
  const limit = clean ? limitOf({ ...config, clip_sample: false }, false) : ({ kind: "none" } as const);
  const { timesteps, sigmas } = solverGrid(config, steps, "unipc");
  const total = timesteps.length;
  const lambdas = sigmas.map((sigma) => levelOf(sigma).lambda);
  const orderAt = (i: number) =>
    Math.min(most, (config.lower_order_final ?? true) ? total - i : most, Math.max(i - first, 0) + 1);
  const between = (from: number, corrects: boolean) =>
    update(
      [sigmas[from] as number, sigmas[from + 1] as number],
      Array.from({ length: orderAt(from) }, (_, k) => lambdas[from - k] as number),
      { clean, flat, corrects },
    );
  const all = timesteps.map((timestep, i): ScheduleStep => {
    const predicted = between(i, false) as Update;
    const corrects = i > first && !config.disable_corrector?.includes(i - 1);
    const fix = corrects ? between(i - 1, true) : null;
    const [converted = 0, ...previous] = predicted.known;
    return {
      ...solverStep(config, timestep, sigmas[i] as number, clean ? "clean" : "noise"),
      corrected: fix && { last: fix.sample, now: fix.reached, previous: fix.known },
      next: { sample: predicted.sample, output: 0, converted, previous, noise: 0 },
    };
  });
  return { steps: all, sigmas, initialNoiseScale: 1, limit };
}
