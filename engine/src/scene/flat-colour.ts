import type { Gradient, Paint, SceneShape } from "../core/scene.ts";
import { colourFrom, type Rgba } from "./colour.ts";

/** The one colour that a shape's area has from afar: its fill, the mean of a gradient or of a picture; null for none. */
export function flatColour({ fill, picture }: SceneShape): Rgba | null {
  if (picture) return meanOf(picture.data);
  return fill === null ? null : flatPaint(fill);
}

function flatPaint(paint: Paint): Rgba | null {
  const colour = typeof paint === "string" ? colourFrom(paint) : meanOfGradient(paint);
  return colour && colour[3] > 0 ? colour : null;
}

/** The mean along a gradient from 0 to 1: what comes before the first stop has its colour, what follows the last its own. */
function meanOfGradient({ stops }: Gradient): Rgba | null {
  const sums = [0, 0, 0, 0];
  const read = stops.flatMap(({ offset, colour }) => {
    const at = Math.min(1, Math.max(0, offset));
    const found = colourFrom(colour);
    return found && !Number.isNaN(at) ? [{ at, colour: found }] : [];
  });
  const [first, last] = [read[0], read.at(-1)];
  if (!first || !last) return null;
  add(sums, first.colour, first.at);
  add(sums, last.colour, 1 - last.at);
  for (const [place, { at, colour }] of read.entries()) {
    const next = read[place + 1];
    if (!next || next.at <= at) continue;
    add(sums, colour, (next.at - at) / 2);
    add(sums, next.colour, (next.at - at) / 2);
  }
  return straight(sums);
}

function meanOf(data: Uint8ClampedArray): Rgba | null {
  const sums = [0, 0, 0, 0];
  for (let i = 0; i < data.length; i += 4) {
    const alpha = data[i + 3] as number;
    for (let k = 0; k < 3; k++) sums[k] = (sums[k] as number) + (data[i + k] as number) * alpha;
    sums[3] = (sums[3] as number) + alpha;
  }
  const count = data.length / 4;
  return straight(sums.map((sum) => sum / 255 / count));
}

/** Adds a colour with its alpha multiplied into it. */
function add(sums: number[], [red, green, blue, alpha]: Rgba, weight: number): void {
  const values = [red * alpha, green * alpha, blue * alpha, alpha];
  for (const [k, value] of values.entries()) sums[k] = (sums[k] as number) + value * weight;
}

function straight(sums: readonly number[]): Rgba | null {
  const [red = 0, green = 0, blue = 0, alpha = 0] = sums;
  return alpha > 0 ? [red / alpha, green / alpha, blue / alpha, Math.min(1, alpha)] : null;
}
