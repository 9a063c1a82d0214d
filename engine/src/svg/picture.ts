import type { Pixels } from "../core/pixels.ts";
import { hrefOf, type SvgDocument, type SvgElement } from "./element.ts";
import type { SvgLimits } from "./limits.ts";
import type { Reporter } from "./report.ts";

// Pictures inside a file, as data URLs. What lies elsewhere is never fetched.

/** Turns the bytes of a picture into pixels. `type` is what the file says it is, such as `image/png`. */
export type ReadSvgPicture = (bytes: Uint8Array, type: string) => Promise<Pixels>;

/** Reads the pictures of a file, each once. What cannot be read is reported, and drawn as its box. */
export async function readPictures(
  { root }: SvgDocument,
  read: ReadSvgPicture | undefined,
  limits: SvgLimits,
  report: Reporter,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Pixels>> {
  const pictures = new Map<string, Pixels>();
  const seen = new Set<string>();
  const waiting: SvgElement[] = [root];
  for (let element = waiting.pop(); element; element = waiting.pop()) {
    for (const child of element.children) if (typeof child !== "string") waiting.push(child);
    if (element.name !== "image") continue;
    const href = hrefOf(element);
    if (!href || seen.has(href)) continue;
    seen.add(href);
    if (!/^data:/i.test(href)) continue;
    const data = dataFrom(href, limits.pictureBytes);
    if (!data || !read) continue;
    try {
      signal?.throwIfAborted();
      pictures.set(href, await read(data.bytes, data.type));
    } catch (error) {
      if (signal?.aborted) throw error;
      report.note(`A picture of type ${data.type || "unknown"} in the file could not be read: ${messageOf(error)}`);
    }
  }
  return pictures;
}

const messageOf = (error: unknown): string =>
  (error instanceof Error ? error.message : String(error)).split("\n", 1)[0] as string;

/** The bytes of a data URL; null for one that is damaged or too long. */
function dataFrom(href: string, limit: number): { readonly type: string; readonly bytes: Uint8Array } | null {
  const comma = href.indexOf(",");
  if (comma < 0) return null;
  const [type = "", ...rest] = href.slice(5, comma).split(";");
  const text = href.slice(comma + 1);
  const isBase64 = rest.some((word) => word.trim().toLowerCase() === "base64");
  if (text.length > limit * (isBase64 ? 1.5 : 3)) return null;
  try {
    // What is no base64 is text with codes such as %3C.
    const plain = isBase64 ? atob(decodeURIComponent(text).replace(/\s+/g, "")) : bytesWritten(text);
    if (plain.length > limit) return null;
    return { type: type.trim().toLowerCase(), bytes: Uint8Array.from(plain, (character) => character.charCodeAt(0)) };
  } catch {
    return null;
  }
}

/** Text with codes such as %3C, a byte a character. */
function bytesWritten(text: string): string {
  return text.replace(/%([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)));
}
