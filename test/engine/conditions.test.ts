import { canny, createPixels, defineCondition, type Pixels, UnderdrawError } from "@underdraw/engine";
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
      matte: [0, 0, 0],
      display: "inverted",
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
      convention: { matte: [255, 0, 0] },
      extract: (seen) => seen,
    });
    const map = await red().extract(source, context);
    expect([...map.data]).toEqual([255, 0, 0, 255, 255, 0, 0, 255]);
    expect(source.data.every((value) => value === 0)).toBe(true);
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
      "canny.lo": "there is no such option; use low, high, l2, aperture, matte",
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
    expect(await failure(() => canny().extract(createPixels(0, 3), context))).toBeInstanceOf(RangeError);
  });

  test("that draws a map of another size, or a transparent one, has failed by name", async () => {
    for (const map of [white(3, 2), createPixels(2, 2)]) {
      const error = await failure(() => drawing(() => map)().extract(white(2, 2), context));
      expect(UnderdrawError.is(error, "condition-failed") && error.details).toEqual({ condition: "drawing" });
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
    expect(small({ levels: 6 }).options).toEqual({ levels: 6, ground: "black" });
    await expect(small({ levels: 6 }).extract(white(2, 2), context)).resolves.toEqual(white(2, 2));
  });

  test("is described and read from text alike", () => {
    expect(describeOptions(small)).toEqual(describeOptions(full));
    expect(describeOptions(small)).toEqual([
      { name: "levels", values: "whole number from 2 to 16", default: "4", help: "How many." },
      { name: "fine-step", values: "whole number, above 0", help: "" },
      { name: "ground", values: "black | white", default: "black", help: "" },
    ]);
    const entries = new Map([
      ["levels", "5"],
      ["fine-step", "4"],
    ]);
    expect(parseOptions(small, entries)).toEqual({ levels: 5, fineStep: 4, ground: "black" });
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
    expect(define(mini.looseObject({})).choose({ extra: 1 }).options).toEqual({ extra: 1 });
    expect(define(mini.catchall(mini.object({}), mini.number())).choose({ extra: 1 }).options).toEqual({ extra: 1 });
    for (const options of [mini.strictObject({}), mini.object({})])
      expect(await issues(() => define(options).choose({ extra: 1 }))).toEqual({
        "open.extra": "there is no such option; this condition has no options",
      });
  });
});

describe("options as text", () => {
  const parse = (entries: Record<string, string>) => parseOptions(canny, new Map(Object.entries(entries)));

  test("become typed, with the defaults filled in", () => {
    expect(parse({})).toEqual({ low: 100, high: 200, l2: false, aperture: 3, matte: "black" });
    expect(parse({ low: "99.6", high: "2e2", l2: "true", aperture: "5", matte: "white" })).toEqual({
      low: 99.6,
      high: 200,
      l2: true,
      aperture: 5,
      matte: "white",
    });
  });

  test("switch a yes-or-no option on when they are empty", () => {
    expect(parse({ l2: "" })).toMatchObject({ l2: true });
    expect(parse({ l2: "no" })).toMatchObject({ l2: false });
  });

  test("are refused when they are unknown, with the known ones", async () => {
    expect(await issues(() => parse({ lo: "5", low: "6" }))).toEqual({
      "canny.lo": "there is no such option; use low, high, l2, aperture, matte",
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

  test("may be written in kebab case, and lists as JSON", () => {
    const kind = defineCondition({
      id: "many",
      title: "Many",
      options: z.object({
        blurSize: z.int().min(1).max(9).optional(),
        mode: z.union([z.literal("auto"), z.number()]).default("auto"),
        tint: z.array(z.number()).optional(),
        name: z.string(),
      }),
      extract: (source) => source,
    });
    const entries = { "blur-size": "3", mode: "2.5", tint: "[1, 2]", name: "a b" };
    expect(parseOptions(kind, new Map(Object.entries(entries)))).toEqual({
      blurSize: 3,
      mode: 2.5,
      tint: [1, 2],
      name: "a b",
    });
    expect(describeOptions(kind)).toEqual([
      { name: "blur-size", values: "whole number from 1 to 9", help: "" },
      { name: "mode", values: "auto | number", default: "auto", help: "" },
      { name: "tint", values: "array as JSON", help: "" },
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
      ["matte", "black | white", "black"],
    ]);
    for (const { help } of options) expect(help).toMatch(/^[A-Z].+\.$/);
  });
});

describe("the built-in conditions", () => {
  test.each(builtInConditions.map((kind) => [kind.id, kind] as const))(
    "%s draws an opaque map of any size with its defaults",
    async (_, kind) => {
      for (const [width, height] of [
        [1, 1],
        [5, 1],
        [1, 5],
        [7, 6],
      ] as const) {
        const map = await kind.choose().extract(createPixels(width, height), context);
        expect([map.width, map.height]).toEqual([width, height]);
      }
    },
  );

  test("have names of their own", () => {
    const ids = builtInConditions.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids).toContain("canny");
  });
});
