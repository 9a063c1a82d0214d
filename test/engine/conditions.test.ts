import { canny, createPixels, defineCondition, lineart, type Pixels, pose, UnderdrawError } from "@underdraw/engine";
import { describe, expect, expectTypeOf, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { builtInConditions } from "../../engine/src/conditions/built-in.ts";
import { describeOptions, parseOptions } from "../../engine/src/conditions/option-text.ts";

const context = { run: () => Promise.reject(new Error("no model")) };

/** What a call throws or rejects with. */
async function failure(call: () => unknown): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error("It went well.");
}

/** The issues of a refused request. */
async function issues(call: () => unknown): Promise<Record<string, string>> {
  const error = await failure(call);
  if (!UnderdrawError.is(error, "request-invalid")) throw error;
  for (const { path } of error.details.issues) expect(error.message).toContain(path);
  return Object.fromEntries(error.details.issues.map(({ path, message }) => [path, message]));
}

/** A condition whose map is what the test says. */
const drawing = (extract: (source: Pixels) => Pixels | Promise<Pixels>) =>
  defineCondition({ id: "drawing", title: "Drawing", options: z.object({}), extract });

const white = (width: number, height: number): Pixels => {
  const pixels = createPixels(width, height);
  pixels.data.fill(255);
  return pixels;
};

