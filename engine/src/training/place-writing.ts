import { UnderdrawError } from "../core/errors.ts";
import { quoted } from "../models/refusal.ts";
import { size } from "../store/failure.ts";

// What all places do alike: a file is written under a name aside and takes its own when it is whole.

/** Bytes in order, as they lie in memory or as they come from a device. A piece is good until the next is asked for. */
export type Pieces = Iterable<Uint8Array> | AsyncIterable<Uint8Array>;

/** The name that a file has while it is written; `by` tells writers apart. */
export const asideName = (file: string, by = ""): string => `.${file}${by && `.${by}`}.new`;

/** Whether a path is one of a file that was not written to its end. Chromium puts what a page writes beside that again. */
export const isAside = (path: string): boolean => /(^|\/)\.[^/]+\.new(\.[^/]*crswap)?$/.test(path);

/** Whoever wrote the file's aside, from the name of a file beside it; null where it is none of that file's. */
export function writerOf(file: string, aside: string): string | null {
  const [start, end] = [`.${file}.`, ".new"];
  return aside.startsWith(start) && aside.endsWith(end) && aside.length > start.length + end.length
    ? aside.slice(start.length, -end.length)
    : null;
}

/** The error for a file that has no room. Bytes. */
export function noRoom(
  name: string,
  { needed, free }: { readonly needed?: number; readonly free?: number } = {},
  cause?: unknown,
): UnderdrawError<"storage-full"> {
  const room = free === undefined ? "" : `, and ${size(free)} are free`;
  const needs = needed === undefined ? "" : ` It needs ${size(needed)}${room}.`;
  const message = `There is no room for ${quoted(name)}.${needs} Delete other files and go on: what was written before is still there.`;
  const details = { ...(needed !== undefined && { needed }), ...(free !== undefined && { free }) };
  return new UnderdrawError("storage-full", message, details, cause === undefined ? {} : { cause });
}

const full = new Set(["QuotaExceededError", "ENOSPC", "EDQUOT"]);

/** What a place refuses to write with, as the error that it is for a person. */
export function refusedWriting(name: string, given: unknown): UnderdrawError {
  // A file of a store says what a store would.
  const cause = UnderdrawError.is(given) ? (given.cause ?? given) : given;
  const { name: kind = "", code = "", message = String(cause) } = (cause ?? {}) as Partial<Error & { code: string }>;
  if (full.has(kind) || full.has(String(code)) || UnderdrawError.is(cause, "storage-full"))
    return noRoom(name, {}, cause);
  const advice =
    kind === "NoModificationAllowedError"
      ? "Another tab or worker has it open: close that, and try again."
      : "Check that the folder is there and may be written.";
  const text = `Could not write ${quoted(name)}: ${message.replace(/\.$/, "")}. ${advice}`;
  return new UnderdrawError("file-unwritable", text, { file: name, reason: message }, { cause });
}

/** Runs a step of writing; what it fails with is an error for a person. */
export async function writing<T>(name: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    throw refusedWriting(name, cause);
  }
}
