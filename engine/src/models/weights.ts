import { UnderdrawError } from "../core/errors.ts";
import { elements, type Part, type Precision, type Weight, type WeightPlace, type Weights } from "../graph/graph.ts";
import { narrowHalf } from "../graph/half.ts";
import { incompatible, listed } from "./refusal.ts";
import { findNotFinite, findNotFiniteHalf } from "./short-floats.ts";
import { countOf, type Tensors } from "./tensors.ts";

/** Elements that are converted at once: 1 MiB of float32, which stays in a processor's cache. */
const CHUNK = 1 << 18;

/** Where a part of a weight begins and how much it is, in elements. */
interface Stretch {
  readonly key: string;
  readonly from: number;
}

/**
 * The parameters of graphs from the tensors of a network. Numbers are converted piece by piece through a small scratch,
 * sums of several parts are made in float32. `read` throws `weights-not-finite` with the file and tensor for a NaN or
 * an infinity, and `model-incompatible` for a tensor that is missing or of another size.
 */
export function weightsOf(tensors: Tensors, label: string = tensors.label): Weights {
  const sum = new Float32Array(CHUNK);
  let more: Float32Array | undefined;
  /** Elements from number `at` on of all stretches, summed. */
  const load = (stretches: readonly Stretch[], at: number, into: Float32Array): Float32Array => {
    const { length } = into;
    stretches.forEach(({ key, from }, n) => {
      more ??= n > 0 ? new Float32Array(CHUNK) : undefined;
      const target = n === 0 || !more ? into : more.subarray(0, length);
      tensors.floats(key, target, from + at);
      if (findNotFinite(bitsOf(target)) >= 0) throw notFinite(tensors, key, "holds NaN or infinity");
      if (n > 0) for (let i = 0; i < length; i++) into[i] = (into[i] as number) + (target[i] as number);
    });
    return into;
  };
  return {
    place(weight: Weight, precision: Precision): WeightPlace | null {
      const [part, more] = weight.parts;
      if (!part || more) return null;
      const count = elements(weight.dims);
      const { key, from } = stretchOf(tensors, label, part, count);
      const size = precision === "float16" ? 2 : 4;
      if (tensors.dtype(key) !== (size === 2 ? "F16" : "F32")) return null;
      const whole = tensors.place(key);
      const check = (): void => {
        const piece = new Uint8Array(size * Math.min(CHUNK, count));
        for (let at = 0; at < count; at += CHUNK)
          copy(tensors, { key, from: from + at }, size, piece.subarray(0, size * Math.min(CHUNK, count - at)));
      };
      return whole && { path: whole.path, at: whole.at + from * size, check };
    },
    read(weight: Weight, precision: Precision, into: Uint8Array) {
      const count = elements(weight.dims);
      const size = precision === "float16" ? 2 : 4;
      if (into.length !== count * size)
        throw new RangeError(`${label}: ${weight.name} needs ${count * size} bytes, and ${into.length} were given.`);
      const stretches = weight.parts.map((part) => stretchOf(tensors, label, part, count));
      const [only] = stretches;
      const { length } = stretches;
      if (!only) throw new RangeError(`${label}: ${weight.name} has no parts.`);
      if (length === 1 && tensors.dtype(only.key) === (size === 2 ? "F16" : "F32")) {
        return copy(tensors, only, size, into);
      }
      const out = new Uint16Array(size === 2 ? Math.min(CHUNK, count) : 0);
      // Where numbers are wanted in float32 and their place is one for such numbers, they are made there.
      const place =
        size === 4 && into.byteOffset % 4 === 0 ? new Float32Array(into.buffer, into.byteOffset, count) : null;
      for (let at = 0; at < count; at += CHUNK) {
        const end = Math.min(at + CHUNK, count);
        const numbers = load(stretches, at, place ? place.subarray(at, end) : sum.subarray(0, end - at));
        if (size === 2) {
          const halves = out.subarray(0, numbers.length);
          narrowHalf(bitsOf(numbers), halves);
          if (findNotFiniteHalf(halves) >= 0)
            throw notFinite(tensors, only.key, "holds numbers beyond float16 (65504)");
          into.set(new Uint8Array(halves.buffer, 0, halves.byteLength), at * size);
        } else {
          if (length > 1 && findNotFinite(bitsOf(numbers)) >= 0)
            throw notFinite(tensors, only.key, "grows infinite with what is added to it");
          if (!place) into.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), at * size);
        }
      }
    },
  };
}

/** The stored bytes as they are, after a look for NaN and infinity. */
function copy(tensors: Tensors, { key, from }: Stretch, size: 2 | 4, into: Uint8Array): void {
  tensors.bytes(key, into, from * size);
  const count = into.length / size;
  // Views need an even place in memory; a copy has one.
  const { buffer, byteOffset } = into.byteOffset % size === 0 ? into : into.slice();
  const found =
    size === 2
      ? findNotFiniteHalf(new Uint16Array(buffer, byteOffset, count))
      : findNotFinite(new Uint32Array(buffer, byteOffset, count));
  if (found >= 0) throw notFinite(tensors, key, "holds NaN or infinity");
}

