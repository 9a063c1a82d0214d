import type { Pixels } from "@underdraw/engine";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import expected from "./expected.json" with { type: "json" };

/** Soft waves with a line across; with alpha from 0 to 255 where asked for. */
export function drawing(width: number, height: number, alpha = false): Pixels {
  const data = new Uint8ClampedArray(width * height * 4);
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      const shown = alpha ? (x * 255) / Math.max(1, width - 1) : 255;
      const values = x === y ? [255, 255, 255] : [(x * x + y * 3) >> 2, (y * y + x) >> 3, (x * y) >> 4];
      data.set(shown < 0.5 ? [0, 0, 0, 0] : [...values.map((v) => v & 255), shown], i);
    }
  }
  return { width, height, data };
}

/** The first 16 digits of the SHA-256 of bytes. */
async function digest(bytes: Uint8Array<ArrayBuffer> | Uint8ClampedArray<ArrayBuffer>): Promise<string> {
  const hash = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...hash.subarray(0, 8)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Reads a golden picture and gives the largest difference from what its maker meant, Infinity for another size. */
export async function worstDifference(name: keyof typeof expected, bytes: Uint8Array): Promise<number> {
  const { pixels: encoded, width, height, channels } = expected[name];
  const { pixels } = await readPicture(bytes, { name });
  if (pixels.width !== width || pixels.height !== height) return Number.POSITIVE_INFINITY;
  const wanted = atob(encoded);
  let worst = 0;
  for (let i = 0; i < pixels.data.length; i++) {
    const value = channels === 4 ? wanted.charCodeAt(i) : i % 4 === 3 ? 255 : wanted.charCodeAt(i - (i >> 2));
    worst = Math.max(worst, Math.abs((pixels.data[i] as number) - value));
  }
  return worst;
}

/** What every realm must agree on, byte for byte: all golden pictures as they are read, and drawings as written. */
export async function fingerprints(load: (name: string) => Promise<Uint8Array>): Promise<Record<string, string>> {
  const read: string[] = [];
  for (const name of Object.keys(expected)) read.push(await digest((await readPicture(await load(name))).pixels.data));
  const written = async (alpha: boolean, format: "png" | "jpeg" | "webp", quality?: number): Promise<string> =>
    digest(await writePicture(drawing(57, 31, alpha), { format, ...(quality ? { quality } : {}) }));
  return {
    read: await digest(new TextEncoder().encode(read.join())),
    opaquePng: await written(false, "png"),
    clearPng: await written(true, "png"),
    losslessWebp: await written(true, "webp"),
    lossyWebp: await written(true, "webp", 70),
    jpeg: await written(true, "jpeg", 80),
  };
}

/** The fingerprints that were measured in Node 20 and in Chromium 156. */
export const agreed: Readonly<Record<string, string>> = {
  read: "739ed9bc8fa6b4f1",
  opaquePng: "645a104b351e4f95",
  clearPng: "5ebc7fc8bc47bd52",
  losslessWebp: "dceb74a1372891a2",
  lossyWebp: "51fe2e01499daac6",
  jpeg: "6f3ce9a5bf065bfe",
};
