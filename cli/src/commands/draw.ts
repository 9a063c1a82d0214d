import { Engine, formatRecipe, recipeKeyword } from "@underdraw/engine";
import { type WriteFormat, writePicture } from "@underdraw/engine/pictures";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { targetFrom } from "../control-flags.ts";
import { drawFlags } from "../draw-flags.ts";
import { checkPlaces, numbered } from "../draw-places.ts";
import { asJson, asLines, inWords } from "../draw-report.ts";
import { type Drawn, drawPlan } from "../drawing.ts";
import { unheldWords } from "../embedding-words.ts";
import { exitCodes, misused } from "../failure.ts";
import { withInitMask } from "../init-flags.ts";
import { chooseModel, chooseNets } from "../model-choice.ts";
import { checkOutput, type Output, writeOutputs } from "../output-file.ts";
import { checkDrawing, type Plan, planFromFlags, planFromRecipe } from "../plan.ts";
import { previewFile } from "../preview-file.ts";
import { createProgressBar } from "../progress.ts";
import { promptHint } from "../prompt-hint.ts";
import { filesForRecipe, type RecipeLookup } from "../recipe-models.ts";
import { choiceFrom, numberFrom } from "../values.ts";

/** `underdraw draw`: a picture from maps and a prompt, or from another picture's recipe. */
export const draw: Command = {
  name: "draw",
  about: "Draw a picture that follows a map and a prompt, or several maps.",
  usage: [
    "draw --map FILE --prompt TEXT [flags]",
    "draw --from FILE --condition NAME[,option=value …] --prompt TEXT [flags]",
    "draw --prompt TEXT --control --map FILE [flags of it] --control --map FILE [flags of it] …",
    "draw --init FILE --prompt TEXT [--mask FILE] [flags]",
    "draw --recipe FILE.png [flags]",
  ],
  flags: drawFlags,
  notes: [
    "One control is written without --control. With several, each --control begins the next, and the flags of a control that follow are its own; what comes before the first --control is the first control. Beside --recipe they change the recipe's controls in order.",
    "Beside --init, a --mask that stands before every --control says where the picture is repainted; after a --control it is that control's. Without --init it is a control's always. --init, or --model, needs no map.",
    "In a mask white acts, and black or what is transparent does not. A PNG file keeps its recipe, maps and masks included, so that --recipe writes the same file again, byte for byte, on the same kind of device. JPEG and WebP files keep none.",
    "Progress and warnings go to stderr, the result to stdout. Ctrl-C stops within a step and leaves no half file.",
  ],
  examples: [
    'draw --map sketch.png --prompt "flat emoji of a red apple" --seed 7 --out apple.png',
    'draw --from photo.jpg --condition canny,low=80,high=160 --prompt "a stone cottage" --save-map edges.png',
    'draw --map pencil.png --invert --prompt "a fox" --negative "blurry" --weight 0.8 --range 0,0.7',
    'draw --prompt "a red apple" --control --map lines.png --control --map grid.png --net colour --weight 0.5 --mask left.png',
    'draw --map lines.png --prompt "a red apple" --init photo.png --strength 0.7 --count 4',
    'draw --init photo.png --mask hole.png --feather 8 --prompt "a (red:1.3) apple" --strength 0.9',
    'draw --map lines.png --prompt "ink, a fox" --model v1-5.safetensors --net ./lines --lora ink.safetensors=0.8',
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
  const places = Array.from({ length: choosing.batch }, (_, at) => numbered(out, at, choosing.batch));
  const format = checkOutput("--out", places[0] as string);
  const recipePath = flags.get("recipe");
  const sorted = withInitMask(given, flags.has("init"));
  const counts = { pictures: choosing.batch, controls: sorted.groups.length };
  if (recipePath === undefined) await checkPlaces(sorted, out, counts);

  const bar = createProgressBar(stderr);
  try {
    const planned =
      recipePath === undefined
        ? await planFromFlags(given, { bar, signal })
        : await planFromRecipe(recipePath, given, { bar, signal });
    // How many controls a recipe has, and so how many files there will be, is known only now.
    if (planned.recipe) await checkPlaces(sorted, out, { ...counts, controls: planned.controls.length });
    const model = await chooseModel(flags.get("model"));
    const plan = await withFiles(planned, { path: recipePath ?? "", base: model.base, signal });
    const nets = await chooseNets(model, plan.controls, signal);
    const hint = model.isPack ? await promptHint(plan.request.prompt, signal) : null;
    const read = performance.now() - started;

    const provider = asked ?? (plan.recipe?.device.provider === "webgpu" ? "webgpu" : "cpu");
    await using engine = new Engine({ runtime: { device: provider }, detectors: plan.detectors });
    const show = flags.get("show");
    const preview = show === undefined ? null : previewFile(show, signal);
    const { pictures, load } = await drawPlan(engine, plan, { model, nets, bar, signal, preview, ...choosing });
    signal.throwIfAborted();

    const writing = performance.now();
    const outputs: Output[] = [];
    const [first] = pictures as readonly [Drawn];
    const controls: { condition: string; map?: string; influence?: string }[] = [];
    for (const [at, { condition, saveMap, control }] of plan.controls.entries()) {
      const acted = first.result.influence?.controls[at];
      const place = acted && numbered(flags.get("influence") as string, at, plan.controls.length);
      controls.push({ condition, ...(saveMap !== undefined && { map: saveMap }), ...(place && { influence: place }) });
      const files = [
        { path: saveMap, pixels: control.map.pixels },
        { path: place, pixels: acted?.map },
      ];
      for (const { path, pixels } of files) {
        if (path && pixels) outputs.push({ path, bytes: await writePicture(pixels, { format: "png", signal }) });
      }
    }
    for (const [at, drawn] of pictures.entries())
      outputs.push({ path: places[at] as string, bytes: await pictureFile(drawn, format, signal) });
    await writeOutputs(outputs, { signal });
    const write = performance.now() - writing;
    bar.end();

    const spoken = new Set<string>();
    const speak = (text: string): void => {
      // What is true of the whole batch is said once.
      if (!spoken.has(text)) stderr.write(`${text}\n`);
      spoken.add(text);
    };
    for (const drawn of pictures) {
      for (const warning of [...plan.warnings, ...drawn.warnings]) speak(`warning: ${inWords(warning)}`);
      for (const { message } of drawn.result.influence?.conflicts ?? [])
        if (message !== undefined) speak(`warning: ${message}`);
    }
    if (hint) speak(`note: ${inWords(hint)}`);
    if (format !== "png")
      speak(`note: ${out} keeps no recipe, since only PNG files can. --seed and the same flags draw it again.`);
    const total = performance.now() - started;
    const told = pictures.map((drawn, at) => ({
      ...{ out: places[at] as string, controls, drawn, model, nets, files: plan.files, total },
      // What is done once for all stands beside the first.
      clock: at === 0 ? { read, load, ...drawn.clock, write } : { read: 0, load: 0, ...drawn.clock, write: 0 },
      warnings: [...plan.warnings, ...drawn.warnings, ...(hint ? [hint] : [])],
      measured: choosing.measure,
    }));
    const [only, ...more] = told.map(asJson);
    const json = more.length === 0 ? only : { pictures: [only, ...more] };
    stdout.write(flags.has("json") ? `${JSON.stringify(json)}\n` : `${told.flatMap(asLines).join("\n")}\n`);
    return exitCodes.done;
  } finally {
    bar.end();
  }
}

/** The plan with the files that its recipe needs, checked against what was given, and what of them does not act. */
async function withFiles(plan: Plan, lookup: Omit<RecipeLookup, "recipe">): Promise<Plan> {
  const { recipe } = plan;
  const { files, warnings } = recipe
    ? await filesForRecipe(plan.files, { ...lookup, recipe })
    : { files: plan.files, warnings: [] };
  const unheld = unheldWords(Object.keys(files.embeddings), plan.request);
  return { ...plan, files, warnings: [...plan.warnings, ...warnings, ...unheld] };
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
  const number = (name: string): number => {
    const text = flags.get(name);
    return text === undefined ? 1 : numberFrom(`--${name}`, text, { least: 1, most: 64, whole: true });
  };
  const [count, batch] = [number("count"), number("batch")];
  const [target, measure] = [targetFrom(groups), !flags.has("no-measure")];
  if (target && count > 1) {
    throw misused("--count", "--count and --target exclude each other: choose among seeds, or raise a weight.");
  }
  for (const [flag, given] of [
    ["--count", count > 1],
    ["--target", target],
    ["--influence", flags.has("influence")],
  ])
    if (batch > 1 && given) {
      throw misused("--batch", `--batch and ${flag} exclude each other: a batch writes all its pictures.`);
    }
  if (!measure && (target || count > 1)) {
    const flag = target ? "--target" : "--count";
    throw misused("--no-measure", `${flag} chooses by what is measured. Leave out --no-measure.`);
  }
  const batched = flags.has("batch");
  return { count, batch, batched, target, measure, influence: flags.has("influence") };
}

function pictureFile({ result, recipe }: Drawn, format: WriteFormat, signal: AbortSignal): Promise<Uint8Array> {
  if (format !== "png") return writePicture(result.pixels, { format, signal });
  return writePicture(result.pixels, { format, signal, text: { [recipeKeyword]: formatRecipe(recipe) } });
}
