import type * as z from "zod/mini";
import { inWords } from "../wording.ts";
import { fileInvalid, quoted } from "./refusal.ts";
import type { ByteSource, ModelFolder } from "./source.ts";

/** The largest JSON or text file that is read. The vocabulary of CLIP has 1 MB, a shard index of a large model 2 MB. */
const MOST_TEXT = 64 << 20;

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

/** Python's JSON writes infinity and NaN as bare words (diffusers: `"lambda_min_clipped": -Infinity`). Strings stay. */
const pythonWords = /"(?:[^"\\]|\\.)*"|-?\b(?:Infinity|NaN)\b/g;

/**
 * Parses a JSON object; infinity and NaN, as Python writes them, become null. Throws `file-invalid` for anything else.
 * A key named `__proto__` is left out.
 */
export function parseObject(name: string, text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text.replace(pythonWords, (word) => (word.startsWith('"') ? word : "null")));
  } catch (cause) {
    const reason = text.trim() === "" ? "the file is empty" : `it is no JSON (${(cause as Error).message})`;
    throw fileInvalid(name, `${reason}. Copy or download it again.`, { cause });
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fileInvalid(name, "it holds no JSON object. Copy or download it again.");
  return Object.fromEntries(Object.entries(value).filter(([key]) => key !== "__proto__"));
}

/** Checks a parsed file against a schema. Throws `file-invalid` that names each wrong key with its value. */
export function checked<Schema extends z.ZodMiniType>(name: string, value: unknown, schema: Schema): z.output<Schema> {
  const result = schema.safeParse(value, inWords);
  if (result.success) return result.data;
  const issues = result.error.issues.slice(0, 4).map((issue) => {
    let at: unknown = value;
    for (const key of issue.path) at = (at as Record<PropertyKey, unknown> | undefined)?.[key];
    const place = issue.path.map(String).join(".") || "the file";
    return `${place} is ${quoted(at)} (${issue.message})`;
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
