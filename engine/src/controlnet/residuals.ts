import type { Runtime, Tensor } from "../runtime/runtime.ts";
import type { ScaledSum, ScaledTerm } from "../runtime/scaled-sum.ts";
import type { StepStrength } from "./strength.ts";

// Where controls meet the locked network: each residual times its strength, added to the encoder's skips and middle.

/** A half of guidance. Where both run, the one without the prompt is the first row of a batch. */
export type Half = "unconditional" | "conditional";

/** The residuals of one control in one step. */
export interface ControlResiduals {
  /** Its number among the request's controls. */
  readonly index: number;
  /** What it is, as a key: controls are added in the order of these, so that a request's order changes no bit. */
  readonly order: string;
  readonly residuals: Readonly<Record<string, Tensor>>;
  /** The halves that its rows stand for. */
  readonly halves: readonly Half[];
  readonly strength: StepStrength;
  /** A factor for each place of each residual; null everywhere alike. */
  readonly masks: readonly Float32Array[] | null;
  readonly globalPool: boolean;
}

/** The halves of guidance in a batch. */
export const halvesOf = (guided: boolean): readonly Half[] =>
  guided ? ["unconditional", "conditional"] : ["conditional"];

/** A term with the number of its control. */
export interface ControlTerm extends ScaledTerm {
  readonly index: number;
}

/** For each residual, in network order, what is added to what: plain data for `Runtime.addScaled`. */
export function controlSums(
  names: readonly string[],
  skips: Readonly<Record<string, Tensor>>,
  controls: readonly ControlResiduals[],
  guided: boolean,
): readonly (ScaledSum & { readonly terms: readonly ControlTerm[] })[] {
  const ordered = [...controls].sort((one, other) => (one.order < other.order ? -1 : one.order > other.order ? 1 : 0));
  return names.map((name, j) => {
    const base = skips[name];
    if (!base) throw new RangeError(`The encoder gave no "${name}".`);
    const terms = ordered.flatMap(({ index, residuals, halves, strength, masks, globalPool }): ControlTerm[] => {
      const tensor = residuals[name];
      if (!tensor) throw new RangeError(`A ControlNet gave no "${name}".`);
      const rows = halvesOf(guided).map((half) => {
        const row = halves.indexOf(half);
        const scale = strength[half]?.[j] ?? 0;
        return row < 0 || scale === 0 ? null : { row, scale };
      });
      if (rows.every((row) => row === null)) return [];
      const mask = masks?.[j];
      return [{ index, tensor, rows, pool: globalPool, ...(mask ? { mask } : {}) }];
    });
    return { base, terms };
  });
}

/** What a control's residual becomes before the sum, on the CPU: for those who trace it. */
export async function scaledResidual(
  runtime: Runtime,
  { residuals, halves, strength, masks, globalPool }: ControlResiduals,
  name: string,
  j: number,
): Promise<{ readonly dims: readonly number[]; readonly values: Float32Array } | undefined> {
  const tensor = residuals[name];
  if (!tensor) return undefined;
  const values = await runtime.read(tensor);
  const [rows = 1, channels = 1, height = 1, width = 1] = tensor.dims;
  const area = height * width;
  const mask = masks?.[j];
  for (let at = 0; at < values.length; at++) {
    const half = halves[Math.floor(at / (channels * area))] as Half;
    values[at] = (values[at] as number) * (strength[half]?.[j] ?? 0) * (mask?.[at % area] ?? 1);
  }
  if (!globalPool) return { dims: tensor.dims, values };
  const means = new Float32Array(rows * channels);
  for (let n = 0; n < means.length; n++) {
    let sum = 0;
    for (let i = 0; i < area; i++) sum += values[n * area + i] as number;
    means[n] = sum / area;
  }
  return { dims: [rows, channels, 1, 1], values: means };
}
