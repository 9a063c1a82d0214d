import { UnderdrawError } from "./core/errors.ts";
import type { Pixels } from "./core/pixels.ts";
import type { PipelineDefaults } from "./engine.ts";
import type { GenerateRequest, Warning } from "./request.ts";
import { MOST_PIXELS } from "./request-check.ts";

/** A picture's size as asked for, and as it is drawn: sides rounded up to what the autoencoder can do. */
export interface DrawnSize {
  readonly asked: { readonly width: number; readonly height: number };
  readonly drawn: { readonly width: number; readonly height: number };
}

/**
 * The size asked for, and the next one that the autoencoder can draw. Throws `request-invalid` where a picture is too large
 * to come back in its own size and no other is asked for.
 */
export function chooseSize(request: GenerateRequest, defaults: PipelineDefaults, warnings: Warning[]): DrawnSize {
  const { multiple } = defaults;
  const like = request.init?.picture ?? request.controls[0]?.map.pixels;
  let { width, height } = request;
  // What a mask leaves black comes back as it is, which no other size could give.
  const own = width === undefined && height === undefined && request.init?.mask ? request.init.picture : undefined;
  if (own) ({ width, height } = sizeOf(own));
  if (width === undefined || height === undefined) {
    const ratio = like ? like.width / like.height : defaults.width / defaults.height;
    // One side given: the other follows the picture. None given: the longer side is the model's own.
    const longest = Math.max(defaults.width, defaults.height);
    const round = (value: number) => Math.max(multiple, Math.round(value / multiple) * multiple);
    if (width !== undefined) height = round(width / ratio);
    else if (height !== undefined) width = round(height * ratio);
    else [width, height] = ratio >= 1 ? [longest, round(longest / ratio)] : [round(longest * ratio), longest];
  }
  const up = (side: number) => Math.ceil(side / multiple) * multiple;
  const asked = { width, height };
  const drawn = { width: up(width), height: up(height) };
  // A picture's own size is nobody's wish to correct, and nothing of it is lost.
  if (!own && (drawn.width !== width || drawn.height !== height))
    warnings.push({
      code: "size-rounded",
      message: `This model draws in steps of ${multiple} pixels: ${drawn.width}x${drawn.height} were drawn and cut back to ${width}x${height}.`,
      remedy: `Ask for sides that are multiples of ${multiple}.`,
      change: { set: drawn },
    });
  return { asked, drawn };
}

/** The size of a picture that comes back in its own. */
function sizeOf({ width, height }: Pixels): DrawnSize["asked"] {
  if (Math.max(width, height) <= MOST_PIXELS) return { width, height };
  const message = `The picture to begin with is ${width}x${height}, and a picture in one piece has sides of ${MOST_PIXELS} at most: what its mask leaves black cannot come back as it is. Give a smaller one, or ask for a size.`;
  throw new UnderdrawError("request-invalid", message, { issues: [{ path: "init.picture", message }] });
}
