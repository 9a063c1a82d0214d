import { type CallOptions, canny } from "@underdraw/engine";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import * as mini from "zod/mini";
import { Job } from "../../sdk/src/panel/state/job.ts";
import { optionForm } from "../../sdk/src/panel/state/option-form.ts";
import { createSettings, seedFrom, seedOf } from "../../sdk/src/panel/state/settings.ts";
import { stopNear, strengthAt } from "../../sdk/src/panel/state/strength.ts";
import { suggestionsFor, unknownWords } from "../../sdk/src/panel/state/suggestion.ts";
import { withText } from "../../sdk/src/panel/view/png-text.ts";
import { samplerName } from "../../sdk/src/panel/view/sampler-name.ts";
import { words } from "../../sdk/src/panel/words/en.ts";
import { cards } from "../../sdk/src/panel/words/en-cards.ts";
import { korean } from "../../sdk/src/panel/words/ko.ts";
import { speakerFor } from "../../sdk/src/panel/words/language.ts";
import { speak } from "../../sdk/src/panel/words/speak.ts";
import { plain, vocabulary } from "../browser/panel/stage-engine.ts";

const offered = (before: string): readonly string[] => suggestionsFor(vocabulary, before).map(({ title }) => title);
const taken = (before: string, title: string): string | undefined =>
  suggestionsFor(vocabulary, before).find((one) => one.title === title)?.text;

describe("suggestions", () => {
  test.each([
    ["", ["3d render emoji", "flat emoji", "shaded emoji", "cat face", "house with garden", "mushroom"]],
    ["fl", ["flat emoji"]],
    ["FL", ["flat emoji"]],
    ["flat emoji of ", ["cat face", "house with garden", "mushroom", "blue", "gray", "light blue"]],
    ["flat emoji of a hou", ["house", "house with garden"]],
    ["flat emoji of house", ["house with garden"]],
    ["flat emoji of house w", ["house with garden"]],
    ["flat emoji of li", ["light blue"]],
    ["flat emoji of apple", ["red apple"]],
    ["flat emoji of kit", ["cat"]],
    ["flat emoji of red and w", ["white"]],
    ["flat emoji of red and white ca", ["cat", "cat face"]],
    ["flat emoji of red cat on a ", ["blue", "gray", "light blue", "orange"]],
    ["flat emoji of red cat on an or", ["orange"]],
    ["ca", ["cat", "cat face"]],
    ["a photograph of a mush", ["mushroom"]],
  ])("after %j are what may stand there", (before, titles) => {
    expect(offered(before)).toEqual(titles);
  });

  test.each(["flat emoji of cat face", "flat emoji of cat face ", "mushroom", "a photograph of a mushroom", "xyz"])(
    "after %j are none",
    (before) => {
      expect(offered(before)).toEqual([]);
    },
  );

  test.each([
    ["fl", "flat emoji", "flat emoji of "],
    ["flat emoji of a hou", "house", "flat emoji of a house"],
    ["flat emoji of re", "red", "flat emoji of red "],
    ["flat emoji of red cat on a gr", "gray", "flat emoji of red cat on a gray background"],
    ["Flat emoji of kit", "cat", "Flat emoji of cat"],
  ])("after %j, %j makes the sentence go on", (before, title, text) => {
    expect(taken(before, title)).toBe(text);
  });

  test("take any model's sentences", () => {
    const other = { ...vocabulary, phrases: ["{subject} in {colour}"], styles: [] };
    expect(suggestionsFor(other, "fish in r").map(({ text }) => text)).toEqual(["fish in red"]);
    expect(suggestionsFor({ ...other, phrases: [], subjects: [], colours: [] }, "fi")).toEqual([]);
  });
});

test.each([
  ["flat emoji of two red cats on a blue background", ["two"]],
  ["flat emoji of a castle, with a dragon", ["castle", "dragon"]],
  ["the house's styles, houses and reds on grays", ["styles"]],
  ["flat emoji of a hou", []],
  ["flat emoji of a hou ", ["hou"]],
  ["고양이 emoji", ["고양이"]],
  ["", []],
])("of %j the model was not taught %j", (prompt, unknown) => {
  expect(unknownWords(vocabulary, prompt)).toEqual(unknown);
});

