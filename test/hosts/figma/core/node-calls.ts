import { absoluteRenderBounds } from "../render/bounds.ts";
import { outlinesOf } from "../render/outline.ts";
import { strokeLoops } from "../render/shape.ts";
import { exportSettings } from "./checks.ts";
import type { FigmaDocument } from "./document.ts";
import { rootId } from "./document.ts";
import { type Outline, printPaths } from "./paths.ts";
import { dataKeys, getData, getRelaunch, setData, setRelaunch } from "./plugin-data.ts";
import { read, write } from "./properties.ts";
import { NodeReference } from "./references.ts";
import { demand, number } from "./schema.ts";
import { resize, smallestSide } from "./shaping.ts";
import { copy, inInstance, insert, remove } from "./tree.ts";
import { networkOf } from "./vector-network.ts";

// What a plugin may do with a node: the members that the tables of surface.ts name.

/** What the calls need of the run that makes them. */
export interface Caller {
  readonly document: FigmaDocument;
  readonly pluginId: string;
  /** Throws when a node lies on a page that is not loaded. `member` is written as Figma does: "property `children`". */
  demandLoaded(id: string, where: string, member: string): void;
  load(page: string): void;
  hasFont(font: unknown): boolean;
}

/** A reference to a node that is there. */
export function referenceTo(document: FigmaDocument, id: string): NodeReference {
  return new NodeReference(id, document.store.at(id).type);
}

/** The id in an argument that must be a node. */
export function idIn(value: unknown, where: string): string {
  if (!(value instanceof NodeReference))
    throw new Error(`in ${where}: Expected node, got ${value === null ? "null" : typeof value}`);
  return value.id;
}

function demandAlive({ document }: Caller, id: string, where: string): void {
  if (!document.store.find(id)) throw new Error(`in ${where}: The node with id "${id}" does not exist`);
}

/** The value of a member. */
export function getMember(caller: Caller, id: string, member: string): unknown {
  const { document } = caller;
  const { store } = document;
  if (member === "removed") return store.find(id) === null;
  demandAlive(caller, id, `get_${member}`);
  switch (member) {
    case "parent": {
      const { parent } = store.at(id).fields;
      return parent === null ? null : referenceTo(document, parent);
    }
    case "children":
      caller.demandLoaded(id, "get_children", "property `children`");
      return store.children(id).map((child) => referenceTo(document, child));
    case "selection":
      return document.selection(id).map((one) => referenceTo(document, one));
    case "absoluteRenderBounds":
      return absoluteRenderBounds(store, id);
    case "fillGeometry":
      return printPaths(outlinesOf(store, id).filter(({ rule }) => rule !== "NONE"));
    case "strokeGeometry":
      return printPaths(strokeOutlines(caller, id));
    case "vectorPaths":
      return printPaths(outlinesOf(store, id));
    case "vectorNetwork":
      return networkOf(outlinesOf(store, id));
    case "mainComponent":
      throw new Error(
        "in get_mainComponent: Cannot call with documentAccess: dynamic-page. Use node.getMainComponentAsync instead.",
      );
    default:
      return read(store, id, member);
  }
}

/** Nothing is outlined where nothing is painted. */
function strokeOutlines({ document }: Caller, id: string): readonly Outline[] {
  if ((document.store.at(id).fields["strokes"] as readonly unknown[]).length === 0) return [];
  return strokeLoops(document.store, id, 0.5).map((loop) => ({
    rule: "NONZERO",
    segments: [
      ...loop.map((to, index) => ({ type: index === 0 ? ("move" as const) : ("line" as const), to })),
      { type: "close" },
    ],
  }));
}

/** Sets a member. */
export function setMember(caller: Caller, id: string, member: string, value: unknown): void {
  const { document } = caller;
  demandAlive(caller, id, `set_${member}`);
  if (member === "selection") {
    if (!Array.isArray(value))
      throw new Error('in set_selection: Property "selection" failed validation: Expected array');
    const ids = value.map((node) => idIn(node, "set_selection"));
    for (const one of ids) demandAlive(caller, one, "set_selection");
    document.select(ids, id);
    return;
  }
  if (member === "characters" || member === "fontSize") demandFont(caller, id, member);
  if (member === "fills" || member === "strokes" || member === "backgrounds") demandImages(caller, member, value);
  write(document.store, id, member, value, "LOCAL");
}

function demandFont(caller: Caller, id: string, member: string): void {
  const font = caller.document.store.at(id).fields["fontName"] as { family: string; style: string };
  if (caller.hasFont(font)) return;
  throw new Error(
    `in set_${member}: Cannot write to node with unloaded font "${font.family} ${font.style}". Please call figma.loadFontAsync({ family: "${font.family}", style: "${font.style}" }) and await the returned promise first.`,
  );
}

function demandImages({ document }: Caller, member: string, value: unknown): void {
  for (const paint of Array.isArray(value) ? (value as readonly { readonly imageHash?: unknown }[]) : []) {
    const hash = paint?.imageHash;
    if (typeof hash === "string" && !document.images.bytes(hash)) {
      throw new Error(`in set_${member}: Image with hash "${hash}" does not exist`);
    }
  }
}

