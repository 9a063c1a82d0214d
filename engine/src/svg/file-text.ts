import { unreadable } from "./refusal.ts";

// From the bytes of a file to its text: unpacked where it is a .svgz, and read in the encoding that its first bytes or its
// XML declaration name.

/** The text of a file. Rejects with `picture-unreadable` for one that is too long or in no encoding that is known. */
export async function textOf(bytes: Uint8Array, file: string, limit: number, signal?: AbortSignal): Promise<string> {
  if (bytes.length === 0) throw unreadable(file, "the file is empty. Get it again.");
  if (bytes.length > limit) throw tooLong(file, limit);
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? await unpacked(bytes, file, limit, signal) : bytes;
  const label = encodingOf(plain);
  let decoder: TextDecoder;
  try {
    decoder = new TextDecoder(label, { fatal: true });
  } catch (cause) {
    throw unreadable(file, `its encoding "${label}" is not known here. Save it as UTF-8.`, cause);
  }
  try {
    return decoder.decode(plain);
  } catch (cause) {
    throw unreadable(file, `it holds bytes that are no ${label.toUpperCase()}. Save it as UTF-8.`, cause);
  }
}

/** The error for a text or a file beyond the limit. */
function tooLong(file: string, limit: number): Error {
  const size = limit >= 1024 * 1024 ? `${Math.round(limit / 1024 / 1024)} MB` : `${limit} bytes`;
  return unreadable(file, `it is larger than ${size}. Simplify the drawing, or raise limits.bytes.`);
}

/** The encoding by the first bytes, else by the XML declaration, else UTF-8. */
function encodingOf(bytes: Uint8Array): string {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return "utf-8";
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)) return "utf-16le";
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c)) return "utf-16be";
  const head = String.fromCharCode(...bytes.subarray(0, 200));
  const named = /^\s*<\?xml[^>]*\sencoding\s*=\s*["']([\w.:-]+)["']/.exec(head)?.[1]?.toLowerCase() ?? "utf-8";
  // A file that could be read this far has one byte a character, whatever it says.
  return named.startsWith("utf-16") || named.startsWith("ucs-2") ? "utf-8" : named;
}

/** Unpacks gzip, and no more of it than the limit. */
async function unpacked(bytes: Uint8Array, file: string, limit: number, signal?: AbortSignal): Promise<Uint8Array> {
  if (typeof DecompressionStream === "undefined") throw unreadable(file, "it is packed with gzip. Unpack it first.");
  const parts: Uint8Array[] = [];
  let length = 0;
  const reader = new Blob([bytes as Uint8Array<ArrayBuffer>])
    .stream()
    .pipeThrough(new DecompressionStream("gzip"))
    .getReader();
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { value } = await reader.read();
      if (!value) break;
      length += value.length;
      if (length > limit) throw tooLong(file, limit);
      parts.push(value);
    }
  } catch (cause) {
    await reader.cancel().catch(() => {});
    if (signal?.aborted || length > limit) throw cause;
    throw unreadable(file, "it is packed with gzip and damaged or cut off. Get it again.", cause);
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
