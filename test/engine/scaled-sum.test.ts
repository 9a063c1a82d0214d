import { type Control, createPixels, Engine } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { halves, widened } from "../../engine/src/graph/half.ts";
import { DeviceRuntime } from "../../engine/src/runtime/device-runtime.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime, Tensor } from "../../engine/src/runtime/runtime.ts";
import { addScaled, type Numbers, products, type ScaledSum } from "../../engine/src/runtime/scaled-sum.ts";
import { seeded } from "./runtime-reference.ts";

// What is added to the locked network, by the plain loop against the definition in float64, and what is refused.

const numbers = (dims: readonly number[], seed: number): Numbers => ({
  dims,
  values: seeded(
    dims.reduce((a, b) => a * b, 1),
    seed,
  ),
});

/** The definition, number by number, without rounding. */
function defined({ base, terms }: ScaledSum<Numbers>): Float64Array {
  const [rows = 0, channels = 0, height = 0, width = 0] = base.dims;
  const area = height * width;
  const sum = Float64Array.from(base.values);
  for (const { tensor, rows: strengths, mask, pool } of terms)
    for (let row = 0; row < rows; row++)
      for (let c = 0; c < channels; c++)
        for (let i = 0; i < area; i++) {
          const strength = strengths[row];
          if (!strength) continue;
          const from = (strength.row * channels + c) * area;
          const masked = (at: number) =>
            (tensor.values[from + at] ?? Number.NaN) * (mask ? (mask[at] ?? Number.NaN) : 1);
          let value = masked(i);
          if (pool) {
            value = 0;
            for (let at = 0; at < area; at++) value += masked(at) / area;
          }
          const to = (row * channels + c) * area + i;
          sum[to] = (sum[to] ?? Number.NaN) + strength.scale * value;
        }
  return sum;
}

function farthest(actual: Float32Array, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return actual.reduce((most, value, n) => Math.max(most, Math.abs(value - (expected[n] ?? Number.NaN))), 0);
}

describe("the plain sum", () => {
  const dims = [2, 3, 5, 7];
  const both = [
    { row: 0, scale: 0.7 },
    { row: 1, scale: -1.9 },
  ];
  const mask = seeded(35, 9).map(Math.abs);
  const plain = { tensor: numbers([2, 3, 5, 7], 2), rows: both, pool: false };
  test.each<[string, ScaledSum<Numbers>["terms"]]>([
    ["no term", []],
    ["one term", [plain]],
    ["a term under a mask", [{ ...plain, mask }]],
    ["the mean of a term", [{ ...plain, pool: true }]],
    ["the mean of a term under a mask", [{ ...plain, mask, pool: true }]],
    ["a term without one of the rows", [{ ...plain, rows: [null, { row: 0, scale: 1.2 }] }]],
    ["a term of one row for both", [{ ...plain, tensor: numbers([1, 3, 5, 7], 3), rows: [both[0], both[0]] as never }]],
    [
      "seven terms of every kind",
      Array.from({ length: 7 }, (_, n) => ({
        tensor: numbers([3, 3, 5, 7], 20 + n),
        rows: n % 3 === 0 ? [null, { row: 2, scale: 0.3 }] : both,
        pool: n % 4 === 3,
        ...(n % 2 ? { mask } : {}),
      })),
    ],
  ])("of %s is its definition", (_, terms) => {
    const sum = { base: numbers(dims, 1), terms };
    const expected = defined(sum);
    const taken = terms.map(({ tensor }) => tensor.values.slice());
    expect(farthest(addScaled({ ...sum, base: numbers(dims, 1) }), expected)).toBeLessThan(1e-6);
    expect(terms.map(({ tensor }) => tensor.values)).toEqual(taken);
    expect(farthest(Float32Array.from(expected), sum.base.values) > 0.1).toBe(terms.length > 0);
  });

  test("rounds each product and each sum, in the order of the terms", () => {
    const term = (value: number, scale: number) => ({
      tensor: { dims: [1, 1, 1, 1], values: Float32Array.of(value) },
      rows: [{ row: 0, scale }],
      pool: false,
    });
    const sum = (...terms: ReturnType<typeof term>[]) =>
      addScaled({ base: { dims: [1, 1, 1, 1], values: Float32Array.of(1) }, terms })[0];
    // 2^-24 is half of what 1 can feel, and is lost twice; together first it would not be.
    expect(sum(term(2 ** -24, 1), term(2 ** -24, 1))).toBe(1);
    expect(sum(term(2 ** -23, 1), term(2 ** -24, 1))).toBe(1 + 2 ** -22);
    expect(sum(term(2 ** -23, 1), term(-1, 1), term(1, 1))).toBe(1 + 2 ** -23);
    const scale = Math.fround(0.1);
    expect(sum(term(3, 0.1))).toBe(Math.fround(1 + Math.fround(scale * 3)));
  });

  test("leaves numbers that are not finite where no strength takes them", () => {
    const values = Float32Array.of(Number.NaN, Number.POSITIVE_INFINITY);
    const sum = addScaled({
      base: { dims: [2, 1, 1, 2], values: Float32Array.of(1, 2, 3, 4) },
      terms: [{ tensor: { dims: [1, 1, 1, 2], values }, rows: [null, { row: 0, scale: 1 }], pool: false }],
    });
    expect([...sum]).toEqual([1, 2, Number.NaN, Number.POSITIVE_INFINITY]);
  });
});

