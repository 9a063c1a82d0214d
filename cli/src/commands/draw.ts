import {
  Engine,
  fingerprintOf,
  formatRecipe,
  type GenerateRequest,
  type Pipeline,
  type Recipe,
  recipeKeyword,
  recipeOf,
} from "@underdraw/engine";
import { type WriteFormat, writePicture } from "@underdraw/engine/pictures";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { asJson, asLine, type Drawn, inWords } from "../draw-report.ts";
import { exitCodes, misused } from "../failure.ts";
import { checkApart } from "../input-picture.ts";
import { checkMemory } from "../memory-check.ts";
import { chooseModel, chooseNet, type ModelChoice, type NetChoice } from "../model-choice.ts";
import { checkOutput, writeOutput } from "../output-file.ts";
import { type Plan, planFromFlags, planFromRecipe, settingsFrom } from "../plan.ts";
import { createProgressBar, type ProgressBar } from "../progress.ts";
import { choiceFrom } from "../values.ts";

/** `underdraw draw`: a picture from a map and a prompt, or from another picture's recipe. */
export const draw: Command = {
  name: "draw",
  about: "Draw a picture that follows a map and a prompt.",
  usage: [
    "draw --map FILE --prompt TEXT [flags]",
    "draw --from FILE --condition NAME[,option=value …] --prompt TEXT [flags]",
    "draw --recipe FILE.png [flags]",
  ],
  flags: {
    "What to follow": [
      { name: "map", value: "FILE", help: "the map: white lines on black for the net that reads lines" },
      { name: "from", value: "FILE", help: "a picture in which a map is seen first, by --condition" },
      {
        name: "condition",
        value: "NAME[,…]",
        help: "what to see in it, with options: canny,low=100,high=200 (underdraw map --list tells all); beside --map only the name of what the map shows",
      },
      { name: "invert", help: "exchange light and dark in the map: for dark lines on white or on nothing" },
      { name: "weight", value: "NUMBER", help: "how strongly to follow it; 1 without this, 0 is not at all" },
      { name: "range", value: "START,END", help: "the part of the drawing in which to follow it; 0,1 without this" },
    ],
    "What to draw": [
      { name: "prompt", value: "TEXT", help: "what the picture shows" },
      { name: "negative", value: "TEXT", help: "what it should keep away from; has a say where guidance is above 1" },
      { name: "size", value: "WxH", help: "pixels; the map's proportions at the model's own size without this" },
      { name: "seed", value: "NUMBER", help: "0 to 2^64 - 1; a random one without this" },
      { name: "steps", value: "NUMBER", help: "1 to 1000; the model's own number without this" },
      { name: "guidance", value: "NUMBER", help: "how literally to take the prompt; acts above 1" },
      { name: "sampler", value: "NAME", help: "ddim, euler …; the model's own without this" },
      {
        name: "recipe",
        value: "FILE.png",
        help: "draw that picture again; other flags take the place of what it says",
      },
    ],
    "With what": [
      {
        name: "model",
        value: "PATH",
        help: "a folder in diffusers' layout or a .safetensors file; the small pack without this",
      },
      { name: "net", value: "PATH|NAME", help: "a control net, or the name of one in the model's folder" },
      { name: "device", value: "cpu|webgpu", help: "what computes; the CPU without this" },
    ],
    Result: [
      { name: "out", letter: "o", value: "FILE", help: "where to: .png, .jpg or .webp; underdraw.png without this" },
      { name: "save-map", value: "FILE.png", help: "write the map as well" },
      { name: "json", help: "one JSON object on stdout instead of a line" },
    ],
  },
  notes: [
    "A PNG file keeps its recipe, the map included, so that --recipe writes the same file again, byte for byte, on the same kind of device. JPEG and WebP files keep none.",
    "Progress and warnings go to stderr, the result to stdout. Ctrl-C stops within a step and leaves no half file.",
  ],
  examples: [
    'draw --map sketch.png --prompt "flat emoji of a red apple" --seed 7 --out apple.png',
    'draw --from photo.jpg --condition canny,low=80,high=160 --prompt "a stone cottage" --save-map edges.png',
    'draw --map pencil.png --invert --prompt "a fox" --negative "blurry" --weight 0.8 --range 0,0.7',
    "draw --recipe apple.png --seed 8 --out another.png",
    'draw --map edges.png --prompt "a harbour" --model ./stable-diffusion-v1-5 --net ./control_v11p_sd15_canny --size 512x384',
  ],
  run: drawPicture,
};

