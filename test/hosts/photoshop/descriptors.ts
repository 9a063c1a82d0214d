import type { Application } from "./application.ts";
import { rescaled } from "./color.ts";
import { inMode } from "./document-edit.ts";
import { HostError } from "./failure.ts";
import type { OpenDocument } from "./history.ts";
import { addLayer, copyLayer, groupLayers, merged, newLayer } from "./layer-edit.ts";
import { placeFile, transformLayer } from "./placing.ts";
import { emptyRaster, fill, full, inkBounds, mapped, type Raster } from "./raster.ts";
import { type Descriptor, documentIn, layerIn, layersIn, type Part, partsOf, propertyIn } from "./reference.ts";
import { ellipse, rectangle } from "./selection.ts";
import { coverageOf } from "./selection-dom.ts";
import {
  canvasOf,
  type DocumentState,
  insertLayers,
  type LayerState,
  type Mode,
  withLayer,
  withoutLayer,
} from "./state.ts";

// What Photoshop's commands do. A command that fails throws here; batchPlay makes an error descriptor of it.

/** A command's work. `reads` is true for those that may run outside a modal scope. */
export interface Command {
  readonly reads?: boolean;
  run(app: Application, command: Descriptor): Descriptor | Promise<Descriptor>;
}

const unavailable = (what: string): HostError =>
  new HostError(`The command "${what}" is not currently available.`, -25922);

const value = (given: unknown): unknown => (given as Part | undefined)?.["_value"];
const object = (given: unknown): Part => (typeof given === "object" && given !== null ? (given as Part) : {});

function changed(app: Application, open: OpenDocument, name: string, state: DocumentState): Descriptor {
  app.change(open, name, state);
  return {};
}

function select(app: Application, command: Descriptor): Descriptor {
  const parts = partsOf(command["_target"]);
  const [first = {}] = parts;
  if (first["_ref"] === "document") {
    app.activeDocument = documentIn(app, parts);
    return {};
  }
  const open = documentIn(app, parts);
  if (first["_ref"] === "historyState") {
    const step = first["_value"] === "previous" ? -1 : 1;
    const index =
      first["_enum"] === "ordinal" ? open.index + step : open.entries.findIndex(({ id }) => id === first["_id"]);
    if (!open.goTo(index)) throw unavailable("Select");
    return {};
  }
  const ids = layersIn(app, parts, open).map(({ id }) => id);
  if (ids.length === 0) throw unavailable("Select");
  const how = value(command["selectionModifier"]);
  const { active } = open.state;
  const rest = active.filter((id) => !ids.includes(id));
  const next = how === "addToSelection" ? [...rest, ...ids] : how === "removeFromSelection" ? rest : ids;
  let state: DocumentState = { ...open.state, active: next };
  // Selecting a layer also shows it, unless a command says that it should not.
  if (command["makeVisible"] !== false) for (const id of ids) state = withLayer(state, id, { visible: true });
  app.note(open, state);
  return {};
}

function set(app: Application, command: Descriptor): Descriptor {
  const parts = partsOf(command["_target"]);
  const open = documentIn(app, parts);
  const property = propertyIn(parts);
  const to = object(command["to"]);
  const [first = {}] = parts;
  if (first["_ref"] === "channel" && property === "selection") return setSelection(app, open, command["to"]);
  if (property === "generatorSettings") return setSettings(app, open, parts, to, command["property"]);
  if (property === "XMPMetadataAsUTF8") {
    if (typeof to["XMPMetadataAsUTF8"] !== "string") throw unavailable("Set");
    return changed(app, open, "File Info", { ...open.state, xmp: to["XMPMetadataAsUTF8"] });
  }
  const layer = layerIn(app, parts, open);
  const change: { -readonly [K in keyof LayerState]?: LayerState[K] } = {};
  if (typeof to["name"] === "string") change.name = to["name"];
  const opacity = value(to["opacity"]);
  if (typeof opacity === "number") change.opacity = Math.round((opacity * 255) / 100);
  const blendMode = value(to["mode"]);
  if (typeof blendMode === "string") change.blendMode = blendMode;
  if (Object.keys(change).length === 0) throw unavailable("Set");
  return changed(app, open, "Layer Properties", withLayer(open.state, layer.id, change));
}

