import type { InspectedPart } from "./inspection.ts";
import { dtypeBytes, type Safetensors, type TensorEntry } from "./safetensors.ts";
import { countOf, type Tensors } from "./tensors.ts";

/** One part, counted. */
function countedPart(part: string, entries: Iterable<Pick<TensorEntry, "dtype" | "shape">>): InspectedPart {
  const dtypes: Record<string, number> = {};
  let [tensors, parameters, bytes] = [0, 0, 0];
  for (const { dtype, shape } of entries) {
    dtypes[dtype] = (dtypes[dtype] ?? 0) + 1;
    tensors++;
    parameters += countOf(shape);
    bytes += countOf(shape) * dtypeBytes[dtype];
  }
  return { part, tensors, parameters, dtypes, bytes };
}

/** An open network, counted. */
export const countTensors = (part: string, tensors: Tensors): InspectedPart =>
  countedPart(
    part,
    Array.from(tensors.keys(), (key) => ({ dtype: tensors.dtype(key), shape: tensors.shape(key) })),
  );

/** The networks of a checkpoint, by the beginnings of their tensors' names. */
const beginnings: readonly (readonly [prefix: string, part: string])[] = [
  ["model.diffusion_model.", "unet"],
  ["first_stage_model.", "vae"],
  ["vae.", "vae"],
  ["cond_stage_model.", "text_encoder"],
  ["control_model.", "controlnet"],
  ["model_ema.", "averaged unet"],
];

/** The parts of a single file; `whole` is what tensors without a known beginning belong to. */
export function partsOfFile({ tensors }: Safetensors, whole: string): InspectedPart[] {
  // In the order of the table, whatever that of the file is.
  const parts = new Map<string, TensorEntry[]>(beginnings.map(([, part]) => [part, []]));
  for (const entry of tensors.values()) {
    const part = beginnings.find(([prefix]) => entry.name.startsWith(prefix))?.[1] ?? whole;
    const entries = parts.get(part) ?? [];
    entries.push(entry);
    parts.set(part, entries);
  }
  return [...parts].flatMap(([part, entries]) => (entries.length > 0 ? [countedPart(part, entries)] : []));
}
