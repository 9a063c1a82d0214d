import { UnderdrawError } from "../core/errors.ts";
import { quoted } from "../models/refusal.ts";

/** Bytes for a message: "1.5 GB". */
export function size(bytes: number): string {
  for (const [unit, factor] of [
    ["GB", 1e9],
    ["MB", 1e6],
    ["kB", 1e3],
  ] as const) {
    if (bytes >= factor) return `${(bytes / factor).toFixed(1)} ${unit}`;
  }
  return `${bytes} bytes`;
}

/** An address for messages and for the index: without its query and fragment, which may hold keys. */
export function bare(address: string): string {
  if (!URL.canParse(address)) return address;
  const url = new URL(address);
  url.search = "";
  url.hash = "";
  return url.href;
}

/** The error for a server that cannot be had, or says what cannot be. `why` is a clause, `advice` a sentence. */
export function fetchFailed(
  url: string,
  why: string,
  advice: string,
  { status, cause }: { readonly status?: number | undefined; readonly cause?: unknown } = {},
): UnderdrawError<"model-fetch"> {
  const shown = bare(url);
  return new UnderdrawError(
    "model-fetch",
    `Could not fetch ${shown}: ${why}. ${advice}`,
    { url: shown, ...(status !== undefined && { status }) },
    cause === undefined ? {} : { cause },
  );
}

/** The error for content that is another than it should be. */
export function integrity(url: string, expected: string, actual: string): UnderdrawError<"model-integrity"> {
  const shown = bare(url);
  const message = `${quoted(shown)} has the SHA-256 ${actual}, and ${expected} was expected. What came was deleted. Fetch it again, or check where it comes from.`;
  return new UnderdrawError("model-integrity", message, { url: shown, expected, actual });
}

/** The error for a model that is not in the store. */
export function unknownModel(id: string, known: readonly string[]): UnderdrawError<"model-unknown"> {
  const here = known.length === 0 ? "The store is empty." : `Here are: ${known.slice(0, 8).join(", ")}.`;
  return new UnderdrawError("model-unknown", `The store has no model ${quoted(id)}. ${here}`, { id, known });
}

/** The error for something given that cannot be used. The message names it, and says what would do. */
export function invalid(path: string, message: string): UnderdrawError<"request-invalid"> {
  return new UnderdrawError("request-invalid", message, { issues: [{ path, message }] });
}

/** The error for a file that has no room. */
export function storageFull(
  name: string,
  needed?: number,
  free?: number | null,
  cause?: unknown,
): UnderdrawError<"storage-full"> {
  const room = free === undefined || free === null ? "" : `, and ${size(free)} are free`;
  const needs = needed === undefined ? "" : ` It needs ${size(needed)}${room}.`;
  const message = `There is no room for ${quoted(name)}.${needs} Delete models or other files and try again: what has come so far is kept.`;
  const details = { ...(needed !== undefined && { needed }), ...(typeof free === "number" && { free }) };
  return new UnderdrawError("storage-full", message, details, cause === undefined ? {} : { cause });
}

const full = new Set(["QuotaExceededError", "ENOSPC", "EDQUOT"]);

/** What a place refuses to write with, as the error that it is for a person. */
export function writeFailure(name: string, cause: unknown): UnderdrawError {
  if (UnderdrawError.is(cause)) return cause;
  const { name: kind = "", code = "", message = String(cause) } = (cause ?? {}) as Partial<Error & { code: string }>;
  if (full.has(kind) || full.has(String(code))) return storageFull(name, undefined, undefined, cause);
  const text = `Could not write ${quoted(name)}: ${message}. Check that the store's folder may be written.`;
  return new UnderdrawError("file-unwritable", text, { file: name, reason: message }, { cause });
}

/** What went wrong, in the words of whoever threw it: `fetch` hides the reason in the cause. */
export function reasonOf(cause: unknown): string {
  const { cause: inner, message } = (cause ?? {}) as Partial<Error>;
  const text = (inner as Partial<Error> | undefined)?.message || message || String(cause);
  return text.replace(/\.$/, "");
}

/** What may be done about a server's refusal. */
export function adviceFor(status: number): string {
  if (status === 401 || status === 403)
    return "The server asks for rights: give a token of an account that may read the file.";
  return status === 404 || status === 410 ? "The file is not there: check the address." : "Check the address.";
}
