import { type LoraRole, type LoraTensors, numbersOf } from "./lora-file.ts";
import { addProduct, type Product } from "./product.ts";
import { fileInvalid, incompatible, quoted } from "./refusal.ts";
import type { Safetensors, TensorEntry } from "./safetensors.ts";
import { countOf } from "./tensors.ts";
import { sameShape } from "./weights.ts";

// The forms in which a LoRA writes what it adds to a tensor, as LyCORIS names them: two factors, perhaps with a kernel
// between them (LoRA, LoCon, Tucker); two such products multiplied number by number (LoHa); a Kronecker product (LoKr);
// or the difference itself. The formulas follow LyCORIS, https://github.com/KohakuBlueleaf/LyCORIS (docs/Algo-Details.md
// and its functional modules). Shapes are checked at once, numbers are read when the base's are.

/** What is added to one tensor of a base. */
export interface Change {
  /** Adds to `into` what belongs to the tensor's elements from number `from` on. */
  add(into: Float32Array, from: number): void;
  /** Lets go of what was decoded for it. */
  release(): void;
}

/** Where a change comes from, what it is for and how much of it is added. */
export interface ChangeOf {
  readonly file: Safetensors;
  readonly tensors: LoraTensors;
  /** The layer, for messages. */
  readonly layer: string;
  /** The shape of the base's tensor. */
  readonly shape: readonly number[];
  /** How much of it is added, for a rank; null for what has none. */
  factor(rank: number | null): number;
}

/** A part that a form must have. Throws `file-invalid` where it is not there. */
function needed({ file, tensors, layer }: ChangeOf, role: LoraRole): TensorEntry {
  const entry = tensors.get(role);
  if (entry) return entry;
  const problem = `the layer ${quoted(layer)} has no tensor "${role}", which belongs to the others that are there. Copy or download it again.`;
  throw fileInvalid(file.name, problem);
}

/** Sides, at least two of them and none empty: [first, all others]. */
function sidesOf(of: ChangeOf, entry: TensorEntry): readonly [first: number, rest: number] {
  const [first = 0, ...rest] = entry.shape;
  if (entry.shape.length < 2 || entry.shape.includes(0)) throw misfit(of, entry);
  return [first, countOf(rest)];
}

/** The error for a tensor whose shape is not that of its layer. */
function misfit({ file, layer, shape }: ChangeOf, { name, shape: own }: TensorEntry): Error {
  const [expected, actual] = [`[${shape.join(", ")}]`, `[${own.join(", ")}]`];
  const problem = `its tensor ${quoted(name)} ${actual} does not fit the layer ${quoted(layer)} ${expected} of this base. Take a LoRA that was made for the same model.`;
  return incompatible(file.name, problem, { expected, actual });
}

/** The base's tensor as a matrix. */
const matrixOf = ({ shape: [rows = 1, ...rest] }: ChangeOf) => ({ rows, columns: countOf(rest) });

/** A value that is made when it is asked for and can be let go of. */
function lazy<T>(make: () => T): { get(): T; release(): void } {
  let value: T | undefined;
  return {
    get: () => (value ??= make()),
    release: () => {
      value = undefined;
    },
  };
}

/** Times a number, in place. */
const scaled = (numbers: Float32Array, factor: number): Float32Array => {
  for (let i = 0; i < numbers.length; i++) numbers[i] = (numbers[i] as number) * factor;
  return numbers;
};

/** Rows for columns. */
function transposed(numbers: Float32Array, columns: number): Float32Array {
  const rows = numbers.length / columns;
  const out = new Float32Array(numbers.length);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++) out[j * rows + i] = numbers[i * columns + j] as number;
  return out;
}

/**
 * A kernel of a small convolution between two factors (Tucker), taken into the second one: of [p, q, ...sides] and
 * [q, inputs], [p, inputs * sides].
 */
