import { copyFileSync, mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseRecipe, recipeKeyword } from "@underdraw/engine";
import { readPicture } from "@underdraw/engine/pictures";
import { beforeAll, describe, expect, test } from "vitest";
import { planFromFlags } from "../../cli/src/plan.ts";
import { createProgressBar } from "../../cli/src/progress.ts";
import { said, scratch, spawned, tinyModel, underdraw } from "./command.ts";
import { house, type Layout, pngOf } from "./png.ts";

const folder = scratch();
const map = join(folder, "map.png");
writeFileSync(map, pngOf(64, 64, { colourType: 0, depth: 8 }, house));
const tiny = ["--model", tinyModel.base, "--net", tinyModel.net];

const { signal } = new AbortController();
const bar = createProgressBar({ write: () => {} });
const plan = ({ prompt = "x", ...control }: Record<string, string>) =>
  planFromFlags(
    {
      flags: new Map([["prompt", prompt]]),
      groups: [new Map(Object.entries(control))],
      loose: true,
      lists: new Map(),
    },
    { bar, signal },
  );

describe("the same drawing is the same map", () => {
  const layouts: readonly [string, Layout][] = [
    ["grey", { colourType: 0, depth: 8 }],
    ["grey with alpha", { colourType: 4, depth: 8 }],
    ["RGB", { colourType: 2, depth: 8 }],
    ["RGBA", { colourType: 6, depth: 8 }],
    ["a palette", { colourType: 3, depth: 8 }],
    ["16 bits of grey", { colourType: 0, depth: 16 }],
    ["16 bits of RGBA", { colourType: 6, depth: 16 }],
  ];

  test.each(layouts)("in %s", async (name, layout) => {
    const path = join(folder, `${name}.png`);
    writeFileSync(path, pngOf(64, 64, layout, house));
    const { controls } = await plan({ map: path, prompt: "x" });
    expect(controls).toEqual((await plan({ map, prompt: "x" })).controls);
  });

  test("in dark strokes on white or on nothing, with --invert", async () => {
    const wanted = (await plan({ map, prompt: "x" })).controls;
    const white = join(folder, "dark on white.png");
    writeFileSync(
      white,
      pngOf(64, 64, { colourType: 0, depth: 8 }, (x, y) => 255 - house(x, y)),
    );
    expect((await plan({ map: white, invert: "", prompt: "x" })).controls).toEqual(wanted);
    const nothing = join(folder, "dark on nothing.png");
    writeFileSync(
      nothing,
      pngOf(64, 64, { colourType: 6, depth: 8 }, () => 0, house),
    );
    expect((await plan({ map: nothing, invert: "", prompt: "x" })).controls).toEqual(wanted);
  });
});

describe("the pack's picture", () => {
  const place = mkdtempSync(join(folder, "pack-"));
  const source = join(place, "source.png");
  writeFileSync(
    source,
    pngOf(256, 256, { colourType: 0, depth: 8 }, (x, y) => house(x >> 2, y >> 2)),
  );
  const [first, again] = [join(place, "first.png"), join(place, "again.png")];
  const prompt = "flat emoji of a RED apple 🍎";
  const report: Record<string, unknown>[] = [];

  beforeAll(async () => {
    const from = ["--from", source, "--condition", "canny,low=50", "--save-map", join(place, "edges.png")];
    for (const argv of [
      [...from, "--prompt", prompt, "--seed", "18446744073709551615", "--steps", "2", "--out", first],
      ["--recipe", first, "--out", again],
    ]) {
      const outcome = await underdraw(["draw", ...argv, "--json"]);
      expect([outcome.code, said(outcome)]).toEqual([0, ""]);
      report.push(JSON.parse(outcome.stdout));
    }
  });

  test("is told as one JSON object, its seed exact", () => {
    expect(report[0]).toEqual({
      file: first,
      maps: [join(place, "edges.png")],
      width: 256,
      height: 256,
      seed: "18446744073709551615",
      steps: 2,
      guidance: expect.any(Number),
      scheduler: "DDIMScheduler",
      activeSteps: [[0, 1]],
      model: "model-mini",
      conditions: ["canny"],
      nets: ["lines"],
      fidelity: [expect.objectContaining({ measure: "line-f1", condition: "canny" })],
      reused: { text: [], maps: [], steps: 0, picture: false },
      warnings: [],
      device: { provider: "cpu", precision: "float32", about: expect.any(String), fallback: null },
      seconds: Object.fromEntries(
        ["cold", "warm", "read", "load", "encode", "denoise", "decode", "measure", "write"].map((stage) => [
          stage,
          expect.any(Number),
        ]),
      ),
    });
    const seconds = report[0]?.["seconds"] as Record<string, number>;
    expect(Math.min(...Object.values(seconds))).toBeGreaterThanOrEqual(0);
    expect(seconds["warm"]).toBeLessThan(seconds["cold"] as number);
  });

  test("has the map that was seen beside it", async () => {
    await underdraw(["map", "canny", source, join(place, "map.png"), "--low", "50"]);
    expect(readFileSync(join(place, "edges.png"))).toEqual(readFileSync(join(place, "map.png")));
  });

  test("is drawn again from its recipe, byte for byte", () => {
    expect(readFileSync(again).equals(readFileSync(first))).toBe(true);
  });

  test("holds a recipe without a path or a time", async () => {
    const { text } = await readPicture(readFileSync(first));
    const json = text.get(recipeKeyword) ?? "";
    expect(parseRecipe(json, first)).toMatchObject({
      prompt,
      seed: "18446744073709551615",
      steps: 2,
      controls: [{ condition: "canny", net: { name: "lines" }, weight: 1, range: [0, 1] }],
    });
    expect(json).not.toContain(folder);
    expect(json).not.toMatch(/second|date|time|\d{4}-\d\d-\d\d/i);
  });
});

