import type { Matrix, Pixels, SceneClip, SceneShape } from "../core/index.ts";
import { colourFrom } from "../scene/colour.ts";
import { byBox, type Clips, type Cut, referred, together } from "./clip.ts";
import { attribute, elementsIn, type SvgElement } from "./element.ts";
import { boxOf, outside, type PlacedOutline } from "./outline.ts";
import { ownValue, type Reading, styleInPlace } from "./reading.ts";
import { frameOf, regionOf } from "./region.ts";
import { rectangle } from "./shape.ts";
import { type Template, templateOf } from "./template.ts";
import { templatePicture } from "./template-picture.ts";
import { multiply } from "./transform.ts";

// Masks. One of plain white and black areas cuts as outlines do, at every size; any other is drawn, and what is light in it
// is let through.

/** The most pixels that one drawn mask has. */
const mostPixels = 4_000_000;

/** The pixels of the longer side of a mask in what is stamped, at least. */
const templateSide = 256;

/** What the `mask` of an element cuts. */
export function* masksOf(reading: Reading, element: SvgElement, cut: Cut): Generator<void, Clips, void> {
  const mask = referred(reading, ownValue(reading, element, "mask", cut.style), "mask");
  if (mask?.name !== "mask") return [];
  if (cut.uses.includes(mask) || cut.depth >= reading.limits.depth) {
    reading.report.skip("mask that refers to itself");
    return [];
  }
  const isShare = attribute(mask, "maskContentUnits") === "objectBoundingBox";
  const matrix = byBox(isShare, cut);
  const region = regionOf(mask, "maskUnits", cut);
  if (!matrix || !region) return null;
  const measures = isShare ? { ...cut.measures, width: 1, height: 1 } : cut.measures;
  const uses = [...cut.uses, mask];
  const template = yield* templateOf(reading, mask, elementsIn(mask), measures, { depth: cut.depth, uses });
  if (template.parts.length === 0) return null;
  const style = styleInPlace(reading, mask);
  const byAlpha = ownValue(reading, mask, "mask-type", style)?.toLowerCase() === "alpha";
  const hard = hardClips(reading, mask, template, matrix, byAlpha, cut);
  if (hard !== undefined) return hard && [...hard, region];
  const soft = yield* softClips(reading, mask, template, matrix, byAlpha, region, cut.isTemplate);
  return soft && [...soft, region];
}

/** A mask as outlines: what is white in it, but for what is black above that. Undefined for one that is not so plain. */
function hardClips(
  reading: Reading,
  mask: SvgElement,
  { parts }: Template,
  matrix: Matrix,
  byAlpha: boolean,
  cut: Cut,
): Clips | undefined {
  const light: PlacedOutline[] = [];
  const dark: PlacedOutline[] = [];
  for (const { shape, group } of parts) {
    const lightness = group === null ? lightnessOf(shape, byAlpha) : undefined;
    if (lightness === undefined) return undefined;
    const outline = { path: shape.path, matrix: multiply(matrix, shape.matrix), rule: shape.rule ?? "nonzero" };
    if (lightness === 1) {
      // What is light above something dark would need a hole in a hole.
      if (dark.length > 0) return undefined;
      light.push(outline);
    } else if (light.length > 0) dark.push(outline);
  }
  if (light.length === 0) return null;
  const holes = dark.map((hole) => ({
    path: outside(hole),
    matrix: [1, 0, 0, 1, 0, 0] as const,
    rule: "evenodd" as const,
  }));
  return [together(reading, mask, cut, light), ...holes];
}

/** 1 for a plain white area, by alpha for any plain one, 0 for a plain black one; undefined for anything else. */
function lightnessOf({ fill, stroke, opacity, clips, kind }: SceneShape, byAlpha: boolean): 0 | 1 | undefined {
  if (typeof fill !== "string" || stroke !== null || opacity !== 1 || clips || kind) return undefined;
  const [red, green, blue, alpha] = colourFrom(fill) ?? [0, 0, 0, 0];
  if (alpha !== 1) return undefined;
  if (byAlpha) return 1;
  if (red === 255 && green === 255 && blue === 255) return 1;
  return red === 0 && green === 0 && blue === 0 ? 0 : undefined;
}

/** A mask as a picture of what it lets through, drawn in the document's own pixels; null where that is nothing. */
function* softClips(
  reading: Reading,
  mask: SvgElement,
  template: Template,
  matrix: Matrix,
  byAlpha: boolean,
  region: SceneClip,
  isTemplate: boolean,
): Generator<void, Clips, void> {
  const key = [...matrix, ...region.matrix, region.path].join();
  const kept = reading.kept.masks.get(mask) ?? new Map<string, readonly SceneClip[]>();
  const known = kept.get(key);
  if (known) return known;
  const frame = isTemplate ? boxOf(region.path, region.matrix) : frameOf(reading, region, 0);
  if (!frame) return null;
  // Twice as fine as the document where that is not much: maps are drawn larger too. What is stamped may be as well.
  const fine = isTemplate ? Math.max(2, templateSide / Math.max(frame.width, frame.height)) : 2;
  const scale = Math.min(fine, Math.sqrt(mostPixels / (frame.width * frame.height)));
  const [width, height] = [Math.ceil(frame.width * scale), Math.ceil(frame.height * scale)];
  if (!reading.spendPixels(width * height)) {
    reading.report.skip("mask");
    return [];
  }
  const into: Matrix = [width / frame.width, 0, 0, height / frame.height, 0, 0];
  const place = multiply(into, [1, 0, 0, 1, -frame.x, -frame.y]);
  const picture = yield* templatePicture(reading, template, multiply(place, matrix), width, height);
  yield* toAlpha(picture, byAlpha);
  const path = rectangle(frame.x, frame.y, frame.width, frame.height) as string;
  const clips = [{ path, matrix: [1, 0, 0, 1, 0, 0] as const, picture }];
  reading.kept.masks.set(mask, kept.set(key, clips));
  return clips;
}

/** Makes the alpha of a picture what a mask lets through there: its alpha times its luminance as SVG's masks weigh it. */
function* toAlpha({ width, height, data }: Pixels, byAlpha: boolean): Generator<void, void, void> {
  if (byAlpha) return;
  for (let row = 0; row < height; row++) {
    for (let at = 4 * row * width; at < 4 * (row + 1) * width; at += 4) {
      const [red, green, blue] = [data[at] as number, data[at + 1] as number, data[at + 2] as number];
      const luminance = (0.2125 * red + 0.7154 * green + 0.0721 * blue) / 255;
      data[at + 3] = Math.round((data[at + 3] as number) * luminance);
    }
    if (row % 64 === 63) yield;
  }
}
