import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { nearest, parseArguments } from "../../cli/src/arguments.ts";
import { failureOf, stackOf } from "../../cli/src/failure.ts";
import { rangeFrom, seedFrom, sizeFrom } from "../../cli/src/values.ts";
import { said, scratch, spawned, underdraw } from "./command.ts";
import { house, pngOf } from "./png.ts";

const folder = scratch();
const map = join(folder, "map.png");
writeFileSync(map, pngOf(64, 64, { colourType: 0, depth: 8 }, house));
const out = join(folder, "out.png");

describe("help", () => {
  test("without a command all commands are told, and that is wrong usage", async () => {
    const { code, stdout, stderr } = await underdraw([]);
    expect([code, stdout]).toEqual([2, ""]);
    for (const name of ["draw", "map", "train", "diff", "inspect", "fetch", "models", "doctor"])
      expect(stderr).toContain(`\n  ${name} `);
  });

  test.each(["draw", "map", "train", "diff", "inspect", "fetch", "models", "doctor"])(
    "%s --help tells each flag and examples, on stdout",
    async (name) => {
      const { code, stdout, stderr } = await underdraw([name, "--help"]);
      expect([code, stderr]).toEqual([0, ""]);
      expect(stdout).toContain("Usage:");
      expect(stdout).toMatch(new RegExp(`Examples:\n {2}underdraw ${name}`));
      expect(await underdraw(["help", name])).toMatchObject({ code: 0, stdout });
    },
  );

  test("the examples of the help are command lines that the parser takes", async () => {
    const { stdout } = await underdraw(["draw", "--help"]);
    const examples = stdout.split("Examples:\n")[1]?.trim().split("\n") ?? [];
    expect(examples.length).toBeGreaterThan(3);
    for (const example of examples) {
      const words = Array.from(example.matchAll(/"([^"]*)"|(\S+)/g), ([, quoted, plain]) => quoted ?? plain ?? "");
      // Far enough to read all flags: the first file that is missing ends it. Whoever tried the examples has the files.
      const inputs = ["--map", "--from", "--recipe"];
      const missing = words.map((word, n) => (inputs.includes(words[n - 1] ?? "") ? `nowhere/${word}` : word));
      const { stderr } = await underdraw(missing.slice(1));
      expect(stderr).toMatch(/there is no such file|No model lies at/);
    }
  });

  test("help is given even where the rest of the line is wrong", async () => {
    expect(await underdraw(["draw", "--nonsense", "-h"])).toMatchObject({ code: 0 });
  });

  test("the version is the package's", async () => {
    const { version } = JSON.parse(readFileSync("cli/package.json", "utf8"));
    expect(await underdraw(["--version"])).toMatchObject({ code: 0, stdout: `underdraw ${version}\n` });
  });
});

describe("what is mistyped", () => {
  test.each([
    [["drwa"], 'There is no command "drwa". Did you mean draw?'],
    [["paint"], 'There is no command "paint". There are draw, map, train, diff, inspect, fetch, models, doctor.'],
    [["draw", "--pormpt", "x"], "There is no --pormpt. Did you mean --prompt?"],
    [["draw", "--neg", "x"], "There is no --neg. Did you mean --negative?"],
    [["draw", "--map"], "--map needs a value: --map FILE."],
    [["draw", "--map", "--prompt", "x"], "--map needs a value"],
    [["draw", "--seed", "1", "--seed", "2"], "--seed is given twice"],
    [["draw", "--json=yes"], "--json takes no value"],
    [["draw", "fox"], 'draw has no place for "fox"'],
    [["map", "canny"], "map needs a source"],
    [["map", "cany", map, out], 'There is no condition "cany". Did you mean canny?'],
    [["map", "canny", map, out, "more"], 'map has no place for "more"'],
    [["map", "canny", map, out, "--aperture", "4"], '"4" is not one of 3 | 5 | 7'],
    [["map", "canny", map, out, "--lwo", "4"], "There is no --lwo. Did you mean --low?"],
    [["map", "canny", map, join(folder, "out.jpg")], "must end in .png"],
    [["diff", map], "diff needs two pictures"],
    [["diff", map, map, map], "diff compares two pictures"],
    [["inspect"], "inspect needs a model"],
    [["inspect", "a", "b"], "looks at one model"],
    [["doctor", "who"], 'doctor has no place for "who"'],
    [["fetch"], "fetch needs an address"],
    [["fetch", "ink.safetensors"], '"ink.safetensors" is no address'],
    [["fetch", "hf:owner/name", "hf:owner/other"], "is one more"],
    [["fetch", "hf:owner/name", "--sha256", "abc"], "--sha256 must be 64 hex digits"],
    [["models", "all"], 'models has no place for "all"'],
  ])("%j is answered with the nearest that is right, and code 2", async (argv, answer) => {
    const outcome = await underdraw(argv);
    expect(outcome.code).toBe(2);
    expect(said(outcome)).toContain(answer);
    expect(said(outcome)).toMatch(/ See underdraw (\w+ )?--help\.$/);
    expect(said(outcome).split("\n")).toHaveLength(1);
  });
});

