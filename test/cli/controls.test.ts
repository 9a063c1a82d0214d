import { cpSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { canny, Engine, type GenerateRequest, parseRecipe, recipeKeyword } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { readPicture } from "@underdraw/engine/pictures";
import { miniVocabulary } from "@underdraw/model-mini/node";
import { beforeAll, describe, expect, test } from "vitest";
import { parseArguments } from "../../cli/src/arguments.ts";
import type { Flag } from "../../cli/src/command.ts";
import { mapFlags, strengthFlags } from "../../cli/src/control-flags.ts";
import { inWords } from "../../cli/src/draw-report.ts";
import { fidelityInWords } from "../../cli/src/fidelity-words.ts";
import { planFromFlags } from "../../cli/src/plan.ts";
import { createProgressBar } from "../../cli/src/progress.ts";
import { hintFrom } from "../../cli/src/prompt-hint.ts";
import { said, scratch, tinyModel, underdraw } from "./command.ts";
import { house, pngOf } from "./png.ts";

const folder = scratch();
const gray = { colourType: 0, depth: 8 } as const;
const file = (name: string, bytes: Buffer): string => {
  writeFileSync(join(folder, name), bytes);
  return join(folder, name);
};
const lines = file("lines.png", pngOf(64, 64, gray, house));
const depth = file(
  "depth.png",
  pngOf(64, 64, gray, (x, y) => Math.max(0, 200 - 4 * Math.hypot(x - 32, y - 36))),
);
const left = file(
  "left.png",
  pngOf(64, 64, gray, (x) => (x < 32 ? 255 : 0)),
);
const inAlpha = file(
  "in-alpha.png",
  pngOf(
    64,
    64,
    { colourType: 6, depth: 8 },
    () => 0,
    (x) => (x < 32 ? 255 : 0),
  ),
);
const nets = { canny: tinyModel.net, depth: "test/golden/parity/two-controls/controlnets/depth" };
const common = ["--model", tinyModel.base, "--prompt", "a house", "--seed", "3", "--steps", "3", "--size", "64x64"];

const { signal } = new AbortController();
const bar = createProgressBar({ write: () => {} });
const flags: readonly Flag[] = [...mapFlags, ...strengthFlags, { name: "prompt", value: "TEXT", help: "" }];
const plan = (...argv: readonly string[]) =>
  planFromFlags(parseArguments([...argv, "--prompt", "x"], flags), { bar, signal });

/** Draws, and gives what was told as JSON and what was said. */
async function drawn(...argv: readonly string[]) {
  const outcome = await underdraw(["draw", ...argv, "--json"]);
  expect([outcome.code, outcome.code === 0 ? "" : said(outcome)]).toEqual([0, ""]);
  return { told: JSON.parse(outcome.stdout), words: said(outcome) };
}

describe("the flags of a control", () => {
  test("belong to the --control before them, and before the first to the first", () => {
    const of = (...argv: readonly string[]) =>
      parseArguments(argv, flags).groups.map((group) => Object.fromEntries(group));
    const two = [
      { map: "a", weight: "1" },
      { map: "b", invert: "" },
    ];
    expect(of("--map", "a", "--weight", "1", "--control", "--map", "b", "--invert")).toEqual(two);
    expect(of("--control", "--map", "a", "--weight=1", "--control", "--invert", "--map", "b")).toEqual(two);
    expect(of("--prompt", "x")).toEqual([]);
    expect(of("--control", "--control", "--weight", "2")).toEqual([{}, { weight: "2" }]);
  });

  test("that belong to the picture may stand anywhere", () => {
    const given = parseArguments(["--control", "--map", "a", "--prompt", "x", "--weight", "1"], flags);
    expect(given.flags).toEqual(
      new Map([
        ["control", ""],
        ["prompt", "x"],
      ]),
    ); // prettier-ignore
    expect(Object.fromEntries(given.groups[0] ?? [])).toEqual({ map: "a", weight: "1" });
  });

  test("all reach the request", async () => {
    const { controls } = await plan(
      ...["--map", lines, "--weight", "1.5", "--range", "0.1,0.9", "--curve", "0:1,.5:.3", "--layers", "softness=0.25"],
      ...["--halves", "1,0.5", "--mask", left, "--resize", "thin"],
      ...["--control", "--map", depth, "--net", "depth", "--layers", "1,2,3.5"],
    );
    expect(controls[0]?.control).toEqual({
      map: { condition: "lines", pixels: (await readPicture(readFileSync(lines))).pixels },
      weight: 1.5,
      range: [0.1, 0.9],
      curve: [
        [0, 1],
        [0.5, 0.3],
      ],
      layers: { softness: 0.25 },
      halves: [1, 0.5],
      mask: (await readPicture(readFileSync(left))).pixels,
      resize: "thin",
    });
    expect(controls[1]).toMatchObject({ condition: "depth", net: "depth", control: { layers: [1, 2, 3.5] } });
  });

  test.each([
    ["balanced", { halves: [1, 1] }],
    ["prompt", { layers: "soft", halves: [1, 1] }],
    ["control", { layers: "soft", halves: [1, 0] }],
    ["guess", { layers: "logspace", halves: [1, 0] }],
    ["resolution", { layers: "resolution", halves: [1, 0] }],
  ])("the mode %s is its layers and halves, and a flag beside it has the last word", async (preset, wanted) => {
    const settings = async (...argv: readonly string[]) => {
      const { control } = (await plan("--map", lines, "--preset", preset, ...argv)).controls[0] ?? {};
      const { map: _map, ...others } = control ?? {};
      return others;
    };
    expect(await settings()).toEqual(wanted);
    expect(await settings("--halves", "0.5,0.5")).toEqual({ ...wanted, halves: [0.5, 0.5] });
  });

  test("a mask in a file's opacity is the same as one in white", async () => {
    const [white, opaque] = await Promise.all([
      plan("--map", lines, "--mask", left),
      plan("--map", lines, "--mask", inAlpha, "--mask-alpha"),
    ]);
    expect(opaque.controls[0]?.control.mask).toEqual(white.controls[0]?.control.mask);
    const forgotten = await plan("--map", lines, "--mask", inAlpha);
    expect(forgotten.warnings).toMatchObject([
      { code: "mask-in-alpha", remedy: expect.stringContaining("--mask-alpha") },
    ]);
    expect([...white.warnings, ...opaque.warnings]).toEqual([]);
  });

  test("a condition that looks with a model says whose file is missing, and by which flag it comes", async () => {
    await expect(plan("--from", lines, "--condition", "depth-anything")).rejects.toMatchObject({
      code: "model-unknown",
      message: expect.stringMatching(/Depth Anything V2 .*https:.*--detector FILE\.$/),
    });
  });
});

describe("two controls", () => {
  const place = mkdtempSync(join(folder, "two-"));
  const out = join(place, "two.png");
  const first = ["--control", "--from", lines, "--condition", "canny", "--net", nets.canny, "--weight", "0.8"];
  const second = ["--control", "--map", depth, "--net", nets.depth, "--range", "0,0.7", "--curve", "0:1,1:0.5"];
  const more = ["--mask", left, "--save-map", join(place, "depth.png"), "--influence", join(place, "where.png")];
  let told: Record<string, never>;
  let words: string;

  beforeAll(async () => {
    ({ told, words } = await drawn(...common, ...first, ...second, ...more, "--out", out));
  });

  test("are told by condition, net and the steps in which they acted", () => {
    expect(told).toMatchObject({
      conditions: ["canny", "depth"],
      nets: ["canny", "depth"],
      activeSteps: [
        [0, 1, 2],
        [0, 1],
      ],
      maps: [null, join(place, "depth.png")],
      reused: { text: [], maps: [], steps: 0, picture: false },
    });
    expect(words).toContain(`${left}: the control acts where this is white: 50 % of it.`);
  });

  test("are measured by what each shows", () => {
    expect(told["fidelity"]).toMatchObject([{ measure: "line-f1" }, { measure: "rank-correlation" }]);
  });

  test("draw what the engine draws", async () => {
    await using engine = new Engine();
    await using pipeline = await engine.load({
      base: nodeFolder(tinyModel.base),
      nets: { canny: nodeFolder(nets.canny), depth: nodeFolder(nets.depth) },
    });
    const read = async (path: string) => (await readPicture(readFileSync(path))).pixels;
    const request: GenerateRequest = {
      prompt: "a house",
      seed: 3,
      steps: 3,
      width: 64,
      height: 64,
      controls: [
        { map: await engine.extract(canny(), await read(lines)), net: "canny", weight: 0.8 },
        {
          map: { condition: "depth", pixels: await read(depth) },
          net: "depth",
          range: [0, 0.7],
          curve: [
            [0, 1],
            [1, 0.5],
          ],
          mask: await read(left),
        },
      ],
    };
    const result = await pipeline.generate(request, { influence: true });
    expect((await read(out)).data).toEqual(result.pixels.data);
    const maps = result.influence?.controls.map((one) => one?.map.data);
    expect([(await read(join(place, "where-1.png"))).data, (await read(join(place, "where-2.png"))).data]).toEqual(
      maps,
    );
    expect(told["influence"]).toEqual({
      controls: result.influence?.controls.map(
        (one, at) =>
          one && { file: join(place, `where-${at + 1}.png`), mean: one.mean, most: one.most, steps: one.steps },
      ),
      conflicts: result.influence?.conflicts,
    });
  });

  test("come back from the recipe, byte for byte, with flags in place of what it says in order", async () => {
    const named = ["--model", tinyModel.base, "--control", "--net", nets.canny, "--control", "--net", nets.depth];
    const again = join(place, "again.png");
    await drawn("--recipe", out, ...named, "--out", again);
    expect(readFileSync(again).equals(readFileSync(out))).toBe(true);
    expect(await underdraw(["diff", out, again])).toEqual({
      code: 0,
      stdout: "The recipes are the same.\n",
      stderr: "",
    });

    const other = join(place, "other.png");
    await drawn("--recipe", out, ...named, "--weight", "0.25", "--preset", "guess", "--seed", "4", "--out", other);
    const { text } = await readPicture(readFileSync(other));
    expect(parseRecipe(text.get(recipeKeyword) ?? "", other).controls).toMatchObject([
      { weight: 0.8, layers: null, halves: [1, 1] },
      { weight: 0.25, layers: "logspace", halves: [1, 0], range: [0, 0.7], mask: expect.any(String) },
    ]);
    const { code, stdout } = await underdraw(["diff", out, other, "--json"]);
    expect([code, JSON.parse(stdout).changes.map(({ path }: { path: string }) => path)]).toEqual([
      1,
      ["controls.1.weight", "controls.1.layers", "controls.1.halves", "seed"],
    ]);
    expect((await underdraw(["diff", out, other])).stdout).toContain("Seed 3 → 4\n");
  });

  test("of a recipe are not changed by flags for a third", async () => {
    const outcome = await underdraw(["draw", "--recipe", out, "--control", "--control", "--control", "--weight", "1"]);
    expect([outcome.code, said(outcome)]).toEqual([
      2,
      expect.stringContaining("has 2 controls, and the flags change 3"),
    ]);
  });

  test("of a recipe write their influence beside the picture, and nothing but a picture in the recipe's place", async () => {
    const refusal = async (...argv: readonly string[]) => {
      const outcome = await underdraw(["draw", "--recipe", out, ...argv]);
      return [outcome.code, said(outcome)];
    };
    const [first, where] = [join(place, "where-1.png"), join(place, "where.png")];
    expect(await refusal("--influence", where, "--out", first)).toEqual([
      2,
      expect.stringContaining(`"${first}" is the place of another result`),
    ]);
    expect(await refusal("--save-map", out, "--out", join(place, "again.png"))).toEqual([
      2,
      expect.stringContaining("would be overwritten"),
    ]);
  });

  test("with more layers than the net has are refused before anything is drawn", async () => {
    const layers = ["--layers", Array.from({ length: 14 }, () => 1).join(",")];
    const outcome = await underdraw(["draw", ...common, ...first, ...layers, "--out", join(place, "layers.png")]);
    expect([outcome.code, said(outcome)]).toEqual([2, expect.stringMatching(/controls\.0\.layers: .*not 14/)]);
    expect(readdirSync(place)).not.toContain("layers.png");
  });
});

test("controls that pull against each other are told on stderr and in the object", async () => {
  const place = mkdtempSync(join(folder, "against-"));
  const opposite = join(place, "opposite");
  cpSync(tinyModel.net, opposite, { recursive: true });
  negateOutputs(join(opposite, "diffusion_pytorch_model.safetensors"));
  const { told, words } = await drawn(
    ...[...common, "--control", "--map", lines, "--net", tinyModel.net, "--control", "--map", lines, "--net", opposite],
    ...["--influence", join(place, "where.png"), "--out", join(place, "a.png")],
  );
  expect(told.influence.conflicts).toEqual([
    {
      controls: [0, 1],
      cosine: expect.closeTo(-1, 4),
      message: expect.stringMatching(/^Controls 1 and 2 pull against/),
    },
  ]);
  expect(words).toContain("warning: Controls 1 and 2 pull against each other (cosine -1.00)");
});

/** Turns the sign of all that a net gives. */
function negateOutputs(path: string): void {
  const bytes = readFileSync(path);
  const start = 8 + Number(bytes.readBigUInt64LE(0));
  const table: Record<string, { dtype: string; data_offsets: [number, number] }> = JSON.parse(
    bytes.toString("utf8", 8, start),
  );
  for (const [name, { dtype, data_offsets: [from, to] = [0, 0] }] of Object.entries(table)) {
    if (!/^controlnet_(down_blocks|mid_block)/.test(name)) continue;
    const size = dtype === "F32" ? 4 : 2;
    // The sign is the highest bit of the last byte.
    for (let at = start + from + size - 1; at < start + to; at += size)
      bytes.writeUInt8((bytes[at] as number) ^ 128, at);
  }
  writeFileSync(path, bytes);
}

describe("a picture to begin with", () => {
  test("runs the share of the steps that its strength says, and comes back from the recipe", async () => {
    const place = mkdtempSync(join(folder, "init-"));
    const control = ["--map", lines, "--net", nets.canny];
    const init = ["--init", depth, "--strength", "0.7", "--mask", left, "--guidance-rescale", "0.5"];
    const [out, again] = [join(place, "a.png"), join(place, "b.png")];
    const { told } = await drawn(...common, ...control, ...init, "--out", out);
    expect(told.activeSteps).toEqual([[0, 1]]);
    const { text } = await readPicture(readFileSync(out));
    expect(parseRecipe(text.get(recipeKeyword) ?? "", out)).toMatchObject({
      init: { strength: 0.7, mask: expect.any(String) },
      guidanceRescale: 0.5,
    });
    await drawn("--recipe", out, "--model", tinyModel.base, "--net", nets.canny, "--out", again);
    expect(readFileSync(again).equals(readFileSync(out))).toBe(true);
    const { told: longer } = await drawn(
      ...["--recipe", out, "--model", tinyModel.base, "--net", nets.canny, "--strength", "1", "--out", again],
    );
    expect(longer.activeSteps).toEqual([[0, 1, 2]]);
  });
});

describe("choosing by what is measured", () => {
  const place = mkdtempSync(join(folder, "choice-"));
  const control = ["--map", lines, "--net", nets.canny];

  test("the best of several is the picture of its seed", async () => {
    const [best, alone] = [join(place, "best.png"), join(place, "alone.png")];
    const { told } = await drawn(...common, ...control, "--count", "3", "--out", best);
    expect(told.tries.map(({ seed }: { seed: number }) => seed).sort()).toEqual([3, 4, 5]);
    const gains: readonly number[] = told.tries.map(({ gain }: { gain: number }) => gain);
    expect(gains).toEqual([...gains].sort((one, other) => other - one));
    expect([told.seed, told.fidelity[0].gain]).toEqual([told.tries[0].seed, gains[0]]);
    const seeded = common.map((word, at) => (common[at - 1] === "--seed" ? String(told.seed) : word));
    await drawn(...seeded, ...control, "--out", alone);
    expect(readFileSync(best).equals(readFileSync(alone))).toBe(true);
  });

  test("a weight is raised until the target, and the recipe keeps the one that was taken", async () => {
    const out = join(place, "target.png");
    const { told } = await drawn(...common, ...control, "--weight", "0.5", "--target", "0", "--out", out);
    const reached = told.tries.findIndex(({ gain }: { gain: number }) => gain >= 0);
    expect(told.tries.map(({ weight }: { weight: number }) => weight)).toEqual(
      [0.5, 1, 1.5, 2].slice(0, reached < 0 ? 4 : reached + 1),
    );
    const taken = told.tries.find(({ gain }: { gain: number }) => gain === told.fidelity[0].gain);
    const { text } = await readPicture(readFileSync(out));
    expect(parseRecipe(text.get(recipeKeyword) ?? "", out).controls[0]?.weight).toBe(taken.weight);
  });

  test("a target that no weight reaches is said, and the best is taken", async () => {
    const out = join(place, "missed.png");
    const { told, words } = await drawn(...common, ...control, "--weight", "1.4", "--target", "1", "--out", out);
    expect(told.tries).toHaveLength(4);
    expect(told.fidelity[0].gain).toBe(Math.max(...told.tries.map(({ gain }: { gain: number }) => gain)));
    expect(words).toMatch(/warning: Control 1 did not reach 1: the best of 4 weights reached -?0\.\d\d/);
  });

  test("without a measure nothing is measured, and a control that does not act says so", async () => {
    const flags = ["draw", ...common, ...control, "--out", join(place, "none.png")];
    const { stdout } = await underdraw([...flags, "--no-measure"]);
    expect(stdout.split("\n")).toHaveLength(2);
    expect((await underdraw([...flags, "--weight", "0"])).stdout).toMatch(/\ncanny: did not act\n$/);
  });
});

test("a warning is told with the flag that helps", () => {
  const inverted = { code: "map-inverted", message: "The map looks inverted." };
  expect(inWords(inverted)).toBe("The map looks inverted. --invert does that.");
  expect(inWords({ code: "size-rounded", message: "It was cut.", remedy: "Round it." })).toBe("It was cut. Round it.");
});

test("how well a map is followed is told in the measure's words, beside chance", () => {
  const one = { value: 0.714, chance: 0.25, better: "higher", condition: "canny", gain: 0.62 } as const;
  expect(fidelityInWords({ ...one, measure: "line-f1" })).toBe("0.71 of edges met (chance 0.25)");
  expect(fidelityInWords({ ...one, measure: "colour-distance", value: 13.41, chance: 44.5, better: "lower" })).toBe(
    "colours 13.4 apart in Lab (chance 44.5)",
  );
  expect(fidelityInWords({ ...one, measure: "my own" })).toBe("my own 0.71 (chance 0.25)");
  expect(fidelityInWords({ ...one, measure: "line-f1", gain: 0.02 })).toMatch(
    /: hardly followed; more --weight or --steps may help$/,
  );
  expect(fidelityInWords({ ...one, measure: "line-f1", value: 1, chance: 1, gain: 0 })).toBe(
    "1.00 of edges met (chance 1.00): any picture would do, so it shows nothing",
  );
});

describe("words that the pack was not taught", () => {
  test.each([
    ["flat emoji of a castle", null],
    ["The cat's red apples and cherries, on a white background", null],
    ["a castel", '"castel"; it knows castle and japanese castle'],
    ["zqxjk and vbnmw", '"zqxjk" and "vbnmw"; it knows 1155 other things, such as cat'],
    ["ein roter Apfel", '"ein", "roter" and "apfel"'],
  ])("in %j are told with what it knows", async (prompt, hint) => {
    const found = hintFrom(await miniVocabulary(), prompt);
    if (hint === null) expect(found).toBeNull();
    else expect(found?.message).toContain(`The pack has seen no drawing of ${hint}`);
  });

  test("are a note and no failure, and only with the pack", async () => {
    const place = mkdtempSync(join(folder, "hint-"));
    const flags = ["--map", lines, "--prompt", "a parliament", "--steps", "1", "--size", "64x64", "--seed", "1"];
    const pack = await drawn(...flags, "--no-measure", "--out", join(place, "pack.png"));
    expect(pack.words).toMatch(/note: The pack has seen no drawing of "parliament"; it knows .*flat emoji of/);
    expect(pack.told.warnings).toContainEqual(expect.objectContaining({ code: "prompt-unknown" }));
    const model = ["--model", tinyModel.base, "--net", tinyModel.net];
    expect((await drawn(...flags, ...model, "--out", join(place, "other.png"))).words).not.toContain("The pack");
  });
});

describe("underdraw diff", () => {
  test("refuses a picture without a recipe", async () => {
    const outcome = await underdraw(["diff", lines, lines]);
    expect(outcome).toMatchObject({ code: 1, stdout: "", stderr: expect.stringContaining("it holds no recipe") });
  });
});
