import type { Pixels } from "./core/pixels.ts";
import type { InitPicture } from "./diffusion/beginning.ts";
import type { DrawnSize } from "./drawn-size.ts";
import { brightness, feathered, laidOver, placesOf } from "./prepared-init-mask.ts";
import type { Init, Warning } from "./request.ts";
import { usualInitStrength } from "./request-schema.ts";
import { flattened } from "./vision/matte.ts";
import type { Plane } from "./vision/plane.ts";
import { fitMap } from "./vision/resize.ts";

/** What a picture to begin with is brought to. */
export interface InitShape {
  readonly size: DrawnSize;
  /** How many pixels a latent's side stands for. */
  readonly factor: number;
  /** Steps of the whole schedule. */
  readonly steps: number;
}

/** A picture to begin with, ready to draw from. */
export interface PreparedInit {
  readonly init: InitPicture;
  /** The picture itself where the mask lets nothing change: then there is nothing to draw. */
  readonly unchanged: Pixels | null;
  readonly warnings: readonly Warning[];
  /** What was drawn, with what must stay put back into it: pixels of the size that was asked for. */
  finished(drawn: Pixels): Pixels;
}

/**
 * Brings a picture to begin with, and its mask, to the size that is drawn: proportions kept, transparency white in the
 * picture and black in the mask, the outermost pixels repeated beyond the picture. Says what it did.
 */
export function prepareInit(
  { picture, strength = usualInitStrength, mask, grays = "blend", feather = 0, keepOutside, encoding }: Init,
  { size, factor, steps }: InitShape,
): PreparedInit {
  const { asked, drawn } = size;
  const warnings: Warning[] = [];
  if (steps * strength < 1) warnings.push(oneStep(steps, strength));
  if (picture.width !== asked.width || picture.height !== asked.height) warnings.push(resized(picture, asked));
  if (mask && (mask.width !== picture.width || mask.height !== picture.height))
    warnings.push(maskResized(mask, picture, asked));
  const fit = (pixels: Pixels): Pixels => {
    const shrinks = pixels.width * pixels.height > asked.width * asked.height;
    return fitMap(pixels, asked.width, asked.height, { how: shrinks ? "area" : "cubic" });
  };
  const levels = mask ? feathered(brightness(fit(flattened(mask, "black"))), feather) : null;
  const places = levels && placesOf(levels, size);
  const keeps = levels !== null && keepOutside !== false;
  const isEmpty = levels?.data.every((level) => level === 0) ?? false;
  if (keeps && isEmpty) warnings.push(nothingDrawn);
  else if (places && !isSeen(places, drawn, factor)) warnings.push(nothingMayChange(factor));
  const own = (): Pixels => fit(picture);
  const held = keeps ? { picture: own(), mask: grays === "when" ? outsideOf(levels) : levels } : null;
  return {
    init: {
      picture: planes(fit(flattened(picture, "white")), drawn),
      strength,
      mask: places,
      grays,
      encoding: encoding ?? "sample",
    },
    unchanged: held && isEmpty ? held.picture : null,
    warnings,
    finished: (pixels) => (held ? laidOver(held.picture, pixels, held.mask) : pixels),
  };
}

/**
 * Where a picture's own pixels are put back when grays say when a place may change: what was changed late is near the
 * picture already, and mixed with it once more would be a ghost of both. So the picture fades away in the darkest quarter.
 */
const outsideOf = (levels: Plane): Plane => ({ ...levels, data: levels.data.map((level) => Math.min(255, 4 * level)) });

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

const nothingDrawn: Warning = {
  code: "init-mask-empty",
  message:
    "The mask of the picture to begin with is black everywhere: nothing may change, so the picture comes back and no step was executed.",
  remedy: "Paint white where it may change, or leave the mask out.",
};

const nothingMayChange = (factor: number): Warning => ({
  code: "init-mask-empty",
  message: `The mask of the picture to begin with has no white that the model sees, which is one pixel of each ${factor}x${factor}: what may change lies between, and keeps the picture's latents.`,
  remedy: "Paint a larger white area where it may change, or leave the mask out.",
});

/** Whether any place of a mask is among the first pixels of blocks, which a latent's mask is made of. */
function isSeen(places: Float32Array, { width, height }: DrawnSize["drawn"], factor: number): boolean {
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