describe("what is done to a request is said", () => {
  const place = mkdtempSync(join(folder, "said-"));
  const dark = join(place, "dark.png");
  writeFileSync(
    dark,
    pngOf(64, 64, { colourType: 0, depth: 8 }, (x, y) => 255 - house(x, y)),
  );
  const common = ["--map", dark, "--steps", "2", "--size", "60x52", "--seed", "0", ...tiny];
  let codes: readonly string[] = [];
  let seed: unknown;
  let words = "";

  async function draw(name: string, ...flags: readonly string[]) {
    const outcome = await underdraw(["draw", ...common, ...flags, "--out", join(place, name), "--json"]);
    expect(outcome.code).toBe(0);
    return { told: JSON.parse(outcome.stdout), words: said(outcome) };
  }

  beforeAll(async () => {
    const long = Array.from({ length: 80 }, () => "apple").join(" ");
    const drawn = await draw("range.png", "--prompt", long, "--prompt-syntax", "plain", "--range", "0.1,0.2");
    codes = drawn.told.warnings.map(({ code }: { code: string }) => code);
    seed = drawn.told.seed;
    words = drawn.words;
  });

  test("a size between two that the model draws: drawn larger and cut back", async () => {
    expect(codes).toContain("size-rounded");
    const { pixels } = await readPicture(readFileSync(join(place, "range.png")));
    expect([pixels.width, pixels.height]).toEqual([60, 52]);
  });

  test("a map of another size", () => {
    expect(codes).toContain("map-resized");
    expect(words).toMatch(/warning: The map of 64x64 .* 60x52/);
  });

  test("a map that looks inverted, with the flag that helps", () => {
    expect(codes).toContain("map-inverted");
    expect(words).toMatch(/warning: The map looks like dark lines .*--invert/);
  });

  test("a prompt longer than the model reads, where it is plain: with weights it goes on", async () => {
    expect(codes).toContain("prompt-cut");
    const long = Array.from({ length: 80 }, () => "apple").join(" ");
    const { told } = await draw("long.png", "--prompt", long);
    expect(told.warnings.map(({ code }: { code: string }) => code)).not.toContain("prompt-cut");
  });

  test("the seed 0, which is a seed", () => {
    expect(seed).toBe(0);
  });

  test("a range that no step fits, which equals weight 0", async () => {
    expect(codes).toContain("control-inactive");
    const { told } = await draw(
      "weight.png",
      "--prompt",
      Array.from({ length: 80 }, () => "apple").join(" "),
      ...["--prompt-syntax", "plain", "--weight", "0"],
    );
    expect(told.activeSteps).toEqual([[]]);
    const [range, weight] = await Promise.all(
      ["range.png", "weight.png"].map(async (name) => (await readPicture(readFileSync(join(place, name)))).pixels),
    );
    expect(weight).toEqual(range);
  });
});