describe("what draw is asked that cannot be meant", () => {
  const good = ["draw", "--map", map, "--prompt", "x", "--out", out];
  test.each([
    ["no map", ["draw", "--prompt", "x", "--out", out], "There is no map. Give one with --map FILE"],
    ["no prompt", ["draw", "--map", map, "--out", out], "There is no prompt"],
    ["both --map and --from", [...good, "--from", map], "--map and --from exclude each other"],
    ["--from without a condition", ["draw", "--from", map, "--prompt", "x", "--out", out], "add --condition canny"],
    [
      "an unknown condition",
      ["draw", "--from", map, "--condition", "cany", "--prompt", "x", "--out", out],
      "Did you mean canny?",
    ],
    [
      "an unknown option",
      ["draw", "--from", map, "--condition", "canny,lwo=3", "--prompt", "x", "--out", out],
      "canny.lwo: there is no such option",
    ],
    [
      "a wrong option",
      ["draw", "--from", map, "--condition", "canny,low=soft", "--prompt", "x", "--out", out],
      '"soft" is not a number',
    ],
    [
      "options for a map that is drawn already",
      [...good, "--condition", "canny,low=3"],
      "a map that is given is not drawn anew",
    ],
    [
      "a negative seed",
      [...good, "--seed", "-1"],
      '--seed must be a whole number from 0 to 18446744073709551615 (2^64 - 1), not "-1"',
    ],
    ["half a seed", [...good, "--seed", "0.5"], 'not "0.5"'],
    ["a seed of 2^64", [...good, "--seed", "18446744073709551616"], 'not "18446744073709551616"'],
    ["no step", [...good, "--steps", "0"], '--steps must be a whole number from 1 to 1000, not "0"'],
    ["1001 steps", [...good, "--steps", "1001"], 'not "1001"'],
    [
      "a guidance that is no number",
      [...good, "--guidance", "NaN"],
      '--guidance must be a number from 0 to 100, not "NaN"',
    ],
    ["a negative weight", [...good, "--weight", "-1"], "--weight must be a number from 0 to 2"],
    [
      "a range that ends before it starts",
      [...good, "--range", "0.8,0.2"],
      "--range must be where control begins and ends",
    ],
    ["a size of nothing", [...good, "--size", "0x64"], "--size must be a width and a height in pixels"],
    ["a size in words", [...good, "--size", "large"], 'not "large"'],
    [
      "a huge size",
      [...good, "--size", "100000x100000"],
      "--size 100000x100000 is too large: a side has 8192 pixels at most",
    ],
    ["an unknown device", [...good, "--device", "tpu"], '--device must be cpu or webgpu, not "tpu"'],
    [
      "a format that is not written",
      [...good.slice(0, -1), join(folder, "out.tiff")],
      "--out must end in .png, .jpg, .webp",
    ],
    [
      "a second control without a map",
      [...good, "--control", "--weight", "0.5"],
      "Control 2 has no map. Give one with --map FILE",
    ],
    ["a map twice for one control", [...good, "--map", map], "Give it once, or write --control before what belongs"],
    ["a control in one word", [...good, "--control", "map=a.png,weight=1"], "like all others: --control --map a.png"],
    ["an unknown mode", [...good, "--preset", "strong"], "--preset must be balanced or prompt or control or guess"],
    ["unknown layers", [...good, "--layers", "hard"], "--layers must be soft, logspace, resolution, softness=0.5"],
    ["a layer below 0", [...good, "--layers", "1,-1"], 'not "1,-1"'],
    ["a softness above 1", [...good, "--layers", "softness=2"], 'not "softness=2"'],
    ["a curve that goes back", [...good, "--curve", "0.5:1,0:1"], "--curve must be points PLACE:FACTOR"],
    ["a curve without factors", [...good, "--curve", "0,1"], 'not "0,1"'],
    ["a half too many", [...good, "--halves", "1,0,1"], "--halves must be two shares from 0 to 1"],
    ["a rule that scales nothing", [...good, "--resize", "crop"], "--resize must be content or thin"],
    ["the opacity of no mask", [...good, "--mask-alpha"], "add --mask FILE"],
    ["a strength without a picture", [...good, "--strength", "0.5"], "add --init FILE"],
    ["a feather of no picture", [...good, "--feather", "4"], "add --init FILE"],
    ["a feather of no mask", [...good, "--init", map, "--feather", "4"], "add --mask FILE"],
    ["grays of no mask", [...good, "--init", map, "--grays", "when"], "add --mask FILE"],
    ["a feather beyond all", [...good, "--init", map, "--mask", map, "--feather", "513"], "from 0 to 512"],
    ["the opacity of no mask to begin with", [...good, "--init", map, "--mask-alpha"], "add --mask FILE"],
    ["a syntax that nobody writes", [...good, "--prompt-syntax", "a1111"], "must be weighted or plain"],
    ["random numbers of nobody", [...good, "--rng", "mps"], "--rng must be torch or cuda"],
    ["a prediction that no model makes", [...good, "--prediction", "x0"], "--prediction must be epsilon or v"],
    ["a variation without its strength", [...good, "--variation", "8"], "such as 8=0.2"],
    ["a variation beyond the other seed", [...good, "--variation", "8=1.5"], "such as 8=0.2"],
    ["a variation towards no seed", [...good, "--variation=-1=0.5"], "such as 8=0.2"],
    ["a LoRA of 11", [...good, "--lora", "ink.safetensors=11"], "a weight from -10 to 10"],
    ["a LoRA with a word for its weight", [...good, "--lora", `${map}=much`], "must have a number for its weight"],
    ["a LoRA of no name", [...good, "--lora", "=1"], "--lora needs a file"],
    ["a LoRA beside none", [...good, "--lora", "none", "--lora", "a"], "--lora none leaves all out"],
    [
      "two embeddings of one word",
      [...good, "--embedding", "a.safetensors=x", "--embedding", "b=x"],
      'names "x" twice',
    ],
    ["an embedding of two words", [...good, "--embedding", "a.safetensors=two words"], "a word without spaces"],
    ["a batch of none", [...good, "--batch", "0"], "--batch must be a whole number from 1 to 64"],
    ["a batch to choose from", [...good, "--batch", "2", "--count", "2"], "--batch and --count exclude each other"],
    [
      "a batch with its influence",
      [...good, "--batch", "2", "--influence", "a.png"],
      "--batch and --influence exclude",
    ],
    ["a strength of 0", [...good, "--init", map, "--strength", "0"], "--strength must be above 0"],
    ["65 pictures", [...good, "--count", "65"], "--count must be a whole number from 1 to 64"],
    ["a target for two", [...good, "--target", "1", "--control", "--map", map, "--target", "1"], "for one control"],
    ["a choice by two measures", [...good, "--target", "0.5", "--count", "2"], "exclude each other"],
    ["a choice without a measure", [...good, "--count", "2", "--no-measure"], "Leave out --no-measure"],
    ["two results in one place", [...good, "--influence", out], "is the place of another result"],
    ["a map in place of its source", [...good, "--save-map", map], "it would be overwritten"],
    ["a map beside a recipe", [...good, "--recipe", map], "--recipe holds its own map"],
    ["a result in place of its map", [...good.slice(0, -1), map], "it would be overwritten"],
  ])("%s is refused in one sentence with code 2", async (_, argv, answer) => {
    const outcome = await underdraw(argv);
    expect(outcome.code).toBe(2);
    expect(outcome.stderr).toContain(answer);
    expect(outcome.stderr.split("\n")).toHaveLength(2);
  });

  test("with --json the failure is told as JSON too", async () => {
    const { stdout } = await underdraw([...good, "--steps", "0", "--json"]);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { code: "request-invalid", message: expect.stringContaining("--steps") },
    });
  });
});

