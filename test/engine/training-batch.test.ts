import { describe, expect, test } from "vitest";
import { type BatchSource, batchNumbers, rowsOf } from "../../engine/src/training/batch.ts";
import { normalsAt, shuffledAt } from "../../engine/src/training/random-stream.ts";

// What batches are made of, against the formulas of the paper and of diffusers' schedulers.

const half = { seed: 3, emptyPrompts: 0.5 };
const pairs = Array.from({ length: 23 }, (_, n) => 100 + n);
const of = { variants: 4, timesteps: 1000 };

describe("rows", () => {
  const rows = Array.from({ length: 3000 }, (_, at) => rowsOf(at, 4, pairs, of, half)).flat();
  const share = (is: (row: (typeof rows)[number]) => boolean) => rows.filter(is).length / rows.length;

  test("have the empty prompt half of the time, or as often as is asked", () => {
    // Of 12,000 rows a share is within .016 of its own in all but one of two thousand draws.
    expect(Math.abs(share(({ isEmpty }) => isEmpty) - 0.5)).toBeLessThan(0.016);
    const asked = (emptyPrompts: number) =>
      Array.from({ length: 1000 }, (_, at) => rowsOf(at, 4, pairs, of, { seed: 3, emptyPrompts })).flat();
    expect(asked(0).some(({ isEmpty }) => isEmpty)).toBe(false);
    expect(asked(1).every(({ isEmpty }) => isEmpty)).toBe(true);
    expect(Math.abs(asked(0.1).filter(({ isEmpty }) => isEmpty).length / 4000 - 0.1)).toBeLessThan(0.016);
  });

  test("have uniform timesteps and all variants alike", () => {
    for (let tenth = 0; tenth < 10; tenth++)
      expect(Math.abs(share(({ timestep }) => Math.floor(timestep / 100) === tenth) - 0.1)).toBeLessThan(0.011);
    for (let variant = 0; variant < 4; variant++)
      expect(Math.abs(share((row) => row.variant === variant) - 0.25)).toBeLessThan(0.014);
    expect(Math.min(...rows.map(({ timestep }) => timestep))).toBeLessThan(5);
    expect(Math.max(...rows.map(({ timestep }) => timestep))).toBeGreaterThan(994);
  });

  test("take each pair once before any comes again, in another order each time", () => {
    const rounds = Array.from({ length: 4 }, (_, n) => rows.slice(n * 23, n * 23 + 23).map(({ pair }) => pair));
    for (const round of rounds) expect([...round].sort()).toEqual(pairs);
    expect(new Set(rounds.map((round) => round.join())).size).toBe(4);
  });

  test("follow from the seed and their own number alone", () => {
    expect(rowsOf(700, 4, pairs, of, half)).toEqual(rows.slice(2800, 2804));
    expect(rowsOf(700, 4, pairs, of, { ...half, seed: 4 })).not.toEqual(rows.slice(2800, 2804));
    expect(normalsAt(1, "row 1 noise", 8)).not.toEqual(normalsAt(1, "row 2 noise", 8));
    expect(normalsAt(1, "row 1 noise", 8)).not.toEqual(normalsAt(2, "row 1 noise", 8));
    expect(shuffledAt(1, "a", 100).sort((a, b) => a - b)).toEqual(Array.from({ length: 100 }, (_, n) => n));
  });
});

describe("what should be predicted", () => {
  const cells = 4 * 8 * 8;
  const bars = Float64Array.from({ length: 1000 }, (_, n) => 0.999 * (1 - n / 1000) ** 2 + 0.0005);
  /** Means that are all different, and variances of 0.04. */
  const moments = Float32Array.from({ length: 2 * cells }, (_, n) => (n < cells ? Math.sin(n) : Math.log(0.04)));
  const source = (prediction: "epsilon" | "v_prediction" | "sample"): Omit<BatchSource, "runtime"> => ({
    data: {
      take: async () => ({ moments, map: Uint8Array.from({ length: 3 * 64 * 64 }, (_, n) => n % 256), prompt: "a" }),
      states: async (prompt) => new Float32Array(3 * 32).fill(prompt === "" ? 0 : 1),
    },
    unet: { contextWidth: 32 } as BatchSource["unet"],
    vae: { shiftFactor: 0.25, scalingFactor: 0.18215 } as BatchSource["vae"],
    noise: { bars, prediction },
    latent: { channels: 4, height: 8, width: 8 },
    ...{ context: 3, width: 64, height: 64 },
  });
  const rows = [40, 500, 960].map((timestep, n) => ({
    ...{ pair: n, variant: 0, timestep, isEmpty: n === 1, place: `row ${n}` },
  }));
  const numbers = (prediction: "epsilon" | "v_prediction" | "sample") => batchNumbers(source(prediction), rows, half);
  const row = (values: Float32Array, n: number) => values.subarray(n * cells, (n + 1) * cells);

  test("is the noise, the velocity as diffusers' get_velocity gives it, or the picture", async () => {
    const [noise, velocity, picture] = await Promise.all([
      numbers("epsilon"),
      numbers("v_prediction"),
      numbers("sample"),
    ]);
    for (const [n, { timestep, place }] of rows.entries()) {
      const bar = bars[timestep] as number;
      const [e, x, v] = [noise, picture, velocity].map(({ target }) => row(target, n)) as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      expect(e).toEqual(normalsAt(half.seed, `${place} noise`, cells));
      for (let i = 0; i < cells; i++) {
        // get_velocity: sqrt(alpha) noise - sqrt(1 - alpha) sample; add_noise: sqrt(alpha) sample + sqrt(1 - alpha) noise.
        const [one, other] = [e[i] as number, x[i] as number];
        expect(v[i]).toBeCloseTo(Math.sqrt(bar) * one - Math.sqrt(1 - bar) * other, 5);
        const noisy = Math.sqrt(bar) * other + Math.sqrt(1 - bar) * one;
        for (const { latent } of [noise, velocity, picture]) expect(row(latent, n)[i]).toBeCloseTo(noisy, 5);
      }
      const drawn = normalsAt(half.seed, `${place} picture`, cells);
      for (let i = 0; i < cells; i++)
        expect(x[i]).toBeCloseTo((Math.sin(i) + 0.2 * (drawn[i] as number) - 0.25) * 0.18215, 5);
    }
  });

  test("stands beside maps from 0 to 1 and the words, or none", async () => {
    const { map, states } = await numbers("epsilon");
    expect(map.slice(0, 256)).toEqual(Float32Array.from({ length: 256 }, (_, n) => n / 255));
    expect([...states.filter((_, n) => n % 96 === 0)]).toEqual([1, 0, 1]);
  });
});
