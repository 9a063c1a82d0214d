import {
  type ConditionContext,
  type ConditionKind,
  createPixels,
  defineCondition,
  type Pixels,
} from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import * as z from "zod/mini";
import { builtInConditions } from "../../engine/src/conditions/built-in.ts";
import { type ConditionKit, conditionContract, runConditionContract } from "../../engine/src/testing/index.ts";

/** Answers in the shapes of the nets that conditions ask for, so that all around them can be checked without their files. */
const standIn: ConditionContext["run"] = async (model, inputs) => {
  const zeros = (...dims: number[]) => ({ dims, values: new Float32Array(dims.reduce((a, b) => a * b)) });
  if (model === "detector") return { output: zeros(1, 8400, 85) };
  if (model === "pose") return { simcc_x: zeros(1, 133, 576), simcc_y: zeros(1, 133, 768) };
  if (model === "movenet") return { joints: zeros(1, 1, 17, 3) };
  // One number a pixel of the picture: how bright its red is, from 0 to 1.
  const [picture] = Object.values(inputs);
  const [height = 0, width = 0] = picture?.dims.slice(-2) ?? [];
  const seen = zeros(1, 1, height, width);
  for (let i = 0; i < width * height; i++) seen.values[i] = (picture?.values[i] as number) / 255;
  return { seen };
};

describe("the contract", () => {
  test("is a list of sentences, each its own", () => {
    const names = conditionContract.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z].+[^.]$/);
  });

  test("skips what needs a model where none is run, and says so", async () => {
    const reports = await runConditionContract(
      defineCondition({
        id: "needy",
        title: "Needy",
        options: z.object({}),
        models: { net: { about: "a net.", address: "https://a.test/" } },
        extract: async (source, _, { run }) => {
          await run("net", {});
          return source;
        },
      }),
    );
    expect(reports.filter(({ outcome }) => outcome === "failed")).toEqual([]);
    expect(reports.find(({ name }) => name.startsWith("gives the same map"))).toMatchObject({
      outcome: "skipped",
      reason: "The kit has no run for net.",
    });
  });
});

test("soft lines are white on black also where a host shows them as they are, which is the usual convention", async () => {
  const dark = defineCondition({
    id: "dark",
    title: "Dark lines",
    options: z.object({}),
    extract: (source) => painted(source, (i) => (i > 3 && source.data[i] !== source.data[i - 4] ? 0 : 255)),
  });
  const failed = (await runConditionContract(dark)).filter(({ outcome }) => outcome === "failed");
  expect(failed.map(({ name }) => name)).toEqual([expect.stringContaining("leaves a plain source empty")]);
});

describe("is kept by", () => {
  test.each(builtInConditions.map((kind) => [kind.id, kind] as const))("%s", { timeout: 60_000 }, async (_, kind) => {
    // Two slow cores that others use as well.
    const reports = await runConditionContract(kind, { run: standIn, patienceMs: 4000 });
    expect(
      reports.filter(({ outcome }) => outcome === "failed").map(({ name, reason }) => `${name}: ${reason}`),
    ).toEqual([]);
    expect(reports.filter(({ outcome }) => outcome === "passed").length).toBeGreaterThan(12);
  });
});

const painted = ({ width, height }: Pixels, level: (i: number) => number): Pixels => {
  const map = createPixels(width, height);
  for (let i = 0; i < map.data.length; i += 4) map.data.fill(level(i), i, i + 3).fill(255, i + 3, i + 4);
  return map;
};

const options = { strength: z._default(z.number().check(z.minimum(0), z.maximum(9), z.describe("How strong.")), 1) };

/** A condition without a fault: bright where its source is bright. */
const sound = defineCondition({
  id: "sound",
  title: "Sound",
  options: z.object(options),
  convention: { values: "gray", polarity: "none" },
  extract: (source, { strength }) => painted(source, (i) => ((source.data[i] as number) * strength) / 9),
});

/** The same as data, so that a fault can be put in that `defineCondition` would not let through. */
const faulty = (change: Partial<ConditionKind>): ConditionKind => ({ ...sound, options: sound.options, ...change });

/** With another drawing, and what is said of it. */
const drawing = (
  extract: (source: Pixels, context: ConditionContext) => Pixels | Promise<Pixels>,
  convention: NonNullable<Parameters<typeof defineCondition>[0]["convention"]> = { values: "gray", polarity: "none" },
): ConditionKind =>
  defineCondition({
    id: "broken",
    title: "Broken",
    options: z.object({}),
    convention,
    extract: (source, _, context) => extract(source, context),
  });

/** With its extract as it stands, past all that `defineCondition` looks after. */
const raw = (extract: (source: Pixels, context: ConditionContext) => Promise<Pixels>): ConditionKind =>
  faulty({ choose: (wanted) => ({ ...sound.choose(wanted), extract: extract as never }) });

