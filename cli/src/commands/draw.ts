import { join, parse, resolve } from "node:path";
import { Engine, formatRecipe, recipeKeyword } from "@underdraw/engine";
import { type WriteFormat, writePicture } from "@underdraw/engine/pictures";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { mapFlags, strengthFlags, targetFrom } from "../control-flags.ts";
import { asJson, asLines, inWords } from "../draw-report.ts";
import { type Drawn, drawPlan } from "../drawing.ts";
import { exitCodes, misused } from "../failure.ts";
import { checkApart } from "../input-picture.ts";
import { chooseModel, chooseNets } from "../model-choice.ts";
import { checkOutput, type Output, writeOutputs } from "../output-file.ts";
import { checkDrawing, planFromFlags, planFromRecipe } from "../plan.ts";
import { createProgressBar } from "../progress.ts";
import { promptHint } from "../prompt-hint.ts";
import { choiceFrom, numberFrom } from "../values.ts";

/** `underdraw draw`: a picture from maps and a prompt, or from another picture's recipe. */
export const draw: Command = {
  name: "draw",
  about: "Draw a picture that follows a map and a prompt, or several maps.",
  usage: [
    "draw --map FILE --prompt TEXT [flags]",
    "draw --from FILE --condition NAME[,option=value …] --prompt TEXT [flags]",
    "draw --prompt TEXT --control --map FILE [flags of it] --control --map FILE [flags of it] …",
    "draw --recipe FILE.png [flags]",
  ],
  flags: {
    "What to follow, for each control": mapFlags,
    "How strongly, when and where, for each control": strengthFlags,
    "What to draw": [
      { name: "prompt", value: "TEXT", help: "what the picture shows" },
      { name: "negative", value: "TEXT", help: "what it should keep away from; has a say where guidance is above 1" },
      { name: "size", value: "WxH", help: "pixels; the map's proportions at the model's own size without this" },
      { name: "seed", value: "NUMBER", help: "0 to 2^64 - 1; a random one without this" },
      { name: "steps", value: "NUMBER", help: "1 to 1000; the model's own number without this" },
      { name: "guidance", value: "NUMBER", help: "how literally to take the prompt; acts above 1" },
      { name: "guidance-rescale", value: "NUMBER", help: "0 to 1: how much of what guidance overdoes is taken back" },
      { name: "clip-skip", value: "NUMBER", help: "how many of the text encoder's last layers to leave out, from 0" },
      { name: "sampler", value: "NAME", help: "ddim, euler …; the model's own without this" },
      {
        name: "recipe",
        value: "FILE.png",
        help: "draw that picture again; other flags take the place of what it says",
      },
    ],
    "What to begin with": [
      { name: "init", value: "FILE", help: "a picture to begin with instead of noise alone" },
      { name: "strength", value: "NUMBER", help: "how much of it may change, above 0 to 1; 0.6 without this" },
      { name: "init-mask", value: "FILE", help: "where it may change: white; everywhere without this" },
    ],
    "With what": [
      {
        name: "model",
        value: "PATH",
        help: "a folder in diffusers' layout or a .safetensors file; the small pack without this",
      },
      { name: "device", value: "cpu|webgpu", help: "what computes; the CPU without this" },
    ],
    Result: [
      { name: "out", letter: "o", value: "FILE", help: "where to: .png, .jpg or .webp; underdraw.png without this" },
      {
        name: "count",
        value: "NUMBER",
        help: "draw this many from one seed on, 1 to 64, and keep the one that follows best",
      },
      {
        name: "influence",
        value: "FILE.png",
        help: "write where each control acted, white for most; with several controls FILE-1.png, FILE-2.png …",
      },
      { name: "no-measure", help: "do not measure how well the picture follows its maps" },
      { name: "json", help: "one JSON object on stdout instead of lines" },
    ],
  },
  notes: [
    "One control is written without --control. With several, each --control begins the next, and the flags of a control that follow are its own; what comes before the first --control is the first control. Beside --recipe they change the recipe's controls in order.",
    "In a mask white acts, and black or what is transparent does not. A PNG file keeps its recipe, maps and masks included, so that --recipe writes the same file again, byte for byte, on the same kind of device. JPEG and WebP files keep none.",
    "Progress and warnings go to stderr, the result to stdout. Ctrl-C stops within a step and leaves no half file.",
  ],
  examples: [
    'draw --map sketch.png --prompt "flat emoji of a red apple" --seed 7 --out apple.png',
    'draw --from photo.jpg --condition canny,low=80,high=160 --prompt "a stone cottage" --save-map edges.png',
    'draw --map pencil.png --invert --prompt "a fox" --negative "blurry" --weight 0.8 --range 0,0.7',
    'draw --prompt "a red apple" --control --map lines.png --control --map grid.png --net colour --weight 0.5 --mask left.png',
    'draw --map lines.png --prompt "a red apple" --init photo.png --strength 0.7 --count 4',
    "draw --recipe apple.png --seed 8 --out another.png",
    'draw --map edges.png --prompt "a harbour" --model ./stable-diffusion-v1-5 --net ./control_v11p_sd15_canny --size 512x384',
  ],
  run: drawPicture,
};

