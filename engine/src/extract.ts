import { type CallOptions, tell } from "./call.ts";
import type { Condition, ConditionContext, ConditionSource, ModelNeed } from "./conditions/condition.ts";
import { UnderdrawError } from "./core/errors.ts";
import type { Pixels } from "./core/pixels.ts";
import type { Tensor } from "./core/tensor.ts";
import type { ModelSource } from "./models/source.ts";
import type { ConditionMap, Warning } from "./request.ts";

/** The files of nets that see, by the names that conditions ask for them by: sources, or paths inside the engine's models. */
export type DetectorFiles = Readonly<Record<string, ModelSource | string>>;

/** What drawing a map takes besides `CallOptions`. */
export interface ExtractOptions extends CallOptions {
  /** The files of this condition's models, by the names under its `models`; those of `EngineOptions.detectors` without it. */
  readonly models?: DetectorFiles;
}

/** A map that was drawn here. */
export interface ExtractedMap<Id extends string = string> extends ConditionMap<Id> {
  /** What was assumed on the way, or is not as it should be; absent where there is nothing to say. */
  readonly warnings?: readonly Warning[];
}

/** Numbers by name: what goes into a model and comes out of it. */
export type Tensors = Readonly<Record<string, Tensor>>;

/** Runs a model that a condition asks for; what is to be said of it goes to `warn`. */
export type ModelRunner = (
  model: string,
  inputs: Tensors,
  options: CallOptions & { readonly need: ModelNeed | undefined; warn(warning: Warning): void },
) => Promise<Tensors>;

/** Draws a condition's map on the calling thread, with progress from 0 to 1. Its models are run by `runner`. */
export async function extractMap<Id extends string>(
  condition: Condition<Id>,
  source: ConditionSource,
  options: CallOptions,
  runner: ModelRunner,
): Promise<ExtractedMap<Id>> {
  const { id, models } = condition;
  options.signal?.throwIfAborted();
  tell(options, { phase: "extract", fraction: 0, condition: id });
  const warnings = new Map<string, Warning>();
  const warn = (warning: Warning): void => void warnings.set(warning.message, warning);
  const context: ConditionContext = {
    ...(options.signal && { signal: options.signal }),
    ...(options.onProgress && { onProgress: options.onProgress }),
    note: warn,
    run: (model, inputs) =>
      runner(model, inputs, { ...options, need: Object.hasOwn(models, model) ? models[model] : undefined, warn }),
  };
  const pixels = await condition.extract(source, context);
  options.signal?.throwIfAborted();
  tell(options, { phase: "extract", fraction: 1, condition: id });
  return mapOf(condition, pixels, [...warnings.values()]);
}

/** The map that a condition drew, with what a net must know of it. */
export function mapOf<Id extends string>(
  condition: Condition<Id>,
  pixels: Pixels,
  warnings: readonly Warning[] = [],
): ExtractedMap<Id> {
  const { id, nets, options, convention } = condition;
  const map = { condition: id, pixels, nets, options, background: convention.background, resize: convention.resize };
  return warnings.length > 0 ? { ...map, warnings } : map;
}

/** The error for a model whose file nobody gave: what it is, where it can be had, how it is given. */
export function fileMissing(
  model: string,
  need: ModelNeed | undefined,
  known: readonly string[],
): UnderdrawError<"model-unknown"> {
  const what = need
    ? ` It is ${need.about} It can be had at ${need.address}; nothing is fetched from there by itself.`
    : "";
  const how = `Give its file: extract's options \`models: { ${JSON.stringify(model)}: file }\`, or EngineOptions.detectors.`;
  return new UnderdrawError("model-unknown", `The file of the model "${model}" is missing.${what} ${how}`, {
    id: model,
    known,
  });
}
