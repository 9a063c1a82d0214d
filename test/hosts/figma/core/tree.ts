import type { NodeType } from "../typings.ts";
import { defaultsOf, isFlat } from "./defaults.ts";
import { absoluteTransform, containerOf } from "./geometry.ts";
import { identity, invert, multiply } from "./matrix.ts";
import { setTransform } from "./shaping.ts";
import type { Fields, NodeRecord, Origin, Store } from "./store.ts";
import { holdsChildren, isSimulated, type SimulatedType } from "./surface.ts";

// Making, moving and deleting nodes, and what Figma refuses of it. The words are those of its documentation's error cases.

/** True for what lies inside an instance, whose structure is its component's. */
export const inInstance = (store: Store, id: string): boolean =>
  [...store.ancestors(id)].some(({ type }) => type === "INSTANCE");

/** Throws when `id` (or a new node of `type`) may not become a child of `parent`. */
function demandPlace(
  store: Store,
  where: string,
  node: { readonly id?: string; readonly type: NodeType },
  parent: string,
): void {
  const refuse = (why: string): never => {
    throw new Error(`in ${where}: Cannot move node. ${why}`);
  };
  const { id, type } = node;
  const into = store.at(parent);
  if (type === "DOCUMENT") refuse("Node is the scene root, which cannot be reparented");
  if (id !== undefined && (id === parent || [...store.ancestors(parent)].some((node) => node.id === id))) {
    refuse("Doing so would create a parenting cycle");
  }
  if (into.type === "DOCUMENT" && type !== "PAGE") refuse("The root node cannot have children of type other than PAGE");
  if (into.type !== "DOCUMENT" && type === "PAGE")
    refuse("Nodes other than the root node cannot have children of type PAGE");
  if (!isSimulated(into.type) || !holdsChildren(into.type)) refuse("New parent is of a type that cannot have children");
  if (into.type === "INSTANCE" || inInstance(store, parent))
    refuse("New parent is an instance or is inside of an instance");
  if (id !== undefined && inInstance(store, id)) refuse("Node is inside of an instance");
  if (into.type === "COMPONENT_SET" && type !== "COMPONENT") {
    refuse("A COMPONENT_SET node cannot have children of type other than COMPONENT");
  }
  const inComponent =
    into.type === "COMPONENT" || [...store.ancestors(parent)].some(({ type }) => type === "COMPONENT");
  if (type === "COMPONENT" && inComponent) refuse("Reparenting would create a component inside a component");
  if (type === "SECTION" && into.type !== "PAGE" && into.type !== "SECTION") {
    refuse("A SECTION node can only be a child of a PAGE or SECTION node");
  }
}

/** Makes a node in front of a parent's children. */
export function create(store: Store, type: SimulatedType, parent: string, origin: Origin): string {
  const where = `create${type[0]}${type.slice(1).toLowerCase()}`;
  demandPlace(store, where, { type }, parent);
  const id = store.newId(origin);
  const order = store.orderAt(parent, store.children(parent).length, origin);
  store.write(id, { id, type, fields: defaultsOf(type, { parent, order }) }, origin);
  return id;
}

/** Makes `id` the `index`th child of `parent` (counted with the node where it was). Its transform stays as it is. */
export function insert(store: Store, where: string, parent: string, index: number, id: string, origin: Origin): void {
  const { type, fields } = store.at(id);
  demandPlace(store, where, { id, type }, parent);
  const siblings = store.children(parent);
  if (!Number.isInteger(index) || index < 0 || index > siblings.length) {
    throw new Error(`in ${where}: Cannot insert node at index greater than the number of existing siblings`);
  }
  // Its own place does not count.
  const before = siblings.indexOf(id);
  const place = before >= 0 && before < index ? index - 1 : index;
  const left = fields.parent;
  const order = store.orderAt(parent, place, origin, id);
  const patch: Partial<Fields> = { parent, order };
  const laysOut = store.at(parent).fields["layoutMode"];
  if (left !== parent && (laysOut === undefined || laysOut === "NONE") && fields["layoutPositioning"] !== undefined) {
    Object.assign(patch, { layoutPositioning: "AUTO" });
  }
  store.write(id, patch, origin);
  if (left !== null && left !== parent) removeEmptied(store, left, origin);
}

/** Groups cannot be empty: one without children goes, and so on upward. */
function removeEmptied(store: Store, id: string, origin: Origin): void {
  const node = store.find(id);
  if (!node || !isFlat(node.type) || store.children(id).length > 0) return;
  store.write(id, null, origin);
  if (node.fields.parent !== null) removeEmptied(store, node.fields.parent, origin);
}

