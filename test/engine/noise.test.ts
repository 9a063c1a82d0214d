import { describe, expect, test } from "vitest";
import { openNoise } from "../../engine/src/diffusion/noise.ts";
import { createCudaNormals } from "../../engine/src/diffusion/philox.ts";
import { createNormals, parseSeed } from "../../engine/src/diffusion/random.ts";
import { slerp } from "../../engine/src/diffusion/slerp.ts";
import { readJson, readTensors } from "./golden.ts";

const told = readJson("noise/case.json") as {
  seeds: string[];
  sizes: number[];
  batch: { seed: number; size: number; shape: [number, number, number] };
  slerps: Record<string, [number, number, number, number]>;
};
const golden = readTensors("noise/numbers.safetensors");
const wanted = (name: string): Float32Array => Float32Array.from(golden.get(name)?.values ?? []);
const largest = (one: Float32Array, other: Float32Array): number => {
  expect(one.length).toBe(other.length);
  return one.reduce((most, value, i) => Math.max(most, Math.abs(value - (other[i] as number))), 0);
};
const drawn = (seed: number, count: number) => createNormals(seed)(count);

describe("torch's numbers on an NVIDIA card", () => {
  test("published landmarks of A1111 hold, and the tensor after them", () => {
    const draw = createCudaNormals(0);
    const landmarks = [
      -0.92466259, -0.42534415, -2.6438457, 0.14518388, -0.12086647, -0.57972564, -0.62285122, -0.32838709, -1.07454231,
      -0.36314407, -1.67105067, 2.26550497,
    ];
    expect(largest(draw(12), Float32Array.from(landmarks))).toBeLessThan(1e-6);
    expect(largest(draw(4), Float32Array.of(0.1808, -0.5523, 0.9238, -0.735))).toBeLessThan(1e-4);
  });

  test("tensors of any size, one after the other, equal those of another implementation for each seed", () => {
    let values = 0;
    for (const seed of told.seeds) {
      const draw = createCudaNormals(parseSeed(seed));
      for (const [call, size] of told.sizes.entries()) {
        expect(largest(draw(size), wanted(`cuda.${seed}.${call}`)), `${seed}, tensor ${call}`).toBeLessThan(1e-5);
        values += size;
      }
    }
    expect(values).toBeGreaterThan(5000);
  });

  test("they are those that torch drew on a real card (models/recipe/cuda_normals.py)", () => {
    const tensors = readTensors("cuda/normals.safetensors");
    expect(tensors.size).toBe(20);
    let worst = 0;
    for (const [name, { values }] of tensors) {
      const [seed = "", , second] = name.split("/");
      const draw = createCudaNormals(BigInt(seed));
      if (second) draw(values.length);
      worst = Math.max(worst, largest(draw(values.length), Float32Array.from(values)));
    }
    expect(worst).toBeLessThan(1e-5);
  });

  test("all 64 bits of a seed count, and a tensor's numbers do not depend on its length", () => {
    expect(createCudaNormals(7n)(64)).not.toEqual(createCudaNormals(2n ** 40n + 7n)(64));
    expect(createCudaNormals(7)(20)).toEqual(createCudaNormals(7n)(64).slice(0, 20));
  });

  test("many of them have the mean 0 and the deviation 1", () => {
    const values = createCudaNormals(99)(65_536);
    const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
    const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
    expect(Math.abs(mean)).toBeLessThan(0.02);
    expect(Math.abs(deviation - 1)).toBeLessThan(0.02);
  });
});

describe("noise between two noises", () => {
  test("equals A1111's, column by column", () => {
    for (const [name, [channels, height, width, share]] of Object.entries(told.slerps)) {
      const count = channels * height * width;
      const found = slerp(drawn(5, count), drawn(6, count), share, { channels, height, width });
      expect(largest(found, wanted(`slerp.${name}`)), name).toBeLessThan(2e-5);
    }
  });

  test("is the first at 0, the second at 1, the same where both are, and finite where columns have one number", () => {
    const shape = { channels: 4, height: 6, width: 5 };
    const [one, other] = [drawn(1, 120), drawn(2, 120)];
    expect(largest(slerp(one, other, 0, shape), one)).toBeLessThan(1e-6);
    expect(largest(slerp(one, other, 1, shape), other)).toBeLessThan(1e-6);
    expect(largest(slerp(one, one, 0.3, shape), one)).toBeLessThan(1e-6);
    const flat = slerp(one, other, 0.5, { channels: 4, height: 1, width: 30 });
    expect(flat.every(Number.isFinite)).toBe(true);
    expect(slerp(new Float32Array(120), other, 0.5, shape).every(Number.isFinite)).toBe(true);
  });
});

