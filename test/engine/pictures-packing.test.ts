import { inflateSync } from "node:zlib";
import { createPixels, type Pixels } from "@underdraw/engine";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { expect, test } from "vitest";

// What is packed can be unpacked, by zlib as by us: pictures that begin black and are as sparse as maps are were once
// packed with distances that lead out of the file.

function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Lines and noise on black, or on nothing. */
function sparse(seed: number, width: number, height: number): Pixels {
  const next = random(seed);
  const pixels = createPixels(width, height);
  const ground = next() < 0.7 ? 255 : 0;
  if (ground === 255) for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = 255;
  const share = [0.0005, 0.005, 0.05, 0.5][Math.floor(next() * 4)] as number;
  for (let i = 0; i < pixels.data.length; i += 4)
    if (next() < share) pixels.data.set([next() * 256, next() * 3, 255, 255], i);
  for (let n = 0; n < 12; n++) {
    const [column, from, long] = [Math.floor(next() * width), Math.floor(next() * height), Math.floor(next() * height)];
    for (let y = from; y < Math.min(height, from + long); y++)
      pixels.data.set([255, 255, 255, 255], 4 * (y * width + ((column + (y >> 2)) % width)));
  }
  return pixels;
}

/** The packed rows of a PNG file, unpacked by zlib. */
function unpacked(png: Uint8Array): Buffer {
  const file = Buffer.from(png);
  const parts: Buffer[] = [];
  for (let at = 8; at < file.length; ) {
    const length = file.readUInt32BE(at);
    if (file.toString("latin1", at + 4, at + 8) === "IDAT") parts.push(file.subarray(at + 8, at + 8 + length));
    at += 12 + length;
  }
  return inflateSync(Buffer.concat(parts));
}

test.each([
  [304, 240],
  [64, 50],
  [7, 900],
  [1500, 90],
  [40_000, 3],
])("sparse pictures of %d x %d come back as they were", async (width, height) => {
  for (let seed = 1; seed <= (width * height > 100_000 ? 8 : 20); seed++) {
    const pixels = sparse(seed * 7919, width, height);
    const png = await writePicture(pixels, { format: "png" });
    const channels = unpacked(png).length / height > 1 + 3 * width ? 4 : 3;
    expect(unpacked(png)).toHaveLength(height * (1 + channels * width));
    expect(Buffer.from((await readPicture(png)).pixels.data).equals(Buffer.from(pixels.data))).toBe(true);
  }
});
