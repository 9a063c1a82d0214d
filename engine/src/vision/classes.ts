import type { Pixels } from "../core/pixels.ts";
import type { Plane } from "./plane.ts";

/** How many classes a plane of bytes can name. */
const most = 256;

/** The share of a picture that a colour fills at least to be a class. */
const least = 0.0005;

/**
 * How often each colour (0xRRGGBB) occurs inside of an area: where the next pixels to the right and below have it too.
 * Soft edges between two areas have none of that, however long they are.
 */
function insideCounts({ width, height, data }: Pixels): Map<number, number> {
  const counts = new Map<number, number>();
  const colourAt = (i: number) =>
    ((data[i] as number) << 16) | ((data[i + 1] as number) << 8) | (data[i + 2] as number);
  let [last, run] = [-1, 0];
  for (let y = 0, i = 0; y < height; y++) {
    const below = y + 1 < height ? 4 * width : 0;
    for (let x = 0; x < width; x++, i += 4) {
      const colour = colourAt(i);
      if (colour !== colourAt(i + below) || (x + 1 < width && colour !== colourAt(i + 4))) continue;
      if (colour !== last) {
        if (run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
        [last, run] = [colour, 0];
      }
      run++;
    }
  }
  if (run > 0) counts.set(last, (counts.get(last) ?? 0) + run);
  return counts;
}

/**
 * The colours (0xRRGGBB) of the flat areas of some pictures: those that fill at least a two-thousandth of one of them
 * from the inside, the largest first, at most 256; black alone where there is none.
 */
export function flatColours(...pictures: readonly Pixels[]): readonly number[] {
  const shares = new Map<number, number>();
  for (const picture of pictures) {
    const total = picture.width * picture.height;
    for (const [colour, count] of insideCounts(picture))
      shares.set(colour, Math.max(shares.get(colour) ?? 0, count / total));
  }
  // Colours of equal share in their own order, so that the same pictures have the same list.
  const sorted = [...shares].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const large = sorted.filter(([, share]) => share >= least).slice(0, most);
  return large.length > 0 ? large.map(([colour]) => colour) : [0];
}

/** Each pixel's place in a list of colours (0xRRGGBB, up to 256), that of the nearest one where it is none of them. */
export function classesOf({ width, height, data }: Pixels, colours: readonly number[]): Plane {
  const classes = new Uint8Array(width * height);
  const exact = new Map(colours.map((colour, k) => [colour, k]));
  // Colours that are not in the list share their neighbour by the upper 5 bits of each channel.
  const coarse = new Int16Array(1 << 15).fill(-1);
  let [last, lastClass] = [-1, 0];
  for (let i = 0, from = 0; i < classes.length; i++, from += 4) {
    const colour = ((data[from] as number) << 16) | ((data[from + 1] as number) << 8) | (data[from + 2] as number);
    if (colour !== last) {
      last = colour;
      const own = exact.get(colour);
      if (own !== undefined) lastClass = own;
      else {
        const cell = ((colour >> 9) & 0x7c00) | ((colour >> 6) & 0x3e0) | ((colour >> 3) & 0x1f);
        if (coarse[cell] === -1) coarse[cell] = nearestColour(colour, colours);
        lastClass = coarse[cell] as number;
      }
    }
    classes[i] = lastClass;
  }
  return { width, height, data: classes };
}

/** The place of the nearest of some colours (0xRRGGBB), by the sum of squares; the first of equals, -1 of none. */
export function nearestColour(colour: number, colours: readonly number[]): number {
  let [best, found] = [Number.POSITIVE_INFINITY, -1];
  for (let k = 0; k < colours.length; k++) {
    const other = colours[k] as number;
    const red = (colour >> 16) - (other >> 16);
    const green = ((colour >> 8) & 255) - ((other >> 8) & 255);
    const blue = (colour & 255) - (other & 255);
    const apart = red * red + green * green + blue * blue;
    if (apart >= best) continue;
    best = apart;
    found = k;
  }
  return found;
}
