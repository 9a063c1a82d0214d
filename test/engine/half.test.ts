import { describe, expect, test } from "vitest";
import { narrowHalf, widenHalf } from "../../engine/src/graph/half.ts";
import {
  findNotFinite,
  findNotFiniteHalf,
  widenBrain,
  widenE4M3,
  widenE5M2,
} from "../../engine/src/models/short-floats.ts";

const widen = (...halves: number[]): number[] => {
  const out = new Float32Array(halves.length);
  widenHalf(Uint16Array.from(halves), out);
  return [...out];
};
const narrow = (...values: number[]): number[] => {
  const out = new Uint16Array(values.length);
  narrowHalf(new Uint32Array(Float32Array.from(values).buffer), out);
  return [...out];
};

describe("halves", () => {
  test("are widened exactly: normal, subnormal, zero of both signs, infinity, NaN", () => {
    expect(widen(0x3c00, 0xc000, 0x7bff, 0x0400, 0x0001, 0x03ff, 0x8000, 0x7c00, 0xfc00, 0x7e00)).toEqual([
      1,
      -2,
      65504,
      2 ** -14,
      2 ** -24,
      1023 * 2 ** -24,
      -0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
    ]);
  });

  test("come back from float32 with the same bits, all 65536 of them", () => {
    const all = Uint16Array.from({ length: 65536 }, (_, half) => half);
    const wide = new Float32Array(all.length);
    widenHalf(all, wide);
    const back = new Uint16Array(all.length);
    narrowHalf(new Uint32Array(wide.buffer), back);
    const isNan = (half: number) => (half & 0x7c00) === 0x7c00 && (half & 0x3ff) !== 0;
    for (let half = 0; half < 65536; half++) {
      if (isNan(half)) expect(isNan(back[half] as number)).toBe(true);
      else if (back[half] !== half) expect.fail(`${half} came back as ${back[half]}`);
    }
  });

  test("take the nearest number, and of two as near the one with an even fraction", () => {
    // 1 + n/1024 are neighbours; the ties lie between them.
    expect(narrow(1 + 1 / 2048, 1 + 3 / 2048, 1 + 1.01 / 2048, -(1 + 1 / 2048))).toEqual([
      0x3c00, 0x3c02, 0x3c01, 0xbc00,
    ]);
    // The same among subnormals, which are multiples of 2^-24, and at the smallest ones.
    expect(narrow(1.5 * 2 ** -24, 2.5 * 2 ** -24, 2 ** -25, 1.0001 * 2 ** -25)).toEqual([2, 2, 0, 1]);
    // Rounding carries into the exponent, and out of the largest subnormal into the smallest normal number.
    expect(narrow(2 - 1 / 4096, 1023.6 * 2 ** -24)).toEqual([0x4000, 0x0400]);
  });

  test("overflow to infinity from halfway past 65504 on, and NaN stays NaN", () => {
    expect(narrow(65519.99, 65520, -1e30, Number.POSITIVE_INFINITY)).toEqual([0x7bff, 0x7c00, 0xfc00, 0x7c00]);
    const [nan = 0] = narrow(Number.NaN);
    expect(nan & 0x7e00).toBe(0x7e00);
  });

  test("agree with a rounding by plain arithmetic on many random numbers", () => {
    // Multiples of the unit in the last place, rounded in float64, where the product with a power of two is exact.
    const rounded = (x: number) => {
      const exponent = Math.max(-14, Math.floor(Math.log2(Math.abs(x))));
      const unit = 2 ** (exponent - 10);
      const floor = Math.floor(x / unit);
      const rest = x / unit - floor;
      return (floor + (rest > 0.5 || (rest === 0.5 && floor % 2 !== 0) ? 1 : 0)) * unit;
    };
    let state = 1;
    const values = Float32Array.from({ length: 20000 }, () => {
      state = (state * 48271) % 2147483647;
      const sign = state & 1 ? -1 : 1;
      return sign * (1 + (state % 65536) / 65536) * 2 ** ((state % 40) - 25);
    });
    expect(widen(...narrow(...values))).toEqual(Array.from(values, (x) => rounded(x)));
  });
});

test("bfloat16 is the upper half of a float32", () => {
  const out = new Uint32Array(5);
  widenBrain(Uint16Array.of(0x3f80, 0xc000, 0x0001, 0x7f80, 0x7fc0), out);
  const [one, two, small, infinite, nan] = new Float32Array(out.buffer);
  expect([one, two, small, infinite, nan]).toEqual([1, -2, 2 ** -133, Number.POSITIVE_INFINITY, Number.NaN]);
});

test("fp8 of the finite kind has subnormals, 448 as its largest number, and one NaN a sign", () => {
  const out = new Float32Array(8);
  widenE4M3(Uint8Array.of(0x38, 0x01, 0x07, 0x08, 0x7e, 0xfe, 0x7f, 0xff), out);
  expect([...out]).toEqual([1, 2 ** -9, 7 * 2 ** -9, 2 ** -6, 448, -448, Number.NaN, Number.NaN]);
});

test("fp8 with five bits of exponent is the upper half of a half", () => {
  const out = new Float32Array(6);
  widenE5M2(Uint8Array.of(0x3c, 0x01, 0x7b, 0x7c, 0xfc, 0x7d), out);
  expect([...out]).toEqual([1, 2 ** -16, 57344, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN]);
});

test("the first number that is not finite is found, in float32 and in halves", () => {
  const bits = (...values: number[]) => new Uint32Array(Float32Array.from(values).buffer);
  expect(findNotFinite(bits(0, -3e38, 1e-40))).toBe(-1);
  expect(findNotFinite(bits(0, 1, Number.NEGATIVE_INFINITY, Number.NaN))).toBe(2);
  expect(findNotFiniteHalf(Uint16Array.of(0x7bff, 0xfbff, 1))).toBe(-1);
  expect(findNotFiniteHalf(Uint16Array.of(0x7bff, 0x7e01))).toBe(1);
  // Anywhere, in lists of every length, at every place in memory, and whatever stands beside it.
  const room = new Uint16Array(16);
  for (const bad of [0x7c00, 0xfc00, 0x7e01, 0xffff])
    for (let from = 0; from < 3; from++)
      for (let length = 1; length < 10; length++)
        for (let at = 0; at < length; at++)
          for (const rest of [0x7bff, 0xfbff, 0]) {
            const list = room
              .fill(bad)
              .subarray(from, from + length)
              .fill(rest);
            expect(findNotFiniteHalf(list)).toBe(-1);
            list[at] = bad;
            expect(findNotFiniteHalf(list)).toBe(at);
          }
});
