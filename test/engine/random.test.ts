import { UnderdrawError } from "@underdraw/engine";
import { expect, test } from "vitest";
import { createNormals, parseSeed, randomSeed } from "../../engine/src/diffusion/random.ts";
import { readJson, readTensors } from "./golden.ts";

const rounded = (values: Float32Array) => Array.from(values, (value) => Number(value.toFixed(4)));

test("published landmarks of torch's numbers hold", () => {
  expect(rounded(createNormals(0)(16).slice(0, 8))).toEqual([
    -1.1258, -1.1524, -0.2506, -0.4339, 0.8487, 0.692, -0.316, -2.1152,
  ]);
  expect(rounded(createNormals(0n)(4))).toEqual([1.541, -0.2934, -2.1788, 0.5684]);
});

test("draws of every length, one after the other, equal torch's for each seed", () => {
  const { seeds, sizes } = readJson("random/case.json") as { seeds: string[]; sizes: number[] };
  const expected = readTensors("random/expected.safetensors");
  let [values, exact] = [0, 0];
  for (const seed of seeds) {
    const draw = createNormals(parseSeed(seed));
    for (const [i, size] of sizes.entries()) {
      const drawn = draw(size);
      const wanted = expected.get(`${seed}.${i}`)?.values ?? [];
      expect(drawn.length).toBe(wanted.length);
      for (const [k, value] of drawn.entries()) {
        const error = Math.abs(value - (wanted[k] as number));
        if (!(error <= 1e-6 * Math.max(1, Math.abs(value)))) throw new Error(`seed ${seed}, draw ${i}, ${k}: ${value}`);
        values++;
        exact += Number(error === 0);
      }
    }
  }
  expect(values).toBeGreaterThan(10_000);
  // Numbers from doubles are exact, the others up to a last bit.
  expect(exact / values).toBeGreaterThan(0.5);
});

test("only the low 32 bits of a seed count, as in torch", () => {
  expect(createNormals(2n ** 40n + 7n)(16)).toEqual(createNormals(7)(16));
  expect(createNormals(2n ** 64n - 1n)(16)).toEqual(createNormals(2 ** 32 - 1)(16));
  expect(createNormals(8)(16)).not.toEqual(createNormals(7)(16));
});

test("seeds are exact from 0 to 2^64 - 1, whatever they are written as", () => {
  expect(parseSeed(0)).toBe(0n);
  expect(parseSeed("0")).toBe(0n);
  expect(parseSeed(42n)).toBe(42n);
  expect(parseSeed("18446744073709551615")).toBe(2n ** 64n - 1n);
  expect(parseSeed(" 9007199254740993 ")).toBe(9007199254740993n);
  expect(parseSeed(Number.MAX_SAFE_INTEGER)).toBe(9007199254740991n);
});

test("what is no seed is refused with its value", () => {
  const values = [
    "",
    "abc",
    "1.5",
    "-1",
    "1e3",
    "0x10",
    -1,
    1.5,
    Number.NaN,
    2 ** 53,
    2n ** 64n,
    -1n,
    "18446744073709551616",
  ];
  for (const value of values) {
    let caught: unknown;
    try {
      parseSeed(value);
    } catch (error) {
      caught = error;
    }
    expect(UnderdrawError.is(caught, "request-invalid"), String(value)).toBe(true);
    expect(String(caught)).toContain(String(value));
  }
});

test("a seed that nobody gave is a seed, and not always the same", () => {
  const seeds = Array.from({ length: 20 }, randomSeed);
  for (const seed of seeds) expect(parseSeed(seed)).toBe(seed);
  expect(new Set(seeds).size).toBeGreaterThan(15);
});
