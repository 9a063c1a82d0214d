import {
  autoWeight,
  bestOf,
  type CallOptions,
  type Control,
  type Device,
  type Engine,
  type GenerateRequest,
  type GenerateResult,
  meanGain,
  type Pipeline,
  type Progress,
  type Recipe,
  type RecipeModel,
  type Warning,
} from "@underdraw/engine";
import { checkMemory } from "./memory-check.ts";
import type { ModelChoice, NetChoice } from "./model-choice.ts";
import { loadingOf } from "./model-flags.ts";
import type { Plan } from "./plan.ts";
import type { PreviewFile } from "./preview-file.ts";
import type { ProgressBar } from "./progress.ts";

// Draws what was planned: loads, generates as often as it takes, and makes the recipe.

/** Milliseconds by stage of one picture, as they pass. */
export type Stages = Record<"encode" | "denoise" | "decode" | "measure", number>;

/** One of several pictures that were drawn to choose from. */
export interface Try {
  readonly seed: bigint;
  /** The weight of the control that is raised, where one is. */
  readonly weight?: number;
  /** The share of the way from chance to the maps; the mean over the controls. */
  readonly gain: number;
}

/** A picture that was drawn, and what its recipe and report need. */
export interface Drawn {
  readonly result: GenerateResult;
  readonly recipe: Recipe;
  readonly device: Device;
  readonly warnings: readonly Warning[];
  readonly clock: Stages;
  /** Where several were drawn: all of them, the best first, or those with rising weight in order. */
  readonly tries: readonly Try[];
}

/** How a plan is drawn. */
export interface DrawingOptions {
  readonly model: ModelChoice;
  /** For each control its net. */
  readonly nets: readonly NetChoice[];
  readonly bar: ProgressBar;
  readonly signal: AbortSignal;
  /** Whether it is measured how well the picture follows its maps. */
  readonly measure: boolean;
  /** Whether it is measured where each control acts. */
  readonly influence: boolean;
  /** Shows the picture while it is drawn. */
  readonly preview: PreviewFile | null;
  /** How many pictures are drawn, of which the most faithful is taken. */
  readonly count: number;
  /** How many pictures are drawn, all of which are taken. */
  readonly batch: number;
  /** Whether that was asked for: a recipe's own place in a batch is then left. */
  readonly batched: boolean;
  /** The control whose weight is raised until this gain is reached. */
  readonly target: { readonly control: number; readonly gain: number } | null;
}

/** What came of a plan: a picture, or those of a batch, and the milliseconds that loading took. */
export interface DrawnPlan {
  readonly pictures: readonly Drawn[];
  readonly load: number;
}

/** Draws a plan. */
export async function drawPlan(engine: Engine, plan: Plan, options: DrawingOptions): Promise<DrawnPlan> {
  const { model, nets, bar, signal, preview, batch, batched } = options;
  const loading = performance.now();
  // Whether there is a device at all is known long before a model is read.
  const device = await engine.device();
  const sources = Object.fromEntries(nets.map(({ name, source }) => [name, source]));
  await using pipeline: Pipeline = await engine.load(
    { base: model.base, nets: sources, ...loadingOf(plan.files) },
    { signal, onProgress: bar.part(0.05, 0.3) },
  );
  const { width, height } = plan.request;
  if (width && height && device.provider === "cpu") checkMemory({ width, height }, pipeline.defaults.multiple);
  const { batch: place, ...asked } = plan.request;
  const request: GenerateRequest = {
    ...(batched || !place ? asked : { ...asked, batch: place }),
    controls: plan.controls.map(({ control }, at): Control => ({ ...control, net: (nets[at] as NetChoice).name })),
  };
  const load = performance.now() - loading;
  const pictures: Drawn[] = [];
  for (let at = 0; at < batch; at++) {
    const clock = stopwatch();
    const shown = bar.part(0.3 + (0.7 * at) / batch, 0.3 + (0.7 * (at + 1)) / batch);
    const onProgress = (progress: Progress): void => {
      clock.hear(progress);
      shown(progress);
      preview?.hear(progress);
    };
    // A seed that was drawn for the first picture is the whole batch's.
    const seed = request.seed ?? pictures[0]?.result.seed;
    const one = pictureOfBatch(seed === undefined ? request : { ...request, seed }, at, batch);
    const found = await generated(pipeline, one, { ...options, onProgress });
    // Before the pipeline goes, which draws them.
    const unseen = await preview?.end();
    const recipe = await pipeline.recipe(found.request, found.result, { signal });
    const known = sameModels(recipe, plan.recipe);
    pictures.push({
      result: found.result,
      recipe: known.recipe,
      device,
      warnings: [...found.result.warnings, ...found.warnings, ...known.warnings, ...(unseen ? [notShown(unseen)] : [])],
      clock: clock.stages,
      tries: found.tries,
    });
  }
  return { pictures, load };
}

const notShown = (reason: string): Warning => ({
  code: "preview-unwritten",
  message: `The picture could not be shown while it was drawn: ${reason}`,
});

/** How many seeds there are. */
const seeds = 2n ** 64n;

/**
 * The request of one picture of a batch, as who made the random numbers does it: diffusers draws one tensor for all, A1111
 * takes one seed after the other, or with a variation one seed of that after the other.
 */
