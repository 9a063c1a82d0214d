import { type Rect, UnderdrawError } from "@underdraw/engine/core";
import type { Document, Layer } from "photoshop";
import { lineage } from "./document.ts";
import { hostName } from "./identity.ts";
import { around, intersection, rectOf } from "./rectangle.ts";

/** What is selected in a document. */
export interface Target {
  /** Whole pixels inside the canvas. */
  readonly bounds: Rect;
  /** True when a selection (marching ants) gives the area, so that its mask is to be read. */
  readonly selection: boolean;
  /** The uppermost active layer, above which the picture goes; null when none is active. */
  readonly layer: Layer | null;
  /** What a person calls it; absent for a selection, which has no name. */
  readonly name?: string;
}

type Reason = UnderdrawError<"selection-unusable">["details"]["reason"];

function unusable(reason: Reason, message: string): UnderdrawError<"selection-unusable"> {
  return new UnderdrawError("selection-unusable", message, { host: hostName, reason });
}

/** What is seen of the selection is nothing: Photoshop gave only transparent pixels, or none. */
export const emptyTarget = (): UnderdrawError<"selection-unusable"> =>
  unusable("empty", "There is nothing to see in the selection. Draw something there, or select another place.");

/** Kinds of layers that have the extent of what was drawn in them; others, such as adjustments, reach over the canvas. */
const drawnKinds = new Set<string>(["pixel", "group", "text", "smartObject", "video", "threeD"]);

/**
 * Finds what is selected: the selection, else the active layers; null when neither is there. Throws
 * `selection-unusable` for what is hidden, empty or outside the canvas.
 */
export function findTarget(document: Document): Target | null {
  const canvas = { x: 0, y: 0, width: document.width, height: document.height };
  const active = [...document.activeLayers];
  const layer = active[0] ?? null;
  const ants = document.selection.bounds;
  if (ants) {
    const bounds = intersection(rectOf(ants), canvas);
    if (!bounds) throw unusable("outside", "The selection lies outside the canvas. Move it inside.");
    return { bounds, selection: true, layer };
  }
  if (!layer) return null;
  const seen = active.filter((one) => lineage(one).every(({ visible }) => visible));
  if (seen.length === 0) {
    const what = active.length === 1 ? `The layer "${layer.name}" is hidden` : "The active layers are hidden";
    throw unusable("hidden", `${what}. Show it, or select an area.`);
  }
  const extent = around(seen.map((one) => extentOf(one, canvas)));
  if (!extent) throw unusable("empty", `The layer "${layer.name}" is empty. Draw in it, or select an area.`);
  const bounds = intersection(extent, canvas);
  if (!bounds) throw unusable("outside", `The layer "${layer.name}" lies outside the canvas. Move it inside.`);
  const name = active.length === 1 ? layer.name : `${layer.name} + ${active.length - 1}`;
  return { bounds, selection: false, layer, name };
}

/** Where a layer may show something: an adjustment or a fill without an extent of its own reaches over the canvas. */
export function extentOf(layer: Layer, canvas: Rect): Rect {
  if (layer.isBackgroundLayer) return canvas;
  const bounds = rectOf(layer.bounds);
  const bare = bounds.width === 0 || bounds.height === 0;
  return bare && !drawnKinds.has(layer.kind) ? canvas : bounds;
}

/** Whether any layer that is shown reaches into an area: if none does, there is nothing to see. */
export function isDrawnOn(document: Document, area: Rect): boolean {
  const canvas = { x: 0, y: 0, width: document.width, height: document.height };
  return [...document.layers].some((layer) => layer.visible && intersection(extentOf(layer, canvas), area) !== null);
}