test("the plain product is the sum over the channels, of the rows that are named", () => {
  const [one, other] = [numbers([3, 50, 2, 3], 1), numbers([2, 50, 2, 3], 2)];
  const at = ({ values }: Numbers, row: number, c: number, i: number) => values[(row * 50 + c) * 6 + i] ?? Number.NaN;
  const rows = [[2, 0] as const, [0, 1] as const, [0, 0] as const];
  const expected = rows.flatMap(([row, beside]) =>
    Array.from({ length: 6 }, (_, i) => {
      let sum = 0;
      for (let c = 0; c < 50; c++) sum += at(one, row, c, i) * at(other, beside, c, i);
      return Math.fround(sum);
    }),
  );
  expect([...products({ one, other, rows })]).toEqual(expected);
});

describe("a runtime", () => {
  let runtime: Runtime;
  let base: Tensor;
  beforeAll(async () => {
    runtime = await openRuntime({ device: "cpu" });
    base = runtime.tensor("float32", [2, 3, 5, 7], numbers([2, 3, 5, 7], 1).values);
  });
  afterAll(() => runtime.dispose());
  const tensor = (dims: readonly number[], seed = 2) => runtime.tensor("float32", dims, numbers(dims, seed).values);
  const term = (of: Tensor, more: object = {}) => ({
    tensor: of,
    rows: [
      { row: 0, scale: 1 },
      { row: 0, scale: 1 },
    ],
    pool: false,
    ...more,
  });

  test("gives sums as new tensors, of the base's type, and leaves what went in", async () => {
    const given = tensor([1, 3, 5, 7]);
    const half = runtime.tensor("float16", [2, 3, 5, 7], await runtime.read(base));
    const [sum, rounded, copy] = await runtime.addScaled([
      { base, terms: [term(given)] },
      { base: half, terms: [term(given)] },
      { base, terms: [] },
    ]);
    const spec = { tensor: numbers([1, 3, 5, 7], 2), rows: term(given).rows, pool: false };
    const expected = addScaled({ base: numbers([2, 3, 5, 7], 1), terms: [spec] });
    expect(await runtime.read(sum as Tensor)).toEqual(expected);
    const start = widened(halves(numbers([2, 3, 5, 7], 1).values));
    const halved = addScaled({ base: { dims: [2, 3, 5, 7], values: start }, terms: [spec] });
    expect(rounded?.type).toBe("float16");
    expect(await runtime.read(rounded as Tensor)).toEqual(widened(halves(halved)));
    expect(copy).not.toBe(base);
    copy?.dispose();
    expect(await runtime.read(base)).toEqual(numbers([2, 3, 5, 7], 1).values);
  });

  test("sums tensors without a number", async () => {
    const empty = runtime.tensor("float32", [2, 3, 0, 7], new Float32Array());
    const [sum] = await runtime.addScaled([{ base: empty, terms: [term(empty, { pool: true })] }]);
    expect(sum?.dims).toEqual([2, 3, 0, 7]);
    expect(await runtime.products([{ one: empty, other: empty, rows: [[0, 1]] }])).toEqual([new Float32Array()]);
  });

  test.each<[string, (base: Tensor) => object, RegExp]>([
    ["other channels", () => term(tensor([2, 4, 5, 7])), /\[2,4,5,7\] is added to one of \[2,3,5,7\]/],
    ["as many places in other sides", () => term(tensor([2, 3, 7, 5])), /\[2,3,7,5\] is added to one of/],
    ["three sides", () => term(tensor([3, 5, 7])), /must be \[rows, channels, height, width\]/],
    ["a mask of another size", (to) => term(to, { mask: new Float32Array(34) }), /mask of 34 places is laid on 35/],
    ["strengths for too few rows", (to) => term(to, { rows: [null] }), /Strengths for 1 rows are given .* of 2/],
    ["a row that is not there", (to) => term(to, { rows: [null, { row: 2, scale: 1 }] }), /Row 2 .* of 2 rows/],
    ["a row before the first", (to) => term(to, { rows: [{ row: -1, scale: 1 }, null] }), /Row -1/],
    ["half a row", (to) => term(to, { rows: [{ row: 0.5, scale: 1 }, null] }), /Row 0\.5/],
    ["a strength that is none", (to) => term(to, { rows: [{ row: 0, scale: Number.NaN }, null] }), /strength of NaN/],
  ])("refuses a term with %s", async (_, made, message) => {
    const error = await runtime.addScaled([{ base, terms: [made(base) as never] }]).catch((caught: unknown) => caught);
    expect(error).toBeInstanceOf(RangeError);
    expect(String(error)).toMatch(message);
  });

  test("refuses products of rows that are not there, and of other sides", async () => {
    const rows = [[0, 2]] as const;
    await expect(runtime.products([{ one: base, other: base, rows }])).rejects.toThrow(/Row 2/);
    const other = tensor([2, 3, 7, 5]);
    await expect(runtime.products([{ one: base, other, rows: [[0, 0]] }])).rejects.toThrow(/multiplied by/);
  });

  test("refuses tensors of whole numbers, of another runtime, and freed ones, by name", async () => {
    const whole = runtime.tensor("int64", [2, 1, 1, 1], BigInt64Array.of(1n, 2n));
    await expect(runtime.addScaled([{ base: whole, terms: [] }])).rejects.toThrow(TypeError);
    await expect(runtime.addScaled([{ base: whole, terms: [] }])).rejects.toThrow(/int64/);
    const foreign = await openRuntime({ device: "cpu" });
    const theirs = foreign.tensor("float32", [2, 3, 5, 7], numbers([2, 3, 5, 7], 1).values);
    const refused = /tensor of another runtime/;
    await expect(runtime.addScaled([{ base: theirs, terms: [] }])).rejects.toThrow(refused);
    await expect(runtime.addScaled([{ base, terms: [term(theirs)] }])).rejects.toThrow(refused);
    await expect(runtime.products([{ one: base, other: theirs, rows: [] }])).rejects.toThrow(refused);
    await foreign.dispose();
    const gone = tensor([2, 3, 5, 7]);
    gone.dispose();
    const disposed = { code: "disposed", details: { what: "tensor" } };
    await expect(runtime.addScaled([{ base, terms: [term(gone)] }])).rejects.toMatchObject(disposed);
    await expect(runtime.addScaled([{ base: gone, terms: [] }])).rejects.toMatchObject(disposed);
    await expect(runtime.products([{ one: gone, other: base, rows: [[0, 0]] }])).rejects.toMatchObject(disposed);
    expect(runtime.lost).toBeNull();
  });

  test("stops with the signal's own reason", async () => {
    const reason = new Error("enough");
    const signal = AbortSignal.abort(reason);
    await expect(runtime.addScaled([{ base, terms: [] }], { signal })).rejects.toBe(reason);
    await expect(runtime.products([{ one: base, other: base, rows: [[0, 0]] }], { signal })).rejects.toBe(reason);
  });
});

