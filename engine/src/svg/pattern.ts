import type { Matrix, Rect, SceneShape } from "../core/index.ts";
import { readPathData } from "../scene/path-data.ts";
import { attribute, elementsIn, nameOf, type SvgElement } from "./element.ts";
import { lengthFrom, type Measures } from "./length.ts";
import { boxOf } from "./outline.ts";
import type { Met, Names, OpenGroup, Place, Sink } from "./place.ts";
import { address } from "./property.ts";
import { chainOf, type Reading, target } from "./reading.ts";
import { rectangle } from "./shape.ts";
import { reachesBeyond, stamp, type Template, templateOf } from "./template.ts";
import { densityOf, meanColour, tilesPicture } from "./tile-picture.ts";
import { identity, inverse, moved, multiply, transformFrom } from "./transform.ts";
import { fit, viewBoxOf } from "./view-box.ts";

// Patterns. Their tiles are laid as shapes, cut by the outline that they fill, so that lines stay lines; where there would
// be too many, as a picture of them.

/** A pattern as an outline uses it. */
export interface Tiling {
  readonly template: Template;
  /** The tile that the others are counted from, in the pattern's coordinates. */
  readonly tile: Rect;
  /** From the tile's content to the corner of its tile. */
  readonly content: Matrix;
  /** From the pattern's coordinates to those of the outline. */
  readonly matrix: Matrix;
  /** What lies under all of the tiles without a gap, the lowest first: fills of whole tiles. They are no part of the template. */
  readonly grounds: readonly Pick<SceneShape, "fill" | "opacity">[];
}

/** So many shapes of tiles are laid as shapes; beyond, a picture of them is. */
const mostShapes = 4000;
/** Tiles of fewer pixels of the document on a side are no lines to anybody: a picture of them is laid as well. */
const smallest = 4;
/** The pattern that a paint refers to; null for any other paint. */
export function patternFrom(reading: Reading, text: string): SvgElement | null {
  const match = address.exec(text);
  const reference = (match?.[1] ?? match?.[2] ?? match?.[3] ?? "").trim();
  // What lies elsewhere is told of where it is asked for as a paint.
  const found = reference.startsWith("#") ? target(reading, reference) : null;
  return found?.name === "pattern" ? found : null;
}

/** How a pattern tiles an outline with this box; null where it paints nothing. */
export function* tilingOf(
  reading: Reading,
  pattern: SvgElement,
  box: Rect | null,
  measures: Measures,
  place: Place,
): Generator<void, Tiling | null, void> {
  if (place.uses.includes(pattern)) {
    reading.report.skip("pattern inside of itself");
    return null;
  }
  if (place.depth >= reading.limits.depth) {
    reading.report.skip("element that lies too deep");
    return null;
  }
  const chain = chainOf(reading, pattern, /^pattern$/);
  const ofAny = (name: string): string | undefined => chain.map((one) => attribute(one, name)).find(Boolean);
  const holder = chain.find((one) => elementsIn(one).length > 0);
  if (!holder || !box) return null;
  const byBox = ofAny("patternUnits") !== "userSpaceOnUse";
  const sizes: Measures = byBox ? { ...measures, width: 1, height: 1 } : measures;
  const number = (name: string, of: "width" | "height"): number =>
    (lengthFrom(ofAny(name), of, sizes) ?? 0) * (byBox ? box[of] : 1);
  const tile: Rect = {
    x: number("x", "width") + (byBox ? box.x : 0),
    y: number("y", "height") + (byBox ? box.y : 0),
    width: number("width", "width"),
    height: number("height", "height"),
  };
  if (!(tile.width > 0 && tile.height > 0)) return null;
  const viewed = chain.find((one) => viewBoxOf(one));
  const view = viewed && viewBoxOf(viewed);
  const isShare = ofAny("patternContentUnits") === "objectBoundingBox";
  const into = { x: 0, y: 0, width: tile.width, height: tile.height };
  const content: Matrix = view
    ? fit(view, into, ofAny("preserveAspectRatio")).matrix
    : isShare
      ? [box.width, 0, 0, box.height, 0, 0]
      : identity;
  const matrix = transformFrom(ofAny("patternTransform") ?? "") ?? identity;
  if (!inverse(matrix) || !inverse(content)) return null;
  const inner = { ...(view ?? measures), fontSize: measures.fontSize };
  const uses = [...place.uses, pattern, ...(holder === pattern ? [] : [holder])];
  const template = yield* templateOf(reading, holder, elementsIn(holder), inner, { depth: place.depth, uses });
  if (template.parts.length === 0) return null;
  // Tiles of one colour side by side are an even ground, and have no edges that anybody sees.
  const count = template.parts.findIndex(({ shape, group }) => group !== null || !isGround(shape, content, tile));
  const cut = count < 0 ? template.parts.length : count;
  const grounds = template.parts.slice(0, cut).map(({ shape: { fill, opacity } }) => ({ fill, opacity }));
  return { template: { ...template, parts: template.parts.slice(cut) }, tile, content, matrix, grounds };
}

