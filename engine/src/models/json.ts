import type * as z from "zod/mini";
import { inWords } from "../wording.ts";
import { fileInvalid, quoted } from "./refusal.ts";
import type { ByteSource, ModelFolder } from "./source.ts";

/** The largest JSON or text file that is read. The vocabulary of CLIP has 1 MB, a shard index of a large model 2 MB. */
const MOST_TEXT = 16 << 20;
/** The deepest nesting that is read: a tokenizer's file has 6 levels. */
const DEEPEST = 64;

/** Reads a whole text file as UTF-8. Throws `file-invalid` when it is too large or no UTF-8. */
function readText(source: ByteSource): string {
  if (source.size > MOST_TEXT)
    throw fileInvalid(source.name, `${source.size} bytes are too many for a file of settings or words.`);
  const bytes = new Uint8Array(source.size);
  source.read(bytes, 0);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw fileInvalid(source.name, "it is no UTF-8 text. Copy or download it again.", { cause });
  }
}

const [QUOTE, BACKSLASH] = [0x22, 0x5c];

/** The place behind the string that begins at a quote; the text's end when nothing closes it. */
function afterString(text: string, from: number): number {
  for (let i = from + 1; i < text.length; i++) {
    const sign = text.charCodeAt(i);
    if (sign === BACKSLASH) i++;
    else if (sign === QUOTE) return i + 1;
  }
  return text.length;
}

/**
 * Turns Python's JSON into JSON: infinity and NaN, which it writes as bare words (diffusers: `"lambda_min_clipped":
 * -Infinity`), become null; strings stay. Each sign is looked at once, so that no text takes long. Null when it is nested
 * deeper than `DEEPEST`, which nothing that reads the value would stand.
 */
function plainJson(text: string): string | null {
  let [out, kept, depth] = ["", 0, 0];
  for (let i = 0; i < text.length; ) {
    const sign = text[i];
    if (sign === '"') {
      i = afterString(text, i);
      continue;
    }
    if (sign === "{" || sign === "[") depth++;
    if (sign === "}" || sign === "]") depth--;
    if (depth > DEEPEST) return null;
    const word =
      sign === "I" || sign === "N" || sign === "-" ? /^-?(Infinity|NaN)\b/.exec(text.slice(i, i + 10)) : null;
    if (word) {
      out += `${text.slice(kept, i)}null`;
      kept = i + word[0].length;
    }
    i += word?.[0].length ?? 1;
  }
  return out + text.slice(kept);
}

/**
 * Parses a JSON object; infinity and NaN, as Python writes them, become null. Throws `file-invalid` for anything else.
 * A key named `__proto__` is left out.
 */
export function parseObject(name: string, text: string): Record<string, unknown> {
  let value: unknown;
  const plain = plainJson(text);
  if (plain === null) throw fileInvalid(name, `it is nested deeper than ${DEEPEST} levels.`);
  try {
    value = JSON.parse(plain);
  } catch (cause) {
    const reason = text.trim() === "" ? "the file is empty" : `it is no JSON (${(cause as Error).message})`;
    throw fileInvalid(name, `${reason}. Copy or download it again.`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fileInvalid(name, "it holds no JSON object. Copy or download it again.");
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "__proto__"));
}

/** The beginning of a text, for a message. */
const cut = (text: string, most = 200): string => (text.length > most ? `${text.slice(0, most)}…` : text);

/** Checks a parsed file against a schema. Throws `file-invalid` that names each wrong key with its value. */
export function checked<Schema extends z.ZodMiniType>(name: string, value: unknown, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(value, inWords);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 4).map((issue) => {
    let at: unknown = value;
    for (const key of issue.path) at = (at as Record<PropertyKey, unknown> | undefined)?.[key];
    // A key may be as long as the file, and a reason may name it.
    const place = cut(issue.path.map(String).join(".")) || "the file";
    return `${place} is ${quoted(at)} (${cut(issue.message)})`;
  });
  throw fileInvalid(name, `${issues.join("; ")}.`, { cause: result.error });
}

/** Opens a file of a folder, reads it whole and closes it; null when there is none. */
export async function openText(
  folder: ModelFolder,
  path: string,
  signal?: AbortSignal,
): Promise<{ readonly name: string; readonly text: string } | null> {
  const source = await folder.open(path, signal ? { signal } : {});
  if (!source) return null;
  try {
    return { name: source.name, text: readText(source) };
  } finally {
    source.close();
  }
}

/** Reads a JSON object of a folder; null when there is no such file. */
export async function openObject(
  folder: ModelFolder,
  path: string,
  signal?: AbortSignal,
): Promise<{ readonly name: string; readonly value: Record<string, unknown> } | null> {
  const file = await openText(folder, path, signal);
  return file && { name: file.name, value: parseObject(file.name, file.text) };
}