describe("a condition", () => {
  test("is a value with its id, title, nets and convention", () => {
    expect(canny()).toMatchObject({ id: "canny", title: "Canny edges", nets: ["canny", "lines"] });
    expect(canny.convention).toEqual({
      values: "binary",
      polarity: "white-on-black",
      background: [0, 0, 0],
      matte: "black",
      resize: "thin",
      display: "inverted",
      random: false,
    });
    expectTypeOf(canny().id).toEqualTypeOf<"canny">();
    expectTypeOf(canny).toBeCallableWith({ low: 80, aperture: 5, matte: "white" });
    // @ts-expect-error: there is no aperture of 4.
    expect(() => canny({ aperture: 4 })).toThrow();
  });

  test("that says nothing of nets is read by the net of its own name", () => {
    expect(drawing((source) => source).nets).toEqual(["drawing"]);
  });

  test("with a matte sees its source laid on it, and the source stays as it was", async () => {
    const source = createPixels(2, 1);
    const red = defineCondition({
      id: "red",
      title: "Red",
      options: z.object({}),
      convention: { matte: "white" },
      extract: (seen) => seen,
    });
    source.data[4] = 200; // hidden under alpha 0
    const map = await red().extract(source, context);
    expect([...map.data]).toEqual(Array(8).fill(255));
    expect([...(await red({ matte: "black" }).extract(source, context)).data]).toEqual([0, 0, 0, 255, 0, 0, 0, 255]);
    expect([...source.data]).toEqual([0, 0, 0, 0, 200, 0, 0, 0]);
    expect(red.options._zod.def.shape).toHaveProperty("matte");
  });

  test("without a matte sees transparency itself, and has no such option", async () => {
    const alpha = defineCondition({
      id: "alpha",
      title: "Alpha",
      options: z.object({}),
      convention: { matte: "none" },
      extract: ({ width, height, data }) => {
        const map = createPixels(width, height);
        for (let i = 0; i < data.length; i += 4) map.data.fill(data[i + 3] as number, i, i + 3).fill(255, i + 3, i + 4);
        return map;
      },
    });
    expect([...(await alpha().extract(createPixels(1, 1), context)).data]).toEqual([0, 0, 0, 255]);
    expect(await issues(() => alpha.choose({ matte: "black" }))).toEqual({
      "alpha.matte": "there is no such option; this condition has no options",
    });
  });

  test("made from another lays its source as that one does", async () => {
    const first = defineCondition({
      id: "first",
      title: "First",
      options: z.object({}),
      convention: { matte: "white" },
      extract: (source) => source,
    });
    const second = defineCondition({ ...first, id: "second", extract: (source: Pixels) => source });
    expect([...(await second().extract(createPixels(1, 1), context)).data]).toEqual([255, 255, 255, 255]);
    expect(second.choose({ matte: "black" }).options).toEqual({ matte: "black" });
  });

  test("whose author chose a matte option of its own lays its source itself", async () => {
    const own = defineCondition({
      id: "own",
      title: "Own",
      options: z.object({ matte: z.enum(["red", "blue"]).default("red") }),
      extract: (source, { matte }) => {
        const map = createPixels(source.width, source.height);
        expect(source.data[3]).toBe(0);
        map.data.set(matte === "red" ? [255, 0, 0, 255] : [0, 0, 255, 255]);
        return map;
      },
    });
    expect([...(await own({ matte: "blue" }).extract(createPixels(1, 1), context)).data]).toEqual([0, 0, 255, 255]);
  });

  test("keeps what its author says of the options as a whole", async () => {
    const ordered = defineCondition({
      id: "ordered",
      title: "Ordered",
      options: z
        .object({ low: z.number().default(1), high: z.number().default(2) })
        .refine(({ low, high }) => low <= high, { error: "low lies above high", path: ["low"] }),
      extract: (source) => source,
    });
    expect(ordered({ high: 1 }).options).toEqual({ low: 1, high: 1, matte: "black" });
    expect(await issues(() => ordered({ low: 3 }))).toEqual({ "ordered.low": "low lies above high" });
    expect(await issues(() => parseOptions(ordered, new Map([["low", "3"]])))).toEqual({
      "ordered.low": "low lies above high",
    });
  });

  test("refuses numbers that are none, also where its author lets anything in", async () => {
    const any = defineCondition({
      id: "any",
      title: "Any",
      options: z.object({ list: z.array(z.any()).default([]), one: z.any() }),
      extract: (source) => source,
    });
    expect(Object.keys(await issues(() => any({ one: Number.NaN, list: [1, { deep: -Infinity }] })))).toEqual([
      "any.list.1.deep",
      "any.one",
    ]);
    const knot: Record<string, unknown> = {};
    knot["self"] = knot;
    expect(() => any({ one: knot })).not.toThrow();
  });

  test("refuses options that it cannot use, each by its path", async () => {
    expect(Object.keys(await issues(() => canny({ low: -1, high: Number.NaN })))).toEqual(["canny.low", "canny.high"]);
    expect(Object.keys(await issues(() => canny({ low: Number.POSITIVE_INFINITY })))).toEqual(["canny.low"]);
    expect(Object.keys(await issues(() => canny.choose({ aperture: 4, matte: "red" })))).toEqual([
      "canny.aperture",
      "canny.matte",
    ]);
  });

  test("refuses an option that it does not know, and names those that it does", async () => {
    expect(await issues(() => canny.choose({ lo: 5 }))).toEqual({
      "canny.lo": "there is no such option; use low, high, l2, aperture, colours, matte",
    });
  });

  test("whose author lets strangers in gets them", async () => {
    const loose = defineCondition({
      id: "loose",
      title: "Loose",
      options: z.looseObject({}),
      extract: (source, options) => (options["extra"] === 1 ? source : createPixels(1, 1)),
    });
    await expect(loose.choose({ extra: 1 }).extract(white(2, 2), context)).resolves.toEqual(white(2, 2));
  });

  test("refuses a source that is no picture", async () => {
    const short = { width: 2, height: 2, data: new Uint8ClampedArray(12) };
    expect(await failure(() => canny().extract(short, context))).toEqual(
      new RangeError("source.data: 2x2 pixels take 16 bytes, not 12."),
    );
    for (const source of [
      createPixels(0, 0),
      createPixels(0, 3),
      { width: 1.5, height: 2, data: new Uint8ClampedArray(12) },
      { width: -1, height: -1, data: new Uint8ClampedArray(4) },
      { width: Number.NaN, height: 1, data: new Uint8ClampedArray(4) },
      { width: "2", height: 2, data: new Uint8ClampedArray(16) },
    ]) {
      const error = await failure(() => canny().extract(source as Pixels, context));
      expect(error).toBeInstanceOf(RangeError);
      expect((error as Error).message).toMatch(/^source: a picture has at least 1x1 whole pixels, not /);
    }
  });

  test.each([
    [null, "source.scene.bounds: the part of the drawing that counts has a place and a size above 0"],
    [{ shapes: [] }, "source.scene.bounds"],
    [{ bounds: { x: 0, y: 0, width: Number.NaN, height: 2 }, shapes: [] }, "not NaNx2 at 0, 0"],
    [{ bounds: { x: 0, y: 0, width: 0, height: 2 }, shapes: [] }, "not 0x2 at 0, 0"],
    [{ bounds: { x: 0, y: 0, width: 2, height: 2 } }, "scene.shapes: Invalid input"],
    [{ bounds: { x: 0, y: 0, width: 2, height: 2 }, shapes: [null] }, "scene.shapes.0: Invalid input"],
  ])("tells what is wrong with a scene that is none: %j", async (scene, said) => {
    for (const condition of [canny(), lineart()]) {
      const error = await failure(() => condition.extract({ width: 2, height: 2, scene } as never, context));
      expect((error as Error).message).toContain(said);
    }
  });

  test.each([
    [null, "pose.people: a list is wanted, not null"],
    [[null], "pose.people[0].body: a list is wanted, not undefined"],
    [[{ body: 5 }], "pose.people[0].body: a list is wanted, not 5"],
  ])("tells what is wrong with a pose that is none: %j", async (people, said) => {
    const error = await failure(() => pose().extract({ width: 2, height: 2, people } as never, context));
    expect((error as Error).message).toContain(said);
  });

  test("refuses bytes that are none, and says how to make some", async () => {
    const refused = async (data: unknown) => {
      const error = await failure(() => canny().extract({ width: 1, height: 1, data } as Pixels, context));
      expect(error).toBeInstanceOf(TypeError);
      return (error as Error).message;
    };
    for (const data of [new Uint16Array(4), new Int32Array(4), new Float32Array(4), new Float64Array(4)])
      expect(await refused(data)).toMatch(/^source\.data: pixels are 8 bits .+ not (Ui|I)?\w+Array\. Bring the values/);
    for (const data of [[0, 0, 0, 255], null, "AAAA", new ArrayBuffer(4), new BigUint64Array(4)])
      expect(await refused(data)).toMatch(/^source\.data: pixels are 8 bits .+ Give what ImageData/);
  });

  test("refuses what is no source at all, and says what is one", async () => {
    for (const source of [null, undefined, "photo.png", 5, {}, [], new URL("https://a.test/")])
      await expect(canny().extract(source as never, context)).rejects.toThrow(
        /^source: .+ Give pixels .+ a scene .+ a pose/,
      );
    await expect(canny().extract({ width: 2, height: 2, people: [] }, context)).rejects.toMatchObject({
      code: "request-invalid",
      message: expect.stringContaining("reads a picture, and a pose was given"),
    });
    const scene = { bounds: { x: 0, y: 0, width: 1, height: 1 }, shapes: [] };
    await expect(canny().extract({ width: 100_000, height: 100_000, scene }, context)).rejects.toThrow(
      "source: a map of 100000x100000 pixels has more than the 268435456 that can be drawn. Ask for a smaller one.",
    );
  });

  test("takes a decoder's bytes, which do not clamp, for pixels", async () => {
    const data = Buffer.from([0, 0, 0, 255, 255, 255, 255, 255]);
    const map = await canny().extract({ width: 2, height: 1, data } as unknown as Pixels, context);
    expect(map).toEqual(await canny().extract({ width: 2, height: 1, data: new Uint8ClampedArray(data) }, context));
  });

  test("draws a map in memory of its own, though it gives back its source", async () => {
    const source = white(2, 2);
    const map = await drawing((seen) => seen)().extract(source, context);
    expect(map).toEqual(source);
    expect(map.data.buffer).not.toBe(source.data.buffer);
  });

  test("a strip of 60,000 by 1 pixels has its map", async () => {
    const map = await canny().extract(white(60_000, 1), context);
    expect([map.width, map.height]).toEqual([60_000, 1]);
  });

  test("that draws a map of another size, or a transparent one, has failed by name", async () => {
    for (const map of [white(3, 2), createPixels(2, 2)]) {
      const error = await failure(() => drawing(() => map)().extract(white(2, 2), context));
      expect(UnderdrawError.is(error, "condition-failed") && error.details).toEqual({ condition: "drawing" });
    }
  });

  test("that draws no pixels has failed by name", async () => {
    for (const map of [null, undefined, "map", 7, {}, { width: 1, height: 1, data: new Float32Array(4) }]) {
      const error = await failure(() => drawing(() => map as never)().extract(white(1, 1), context));
      expect(UnderdrawError.is(error, "condition-failed") && error.message).toMatch(
        /^The condition "drawing" must draw/,
      );
    }
  });

  test("that throws has failed by name, with the cause", async () => {
    const cause = new Error("no ink");
    const error = await failure(() =>
      drawing(() => {
        throw cause;
      })().extract(white(2, 2), context),
    );
    expect(UnderdrawError.is(error, "condition-failed") && error.message).toContain("no ink");
    expect((error as Error).cause).toBe(cause);
  });

  test("that is stopped rejects with the signal's own reason", async () => {
    const reason = { why: "enough" };
    const stopping = new AbortController();
    const stopped = drawing(async () => {
      stopping.abort(reason);
      stopping.signal.throwIfAborted();
      return white(1, 1);
    });
    expect(await failure(() => stopped().extract(white(1, 1), { ...context, signal: stopping.signal }))).toBe(reason);
    expect(await failure(() => canny().extract(white(1, 1), { ...context, signal: stopping.signal }))).toBe(reason);
  });

  test("that is stopped rejects at once, though what it waits for never comes", async () => {
    const stopping = new AbortController();
    const running = drawing(() => new Promise(() => {}))().extract(white(1, 1), {
      ...context,
      signal: stopping.signal,
    });
    stopping.abort("enough");
    expect(await failure(() => running)).toBe("enough");
  });
});

