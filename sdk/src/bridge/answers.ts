// What each call is answered with, as a panel checks it: a host is foreign code.

import { inWords, readScene } from "@underdraw/engine";
import { type Scene, UnderdrawError } from "@underdraw/engine/core";
import * as z from "zod/mini";
import type { Capture, Picture } from "../host/adapter.ts";
import { limits } from "../host/limits.ts";
import { hostFailed, type PackedPicture } from "../host/packed.ts";
import type { Call } from "../host/protocol.ts";
import { type Arrived, violation } from "../host/transfer.ts";

const side = z.int().check(z.minimum(1), z.maximum(limits.side));
const part = z.int().check(z.minimum(0));
const name = z.string().check(z.maxLength(limits.name));
const extent = z.number().check(z.positive());
const whole = z.int().check(z.minimum(1));
const wholeBounds = z.object({ x: z.int(), y: z.int(), width: whole, height: whole });

const file = z.object({ type: z.enum(["image/png", "image/jpeg"]), bytes: part });
const box = z.object({ x: z.number(), y: z.number(), width: extent, height: extent });
const picture = z.union([
  z.object({ width: side, height: side, data: part }),
  file,
  z.object({
    width: side,
    height: side,
    parts: z.array(z.object({ picture: file, box })).check(z.maxLength(limits.stack)),
  }),
]);

const capture = z.object({
  pixels: picture,
  bounds: wholeBounds,
  mask: z.exactOptional(picture),
  name: z.exactOptional(name),
  layer: z.exactOptional(name),
  anchor: z.exactOptional(z.string().check(z.maxLength(limits.anchor))),
});

/** What each call but `scene` is answered with. */
const answers = {
  capture: z.nullable(capture),
  place: z.array(name.check(z.minLength(1))),
  recipe: z.nullable(z.string().check(z.maxLength(limits.recipe))),
};

/** What a host answered. Throws `host-failed`, naming the places, for what is not what was asked for. */
export function checked<C extends keyof typeof answers>(
  host: string,
  call: C,
  value: unknown,
): z.output<(typeof answers)[C]> {
  const read = answers[call].safeParse(value, inWords);
  if (read.success) return read.data as z.output<(typeof answers)[C]>;
  const issues = read.error.issues.map(({ path, message }) => ({ path: path.join(".") || call, message }));
  throw unusable(host, call, issues, read.error);
}

/**
 * The scene that a host answered with, by the engine's own rules and limits, in whole bounds as a capture's. Rejects with
 * `host-failed`, naming the places, for what is none.
 */
export async function checkedScene(host: string, value: unknown): Promise<Scene | null> {
  if (value === null) return null;
  try {
    const scene = await readScene(value);
    const whole = wholeBounds.safeParse(scene.bounds);
    if (whole.success) return scene;
    throw unusable(host, "scene", [{ path: "scene.bounds", message: "must be whole" }], whole.error);
  } catch (error) {
    if (UnderdrawError.is(error, "request-invalid")) throw unusable(host, "scene", error.details.issues, error);
    throw error;
  }
}

type Issues = readonly { readonly path: string; readonly message: string }[];

function unusable(host: string, call: Call, issues: Issues, cause: unknown): UnderdrawError<"host-failed"> {
  const list = issues.slice(0, 3).map(({ path, message }) => `${path}: ${message}`);
  return hostFailed(host, call, `gave what cannot be used (${list.join("; ")}).`, cause);
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