describe("the real command", () => {
  const place = mkdtempSync(join(folder, "real-"));
  copyFileSync(map, join(place, "map.png"));
  const model = tiny.map((word) => (word.startsWith("--") ? word : join(process.cwd(), word)));
  const argv = ["draw", "--map", "map.png", "--size", "32x32", ...model];

  test("takes on 1000 steps, stops within one at Ctrl-C with code 130, and leaves no file", async () => {
    const stopped = await spawned([...argv, "--prompt", "x", "--steps", "1000"], {
      cwd: place,
      interruptAt: /step \d+ of 1000/,
    });
    expect([stopped.code, stopped.stdout, said(stopped)]).toEqual([
      130,
      "",
      "underdraw: Stopped. Nothing was written.",
    ]);
    expect(readdirSync(place)).toEqual(["map.png"]);
  });

  test("writes underdraw.png where it is run, with one step and a guidance that does not act", async () => {
    const flags = ["--prompt", "x", "--negative", "y", "--guidance", "0.5", "--steps", "1", "--seed", "3"];
    const done = await spawned([...argv, ...flags], { cwd: place });
    expect(done.code).toBe(0);
    expect(done.stdout).toMatch(
      /^underdraw\.png: 32x32, seed 3, \d+\.\d s cold, \d+\.\d s warm\ncanny: 0\.\d\d of edges met \(chance 0\.\d\d\).*\n$/,
    );
    expect(said(done)).toMatch(/warning: With guidance 0\.5 the negative prompt has no say/);
    expect(readdirSync(place).sort()).toEqual(["map.png", "underdraw.png"]);
  });

  test("draws a recipe with another model, which is said, and writes JPEG, which keeps no recipe", async () => {
    const out = join(place, "other.jpg");
    const recipe = join(place, "underdraw.png");
    const outcome = await underdraw([
      "draw",
      "--recipe",
      recipe,
      "--net",
      "lines",
      "--size",
      "64x64",
      "--out",
      out,
      "--json",
    ]);
    expect(outcome.code).toBe(0);
    expect(said(outcome)).toMatch(/warning: The recipe was made with another "base" than the "model-mini"/);
    expect(said(outcome)).toMatch(/warning: The recipe was made with another "canny" than the "lines"/);
    expect(said(outcome)).toContain(`note: ${out} keeps no recipe`);
    expect(JSON.parse(outcome.stdout)).toMatchObject({ width: 64, height: 64, seed: 3, steps: 1, guidance: 0.5 });
    expect((await readPicture(readFileSync(out))).format).toBe("jpeg");
  });
});

test("WebGPU that is asked for draws, or the reason why it is missing is told with what to do instead", async () => {
  const place = mkdtempSync(join(folder, "gpu-"));
  const outcome = await underdraw([
    "draw",
    "--map",
    map,
    "--prompt",
    "x",
    "--steps",
    "1",
    "--size",
    "32x32",
    "--device",
    "webgpu",
    "--out",
    join(place, "a.png"),
    ...tiny,
    "--json",
  ]);
  const told = JSON.parse(outcome.stdout);
  if (outcome.code === 0) expect(told.device.provider).toBe("webgpu");
  else {
    expect([outcome.code, told.error.code]).toEqual([1, "webgpu-unavailable"]);
    expect(said(outcome)).toMatch(/^underdraw: .*WebGPU.*(CPU|cpu)/);
    expect(readdirSync(place)).toEqual([]);
  }
});

test("the doctor finds that this machine can draw, and tells what it has", async () => {
  const outcome = await underdraw(["doctor", "--json"]);
  expect(outcome.code).toBe(0);
  expect(JSON.parse(outcome.stdout)).toMatchObject({
    canDraw: true,
    node: { works: true, about: process.versions.node },
    processor: { works: true, threads: expect.any(Number) },
    memory: { works: true },
    cpu: { works: true, precision: "float32" },
    webgpu: { works: expect.any(Boolean), about: expect.stringMatching(/\w/) },
    "model pack": { works: true, problems: [] },
  });
});

describe("the bar", () => {
  test("is written over on a terminal, never goes back, and is gone in the end", () => {
    let text = "";
    const shown = createProgressBar({ isTTY: true, columns: 80, write: (more) => (text += more) });
    const part = shown.part(0.5, 1);
    part({ phase: "decode", fraction: 1 });
    shown.part(0, 0.5)({ phase: "decode", fraction: 1 });
    shown.end();
    expect(text).toContain("100%  finishing");
    expect(text).not.toContain(" 50%");
    expect(text).not.toContain("\n");
    expect(text.endsWith("\r\u001b[K")).toBe(true);
  });

  test("is a line for each stage or tenth elsewhere", () => {
    let text = "";
    const part = createProgressBar({ write: (more) => (text += more) }).part(0, 1);
    for (let step = 1; step <= 100; step++) part({ phase: "denoise", fraction: step / 100, step, steps: 100 });
    expect(text.split("\n").length).toBeLessThanOrEqual(13);
    expect(text).toContain(" 50%  drawing, step 50 of 100\n");
  });
});
