import type { LoadedNet } from "./controlnet/net.ts";
import { UnderdrawError } from "./core/errors.ts";
import { vaeFactor } from "./diffusion/latent.ts";
import type { LoadedBase } from "./diffusion/loaded-base.ts";
import type { LoadedTinyVae } from "./diffusion/preview.ts";
import type { DrawnSize } from "./drawn-size.ts";
import { controlMemory } from "./memory-controls.ts";
import { graphsOf } from "./memory-graphs.ts";
import { inWords } from "./memory-overhead.ts";
import { type MemoryPlan, partsInWords, planMemory } from "./memory-plan.ts";
import type { Control, GenerateRequest, Warning } from "./request.ts";
import type { Runtime } from "./runtime/runtime.ts";

// Whether a request can fit, looked at before anything runs: what it would take is counted from the exact shapes of the
// graphs and from what the provider takes besides (memory-overhead.ts).

/** The most controls of one request: above it nobody could say any more what each of them does. */
const mostControls = 32;

/** What a generation has to fit on. */
interface PreflightParts {
  readonly runtime: Pick<Runtime, "memory" | "provider">;
  readonly base: LoadedBase;
  readonly nets: ReadonlyMap<string, LoadedNet>;
  readonly previews: LoadedTinyVae | null;
  /** Bytes that there are; what the runtime tells without it. */
  readonly memory: number | undefined;
  netFor(control: Control): string;
}

/** What of a request its size depends on. */
interface PreflightRun {
  readonly size: DrawnSize;
  /** Steps that are executed. */
  readonly steps: number;
  readonly guided: boolean;
  /** Tokens that cross-attention reads. */
  readonly context: number;
}

/**
 * Refuses what cannot fit: `request-invalid` for too many controls, `out-of-memory` for what needs more than there is,
 * whatever is given up, or a tensor that is larger than the device allows, with the sums and the largest size that would
 * fit. Gives the plan that fits.
 */
export function preflight(parts: PreflightParts, request: GenerateRequest, run: PreflightRun): MemoryPlan {
  const { total, tensor: largest } = parts.runtime.memory;
  const budget = parts.memory ?? total;
  const { drawn } = run.size;
  const graphs = graphsOf(parts.base, parts.nets, parts.previews);
  const factor = vaeFactor(graphs.vae.config);
  const planFor = ({ width, height }: DrawnSize["drawn"], count: number): MemoryPlan => {
    const cells = { height: height / factor, width: width / factor };
    const extent = { ...run, pixels: { width, height }, cells, begins: request.init !== undefined };
    const controls = request.controls
      .slice(0, count)
      .map((control) => controlMemory(graphs, control, parts.netFor(control), extent));
    const tiles = request.tiles === undefined ? {} : { tiles: request.tiles };
    return planMemory(graphs, extent, controls, { runtime: parts.runtime, budget, ...tiles });
  };
  const { controls } = request;
  const plan = planFor(drawn, controls.length);
  const fits = ({ needed, largest: most }: MemoryPlan): boolean =>
    (budget === null || needed <= budget) && (largest === null || most <= largest);
  if (controls.length <= mostControls && fits(plan)) return plan;

  const bare = planFor(drawn, 0);
  let fitting = Math.min(controls.length, mostControls);
  if (budget !== null) while (fitting > 0 && planFor(drawn, fitting).needed > budget) fitting--;
  const whole = plan.needed;
  const sums = `${inWords(whole)} of memory: ${inWords(bare.models)} for the models, ${inWords(bare.needed - bare.models)} for the picture of ${drawn.width}x${drawn.height}, ${inWords(whole - bare.needed)} for the controls`;
  if (controls.length > mostControls) {
    const fit = budget === null || budget >= bare.needed ? `, of which ${fitting} fit` : "";
    const message = `${controls.length} controls are too many: one picture takes ${mostControls} at the most. They would need ${sums}${fit}. Leave some out, or draw maps that one net reads into one map.`;
    throw new UnderdrawError("request-invalid", message, { issues: [{ path: "controls", message }] });
  }
  const smaller = largestThat((size) => fits(planFor(size, controls.length)), drawn, factor);
  const instead = smaller ? ` ${smaller.width}x${smaller.height} would fit.` : "";
  if (budget !== null && whole > budget) {
    const found = `This needs ${sums}. There are ${inWords(budget)}${parts.memory === undefined ? "" : " by EngineOptions.memory"}`;
    const advice =
      bare.needed > budget
        ? "too little even without controls. Ask for a smaller picture and enlarge it afterwards, or take a smaller model"
        : `in which ${fitting} of ${controls.length} controls fit. Leave some out, or ask for a smaller picture`;
    const details = `The weights: ${partsInWords(plan.parts)}.`;
    throw new UnderdrawError("out-of-memory", `${found}, ${advice}.${instead} ${details}`, { needed: whole });
  }
  const message = `A picture of ${drawn.width}x${drawn.height} needs a tensor of ${inWords(plan.largest)}, and this device allows ${inWords(largest ?? 0)}. Ask for a smaller picture and enlarge it afterwards.${instead}`;
  throw new UnderdrawError("out-of-memory", message, { needed: plan.largest });
}

