import { basename, extname } from "node:path";
import type { Inspection, ModelKind } from "@underdraw/engine";
import { bytesInWords } from "./progress.ts";

// What a model is, for a person, in one screen: what it is, what is in it, what to do with it.

/** How a kind is used, as a command line after "underdraw "; null where there is no use for it here. */
const uses: Readonly<Record<ModelKind, ((path: string, found: Inspection) => string) | null>> = {
  base: (path) => `draw --map lines.png --net NET --model ${path} --prompt "…"`,
  net: (path) => `draw --map map.png --net ${path} --model BASE --prompt "…"`,
  vae: (path) => `draw --vae ${path} --model BASE …`,
  lora: (path) => `draw --lora ${path}=1 --model BASE …`,
  embedding: (path, { embedding }) => {
    const word = wordOf(path, embedding?.word ?? null);
    return `draw --embedding ${path}=${word} --model BASE --prompt "… ${word} …"`;
  },
  "tiny-vae": (path) => `draw --previews ${path} --model BASE …`,
  unet: null,
  "text-encoder": null,
  unknown: null,
};

/** The name that a file gives its word, or the file's own: "*" and spaces are no word of a prompt. */
function wordOf(path: string, own: string | null): string {
  return own !== null && /^[^\s*]+$/.test(own) ? own : basename(path, extname(path)).replace(/\s+/g, "-");
}

/** An inspection in lines; `path` is the file as the person named it. */
export function inspectionInWords(found: Inspection, path: string): string {
  const { name, what, family, bytes, parts, problems, warnings, prediction, lora, embedding, fit } = found;
  const total = parts.reduce((sum, { parameters }) => sum + parameters, 0);
  const width = Math.max(0, ...parts.map(({ part }) => part.length));
  const facts = [
    what,
    ...(family === null ? [] : [`family ${family}`]),
    ...(total > 0 ? [`${amount(total)} parameters`] : []),
    ...(bytes === null ? [] : [bytesInWords(bytes)]),
  ];
  const use = problems.length === 0 && fit?.fits !== false ? uses[found.kind]?.(quotedPath(path), found) : null;
  const lines = [
    `${name}: ${facts.join(", ")}`,
    ...parts.map(({ part, tensors, parameters, dtypes }) => {
      const types = Object.entries(dtypes).map(([type, count]) => `${count} ${type}`);
      return `  ${part.padEnd(width)}  ${amount(parameters).padStart(9)} parameters in ${counted(tensors, "tensor")}: ${types.join(", ")}`;
    }),
    ...(lora ? loraInWords(lora) : []),
    ...(embedding
      ? [
          `  ${counted(embedding.vectors, "vector")} of ${embedding.width} numbers: ${counted(embedding.vectors, "token")} of a prompt`,
          embedding.word === null ? "  gives its word no name" : `  calls its word "${embedding.word}"`,
        ]
      : []),
    ...(prediction ? [predictionInWords(prediction)] : []),
    ...(fit ? [fit.fits ? "  fits the base" : `  does not fit the base: ${fit.reason}`] : []),
    ...warnings.map((warning) => `  note: ${warning}`),
    ...problems.map((problem) => `  problem: ${problem}`),
    ...(use ? [`  use it: underdraw ${use}`] : []),
  ];
  return `${lines.join("\n")}\n`;
}

function predictionInWords({ type, assumed, evidence }: NonNullable<Inspection["prediction"]>): string {
  const other = type === "epsilon" ? "v" : "epsilon";
  const doubt = assumed ? `, as is assumed (draw with --prediction ${other} if pictures are noise)` : "";
  return `  predicts ${type}${doubt}: ${evidence}`;
}

function loraInWords({ networks, ranks, spelling, forms }: NonNullable<Inspection["lora"]>): readonly string[] {
  const places = Object.entries(networks).map(([network, layers]) => `${counted(layers, "layer")} of the ${network}`);
  const kinds = Object.entries(forms).map(([form, count]) => `${count} ${form}`);
  const rank =
    ranks === null ? "no rank" : ranks[0] === ranks[1] ? `rank ${ranks[0]}` : `ranks ${ranks[0]} to ${ranks[1]}`;
  return [`  changes ${places.join(" and ") || "nothing"}, ${rank}`, `  written as ${spelling}: ${kinds.join(", ")}`];
}

const counted = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;

const quotedPath = (path: string): string => (/^[\w./@%+=:~-]+$/.test(path) ? path : JSON.stringify(path));

/** A count in thousands, millions or billions, with three digits. */
export function amount(count: number): string {
  for (const [size, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    if (count >= size) return `${(count / size).toPrecision(3)} ${unit}`;
  }
  return String(count);
}
