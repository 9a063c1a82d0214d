import { expect, test } from "vitest";
import { addProduct, fastRoom, plainRoom } from "../../engine/src/models/product.ts";
import { uniform } from "./random-weights.ts";

// The loop in WebAssembly against its twin in TypeScript, to the bit, and both against sums in float64.

const numbersOf = (length: number, seed: number): Float32Array => {
  const next = uniform(seed);
  return Float32Array.from({ length }, next);
};

/** A whole matrix with the product added to it, in stretches of `piece` numbers. */
function added(
  before: Float32Array,
  product: Parameters<typeof addProduct>[2],
  room: ReturnType<typeof plainRoom>,
  piece: number,
) {
  const out = before.slice();
  for (let from = 0; from < out.length; from += piece)
    addProduct(out.subarray(from, from + piece), from, product, room);
  return out;
}

test.each([
  { rows: 1, columns: 1, rank: 1 },
  { rows: 5, columns: 7, rank: 3 },
  { rows: 9, columns: 36, rank: 17 },
  { rows: 33, columns: 320, rank: 16 },
  { rows: 3, columns: 40_000, rank: 1 },
  { rows: 6, columns: 3000, rank: 37 },
  { rows: 6, columns: 90, rank: 1100 },
])("a product of $rows x $rank and $rank x $columns", ({ rows, columns, rank }) => {
  const [up, down, before] = [numbersOf(rows * rank, 1), numbersOf(rank * columns, 2), numbersOf(rows * columns, 3)];
  const product = { rows, columns, rank, up, down };
  const fast = fastRoom();
  if (!fast) throw new Error("WebAssembly does not run here.");
  const whole = added(before, product, fast, rows * columns);
  // What lies in the room from before must not matter.
  const dirty = plainRoom();
  dirty.floats.fill(Number.NaN);
  expect(
    Buffer.compare(Buffer.from(added(before, product, dirty, rows * columns).buffer), Buffer.from(whole.buffer)),
  ).toBe(0);
  // Nor where a stretch begins and ends.
  for (const piece of [columns, Math.ceil((rows * columns) / 3), Math.max(1, columns - 1)])
    expect(Buffer.compare(Buffer.from(added(before, product, fast, piece).buffer), Buffer.from(whole.buffer))).toBe(0);
  let worst = 0;
  const step = Math.max(1, Math.floor((rows * columns) / 500));
  for (let i = 0; i < rows * columns; i += step) {
    let sum = before[i] as number;
    const [row, column] = [Math.floor(i / columns), i % columns];
    for (let k = 0; k < rank; k++) sum += (up[row * rank + k] as number) * (down[k * columns + column] as number);
    worst = Math.max(worst, Math.abs(sum - (whole[i] as number)));
  }
  expect(worst).toBeLessThan(3e-7 * Math.max(4, rank));
});

test("a product of rank 0 adds nothing", () => {
  const into = numbersOf(6, 1);
  const before = into.slice();
  addProduct(into, 0, { rows: 2, columns: 3, rank: 0, up: new Float32Array(), down: new Float32Array() });
  expect(into).toEqual(before);
});
