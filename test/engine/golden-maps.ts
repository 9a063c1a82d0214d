import { readFileSync } from "node:fs";
import { inflateSync } from "node:zlib";
import type { Pixels } from "@underdraw/engine";

const folder = new URL("../golden/conditions/", import.meta.url);

/** How far a result may lie from what is expected: at most `share` of the pixels by more than `level`, `mean` on average. */
interface Tolerance {
  readonly level: number;
  readonly share: number;
  readonly mean: number;
}

/** One result of somebody else's code; see golden/conditions/README.md. */
export interface Golden {
  readonly id: string;
  readonly kind: "condition" | "operation";
  readonly name: string;
  readonly source?: string;
  readonly inputs?: { readonly map: string };
  readonly options: Readonly<Record<string, unknown>>;
  readonly expected: string;
  readonly tolerance: Tolerance;
}

/** The goldens whose name is one of `names`. */
export function goldens(...names: readonly string[]): readonly Golden[] {
  const { references } = JSON.parse(readFileSync(new URL("references.json", folder), "utf8")) as {
    references: readonly Golden[];
  };
  return references.filter(({ name }) => names.includes(name));
}

/** The same golden, to be met bit for bit although its tolerance asks for less. */
export function exactly(golden: Golden): Golden {
  return { ...golden, tolerance: { level: 0, share: 0, mean: 0 } };
}

/** The picture that a golden starts from. */
export function sourceOf(golden: Golden): Pixels {
  return readGolden(golden.source ?? golden.inputs?.map ?? "");
}

/** What lies too far from the golden's expected picture, in words; empty if all is well. */
export function distance(pixels: Pixels, golden: Golden): string {
  const expected = readGolden(golden.expected);
  if (pixels.width !== expected.width || pixels.height !== expected.height) {
    return `the size is ${pixels.width}x${pixels.height}, not ${expected.width}x${expected.height}`;
  }
  const { level, share, mean } = golden.tolerance;
  let [far, sum] = [0, 0];
  for (let i = 0; i < expected.data.length; i += 4) {
    const apart = [0, 1, 2, 3].map((k) => Math.abs((pixels.data[i + k] as number) - (expected.data[i + k] as number)));
    if (Math.max(...apart) > level) far++;
    sum += apart.reduce((a, b) => a + b);
  }
  const count = expected.width * expected.height;
  const average = sum / (3 * count);
  if (far <= share * count && average <= mean) return "";
  return `${far} of ${count} pixels are off by more than ${level}, ${average.toFixed(4)} on average`;
}

const channelsOf: Readonly<Record<number, number>> = { 0: 1, 2: 3, 4: 2, 6: 4 };

/** Reads a golden PNG, without the engine's own reader: 8 bits, not interlaced, gray or RGB, with or without alpha. */
export function readGolden(name: string): Pixels {
  const file = readFileSync(new URL(name, folder));
  const [width, height] = [file.readUInt32BE(16), file.readUInt32BE(20)];
  const channels = channelsOf[file[25] as number];
  if (file[24] !== 8 || channels === undefined || file[28] !== 0) throw new Error(`${name} is no plain 8-bit PNG.`);
  const parts: Buffer[] = [];
  for (let at = 8; at < file.length; at += 12 + file.readUInt32BE(at)) {
    if (file.toString("latin1", at + 4, at + 8) === "IDAT")
      parts.push(file.subarray(at + 8, at + 8 + file.readUInt32BE(at)));
  }
  const bytes = inflateSync(Buffer.concat(parts));
  const pitch = width * channels;
  const rows = new Uint8Array(pitch * height);
  for (let y = 0; y < height; y++) {
    const filter = bytes[y * (pitch + 1)] as number;
    for (let x = 0; x < pitch; x++) {
      const left = x >= channels ? (rows[y * pitch + x - channels] as number) : 0;
      const up = y > 0 ? (rows[(y - 1) * pitch + x] as number) : 0;
      const corner = y > 0 && x >= channels ? (rows[(y - 1) * pitch + x - channels] as number) : 0;
      const guess = [0, left, up, (left + up) >> 1, paeth(left, up, corner)][filter] as number;
      rows[y * pitch + x] = (bytes[y * (pitch + 1) + 1 + x] as number) + guess;
    }
  }
  const data = new Uint8ClampedArray(width * height * 4);
  for (let i = 0; i < width * height; i++) {
    const at = (k: number) => rows[i * channels + k] as number;
    const colour = channels < 3 ? [at(0), at(0), at(0)] : [at(0), at(1), at(2)];
    data.set([...colour, channels % 2 === 0 ? at(channels - 1) : 255], 4 * i);
  }
  return { width, height, data };
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  return a <= b && a <= c ? left : b <= c ? up : corner;
}