test("no session is opened when a control is added, taken away or weighted anew", async () => {
  const golden = (path: string) => nodeModel(`test/golden/parity/${path}`);
  await using engine = new Engine({ runtime: { device: "cpu" } });
  const opened = vi.spyOn(DeviceRuntime.prototype, "open");
  await using pipeline = await engine.load({
    base: golden("sd15-tiny/base"),
    nets: { canny: golden("sd15-tiny/controlnets/canny"), depth: golden("two-controls/controlnets/depth") },
  });
  expect(opened).toHaveBeenCalled();
  opened.mockClear();
  const pixels = createPixels(48, 32);
  pixels.data.fill(255, 0, 4 * 48 * 10);
  const control = (net: string, weight: number): Control => ({ net, weight, map: { condition: net, pixels } });
  const request = { prompt: "a boat", width: 48, height: 32, steps: 2, seed: 1 };
  const draw = async (controls: readonly Control[]) =>
    (await pipeline.generate({ ...request, controls }, { measure: false })).pixels.data;
  const pictures = [
    await draw([]),
    await draw([control("canny", 0.5)]),
    await draw([control("canny", 1.5)]),
    await draw([control("canny", 0.5), control("depth", 0.5)]),
    await draw([control("depth", 0.5)]),
  ];
  expect(opened).not.toHaveBeenCalled();
  expect(new Set(pictures.map(String)).size).toBe(5);
  opened.mockRestore();
});
