import type { Pixels } from "../core/pixels.ts";
import { inStretches } from "./part.ts";
import { grayWords } from "./words.ts";

/** How opacity is drawn. */
export interface OpacityOptions {
  /** From 0 to 255: what is more opaque is white. */
  readonly threshold: number;
  /** Draws opacity itself, in grays. */
  readonly soft: boolean;
  /** Draws the negative. */
  readonly invert: boolean;
}

/** Draws the opacity of a picture: white where it is opaque, black where it is transparent. Yields the share done. */
export function* opacityMap(
  { width, height, data }: Pixels,
  { threshold, soft, invert }: OpacityOptions,
): Generator<number, Pixels, void> {
  const turn = invert ? 255 : 0;
  const words = Uint32Array.from(
    { length: 256 },
    (_, alpha) => grayWords[(soft ? alpha : alpha > threshold ? 255 : 0) ^ turn] as number,
  );
  const map = new Uint32Array(width * height);
  const draw = (start: number, end: number) => {
    for (let i = start, from = 4 * start + 3; i < end; i++, from += 4) map[i] = words[data[from] as number] as number;
  };
  yield* inStretches(map.length, draw);
  return { width, height, data: new Uint8ClampedArray(map.buffer) };
}
