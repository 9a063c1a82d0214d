import { incompatible, listed } from "../models/refusal.ts";
import type { Tensors } from "../models/tensors.ts";
import { depthAnything } from "./depth-anything.ts";
import { depthAnythingConfig, depthAnythingTensors } from "./depth-anything-config.ts";
import { drawing } from "./drawing.ts";
import { hed } from "./hed.ts";
import type { NetPlan } from "./net-plan.ts";
import { pidinet } from "./pidinet.ts";
import { teed } from "./teed.ts";

/** A family of nets that are built here from their weights alone. */
export interface Family {
  readonly name: string;
  readonly role: "depth" | "edges";
  /** Tensors that only this family has, any of which tells it. */
  readonly marks: readonly string[];
  /** Plans the net of open tensors; config.json may lie beside them. Throws `model-incompatible` for shapes of another. */
  plan(tensors: Tensors, config: Readonly<Record<string, unknown>> | null): NetPlan;
}

/** The families, by the name of the model that a condition of ours asks for. */
const families = {
  "depth-anything": {
    name: "Depth Anything",
    role: "depth",
    marks: ["backbone.embeddings.position_embeddings", "pretrained.pos_embed"],
    plan(own, config) {
      const tensors = depthAnythingTensors(own);
      return depthAnything(tensors, depthAnythingConfig(tensors, config));
    },
  },
  hed: {
    name: "HED",
    role: "edges",
    marks: ["block1.projection.weight"],
    plan: hed,
  },
  pidinet: {
    name: "PiDiNet",
    role: "edges",
    marks: ["block1_1.conv1.weight"],
    plan: pidinet,
  },
  teed: {
    name: "TEED",
    role: "edges",
    marks: ["block_cat.DWconv1.weight"],
    plan: teed,
  },
  lineart: {
    name: "a generator of line drawings",
    role: "edges",
    marks: ["model2.0.conv_block.1.weight"],
    plan: drawing,
  },
} as const satisfies Readonly<Record<string, Family>>;

/** What a model of this name must be: one family, any of a role, or, for a name that is not ours, anything. */
function wantedBy(model: string): { readonly family?: Family; readonly role?: Family["role"] } {
  if (model === "depth-model") return { role: "depth" };
  if (model === "edges-model") return { role: "edges" };
  const name = model === "lineart-coarse" ? "lineart" : model;
  const family = Object.hasOwn(families, name) ? families[name as keyof typeof families] : undefined;
  return family ? { family, role: family.role } : {};
}

/** What models of this name show: depth, edges, or nobody knows. */
export const roleOf = (model: string): Family["role"] | null => wantedBy(model).role ?? null;

/** The name under which ONNX files are read as this family reads pictures; null for a name that is not ours. */
export const familyNameOf = (model: string): string | null => wantedBy(model).family?.name ?? null;

/**
 * The family of a model by its tensors. Throws `model-incompatible` for one that is none of ours, or none that is wanted
 * under this name.
 */
export function familyOf(model: string, tensors: Tensors): Family {
  const all: readonly Family[] = Object.values(families);
  const found = all.find(({ marks }) => marks.some((mark) => tensors.has(mark)));
  const { family, role } = wantedBy(model);
  const names = family ? [family.name] : all.filter((one) => !role || one.role === role).map(({ name }) => name);
  const expected = names.join(" or ");
  if (!found) {
    const actual = listed([...tensors.keys()]) || "no tensors";
    const problem = `it is none of the nets that are known here by their tensors: it holds ${actual}, and ${expected} is needed. Take a file of that net, or the model as .onnx.`;
    throw incompatible(tensors.label, problem, { expected, actual });
  }
  if ((!family || found === family) && (!role || found.role === role)) return found;
  const problem = `it is ${found.name}, and "${model}" has to be ${expected}. Give the file of that net, or draw the condition that reads this one.`;
  throw incompatible(tensors.label, problem, { expected, actual: found.name });
}
