import type { Pixels } from "../core/pixels.ts";
import type { SceneSource } from "../core/scene.ts";
import { inStretches } from "../vision/part.ts";
import { graying } from "../vision/plane.ts";
import { paintLines, paintThinLines } from "./lines.ts";
import { type OutlineOptions, outlineScene } from "./outlined.ts";
import { within } from "./turns.ts";

/** How the lines of a drawing are drawn. */
export interface DocumentLineOptions {
  /** `soft`: with soft edges; `hard`: black and white alone; `single`: one pixel wide, whatever their width. */
  readonly edges: "soft" | "hard" | "single";
  /** The width of lines in pixels of a map of 512; null for each its own. */
  readonly width: number | null;
  /** Draw lines that lie behind filled shapes as well. */
  readonly hidden: boolean;
  /** Draw the outlines of filled shapes that have no stroke. */
  readonly outlines: boolean;
}

/** The lines of a drawing, white on black, opaque, in the source's size. Yields the share done. */
export function* documentLines(source: SceneSource, options: DocumentLineOptions): Generator<number, Pixels, void> {
  const { edges, hidden } = options;
  const single = edges === "single";
  const outlined = outlineScene(source, outliningOf(source, options));
  const work = single ? paintThinLines(outlined, { hidden: !hidden }) : paintLines(outlined, { hidden: !hidden });
  const { data } = yield* within(work, 0, 0.9);
  const harden = (start: number, end: number) => {
    for (let i = start; i < end; i++) data[i] = (data[i] as number) >= 128 ? 255 : 0;
  };
  if (edges === "hard") yield* within(inStretches(data.length, harden), 0.9, 0.95);
  return yield* within(graying({ width: source.width, height: source.height, data }), 0.95, 1);
}

/** How shapes are outlined for such lines. */
export function outliningOf(
  source: SceneSource,
  { width, outlines }: Pick<DocumentLineOptions, "width" | "outlines">,
): OutlineOptions {
  return { width: strokeOf(source, width), outlineUnstroked: outlines };
}

/** A width for maps of 512 in pixels of this one: by its short side, and a pixel at least, since less would not show. */
function strokeOf({ width, height }: SceneSource, per512: number | null): number | "own" {
  return per512 === null ? "own" : Math.max(1, (per512 * Math.min(width, height)) / 512);
}
