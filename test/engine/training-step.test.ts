import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { elements, type Weight } from "../../engine/src/graph/index.ts";
import { netKey, trainingStep } from "../../engine/src/graph/training-step.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { type FileTensor, parseTensors } from "../parity/tensor-file.ts";
import { numbersOf, relativeError } from "./gradient-numbers.ts";
import {
  goldenKey,
  type Model,
  modelFiles,
  type Numbers,
  namedInputs,
  openModel,
  Steps,
  small,
  smallBatch,
  Update,
} from "./gradient-steps.ts";

// Whole steps against diffusers and PyTorch (test/golden/training/make_steps.py): float64 is right, and what float32 in
// PyTorch is off by is what may be expected of float32.

const PLACES = 16;
const BATCHES = 3;
const recorded = z.object({
  height: z.int(),
  width: z.int(),
  context: z.int(),
  timesteps: z.array(z.int()),
  rate: z.number(),
  decay: z.number(),
  clip: z.number(),
  rank: z.nullable(z.int()),
  losses: z.array(z.number()),
  norms: z.array(z.number()),
  files: z.array(z.string()),
  float32Norms: z.array(z.number()),
  float32Losses: z.array(z.number()),
  float32Errors: z.record(z.string(), z.number()),
});

const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

const sha256 = (path: string): string => createHash("sha256").update(readFileSync(path)).digest("hex");

/** Those of a tensor's numbers that a golden has. */
function places(values: Float32Array): Float64Array {
  const count = Math.min(PLACES, values.length);
  return Float64Array.from(
    { length: count },
    (_, n) => values[Math.floor(((2 * n + 1) * values.length) / (2 * count))] as number,
  );
}

let runtime: Runtime;
beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu" });
});
afterAll(() => runtime.dispose());

describe.each(["sd15-tiny", "sd21-tiny", "pack", "sd15-tiny-light", "sd21-tiny-light"])("steps of %s", (full) => {
  const folder = `test/golden/training/${full}.step`;
  const name = full.replace("-light", "");
  const about = recorded.parse(JSON.parse(readFileSync(`${folder}.json`, "utf8")));
  const golden = parseTensors(folder, new Uint8Array(readFileSync(`${folder}.safetensors`)));
  const numbers = (key: string) => (golden.get(key) as FileTensor).values as Float32Array;
  const { timesteps } = about;
  const rows = timesteps.length;

  /** Relative errors by tensor: ours, and those of PyTorch in float32. */
  function compare(what: string, found: ReadonlyMap<Weight, Float32Array>) {
    const right = [...golden.keys()].filter((key) => key.startsWith(`${what}/`)).sort();
    expect([...found.keys()].map((weight) => `${what}/${goldenKey(weight)}`).sort()).toEqual(right);
    return [...found].map(([weight, values]) => {
      const key = `${what}/${goldenKey(weight)}`;
      return { key, ours: relativeError(places(values), numbers(key)), torch: about.float32Errors[key] ?? 0 };
    });
  }

  test("come to the losses, gradients and weights of PyTorch in float64, as near as its float32 does", {
    timeout: 400_000,
  }, async () => {
    expect(modelFiles(name).map(sha256), "the golden is of other weights: make_steps.py makes it anew").toEqual(
      about.files,
    );
    const model = await openModel(name);
    const extent = { batch: rows, height: about.height, width: about.width, context: about.context };
    const steps = await Steps.open(runtime, model, { extent, device: "cpu", rank: about.rank });
    const batches = Array.from({ length: BATCHES }, (_, n) => ({
      ...namedInputs(`${name}/${n}`, model, extent),
      ...{ latent: numbers(`batch/${n}/latent`), target: numbers(`batch/${n}/target`), timesteps },
    }));
    const first = steps.first((weight) => lowRankNumbers(name, weight));
    const update = await Update.open(runtime, steps.step.weights);
    const changed = (own: Numbers) =>
      new Map(
        steps.step.weights.map((weight) => {
          const before = first.get(weight.name) as Float32Array;
          return [weight, (own.get(weight.name) as Float32Array).map((value, n) => value - (before[n] as number))];
        }),
      );
    const norms: number[] = [];
    let own = first;
    const found: Record<string, ReturnType<typeof compare>> = {};
    for (const [n, loss] of about.losses.entries()) {
      const result = await steps.run(batches[n % BATCHES] as (typeof batches)[number], own);
      if (n === 0)
        found["gradient"] = compare(
          "gradient",
          new Map(steps.step.weights.map((weight) => [weight, result.gradients.get(weight.name) as Float32Array])),
        );
      const [next, norm] = await update.run(own, result.gradients, about);
      own = next;
      if (n === 0) found["first"] = compare("first", changed(own));
      norms.push(norm);
      expect(Math.abs(result.loss / loss - 1), `loss of step ${n}`).toBeLessThan(n === 0 ? 1e-6 : 2e-5);
    }
    found["last"] = compare("last", changed(own));
    const apart = (values: readonly number[]) => rms(values.map((norm, n) => norm / (about.norms[n] as number) - 1));
    expect(apart(norms)).toBeLessThan(Math.max(2 * apart(about.float32Norms), 1e-6));
    for (const [what, errors] of Object.entries(found)) {
      const [ours, torch] = [rms(errors.map((error) => error.ours)), rms(errors.map((error) => error.torch))];
      expect(ours, `${what}: PyTorch's float32 is off by ${torch}`).toBeLessThan(2 * torch);
    }
    for (const { key, ours, torch } of found["gradient"] ?? [])
      expect(ours, `${key}: PyTorch's float32 is off by ${torch}`).toBeLessThan(Math.max(2 * torch, 2e-5));
    await Promise.all([steps.release(), update.release()]);
  });
});

