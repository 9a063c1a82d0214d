import { strengthPad, strengthPresets } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { layerFactors, type StrengthShape, strengths } from "../../engine/src/controlnet/strength.ts";
import { contentKey } from "../../engine/src/core/content-key.ts";

// How strongly a control acts, against the numbers of the systems that it follows.

/** Stable Diffusion 1.5: how often each residual's side is halved. */
const levels = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3];
const shape: StrengthShape = { levels, steps: 20, guided: true, globalPool: false };
const rounded = (values: readonly number[]) => values.map((value) => Math.round(value * 1e4) / 1e4);

describe("layers", () => {
  test("soft are 0.825^(12-i), as in ControlNet's guess mode", () => {
    expect(rounded(layerFactors("soft", levels))).toEqual([
      0.0994, 0.1205, 0.1461, 0.177, 0.2146, 0.2601, 0.3153, 0.3822, 0.4633, 0.5615, 0.6806, 0.825, 1,
    ]);
  });

  test("logspace are torch.logspace(-1, 0, 13), as in diffusers' guess mode", () => {
    expect(rounded(layerFactors("logspace", levels))).toEqual([
      0.1, 0.1212, 0.1468, 0.1778, 0.2154, 0.261, 0.3162, 0.3831, 0.4642, 0.5623, 0.6813, 0.8254, 1,
    ]);
  });

  test("of ten residuals keep the middle at 1", () => {
    expect(rounded(layerFactors("soft", levels.slice(0, 10)))).toEqual([
      0.177, 0.2146, 0.2601, 0.3153, 0.3822, 0.4633, 0.5615, 0.6806, 0.825, 1,
    ]);
  });

  test("by resolution are 64 over the height at 512 pixels: 1, 2, 4, 8", () => {
    expect(layerFactors("resolution", levels)).toEqual([1, 1, 1, 2, 2, 2, 4, 4, 4, 8, 8, 8, 8]);
  });

  test("of a softness lie between all alike and soft", () => {
    expect(layerFactors({ softness: 0 }, levels)).toEqual(levels.map(() => 1));
    expect(rounded(layerFactors({ softness: 1 }, levels))).toEqual(rounded(layerFactors("soft", levels)));
    const half = layerFactors({ softness: 0.5 }, levels);
    for (const [n, value] of layerFactors("soft", levels).entries()) expect(half[n]).toBeCloseTo(Math.sqrt(value), 12);
  });

  test("of another number are refused with both numbers", () => {
    expect(() => layerFactors([1, 2], levels)).toThrow(/13 residuals, and 2 weights/);
    expect(() => strengths({ layers: levels.map(() => 1).concat(1) }, shape)).toThrow(/13 residuals, and 14 weights/);
  });
});

describe("steps", () => {
  const acting = (range: readonly [number, number], steps = 20) =>
    strengths({ range }, { ...shape, steps }).flatMap((strength, i) => (strength ? [i] : []));
  const upTo = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, n) => first + n);

  test.each([
    [[0, 0.5], upTo(0, 9)],
    [[0, 0.75], upTo(0, 14)],
    [[0, 0.8], upTo(0, 15)],
    [[0.2, 0.8], upTo(4, 15)],
    [[0, 1], upTo(0, 19)],
    [[0.5, 0.5], []],
  ] as const)("of the range %j are diffusers'", (range, steps) => {
    expect(acting(range)).toEqual(steps);
  });

  test("follow a curve by straight lines", () => {
    const curve = [
      [0, 1],
      [0.5, 0],
      [1, 1],
    ] as const;
    const found = strengths({ weight: 2, curve }, { ...shape, steps: 4 }).map(
      (strength) => strength?.conditional?.[12] ?? null,
    );
    // A factor of 0 does not act, and its net need not run.
    expect(found).toEqual([2, 1, null, 1]);
  });

  test("beyond a curve's ends take its ends", () => {
    const curve = [
      [0.4, 0.5],
      [0.6, 1.5],
    ] as const;
    const found = strengths({ curve }, { ...shape, steps: 4 }).map((strength) => strength?.conditional?.[0]);
    expect(found[0]).toBe(0.5);
    expect(found[2]).toBeCloseTo(1, 12);
    expect(found[3]).toBe(1.5);
  });

  test("jump where two points of a curve share a place", () => {
    const curve = [
      [0.5, 1],
      [0.5, 0],
    ] as const;
    const found = strengths({ curve }, { ...shape, steps: 4 }).map(Boolean);
    expect(found).toEqual([true, true, true, false]);
  });
});

describe("halves", () => {
  const first = (settings: Parameters<typeof strengths>[0], more: Partial<StrengthShape> = {}) =>
    strengths(settings, { ...shape, ...more })[0];

  test("of [1, 0] are the prompt's alone", () => {
    expect(first({ halves: [1, 0] })).toEqual({ conditional: levels.map(() => 1), unconditional: null });
    expect(first({ halves: [0, 1] })).toEqual({ conditional: null, unconditional: levels.map(() => 1) });
    expect(first({ halves: [0, 0] })).toBeNull();
  });

  test("without guidance there is one", () => {
    expect(first({}, { guided: false })?.unconditional).toBeNull();
    expect(first({ halves: [0, 1] }, { guided: false })).toBeNull();
  });

  test("of a net that pools are the prompt's alone, as diffusers has it", () => {
    expect(first({}, { globalPool: true })?.unconditional).toBeNull();
  });
});

test("the pad's corners are presets", () => {
  const of = (settings: Parameters<typeof strengths>[0]) => strengths({ weight: 0.7, ...settings }, shape);
  expect(of(strengthPad(0, 1))).toEqual(of(strengthPresets.balanced));
  expect(of(strengthPad(1, 1))).toEqual(of(strengthPresets.prompt));
  expect(of(strengthPad(1, 0))).toEqual(of(strengthPresets.control));
  expect(of(strengthPresets.guess)[0]?.conditional?.[0]).toBeCloseTo(0.07, 12);
});

test("a key tells contents apart: every byte, the length and the order count", () => {
  const bytes = Uint8Array.from({ length: 1027 }, (_, n) => (n * 37) % 256);
  const key = contentKey(bytes);
  expect(key).toMatch(/^[0-9a-f]{32}$/);
  expect(contentKey(bytes.slice())).toBe(key);
  // The same bytes elsewhere in their buffer.
  const moved = new Uint8Array(bytes.length + 3);
  moved.set(bytes, 3);
  expect(contentKey(moved.subarray(3))).toBe(key);
  const keys = new Set([key, contentKey(bytes.subarray(1)), contentKey(bytes.slice().reverse()), contentKey("")]);
  for (let n = 0; n < bytes.length; n++)
    for (const bit of [1, 128]) {
      const other = bytes.slice();
      other[n] = (other[n] as number) ^ bit;
      keys.add(contentKey(other));
    }
  for (let length = 0; length < 64; length++) keys.add(contentKey(new Uint8Array(length)));
  expect(keys.size).toBe(4 + 2 * 1027 + 64 - 1); // no bytes and no text are one content
  expect(contentKey("a b")).not.toBe(contentKey("b a"));
  expect(contentKey("ä")).not.toBe(contentKey("a"));
});