const optional = (changed: Record<string, z.ZodMiniType>): ConditionKind =>
  defineCondition({
    id: "broken",
    title: "Broken",
    options: z.object(changed),
    convention: { values: "gray", polarity: "none" },
    extract: (source) => painted(source, () => 0),
  });

let count = 0;

/** For each check, a condition that breaks it. */
const broken: Readonly<Record<string, ConditionKind>> = {
  "has an id in kebab case": faulty({ id: "No Kebab" }),
  "says what each option does": optional({ mute: z._default(z.number(), 1) }),
  "takes its own options again": optional({
    grows: z
      ._default(
        z.pipe(
          z.number(),
          z.transform((value) => value + 1),
        ),
        1,
      )
      .check(z.describe("It grows.")),
  }),
  "draws with its options at every limit": defineCondition({
    id: "broken",
    title: "Broken",
    options: z.object(options),
    extract: (source, { strength }) => {
      if (strength === 9) throw new Error("too strong");
      return painted(source, () => 0);
    },
  }),
  "refuses what lies beyond": faulty({
    choose: (wanted) => sound.choose({ ...(wanted as object), strength: 1 }),
  }),
  "refuses options that it does not have": faulty({ choose: () => sound.choose() }),
  "reads its options from text": optional({
    when: z._default(z.string().check(z.minLength(1), z.describe("A text with room.")), " a "),
  }),
  "draws an opaque map": drawing(({ width, height }) => createPixels(width + 1, height)),
  "draws the values that": drawing((source) => painted(source, () => 100), { values: "binary" }),
  "leaves a plain source empty": drawing((source) => painted(source, () => 255), {
    values: "binary",
    display: "inverted",
  }),
  "gives the same map": drawing((source) => painted(source, () => count++ % 200)),
  "changes nothing in its source": raw(async (source) => {
    source.data[0] = (source.data[0] as number) ^ 1;
    return painted(source, () => 0);
  }),
  "never shows a colour": drawing((source) => painted(source, (i) => source.data[i] as number), {
    values: "gray",
    matte: "none",
  }),
  "draws maps that stay of their kind": drawing((source) => painted(source, (i) => ((i >> 2) % 7 < 3 ? 255 : 0)), {
    values: "binary",
    resize: "linear",
  }),
  "draws the same where chance": defineCondition({
    id: "broken",
    title: "Broken",
    options: z.object({ seed: z._default(z.int().check(z.describe("It is forgotten.")), 1) }),
    convention: { random: true },
    extract: (source) => painted(source, () => 9),
  }),
  "agrees with itself": defineCondition({
    id: "broken",
    title: "Broken",
    options: z.object({}),
    compare: () => ({ measure: "mine", value: 0.1, chance: 0.5, better: "higher" }),
    extract: (source) => source,
  }),
  "refuses to compare": faulty({
    compare: async () => ({ measure: "any", value: 1, chance: 0, better: "higher" }),
  }),
  "refuses a source": raw(async () => createPixels(1, 1)),
  "rejects with the signal's own reason when": raw(async (source) => painted(source, () => 0)),
  "rejects with the signal's own reason soon": drawing((source) => {
    for (const end = performance.now() + (source.width > 100 ? 500 : 0); performance.now() < end; );
    return painted(source, () => 0);
  }),
  "draws as before": (() => {
    let stopped = 0;
    return drawing(async (source, { signal }) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      if (signal?.aborted) stopped = 100;
      return painted(source, () => stopped);
    });
  })(),
  "tells of progress": raw(async (source, { onProgress }) => {
    for (const fraction of [0.5, 0.4]) onProgress?.({ phase: "extract", fraction, condition: "raw" });
    return painted(source, () => 0);
  }),
  "lets a listener": raw(async (source, { onProgress }) => {
    onProgress?.({ phase: "extract", fraction: 0.5, condition: "raw" });
    return painted(source, () => 0);
  }),
};

describe("a check", () => {
  test("is broken by something, each of them", () => {
    const unbroken = conditionContract.filter(
      ({ name }) => !Object.keys(broken).some((start) => name.startsWith(start)),
    );
    expect(unbroken.map(({ name }) => name)).toEqual([]);
    expect(Object.keys(broken)).toHaveLength(conditionContract.length);
  });

  test("holds for a condition without a fault", async () => {
    const reports = await runConditionContract(sound);
    expect(reports.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  });

  test.each(Object.entries(broken))("of the contract bites: %s", async (start, kind) => {
    const { run } = conditionContract.find(({ name }) => name.startsWith(start)) as (typeof conditionContract)[number];
    const kit: ConditionKit = { patienceMs: 300 };
    const outcome = await run(kind, kit).catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(Error);
    expect((outcome as Error).message.length).toBeGreaterThan(20);
  });
});
