import {
  builtInConditions,
  type ConditionKind,
  describeOptions,
  Engine,
  type ModelNeed,
  type Reads,
  type Warning,
} from "@underdraw/engine";
import { writePicture } from "@underdraw/engine/pictures";
import type { Arguments, Command, Flag, Surroundings } from "../command.ts";
import { chooseCondition, detectorsFrom, kindOf } from "../condition-choice.ts";
import { exitCodes, misused } from "../failure.ts";
import { checkApart } from "../input-picture.ts";
import { checkOutput, writeOutputs } from "../output-file.ts";
import { createProgressBar } from "../progress.ts";
import { readSource } from "../source-file.ts";
import { sizeFrom } from "../values.ts";

/** What conditions read, as a heading each. */
const headings: Readonly<Record<Reads, string>> = {
  picture: "Seen in a picture (a drawing is drawn first)",
  scene: "Read from an SVG drawing itself",
  pose: "Drawn from the joints of a pose (JSON)",
};

/** What a condition of pictures is listed under where it needs the user's model files. */
const byModel = "Seen in a picture by a model (--model)";

const sourceFlags: readonly Flag[] = [
  {
    name: "size",
    value: "WxH",
    help: "draw an SVG as large as fits in this, in its own proportions, its own size without this; the picture's size for a pose whose file does not tell it",
  },
  {
    name: "font",
    value: "FILE[,…]",
    help: "TTF, OTF or WOFF files for the text of an SVG; text is a box without this",
  },
];

const frameFlag: Flag = {
  name: "size",
  value: "WxH",
  help: "the size of the picture that the pose is of, for a file that does not tell it, as OpenPose's own do not",
};

const modelFlag: Flag = {
  name: "model",
  value: "FILE",
  many: true,
  help: "the file of the model that the condition needs; NAME=FILE,NAME=FILE where it needs several",
};

const resultFlags: readonly Flag[] = [
  { name: "list", help: "say which conditions there are, with their options" },
  { name: "json", help: "one JSON object on stdout instead of a line" },
];

/** `underdraw map`: the map of a condition, drawn from a picture, a drawing or a pose. */
export const map: Command = {
  name: "map",
  about: "Draw the map of a condition, such as a photo's edges, for use with draw.",
  usage: ["map CONDITION SOURCE OUT.png [--option value …]", "map CONDITION --help", "map --list"],
  words: Object.fromEntries(
    grouped().map(([title, kinds]) => [title, kinds.map((kind) => [kind.id, kind.title] as const)]),
  ),
  flags: { Source: [...sourceFlags, modelFlag], Result: resultFlags },
  notes: [
    "Each condition has options of its own: underdraw map CONDITION --help tells them.",
    "The map is an opaque PNG of the source's size, nothing padded. The source may be PNG, JPEG, WebP or GIF; it is turned as its orientation tag says, and converted to sRGB. It may be an SVG, which is drawn at its own size of 96 pixels to the inch, and from which nothing outside is fetched; and for a pose it is a JSON file in a layout of OpenPose.",
  ],
  examples: [
    "map canny photo.jpg edges.png",
    "map canny photo.jpg edges.png --low 50 --high 150 --l2 true",
    "map canny logo.svg edges.png --size 1024x1024 --matte white",
  ],
  narrowed(argv) {
    const kind = conditionIn(argv);
    return kind ? ofKind(kind) : map;
  },
  hidden: everyOption,
  run: drawMap,
};

/** The conditions by what they read, in the order of the headings; those that need models by themselves. */
function grouped(): readonly (readonly [title: string, kinds: readonly ConditionKind[]])[] {
  const titles = [headings.picture, headings.scene, headings.pose, byModel];
  const titleOf = ({ models, reads }: ConditionKind): string =>
    Object.keys(models).length > 0 ? byModel : headings[reads];
  return titles
    .map((title) => [title, builtInConditions.filter((kind) => titleOf(kind) === title)] as const)
    .filter(([, kinds]) => kinds.length > 0);
}

