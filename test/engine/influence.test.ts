import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { InfluenceMeter } from "../../engine/src/controlnet/influence.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime, Tensor } from "../../engine/src/runtime/runtime.ts";
import { seeded } from "./runtime-reference.ts";

// How strongly controls act, on tensors whose answer is known beforehand.

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu" });
});
afterAll(() => runtime.dispose());

const size = { width: 4, height: 2 };
const sizes = { asked: size, drawn: size };
const dims = [1, 6, 2, 4];
const area = 8;
const tensor = (values: Float32Array, of: readonly number[] = dims): Tensor => runtime.tensor("float32", of, values);
/** Numbers of which every place has the same energy: each is 1 or -1. */
const signs = (count: number, seed: number) => seeded(count, seed).map((value) => (value < 0 ? -1 : 1));
const times = (values: Float32Array, factor: number) => values.map((value) => value * factor);
const term = (index: number, of: Tensor, scale = 1, more: object = {}) => ({
  index,
  tensor: of,
  rows: [{ row: 0, scale }],
  pool: false,
  ...more,
});
const grays = ({ data }: { readonly data: Uint8ClampedArray }) => [...data].filter((_, n) => n % 4 === 0);

describe("the influence of a control", () => {
  test("that adds twice what is there is 2, in every place", async () => {
    const values = seeded(48, 1);
    const meter = new InfluenceMeter(runtime, 1, 1);
    await meter.observe(0, [{ base: tensor(values), terms: [term(0, tensor(values), 2)] }], {});
    const [control] = meter.result(sizes).controls;
    expect(control?.steps).toEqual([expect.closeTo(2, 5)]);
    expect(control?.mean).toBeCloseTo(2, 5);
    expect(control?.most).toBeCloseTo(2, 5);
    expect(control?.map).toMatchObject(size);
    expect([...(control?.map.data ?? [])]).toEqual(Array.from({ length: 32 }, () => 255));
  });

  test("is 0 in steps outside its range, and its mean is of those in which it acted", async () => {
    const base = tensor(signs(48, 1));
    const meter = new InfluenceMeter(runtime, 2, 4);
    await meter.observe(1, [{ base, terms: [term(1, tensor(signs(48, 2)), 0.5)] }], {});
    await meter.observe(2, [{ base, terms: [term(1, tensor(signs(48, 2)), 1.5)] }], {});
    const { controls, conflicts } = meter.result(sizes);
    expect(controls[0]).toBeNull();
    expect(controls[1]?.steps).toEqual([0, 0.5, 1.5, 0]);
    expect(controls[1]?.mean).toBe(1);
    expect(controls[1]?.most).toBe(1);
    expect(conflicts).toEqual([]);
  });

  test("under a mask is where the mask is, and falls with the root of the area", async () => {
    const mask = Float32Array.of(1, 1, 0, 0, 1, 1, 0, 0);
    const meter = new InfluenceMeter(runtime, 1, 1);
    const terms = [term(0, tensor(signs(48, 2)), 3, { mask })];
    await meter.observe(0, [{ base: tensor(signs(48, 1)), terms }], {});
    const [control] = meter.result(sizes).controls;
    expect(control?.mean).toBeCloseTo(3 * Math.SQRT1_2, 6);
    expect(control?.most).toBe(3);
    expect(grays(control?.map as never)).toEqual([255, 255, 0, 0, 255, 255, 0, 0]);
  });

  test("of a net that averages its residuals is that of the averages", async () => {
    // One channel has the mean 2 under the mask, the others cancel out.
    const values = Float32Array.from({ length: 48 }, (_, n) => (n < area ? 4 : n % 2 ? 1 : -1));
    const mask = Float32Array.of(0, 0, 1, 1, 0, 0, 1, 1);
    const meter = new InfluenceMeter(runtime, 1, 1);
    const terms = [term(0, tensor(values), 0.5, { mask, pool: true })];
    await meter.observe(0, [{ base: tensor(signs(48, 1)), terms }], {});
    const [control] = meter.result(sizes).controls;
    // 0.5 x 2 in one of six channels, against 1 in each of them.
    expect(control?.mean).toBeCloseTo(Math.sqrt(1 / 6), 6);
    expect(new Set(grays(control?.map as never))).toEqual(new Set([255]));
  });

  test("on one half of guidance is measured against that half alone", async () => {
    const base = tensor(Float32Array.of(...times(signs(48, 1), 100), ...signs(48, 2)), [2, ...dims.slice(1)]);
    const rows = [null, { row: 0, scale: 0.25 }];
    const meter = new InfluenceMeter(runtime, 1, 1);
    await meter.observe(0, [{ base, terms: [term(0, tensor(signs(48, 3)), 1, { rows })] }], {});
    expect(meter.result(sizes).controls[0]?.steps).toEqual([0.25]);
  });

  test("is gathered over the layers, smaller ones spread over the picture", async () => {
    const wide = { base: tensor(signs(48, 1)), terms: [term(0, tensor(signs(48, 2)), 1)] };
    const small = [1, 10, 1, 2];
    const deep = {
      base: tensor(signs(20, 3), small),
      terms: [
        term(
          0,
          tensor(
            Float32Array.from({ length: 20 }, (_, n) => n % 2),
            small,
          ),
          3,
        ),
      ],
    };
    const meter = new InfluenceMeter(runtime, 1, 1);
    await meter.observe(0, [wide, deep, { base: deep.base, terms: [] }], {});
    const [control] = meter.result(sizes).controls;
    // All that was added against all that it was added to: 48 ones and 10 nines against 68 ones.
    expect(control?.mean).toBeCloseTo(Math.sqrt((48 + 90) / (48 + 20)), 6);
    // By place the mean over three layers, of which the last got nothing: from 1 + 0 on the left to 1 + 3 on the right.
    expect(control?.most).toBeCloseTo(4 / 3, 6);
    expect(grays(control?.map as never)).toEqual([64, 112, 207, 255, 64, 112, 207, 255]);
  });

  test("is shown on one scale for all, over the picture that was asked for", async () => {
    // The strongest place lies in the edge that is cut away.
    const values = Float32Array.from({ length: 48 }, (_, n) => (n % 4 === 3 ? 50 : 1));
    const base = tensor(new Float32Array(48).fill(1));
    const meter = new InfluenceMeter(runtime, 2, 1);
    await meter.observe(0, [{ base, terms: [term(0, tensor(values), 2), term(1, tensor(values), 1)] }], {});
    const { controls } = meter.result({ asked: { width: 3, height: 1 }, drawn: size });
    expect(controls.map((control) => control?.most)).toEqual([2, 2]);
    expect(controls.map((control) => grays(control?.map as never))).toEqual([
      [255, 255, 255],
      [128, 128, 128],
    ]);
    expect(controls[0]?.map).toMatchObject({ width: 3, height: 1 });
  });
});

