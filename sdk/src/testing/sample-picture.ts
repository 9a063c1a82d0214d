import { createPixels, type Pixels } from "@underdraw/engine/core";

// Pictures that give away what was done to them: turned, mirrored, shifted, blended or rounded.

/** The colours of the four corners of `quarters`: top left, top right, bottom left, bottom right. */
export const quarterColours = [
  [220, 30, 30],
  [30, 200, 30],
  [30, 30, 220],
  [230, 220, 40],
] as const;

/** Four flat, opaque quarters in colours of their own. */
export function quarters(width: number, height: number): Pixels {
  return painted(width, height, (x, y) => {
    const [red, green, blue] = quarterColours[(2 * x < width ? 0 : 1) + (2 * y < height ? 0 : 2)] ?? [0, 0, 0];
    return [red, green, blue, 255];
  });
}

/** Opaque on the left half, nothing on the right. */
export function half(width: number, height: number): Pixels {
  return painted(width, height, (x) => (2 * x < width ? [200, 90, 20, 255] : [0, 0, 0, 0]));
}

/** Another colour in every pixel, opaque. `seed` gives other ones. */
export function confetti(width: number, height: number, seed = 1): Pixels {
  const next = numbers(seed);
  return painted(width, height, () => [next(), next(), next(), 255]);
}

/** Another colour and another alpha in every pixel, 0 and 255 among them. */
export function glass(width: number, height: number, seed = 1): Pixels {
  const next = numbers(seed);
  return painted(width, height, (x, y) => [next(), next(), next(), (x + y * width) % 5 === 0 ? 255 : next()]);
}

/** A round mask with a soft edge: alpha 255 in the middle, 0 in the corners, between them at its edge. */
export function round(width: number, height: number): Pixels {
  return painted(width, height, (x, y) => {
    const distance = Math.hypot((2 * x + 1) / width - 1, (2 * y + 1) / height - 1);
    return [255, 255, 255, Math.max(0, Math.min(255, Math.round(255 * (1 - distance) * 4)))];
  });
}

/** A mask that is seen on its left half and hidden on its right, with no pixel between. */
export function leftMask(width: number, height: number): Pixels {
  return painted(width, height, (x) => [255, 255, 255, 2 * x < width ? 255 : 0]);
}

function painted(width: number, height: number, colour: (x: number, y: number) => readonly number[]): Pixels {
  const pixels = createPixels(width, height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels.data.set(colour(x, y), 4 * (y * width + x));
  return pixels;
}

/** Whole numbers from 0 to 255, always the same ones (a linear congruential generator; constants of Numerical Recipes). */
function numbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
}