describe("a form", () => {
  test("is made of a condition's schema: kinds, limits, defaults and help", () => {
    const form = optionForm(canny.options);
    expect(form.map(({ name, label, preset, input }) => [name, label, preset, input])).toEqual([
      ["low", "Low", 100, { type: "number", min: 0, max: 500, step: 1, whole: false }],
      ["high", "High", 200, { type: "number", min: 0, max: 1000, step: 1, whole: false }],
      ["l2", "L2", false, { type: "switch" }],
      ["aperture", "Aperture", 3, { type: "choice", values: [3, 5, 7] }],
      ["colours", "Colours", "rgb", { type: "choice", values: ["rgb", "grey"] }],
      ["matte", "Matte", "black", { type: "choice", values: ["black", "white"] }],
    ]);
    expect(form[0]?.help).toMatch(/^How strong/);
  });

  test("knows integers, steps, optional and nested options, and names of several words", () => {
    const form = optionForm(
      z.object({
        maxLevels: z.int().min(2).max(16).default(4),
        "fine-step": z.number().min(0).max(1).multipleOf(0.25).optional(),
        gain: z.number().gt(0).lt(2).default(1),
        note: z.string().default(""),
        list: z.array(z.number()).default([1]),
        deep: z.object({ a: z.number() }).optional(),
        free: z.int(),
      }),
    );
    expect(form.map(({ label, input }) => [label, input])).toEqual([
      ["Max levels", { type: "number", min: 2, max: 16, step: 1, whole: true }],
      ["Fine step", { type: "number", min: 0, max: 1, step: 0.25, whole: false }],
      ["Gain", { type: "number", min: 0, max: 2, step: 0.01, whole: false }],
      ["Note", { type: "text" }],
      ["Free", { type: "number", min: 0, max: 1, step: 1, whole: true }],
    ]);
  });

  test("is the same for an author who writes zod/mini", () => {
    const full = z.object({
      low: z.number().min(0).default(100).describe("How strong."),
      levels: z.number().int().gt(1).max(16).prefault(4),
      side: z.int32().optional(),
      step: z.number().multipleOf(0.5).max(3).catch(1),
      on: z.boolean().default(true).readonly(),
      matte: z.enum(["black", "white"]).default("black").meta({ description: "The ground." }),
      size: z.union([z.literal([3, 5]), z.literal("auto")]).default("auto"),
      later: z.lazy(() => z.string().default("a")),
      trimmed: z.preprocess((value) => value, z.string().default("b")),
      none: z.enum(["a"]).nullable().default(null),
      mixed: z.union([z.number(), z.literal("auto")]).default("auto"),
    });
    const small = mini.object({
      low: mini._default(mini.number().check(mini.minimum(0), mini.describe("How strong.")), 100),
      levels: mini.prefault(mini.int().check(mini.gt(1), mini.maximum(16)), 4),
      side: mini.optional(mini.int32()),
      step: mini.catch(mini.number().check(mini.multipleOf(0.5), mini.maximum(3)), 1),
      on: mini.readonly(mini._default(mini.boolean(), true)),
      matte: mini._default(mini.enum(["black", "white"]), "black").check(mini.meta({ description: "The ground." })),
      size: mini._default(mini.union([mini.literal([3, 5]), mini.literal("auto")]), "auto"),
      later: mini.lazy(() => mini._default(mini.string(), "a")),
      trimmed: mini.pipe(
        mini.transform((value) => value),
        mini._default(mini.string(), "b"),
      ),
      none: mini._default(mini.nullable(mini.enum(["a"])), null),
      mixed: mini._default(mini.union([mini.number(), mini.literal("auto")]), "auto"),
    });
    const form = optionForm(small);
    expect(form).toEqual(optionForm(full));
    expect(form.map(({ name, help, preset, input }) => [name, help, preset, input])).toEqual([
      ["low", "How strong.", 100, { type: "number", min: 0, max: 500, step: 1, whole: false }],
      ["levels", "", 4, { type: "number", min: 1, max: 16, step: 1, whole: true }],
      ["side", "", undefined, { type: "number", min: -(2 ** 31), max: 2 ** 31 - 1, step: 1, whole: true }],
      ["step", "", 1, { type: "number", min: 0, max: 3, step: 0.5, whole: false }],
      ["on", "", true, { type: "switch" }],
      ["matte", "The ground.", "black", { type: "choice", values: ["black", "white"] }],
      ["size", "", "auto", { type: "choice", values: [3, 5, "auto"] }],
      ["later", "", "a", { type: "text" }],
      ["trimmed", "", "b", { type: "text" }],
    ]);
  });
});