describe("reading values", () => {
  test("seeds up to 2^64 - 1 are exact", () => {
    expect(["0", "9007199254740993", "18446744073709551615"].map(seedFrom)).toEqual([
      0n,
      9007199254740993n,
      18446744073709551615n,
    ]);
  });

  test("a size is two sides, or one for a square", () => {
    expect([sizeFrom("640x480"), sizeFrom("640X480"), sizeFrom("512")]).toEqual([
      { width: 640, height: 480 },
      { width: 640, height: 480 },
      { width: 512, height: 512 },
    ]);
  });

  test("a range may be a point, and no more than two", () => {
    expect(rangeFrom("0.5,0.5")).toEqual([0.5, 0.5]);
    expect([rangeFrom("0-.6"), rangeFrom(".25..1"), rangeFrom("0:1e-1")]).toEqual([
      [0, 0.6],
      [0.25, 1],
      [0, 0.1],
    ]);
    expect(() => rangeFrom("0,0.5,1")).toThrow("--range");
  });

  test("negative numbers, values behind =, and words behind -- are no flags", () => {
    const flags = [
      { name: "low", value: "NUMBER", help: "" },
      { name: "l2", value: "true|false", yesNo: true, help: "" },
    ];
    expect(parseArguments(["--low", "-5", "a", "--l2", "b", "--", "--c"], flags)).toEqual({
      groups: [],
      loose: false,
      lists: new Map(),
      flags: new Map([
        ["low", "-5"],
        ["l2", "true"],
      ]),
      words: ["a", "b", "--c"],
    });
    expect(parseArguments(["--l2=no", "--low=--x"], flags).flags).toEqual(
      new Map([
        ["l2", "no"],
        ["low", "--x"],
      ]),
    );
  });

  test("nothing is suggested that is far from what was typed", () => {
    expect(nearest("zzz", ["map", "draw"])).toBeUndefined();
    expect(nearest("ot", ["out", "model"])).toBe("out");
  });
});

describe("failures", () => {
  test("an error that nobody foresaw is one line and says how to learn more", () => {
    const { exitCode, message } = failureOf(new Error("first\n  second"), new AbortController().signal);
    expect(exitCode).toBe(1);
    expect(message).toBe(
      "Something failed that should not: first second. Run it again with UNDERDRAW_DEBUG=1 and report what it says.",
    );
  });

  test("the causes are told with UNDERDRAW_DEBUG=1 and end even where they go in a circle", () => {
    const error = new Error("outer");
    error.cause = error;
    expect(stackOf(error).split("Caused by").length).toBeLessThan(10);
  });

  test("the real command tells no stack, tells one with UNDERDRAW_DEBUG=1, and both times exits with 1", async () => {
    const argv = ["map", "canny", "missing.png", out];
    const plain = await spawned(argv);
    expect(plain).toEqual({
      code: 1,
      stdout: "",
      stderr: "underdraw: Cannot read missing.png: there is no such file. Check the path.\n",
    });
    const debugged = await spawned(argv, { env: { UNDERDRAW_DEBUG: "1" } });
    expect(debugged.code).toBe(1);
    expect(debugged.stderr).toMatch(/at .*readPictureFile/);
  });
});