describe("a condition that draws in turns", () => {
  const working = (work: () => Generator<number, Pixels, void> | AsyncGenerator<number, Pixels, void>) =>
    defineCondition({ id: "working", title: "Working", options: z.object({}), extract: work });
  const busy = (ms: number) => {
    for (const end = performance.now() + ms; performance.now() < end; );
  };

  test("is left at its next step when it is stopped, and is told so", async () => {
    const stopping = new AbortController();
    let [steps, left] = [0, 0];
    const endless = working(function* () {
      try {
        for (;;) {
          steps++;
          busy(5);
          yield 0.5;
        }
      } finally {
        left++;
      }
    });
    const running = endless().extract(white(1, 1), { ...context, signal: stopping.signal });
    setTimeout(() => stopping.abort("enough"), 60);
    expect(await failure(() => running)).toBe("enough");
    const then = steps;
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([steps, left]).toEqual([then, 1]);
  });

  test("may wait in between", async () => {
    const waiting = working(async function* () {
      yield 0.5;
      await new Promise((resolve) => setTimeout(resolve, 1));
      return white(1, 1);
    });
    expect(await waiting().extract(white(1, 1), context)).toEqual(white(1, 1));
  });

  test("tells of progress that rises and ends at 1 at most, whatever it yields", async () => {
    const told: number[] = [];
    const shares = [0.1, 0.5, 0.2, Number.NaN, -1, 0.7, 9, 0.8];
    const odd = working(function* () {
      for (const share of shares) {
        busy(45);
        yield share;
      }
      return white(1, 1);
    });
    await odd().extract(white(1, 1), { ...context, onProgress: ({ fraction }) => told.push(fraction) });
    expect(told).toEqual([0.1, 0.5, 0.7, 1]);
  });

  test("fails by name where it throws midway", async () => {
    const failing = working(function* () {
      yield 0.5;
      throw new Error("out of ink");
    });
    await expect(failing().extract(white(1, 1), context)).rejects.toMatchObject({
      code: "condition-failed",
      message: 'The condition "working" failed on a source of 1x1 pixels: out of ink',
    });
  });
});

