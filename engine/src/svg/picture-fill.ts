import type { Matrix, Pixels, Rect } from "../core/index.ts";
import { attribute, elementsIn, hrefOf, type SvgElement } from "./element.ts";
import { numberFrom, shareFrom } from "./length.ts";
import { address } from "./property.ts";
import { type Reading, target } from "./reading.ts";
import { rectangle } from "./shape.ts";
import { identity, moved, multiply, transformFrom } from "./transform.ts";
import { fit } from "./view-box.ts";

// A picture as a fill, as design programs write it: a pattern of one tile with one image in it. Other patterns are laid tile
// by tile (pattern.ts).

/** A picture that fills an area. */
export interface PictureFill {
  readonly picture: Pixels;
  /** The picture's box. */
  readonly path: string;
  /** From the box to the coordinates of the outline that it fills. */
  readonly matrix: Matrix;
}

/** The picture that a fill is; null for any other paint. `box` is that of the outline. */
export function pictureFill(reading: Reading, text: string, box: () => Rect | null): PictureFill | null {
  const match = address.exec(text);
  if (!match) return null;
  const [, double, single, bare] = match;
  const reference = (double ?? single ?? bare ?? "").trim();
  // What lies elsewhere is told of where it is asked for as a paint.
  const pattern = reference.startsWith("#") ? target(reading, reference) : null;
  if (pattern?.name !== "pattern" || hrefOf(pattern) !== undefined || attribute(pattern, "viewBox") !== undefined)
    return null;
  const around = box();
  if (!around) return null;
  const tile = tileOf(pattern, around);
  if (!covers(tile, around)) return null;
  const found = imageIn(reading, pattern);
  const picture = found && reading.pictures.get(hrefOf(found.image) ?? "");
  if (!found || !picture) return null;
  const { image } = found;
  const number = (name: string): number => numberFrom(attribute(image, name)) ?? 0;
  const frame = {
    x: number("x"),
    y: number("y"),
    width: numberFrom(attribute(image, "width")) ?? picture.width,
    height: numberFrom(attribute(image, "height")) ?? picture.height,
  };
  const own = { x: 0, y: 0, width: picture.width, height: picture.height };
  const laid = fit(own, frame, attribute(image, "preserveAspectRatio"));
  const [across, , , down, left, top] = laid.matrix;
  const path = rectangle(left, top, own.width * across, own.height * down);
  if (path === null || laid.sliced) return null;
  // What is in a pattern counts from the corner of its tile.
  const isShare = attribute(pattern, "patternContentUnits") === "objectBoundingBox";
  const [wide, high] = isShare ? [around.width, around.height] : [1, 1];
  const units: Matrix = [wide, 0, 0, high, tile.x, tile.y];
  const outer = transformOf(pattern, "patternTransform");
  return { picture, path, matrix: [outer, units, found.matrix, transformOf(image)].reduce(multiply) };
}

/** The one image of a pattern, itself or through `use`; null where there is anything else. */
function imageIn(
  reading: Reading,
  pattern: SvgElement,
): { readonly image: SvgElement; readonly matrix: Matrix } | null {
  const [only, ...others] = elementsIn(pattern);
  if (!only || others.length > 0) return null;
  if (only.name === "image") return { image: only, matrix: identity };
  const image = only.name === "use" ? target(reading, hrefOf(only) ?? "") : null;
  if (image?.name !== "image") return null;
  const number = (name: string): number => numberFrom(attribute(only, name)) ?? 0;
  return { image, matrix: multiply(transformOf(only), moved(number("x"), number("y"))) };
}

/** The first tile of a pattern, in the coordinates of the outline. */
function tileOf(pattern: SvgElement, box: Rect): Rect {
  const isShare = attribute(pattern, "patternUnits") !== "userSpaceOnUse";
  const read = (name: string, start: number, size: number): number => {
    const text = attribute(pattern, name);
    return isShare ? start + (shareFrom(text) ?? 0) * size : (numberFrom(text) ?? 0);
  };
  const [x, y] = [read("x", box.x, box.width), read("y", box.y, box.height)];
  return { x, y, width: read("width", 0, box.width), height: read("height", 0, box.height) };
}

/** True when a tile covers a box, so that no other tile is seen. */
function covers(tile: Rect, box: Rect): boolean {
  const slack = 1e-6 * Math.max(box.width, box.height);
  return (
    tile.x <= box.x + slack &&
    tile.y <= box.y + slack &&
    tile.x + tile.width >= box.x + box.width - slack &&
    tile.y + tile.height >= box.y + box.height - slack
  );
}

function transformOf(element: SvgElement, name = "transform"): Matrix {
  const text = attribute(element, name);
  return (text === undefined ? null : transformFrom(text)) ?? identity;
}
