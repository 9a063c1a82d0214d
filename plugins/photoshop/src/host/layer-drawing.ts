import type { Paint, Rect } from "@underdraw/engine/core";
import type { Alpha } from "./alpha-outline.ts";
import type { Part } from "./area.ts";
import { type LayerPixels, readMask, readPixels } from "./layer-alpha.ts";
import type { LayerFacts } from "./layer-facts.ts";
import type { Node } from "./layer-stack.ts";
import { boxOutline } from "./outline.ts";
import { type Content, cssColour } from "./paint.ts";
import { edgesOf, intersection } from "./rectangle.ts";

// What is read of one layer or group while Photoshop is held: everything that its shapes are made of afterwards.

/** What has an outline: the parts of a path, or alpha that is traced. */
export type Area = readonly Part[] | Alpha;

/** What masks of a layer or group let through. */
export interface Cutting {
  /** Each cuts. */
  readonly cuts: readonly Area[];
}

/** What a layer shows. */
export interface Drawing extends Cutting {
  readonly kind: "path" | "text" | "picture";
  readonly area: Area;
  /** Null for a shape whose fill is switched off. */
  readonly fill: Paint | null;
  readonly strokePaint: Paint | null;
}

/** Where and how closely layers are looked at. */
export interface View {
  readonly documentID: number;
  readonly canvas: Rect;
  /** What is looked at: the scene's bounds and a little around, so that what is cut off there shows no edge. */
  readonly region: Rect;
  /** The longest side of a layer's small picture. */
  readonly side: number;
  /** Throws when nobody waits any more. */
  check(): void;
}

/** The side of a picture of which only the colour counts. */
const SIDE_OF_COLOUR = 48;

const boxParts = (box: Rect): readonly Part[] => [{ operation: "add", outline: boxOutline(edgesOf(box)) }];

/** Reads what masks of a group let through. */
export async function readCutting(node: Node, facts: LayerFacts, view: View): Promise<Cutting> {
  return { cuts: [...(facts.artboard ? [boxParts(facts.artboard)] : []), ...(await cutsOf(node, facts, view))] };
}

async function cutsOf(node: Node, { vector, hasUserMask }: LayerFacts, view: View): Promise<Area[]> {
  // A mask that hides less than half of what it hides cuts nothing off.
  const cuts: Area[] = vector && node.density.vector > 0.5 ? [vector] : [];
  if (hasUserMask) cuts.push(await maskOf(node, view.region, view));
  return cuts;
}

const maskOf = async ({ id, density }: Node, region: Rect, { documentID, side, check }: View): Promise<Alpha> => {
  const mask = await readMask(documentID, id, region, side, density.user);
  check();
  return mask;
};

/** Reads what a layer shows in a view; null for nothing. */
export async function readDrawing(node: Node, facts: LayerFacts, view: View): Promise<Drawing | null> {
  if (facts.content !== null) return fillDrawing(node, facts, facts.content, view);
  const region = intersection(node.extent, view.region);
  if (!region) return null;
  if (facts.text) return textDrawing(node, facts, facts.text, region, view);
  const mask = facts.hasUserMask ? await maskOf(node, region, view) : null;
  const pixels = await pixelsOf(node, region, view, mask);
  if (!pixels) return null;
  const cuts = facts.vector && node.density.vector > 0.5 ? [facts.vector] : [];
  const area = node.isBackground ? boxParts(view.canvas) : pixels.alpha;
  return { kind: "picture", area, fill: cssColour(pixels.colour), strokePaint: null, cuts };
}

/** A shape, or a fill that reaches as far as its mask. */
async function fillDrawing(node: Node, facts: LayerFacts, content: Content, view: View): Promise<Drawing | null> {
  const { filled, stroke } = facts.style;
  const missing = (filled && content === "pixels") || stroke?.paint === "pixels";
  const region = intersection(node.extent, view.region);
  const seen = missing && region ? await pixelsOf(node, region, { ...view, side: SIDE_OF_COLOUR }, null) : null;
  const known = (paint: Content): Paint => (paint === "pixels" ? cssColour(seen?.colour ?? [128, 128, 128]) : paint);
  const fill = filled ? known(content) : null;
  if (facts.vector) {
    const cuts = facts.hasUserMask ? [await maskOf(node, view.region, view)] : [];
    return { kind: "path", area: facts.vector, fill, strokePaint: stroke && known(stroke.paint), cuts };
  }
  const area = facts.hasUserMask ? await maskOf(node, view.region, view) : boxParts(view.canvas);
  return { kind: "path", area, fill: fill ?? known(content), strokePaint: null, cuts: [] };
}

/** A text: the outline of its letters, or its box where Photoshop gives no pixels of a text. */
async function textDrawing(
  node: Node,
  facts: LayerFacts,
  { colour }: NonNullable<LayerFacts["text"]>,
  region: Rect,
  view: View,
): Promise<Drawing | null> {
  const pixels = await pixelsOf(node, region, view, null).catch(() => {
    view.check();
    return null;
  });
  const fill = colour ?? cssColour(pixels?.colour ?? [0, 0, 0]);
  const cuts = await cutsOf(node, facts, view);
  return { kind: "text", area: pixels?.alpha ?? boxParts(node.extent), fill, strokePaint: null, cuts };
}

/**
 * A layer's pixels in a region. It is open whether Photoshop fails where a part of a layer is empty or off the canvas: then
 * all of the layer is asked for.
 */
async function pixelsOf(node: Node, region: Rect, view: View, mask: Alpha | null): Promise<LayerPixels | null> {
  const { documentID, side, check } = view;
  const read = (area: Rect) => readPixels(documentID, node.id, area, side, mask);
  const whole = node.isBackground ? view.canvas : node.extent;
  const pixels = await read(region).catch((error: unknown) => {
    check();
    if (Object.entries(region).join() === Object.entries(whole).join()) throw error;
    return read(whole);
  });
  check();
  return pixels;
}
