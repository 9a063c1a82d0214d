import type { Application } from "./application.ts";
import type { Bounds } from "./bounds.ts";
import { HostError } from "./failure.ts";
import type { OpenDocument } from "./history.ts";
import { boundsOr } from "./layer-edit.ts";
import { type Descriptor, documentIn, layerIn, type Part, partsOf, propertyIn } from "./reference.ts";
import { contentFacts, pathFacts, strokeFacts, textFacts } from "./shape-facts.ts";
import type { LayerState, Settings } from "./state.ts";

// What `get` and `multiGet` answer. Opacity is from 0 to 255 here, and layers are numbered from the lowest, from 1.

const kinds = { pixel: 1, curves: 2, text: 3, smartObject: 5, group: 7, gradientFill: 9, solidColor: 11 } as const;
/** A shape layer's, whatever it is filled with. */
const shapeKind = 4;

const pixels = (value: number): Part => ({ _unit: "pixelsUnit", _value: value });

function layerFacts(app: Application, open: OpenDocument, layer: LayerState): Readonly<Record<string, unknown>> {
  const all = app.allLayers(open);
  const { left, top, right, bottom } = boundsOr(open.state, layer);
  const bounds = {
    _obj: "rectangle",
    left: pixels(left),
    top: pixels(top),
    right: pixels(right),
    bottom: pixels(bottom),
    width: pixels(right - left),
    height: pixels(bottom - top),
  };
  return {
    name: layer.name,
    layerID: layer.id,
    itemIndex: all.length - all.indexOf(layer),
    layerKind: layer.background ? 12 : layer.filling && layer.vector ? shapeKind : kinds[layer.kind],
    opacity: layer.opacity,
    fillOpacity: layer.fillOpacity,
    visible: layer.visible,
    group: layer.clipped,
    background: layer.background,
    hasUserMask: layer.mask !== null,
    userMaskDensity: layer.maskDensity,
    ...(layer.mask ? { userMaskEnabled: layer.maskEnabled } : {}),
    hasVectorMask: layer.vector !== null,
    ...(layer.vector ? { vectorMaskEnabled: layer.vector.enabled } : {}),
    ...(layer.filling ? { adjustment: contentFacts(layer.filling.content) } : {}),
    ...(layer.filling && layer.vector
      ? { AGMStrokeStyleInfo: strokeFacts(layer.filling.stroke, layer.filling.filled) }
      : {}),
    ...(layer.text ? { textKey: textFacts(layer.text) } : {}),
    artboardEnabled: layer.artboard !== null,
    ...(layer.artboard ? { artboard: artboardFacts(layer.artboard) } : {}),
    parentLayerID: app.layer(open, layer.id).parent?.id ?? -1,
    mode: { _enum: "blendMode", _value: layer.blendMode },
    bounds,
    boundsNoEffects: bounds,
    layerLocking: {
      _obj: "layerLocking",
      protectAll: layer.locks.all,
      protectComposite: layer.locks.pixels,
      protectPosition: layer.locks.position,
      protectTransparency: layer.locks.transparency,
    },
  };
}

const artboardFacts = ({ left, top, right, bottom }: Bounds): Part => ({
  _obj: "artboard",
  artboardRect: { _obj: "classFloatRect", top, left, bottom, right },
});

const documentFacts = (open: OpenDocument): Readonly<Record<string, unknown>> => ({
  title: open.name,
  documentID: open.id,
  width: { _unit: "distanceUnit", _value: (open.state.width * 72) / open.state.resolution },
  height: { _unit: "distanceUnit", _value: (open.state.height * 72) / open.state.resolution },
  resolution: { _unit: "densityUnit", _value: open.state.resolution },
  mode: { _enum: "colorSpace", _value: open.state.mode },
  depth: open.state.depth,
  hasBackgroundLayer: open.state.layers.some(({ background }) => background),
  numberOfLayers: open.state.layers.length,
  quickMask: open.state.quickMask,
  targetLayersIDs: open.state.active.map((id) => ({ _ref: "layer", _id: id })),
  XMPMetadataAsUTF8: open.state.xmp,
});

/** The entries of one plugin, or of all. What was never set is not there. */
function settingsOf(settings: Settings, key: unknown): Descriptor {
  if (typeof key !== "string") return Object.keys(settings).length === 0 ? {} : { generatorSettings: settings };
  const own = settings[key];
  return own === undefined ? {} : { generatorSettings: { _obj: key, ...own } };
}

function get(app: Application, command: Descriptor): Descriptor {
  const parts = partsOf(command["_target"]);
  const property = propertyIn(parts);
  const open = documentIn(app, parts);
  const named = (kind: string) => parts.some((part) => part["_ref"] === kind);
  const layer = named("layer") ? layerIn(app, parts, open) : null;
  if (named("path")) {
    const isMask = parts.some((part) => part["_ref"] === "path" && part["_value"] === "vectorMask");
    if (!isMask || !layer?.vector) throw new HostError('The object "path" is not currently available.', -25922);
    return pathFacts(layer.vector.parts, open.state.resolution);
  }
  if (property === "generatorSettings") return settingsOf((layer ?? open.state).settings, command["property"]);
  const facts = layer ? layerFacts(app, open, layer) : documentFacts(open);
  const known = layer || named("document") || property !== undefined;
  if (property === undefined) {
    if (!known) throw new HostError('The command "Get" is not currently available.', -25922);
    return { ...facts, generatorSettings: (layer ?? open.state).settings };
  }
  if (!(property in facts)) throw new HostError(`The property "${property}" is not available.`, -25922);
  return { [property]: facts[property] };
}

function multiGet(app: Application, command: Descriptor): Descriptor {
  const open = documentIn(app, partsOf(command["_target"]));
  const [names, range] = (command["extendedReference"] ?? []) as [readonly string[], Part | undefined];
  if (!Array.isArray(names)) throw new HostError('The command "Multi Get" is not currently available.', -25922);
  const picked = (facts: Readonly<Record<string, unknown>>) =>
    Object.fromEntries(names.filter((name) => name in facts).map((name) => [name, facts[name]]));
  if (!range) return picked(documentFacts(open));
  const lowestFirst = [...app.allLayers(open)].reverse();
  const [from, count] = [Number(range["index"] ?? 1) - 1, Number(range["count"] ?? -1)];
  const layers = count < 0 ? lowestFirst.slice(from) : lowestFirst.slice(from, from + count);
  return { list: layers.map((layer) => picked(layerFacts(app, open, layer))) };
}

/** Commands that only read. */
export const answers: Readonly<Record<string, (app: Application, command: Descriptor) => Descriptor>> = {
  get,
  multiGet,
};
