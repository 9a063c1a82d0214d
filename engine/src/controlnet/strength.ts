import { activeSteps } from "./active-steps.ts";

// How strongly a control acts: one number for each residual, half of guidance and executed step. Everything that people
// know as a mode or a slider of ControlNet is such a vector; nothing here runs a net.

/**
 * Factors for a net's residuals. Numbers: one for each, in network order, the middle block last (13 for Stable Diffusion
 * 1.5 and 2.x). `soft`: 0.825^(n-i), the outer layers weakest, as ControlNet's guess mode has it (lllyasviel/ControlNet).
 * `{ softness }`: between all alike (0) and soft (1). `logspace`: from 0.1 to 1 in equal ratios, diffusers' guess mode.
 * `resolution`: the latent's side over the residual's, the resolution weighting of the paper (1 outside, 8 innermost).
 */
export type LayerWeights = readonly number[] | "soft" | "logspace" | "resolution" | { readonly softness: number };

/** What of a control makes its strength. */
export interface StrengthSettings {
  readonly weight?: number | undefined;
  readonly range?: readonly [start: number, end: number] | undefined;
  readonly layers?: LayerWeights | undefined;
  readonly curve?: readonly (readonly [at: number, factor: number])[] | undefined;
  readonly halves?: readonly [conditional: number, unconditional: number] | undefined;
}

/** The strength of a control in one step: a factor for each residual; null for a half that it does not act on. */
export interface StepStrength {
  readonly conditional: readonly number[] | null;
  readonly unconditional: readonly number[] | null;
}

/** What of a net and a run a strength depends on. */
export interface StrengthShape {
  /** The level of each residual: how often its side was halved, in network order, the middle last. */
  readonly levels: readonly number[];
  /** Steps that are executed. */
  readonly steps: number;
  /** Whether there is a half without the prompt. */
  readonly guided: boolean;
  /** Whether the net's residuals are pooled: such a net acts on the prompt's half alone. */
  readonly globalPool: boolean;
}

/** The ratio of neighbouring layers where the outer ones are weakest. */
const SOFT = 0.825;

/** The factor of each residual. Throws a `RangeError` for a list of another length. */
export function layerFactors(layers: LayerWeights | undefined, levels: readonly number[]): readonly number[] {
  const last = levels.length - 1;
  if (layers === undefined) return levels.map(() => 1);
  if (layers === "resolution") return levels.map((level) => 2 ** level);
  if (layers === "logspace") return levels.map((_, i) => (last === 0 ? 1 : 10 ** (i / last - 1)));
  if (layers === "soft") return layerFactors({ softness: 1 }, levels);
  if ("softness" in layers) return levels.map((_, i) => (SOFT ** layers.softness) ** (last - i));
  if (layers.length !== levels.length)
    throw new RangeError(`layers: this net has ${levels.length} residuals, and ${layers.length} weights were given.`);
  return layers;
}

/** The strength in each executed step; null where the control does not act, so that its net need not run. */
export function strengths(settings: StrengthSettings, shape: StrengthShape): readonly (StepStrength | null)[] {
  const { levels, steps, guided, globalPool } = shape;
  const { weight = 1, range = [0, 1], curve, halves = [1, 1] } = settings;
  // diffusers leaves nets that pool their residuals out of its guess mode's layers.
  const layers = globalPool && settings.layers === "logspace" ? undefined : settings.layers;
  const factors = layerFactors(layers, levels);
  const half = (strength: number): readonly number[] | null => {
    const scaled = factors.map((factor) => strength * factor);
    return scaled.some((factor) => factor !== 0) ? scaled : null;
  };
  return activeSteps(range, steps).map((on, i) => {
    if (!on) return null;
    const strength = weight * along(curve, i / steps);
    const conditional = half(strength * halves[0]);
    const unconditional = guided && !globalPool ? half(strength * halves[1]) : null;
    return conditional || unconditional ? { conditional, unconditional } : null;
  });
}

/** The factor of a curve at a place. */
function along(curve: StrengthSettings["curve"], at: number): number {
  const [first] = curve ?? [];
  if (!curve || !first) return 1;
  let before = first;
  for (const point of curve) {
    if (point[0] >= at) {
      const width = point[0] - before[0];
      return width === 0 ? point[1] : before[1] + ((at - before[0]) / width) * (point[1] - before[1]);
    }
    before = point;
  }
  return before[1];
}

/** The names of the well-known ways to set a control against the prompt. */
export type StrengthPreset = "balanced" | "prompt" | "control" | "guess" | "resolution";

/**
 * The settings of a well-known mode, to be spread into a control. `balanced`: both halves, all layers alike. `prompt`: the
 * prompt matters more, soft layers. `control`: the control matters more, soft layers on the prompt's half alone. `guess`:
 * diffusers' guess mode, for maps without a prompt. `resolution`: the paper's weighting for guidance, on the prompt's half
 * alone.
 */
export const strengthPresets: Readonly<
  Record<StrengthPreset, { readonly layers?: LayerWeights; readonly halves?: readonly [number, number] }>
> = {
  balanced: { halves: [1, 1] },
  prompt: { layers: "soft", halves: [1, 1] },
  control: { layers: "soft", halves: [1, 0] },
  guess: { layers: "logspace", halves: [1, 0] },
  resolution: { layers: "resolution", halves: [1, 0] },
};

/**
 * The pad between prompt and control: `softness` from 0 (all layers alike) to 1 (soft), `unconditional` the share that
 * acts on the half without the prompt. The corners are the presets balanced (0, 1), prompt (1, 1) and control (1, 0).
 */
export const strengthPad = (softness: number, unconditional: number) => ({
  layers: { softness },
  halves: [1, unconditional] as const,
});
