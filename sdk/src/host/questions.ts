// What each call is asked with, as a host checks it.

import * as z from "zod/mini";
import type { NewLayer, Picture } from "./adapter.ts";
import { limits } from "./limits.ts";
import { oneOf, text, textOrNull, whole } from "./protocol.ts";
import { type Arrived, violation } from "./transfer.ts";

const side = whole(1, limits.side);
const part = whole(0);
const finite = z.custom<number>((value) => Number.isFinite(value));
const extent = z.custom<number>((value) => Number.isFinite(value) && (value as number) > 0);

/** What `capture` and `recipe` are asked with; `scene` is asked with nothing. */
export const questions = {
  capture: z.object({ maxSide: side }),
  recipe: z.object({ layer: text(limits.name) }),
};

const place = z.object({
  title: text(limits.name),
  layers: z.custom<readonly unknown[]>((value) => Array.isArray(value) && value.length <= limits.layers),
});
const layer = z.object({
  name: text(limits.name),
  bounds: z.object({ x: finite, y: finite, width: extent, height: extent }),
  recipe: textOrNull(limits.recipe),
  anchor: textOrNull(limits.anchor),
  /** Pictures, as the host wants them. */
  pixels: z.custom<unknown>(),
  mask: z.custom<unknown>(),
});
const pixels = z.object({ width: side, height: side, data: part });
const png = z.object({ type: oneOf(["image/png"]), bytes: part });

/** A sound question. Throws `bridge-protocol`, naming the place, for what is none. */
export function sound<S extends z.ZodMiniObject>(schema: S, value: unknown): z.output<S> {
  const read = schema.safeParse(value);
  if (read.success) return read.data;
  throw violation(`a question that cannot be used (${read.error.issues[0]?.path.join(".")})`);
}

/** What `place` is asked with, in the pictures that the host wants. Throws `bridge-protocol` for anything else. */
export function soundPlace(
  { value, parts }: Arrived,
  wanted: "pixels" | "png",
): { readonly title: string; readonly layers: readonly NewLayer<Picture>[] } {
  const bytesAt = (at: number): Uint8Array<ArrayBuffer> => {
    const bytes = parts[at];
    if (bytes) return bytes;
    throw violation("a picture without its bytes");
  };
  const unpack = (picture: unknown): Picture => {
    if (wanted === "png") {
      const { type, bytes } = sound(png, picture);
      return { type, bytes: bytesAt(bytes) };
    }
    const { width, height, data } = sound(pixels, picture);
    const { buffer, length } = bytesAt(data);
    if (length === width * height * 4) return { width, height, data: new Uint8ClampedArray(buffer) };
    throw violation(`${width} x ${height} pixels in ${length} bytes`);
  };
  const { title, layers } = sound(place, value);
  return {
    title,
    layers: layers.map((item) => {
      const { name, bounds, pixels, mask, recipe, anchor } = sound(layer, item);
      return {
        name,
        bounds,
        pixels: unpack(pixels),
        ...(mask === null ? {} : { mask: unpack(mask) }),
        ...(recipe === null ? {} : { recipe }),
        ...(anchor === null ? {} : { anchor }),
      };
    }),
  };
}
