import type { Application } from "./application.ts";
import { HostError } from "./failure.ts";
import type { OpenDocument } from "./history.ts";
import type { LayerState } from "./state.ts";

/** One part of a reference, most specific first: `{ _ref: "layer", _id: 3 }`. */
export type Part = Readonly<Record<string, unknown>>;

/** A descriptor that a plugin sends or gets. */
export type Descriptor = Readonly<Record<string, unknown>>;

/** The parts of a target, in any of the forms that Photoshop takes. */
export function partsOf(target: unknown): readonly Part[] {
  const list = Array.isArray(target) ? target : ((target as Part | undefined)?.["_ref"] ?? target);
  if (Array.isArray(list)) return list as Part[];
  return typeof target === "object" && target !== null ? [target as Part] : [];
}

const classOf = (part: Part): unknown => part["_ref"];

/** The property that is asked for, if the reference names one. */
export const propertyIn = (parts: readonly Part[]): string | undefined =>
  parts.map((part) => part["_property"]).find((name): name is string => typeof name === "string");

/** The document that a reference names, else the active one. */
export function documentIn(app: Application, parts: readonly Part[]): OpenDocument {
  const part = parts.find((one) => classOf(one) === "document");
  const id = part?.["_id"];
  return app.document(typeof id === "number" ? id : undefined);
}

/** The layers that a reference names: one by id, name or index, or those that are active. */
export function layersIn(app: Application, parts: readonly Part[], document: OpenDocument): readonly LayerState[] {
  const part = parts.find((one) => classOf(one) === "layer");
  if (!part) return [];
  if (typeof part["_id"] === "number") return [app.layer(document, part["_id"]).layer];
  const all = app.allLayers(document);
  if (typeof part["_name"] === "string") return all.filter(({ name }) => name === part["_name"]).slice(0, 1);
  // Indexes count from 1, from the lowest layer up.
  if (typeof part["_index"] === "number") return [...all].reverse().slice(part["_index"] - 1, part["_index"]);
  if (part["_value"] === "targetEnum") return all.filter(({ id }) => document.state.active.includes(id));
  return [];
}

/** The one layer of a reference. */
export function layerIn(app: Application, parts: readonly Part[], document: OpenDocument): LayerState {
  const [layer] = layersIn(app, parts, document);
  if (!layer) throw new HostError('The object "layer" is not currently available.', -25922);
  return layer;
}

/** True when everything that a reference names is there. */
export function isThere(app: Application, target: unknown): boolean {
  try {
    const parts = partsOf(target);
    const document = documentIn(app, parts);
    for (const part of parts) {
      const id = part["_id"];
      if (classOf(part) === "layer") layerIn(app, parts, document);
      else if (classOf(part) === "historyState" && !document.entries.some((one) => one.id === id)) return false;
    }
    return parts.length > 0;
  } catch {
    return false;
  }
}