describe("the five stops", () => {
  test("are found again by their values", () => {
    for (let stop = 1; stop <= 5; stop++) expect(stopNear(strengthAt(stop))).toEqual({ stop, exact: true });
    expect(() => strengthAt(6)).toThrow(RangeError);
  });

  test("are the nearest for exact values, and none for no effect", () => {
    expect(stopNear({ weight: 1.4, range: [0, 1] })).toEqual({ stop: 5, exact: false });
    expect(stopNear({ weight: 0.4, range: [0, 0.5] })).toEqual({ stop: 1, exact: false });
    expect(stopNear({ weight: 0, range: [0, 1] })).toEqual({ stop: 0, exact: true });
  });
});

describe("a seed", () => {
  test.each([
    ["0", 0n],
    [" 18446744073709551615 ", 2n ** 64n - 1n],
    ["18446744073709551616", null],
    ["-1", null],
    ["1.5", null],
    ["", null],
  ])("%j is read as %s", (text, seed) => {
    expect(seedFrom(text)).toBe(seed);
  });

  test("goes on from the largest to 0, and is left to chance unless it is fixed", () => {
    const settings = createSettings();
    settings.seed.value = "18446744073709551615";
    expect(seedOf(settings, 0)).toBeUndefined();
    settings.fixed.value = true;
    expect([seedOf(settings, 0), seedOf(settings, 1)]).toEqual([2n ** 64n - 1n, 0n]);
    settings.seed.value = "seven";
    expect([settings.badSeed.value, seedOf(settings, 0)]).toEqual([true, undefined]);
  });
});

test("a job tells the seconds that are left of all its pictures, by the pace of its steps", async () => {
  let now = 0;
  const job = new Job(() => now);
  const told: (number | null | undefined)[] = [];
  const part = async (_n: number, { onProgress }: CallOptions): Promise<void> => {
    for (let step = 1; step <= 4; step++) {
      now += 1500;
      onProgress?.({ phase: "denoise", fraction: step / 4, step, steps: 4 });
      told.push(job.working.value?.secondsLeft);
    }
  };
  await expect(Promise.all([job.run(2, part), job.run(1, part)])).rejects.toThrow("runs already");
  await expect.poll(() => job.busy.value).toBe(false);
  expect(told).toEqual([null, 9, 8, 6, null, 3, 2, 1]);
});

describe("words", () => {
  test("count, and write numbers as the language does", () => {
    const say = speak("en", { from: { one: "from {n} vector", other: "from {n} vectors" }, by: "by {who} {why}" });
    expect([say("from", { n: 1 }), say("from", { n: 12345 })]).toEqual(["from 1 vector", "from 12,345 vectors"]);
    expect(say("by", { who: "$& me" })).toBe("by $& me {why}");
  });

  test("are Korean where Korean is asked for, and English where nobody speaks the language", async () => {
    expect((await speakerFor("ko-KR")).say("generate")).toBe("생성");
    expect((await speakerFor("xx")).say("generate")).toBe("Generate");
    expect((await speakerFor("constructor")).tag).toBe("en");
  });

  test("stand for the same values in both languages", () => {
    const slots = (message: unknown): string[] => [...new Set(JSON.stringify(message).match(/\{\w+\}/g))].sort();
    for (const [key, message] of Object.entries(words)) {
      expect([key, slots(korean.words[key as keyof typeof words])]).toEqual([key, slots(message)]);
    }
    for (const [key, card] of Object.entries(cards)) {
      expect([key, slots(korean.cards[key as keyof typeof cards])]).toEqual([key, slots(card)]);
    }
  });
});

test("a text is put into a PNG file, and read again", async () => {
  const pixels = plain(3, 2, [10, 20, 30, 255]);
  const bytes = withText(await writePicture(pixels, { format: "png" }), "underdraw", '{"prompt":"여우 ✓"}');
  const file = await readPicture(bytes);
  expect(file.pixels).toEqual(pixels);
  expect(file.text.get("underdraw")).toBe('{"prompt":"여우 ✓"}');
});

test.each([
  ["EulerDiscreteScheduler", "Euler"],
  ["DDIMScheduler", "DDIM"],
  ["PNDMScheduler", "PNDM"],
  ["DPMSolverMultistepScheduler", "DPM++"],
  ["UniPCMultistepScheduler", "UniPC"],
  ["EulerAncestralDiscreteScheduler", "Euler a"],
  ["SomethingNew", "SomethingNew"],
])("%s is called %s", (scheduler, name) => {
  expect(samplerName(scheduler)).toBe(name);
});