type Call = (caller: Caller, id: string, args: readonly unknown[]) => unknown;

const sized =
  (where: string, constrain: boolean): Call =>
  ({ document }, id, [width, height]) => {
    const { store } = document;
    const least = store.at(id).type === "LINE" ? 0 : smallestSide;
    demand(where, "width", number(smallestSide), width);
    demand(where, "height", number(least), height);
    if (store.at(id).type === "LINE" && height !== 0) throw new Error(`in ${where}: Lines must have a height of 0`);
    if (inInstance(store, id)) throw new Error(`in ${where}: This property cannot be overridden in an instance`);
    resize(store, id, width as number, height as number, "LOCAL", constrain);
  };

const found =
  (name: string): Call =>
  (caller, id) => {
    caller.demandLoaded(id, name, `method \`${name}()\``);
    return referenceTo(caller.document, id);
  };

const calls: Readonly<Record<string, Call>> = {
  toString: ({ document }: Caller, id: string) => {
    const { type, fields } = document.store.at(id);
    return `[${type} ${id} "${fields.name}"]`;
  },
  remove: ({ document }, id) => {
    if (id === document.currentPage) throw new Error("in remove: Removing this node is not allowed");
    remove(document.store, id, "LOCAL");
  },
  clone: ({ document }, id) => {
    const { type } = document.store.at(id);
    const parent = type === "PAGE" ? rootId : document.currentPage;
    return referenceTo(document, copy(document.store, id, parent, "LOCAL"));
  },
  appendChild: (caller, id, [child]) => {
    caller.demandLoaded(id, "appendChild", "method `appendChild()`");
    const { store } = caller.document;
    const moved = idIn(child, "appendChild");
    demandAlive(caller, moved, "appendChild");
    insert(store, "appendChild", id, store.children(id).length, moved, "LOCAL");
  },
  insertChild: (caller, id, [index, child]) => {
    caller.demandLoaded(id, "insertChild", "method `insertChild()`");
    const moved = idIn(child, "insertChild");
    demandAlive(caller, moved, "insertChild");
    insert(caller.document.store, "insertChild", id, index as number, moved, "LOCAL");
  },
  resize: sized("resize", true),
  resizeWithoutConstraints: sized("resizeWithoutConstraints", false),
  exportAsync: async (caller, id, [settings = { format: "PNG" }]) => {
    caller.demandLoaded(id, "exportAsync", "method `exportAsync()`");
    demand("exportAsync", "settings", exportSettings, settings);
    return caller.document.export(id, settings as Parameters<FigmaDocument["export"]>[1]);
  },
  getPluginData: ({ document, pluginId }, id, [key]) => getData(document.store, id, pluginId, key),
  setPluginData: ({ document, pluginId }, id, [key, value]) =>
    setData(document.store, "setPluginData", id, pluginId, key, value),
  getPluginDataKeys: ({ document, pluginId }, id) => dataKeys(document.store, id, pluginId),
  getSharedPluginData: ({ document }, id, [space, key]) => getData(document.store, id, shared(space), key),
  setSharedPluginData: ({ document }, id, [space, key, value]) =>
    setData(document.store, "setSharedPluginData", id, shared(space), key, value),
  getSharedPluginDataKeys: ({ document }, id, [space]) => dataKeys(document.store, id, shared(space)),
  getRelaunchData: ({ document, pluginId }, id) => getRelaunch(document.store, id, pluginId),
  setRelaunchData: ({ document, pluginId }, id, [data]) => setRelaunch(document.store, id, pluginId, data),
  loadAsync: async (caller, id) => caller.load(id),
  on: (caller, id) => caller.demandLoaded(id, "on", "method `on()`"),
  createInstance: ({ document }, id) =>
    referenceTo(document, copy(document.store, id, document.currentPage, "LOCAL", "INSTANCE")),
  getMainComponentAsync: async ({ document }, id) => {
    const main = document.store.at(id).fields["mainComponent"] as string;
    return document.store.find(main) ? referenceTo(document, main) : null;
  },
  ...Object.fromEntries(
    ["findAll", "findOne", "findChild", "findChildren", "findAllWithCriteria"].map((name) => [name, found(name)]),
  ),
};

/** Where shared data lies; a namespace has at least three letters or digits. */
function shared(space: unknown): string {
  if (typeof space !== "string" || !/^[\w.-]*$/.test(space) || space.replace(/[^a-z0-9]/gi, "").length < 3) {
    throw new Error("in setSharedPluginData: Namespace must be at least 3 alphanumeric characters");
  }
  return `shared:${space}`;
}

/** Calls a method. */
export function callMember(caller: Caller, id: string, member: string, args: readonly unknown[]): unknown {
  demandAlive(caller, id, member);
  const call = Object.hasOwn(calls, member) ? calls[member] : undefined;
  if (!call) throw new Error(`The simulator has no method ${member}.`);
  return call(caller, id, args);
}