/** The largest size of the same proportions, in steps of `factor`, that passes a test; null where none does. */
function largestThat(
  passes: (size: DrawnSize["drawn"]) => boolean,
  { width, height }: DrawnSize["drawn"],
  factor: number,
): DrawnSize["drawn"] | null {
  const longest = Math.max(width, height) / factor;
  const side = (length: number, cells: number): number =>
    factor * Math.max(1, Math.floor(((length / factor) * cells) / longest));
  const sizeOf = (cells: number) => ({ width: side(width, cells), height: side(height, cells) });
  // Memory grows with the size: the border is found by halving.
  let [least, most] = [0, longest];
  while (most - least > 1) {
    const middle = Math.floor((least + most) / 2);
    if (passes(sizeOf(middle))) least = middle;
    else most = middle;
  }
  return least === 0 ? null : sizeOf(least);
}

/** That weights are read as they lie, since they do not fit otherwise. */
export const halvedWarning: Warning = {
  code: "memory-weights-half",
  message:
    "Memory is scarce: the weights stay in half precision, as their files have them, and each step widens them anew. The picture is the same, and takes longer.",
  remedy: 'Give more memory, or take a smaller model; to have it so without this warning, load it with weights "half".',
};

/** What was given up so that a picture fits, as warnings. */
export function thriftWarnings({ thrift, scarce, tiles, needed }: MemoryPlan): Warning[] {
  const warnings: Warning[] = [];
  const freed = scarce && (thrift === "freed" || thrift === "tiled");
  if (freed)
    warnings.push({
      code: "memory-parts-freed",
      message: `Memory is scarce (${inWords(needed)} are needed as it is): text encoder and VAE were freed when they had done their part, and are loaded again for the next picture.`,
      remedy: 'Give more memory, load the model with weights "int8", or ask for a smaller picture.',
    });
  if (thrift === "sequential")
    warnings.push({
      code: "memory-parts-sequential",
      message: `Memory is very scarce (${inWords(needed)} are needed as it is): the parts of the model were loaded one after the other, each freed before the next, which takes the time of loading with each picture.`,
      remedy: 'Give more memory, load the model with weights "int8", or take fewer nets or a smaller picture.',
    });
  const { rows, columns } = tiles.decoder;
  if ((thrift === "tiled" || thrift === "sequential") && rows * columns > 1)
    warnings.push({
      code: "memory-vae-tiled",
      message: `The VAE works in ${rows * columns} tiles so that the picture fits: colours may differ a little from the whole.`,
      remedy: "Ask for a smaller picture, or give more memory.",
    });
  return warnings;
}