async function drawPicture(given: Arguments, { stdout, stderr, signal }: Surroundings): Promise<number> {
  const started = performance.now();
  const { flags, words } = given;
  if (words.length > 0) throw misused(words[0] as string, `draw has no place for "${words[0]}". ${hintFor(given)}`);
  // Everything that can be refused without opening a file is refused first.
  checkDrawing(given);
  const choosing = choosingFrom(given);
  const device = flags.get("device");
  const asked = device === undefined ? undefined : choiceFrom("--device", device, ["cpu", "webgpu"]);
  const out = flags.get("out") ?? "underdraw.png";
  const format = checkOutput("--out", out);
  const recipePath = flags.get("recipe");
  if (recipePath === undefined) await checkPlaces(given, out, given.groups.length);

  const bar = createProgressBar(stderr);
  try {
    const plan =
      recipePath === undefined
        ? await planFromFlags(given, { bar, signal })
        : await planFromRecipe(recipePath, given, { bar, signal });
    // How many controls a recipe has, and so how many files there will be, is known only now.
    if (plan.recipe) await checkPlaces(given, out, plan.controls.length);
    const model = await chooseModel(flags.get("model"));
    const nets = await chooseNets(model, plan.controls, signal);
    const hint = model.isPack ? await promptHint(plan.request.prompt, signal) : null;
    const read = performance.now() - started;

    const provider = asked ?? (plan.recipe?.device.provider === "webgpu" ? "webgpu" : "cpu");
    await using engine = new Engine({ runtime: { device: provider }, detectors: plan.detectors });
    const drawn = await drawPlan(engine, plan, { model, nets, bar, signal, ...choosing });
    signal.throwIfAborted();

    const writing = performance.now();
    const outputs: Output[] = [];
    const controls: { condition: string; map?: string; influence?: string }[] = [];
    for (const [at, { condition, saveMap, control }] of plan.controls.entries()) {
      const acted = drawn.result.influence?.controls[at];
      const place = acted && numbered(flags.get("influence") as string, at, plan.controls.length);
      controls.push({ condition, ...(saveMap !== undefined && { map: saveMap }), ...(place && { influence: place }) });
      const pictures = [
        { path: saveMap, pixels: control.map.pixels },
        { path: place, pixels: acted?.map },
      ];
      for (const { path, pixels } of pictures) {
        if (path && pixels) outputs.push({ path, bytes: await writePicture(pixels, { format: "png", signal }) });
      }
    }
    outputs.push({ path: out, bytes: await pictureFile(drawn, format, signal) });
    await writeOutputs(outputs, { signal });
    const clock = { read, ...drawn.clock, write: performance.now() - writing };
    bar.end();

    const warnings = [...plan.warnings, ...drawn.warnings];
    for (const warning of warnings) stderr.write(`warning: ${inWords(warning)}\n`);
    for (const { message } of drawn.result.influence?.conflicts ?? []) {
      if (message !== undefined) stderr.write(`warning: ${message}\n`);
    }
    if (hint) stderr.write(`note: ${inWords(hint)}\n`);
    if (format !== "png")
      stderr.write(
        `note: ${out} keeps no recipe, since only PNG files can. --seed and the same flags draw it again.\n`,
      );
    const told = {
      ...{ out, controls, drawn, clock, model, nets },
      warnings: hint ? [...warnings, hint] : warnings,
      total: performance.now() - started,
      measured: choosing.measure,
    };
    stdout.write(flags.has("json") ? `${JSON.stringify(asJson(told))}\n` : `${asLines(told).join("\n")}\n`);
    return exitCodes.done;
  } finally {
    bar.end();
  }
}

