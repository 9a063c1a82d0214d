import type { Pixels } from "@underdraw/engine/core";
import { absoluteTransform, sizeOf } from "../core/geometry.ts";
import { multiply } from "../core/matrix.ts";
import type { Store } from "../core/store.ts";
import type { Effect, Paint, Transform } from "../typings.ts";
import { effectsOf, hasPaint } from "./bounds.ts";
import { type Coverage, combine } from "./coverage.ts";
import { alphaOf, blur, emptyLayer, type Layer, layOver, paintOver, use } from "./layer.ts";
import { colourOf, type Ground } from "./paint.ts";
import { fillArea, strokeCoverage } from "./shape.ts";

// Draws nodes as the editor shows them. In software and the same everywhere, so that a test can hold pixels to their exact
// values; what it cannot draw it refuses by name, and never draws something else.

/** What a drawing needs to know. */
export interface Scenery {
  readonly store: Store;
  /** From the page to the picture's pixels. */
  readonly view: Transform;
  /** The decoded images of the file, by hash. */
  readonly images: ReadonlyMap<string, Pixels>;
}

/** Draws a node and all below it on `target`, as far as `clip` lets it be seen. */
export function drawNode(scenery: Scenery, id: string, target: Layer, clip: Coverage | null): void {
  const { type, fields } = scenery.store.at(id);
  const opacity = (fields["opacity"] ?? 1) as number;
  if (fields["visible"] === false || opacity === 0 || type === "SLICE") return;
  const blend = (fields["blendMode"] ?? "PASS_THROUGH") as string;
  const effects = effectsOf(scenery.store, id);
  const isPlain = opacity === 1 && effects.length === 0 && (blend === "PASS_THROUGH" || blend === "NORMAL");
  if (isPlain) {
    drawContents(scenery, id, target, clip);
    return;
  }
  const layer = emptyLayer(target);
  drawContents(scenery, id, layer, null);
  layOver(target, withEffects(scenery, layer, effects), opacity, clip, blend);
}

function drawContents(scenery: Scenery, id: string, target: Layer, clip: Coverage | null): void {
  const { store } = scenery;
  const { type, fields } = store.at(id);
  const toPixels = multiply(scenery.view, absoluteTransform(store, id));
  const ground: Ground = { size: sizeOf(store, id), toPixels, images: scenery.images };
  const own = (): Coverage => fillArea(store, id, toPixels, target);
  if (hasPaint(store, id, "fills")) paintAll(target, own(), clip, fields["fills"], ground);
  if (type !== "BOOLEAN_OPERATION" && fields["sectionContentsHidden"] !== true) {
    const within = fields["clipsContent"] === true ? narrowed(clip, own()) : clip;
    drawChildren(scenery, store.children(id), target, within);
  }
  if (hasPaint(store, id, "strokes")) {
    paintAll(target, strokeCoverage(store, id, toPixels, target), clip, fields["strokes"], ground);
  }
}

const narrowed = (clip: Coverage | null, by: Coverage): Coverage => (clip ? combine(clip, by, (a, b) => a * b) : by);

function paintAll(target: Layer, area: Coverage, clip: Coverage | null, paints: unknown, ground: Ground): void {
  for (const paint of paints as readonly Paint[]) {
    const colour = colourOf(paint, ground);
    if (colour) paintOver(target, area, clip, colour, paint.blendMode ?? "NORMAL");
  }
}

/** Draws siblings, the lowest first. A mask hides what its siblings above it show outside of it. */
function drawChildren(scenery: Scenery, ids: readonly string[], target: Layer, clip: Coverage | null): void {
  const mask = ids.findIndex((id) => {
    const { fields } = scenery.store.at(id);
    return fields["isMask"] === true && fields["visible"] !== false;
  });
  for (const id of mask < 0 ? ids : ids.slice(0, mask)) drawNode(scenery, id, target, clip);
  if (mask < 0) return;
  const stencil = maskArea(scenery, ids[mask] as string, target);
  const layer = emptyLayer(target);
  drawChildren(scenery, ids.slice(mask + 1), layer, null);
  layOver(target, layer, 1, narrowed(clip, stencil), "NORMAL");
}

function maskArea(scenery: Scenery, id: string, target: Layer): Coverage {
  const { store, view } = scenery;
  const kind = store.at(id).fields["maskType"] as string;
  switch (kind) {
    case "VECTOR":
      return fillArea(store, id, multiply(view, absoluteTransform(store, id)), target);
    case "ALPHA": {
      const layer = emptyLayer(target);
      drawNode(scenery, id, layer, null);
      return alphaOf(layer);
    }
    default:
      throw new Error(`The simulator draws no mask of type ${kind}.`);
  }
}

function withEffects({ view }: Scenery, layer: Layer, effects: readonly Effect[]): Layer {
  const scale = Math.hypot(view[0][0], view[1][0]);
  const drawn = emptyLayer(layer);
  for (const effect of effects) {
    if (effect.type === "LAYER_BLUR") blur(layer, (effect.radius * scale) / 2);
    else if (effect.type === "DROP_SHADOW") layOver(drawn, shadowOf(layer, effect, view), 1, null, effect.blendMode);
    else throw new Error(`The simulator draws no effect of type ${effect.type}.`);
  }
  layOver(drawn, layer, 1, null, "NORMAL");
  return drawn;
}

/** The shadow of what is drawn; Figma's radius is twice the Gaussian's sigma. */
function shadowOf(layer: Layer, effect: Extract<Effect, { type: "DROP_SHADOW" }>, view: Transform): Layer {
  if (effect.spread) throw new Error("The simulator draws no spread of shadows.");
  const { r, g, b, a } = effect.color;
  const shadow = emptyLayer(layer);
  const across = Math.round(effect.offset.x * view[0][0] + effect.offset.y * view[0][1]);
  const down = Math.round(effect.offset.x * view[1][0] + effect.offset.y * view[1][1]);
  for (let y = Math.max(0, down); y < Math.min(layer.height, layer.height + down); y++) {
    for (let x = Math.max(0, across); x < Math.min(layer.width, layer.width + across); x++) {
      const alpha = (layer.data[((y - down) * layer.width + x - across) * 4 + 3] as number) * a;
      shadow.data.set([r * alpha, g * alpha, b * alpha, alpha], (y * layer.width + x) * 4);
    }
  }
  use(shadow, 0, 0, layer.width, layer.height);
  blur(shadow, (effect.radius * Math.hypot(view[0][0], view[1][0])) / 2);
  return shadow;
}
