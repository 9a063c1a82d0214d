import { createPixels, type Pixels } from "@underdraw/engine/core";
import type { HostAdapter } from "@underdraw/sdk/host";

const made = new Map<number, Pixels>();

/** Noise of a side, opaque or not as it falls: made once, so that its making is not measured. */
export function noise(side: number): Pixels {
  const found = made.get(side);
  if (found) return found;
  const pixels = createPixels(side, side);
  for (let i = 0; i < pixels.data.length; i++) pixels.data[i] = Math.imul(i, 2_654_435_761) >>> 24;
  made.set(side, pixels);
  return pixels;
}

/** A host that captures noise and takes whatever is placed. */
export const noiseHost: HostAdapter = {
  version: 1,
  name: "noise",
  capture: async ({ maxSide }) => ({
    pixels: noise(maxSide),
    bounds: { x: 0, y: 0, width: maxSide, height: maxSide },
  }),
  place: async (_, layers) => layers.map(({ name }) => name),
};