async function drawPicture({ flags, words }: Arguments, { stdout, stderr, signal }: Surroundings): Promise<number> {
  const started = performance.now();
  if (words.length > 0) {
    const hint = flags.has("prompt") ? "Put the prompt in quotes" : "Write --map, --from or --prompt before it";
    throw misused(words[0] as string, `draw has no place for "${words[0]}". ${hint}.`);
  }
  // Everything that can be refused without opening a file is refused first.
  settingsFrom(flags);
  const device = flags.get("device");
  const asked = device === undefined ? undefined : choiceFrom("--device", device, ["cpu", "webgpu"]);
  const out = flags.get("out") ?? "underdraw.png";
  const format = checkOutput("--out", out);
  const savedMap = flags.get("save-map");
  if (savedMap !== undefined) checkOutput("--save-map", savedMap, ["png"]);
  for (const source of [flags.get("map"), flags.get("from")]) {
    if (source === undefined) continue;
    await checkApart("--out", out, source);
    if (savedMap !== undefined) await checkApart("--save-map", savedMap, source);
  }

  const bar = createProgressBar(stderr);
  try {
    const recipePath = flags.get("recipe");
    const plan =
      recipePath === undefined
        ? await planFromFlags(flags, { bar, signal })
        : await planFromRecipe(recipePath, flags, { bar, signal });
    const model = await chooseModel(flags.get("model"));
    const nets: NetChoice[] = [];
    for (const { map, nets: readers } of plan.controls) {
      const reader = { name: map.condition, nets: readers };
      nets.push(await chooseNet(model, flags.get("net"), reader, signal));
    }
    const read = performance.now() - started;

    const provider = asked ?? (plan.recipe?.device.provider === "webgpu" ? "webgpu" : "cpu");
    await using engine = new Engine({ runtime: { device: provider } });
    const drawn = await drawPlan(engine, plan, model, nets, bar, signal);
    signal.throwIfAborted();

    const writing = performance.now();
    const bytes = await pictureFile(drawn, format);
    if (savedMap !== undefined) {
      const [control] = plan.controls;
      if (control) writeOutput(savedMap, control.png);
    }
    writeOutput(out, bytes);
    const clock = { read, ...drawn.clock, write: performance.now() - writing };
    bar.end();

    const warnings = [...plan.warnings, ...drawn.warnings];
    for (const warning of warnings) stderr.write(`warning: ${inWords(warning)}\n`);
    if (format !== "png")
      stderr.write(
        `note: ${out} keeps no recipe, since only PNG files can. --seed and the same flags draw it again.\n`,
      );
    const total = performance.now() - started;
    const told = { out, savedMap, drawn, warnings, clock, total, model, nets };
    stdout.write(`${flags.has("json") ? JSON.stringify(asJson(told)) : asLine(told)}\n`);
    return exitCodes.done;
  } finally {
    bar.end();
  }
}

async function drawPlan(
  engine: Engine,
  plan: Plan,
  model: ModelChoice,
  nets: readonly NetChoice[],
  bar: ProgressBar,
  signal: AbortSignal,
): Promise<Drawn> {
  const loading = performance.now();
  // Whether there is a device at all is known long before a model is read.
  const device = await engine.device();
  const sources = Object.fromEntries(nets.map(({ name, source }) => [name, source]));
  await using pipeline: Pipeline = await engine.load(
    { base: model.base, nets: sources },
    { signal, onProgress: bar.part(0.05, 0.3) },
  );
  if (plan.size && device.provider === "cpu") checkMemory(plan.size, pipeline.defaults.multiple);
  const request: GenerateRequest = {
    prompt: plan.prompt,
    negativePrompt: plan.negativePrompt,
    controls: plan.controls.map(({ map, weight, range }, at) => ({
      map,
      net: (nets[at] as NetChoice).name,
      weight,
      range,
    })),
    ...plan.size,
    ...(plan.seed !== undefined && { seed: plan.seed }),
    ...(plan.steps !== undefined && { steps: plan.steps }),
    ...(plan.guidance !== undefined && { guidance: plan.guidance }),
    ...(plan.sampler !== undefined && { sampler: plan.sampler }),
  };
  const begun = performance.now();
  let [encoded, denoised] = [begun, 0];
  const shown = bar.part(0.3, 1);
  const result = await pipeline.generate(request, {
    signal,
    onProgress: (progress) => {
      if (progress.phase === "encode") encoded = performance.now();
      else if (progress.phase === "decode" && denoised === 0) denoised = performance.now();
      shown(progress);
    },
  });
  const ended = performance.now();

  const warnings = [...result.warnings];
  const identify = async (name: string, source: NetChoice["source"], recorded: Recipe["model"] | undefined) => {
    const fingerprint = await fingerprintOf(source, { signal });
    if (recorded === undefined) return { name, fingerprint };
    // Wherever it lies now and whatever it is called there, it is the same one.
    if (recorded.fingerprint === fingerprint) return recorded;
    warnings.push({
      code: "model-differs",
      message: `The recipe was made with another "${recorded.name}" than the "${name}" that drew this picture.`,
      remedy: "Name the one it was made with by --model or --net to get the same picture.",
    });
    return { name, fingerprint };
  };
  const base = await identify(model.base.name, model.base, plan.recipe?.model);
  const controls = [];
  for (const [at, { png, recorded }] of plan.controls.entries()) {
    const { name, source } = nets[at] as NetChoice;
    controls.push({ png, net: await identify(name, source, recorded) });
  }
  const recipe = recipeOf(request, result, { model: base, controls, device });
  if (plan.recipe && !sameDevice(plan.recipe.device, recipe.device)) {
    const [was, is] = [plan.recipe.device, recipe.device].map(
      ({ provider, precision }) => `${provider} in ${precision}`,
    );
    warnings.push({
      code: "device-differs",
      message: `The recipe's picture was computed on ${was}, this one on ${is}: they are nearly the same, not in every byte.`,
    });
  }
  const clock = {
    load: begun - loading,
    encode: encoded - begun,
    denoise: denoised - encoded,
    decode: ended - denoised,
  };
  return { result, recipe, device, warnings, clock };
}

const sameDevice = (one: Recipe["device"], other: Recipe["device"]): boolean =>
  one.provider === other.provider && one.precision === other.precision;

function pictureFile({ result, recipe }: Drawn, format: WriteFormat): Promise<Uint8Array> {
  if (format !== "png") return writePicture(result.pixels, { format });
  return writePicture(result.pixels, { format, text: { [recipeKeyword]: formatRecipe(recipe) } });
}
