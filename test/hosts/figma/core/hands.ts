import type { Drawing } from "../contract.ts";
import { sizeOf } from "./geometry.ts";
import { write } from "./properties.ts";
import { resize } from "./shaping.ts";
import type { Origin, Store } from "./store.ts";
import { isSimulated } from "./surface.ts";
import { copy, create, group } from "./tree.ts";

// What a person does with the editor's own tools: there is no realm and no plugin between the hand and the document.

/** Draws a node and what is in it in front of a parent's children, and gives its id. */
export function make(store: Store, drawing: Drawing, parent: string, origin: Origin): string {
  const { type, properties = {}, children = [] } = drawing;
  if (!isSimulated(type)) throw new Error(`The simulator has no nodes of type ${type}.`);
  if (type === "GROUP" || type === "BOOLEAN_OPERATION") {
    const parts = children.map((child) => make(store, child, parent, origin));
    const id = group(store, parts, parent, undefined, origin, type);
    setAll(store, id, properties, origin);
    return id;
  }
  if (type === "INSTANCE") {
    const { mainComponent, ...others } = properties;
    if (typeof mainComponent !== "string" || store.find(mainComponent)?.type !== "COMPONENT") {
      throw new Error("An INSTANCE is drawn of a component: its properties name it in `mainComponent`.");
    }
    const id = copy(store, mainComponent, parent, origin, "INSTANCE");
    setAll(store, id, others, origin);
    return id;
  }
  const id = create(store, type, parent, origin);
  setAll(store, id, properties, origin);
  for (const child of children) make(store, child, id, origin);
  return id;
}

/** Sets properties of a node: paths before the size that scales them, the size before the place, and all else last. */
export function setAll(store: Store, id: string, properties: Readonly<Record<string, unknown>>, origin: Origin): void {
  const { width, height, vectorPaths, documentColorProfile, ...others } = properties;
  if (documentColorProfile !== undefined) store.write(id, { documentColorProfile }, origin);
  if (vectorPaths !== undefined) write(store, id, "vectorPaths", vectorPaths, origin);
  // What lays its children out must do so before it is given a size, or it would take its children's.
  for (const property of ["layoutMode", "primaryAxisSizingMode", "counterAxisSizingMode"]) {
    if (others[property] !== undefined) write(store, id, property, others[property], origin);
  }
  if (width !== undefined || height !== undefined) {
    const size = sizeOf(store, id);
    resize(store, id, (width ?? size.width) as number, (height ?? size.height) as number, origin, true);
  }
  const place = ["relativeTransform", "rotation", "x", "y"].filter((property) => others[property] !== undefined);
  const rest = Object.keys(others).filter((property) => !place.includes(property));
  for (const property of [...rest, ...place]) write(store, id, property, others[property], origin);
}
