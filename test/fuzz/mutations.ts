import type { Random } from "./random.ts";

// Ways to spoil a file: its bytes, its text, and its JSON by meaning.

/** Numbers at borders of types, and what is no number. */
const numbers = [
  0,
  -0,
  1,
  -1,
  2,
  3,
  0.5,
  255,
  256,
  65535,
  65536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 32,
  2 ** 53 - 1,
  2 ** 53,
  1e21,
  1e308,
  -1e308,
  1e-320,
];

/** Paths that lead elsewhere, in the spellings of systems and of the web. */
export const evilPaths = [
  "../secret.safetensors",
  "../../secret.safetensors",
  "a/../../secret.safetensors",
  "/etc/passwd",
  "/secret.safetensors",
  "..\\secret.safetensors",
  "C:\\secret.safetensors",
  "c:/secret.safetensors",
  "\\\\host\\share\\secret.safetensors",
  "%2e%2e/secret.safetensors",
  "..%2fsecret.safetensors",
  "%2e%2e%2fsecret.safetensors",
  "file:///secret.safetensors",
  "https://example.com/secret.safetensors",
  "one.safetensors\0.txt",
  "\0",
  "",
  ".",
  "..",
  "./one.safetensors",
  "a//one.safetensors",
  "~/secret.safetensors",
  "one.safetensors/",
  "../m/../secret.safetensors",
  " ../secret.safetensors",
  "..;/secret.safetensors",
  "．．/secret.safetensors",
  "link.safetensors",
  "x".repeat(5000),
];

/** Keys that objects inherit, or that writing would change for all objects. */
const evilKeys = [
  "__proto__",
  "constructor",
  "prototype",
  "toString",
  "hasOwnProperty",
  "valueOf",
  "__defineGetter__",
  "",
  "\0",
  "length",
];

/** Words that configs hold. */
const words = [
  ...[
    "DownBlock2D",
    "CrossAttnDownBlock2D",
    "UpBlock2D",
    "CrossAttnUpBlock2D",
    "UNetMidBlock2D",
    "UNetMidBlock2DCrossAttn",
  ],
  ...["DownEncoderBlock2D", "silu", "gelu", "quick_gelu", "epsilon", "v_prediction", "trailing", "linspace", "linear"],
  ...["scaled_linear", "DDIMScheduler", "ControlNetModel", "AutoencoderKL", "clip", "<|endoftext|>", "!"],
];

const anything = (random: Random): unknown =>
  random.of<() => unknown>([
    () => random.of(numbers),
    () => null,
    () => true,
    () => random.of(evilPaths),
    () => random.of(evilKeys),
    () => [],
    () => ({}),
    () => [random.of(numbers), random.of(numbers)],
    () => Object.fromEntries([["polluted", 1]]),
    () => nested(random.below(400)),
    () => random.below(64),
    () => random.below(64),
    () => [random.below(40), random.below(40), random.below(40)],
    () => random.of(words),
    () => "x".repeat(random.below(20_000)),
  ])();

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let n = 0; n < depth; n++) value = n % 2 ? [value] : { a: value };
  return value;
}

/** Every place in a JSON value: its holder and its key. */
function places(value: unknown, found: [holder: Record<string, unknown>, key: string][] = []) {
  if (typeof value !== "object" || value === null || found.length > 4000) return found;
  for (const key of Object.keys(value)) {
    found.push([value as Record<string, unknown>, key]);
    places((value as Record<string, unknown>)[key], found);
  }
  return found;
}

/** Sets an own property, also one that objects inherit. A list's length stays. */
function put(holder: object, key: string, value: unknown): void {
  if (Array.isArray(holder) && key === "length") return;
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true });
}

/** JSON with a few of its values, keys and places changed; a number may come out as infinity or with many digits. */
export function spoiledJson(text: string, random: Random): string {
  const value: unknown = JSON.parse(text);
  for (let n = random.below(3); n >= 0; n--) {
    const all = places(value);
    if (all.length === 0) break;
    const [holder, key] = random.of(all);
    const other = random.of(all);
    random.of<() => void>([
      () => put(holder, key, anything(random)),
      () => put(holder, key, anything(random)),
      () => put(holder, random.of(evilKeys), anything(random)),
      () => delete holder[key],
      () => put(holder, key, structuredClone(other[0][other[1]])),
      () => {
        const was = holder[key];
        if (Array.isArray(holder)) return;
        delete holder[key];
        put(holder, random.of([...evilKeys, ...evilPaths, other[1]]), was);
      },
    ])();
  }
  const plain = JSON.stringify(value);
  return random.of<() => string>([
    () => plain,
    () => plain,
    () => plain,
    () =>
      plain.replace(
        /-?\d+(\.\d+)?/,
        random.of(["Infinity", "-Infinity", "NaN", "1e999", "9".repeat(400), "-0", "01", "0x10"]),
      ),
    () => plain.replace("{", '{"__proto__":{"polluted":1},'),
    () => plain.replace("{", '{"constructor":{"prototype":{"polluted":1}},'),
    () => `\ufeff${plain}`,
    () => plain.replace(/"([^"]+)":/, '"$1":1,"$1":'),
  ])();
}

