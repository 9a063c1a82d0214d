import type { Pixels } from "./core/pixels.ts";
import type { InitPicture } from "./diffusion/beginning.ts";
import type { DrawnSize } from "./drawn-size.ts";
import type { Init, Warning } from "./request.ts";
import { usualInitStrength } from "./request-schema.ts";
import { flattened } from "./vision/matte.ts";
import { fitMap } from "./vision/resize.ts";

/** What a picture to begin with is brought to. */
export interface InitShape {
  readonly size: DrawnSize;
  /** How many pixels a latent's side stands for. */
  readonly factor: number;
  /** Steps of the whole schedule. */
  readonly steps: number;
}

/**
 * Brings a picture to begin with, and its mask, to the size that is drawn: proportions kept, transparency white in the
 * picture and black in the mask, the outermost pixels repeated beyond the picture. Says what it did.
 */
export function prepareInit(
  { picture, strength = usualInitStrength, mask }: Init,
  { size: { asked, drawn }, factor, steps }: InitShape,
): { readonly init: InitPicture; readonly warnings: readonly Warning[] } {
  const warnings: Warning[] = [];
  if (steps * strength < 1) warnings.push(oneStep(steps, strength));
  if (picture.width !== asked.width || picture.height !== asked.height) warnings.push(resized(picture, asked));
  if (mask && (mask.width !== picture.width || mask.height !== picture.height))
    warnings.push(maskResized(mask, picture, asked));
  const fit = (pixels: Pixels, ground: "white" | "black"): Pixels => {
    const shrinks = pixels.width * pixels.height > asked.width * asked.height;
    return fitMap(flattened(pixels, ground), asked.width, asked.height, { how: shrinks ? "area" : "cubic" });
  };
  const places = mask ? whitePlaces(fit(mask, "black"), drawn) : null;
  if (places && !isSeen(places, drawn, factor)) warnings.push(nothingMayChange(factor));
  return { init: { picture: planes(fit(picture, "white"), drawn), strength, mask: places }, warnings };
}

const resized = ({ width, height }: Pixels, asked: DrawnSize["asked"]): Warning => ({
  code: "init-resized",
  message: `The picture to begin with, ${width}x${height}, was resized to the ${asked.width}x${asked.height} that are drawn${
    width * asked.height === height * asked.width ? "" : ", its middle cut out to keep its proportions"
  }.`,
  remedy: `Ask for a picture of ${width}x${height}, or give one of ${asked.width}x${asked.height}.`,
  change: { set: { width, height } },
});

const maskResized = (mask: Pixels, picture: Pixels, asked: DrawnSize["asked"]): Warning => ({
  code: "init-mask-resized",
  message: `The mask of ${mask.width}x${mask.height} belongs to a picture of ${picture.width}x${picture.height}: both were resized to ${asked.width}x${asked.height}${
    mask.width * picture.height === mask.height * picture.width ? "" : ", each by its own middle"
  }.`,
  remedy: `Give a mask of ${picture.width}x${picture.height}.`,
});

const oneStep = (steps: number, strength: number): Warning => ({
  code: "init-one-step",
  message: `A strength of ${strength} leaves none of ${steps} steps, so one was executed.`,
  remedy: `Set the strength to ${Math.ceil(100 / steps) / 100} or more, or take more steps.`,
});

const nothingMayChange = (factor: number): Warning => ({
  code: "init-mask-empty",
  message: `The mask of the picture to begin with has no white that the model sees, which is one pixel of each ${factor}x${factor}: nothing may change, so the picture comes back.`,
  remedy: "Paint a larger white area where it may change, or leave the mask out.",
});

/** Whether any place of a mask is among the first pixels of blocks, which a latent's mask is made of. */
function isSeen(places: Uint8Array, { width, height }: DrawnSize["drawn"], factor: number): boolean {
  for (let y = 0; y < height; y += factor)
    for (let x = 0; x < width; x += factor) if (places[y * width + x]) return true;
  return false;
}

/** [3, height, width] in -1..1. */
function planes({ width, height, data }: Pixels, drawn: DrawnSize["drawn"]): Float32Array {
  const area = drawn.width * drawn.height;
  const values = new Float32Array(3 * area);
  for (let y = 0; y < drawn.height; y++) {
    const row = Math.min(y, height - 1) * width;
    for (let x = 0; x < drawn.width; x++) {
      const from = 4 * (row + Math.min(x, width - 1));
      const to = y * drawn.width + x;
      for (let c = 0; c < 3; c++) values[c * area + to] = ((data[from + c] as number) / 255) * 2 - 1;
    }
  }
  return values;
}

/** 1 where a picture is at least half white, else 0. Brightness is that of ITU-R BT.601 in 16 bits, as Pillow has it. */
function whitePlaces({ width, height, data }: Pixels, drawn: DrawnSize["drawn"]): Uint8Array {
  const places = new Uint8Array(drawn.width * drawn.height);
  for (let y = 0; y < drawn.height; y++) {
    const row = Math.min(y, height - 1) * width;
    for (let x = 0; x < drawn.width; x++) {
      const from = 4 * (row + Math.min(x, width - 1));
      const [red, green, blue] = [data[from] as number, data[from + 1] as number, data[from + 2] as number];
      const brightness = (19595 * red + 38470 * green + 7471 * blue + 32768) >> 16;
      places[y * drawn.width + x] = brightness >= 128 ? 1 : 0;
    }
  }
  return places;
}