describe("a condition of an author who writes zod/mini", () => {
  const full = defineCondition({
    id: "tones",
    title: "Flat tones",
    options: z.object({
      levels: z.int().min(2).max(16).default(4).describe("How many."),
      fineStep: z.number().gt(0).multipleOf(2).optional(),
      ground: z.enum(["black", "white"]).default("black"),
    }),
    extract: (source, { levels }) => (levels === 6 ? source : createPixels(1, 1)),
  });
  const small = defineCondition({
    id: "tones",
    title: "Flat tones",
    options: mini.object({
      levels: mini._default(mini.int().check(mini.minimum(2), mini.maximum(16), mini.describe("How many.")), 4),
      fineStep: mini.optional(mini.number().check(mini.gt(0), mini.multipleOf(2))),
      ground: mini._default(mini.enum(["black", "white"]), "black"),
    }),
    extract: (source, { levels }) => (levels === 6 ? source : createPixels(1, 1)),
  });

  test("has the same types, and runs", async () => {
    expectTypeOf<Parameters<typeof small>>().toEqualTypeOf<Parameters<typeof full>>();
    expectTypeOf(small).toBeCallableWith({ levels: 6, ground: "white" });
    // @ts-expect-error: there is no red ground.
    expect(() => small({ ground: "red" })).toThrow();
    expect(small({ levels: 6 }).options).toEqual({ levels: 6, ground: "black", matte: "black" });
    await expect(small({ levels: 6 }).extract(white(2, 2), context)).resolves.toEqual(white(2, 2));
  });

  test("is described and read from text alike", () => {
    expect(describeOptions(small)).toEqual(describeOptions(full));
    expect(describeOptions(small)).toEqual([
      { name: "levels", values: "whole number from 2 to 16", default: "4", help: "How many." },
      { name: "fine-step", values: "whole number, above 0", help: "" },
      { name: "ground", values: "black | white", default: "black", help: "" },
      { name: "matte", values: "black | white", default: "black", help: expect.stringMatching(/^The ground under/) },
    ]);
    const entries = new Map([
      ["levels", "5"],
      ["fine-step", "4"],
    ]);
    expect(parseOptions(small, entries)).toEqual({ levels: 5, fineStep: 4, ground: "black", matte: "black" });
  });

  test.each([
    [{ levels: 1.5, fineStep: 3, ground: "red" }],
    [{ levels: 17, fineStep: 0 }],
    [{ level: 3, grounds: 1 }],
    ["levels"],
    [5],
  ])("refuses %j in the same words", async (options) => {
    const words = await issues(() => small.choose(options));
    expect(words).toEqual(await issues(() => full.choose(options)));
    for (const message of Object.values(words)) expect(message).not.toBe("Invalid input");
  });

  test("keeps what it says of strangers", async () => {
    const define = <Options extends mini.core.$ZodObject>(options: Options) =>
      defineCondition({ id: "open", title: "Open", options, extract: (source) => source });
    expect(define(mini.looseObject({})).choose({ extra: 1 }).options).toEqual({ extra: 1, matte: "black" });
    expect(define(mini.catchall(mini.object({}), mini.number())).choose({ extra: 1 }).options).toEqual({
      extra: 1,
      matte: "black",
    });
    for (const options of [mini.strictObject({}), mini.object({})])
      expect(await issues(() => define(options).choose({ extra: 1 }))).toEqual({
        "open.extra": "there is no such option; use matte",
      });
  });
});