/** The condition that a command line names: its first word that is no flag's value. */
function conditionIn(argv: readonly string[]): ConditionKind | undefined {
  const at = argv.findIndex((word, n) => {
    const before = argv[n - 1] ?? "";
    return !word.startsWith("-") && (!before.startsWith("--") || before.includes("="));
  });
  return builtInConditions.find(({ id }) => id === argv[at]);
}

/** The command with the options of one condition. */
function ofKind(kind: ConditionKind): Command {
  const { id, title, nets } = kind;
  const models = Object.entries(kind.models);
  const options = flagsOfKind(kind);
  const flags: Command["flags"] = {
    ...(options.length > 0 ? { [`Options of ${id}`]: options } : {}),
    Source: kind.reads === "pose" ? [frameFlag] : [...sourceFlags, ...(models.length > 0 ? [modelFlag] : [])],
    Result: resultFlags,
  };
  const shown = new Set(Object.values(flags).flatMap((group) => group.map(({ name }) => name)));
  return {
    name: map.name,
    about: `${title}. Read by the nets ${nets.join(", ")}.`,
    usage: [`map ${id} SOURCE OUT.png${options.length > 0 ? " [--option value …]" : ""}`],
    words:
      models.length === 0
        ? {}
        : { Models: models.map(([name, need]) => [name, `${needInWords(need)} ${need.address}`] as const) },
    flags,
    notes: [`It is ${reading[kind.reads]}. The map is an opaque PNG of the source's size.`],
    examples: [`map ${id} ${sources[kind.reads]} map.png`],
    hidden: () => [...sourceFlags, modelFlag, ...everyOption()].filter(({ name }) => !shown.has(name)),
    run: drawMap,
  };
}

/** What a model is, and with which options it is needed if not with all. */
function needInWords({ about, when = {} }: ModelNeed): string {
  const options = Object.entries(when).map(([name, value]) => `--${name} ${value}`);
  return options.length === 0 ? about : `with ${options.join(" ")}: ${about}`;
}

const reading: Readonly<Record<Reads, string>> = {
  picture: "seen in a picture; an SVG is drawn first",
  scene: "read from an SVG drawing: its outlines, names and order",
  pose: "drawn from the JSON of a pose, in a layout of OpenPose",
};

const sources: Readonly<Record<Reads, string>> = { picture: "photo.jpg", scene: "drawing.svg", pose: "pose.json" };

/** The options of all conditions, each name once: what a line is read by that names none. */
function everyOption(): readonly Flag[] {
  const flags = new Map<string, Flag>();
  for (const kind of builtInConditions)
    for (const flag of flagsOfKind(kind)) if (!flags.has(flag.name)) flags.set(flag.name, flag);
  return [...flags.values()].filter(
    ({ name }) => ![...sourceFlags, modelFlag, ...resultFlags].some((own) => own.name === name),
  );
}

function flagsOfKind(kind: ConditionKind): readonly Flag[] {
  return describeOptions(kind).map(({ name, values, help, default: preset }) => ({
    name,
    value: values.replaceAll(" | ", "|").replace(/^(whole )?number[^|]*/, "NUMBER"),
    yesNo: values === "true | false",
    help: preset === undefined ? help : `${help} ${preset} without this.`,
  }));
}