describe("two controls", () => {
  const meet = async (...terms: ReturnType<typeof term>[]) => {
    const rows = terms[0]?.rows.length ?? 1;
    const meter = new InfluenceMeter(runtime, 3, 1);
    const base = tensor(signs(48 * rows, 1), [rows, ...dims.slice(1)]);
    await meter.observe(0, [{ base, terms }], {});
    return meter.result(sizes).conflicts;
  };

  test("that pull against each other have a cosine of -1 and a sentence", async () => {
    const values = seeded(48, 5);
    const [conflict] = await meet(term(2, tensor(values), 0.3), term(0, tensor(times(values, -1)), 2));
    expect(conflict?.controls).toEqual([0, 2]);
    expect(conflict?.cosine).toBeCloseTo(-1, 6);
    expect(conflict?.message).toContain("Controls 1 and 3 pull against each other (cosine -1.00)");
  });

  test("that add the same have a cosine of 1, and unrelated ones of 0, and no sentence", async () => {
    const values = seeded(48, 5);
    const [same] = await meet(term(0, tensor(values), 0.3), term(1, tensor(times(values, 5))));
    expect(same).toEqual({ controls: [0, 1], cosine: expect.closeTo(1, 6) });
    const [even, odd] = [0, 1].map((rest) => values.map((value, n) => ((n >> 3) % 2 === rest ? value : 0)));
    const [unrelated] = await meet(term(0, tensor(even as Float32Array)), term(1, tensor(odd as Float32Array)));
    expect(unrelated).toEqual({ controls: [0, 1], cosine: 0 });
  });

  test("whose masks do not touch do not meet", async () => {
    const values = seeded(48, 5);
    const [left, right] = [Float32Array.of(1, 1, 0, 0, 1, 1, 0, 0), Float32Array.of(0, 0, 1, 1, 0, 0, 1, 1)];
    const against = term(1, tensor(times(values, -1)), 1, { mask: right });
    const [conflict] = await meet(term(0, tensor(values), 1, { mask: left }), against);
    expect(conflict).toEqual({ controls: [0, 1], cosine: expect.closeTo(0, 12) });
  });

  test("whose nets ran on other halves are compared on the half that both act on", async () => {
    const [values, elsewhere] = [seeded(48, 5), seeded(48, 6)];
    const onBoth = term(0, tensor(Float32Array.of(...elsewhere, ...values), [2, ...dims.slice(1)]), 1, {
      rows: [
        { row: 0, scale: 9 },
        { row: 1, scale: 1 },
      ],
    });
    const onOne = term(1, tensor(times(values, -3)), 1, { rows: [null, { row: 0, scale: 0.5 }] });
    for (const terms of [
      [onBoth, onOne],
      [onOne, onBoth],
    ] as const) {
      const [conflict] = await meet(...terms);
      expect(conflict?.controls).toEqual([0, 1]);
      expect(conflict?.cosine).toBeCloseTo(-1, 6);
    }
    const apart = term(1, tensor(values), 1, { rows: [{ row: 0, scale: 1 }, null] });
    expect(await meet(onOne, { ...apart, index: 2 })).toEqual([]);
  });

  test("of which one adds nothing have no cosine", async () => {
    expect(await meet(term(0, tensor(seeded(48, 5))), term(1, tensor(new Float32Array(48))))).toEqual([]);
  });
});