function throughKernel(middle: Float32Array, down: Float32Array, [p, q]: readonly [number, number]): Float32Array {
  const [inputs, sides] = [down.length / q, middle.length / (p * q)];
  // As one product of [p * sides, q] and [q, inputs]; then the sides go behind the inputs.
  const rows = new Float32Array(middle.length);
  for (let n = 0; n < p; n++)
    rows.set(transposed(middle.subarray(n * q * sides, (n + 1) * q * sides), sides), n * q * sides);
  const product = new Float32Array(p * sides * inputs);
  addProduct(product, 0, { rows: p * sides, columns: inputs, rank: q, up: rows, down });
  const out = new Float32Array(product.length);
  const size = sides * inputs;
  for (let n = 0; n < p; n++) out.set(transposed(product.subarray(n * size, (n + 1) * size), inputs), n * size);
  return out;
}

/** How many numbers two factors and a kernel may make of the second one: 1 GiB. Those of published files make some millions. */
const MOST_NUMBERS = 1 << 28;

interface Factors {
  readonly up: TensorEntry;
  readonly down: TensorEntry;
  readonly middle?: TensorEntry | undefined;
  /** The left factor lies with its ranks first. */
  readonly isUpTurned?: boolean;
}

/** Checks factors against a matrix of `rows` x `columns`; gives their rank and what reads their product. */
function productOf(
  of: ChangeOf,
  { up, down, middle, isUpTurned = false }: Factors,
  { rows, columns }: { readonly rows: number; readonly columns: number },
): { readonly rank: number; read(factor: number): Product } {
  const upSides = sidesOf(of, up);
  const [height, upRank] = isUpTurned ? [upSides[1], upSides[0]] : upSides;
  const [rank, inputs] = sidesOf(of, down);
  if (height !== rows) throw misfit(of, up);
  const [p = rank, q = rank, ...sides] = middle?.shape ?? [];
  if (middle && (middle.shape.length < 3 || q !== rank || middle.shape.includes(0))) throw misfit(of, middle);
  if (upRank !== p) throw misfit(of, up);
  if (inputs * countOf(sides) !== columns) throw misfit(of, down);
  if (middle && p * columns > MOST_NUMBERS) throw misfit(of, middle);
  return {
    rank,
    read(factor) {
      const [left, right] = [numbersOf(of.file, up), numbersOf(of.file, down)];
      return {
        rows,
        columns,
        rank: p,
        up: scaled(isUpTurned ? transposed(left, rows) : left, factor),
        down: middle ? throughKernel(numbersOf(of.file, middle), right, [p, q]) : right,
      };
    },
  };
}

/** LoRA and LoCon: two factors, linear or convolutional, with the kernel in either or between them (Tucker). */
export function loraChange(of: ChangeOf): Change {
  const [up, down] = [needed(of, "up"), needed(of, "down")];
  const { shape } = of;
  // The second factor has the kernel's sides, unless a kernel of its own stands between.
  const middle = of.tensors.get("mid");
  const outputs = up.shape[0] ?? 0;
  const isKernelUp = !middle && up.shape.slice(2).some((side) => side > 1);
  if (isKernelUp) return kernelUpChange(of, { up, down });
  if (!middle && !sameShape([outputs, ...down.shape.slice(1)], shape))
    throw misfit(of, outputs === shape[0] ? down : up);
  if (middle && !sameShape([outputs, down.shape[1] ?? 0, ...middle.shape.slice(2)], shape)) throw misfit(of, middle);
  const product = productOf(of, { up, down, middle }, matrixOf(of));
  const held = lazy(() => product.read(of.factor(product.rank)));
  return { add: (into, from) => addProduct(into, from, held.get()), release: held.release };
}

/** LoCon whose kernel is in the first factor: of [outputs, rank, ...sides] and [rank, inputs]. */
function kernelUpChange(of: ChangeOf, { up, down }: Factors): Change {
  const [outputs = 0, rank = 0, ...sides] = up.shape;
  const [, inputs] = sidesOf(of, down);
  if (down.shape.slice(2).some((side) => side > 1)) throw misfit(of, down);
  if (up.shape.includes(0) || !sameShape([outputs, inputs, ...sides], of.shape))
    throw misfit(of, outputs === of.shape[0] && sameShape(sides, of.shape.slice(2)) ? down : up);
  if (down.shape[0] !== rank) throw misfit(of, up);
  const factor = of.factor(rank);
  const held = lazy(() =>
    scaled(throughKernel(numbersOf(of.file, up), numbersOf(of.file, down), [outputs, rank]), factor),
  );
  return {
    add(into, from) {
      const numbers = held.get();
      for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + (numbers[from + i] as number);
    },
    release: held.release,
  };
}

