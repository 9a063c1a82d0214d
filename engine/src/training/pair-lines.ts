import * as z from "zod/mini";
import { fileInvalid, quoted } from "../models/refusal.ts";
import { inWords } from "../wording.ts";
import { valueLines } from "./comma-values.ts";
import { folderOf, pathInside } from "./pair-path.ts";

// Lists of pairs, as the paper's repository writes them (source, target, prompt) and as Hugging Face's data sets do.

/** What a line of a list says. */
export interface PairLine {
  /** Where it stands, for a person: "line 3", "entry 3". */
  readonly place: string;
  /** Paths from the top of the folder; null where the line names none. */
  readonly map: string | null;
  readonly picture: string | null;
  /** Empty where there is none. */
  readonly prompt: string;
}

/** The columns that hold each half, the first that is filled counts. */
const columns = {
  map: ["source", "conditioning_image", "conditioning_image_file_name"],
  picture: ["target", "image", "file_name"],
  prompt: ["prompt", "text", "caption"],
} as const;

/** The columns that name a half, for a message. */
export const columnsOf = (half: "map" | "picture"): string =>
  `${columns[half].slice(0, -1).map(quotedName).join(", ")} or ${quotedName(columns[half].at(-1) ?? "")}`;

function quotedName(name: string): string {
  return `"${name}"`;
}

const line = z.object(
  Object.fromEntries(Object.values(columns).flatMap((names) => names.map((name) => [name, z.nullish(z.string())]))),
);

/** How many faulty lines a message names. */
const told = 3;

interface Raw {
  readonly place: string;
  readonly value: unknown;
}

/**
 * Reads a list of pairs: a JSON object a line, one JSON array, or comma-separated values by the ending of `path`, which is
 * the list's own from the top of the folder. Throws `file-invalid` that names the first faulty lines.
 */
export function readLines(name: string, path: string, text: string): PairLine[] {
  const faults: string[] = [];
  const lines: PairLine[] = [];
  for (const { place, value } of rawLines(name, path, text, faults)) {
    const result = line.safeParse(value, inWords);
    if (!result.success) {
      const [issue] = result.error.issues;
      faults.push([place, ...(issue?.path ?? []).map(String), issue?.message].join(": "));
      continue;
    }
    const said = (half: keyof typeof columns) =>
      columns[half].map((column) => result.data[column]?.trim()).find(Boolean) ?? null;
    const paths = (["map", "picture"] as const).map((half) => {
      const written = said(half);
      const inside = written === null ? null : pathInside(written, folderOf(path));
      if (written !== null && inside === null)
        faults.push(`${place}: the ${half}'s path ${quoted(written)} leads out of the folder`);
      return inside;
    });
    const [map = null, picture = null] = paths;
    lines.push({ place, map, picture, prompt: said("prompt") ?? "" });
  }
  if (faults.length > 0) {
    const more = faults.length > told ? `; and ${faults.length - told} more` : "";
    const remedy = "A list has one JSON object a line, or is one JSON array, with paths relative to itself.";
    throw fileInvalid(name, `${faults.slice(0, told).join("; ")}${more}. ${remedy}`);
  }
  return lines;
}

function rawLines(name: string, path: string, text: string, faults: string[]): Raw[] {
  if (/\.csv$/i.test(path)) return tableLines(name, text, faults);
  if (text.trimStart().startsWith("[")) return arrayLines(name, text);
  const raw: Raw[] = [];
  text.split(/\r?\n/).forEach((one, index) => {
    if (one.trim() === "") return;
    const place = `line ${index + 1}`;
    try {
      raw.push({ place, value: JSON.parse(one) });
    } catch (cause) {
      faults.push(`${place} is no JSON (${(cause as Error).message})`);
    }
  });
  return raw;
}

function arrayLines(name: string, text: string): Raw[] {
  try {
    const values = JSON.parse(text) as readonly unknown[];
    return values.map((value, index) => ({ place: `entry ${index + 1}`, value }));
  } catch (cause) {
    throw fileInvalid(name, `it is no JSON (${(cause as Error).message}). Write it again.`, { cause });
  }
}

function tableLines(name: string, text: string, faults: string[]): Raw[] {
  let lines: ReturnType<typeof valueLines>;
  try {
    lines = valueLines(text);
  } catch (cause) {
    throw fileInvalid(name, `${(cause as Error).message}. Write it again.`, { cause });
  }
  const [head, ...rest] = lines;
  const names = (head?.values ?? []).map((column) => column.trim());
  return rest.flatMap(({ line: number, values }) => {
    const place = `line ${number}`;
    if (values.length === names.length)
      return [{ place, value: Object.fromEntries(names.map((column, index) => [column, values[index]])) }];
    faults.push(`${place} has ${values.length} values, and the first line names ${names.length} columns`);
    return [];
  });
}