describe("a picture's random numbers", () => {
  const { seed, size, shape: dims } = told.batch;
  const [channels, height, width] = dims;
  const shape = { channels, height, width };
  const count = channels * height * width;
  const base = { seed: BigInt(seed), rng: "torch", shape } as const;
  const names = ["initial", "step.0", "step.1"];

  test("of a batch are its rows of torch's tensors, drawn in one", () => {
    for (let index = 0; index < size; index++) {
      const noise = openNoise({ ...base, batch: { index, size } });
      for (const name of names) {
        const row = wanted(`batch.${name}`).slice(index * count, (index + 1) * count);
        expect(largest(noise.draw(name, count), row), `${name} of picture ${index}`).toBeLessThan(1e-6);
      }
    }
  });

  test("alone are the generator's, tensor after tensor, skipped ones as well", () => {
    const direct = createNormals(seed);
    const noise = openNoise(base);
    expect(noise.draw("posterior.init", count)).toEqual(direct(count));
    expect(noise.draw("initial", count)).toEqual(direct(count));
    noise.skip(count);
    direct(count);
    expect(noise.draw("step.0", count)).toEqual(direct(count));
  });

  test("an encoded picture is drawn once for a whole batch, before it", () => {
    const direct = createNormals(seed);
    const noise = openNoise({ ...base, batch: { index: 1, size: 2 } });
    expect(noise.draw("posterior.init", count)).toEqual(direct(count));
    expect(noise.draw("initial", count)).toEqual(direct(2 * count).slice(count));
  });

  test("of a card begin with the generator's first tensor, whatever was encoded before, and go on with it", () => {
    const direct = createCudaNormals(seed);
    const noise = openNoise({ ...base, rng: "cuda", batch: { index: 3, size: 8 } });
    noise.draw("posterior.init", count);
    noise.skip(count);
    for (const name of names) expect(noise.draw(name, count)).toEqual(direct(count));
  });

  test("a variation turns the first latents alone, with either generator, and within a batch its own rows", () => {
    for (const [rng, create] of [
      ["torch", createNormals],
      ["cuda", createCudaNormals],
    ] as const) {
      const noise = openNoise({ ...base, rng, variation: { seed: 9n, strength: 0.4 } });
      const direct = create(seed);
      expect(noise.draw("initial", count)).toEqual(slerp(direct(count), create(9)(count), 0.4, shape));
      expect(noise.draw("step.0", count)).toEqual(direct(count));
    }
    const noise = openNoise({ ...base, variation: { seed: 9n, strength: 0.4 }, batch: { index: 1, size: 2 } });
    const rows = (from: number) => createNormals(from)(2 * count).slice(count);
    expect(noise.draw("initial", count)).toEqual(slerp(rows(seed), rows(9), 0.4, shape));
  });

  test("have keys that tell apart what differs, and nothing else", () => {
    const key = (more: object) => openNoise({ ...base, ...more }).key;
    const keys = [
      key({}),
      key({ seed: 78n }),
      key({ rng: "cuda" }),
      key({ variation: { seed: 9n, strength: 0.4 } }),
      key({ variation: { seed: 9n, strength: 0.5 } }),
      key({ variation: { seed: 10n, strength: 0.4 } }),
      key({ batch: { index: 0, size: 2 } }),
      key({ batch: { index: 1, size: 2 } }),
      key({ batch: { index: 0, size: 3 } }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(key({ batch: { index: 0, size: 1 } })).toBe(key({}));
    expect(key({ variation: { seed: 9n, strength: 0 } })).toBe(key({}));
    expect(key({ rng: "cuda", batch: { index: 1, size: 2 } })).toBe(key({ rng: "cuda" }));
  });
});
