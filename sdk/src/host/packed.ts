// Pictures as they stand in a parcel's text: the bytes are among the parcel's parts, and a number says which. The three
// kinds are told apart by the field that holds that number.

import { type Scene, UnderdrawError } from "@underdraw/engine/core";
import type { Capture, NewLayer, Picture, PictureStack } from "./adapter.ts";
import { limits } from "./limits.ts";
import type { Call } from "./protocol.ts";
import type { Parcel } from "./transfer.ts";

/** A picture whose bytes are elsewhere. */
export type PackedPicture =
  | { readonly width: number; readonly height: number; readonly data: number }
  | PackedFile
  | {
      readonly width: number;
      readonly height: number;
      readonly parts: readonly { readonly picture: PackedFile; readonly box: PictureStack["parts"][number]["box"] }[];
    };

interface PackedFile {
  readonly type: "image/png" | "image/jpeg";
  readonly bytes: number;
}

/** Puts a picture's bytes among the parts, without a copy. Throws a RangeError for bytes that do not fit its size. */
function pack(picture: Picture, parts: Uint8Array[]): PackedPicture {
  const add = ({ buffer, byteOffset, byteLength }: Uint8Array | Uint8ClampedArray): number =>
    parts.push(new Uint8Array(buffer, byteOffset, byteLength)) - 1;
  if ("bytes" in picture) return { type: picture.type, bytes: add(picture.bytes) };
  const { width, height } = picture;
  if ("data" in picture) {
    const { data } = picture;
    if (data.length === width * height * 4) return { width, height, data: add(data) };
    throw new RangeError(`pixels: ${width} x ${height} does not go with ${data.length} bytes of RGBA.`);
  }
  return {
    width,
    height,
    parts: picture.parts.map(({ picture: { type, bytes }, box }) => ({ picture: { type, bytes: add(bytes) }, box })),
  };
}

/** A name within its limit; no half of a surrogate pair is left. */
const cut = (name: string): string => name.slice(0, limits.name).replace(/[\ud800-\udbff]$/, "");

/** A capture, ready to be sent. Throws for what is none. */
export function packCapture(capture: Capture<Picture> | null): Parcel {
  const parts: Uint8Array[] = [];
  if (!capture) return { value: null, parts };
  const { pixels, mask, name, bounds, layer, anchor } = capture;
  const value = {
    pixels: pack(pixels, parts),
    mask: mask && pack(mask, parts),
    name: name && cut(name),
    bounds,
    layer,
    anchor,
  };
  return { value, parts };
}

/** A scene, ready to be sent: without the pixels of its pictures, which would be most of the load. Their outlines stay. */
export function withoutPictures(scene: Scene | null): Scene | null {
  return scene && { ...scene, shapes: scene.shapes.map(({ picture: _, ...shape }) => shape) };
}

/** Layers to be placed, ready to be sent. Throws a RangeError for bytes that do not fit a picture's size. */
export function packPlace(title: string, layers: readonly NewLayer<Picture>[]): Parcel {
  const parts: Uint8Array[] = [];
  const value = {
    title: cut(title),
    layers: layers.map(({ name, bounds, pixels, mask, recipe = null, anchor = null }) => ({
      name: cut(name),
      bounds,
      pixels: pack(pixels, parts),
      mask: mask ? pack(mask, parts) : null,
      recipe,
      anchor,
    })),
  };
  return { value, parts };
}

/** The error for an adapter that gave what no call carries. */
export function hostFailed(host: string, call: Call, what: string, cause?: unknown): UnderdrawError<"host-failed"> {
  const message = `${host}: ${call} ${what} Try again; update the plugin if it happens again.`;
  return new UnderdrawError("host-failed", message, { host, call }, cause === undefined ? undefined : { cause });
}