function setSelection(app: Application, open: OpenDocument, given: unknown): Descriptor {
  const to = object(given);
  const parts = partsOf(given);
  let selection: Raster | null;
  if (to["_enum"] === "ordinal" && to["_value"] === "none") selection = null;
  else if (to["_enum"] === "ordinal" && to["_value"] === "allEnum") selection = rectangle(canvasOf(open.state));
  else if (to["_obj"] === "rectangle" || to["_obj"] === "ellipse") {
    const [left, top, right, bottom] = ["left", "top", "right", "bottom"].map((side) => Number(value(to[side])));
    const box = { left, top, right, bottom } as { left: number; top: number; right: number; bottom: number };
    selection = to["_obj"] === "ellipse" ? ellipse(box) : rectangle(box);
  } else {
    const layers = layersIn(app, parts, open);
    const active = app.allLayers(open).filter(({ id }) => open.state.active.includes(id));
    const layer = layers[0] ?? active[0];
    const channel = parts.find((part) => part["_ref"] === "channel")?.["_value"];
    const source = channel === "mask" ? layer?.mask : channel === "transparencyEnum" ? layer?.pixels : null;
    if (!source) throw unavailable("Set");
    selection = coverageOf(source);
  }
  return changed(app, open, selection ? "Set Selection" : "Deselect", { ...open.state, selection });
}

function setSettings(app: Application, open: OpenDocument, parts: readonly Part[], to: Part, key: unknown): Descriptor {
  if (app.manners.noSettings || parts[0]?.["_property"] !== "generatorSettings") throw unavailable("Set");
  const { _obj, ...entries } = to;
  void _obj;
  if (Object.values(entries).some((entry) => typeof entry !== "string")) {
    throw new HostError("generatorSettings holds strings only", -25922);
  }
  const strings = entries as Readonly<Record<string, string>>;
  const hasLayer = parts.some((part) => part["_ref"] === "layer");
  const layer = hasLayer ? layerIn(app, parts, open) : null;
  const old = (layer ?? open.state).settings;
  const settings = typeof key === "string" ? { ...old, [key]: strings } : { ...old, "": strings };
  const state = layer ? withLayer(open.state, layer.id, { settings }) : { ...open.state, settings };
  return changed(app, open, "Modify Generator Settings", state);
}

function make(app: Application, command: Descriptor): Descriptor {
  const parts = partsOf(command["_target"]);
  const open = documentIn(app, parts);
  const { state } = open;
  const kind = parts[0]?.["_ref"] ?? object(command["new"])["_class"];
  const using = object(command["using"]);
  if (kind === "layer" || kind === "layerSection") {
    const name = typeof using["name"] === "string" ? using["name"] : undefined;
    const from = command["from"] === undefined ? [] : layersIn(app, partsOf(command["from"]), open);
    if (from.length > 0) {
      const ids = from.map(({ id }) => id);
      const grouped = groupLayers(app, state, ids, name ?? "Group 1");
      app.change(open, "Group Layers", grouped.state);
      return { layerSectionStart: grouped.group.id };
    }
    const layer = newLayer(app, state, {
      ...(kind === "layerSection" ? { kind: "group" as const } : {}),
      ...(name === undefined ? {} : { name }),
    });
    app.change(open, kind === "layer" ? "New Layer" : "New Group", addLayer(state, layer));
    return { layerID: layer.id };
  }
  if (kind === "channel" && object(command["at"])["_value"] === "mask") {
    const [id] = state.active;
    if (id === undefined) throw unavailable("Make");
    const { layer } = app.layer(open, id);
    const how = using["_value"];
    const { selection } = state;
    if (layer.mask || layer.background || (how === "revealSelection" && !selection)) throw unavailable("Make");
    let mask = emptyRaster(1, state.depth, how === "hideAll" ? 0 : full(state.depth));
    if (how === "revealSelection" && selection) {
      mask = mapped(selection, 1, state.depth, (values) => rescaled(values, 8, state.depth));
    }
    return changed(app, open, "Add Layer Mask", {
      ...withLayer(state, id, { mask }),
      selection: how === "revealSelection" ? null : selection,
    });
  }
  throw unavailable("Make");
}

function remove(app: Application, command: Descriptor): Descriptor {
  const parts = partsOf(command["_target"]);
  const open = documentIn(app, parts);
  const layer = layerIn(app, parts.some((part) => part["_ref"] === "layer") ? parts : active, open);
  if (parts[0]?.["_ref"] === "channel") {
    if (!layer.mask) throw unavailable("Delete");
    return changed(app, open, "Delete Layer Mask", withLayer(open.state, layer.id, { mask: null }));
  }
  if (layer.locks.all) throw unavailable("Delete");
  return changed(app, open, "Delete Layer", withoutLayer(open.state, layer.id));
}

const active: readonly Part[] = [{ _ref: "layer", _enum: "ordinal", _value: "targetEnum" }];

