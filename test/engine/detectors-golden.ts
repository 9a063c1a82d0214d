import { readFileSync } from "node:fs";
import { golden } from "./golden.ts";

/** A picture of a golden as nets take it, [1, 3, height, width], and what the other implementation answered. */
export interface DetectorCase {
  readonly size: string;
  readonly picture: { readonly dims: readonly number[]; readonly values: Float32Array };
  readonly answers: ReadonlyMap<string, { readonly dims: readonly number[]; readonly values: Float32Array }>;
}

/** All tensors of a golden .safetensors file: uint8 or float32, as float32. */
export function readCaseTensors(path: string): Map<string, { dims: number[]; values: Float32Array }> {
  const bytes = readFileSync(golden(`detectors/${path}`));
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const data = new Uint8Array(bytes).buffer.slice(start);
  const header = JSON.parse(bytes.toString("utf8", 8, start)) as Record<
    string,
    { dtype: string; shape: number[]; data_offsets: [number, number] }
  >;
  const found = new Map<string, { dims: number[]; values: Float32Array }>();
  for (const [name, { dtype, shape, data_offsets }] of Object.entries(header)) {
    if (name === "__metadata__") continue;
    const part = data.slice(...data_offsets);
    if (dtype !== "U8" && dtype !== "F32") throw new TypeError(`${path}: ${name} is ${dtype}`);
    const values = dtype === "U8" ? Float32Array.from(new Uint8Array(part)) : new Float32Array(part);
    found.set(name, { dims: shape, values });
  }
  return found;
}

/** The cases of a file: `48x64.picture` and whatever else begins with `48x64.`. */
export function casesOf(path: string): readonly DetectorCase[] {
  const all = readCaseTensors(path);
  return [...all].flatMap(([name, picture]) => {
    const [size = "", what] = name.split(".");
    if (what !== "picture") return [];
    const answers = new Map(
      [...all].flatMap(([key, value]) =>
        key.startsWith(`${size}.`) && key !== name ? [[key.slice(size.length + 1), value] as const] : [],
      ),
    );
    return [{ size, picture, answers }];
  });
}