function pictureOfBatch(request: GenerateRequest, index: number, size: number): GenerateRequest {
  if (size === 1) return request;
  if (request.rng !== "cuda") return { ...request, batch: { index, size } };
  const counted = (seed: number | bigint): bigint => (BigInt(seed) + BigInt(index)) % seeds;
  const { seed, variation } = request;
  // A variation of no strength is none.
  if (variation && variation.strength > 0)
    return { ...request, variation: { ...variation, seed: counted(variation.seed) } };
  return seed === undefined ? request : { ...request, seed: counted(seed) };
}

interface Generated {
  readonly request: GenerateRequest;
  readonly result: GenerateResult;
  readonly tries: readonly Try[];
  readonly warnings: readonly Warning[];
}

/** Generates once, or as often as it takes. */
async function generated(
  pipeline: Pipeline,
  request: GenerateRequest,
  { count, target, measure, influence, signal, onProgress }: DrawingOptions & Required<CallOptions>,
): Promise<Generated> {
  const generate: Pipeline["generate"] = (one, options) => pipeline.generate(one, { ...options, measure, influence });
  const calling = { signal, onProgress };
  if (target) {
    const { control, gain } = target;
    const { result, weight, reached, trail } = await autoWeight({ generate }, request, {
      ...calling,
      control,
      target: gain,
    });
    const controls = request.controls.map((one, at) => (at === control ? { ...one, weight } : one));
    const tries = trail.map((one) => ({ seed: result.seed, weight: one.weight, gain: one.fidelity.gain }));
    return { request: { ...request, controls }, result, tries, warnings: reached ? [] : [missed(target, tries)] };
  }
  if (count > 1) {
    const results = await bestOf({ generate }, request, { ...calling, count });
    const tries = results.map(({ seed, fidelity }) => ({ seed, gain: meanGain(fidelity) }));
    return { request, result: results[0] as GenerateResult, tries, warnings: [] };
  }
  return { request, result: await generate(request, calling), tries: [], warnings: [] };
}

function missed({ control, gain }: NonNullable<DrawingOptions["target"]>, tries: readonly Try[]): Warning {
  const best = Math.max(...tries.map((one) => one.gain));
  return {
    code: "target-missed",
    message: `Control ${control + 1} did not reach ${gain}: the best of ${tries.length} weights reached ${best.toFixed(2)}, and its picture was taken.`,
    remedy: "Ask for less, take more steps, or try another seed.",
  };
}

/** The recipe with models named as an earlier one names them where they are the same, and what is another one in words. */
function sameModels(
  recipe: Recipe,
  earlier: Recipe | undefined,
): { readonly recipe: Recipe; readonly warnings: readonly Warning[] } {
  if (!earlier) return { recipe, warnings: [] };
  const warnings: Warning[] = [];
  const known = (used: RecipeModel, recorded: RecipeModel | undefined): RecipeModel => {
    // Wherever it lies now and whatever it is called there, it is the same one.
    if (!recorded || recorded.fingerprint === used.fingerprint) return recorded ?? used;
    warnings.push({
      code: "model-differs",
      message: `The recipe was made with another "${recorded.name}" than the "${used.name}" that drew this picture.`,
      remedy: "Name the one it was made with by --model or --net to get the same picture.",
    });
    return used;
  };
  const model = known(recipe.model, earlier.model);
  // Whether they are the same was said when they were chosen.
  const named = <Model extends RecipeModel>(used: Model, recorded: readonly RecipeModel[]): Model => ({
    ...used,
    name: recorded.find(({ fingerprint }) => fingerprint === used.fingerprint)?.name ?? used.name,
  });
  const vae = recipe.vae && named(recipe.vae, earlier.vae ? [earlier.vae] : []);
  const loras = recipe.loras.map((lora) => named(lora, earlier.loras));
  const embeddings = recipe.embeddings.map((one) => named(one, earlier.embeddings));
  const controls = recipe.controls.map((control, at) => ({
    ...control,
    net: known(control.net, earlier.controls[at]?.net),
  }));
  const [was, is] = [earlier.device, recipe.device];
  if (was.provider !== is.provider || was.precision !== is.precision) {
    warnings.push({
      code: "device-differs",
      message: `The recipe's picture was computed on ${was.provider} in ${was.precision}, this one on ${is.provider} in ${is.precision}: they are nearly the same, not in every byte.`,
    });
  }
  return { recipe: { ...recipe, model, vae, loras, embeddings, controls }, warnings };
}

/** Sums up what passes between reports of progress, by stage, over one generation or several. */
function stopwatch(): { readonly stages: Stages; hear(progress: Progress): void } {
  const stages: Stages = { encode: 0, denoise: 0, decode: 0, measure: 0 };
  let since = performance.now();
  let decoding = 0;
  return {
    stages,
    hear({ phase }) {
      const now = performance.now();
      decoding = phase === "decode" ? decoding + 1 : 0;
      // The first word of decoding comes when the steps are done, the second when the picture is there.
      const stage =
        decoding === 0
          ? phase === "denoise"
            ? "denoise"
            : "encode"
          : decoding === 1
            ? "denoise"
            : decoding === 2
              ? "decode"
              : "measure";
      stages[stage] += now - since;
      since = now;
    },
  };
}