async function drawMap({ flags, words }: Arguments, { stdout, stderr, signal }: Surroundings): Promise<number> {
  const started = performance.now();
  const asJson = flags.has("json");
  if (flags.has("list")) {
    stdout.write(asJson ? `${JSON.stringify(listed())}\n` : listInWords());
    return exitCodes.done;
  }
  const [id, source, out, ...more] = words;
  if (id === undefined || source === undefined || out === undefined) {
    const missing = id === undefined ? "a condition" : source === undefined ? "a source" : "a place for the map";
    throw misused("map", `map needs ${missing}: underdraw map CONDITION SOURCE OUT.png.`);
  }
  const kind = kindOf("CONDITION", id);
  if (more.length > 0) {
    throw misused(
      more[0] as string,
      `map has no place for "${more[0]}". It takes a condition, a source and a place for the map.`,
    );
  }
  const own = describeOptions(kind).map(({ name }) => name);
  for (const name of flags.keys()) {
    if (own.includes(name) || [...sourceFlags, modelFlag, ...resultFlags].some((flag) => flag.name === name)) continue;
    const has = own.length > 0 ? `It has ${own.map((one) => `--${one}`).join(", ")}.` : "It has none.";
    throw misused(`--${name}`, `--${name} is no option of ${id}. ${has}`);
  }
  const { condition, options } = chooseCondition(kind, new Map([...flags].filter(([name]) => own.includes(name))));
  const [size, fonts, model] = ["size", "font", "model"].map((name) => flags.get(name));
  const models = detectorsFrom(kind, options, model, "--model");
  const box = size === undefined ? {} : { size: sizeFrom(size) };
  checkOutput("OUT", out, ["png"]);
  await checkApart("OUT", out, source);

  const bar = createProgressBar(stderr);
  try {
    // What is read and written takes its time where a picture is large: the bar says so, with a tenth for each.
    const reading = setTimeout(() => bar.part(0, 0)({ phase: "encode", fraction: 0, what: "source" }), 200);
    const fontFiles = fonts === undefined ? {} : { fonts: fonts.split(",") };
    const read = await readSource(source, condition, { signal, ...box, ...fontFiles }).finally(() =>
      clearTimeout(reading),
    );
    for (const note of read.notes) bar.line(`${source}: ${note}`);
    await using engine = new Engine();
    const drawn = await engine.extract(condition, read.source, { signal, onProgress: bar.part(0.1, 0.9), models });
    bar.part(0.9, 0.9)({ phase: "decode", fraction: 0 });
    const bytes = await writePicture(drawn.pixels, { format: "png", signal });
    await writeOutputs([{ path: out, bytes }], { signal });
    bar.end();
    const warnings = [...read.warnings, ...(drawn.warnings ?? [])];
    for (const warning of warnings) stderr.write(`warning: ${inWords(warning, options)}\n`);
    const { width, height } = drawn.pixels;
    const seconds = Math.round(performance.now() - started) / 1000;
    const chosen = Object.entries(options).map(([name, value]) => `${name} ${plain(value)}`);
    stdout.write(
      asJson
        ? `${JSON.stringify({ file: out, condition: id, options, width, height, warnings, ...(read.notes.length > 0 && { notes: read.notes }), seconds })}\n`
        : `${out}: ${width}x${height}, ${[id, ...chosen].join(", ")}, ${seconds.toFixed(1)} s\n`,
    );
    return exitCodes.done;
  } finally {
    bar.end();
  }
}

const plain = (value: unknown): string => (typeof value === "object" ? JSON.stringify(value) : String(value));

function inWords({ code, message, remedy }: Warning, options: Readonly<Record<string, unknown>>): string {
  const flag = code === "source-vanishes" ? ` Use --matte ${options["matte"] === "black" ? "white" : "black"}.` : "";
  return `${message}${remedy === undefined ? "" : ` ${remedy}`}${flag}`;
}

function listed(): unknown {
  return builtInConditions.map((kind) => ({
    id: kind.id,
    title: kind.title,
    about: kind.about,
    reads: kind.reads,
    nets: kind.nets,
    models: kind.models,
    options: describeOptions(kind),
  }));
}

function listInWords(): string {
  return grouped()
    .flatMap(([, kinds]) => kinds.flatMap(linesOf))
    .join("\n");
}

function linesOf(kind: ConditionKind): readonly string[] {
  const models = Object.entries(kind.models).map(([name, need]) => `  model ${name}: ${needInWords(need)}`);
  const options = describeOptions(kind).map(
    ({ name, values, default: preset, help }) =>
      `  --${name}  ${values}${preset === undefined ? "" : ` (${preset})`}: ${help}`,
  );
  const nets = kind.nets.length > 0 ? `Read by the nets ${kind.nets.join(", ")}.` : "Read by no net.";
  return [`${kind.id}: ${kind.title}. ${kind.about}`, `  Reads a ${kind.reads}. ${nets}`, ...options, ...models, ""];
}
