import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { elements, type Weight } from "../../engine/src/graph/index.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { type FileTensor, parseTensors } from "../parity/tensor-file.ts";
import { numbersOf, relativeError } from "./gradient-numbers.ts";
import { goldenKey, namedInputs, type Numbers, openModel, Steps, Update } from "./gradient-steps.ts";

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
  float32Losses: z.array(z.number()),
  float32Errors: z.record(z.string(), z.number()),
});

const rms = (values: readonly number[]): number =>
  Math.sqrt(values.reduce((sum, value) => sum + value * value, 0) / values.length);

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
    const model = await openModel(name);
    const extent = { batch: rows, height: about.height, width: about.width, context: about.context };
    const steps = await Steps.open(runtime, model, { extent, device: "cpu", rank: about.rank });
    const batches = Array.from({ length: BATCHES }, (_, n) => ({
      ...namedInputs(`${name}/${n}`, rows, extent, model.unet.contextWidth),
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
    let own = first;
    const losses: number[] = [];
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
      losses.push(result.loss);
      expect(Math.abs(norm / (about.norms[n] ?? 0) - 1), `norm of step ${n}`).toBeLessThan(n === 0 ? 3e-6 : 1e-3);
      expect(Math.abs(result.loss / loss - 1), `loss of step ${n}`).toBeLessThan(n === 0 ? 1e-6 : 1e-4);
    }
    found["last"] = compare("last", changed(own));
    const summary = Object.entries(found).map(([what, errors]) => ({
      what,
      ours: rms(errors.map(({ ours }) => ours)),
      torch: rms(errors.map(({ torch }) => torch)),
      worst: Math.max(...errors.map(({ ours }) => ours)),
      worstTorch: Math.max(...errors.map(({ torch }) => torch)),
      median: errors.map(({ ours }) => ours).sort((a, b) => a - b)[errors.length >> 1],
      count: errors.length,
    }));
    console.log(full, summary, rms(losses.map((l, n) => l / (about.losses[n] ?? 0) - 1)), rms(about.float32Losses.map((l, n) => l / (about.losses[n] ?? 0) - 1)));
    for (const { what, ours, torch } of summary) expect(ours, `${what}: ${ours} against ${torch}`).toBeLessThan(2 * torch);
    await Promise.all([steps.release(), update.release()]);
  });
});

/** The low-rank parts of make_steps.py. */
function lowRankNumbers(name: string, weight: Weight): Float32Array {
  const key = goldenKey(weight);
  const values = numbersOf(`${name}/${key}`, elements(weight.dims));
  if (key.endsWith(".up")) return values.map((value) => value * 0.2);
  return Float32Array.from(values, (value) => value / Math.sqrt(elements(weight.dims.slice(1))));
}
