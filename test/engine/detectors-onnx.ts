// Small ONNX files as other people's tools write them, for models that nobody here knows. The field numbers are those of
// onnx.proto3.

const text = new TextEncoder();
type Bytes = Uint8Array<ArrayBuffer>;

/** Pieces one after the other. */
export function joined(...parts: readonly Uint8Array[]): Bytes {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

function varint(value: number): Bytes {
  const out: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 127n; rest >>= 7n) out.push(Number(rest & 127n) | 128);
  return Uint8Array.of(...out, Number(rest));
}

/** A field that holds text, bytes, or other fields. */
export function field(number: number, ...parts: readonly (Uint8Array | string)[]): Bytes {
  const bytes = joined(...parts.map((part) => (typeof part === "string" ? text.encode(part) : part)));
  return joined(varint((number << 3) | 2), varint(bytes.length), bytes);
}

/** A field that holds a whole number. */
export const whole = (number: number, value: number): Bytes => joined(varint(number << 3), varint(value));

/** An input or output: ONNX's element type (1 float, 2 uint8, 6 int32, 7 int64, 10 half) and sides, text for a free one. */
export interface Slot {
  readonly name: string;
  readonly type?: number;
  readonly dims: readonly (number | string)[] | null;
}

const slotBytes = ({ name, type = 1, dims }: Slot): Bytes => {
  const shape = dims
    ? [field(2, ...dims.map((dim) => field(1, typeof dim === "number" ? whole(1, dim) : field(2, dim))))]
    : [];
  return joined(field(1, name), field(2, field(1, whole(1, type), ...shape)));
};

/** One operation; attributes are whole numbers or lists of them. */
export interface Step {
  readonly op: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly ints?: Readonly<Record<string, number | readonly number[]>>;
}

const stepBytes = ({ op, inputs, output, ints = {} }: Step): Bytes =>
  joined(
    ...inputs.map((name) => field(1, name)),
    field(2, output),
    field(4, op),
    ...Object.entries(ints).map(([name, value]) =>
      typeof value === "number"
        ? field(5, field(1, name), whole(3, value), whole(20, 2))
        : field(5, field(1, name), ...value.map((one) => whole(8, one)), whole(20, 7)),
    ),
  );

/** What a small model is made of. */
export interface SmallModel {
  readonly inputs: readonly Slot[];
  readonly outputs: readonly Slot[];
  readonly steps: readonly Step[];
  /** Tensors of floats inside the file. */
  readonly constants?: Readonly<
    Record<string, { readonly dims: readonly number[]; readonly values: readonly number[] }>
  >;
  readonly metadata?: Readonly<Record<string, string>>;
  /** Says that the constants lie in another file. */
  readonly outside?: boolean;
}

/** The bytes of a small model (opset 20). */
export function smallOnnx({
  inputs,
  outputs,
  steps,
  constants = {},
  metadata = {},
  outside = false,
}: SmallModel): Bytes {
  const graph = joined(
    ...steps.map((step) => field(1, stepBytes(step))),
    field(2, "small"),
    ...Object.entries(constants).map(([name, { dims, values }]) =>
      field(
        5,
        ...dims.map((dim) => whole(1, dim)),
        whole(2, 1),
        field(8, name),
        outside ? whole(14, 1) : field(9, new Uint8Array(Float32Array.from(values).buffer)),
      ),
    ),
    ...inputs.map((slot) => field(11, slotBytes(slot))),
    ...outputs.map((slot) => field(12, slotBytes(slot))),
  );
  return joined(
    whole(1, 10),
    field(2, "somebody"),
    field(7, graph),
    field(8, field(1, ""), whole(2, 20)),
    ...Object.entries(metadata).map(([key, value]) => field(14, field(1, key), field(2, value))),
  );
}

/** A model that gives back the sum of its channels, each as often as its share says. What it saw can be told from that. */
export function seeing({
  dims = [1, 3, "h", "w"],
  type = 1,
  shares = [1, 0, 0],
  before = [],
  constants = {},
  ...more
}: {
  readonly dims?: Slot["dims"];
  readonly type?: number;
  readonly shares?: readonly [number, number, number];
  readonly before?: readonly Step[];
} & Partial<Pick<SmallModel, "constants" | "metadata" | "outside">> = {}): Bytes {
  const last = dims?.at(-1) === 3;
  const steps: Step[] = [...before];
  let name = before.at(-1)?.output ?? "photo";
  const add = (op: string, inputs: readonly string[], ints: Step["ints"] = {}): void => {
    steps.push({ op, inputs, output: `${op}.out`, ints });
    name = `${op}.out`;
  };
  if (type !== 1) add("Cast", [name], { to: 1 });
  if (last) add("Transpose", [name], { perm: [0, 3, 1, 2] });
  add("Conv", [name, "shares"], { kernel_shape: [1, 1] });
  return smallOnnx({
    inputs: [{ name: "photo", type, dims }],
    outputs: [{ name: "seen", dims: [1, 1, "y", "x"] }],
    steps: steps.map((step, n) => (n === steps.length - 1 ? { ...step, output: "seen" } : step)),
    constants: { shares: { dims: [1, 3, 1, 1], values: shares }, ...constants },
    ...more,
  });
}
