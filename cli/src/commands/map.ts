import { builtInConditions, type ConditionKind, checkSource, describeOptions, Engine } from "@underdraw/engine";
import { writePicture } from "@underdraw/engine/pictures";
import type { Arguments, Command, Flag, Surroundings } from "../command.ts";
import { chooseCondition, kindOf } from "../condition-choice.ts";
import { exitCodes, misused } from "../failure.ts";
import { checkApart, readPictureFile } from "../input-picture.ts";
import { checkOutput, writeOutput } from "../output-file.ts";
import { createProgressBar } from "../progress.ts";

/** `underdraw map`: the map of a condition, drawn from a picture. */
export const map: Command = {
  name: "map",
  about: "Draw the map of a condition, such as a photo's edges, for use with draw.",
  usage: ["map CONDITION SOURCE OUT.png [--option value …]", "map --list"],
  flags: {
    ...Object.fromEntries(builtInConditions.map((kind) => [`Options of ${kind.id}`, flagsOfKind(kind)])),
    Result: [
      { name: "list", help: "say which conditions there are, with their options" },
      { name: "json", help: "one JSON object on stdout instead of a line" },
    ],
  },
  notes: [
    "The map is an opaque PNG of the source's size, nothing padded. The source may be PNG, JPEG, WebP or GIF; it is turned as its orientation tag says, and converted to sRGB.",
  ],
  examples: [
    "map canny photo.jpg edges.png",
    "map canny photo.jpg edges.png --low 50 --high 150 --l2 true",
    "map canny logo.png edges.png --matte white",
  ],
  run: drawMap,
};

function flagsOfKind(kind: ConditionKind): readonly Flag[] {
  return describeOptions(kind).map(({ name, values, help, default: preset }) => ({
    name,
    value: values.replaceAll(" | ", "|").replace(/^(whole )?number.*/, "NUMBER"),
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
  if (more.length > 0) {
    throw misused(
      more[0] as string,
      `map has no place for "${more[0]}". It takes a condition, a source and a place for the map.`,
    );
  }
  const kind = kindOf("CONDITION", id);
  const own = describeOptions(kind).map(({ name }) => name);
  for (const name of flags.keys()) {
    if (own.includes(name) || name === "json") continue;
    throw misused(`--${name}`, `--${name} is no option of ${id}. It has ${own.map((one) => `--${one}`).join(", ")}.`);
  }
  const given = new Map([...flags].filter(([name]) => own.includes(name)));
  const { condition, options } = chooseCondition(kind, given);
  checkOutput("OUT", out, ["png"]);
  await checkApart("OUT", out, source);

  const bar = createProgressBar(stderr);
  try {
    const { pixels, notes } = await readPictureFile(source, signal);
    for (const note of notes) bar.line(`${source}: ${note}`);
    const matte = options["matte"];
    const warnings = matte === "black" || matte === "white" ? checkSource(pixels, matte) : [];
    await using engine = new Engine();
    const drawn = await engine.extract(condition, pixels, { signal, onProgress: bar.part(0, 1) });
    signal.throwIfAborted();
    writeOutput(out, await writePicture(drawn.pixels, { format: "png" }));
    bar.end();
    for (const { code, message, remedy } of warnings) {
      const flag = code === "source-vanishes" ? ` Use --matte ${matte === "black" ? "white" : "black"}.` : "";
      stderr.write(`warning: ${message} ${remedy}${flag}\n`);
    }
    const { width, height } = drawn.pixels;
    const seconds = Math.round(performance.now() - started) / 1000;
    const chosen = Object.entries(options).map(([name, value]) => `${name} ${value}`);
    stdout.write(
      asJson
        ? `${JSON.stringify({ file: out, condition: id, options, width, height, warnings, seconds })}\n`
        : `${out}: ${width}x${height}, ${[id, ...chosen].join(", ")}, ${seconds.toFixed(1)} s\n`,
    );
    return exitCodes.done;
  } finally {
    bar.end();
  }
}

function listed(): unknown {
  return builtInConditions.map((kind) => ({
    id: kind.id,
    title: kind.title,
    nets: kind.nets,
    options: describeOptions(kind),
  }));
}

function listInWords(): string {
  return builtInConditions
    .flatMap((kind) => [
      `${kind.id}: ${kind.title}. Read by the nets ${kind.nets.join(", ")}.`,
      ...describeOptions(kind).map(
        ({ name, values, default: preset, help }) =>
          `  --${name}  ${values}${preset === undefined ? "" : ` (${preset})`}: ${help}`,
      ),
      "",
    ])
    .join("\n");
}