describe("options as text", () => {
  const parse = (entries: Record<string, string>) => parseOptions(canny, new Map(Object.entries(entries)));

  test("become typed, with the defaults filled in", () => {
    expect(parse({})).toEqual({ low: 100, high: 200, l2: false, aperture: 3, colours: "rgb", matte: "black" });
    expect(parse({ low: "99.6", high: "2e2", l2: "true", aperture: "5", matte: "white" })).toEqual({
      low: 99.6,
      high: 200,
      l2: true,
      aperture: 5,
      colours: "rgb",
      matte: "white",
    });
  });

  test("switch a yes-or-no option on when they are empty", () => {
    expect(parse({ l2: "" })).toMatchObject({ l2: true });
    expect(parse({ l2: "no" })).toMatchObject({ l2: false });
  });

  test("are refused when they are unknown, with the known ones", async () => {
    expect(await issues(() => parse({ lo: "5", low: "6" }))).toEqual({
      "canny.lo": "there is no such option; use low, high, l2, aperture, colours, matte",
    });
  });

  test.each([
    ["low", "NaN", "a number, 0 or more"],
    ["low", "", "a number, 0 or more"],
    ["low", "0x10", "a number, 0 or more"],
    ["high", "Infinity", "a number, 0 or more"],
    ["high", "1e999", "a number, 0 or more"],
    ["l2", "maybe", "one of true | false"],
    ["aperture", "4", "one of 3 | 5 | 7"],
    ["matte", "grey", "one of black | white"],
  ])("%s=%s is refused, and it is said what may stand there", async (name, text, values) => {
    expect(await issues(() => parse({ [name]: text }))).toEqual({ [`canny.${name}`]: `"${text}" is not ${values}` });
  });

  test("are held to the schema's limits", async () => {
    expect(Object.keys(await issues(() => parse({ low: "-1" })))).toEqual(["canny.low"]);
  });

  test("may be written in kebab case, and lists as JSON", async () => {
    const kind = defineCondition({
      id: "many",
      title: "Many",
      options: z.object({
        blurSize: z.int().min(1).max(9).optional(),
        mode: z.union([z.literal("auto"), z.number()]).default("auto"),
        tint: z.array(z.number()).optional(),
        seed: z.number().nullable().default(null),
        title: z.string().nullish(),
        point: z.tuple([z.number(), z.int()]).optional(),
        wide: z.boolean().optional(),
        step: z.union([z.string(), z.literal(4)]).optional(),
        name: z.string(),
      }),
      extract: (source) => source,
    });
    const parse = (entries: Record<string, string>) => parseOptions(kind, new Map(Object.entries(entries)));
    const entries = { "blur-size": "3", mode: "2.5", tint: "[1, 2]", point: "[0.5, 2]", step: "4", name: "a b" };
    expect(parse({ ...entries, seed: "7", wide: "" })).toEqual({
      blurSize: 3,
      mode: 2.5,
      tint: [1, 2],
      seed: 7,
      point: [0.5, 2],
      wide: true,
      step: 4,
      name: "a b",
      matte: "black",
    });
    expect(parse({ name: "none", seed: "none", title: "none", step: "some" })).toEqual({
      mode: "auto",
      seed: null,
      title: null,
      step: "some",
      name: "none",
      matte: "black",
    });
    expect(await issues(() => parse({ name: "a", tint: "1, 2", seed: "x", "blur-size": "1", blurSize: "2" }))).toEqual({
      "many.tint": '"1, 2" is not a list as JSON, each: number',
      "many.seed": '"x" is not one of number | none',
      "many.blurSize": "the option is given twice, in two spellings",
    });
    expect(Object.keys(await issues(() => parse({ name: "a", tint: '["b"]' })))).toEqual(["many.tint.0"]);
    expect(describeOptions(kind).slice(0, -1)).toEqual([
      { name: "blur-size", values: "whole number from 1 to 9", help: "" },
      { name: "mode", values: "auto | number", default: "auto", help: "" },
      { name: "tint", values: "list as JSON, each: number", help: "" },
      { name: "seed", values: "number | none", default: "none", help: "" },
      { name: "title", values: "text | none", help: "" },
      { name: "point", values: "list as JSON: number; whole number", help: "" },
      { name: "wide", values: "true | false", help: "" },
      { name: "step", values: "text | 4", help: "" },
      { name: "name", values: "text", help: "" },
    ]);
  });

  test("are described for a command line's help", () => {
    const options = describeOptions(canny);
    expect(options.map(({ name, values, default: preset }) => [name, values, preset])).toEqual([
      ["low", "number, 0 or more", "100"],
      ["high", "number, 0 or more", "200"],
      ["l2", "true | false", "false"],
      ["aperture", "3 | 5 | 7", "3"],
      ["colours", "rgb | grey", "rgb"],
      ["matte", "black | white", "black"],
    ]);
    for (const { help } of options) expect(help).toMatch(/^[A-Z].+\.$/);
  });
});

describe("the built-in conditions", () => {
  test("have names of their own", () => {
    const ids = builtInConditions.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain("canny");
  });
});