/** LoHa: two products, multiplied number by number. */
export function lohaChange(of: ChangeOf): Change {
  const isTucker = of.tensors.has("hada_t1") || of.tensors.has("hada_t2");
  const side = (up: LoraRole, down: LoraRole, middle: LoraRole) =>
    productOf(
      of,
      {
        up: needed(of, up),
        down: needed(of, down),
        middle: isTucker ? needed(of, middle) : undefined,
        isUpTurned: isTucker,
      },
      matrixOf(of),
    );
  const one = side("hada_w1_a", "hada_w1_b", "hada_t1");
  const two = side("hada_w2_a", "hada_w2_b", "hada_t2");
  const held = lazy(() => [one.read(of.factor(one.rank)), two.read(1)] as const);
  return {
    add(into, from) {
      const [left, right] = held.get().map((product) => {
        const numbers = new Float32Array(into.length);
        addProduct(numbers, from, product);
        return numbers;
      }) as [Float32Array, Float32Array];
      for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + (left[i] as number) * (right[i] as number);
    },
    release: held.release,
  };
}

/** LoKr: the Kronecker product of two matrices, each whole or as factors. */
export function lokrChange(of: ChangeOf): Change {
  const { rows, columns } = matrixOf(of);
  const one = kroneckerSide(of, "lokr_w1");
  const two = kroneckerSide(of, "lokr_w2");
  if (one.rows * two.rows !== rows) throw misfit(of, two.entry);
  if (one.columns * two.columns !== columns) throw misfit(of, two.entry);
  // Only factors have a rank; whole matrices are added as they are.
  const factor = of.factor(two.rank ?? one.rank);
  const held = lazy(() => [one.read(factor), two.read(1)] as const);
  return {
    add(into, from) {
      const [outer, inner] = held.get();
      for (let i = 0; i < into.length; ) {
        const [row, column] = [Math.floor((from + i) / columns), (from + i) % columns];
        const [block, place] = [Math.floor(column / two.columns), column % two.columns];
        const factor = outer[Math.floor(row / two.rows) * one.columns + block] as number;
        const begin = (row % two.rows) * two.columns + place;
        const end = Math.min(into.length, i + two.columns - place);
        for (let n = begin; i < end; i++, n++) into[i] = (into[i] as number) + factor * (inner[n] as number);
      }
    },
    release: held.release,
  };
}

/** One side of a Kronecker product. */
function kroneckerSide(of: ChangeOf, whole: "lokr_w1" | "lokr_w2") {
  const entry = of.tensors.get(whole);
  if (entry) {
    const [rows, columns] = sidesOf(of, entry);
    return { rows, columns, rank: null, entry, read: (factor: number) => scaled(numbersOf(of.file, entry), factor) };
  }
  const [up, down] = [needed(of, `${whole}_a`), needed(of, `${whole}_b`)];
  const middle = whole === "lokr_w2" ? of.tensors.get("lokr_t2") : undefined;
  const isUpTurned = middle !== undefined;
  const [rows, columns] = [
    sidesOf(of, up)[isUpTurned ? 1 : 0],
    sidesOf(of, down)[1] * countOf(middle?.shape.slice(2) ?? []),
  ];
  const product = productOf(of, { up, down, middle, isUpTurned }, { rows, columns });
  const read = (factor: number): Float32Array => {
    const numbers = new Float32Array(rows * columns);
    addProduct(numbers, 0, product.read(factor));
    return numbers;
  };
  return { rows, columns, rank: product.rank, entry: down, read };
}

/** The difference itself, of a weight or a bias. */
export function differenceChange(of: ChangeOf, role: LoraRole, factor: number): Change {
  const entry = needed(of, role);
  if (!sameShape(entry.shape, of.shape)) throw misfit(of, entry);
  return {
    add(into, from) {
      const numbers = numbersOf(of.file, entry, [from, into.length]);
      for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + factor * (numbers[i] as number);
    },
    release() {},
  };
}
