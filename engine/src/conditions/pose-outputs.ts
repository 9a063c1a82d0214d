import { UnderdrawError } from "../core/errors.ts";
import type { Tensor } from "../core/tensor.ts";

/**
 * What a net of poses gave under one of its names; what it gave at all where that is one tensor only, whatever it is
 * called. Throws `model-incompatible` for a net that gives something else.
 */
export function outputOf(model: string, outputs: Readonly<Record<string, Tensor>>, name: string): Tensor {
  const all = Object.values(outputs);
  const found = outputs[name] ?? (all.length === 1 ? all[0] : undefined);
  if (found) return found;
  const actual = Object.keys(outputs).join(", ") || "nothing";
  const message = `The file for "${model}" gives ${actual}, and "${name}" is needed. Take the file that the condition names.`;
  throw new UnderdrawError("model-incompatible", message, { id: model, expected: name, actual });
}