function targetLayers(app: Application, command: Descriptor): [OpenDocument, readonly LayerState[]] {
  const parts = partsOf(command["_target"] ?? active);
  const open = documentIn(app, parts);
  const layers = layersIn(app, parts, open);
  if (layers.length === 0) throw unavailable(String(command["_obj"]));
  return [open, layers];
}

const visibility = (visible: boolean) => (app: Application, command: Descriptor) => {
  const list = command["null"] ?? command["_target"];
  const parts = (Array.isArray(list) ? list : [list]) as Part[];
  const open = documentIn(app, parts);
  let { state } = open;
  for (const part of parts) {
    for (const { id } of layersIn(app, [part], open)) state = withLayer(state, id, { visible });
  }
  app.note(open, state);
  return {};
};

function duplicate(app: Application, command: Descriptor): Descriptor {
  const [open, layers] = targetLayers(app, command);
  let { state } = open;
  const made: number[] = [];
  for (const layer of [...layers].reverse()) {
    const { parent, index } = app.layer(open, layer.id);
    const name = typeof command["name"] === "string" ? command["name"] : `${layer.name} copy`;
    const copy = copyLayer(app, layer, name);
    state = insertLayers(state, parent?.id ?? null, index, [copy]);
    made.unshift(copy.id);
  }
  app.change(open, "Duplicate Layer", { ...state, active: made });
  return { ID: made };
}

function mergeLayers(app: Application, command: Descriptor): Descriptor {
  const [open, layers] = targetLayers(app, command);
  const [top] = layers as [LayerState];
  const ids = layers.map(({ id }) => id);
  const { pixels } = merged(app, { ...open.state, layers: [...layers] }, false).layers[0] as LayerState;
  const { parent, index } = app.layer(open, top.id);
  let state = open.state;
  for (const id of ids) state = withoutLayer(state, id);
  const layer = newLayer(app, state, { name: top.name, pixels });
  const placed = insertLayers(state, parent?.id ?? null, index, [layer]);
  return changed(app, open, "Merge Layers", { ...placed, active: [layer.id] });
}

function convertMode(app: Application, command: Descriptor): Descriptor {
  const to = object(command["to"])["_class"] ?? command["to"];
  const open = documentIn(app, []);
  if (typeof to !== "string" || !/Mode$/.test(to)) throw unavailable("Convert Mode");
  return changed(app, open, "Convert Mode", inMode(open.state, to as Mode));
}

function fillLayer(app: Application, command: Descriptor): Descriptor {
  const open = documentIn(app, []);
  const [id] = open.state.active;
  const layer = id === undefined ? undefined : app.layer(open, id).layer;
  const using = value(command["using"]);
  if (!layer?.pixels || (using !== "white" && using !== "black")) throw unavailable("Fill");
  const most = full(open.state.depth);
  const color = [...Array<number>(layer.pixels.channels - 1).fill(using === "white" ? most : 0), most];
  const box = (open.state.selection && inkBounds(open.state.selection)) ?? canvasOf(open.state);
  return changed(app, open, "Fill", withLayer(open.state, layer.id, { pixels: fill(layer.pixels, box, color) }));
}

function newPlacedLayer(app: Application): Descriptor {
  const open = documentIn(app, []);
  const [id] = open.state.active;
  const layer = id === undefined ? undefined : app.layer(open, id).layer;
  if (!layer?.pixels || layer.background) throw unavailable("Convert to Smart Object");
  return changed(app, open, "Convert to Smart Object", withLayer(open.state, layer.id, { kind: "smartObject" }));
}

function rasterize(app: Application, command: Descriptor): Descriptor {
  const [open, [layer]] = targetLayers(app, command);
  if (!layer?.pixels) throw unavailable("Rasterize");
  return changed(app, open, "Rasterize Layer", withLayer(open.state, layer.id, { kind: "pixel" }));
}

function undo(step: number, name: string) {
  return (app: Application): Descriptor => {
    const open = documentIn(app, []);
    if (!open.goTo(open.index + step)) throw unavailable(name);
    return {};
  };
}

/** The commands that this Photoshop knows; every other one answers with an error. */
export const commands: Readonly<Record<string, Command>> = {
  select: { run: select },
  set: { run: set },
  make: { run: make },
  delete: { run: remove },
  hide: { run: visibility(false) },
  show: { run: visibility(true) },
  duplicate: { run: duplicate },
  mergeLayersNew: { run: mergeLayers },
  convertMode: { run: convertMode },
  fill: { run: fillLayer },
  newPlacedLayer: { run: newPlacedLayer },
  rasterizeLayer: { run: rasterize },
  placeEvent: { run: placeFile },
  transform: { run: transformLayer },
  undo: { run: undo(-1, "Undo") },
  redo: { run: undo(1, "Redo") },
};
