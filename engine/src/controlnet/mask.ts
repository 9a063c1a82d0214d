// A control's mask at the sides of its residuals.

/** A mask as numbers from 0 to 1, rows from the top. */
export interface MaskPlane {
  readonly width: number;
  readonly height: number;
  readonly data: Float32Array;
}

/**
 * The mask at another size, by straight lines between the nearest four places: `interpolate` of PyTorch with
 * `mode="bilinear"` and `align_corners=False`, as sd-webui-controlnet brings its region masks to the residuals.
 */
export function maskAt({ width, height, data }: MaskPlane, toWidth: number, toHeight: number): Float32Array {
  const result = new Float32Array(toWidth * toHeight);
  const [across, along] = [width / toWidth, height / toHeight];
  for (let y = 0; y < toHeight; y++) {
    const v = Math.max((y + 0.5) * along - 0.5, 0);
    const top = Math.floor(v);
    const bottom = Math.min(top + 1, height - 1);
    const down = v - top;
    for (let x = 0; x < toWidth; x++) {
      const u = Math.max((x + 0.5) * across - 0.5, 0);
      const left = Math.floor(u);
      const right = Math.min(left + 1, width - 1);
      const over = u - left;
      const at = (row: number, column: number): number => data[row * width + column] as number;
      const upper = (1 - over) * at(top, left) + over * at(top, right);
      const lower = (1 - over) * at(bottom, left) + over * at(bottom, right);
      result[y * toWidth + x] = (1 - down) * upper + down * lower;
    }
  }
  return result;
}
