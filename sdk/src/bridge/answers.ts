// What each call is answered with, as a panel checks it: a host is foreign code.

import { z } from "zod";
import type { Capture, Picture } from "../host/adapter.ts";
import { limits } from "../host/limits.ts";
import { hostFailed, type PackedPicture } from "../host/packed.ts";
import type { Call } from "../host/protocol.ts";
import { type Arrived, violation } from "../host/transfer.ts";

const side = z.int().min(1).max(limits.side);
const part = z.int().min(0);
const name = z.string().max(limits.name);
const extent = z.number().positive();
const wholeBounds = z.object({ x: z.int(), y: z.int(), width: z.int().min(1), height: z.int().min(1) });

const file = z.object({ type: z.enum(["image/png", "image/jpeg"]), bytes: part });
const box = z.object({ x: z.number(), y: z.number(), width: extent, height: extent });
const picture = z.union([
  z.object({ width: side, height: side, data: part }),
  file,
  z.object({ width: side, height: side, parts: z.array(z.object({ picture: file, box })).max(limits.stack) }),
]);

const capture = z.object({
  pixels: picture,
  bounds: wholeBounds,
  mask: picture.exactOptional(),
  name: name.exactOptional(),
  layer: name.exactOptional(),
  anchor: z.string().max(limits.anchor).exactOptional(),
});

const six = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]);
const shape = z.object({
  id: name,
  name,
  path: z.string(),
  matrix: six,
  stroke: name.nullable(),
  strokeWidth: z.number().min(0),
  dash: z.array(z.number().min(0)),
  fill: name.nullable(),
  opacity: z.number().min(0).max(1),
});

/** What each call is answered with. */
export const answers = {
  capture: capture.nullable(),
  place: z.array(name.min(1)),
  scene: z.object({ bounds: wholeBounds, shapes: z.array(shape) }).nullable(),
  recipe: z.string().max(limits.recipe).nullable(),
};

/** What a host answered. Throws `host-failed`, naming the places, for what is not what was asked for. */
export function checked<C extends Call>(host: string, call: C, value: unknown): z.output<(typeof answers)[C]> {
  const read = answers[call].safeParse(value);
  if (read.success) return read.data as z.output<(typeof answers)[C]>;
  const issues = read.error.issues.slice(0, 3).map(({ path, message }) => `${path.join(".") || call}: ${message}`);
  throw hostFailed(host, call, `gave what cannot be used (${issues.join("; ")}).`, read.error);
}

/** A capture with its pictures. Throws `bridge-protocol` for bytes that are not there or have another size. */
export function unpackCapture(packed: z.output<typeof capture>, parts: Arrived["parts"]): Capture<Picture> {
  const { pixels, mask, ...rest } = packed;
  return { pixels: unpack(pixels, parts), ...(mask ? { mask: unpack(mask, parts) } : {}), ...rest };
}

function unpack(packed: PackedPicture, parts: Arrived["parts"]): Picture {
  const bytesAt = (at: number): Uint8Array<ArrayBuffer> => {
    const bytes = parts[at];
    if (bytes) return bytes;
    throw violation("a picture without its bytes");
  };
  if ("bytes" in packed) return { type: packed.type, bytes: bytesAt(packed.bytes) };
  const { width, height } = packed;
  if ("data" in packed) {
    const { buffer, length } = bytesAt(packed.data);
    if (length === width * height * 4) return { width, height, data: new Uint8ClampedArray(buffer) };
    throw violation(`${width} x ${height} pixels in ${length} bytes`);
  }
  return {
    width,
    height,
    parts: packed.parts.map(({ picture: { type, bytes }, box }) => ({
      picture: { type, bytes: bytesAt(bytes) },
      box,
    })),
  };
}
