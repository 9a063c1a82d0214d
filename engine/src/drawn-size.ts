import type { PipelineDefaults } from "./engine.ts";
import type { GenerateRequest, Warning } from "./request.ts";

/** A picture's size as asked for, and as it is drawn: sides rounded up to what the autoencoder can do. */
export interface DrawnSize {
  readonly asked: { readonly width: number; readonly height: number };
  readonly drawn: { readonly width: number; readonly height: number };
}

/** The size asked for, and the next one that the autoencoder can draw. */
export function chooseSize(request: GenerateRequest, defaults: PipelineDefaults, warnings: Warning[]): DrawnSize {
  const { multiple } = defaults;
  const like = request.init?.picture ?? request.controls[0]?.map.pixels;
  let { width, height } = request;
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
  if (drawn.width !== width || drawn.height !== height)
    warnings.push({
      code: "size-rounded",
      message: `This model draws in steps of ${multiple} pixels: ${drawn.width}x${drawn.height} were drawn and cut back to ${width}x${height}.`,
      remedy: `Ask for sides that are multiples of ${multiple}.`,
      change: { set: drawn },
    });
  return { asked, drawn };
}
