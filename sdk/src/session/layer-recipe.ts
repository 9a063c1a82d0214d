import { formatRecipe, inWords, parseRecipe, type Recipe } from "@underdraw/engine";
import { type Pixels, type Rect, UnderdrawError } from "@underdraw/engine/core";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import * as z from "zod/mini";
import { maskOf, maskPixels } from "./mask.ts";
import type { Size } from "./resolution.ts";

// What is stored with a layer: the engine's recipe, untouched, so that whatever reads such recipes can draw the picture
// again, and beside it what a layer is more than a picture: where it goes, which part of what was sampled it shows, and
// its mask. JSON without time or path: the same layer has the same text. Whoever opens a document gets this text from a
// stranger, so it is checked before anything is made of it.

/** The version of the shape; raised when a reader of the old one would place another layer. */
const VERSION = 1;

/** How long a recipe with its maps may be, in UTF-16 units: as much as the bridge lets through. */
const longest = 8 * 1024 * 1024;

/** How many pixels a map or a mask in a recipe may have: more would be no model's, and a bomb in a small file. */
const mostPixels = 2 ** 25;

const whole = z.int().check(z.minimum(-(2 ** 31)), z.maximum(2 ** 31));
const side = z.int().check(z.minimum(1), z.maximum(2 ** 20));
const schema = z.strictObject({
  layer: z.literal(VERSION),
  recipe: z.unknown(),
  bounds: z.strictObject({ x: whole, y: whole, width: side, height: side }),
  picture: z.strictObject({ width: side, height: side }),
  mask: z.optional(z.string().check(z.minLength(1))),
});

/** What a layer holds to be drawn and placed again. */
export interface LayerRecipe {
  /** The engine's part. Its size is what was sampled. */
  readonly recipe: Recipe;
  /** Where the layer lay. */
  readonly bounds: Rect;
  /** The size of the picture: the top left part of what was sampled. */
  readonly picture: Size;
  /** The selection's mask, as alpha, in the size it was captured in. */
  readonly mask?: Pixels;
}

/** A layer's recipe as text: JSON in one line. */
export async function formatLayerRecipe({ recipe, bounds, picture, mask }: LayerRecipe): Promise<string> {
  const { x, y, width, height } = bounds;
  return JSON.stringify({
    layer: VERSION,
    recipe: JSON.parse(formatRecipe(recipe)),
    bounds: { x, y, width, height },
    picture: { width: picture.width, height: picture.height },
    ...(mask && { mask: toBase64(await writePicture(mask, { format: "png" })) }),
  });
}

/**
 * Reads the text that a layer holds. Rejects with `file-invalid` for one that is damaged, too long, too new or made to
 * harm.
 */
export async function parseLayerRecipe(
  text: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<LayerRecipe> {
  if (text.length > longest) throw refuse(`it has ${text.length} characters, and ${longest} are the most.`);
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch (cause) {
    throw refuse("it is no JSON. It was damaged or changed.", cause);
  }
  const version = z.looseObject({ layer: z.int() }).safeParse(data);
  if (version.success && version.data.layer > VERSION)
    throw refuse(`it has version ${version.data.layer}, and ${VERSION} is the newest known here. Update Underdraw.`);
  const found = schema.safeParse(data, inWords);
  if (!found.success) {
    const issues = found.error.issues.map(({ path, message }) => `${path.join(".") || "recipe"}: ${message}`);
    throw refuse(`${issues.slice(0, 4).join("; ")}. It was changed by something else.`, found.error);
  }
  const { bounds, picture, mask } = found.data;
  const recipe = enginePart(found.data.recipe);
  if (recipe.width * recipe.height > mostPixels)
    throw refuse(`its picture has ${recipe.width} x ${recipe.height} pixels, and ${mostPixels} in all are the most.`);
  if (picture.width > recipe.width || picture.height > recipe.height)
    throw refuse("its picture is larger than what was drawn. It was changed by something else.");
  if (mask === undefined) return { recipe, bounds, picture };
  const pixels = await readPart(mask, "mask", options);
  return { recipe, bounds, picture, mask: maskPixels(maskOf(pixels)) };
}

function enginePart(data: unknown): Recipe {
  let json: string | undefined;
  try {
    json = JSON.stringify(data);
  } catch (cause) {
    throw refuse("it is nested too deep. It was made by something else.", cause);
  }
  if (json === undefined) throw refuse("recipe: is missing. It was changed by something else.");
  return parseRecipe(json, where);
}

/** A PNG file that a recipe holds in base64, read. Rejects with `file-invalid` for what is none, or too large. */
async function readPart(
  base64: string,
  what: string,
  options: { readonly signal?: AbortSignal } = {},
): Promise<Pixels> {
  let bytes: Uint8Array;
  try {
    bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
  } catch (cause) {
    throw refuse(`its ${what} is no base64. It was damaged or changed.`, cause);
  }
  // Signature and header of a PNG: what it says of its size is read before memory is asked for.
  const isPng = bytes.length > 33 && [0x89, 0x50, 0x4e, 0x47].every((byte, at) => bytes[at] === byte);
  if (!isPng) throw refuse(`its ${what} is no PNG file. It was damaged or changed.`);
  const header = new DataView(bytes.buffer, 16, 8);
  const [width, height] = [header.getUint32(0), header.getUint32(4)];
  if (width * height > mostPixels)
    throw refuse(`its ${what} has ${width} x ${height} pixels, and ${mostPixels} in all are the most.`);
  try {
    return (await readPicture(bytes, { name: `the ${what} in ${where}`, ...options })).pixels;
  } catch (cause) {
    if (!UnderdrawError.is(cause)) throw cause; // stopped
    throw refuse(`its ${what} cannot be read. It was damaged or changed.`, cause);
  }
}

const where = "the layer";

function refuse(reason: string, cause?: unknown): UnderdrawError<"file-invalid"> {
  const message = `The recipe in ${where} cannot be used: ${reason} Draw the picture anew.`;
  const details = { file: where, reason };
  return new UnderdrawError("file-invalid", message, details, cause === undefined ? undefined : { cause });
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}
