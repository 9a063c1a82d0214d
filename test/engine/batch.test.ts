import { readFileSync } from "node:fs";
import { Engine, type GenerateRequest, type Pipeline, type Pixels } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { readPicture } from "@underdraw/engine/pictures";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { errors, golden, readJson, readTensors } from "./golden.ts";

// Batches, samplers of second order and of few steps as diffusers' own pipelines run them, from a seed alone: what is
// drawn, in which order, and which rows of the table are run.

interface Case {
  readonly sampler: { readonly _class_name: string };
  readonly steps: number;
  readonly size: number;
  readonly init?: string;
  readonly strength?: number;
  readonly mask?: string;
  readonly control?: string;
  readonly range?: readonly [number, number];
}

const { request, cases: told } = readJson("noise/case.json") as {
  request: Pick<GenerateRequest, "prompt" | "negativePrompt" | "guidance" | "width" | "height" | "seed">;
  cases: Record<string, Case>;
};
const caseOf = (name: string): Case => {
  const found = told[name];
  if (!found) throw new Error(`There is no case ${name}.`);
  return found;
};
const expected = readTensors("noise/latents.safetensors");
const parity = "test/golden/parity";

async function picture(path: string): Promise<Pixels> {
  return (await readPicture(new Uint8Array(readFileSync(golden(path))), { name: path })).pixels;
}

async function requestOf({ sampler, steps, init, strength = 1, mask, control, range }: Case): Promise<GenerateRequest> {
  return {
    ...request,
    sampler,
    steps,
    controls: control
      ? [
          {
            net: "canny",
            map: { condition: "canny", pixels: await picture(`parity/img2img/${control}`) },
            ...(range && { range }),
          },
        ]
      : [],
    ...(init && {
      init: {
        picture: await picture(`parity/img2img/${init}`),
        strength,
        ...(mask && { mask: await picture(`noise/${mask}`) }),
      },
    }),
  };
}

let engine: Engine;
let pipeline: Pipeline;

beforeAll(async () => {
  engine = new Engine({ runtime: { device: "cpu" } });
  pipeline = await engine.load({
    base: nodeModel(`${parity}/sd15-tiny/base`),
    nets: { canny: nodeModel(`${parity}/sd15-tiny/controlnets/canny`) },
  });
});

afterAll(async () => {
  await engine?.dispose();
});

async function latentsOf(asked: GenerateRequest): Promise<Float32Array> {
  const found: { latents?: Float32Array } = {};
  await pipeline.generate(asked, {
    measure: false,
    trace: (name, { values }) => {
      if (name === "latents.final" && values instanceof Float32Array) found.latents = values.slice();
    },
  });
  return found.latents ?? new Float32Array();
}

describe("every picture of a batch has the latents of diffusers' batch with one generator", () => {
  test.each(Object.keys(told))("%s", { timeout: 60_000 }, async (name) => {
    const one = caseOf(name);
    const asked = await requestOf(one);
    const all = expected.get(name)?.values ?? new Float64Array();
    const length = all.length / one.size;
    expect(length).toBe(4 * 9 * 16);
    const rows = new Set<string>();
    for (let index = 0; index < one.size; index++) {
      const latents = await latentsOf({ ...asked, batch: { index, size: one.size } });
      const { relative, largest } = errors(latents, all.slice(index * length, (index + 1) * length));
      expect(relative, `picture ${index}`).toBeLessThan(1e-4);
      expect(largest, `picture ${index}`).toBeLessThan(2e-3);
      rows.add(latents.join());
    }
    expect(rows.size).toBe(one.size);
  });
});

describe("what is kept", () => {
  test("is never another generator's, variation's or place's", { timeout: 60_000 }, async () => {
    const asked = { ...(await requestOf(caseOf("text"))), steps: 2 };
    const kinds: Partial<GenerateRequest>[] = [
      {},
      { rng: "cuda" },
      { variation: { seed: 5, strength: 0.3 } },
      { variation: { seed: 5n, strength: 0.6 } },
      { rng: "cuda", variation: { seed: 5, strength: 0.3 } },
      { batch: { index: 0, size: 2 } },
      { batch: { index: 1, size: 2 } },
    ];
    const drawn = new Set<string>();
    for (const kind of kinds) {
      const { pixels, reused } = await pipeline.generate({ ...asked, ...kind }, { measure: false });
      expect(
        reused.steps,
        JSON.stringify(kind, (_, value) => String(value)),
      ).toBe(0);
      drawn.add(pixels.data.join());
    }
    expect(drawn.size).toBe(kinds.length);
    const again = await pipeline.generate({ ...asked, variation: { seed: 5, strength: 0.6 } }, { measure: false });
    expect([again.reused.steps, again.reused.picture]).toEqual([2, true]);
  });

  test("serves a longer way of a sampler whose rows share noise, with the same numbers", {
    timeout: 60_000,
  }, async () => {
    const sampler = { _class_name: "DPMSolverSDEScheduler", beta_schedule: "scaled_linear", steps_offset: 1 };
    const control = (await requestOf(caseOf("control"))).controls[0];
    if (!control) throw new Error("The case has no control.");
    const asked = { ...(await requestOf({ ...caseOf("text"), sampler })), steps: 4 };
    // 7 rows; the control acts in the last ones, so that the second run goes on from the middle of a step.
    const late = { ...asked, controls: [{ ...control, range: [3 / 7, 1] as const }] };
    await pipeline.generate(asked, { measure: false });
    const { reused, pixels } = await pipeline.generate(late, { measure: false });
    expect(reused.steps).toBe(3);
    // Whoever looks on has every step computed.
    const whole = await pipeline.generate(late, { measure: false, trace: () => {} });
    expect(pixels.data).toEqual(whole.pixels.data);
  });

  test("a place in a batch is said to be unused where each picture has a seed of its own", async () => {
    const asked = { ...(await requestOf(caseOf("text"))), steps: 1 };
    const { warnings } = await pipeline.generate({ ...asked, rng: "cuda", batch: { index: 1, size: 2 } });
    expect(warnings.map(({ code }) => code)).toContain("batch-unused");
    const { warnings: none } = await pipeline.generate({ ...asked, batch: { index: 1, size: 2 } });
    expect(none.map(({ code }) => code)).not.toContain("batch-unused");
  });
});

test("ranges of controls count the rows in which a net runs", async () => {
  const { activeSteps } = await pipeline.generate(await requestOf(caseOf("control")), { measure: false });
  expect(activeSteps).toEqual([[2, 3]]);
});