const isZeroConvolution = (weight: Weight): boolean =>
  /^controlnet_(down_blocks|mid_block)\b/.test(netKey(weight) ?? "");

/** A model whose zero convolutions are fresh: nothing has learned yet. */
const fresh = ({ weights, ...model }: Model): Model => ({
  ...model,
  weights: { read: (weight, ...into) => (isZeroConvolution(weight) ? into[1].fill(0) : weights.read(weight, ...into)) },
});

// How many residuals a net has.
test.each([
  ["sd15-tiny", 13],
  ["sd21-tiny", 13],
] as const)(
  "a fresh net of %s changes nothing, and learns at its zero convolutions first",
  {
    timeout: 200_000,
  },
  async (name, residuals) => {
    const model = fresh(await openModel(name));
    const steps = await Steps.open(runtime, model, { extent: small, device: "cpu", rank: null });
    const own = steps.first();
    const batch = smallBatch(model);
    const [on, off] = [await steps.run(batch, own), await steps.run({ ...batch, scale: 0 }, own)];
    expect(on.prediction).toEqual(off.prediction);
    expect(on.loss).toBe(off.loss);
    let zeros = 0;
    for (const weight of steps.step.weights) {
      const gradient = on.gradients.get(weight.name) as Float32Array;
      const isZero = gradient.every((value) => value === 0);
      expect(isZero, goldenKey(weight)).toBe(!isZeroConvolution(weight));
      if (!isZero) zeros += 1;
    }
    // A weight and a bias for each residual.
    expect(zeros).toBe(2 * residuals);
    // After one update the rest learns too.
    const update = await Update.open(runtime, steps.step.weights);
    const [next] = await update.run(own, on.gradients, { rate: 1e-3, decay: 0, clip: 1 });
    for (const { name: weight } of steps.step.weights.filter((each) => !isZeroConvolution(each)))
      expect(next.get(weight)).toEqual(own.get(weight));
    const second = await steps.run(batch, next);
    expect(second.loss).toBeLessThan(on.loss);
    for (const weight of steps.step.weights)
      expect(
        second.gradients.get(weight.name)?.some((value) => value !== 0),
        goldenKey(weight),
      ).toBe(true);
    await Promise.all([steps.release(), update.release()]);
  },
);

test("low-rank parts added to the weights give what they give beside them", { timeout: 200_000 }, async () => {
  const model = await openModel("sd15-tiny");
  const batch = smallBatch(model);
  const shape = { extent: small, device: "cpu", rank: 4 } as const;
  const light = await Steps.open(runtime, model, shape);
  const whole = await Steps.open(runtime, model, { ...shape, rank: null });
  const own = light.first((weight) => lowRankNumbers("merged", weight));
  const beside = await light.run(batch, own);
  const merged = whole.first();
  const without = await whole.run(batch, merged);
  for (const { of, down, up } of light.step.parts) {
    const [a, b] = [own.get(up.name) as Float32Array, own.get(down.name) as Float32Array];
    const rank = down.dims[0] ?? 0;
    const inner = b.length / rank;
    const weight = merged.get(of.name) as Float32Array;
    weight.forEach((value, n) => {
      let sum = value;
      for (let r = 0; r < rank; r++)
        sum += (a[Math.floor(n / inner) * rank + r] as number) * (b[r * inner + (n % inner)] as number);
      weight[n] = sum;
    });
  }
  for (const { name } of light.step.weights) if (merged.has(name)) expect(merged.get(name)).toEqual(own.get(name));
  const together = await whole.run(batch, merged);
  expect(relativeError(together.prediction, beside.prediction)).toBeLessThan(2e-6);
  expect(relativeError(without.prediction, beside.prediction)).toBeGreaterThan(1e-3);
  // The parts of two halves of one tensor are two.
  const keys = light.step.weights.map(netKey);
  expect(new Set(keys).size).toBe(keys.length);
  await Promise.all([light.release(), whole.release()]);
});

test("latents that do not halve evenly are refused by their sides", async () => {
  const { unet, net } = await openModel("sd21-tiny");
  const extent = { ...small, width: 12 };
  expect(() => trainingStep(unet, net, { extent, device: "cpu", rank: null })).toThrow(/12 x 8.*multiples of 8/);
});

/** The low-rank parts of make_steps.py. */
function lowRankNumbers(name: string, weight: Weight): Float32Array {
  const key = goldenKey(weight);
  const values = numbersOf(`${name}/${key}`, elements(weight.dims));
  if (key.endsWith(".up")) return values.map((value) => value * 0.2);
  return Float32Array.from(values, (value) => value / Math.sqrt(elements(weight.dims.slice(1))));
}
