import type { ModelPart } from "./base.ts";
import type { Lora } from "./lora.ts";
import { type LoraRole, type LoraTensors, scalarOf } from "./lora-file.ts";
import { type Change, type ChangeOf, differenceChange, lohaChange, lokrChange, loraChange } from "./lora-forms.ts";
import type { BaseLayer } from "./lora-names.ts";
import { incompatible, quoted } from "./refusal.ts";

/** A LoRA's tensors for one layer of a base, and how strongly they act. */
interface LoraLayer {
  readonly lora: Lora;
  readonly layer: BaseLayer;
  readonly tensors: LoraTensors;
  readonly part: ModelPart<unknown>;
  /** What the user asks for; the layer's own factor comes on top. */
  readonly times: number;
}

/**
 * What a LoRA adds to the tensors of one layer, by their keys. All shapes are checked, also of what adds nothing: a
 * strength of 0 leaves a layer's bytes as they are.
 */
export function changesOf(of: LoraLayer): readonly (readonly [key: string, change: Change])[] {
  const { lora, layer, tensors, times } = of;
  const alpha = tensors.get("alpha");
  const scale = tensors.get("scale");
  // A1111's own tensor is the whole factor of a weight's change, whatever alpha and rank are (`calc_scale` of its
  // extensions-builtin/Lora/network.py).
  const whole = scale ? scalarOf(lora.file, scale) : null;
  const strength = whole ?? (alpha ? scalarOf(lora.file, alpha) : null);
  /** Without a strength of their own, factors are meant as they are; without a rank too. */
  const factor = (rank: number | null): number => {
    if (whole !== null) return times * whole;
    if (rank === null) return times;
    return times * (strength === null ? (lora.scale(layer, rank) ?? 1) : strength / rank);
  };
  const found: [key: string, change: Change][] = [];
  const has = (beginning: RegExp) => [...tensors.keys()].some((role) => beginning.test(role));
  /** Adds a change of the weight, made of factors. */
  const addFactors = (change: (of: ChangeOf) => Change) => {
    const made = change(changeOf(of, "weight", factor));
    if (times !== 0 && strength !== 0) found.push([`${layer.name}.weight`, made]);
  };
  const addDifference = (end: "weight" | "bias", role: LoraRole, much: number) => {
    if (!tensors.has(role)) return;
    const made = differenceChange(changeOf(of, end, factor), role, much);
    if (much !== 0) found.push([`${layer.name}.${end}`, made]);
  };
  if (has(/^(down|up|mid)$/)) addFactors(loraChange);
  if (has(/^hada_/)) addFactors(lohaChange);
  if (has(/^lokr_/)) addFactors(lokrChange);
  addDifference("weight", "diff", times * (whole ?? 1));
  addDifference("weight", "w_norm", times * (whole ?? 1));
  addDifference("bias", "diff_b", times);
  addDifference("bias", "b_norm", times);
  // The bias of the second factor acts as strongly as the factors.
  addDifference("bias", "up_bias", factor(tensors.get("down")?.shape[0] ?? null));
  return found;
}

/** Where a change of a layer's weight or bias comes from. Throws `model-incompatible` for a bias that the base has not. */
function changeOf(
  { lora, layer, tensors, part }: LoraLayer,
  end: "weight" | "bias",
  factor: ChangeOf["factor"],
): ChangeOf {
  const key = `${layer.name}.${end}`;
  if (part.tensors.has(key)) {
    return { file: lora.file, tensors, layer: layer.name, shape: part.tensors.shape(key), factor };
  }
  const problem = `it changes the bias of the layer ${quoted(layer.name)}, and this base has none there. Take a LoRA that was made for the same model.`;
  throw incompatible(lora.name, problem, { expected: "no change of this bias", actual: key });
}