/** True for a plain area that covers a tile. */
function isGround({ path, matrix, fill, stroke, clips, kind }: SceneShape, content: Matrix, tile: Rect): boolean {
  if (typeof fill !== "string" || stroke !== null || clips || kind) return false;
  const box = boxOf(path, multiply(content, matrix));
  const slack = 1e-6 * (tile.width + tile.height);
  const covers =
    box &&
    box.x <= slack &&
    box.y <= slack &&
    box.x + box.width >= tile.width - slack &&
    box.y + box.height >= tile.height - slack;
  return covers === true && isUpright(path, multiply(content, matrix));
}

/** True for four straight sides along the axes: an outline that fills its box. */
function isUpright(path: string, matrix: Matrix): boolean {
  const { kinds, numbers } = readPathData(path);
  if (kinds.length < 4 || kinds.length > 6 || kinds.includes(2) || kinds.indexOf(0, 1) > 0) return false;
  const [a, b, c, d] = matrix;
  if (!((b === 0 && c === 0) || (a === 0 && d === 0))) return false;
  for (let n = 2; n < numbers.length; n += 2) {
    if (numbers[n] !== numbers[n - 2] && numbers[n + 1] !== numbers[n - 1]) return false;
  }
  return true;
}

/** Hands the tiles that fill an outline to the sink: in a group that the outline cuts. */
export function* layTiles(
  reading: Reading,
  { element, matrix }: Met,
  tiling: Tiling,
  { path, box, rule }: { readonly path: string; readonly box: Rect; readonly rule: Pick<SceneShape, "rule"> },
  group: OpenGroup,
  names: Names,
  sink: Sink,
): Generator<void, void, void> {
  const { template, tile, content, grounds } = tiling;
  // The group cuts by this very outline: what has it already is not cut again.
  const under = group.opacity === 1 ? group.outer : group;
  for (const ground of grounds) sink({ ...bareShape(element, names, path, matrix), ...rule, ...ground }, under);
  if (template.parts.length === 0) return;
  const own = boxOf(path, inverse(tiling.matrix) as Matrix);
  if (!own) return;
  const [left, right] = [
    Math.floor((own.x - tile.x) / tile.width),
    Math.ceil((own.x + own.width - tile.x) / tile.width),
  ];
  const [top, bottom] = [
    Math.floor((own.y - tile.y) / tile.height),
    Math.ceil((own.y + own.height - tile.y) / tile.height),
  ];
  const side = Math.min(tile.width, tile.height) * densityOf(multiply(matrix, tiling.matrix));
  if (side < smallest || (right - left) * (bottom - top) * template.parts.length > mostShapes) {
    const frame = rectangle(box.x, box.y, box.width, box.height);
    if (frame === null) return;
    const picture = yield* tilesPicture(reading, matrix, tiling, box);
    if (picture) {
      sink({ ...bareShape(element, names, frame, matrix), kind: "picture", picture }, group);
      return;
    }
    reading.report.skip("tiles of a pattern");
    const fill = yield* meanColour(reading, tiling, 1);
    sink({ ...bareShape(element, names, path, matrix), ...rule, fill }, group);
    return;
  }
  const frame = reachesBeyond(template, content, tile.width, tile.height)
    ? rectangle(0, 0, tile.width, tile.height)
    : null;
  const base = multiply(matrix, tiling.matrix);
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const corner = multiply(base, moved(tile.x + column * tile.width, tile.y + row * tile.height));
      const around: OpenGroup =
        frame === null
          ? group
          : { id: names("tile"), name: "tile", outer: group, opacity: 1, clips: [{ path: frame, matrix: corner }] };
      stamp(reading, template, multiply(corner, content), around, names, sink);
    }
    yield;
  }
}

/** A shape without a paint, named like the element. */
function bareShape(element: SvgElement, names: Names, path: string, matrix: Matrix): SceneShape {
  return {
    id: names(attribute(element, "id") || element.name),
    name: nameOf(element) ?? element.name,
    path,
    matrix,
    stroke: null,
    strokeWidth: 0,
    dash: [],
    fill: null,
    opacity: 1,
  };
}
