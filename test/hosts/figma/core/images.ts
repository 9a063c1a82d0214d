import type { Size } from "./geometry.ts";
import { sha1 } from "./sha1.ts";

// The images of a file: bytes by their SHA-1. They are no part of the undo history.

/** The longest side of an image, in pixels. */
const longestSide = 4096;

/** The images of a file. */
export class Images {
  readonly #bytes = new Map<string, Uint8Array>();

  /** Takes a PNG, JPEG or GIF file in and gives its hash; throws in Figma's words, in the name of `where`, for another. */
  add(bytes: Uint8Array, where: string): string {
    const size = imageSize(bytes);
    const refuse = (why: string): never => {
      throw new Error(`in ${where}: Image ${why}`);
    };
    if (size === "unsupported") return refuse("type is unsupported");
    if (size === null || size.width === 0 || size.height === 0) return refuse("is too small");
    if (Math.max(size.width, size.height) > longestSide) return refuse("is too large");
    const hash = sha1(bytes);
    if (!this.#bytes.has(hash)) this.#bytes.set(hash, bytes.slice());
    return hash;
  }

  /** The file of an image, as it was given. */
  bytes(hash: string): Uint8Array | undefined {
    return this.#bytes.get(hash);
  }

  /** The size of an image in pixels. */
  size(hash: string): Size {
    const size = imageSize(this.#bytes.get(hash) ?? new Uint8Array());
    if (size === null || size === "unsupported") throw new Error(`The file has no image ${hash}.`);
    return size;
  }
}

const startsWith = (bytes: Uint8Array, text: string): boolean =>
  [...text].every((letter, index) => bytes[index] === letter.charCodeAt(0));

/** The size that a picture file's head says: told by its first bytes, whatever it is called; null when it is cut off. */
function imageSize(bytes: Uint8Array): Size | null | "unsupported" {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (startsWith(bytes, "\x89PNG\r\n\x1a\n")) {
    return bytes.length < 24 ? null : { width: view.getUint32(16), height: view.getUint32(20) };
  }
  if (startsWith(bytes, "GIF87a") || startsWith(bytes, "GIF89a")) {
    return bytes.length < 10 ? null : { width: view.getUint16(6, true), height: view.getUint16(8, true) };
  }
  return startsWith(bytes, "\xff\xd8\xff") ? jpegSize(view) : "unsupported";
}

/** Walks a JPEG file's segments to its frame header (SOF0..SOF15 without the tables DHT, JPG and DAC). */
function jpegSize(view: DataView): Size | null {
  for (let at = 2; at + 9 <= view.byteLength; ) {
    if (view.getUint8(at) !== 0xff) return null;
    const marker = view.getUint8(at + 1);
    if (marker === 0xff) {
      at += 1; // a fill byte
    } else if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: view.getUint16(at + 7), height: view.getUint16(at + 5) };
    } else {
      at += 2 + view.getUint16(at + 2);
    }
  }
  return null;
}