function hintFor({ flags, groups, words }: Arguments): string {
  const [, name, value] = /^([a-z-]+)=(.*)$/.exec(words[0] ?? "") ?? [];
  if (name !== undefined && groups.length > 0) {
    return `The flags of a control are written like all others: --control --${name} ${value?.split(",")[0]}.`;
  }
  return flags.has("prompt") ? "Put the prompt in quotes." : "Write --map, --from or --prompt before it.";
}

/** What is measured, and how many pictures there are to choose from. */
function choosingFrom({ flags, groups }: Arguments) {
  const text = flags.get("count");
  const count = text === undefined ? 1 : numberFrom("--count", text, { least: 1, most: 64, whole: true });
  const [target, measure] = [targetFrom(groups), !flags.has("no-measure")];
  if (target && count > 1) {
    throw misused("--count", "--count and --target exclude each other: choose among seeds, or raise a weight.");
  }
  if (!measure && (target || count > 1)) {
    const flag = target ? "--target" : "--count";
    throw misused("--no-measure", `${flag} chooses by what is measured. Leave out --no-measure.`);
  }
  return { count, target, measure, influence: flags.has("influence") };
}

/**
 * Refuses results of `count` controls that would lie in one place, or in place of a file that is read. Only a picture may
 * take the place of the one whose recipe it is drawn by.
 */
async function checkPlaces({ flags, groups }: Arguments, out: string, count: number): Promise<void> {
  const influence = flags.get("influence");
  const results = [
    { flag: "--out", path: out },
    ...groups.flatMap((group) => {
      const path = group.get("save-map");
      return path === undefined ? [] : [{ flag: "--save-map", path }];
    }),
    ...(influence === undefined
      ? []
      : Array.from({ length: count }, (_, at) => ({
          flag: "--influence",
          path: numbered(influence, at, count),
        }))),
  ];
  const taken = new Set<string>();
  const sources = [flags.get("init"), flags.get("init-mask"), ...groups.flatMap((group) => sourcesOf(group))];
  for (const { flag, path } of results) {
    if (flag !== "--out") checkOutput(flag, path, ["png"]);
    const place = resolve(path);
    if (taken.has(place)) throw misused(flag, `${flag} "${path}" is the place of another result. Choose another name.`);
    taken.add(place);
    const others = flag === "--out" ? sources : [...sources, flags.get("recipe")];
    for (const source of others) if (source !== undefined) await checkApart(flag, path, source);
  }
}

const sourcesOf = (group: ReadonlyMap<string, string>): readonly (string | undefined)[] =>
  ["map", "from", "mask"].map((name) => group.get(name));

/** The file of one of several controls: "influence.png" is "influence-2.png" for the second. */
function numbered(path: string, at: number, count: number): string {
  if (count <= 1) return path;
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-${at + 1}${ext}`);
}

function pictureFile({ result, recipe }: Drawn, format: WriteFormat, signal: AbortSignal): Promise<Uint8Array> {
  if (format !== "png") return writePicture(result.pixels, { format, signal });
  return writePicture(result.pixels, { format, signal, text: { [recipeKeyword]: formatRecipe(recipe) } });
}
