import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import type { SceneSource } from "../core/scene.ts";
import { classify, classOf, suggestions } from "./class-names.ts";
import { freeColours } from "./free-colours.ts";
import { paintIds } from "./ids.ts";
import { layerWords } from "./layer-words.ts";
import { shows } from "./levels.ts";
import { type OutlinedShape, outlineScene } from "./outlined.ts";
import type { Palette } from "./palette.ts";
import { within } from "./turns.ts";

/** How layers become classes. */
export interface SegmentationOptions {
  readonly palette: Palette;
  /** What becomes of a layer without a class: a colour that is no class's, or what lies behind it shows. */
  readonly unknown: "free" | "nothing";
  /** A name of the class where nothing lies; empty for none, which is black. */
  readonly ground: string;
  /** True for a design of screens, where "card" and "bar" are no things. */
  readonly screenDesign: boolean;
}

/** A name that stands for no class. */
export interface UnknownName {
  readonly name: string;
  /** Up to three classes that it may mean, the likeliest first. */
  readonly suggestions: readonly string[];
}

/** A segmentation map, and whose layers it could not give a class. */
export interface Segmentation {
  /** Flat colours with hard edges, opaque, in the source's size. */
  readonly pixels: Pixels;
  /** The names of layers without a class, each once, from the back to the front. */
  readonly unknown: readonly UnknownName[];
}

/** For so many names suggestions are looked for: nobody reads more. */
const mostSuggested = 50;

const stride = 1 << 18;

/**
 * Draws a segmentation map from the names of layers: each shape in the colour of the class that its name stands for, or
 * the name of a group around it, the inner ones first. Yields the share done. Throws `request-invalid` for a ground that
 * is no class.
 */
export function* readSegmentation(
  source: SceneSource,
  options: SegmentationOptions,
): Generator<number, Segmentation, void> {
  const { width, height } = source;
  const { palette, unknown } = options;
  const ground = groundOf(options);
  const outlined = outlineScene(source);
  const reader = new NameReader(palette, options.screenDesign);
  const kept: OutlinedShape[] = [];
  const values: (Colour | string)[] = [];
  const strangers = new Set<string>();
  for (const [at, shape] of outlined.shapes.entries()) {
    if (at % 256 === 255) yield (0.2 * at) / outlined.shapes.length;
    if (!shows(shape)) continue;
    const colour = reader.colourOf(shape);
    const value = colour ?? strangerOf(shape);
    if (!colour) strangers.add(value as string);
    if (!colour && unknown === "nothing") continue;
    kept.push(shape);
    values.push(value);
  }
  const names = [...strangers];
  const free = unknown === "free" && names.length > 0 ? freeColours(palette, names.length) : [];
  const freeOf = new Map(names.map((name, at) => [name, free[at % free.length] as Colour]));
  const table = [ground, ...values.map((value) => (typeof value === "string" ? (freeOf.get(value) as Colour) : value))];
  const ids = yield* within(paintIds({ ...outlined, shapes: kept }, { lines: true }), 0.2, 0.8);
  const pixels = yield* within(coloured(ids, table, width, height), 0.8, 1);
  return {
    pixels,
    unknown: names.map((name, at) => ({ name, suggestions: at < mostSuggested ? suggestions(name, palette) : [] })),
  };
}

type Colour = readonly [red: number, green: number, blue: number];

/** Reads each name once, however many layers have it. */
class NameReader {
  readonly #known = new Map<string, Colour | null>();
  readonly #palette: Palette;
  readonly #options: { readonly screenDesign: boolean };

  constructor(palette: Palette, screenDesign: boolean) {
    this.#palette = palette;
    this.#options = { screenDesign };
  }

  /** The colour of the class of a shape, or of the innermost group around it that has one; null without. */
  colourOf({ shape, groups }: OutlinedShape): Colour | null {
    let colour = this.#read(shape.name);
    for (let at = groups.length - 1; at >= 0 && !colour; at--) colour = this.#read(groups[at]?.name ?? "");
    return colour;
  }

  #read(name: string): Colour | null {
    let colour = this.#known.get(name);
    if (colour === undefined) {
      colour = classOf(name, this.#palette, this.#options)?.colour ?? null;
      this.#known.set(name, colour);
    }
    return colour;
  }
}

/** What a person would call a shape without a class: its own name, or a group's where its own says nothing. */
function strangerOf({ shape, groups }: OutlinedShape): string {
  const names = [shape.name, ...groups.map(({ name }) => name).reverse()];
  return names.find((name) => layerWords(name).telling.length > 0) ?? (shape.name.trim() || shape.id);
}

function groundOf({ ground, palette }: SegmentationOptions): Colour {
  if (ground.trim() === "") return [0, 0, 0];
  const found = classify(ground, palette, { screenDesign: false });
  if ("class" in found) return found.colour;
  const near = found.suggestions.length > 0 ? `; did you mean ${found.suggestions.join(", ")}?` : "";
  const message = `"${ground}" is no class of the palette ${palette.id}${near || ". Give one of its classes."}`;
  throw new UnderdrawError("request-invalid", `The ground of the segmentation map cannot be used: ${message}`, {
    issues: [{ path: "ground", message }],
  });
}

function* coloured(
  ids: Uint32Array,
  table: readonly Colour[],
  width: number,
  height: number,
): Generator<number, Pixels, void> {
  const bytes = new Uint8Array(4 * table.length);
  for (const [at, [red, green, blue]] of table.entries()) bytes.set([red, green, blue, 255], 4 * at);
  const words = new Uint32Array(bytes.buffer);
  const map = new Uint32Array(width * height);
  for (let from = 0; from < map.length; from += stride) {
    const to = Math.min(map.length, from + stride);
    for (let i = from; i < to; i++) map[i] = words[ids[i] as number] as number;
    yield to / map.length;
  }
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}