/** Deletes a node and all below it. */
export function remove(store: Store, id: string, origin: Origin): void {
  const { type, fields } = store.at(id);
  const lastPage = type === "PAGE" && store.children(fields.parent ?? "").length === 1;
  if (type === "DOCUMENT" || lastPage || inInstance(store, id)) {
    throw new Error("in remove: Removing this node is not allowed");
  }
  store.write(id, null, origin);
  if (fields.parent !== null) removeEmptied(store, fields.parent, origin);
}

/** Copies a node and all below it to the front of `parent`, and gives the copy's id. Components become instances but at the top. */
export function copy(
  store: Store,
  id: string,
  parent: string,
  origin: Origin,
  top: NodeType = store.at(id).type,
): string {
  const made = store.newId(origin);
  const order = store.orderAt(parent, store.children(parent).length, origin);
  copyTo(store, id, made, { parent, order }, top, origin);
  return made;
}

function copyTo(
  store: Store,
  id: string,
  made: string,
  place: Pick<Fields, "parent" | "order">,
  type: NodeType,
  origin: Origin,
): void {
  const { fields } = store.at(id);
  const node: NodeRecord = { id: made, type, fields: { ...fields, ...place } };
  if (type === "INSTANCE") Object.assign(node.fields, { mainComponent: fields["mainComponent"] ?? id });
  store.write(made, node, origin);
  const root = /^I?([^;]+)/.exec(made)?.[1] ?? made;
  const inside = type === "INSTANCE" || made.startsWith("I");
  for (const child of [...store.children(id)]) {
    // What is inside an instance is called after the instance and what it copies.
    const last = child.slice(child.lastIndexOf(";") + 1);
    const name = inside ? `I${root};${[...made.split(";").slice(1), last].join(";")}` : store.newId(origin);
    const { type: kind, fields } = store.at(child);
    const become = kind === "COMPONENT" && type !== "COMPONENT_SET" ? "INSTANCE" : kind;
    copyTo(store, child, name, { parent: made, order: fields.order }, become, origin);
  }
}

/** Puts nodes into a new group (or what else takes its box from its children), where they are; it stands at `index` of `parent`. */
export function group(
  store: Store,
  ids: readonly string[],
  parent: string,
  index: number | undefined,
  origin: Origin,
  type: "GROUP" | "BOOLEAN_OPERATION" = "GROUP",
): string {
  if (ids.length === 0) throw new Error("in group: First argument must be an array of at least one node");
  const at = index ?? store.children(parent).length;
  if (at < 0 || at > store.children(parent).length) {
    throw new Error("in group: Cannot insert node at index greater than the number of existing siblings");
  }
  for (const id of ids) demandPlace(store, "group", { id, type: store.at(id).type }, parent);
  const order = store.orderAt(parent, at, origin);
  const made = store.newId(origin);
  store.write(made, { id: made, type, fields: defaultsOf(type, { parent, order }) }, origin);
  // Their order among each other is the document's, not the list's.
  for (const id of inDocumentOrder(store, ids)) carry(store, id, made, store.children(made).length, origin);
  return made;
}

/** Takes a group apart; its children stay where they are, in its place. */
export function ungroup(store: Store, id: string, origin: Origin): readonly string[] {
  const { fields } = store.at(id);
  const { parent } = fields;
  if (parent === null) throw new Error("in ungroup: The document cannot be ungrouped");
  const children = [...store.children(id)];
  for (const child of children) carry(store, child, parent, store.children(parent).indexOf(id), origin);
  if (store.find(id)) remove(store, id, origin);
  return children;
}

/** Moves a node to another parent and keeps its place on the page. */
function carry(store: Store, id: string, parent: string, index: number, origin: Origin): void {
  const before = absoluteTransform(store, id);
  insert(store, "group", parent, index, id, origin);
  const container = containerOf(store, id);
  const base = container === null ? identity : absoluteTransform(store, container);
  setTransform(store, id, multiply(invert(base), before), origin);
}

/** Ids in the order of the document, the lowest first. */
export function inDocumentOrder(store: Store, ids: readonly string[]): readonly string[] {
  const wanted = new Set(ids);
  const roots = [...store.all()].filter(({ fields }) => fields.parent === null);
  return roots.flatMap(({ id }) => [...store.subtree(id)].map((node) => node.id).filter((id) => wanted.has(id)));
}
