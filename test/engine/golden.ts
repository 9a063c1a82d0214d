import { readFileSync } from "node:fs";

/** The address of a file under test/golden. */
export function golden(path: string): URL {
  return new URL(`../golden/${path}`, import.meta.url);
}

/** A JSON file of the goldens. Python writes -Infinity, which JSON lacks: it becomes null, a setting left out. */
// biome-ignore lint/suspicious/noExplicitAny: cases are checked by what is done with them
export function readJson(path: string): any {
  return JSON.parse(readFileSync(golden(path), "utf8").replace(/: -Infinity\b/g, ": null"));
}

/** A tensor of a .safetensors file; whole numbers are exact below 2^53. */
export interface GoldenTensor {
  readonly dims: readonly number[];
  readonly values: Float64Array;
}

/** All tensors of a .safetensors file of the goldens (float32, float64 and int64). */
export function readTensors(path: string): Map<string, GoldenTensor> {
  const bytes = readFileSync(golden(path));
  const data = new Uint8Array(bytes).buffer;
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const header = JSON.parse(bytes.toString("utf8", 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const tensors = new Map<string, GoldenTensor>();
  for (const [name, entry] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const [from, to] = entry.data_offsets;
    const part = data.slice(start + from, start + to);
    const values =
      entry.dtype === "F32"
        ? Float64Array.from(new Float32Array(part))
        : entry.dtype === "F64"
          ? new Float64Array(part)
          : entry.dtype === "I64"
            ? Float64Array.from(new BigInt64Array(part), Number)
            : null;
    if (!values) throw new TypeError(`${path}: ${name} is ${entry.dtype}`);
    tensors.set(name, { dims: entry.shape, values });
  }
  return tensors;
}

/** How far numbers are from the expected ones: RMS of the difference over RMS of the expected, and the largest over it. */
export function errors(actual: ArrayLike<number>, expected: ArrayLike<number>): { relative: number; largest: number } {
  if (actual.length !== expected.length) throw new RangeError(`${actual.length} numbers for ${expected.length}`);
  let [difference, power, largest] = [0, 0, 0];
  for (let i = 0; i < expected.length; i++) {
    const error = Math.abs((actual[i] as number) - (expected[i] as number));
    if (!Number.isFinite(error)) return { relative: Number.NaN, largest: Number.NaN };
    difference += error ** 2;
    power += (expected[i] as number) ** 2;
    largest = Math.max(largest, error);
  }
  const scale = power === 0 ? 1 : Math.sqrt(power / expected.length);
  return { relative: Math.sqrt(difference / expected.length) / scale, largest: largest / scale };
}