const bitsOf = (numbers: Float32Array): Uint32Array =>
  new Uint32Array(numbers.buffer, numbers.byteOffset, numbers.length);

function stretchOf(tensors: Tensors, label: string, { key, rows, shape: wanted }: Part, count: number): Stretch {
  const shape = tensors.shape(key);
  const row = countOf(shape.slice(1));
  const [from, to] = rows ?? [0, shape[0] ?? 1];
  if (sameShape(shape, wanted) && from >= 0 && to <= (shape[0] ?? 1) && (to - from) * row === count)
    return { key, from: from * row };
  const [expected, actual] = [`[${wanted.join(", ")}]`, `[${shape.join(", ")}]`];
  const problem = `the tensor "${key}" has the shape ${actual}, and ${expected} is needed. The config is another model's.`;
  throw incompatible(label, problem, { expected: `${key} ${expected}`, actual: `${key} ${actual}` });
}

/** Whether two shapes are the same but for sides of 1: 1x1 convolutions and linear layers store the same numbers. */
export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  const [left, right] = [a.filter((side) => side !== 1), b.filter((side) => side !== 1)];
  return left.length === right.length && left.every((side, n) => side === right[n]);
}

function notFinite(tensors: Tensors, key: string, problem: string): UnderdrawError<"weights-not-finite"> {
  const [file, tensor] = [tensors.file(key), tensors.nameInFile(key)];
  const advice = problem.includes("float16") ? "Run it in float32." : "The file is damaged: copy or download it again.";
  return new UnderdrawError("weights-not-finite", `${file}: the tensor "${tensor}" ${problem}. ${advice}`, {
    file,
    tensor,
  });
}

/**
 * Rows of a table of embeddings, one for each id: [ids, width] in float32. Throws `model-incompatible` for an id that
 * the table has not, and `weights-not-finite`.
 */
export function embeddingRows(tensors: Tensors, key: string, ids: Int32Array): Float32Array<ArrayBuffer> {
  const [rows = 0, width = 0] = tensors.shape(key);
  const out = new Float32Array(ids.length * width);
  ids.forEach((id, n) => {
    if (id < 0 || id >= rows) {
      const problem = `the text has the token ${id}, and the text encoder knows ${rows}. The tokenizer is another model's.`;
      throw incompatible(tensors.label, problem, { expected: `a token below ${rows}`, actual: String(id) });
    }
    const row = out.subarray(n * width, (n + 1) * width);
    tensors.read(key, row, [id, id + 1]);
    if (findNotFinite(bitsOf(row)) >= 0) throw notFinite(tensors, key, "holds NaN or infinity");
  });
  return out;
}

/** Tensors that a whole, sound checkpoint may have beside its weights. */
const ignoredTensors: readonly RegExp[] = [
  // Constants stored as data: the places 0, 1, 2 ... of CLIP, in any type, in older files.
  /(^|\.)position_ids$/,
  // Empty tensors by which a file says how it was trained.
  /^(v_pred|ztsnr)$/,
];

/**
 * Checks the tensors of a network against what its graphs use: every used one is there in its shape, and none is left
 * over that is not in `ignored`. A tensor that no graph reads is a layer that nobody computes, so it is an error too.
 * All that is wrong comes in one `model-incompatible`.
 */
export function checkCoverage(
  tensors: Tensors,
  used: Iterable<{ readonly key: string; readonly dims: readonly number[] }>,
  ignored: readonly RegExp[] = ignoredTensors,
): void {
  const seen = new Set<string>();
  const missing = new Set<string>();
  const wrong = new Map<string, string>();
  for (const { key, dims } of used) {
    seen.add(key);
    if (!tensors.has(key)) missing.add(key);
    else if (!sameShape(tensors.shape(key), dims))
      wrong.set(key, `${key} [${tensors.shape(key).join(", ")}] instead of [${dims.join(", ")}]`);
  }
  const extra = [...tensors.keys()].filter((key) => !seen.has(key) && !ignored.some((rule) => rule.test(key)));
  const problems = [
    ["missing", [...missing]],
    ["of another shape", [...wrong.values()]],
    ["unknown", extra],
  ] as const;
  const found = problems.filter(([, names]) => names.length > 0);
  if (found.length === 0) return;
  const actual = found.map(([what, names]) => `${names.length} ${what}: ${listed(names)}`).join("; ");
  const advice = "Its config and its weights do not belong together, or it is of a kind that this engine does not run.";
  throw incompatible(tensors.label, `${actual}. ${advice}`, { expected: `${seen.size} tensors`, actual });
}
