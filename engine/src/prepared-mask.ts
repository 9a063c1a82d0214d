import { maskAt } from "./controlnet/mask.ts";
import type { Pixels } from "./core/pixels.ts";
import { vaeFactor } from "./diffusion/latent.ts";
import type { DrawnSize } from "./drawn-size.ts";
import type { VaeConfig } from "./graph/index.ts";
import { flattened } from "./vision/matte.ts";
import { fitMap } from "./vision/resize.ts";

/** A control's mask at the size that is drawn. */
export interface PreparedMask {
  /** Whether it is white in all of the picture, black in all of it, or has parts of both. */
  readonly reach: "all" | "none" | "part";
  /** From 0 to 1, of the size that is drawn. */
  readonly data: Float32Array;
  /** The mask at the size that was asked for. */
  readonly asked: Pixels;
  /** A factor for each place of a residual of a level. */
  at(level: number, vae: VaeConfig): Float32Array;
}

/** Brings a mask to the size that is drawn, as its map is; beyond the picture nothing acts. */
export function prepareMask(mask: Pixels, { asked, drawn }: DrawnSize): PreparedMask {
  const fitted = fitMap(flattened(mask, [0, 0, 0]), asked.width, asked.height, { how: "linear" });
  const data = new Float32Array(drawn.width * drawn.height);
  let [least, most] = [1, 0];
  for (let y = 0; y < asked.height; y++)
    for (let x = 0; x < asked.width; x++) {
      const at = 4 * (y * asked.width + x);
      const [red, green, blue] = [fitted.data[at] ?? 0, fitted.data[at + 1] ?? 0, fitted.data[at + 2] ?? 0];
      const value = (red + green + blue) / 765;
      data[y * drawn.width + x] = value;
      if (value < least) least = value;
      if (value > most) most = value;
    }
  return {
    reach: most === 0 ? "none" : least === 1 ? "all" : "part",
    data,
    asked: fitted,
    at(level, vae) {
      let [width, height] = [drawn.width / vaeFactor(vae), drawn.height / vaeFactor(vae)];
      for (let n = 0; n < level; n++) [width, height] = [Math.ceil(width / 2), Math.ceil(height / 2)];
      return maskAt({ width: drawn.width, height: drawn.height, data }, width, height);
    },
  };
}