/** The header of a .safetensors file that stays sound: tensors left out, renamed, of other shapes and types of the same size. */
export function otherHeader(text: string, random: Random): string {
  const header: Record<string, { dtype: string; shape: number[]; data_offsets: number[] }> = JSON.parse(text);
  const names = Object.keys(header).filter((name) => name !== "__metadata__");
  const twins: Readonly<Record<string, string>> = {
    F16: "BF16",
    BF16: "I16",
    F32: "I32",
    I64: "F64",
    F8_E4M3: "U8",
    F8_E5M2: "I8",
  };
  for (let n = random.below(6); n >= 0; n--) {
    const name = random.of(names);
    const entry = header[name];
    if (!entry) continue;
    const { shape } = entry;
    random.of<() => void>([
      () => delete header[name],
      () => {
        delete header[name];
        const number = name.replace(/\d+/, String(random.of([0, 1, 2, 9, 999, "00", "1e3", 2 ** 53])));
        header[
          random.of([number, number, random.of(names), name.split(".").slice(1).join("."), `${name}.x`, "difference"])
        ] = entry;
      },
      () => {
        entry.shape = random.of([
          shape.toReversed(),
          [...shape, 1],
          [1, ...shape],
          [shape.reduce((a, b) => a * b, 1)],
          shape.filter((side) => side > 1),
        ]);
      },
      () => {
        entry.dtype = twins[entry.dtype] ?? entry.dtype;
      },
      () => {
        Object.assign(entry, { shape: [0], data_offsets: [0, 0] });
      },
      () => {
        header[random.of(["v_pred", "ztsnr", "difference", "lora_controlnet", "task_embedding", "scaled_fp8"])] = {
          dtype: "F32",
          shape: [0],
          data_offsets: [0, 0],
        };
      },
      () => {
        const prefix = random.of(["control_model.", "model.diffusion_model.", "first_stage_model.", "lora_unet_", ""]);
        for (const key of names.slice(0, 40)) {
          const moved = header[key];
          delete header[key];
          if (moved) header[prefix + key] = moved;
        }
      },
    ])();
  }
  return JSON.stringify(header);
}

/** Text with lines and letters changed. */
export function spoiledText(text: string, random: Random): string {
  const at = random.below(text.length);
  const to = Math.min(text.length, at + random.below(200));
  return random.of<() => string>([
    () => text.slice(0, at),
    () => text.slice(0, at) + text.slice(to),
    () => text.slice(0, to) + text.slice(at),
    () => text.slice(0, at) + String.fromCharCode(random.below(0x10000)) + text.slice(at),
    () =>
      text.slice(0, at) +
      random.of(["\n", "\r\n", "\0", " ", "\u2028", "\ud800", '\\"', '"', "[", "{", "NaN"]).repeat(random.below(5000)) +
      text.slice(at),
    () => text.replaceAll("\n", "\r\n"),
    () => "",
  ])();
}

/** Bytes with some of them changed, cut, doubled or put in. */
export function spoiledBytes(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length);
  const to = Math.min(bytes.length, at + 1 + random.below(64));
  const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));
  return random.of<() => Uint8Array>([
    () => {
      const out = bytes.slice();
      for (let n = random.below(8); n >= 0; n--) out[random.below(out.length)] = random.below(256);
      return out;
    },
    () => {
      const out = bytes.slice();
      // The first bytes say what follows.
      for (let n = random.below(4); n >= 0; n--)
        out[random.below(Math.min(64, out.length))] = random.of([0, 1, 0x7f, 0x80, 0xff]);
      return out;
    },
    () => {
      const out = bytes.slice();
      const width = random.of([1, 2, 4, 8]);
      for (let n = 0; n < width && at + n < out.length; n++) out[at + n] = random.of([0, 0xff, 0x7f, 0x80]);
      return out;
    },
    () => bytes.slice(0, at),
    () => joined(bytes.slice(0, at), bytes.slice(to)),
    () => joined(bytes.slice(0, to), bytes.slice(at)),
    () => joined(bytes.slice(0, at), new Uint8Array(random.below(300)).fill(random.below(256)), bytes.slice(at)),
    () => joined(bytes, bytes),
  ])();
}

/** Numbers at the borders of float32 and float16, as bytes: zeros, the largest, infinity, NaN, and the smallest. */
const edges = [
  [0, 0, 0, 0],
  [0, 0, 0, 0x80],
  [0xff, 0xff, 0x7f, 0x7f],
  [0xff, 0xff, 0x7f, 0xff],
  [0, 0, 0x80, 0x7f],
  [0, 0, 0xc0, 0x7f],
  [1, 0, 0, 0],
  [0xff, 0x7b, 0xff, 0x7b],
  [0, 0x7c, 0, 0xfc],
  [0, 0x7e, 0, 0x7e],
] as const;

/** Numbers of which a few, or all from a place on, are at the borders of their type. The size stays. */
export function spoiledNumbers(bytes: Uint8Array, random: Random): Uint8Array {
  const out = bytes.slice();
  const edge = random.of(edges);
  const at = 4 * random.below(Math.ceil(out.length / 4));
  const much = random.of([1, 1, 1, 4, 64, out.length]);
  for (let n = at; n < Math.min(out.length, at + 4 * much); n++) out[n] = edge[n % 4] as number;
  return out;
}
