import { type CallOptions, tell } from "./call.ts";
import type { Condition, ConditionSource } from "./conditions/condition.ts";
import { UnderdrawError } from "./core/errors.ts";
import type { Pixels } from "./core/pixels.ts";
import type { ConditionMap } from "./request.ts";

/** Draws a condition's map on the calling thread, with progress from 0 to 1. */
export async function extractMap<Id extends string>(
  condition: Condition<Id>,
  source: ConditionSource,
  options: CallOptions,
): Promise<ConditionMap<Id>> {
  const { id } = condition;
  options.signal?.throwIfAborted();
  tell(options, { phase: "extract", fraction: 0, condition: id });
  const pixels = await condition.extract(source, { ...options, run: (model) => Promise.reject(noModel(id, model)) });
  options.signal?.throwIfAborted();
  tell(options, { phase: "extract", fraction: 1, condition: id });
  return mapOf(condition, pixels);
}

/** The map that a condition drew, with what a net must know of it. */
export function mapOf<Id extends string>(condition: Condition<Id>, pixels: Pixels): ConditionMap<Id> {
  const { id, nets, convention } = condition;
  return { condition: id, pixels, nets, background: convention.background, resize: convention.resize };
}

const noModel = (condition: string, model: string): UnderdrawError<"model-unknown"> =>
  new UnderdrawError(
    "model-unknown",
    `The condition "${condition}" asks for the model "${model}", and this engine has no extractor models.`,
    { id: model, known: [] },
  );
