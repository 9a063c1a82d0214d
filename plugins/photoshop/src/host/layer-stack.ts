import type { Rect } from "@underdraw/engine/core";
import type { Document, Layer } from "photoshop";
import { lineage } from "./document.ts";
import { intersection, rectOf } from "./rectangle.ts";
import { extentOf, type Target } from "./target.ts";

/** A layer or group that counts for a scene, as it was when it was looked at. */
export interface Node {
  readonly id: number;
  readonly name: string;
  readonly kind: string;
  /** From 0 to 1; of a layer times that of its fill. */
  readonly opacity: number;
  readonly isBackground: boolean;
  /** Where it has something, in pixels of the document, effects left out. */
  readonly extent: Rect;
  /** How much of what its masks hide is hidden, from 0 to 1. */
  readonly density: { readonly user: number; readonly vector: number };
  /** The group that it lies in. */
  readonly group: Node | null;
  /** What it is clipped to. */
  readonly base: Node | null;
}

/** What a scene is made of. */
export interface Stack {
  /** Layers that show something, the foremost first. */
  readonly layers: readonly Node[];
  /** What others are clipped to, and the layers whose outlines together are its own: itself, or what is in a group. */
  readonly bases: ReadonlyMap<Node, readonly Node[]>;
}

/** Layers of a scene. Of more, the foremost count: they hide the others. */
const MOST_LAYERS = 500;

/** Kinds that show something by themselves; adjustments change what others show. */
const drawnKinds = new Set<string>([
  "pixel",
  "text",
  "smartObject",
  "video",
  "threeD",
  "solidColor",
  "gradientFill",
  "pattern",
]);

/**
 * The visible layers that are selected, at most `MOST_LAYERS`: for a selected area all that reach into it, else the active
 * ones and what is in active groups.
 */
export function stackOf(document: Document, { bounds, selection }: Target): Stack {
  const canvas = { x: 0, y: 0, width: document.width, height: document.height };
  const activeLayers = [...document.activeLayers];
  const active = new Set(activeLayers.map(({ id }) => id));
  // Layers are asked for one by one, which costs time in Photoshop: groups without any that counts are passed over.
  const around = new Set(selection ? [] : activeLayers.flatMap((layer) => lineage(layer).map(({ id }) => id)));
  const nodes = new Map<number, Node>();
  const bases = new Map<Node, readonly Node[]>();
  const layers: Node[] = [];

  const nodeOf = (layer: Layer, group: Node | null, base: Node | null): Node => {
    const known = nodes.get(layer.id);
    if (known) return known;
    const made = looked(layer, canvas, group, base);
    nodes.set(layer.id, made);
    return made;
  };
  /** What a layer is clipped to: null when that is hidden, undefined when it is not clipped to anything. */
  const baseOf = (list: readonly Layer[], at: number, group: Node | null): Node | null | undefined => {
    if (list[at]?.isClippingMask !== true) return undefined;
    const layer = list.slice(at + 1).find(({ isClippingMask }) => !isClippingMask);
    if (!layer) return undefined;
    if (!layer.visible) return null;
    const base = nodeOf(layer, group, null);
    if (!bases.has(base)) {
      const inside = layer.layers ? seenIn([...layer.layers], base) : drawnKinds.has(base.kind) ? [base] : [];
      bases.set(base, inside.slice(0, MOST_LAYERS));
    }
    return base;
  };
  /** All layers that are seen in a group, of which any part may be clipped away. */
  const seenIn = (list: readonly Layer[], group: Node): Node[] =>
    list.flatMap((layer, at) => {
      if (!layer.visible) return [];
      const base = baseOf(list, at, group);
      if (base === null) return [];
      const node = nodeOf(layer, group, base ?? null);
      if (layer.layers) return seenIn([...layer.layers], node);
      return drawnKinds.has(node.kind) ? [node] : [];
    });
  const walk = (list: readonly Layer[], group: Node | null, chosen: boolean): void => {
    for (const [at, layer] of list.entries()) {
      if (layers.length >= MOST_LAYERS) return;
      const counts = chosen || active.has(layer.id);
      if (!(counts || around.has(layer.id)) || !layer.visible) continue;
      const base = baseOf(list, at, group);
      if (base === null) continue;
      if (!intersection(extentOf(layer, canvas), bounds)) continue;
      const node = nodeOf(layer, group, base ?? null);
      if (layer.layers) walk([...layer.layers], node, counts);
      else if (drawnKinds.has(node.kind)) layers.push(node);
    }
  };
  walk([...document.layers], null, selection);
  return { layers, bases };
}

/** Asks a layer for what counts. */
function looked(layer: Layer, canvas: Rect, group: Node | null, base: Node | null): Node {
  const isGroup = layer.kind === "group";
  return {
    id: layer.id,
    name: layer.name,
    kind: layer.kind,
    opacity: share(layer.opacity) * (isGroup ? 1 : share(layer.fillOpacity)),
    isBackground: layer.isBackgroundLayer,
    extent: ownExtent(layer, canvas),
    density: { user: share(layer.layerMaskDensity), vector: share(layer.vectorMaskDensity) },
    group,
    base,
  };
}

/** Where a layer has something; effects reach beyond that. */
function ownExtent(layer: Layer, canvas: Rect): Rect {
  const own = rectOf(layer.boundsNoEffects);
  return layer.isBackgroundLayer || own.width === 0 || own.height === 0 ? extentOf(layer, canvas) : own;
}

/** Per cent as a share; all of it for a layer that has no such number. */
const share = (percent: unknown): number =>
  typeof percent === "number" && percent >= 0 && percent <= 100 ? percent / 100 : 1;
