import type { Pixels } from "../core/pixels.ts";
import type { Samples } from "./roll.ts";

// How far two maps lie apart where every pixel has a place in a space: of colours, or of directions.

/** The mean straight distance of two fields of three numbers a pixel. */
export function meanDistance({ data: wanted }: Samples<Float32Array>, { data: found }: Samples<Float32Array>): number {
  let sum = 0;
  for (let i = 0; i < wanted.length; i += 3) {
    const x = (wanted[i] as number) - (found[i] as number);
    const y = (wanted[i + 1] as number) - (found[i + 1] as number);
    const z = (wanted[i + 2] as number) - (found[i + 2] as number);
    sum += Math.sqrt(x * x + y * y + z * z);
  }
  return (3 * sum) / wanted.length;
}

/**
 * The directions of a normal map, three numbers a pixel of length 1: red to the left, green up, blue to the viewer, each
 * from -1 (0) to 1 (255). What has no direction faces the viewer.
 */
export function directions({ width, height, data }: Pixels): Samples<Float32Array> {
  const field = new Float32Array(width * height * 3);
  for (let i = 0, to = 0; to < field.length; i += 4, to += 3) {
    const x = (data[i] as number) / 127.5 - 1;
    const y = (data[i + 1] as number) / 127.5 - 1;
    const z = (data[i + 2] as number) / 127.5 - 1;
    const length = Math.sqrt(x * x + y * y + z * z);
    // 127 and 128 stand for 0 alike.
    if (length < 0.05) field[to + 2] = 1;
    else {
      field[to] = x / length;
      field[to + 1] = y / length;
      field[to + 2] = z / length;
    }
  }
  return { width, height, channels: 3, data: field };
}

/** The mean angle between two fields of directions, in degrees. Its last bits are those of the engine's arc cosine. */
export function meanAngle({ data: wanted }: Samples<Float32Array>, { data: found }: Samples<Float32Array>): number {
  let sum = 0;
  for (let i = 0; i < wanted.length; i += 3) {
    const cosine =
      (wanted[i] as number) * (found[i] as number) +
      (wanted[i + 1] as number) * (found[i + 1] as number) +
      (wanted[i + 2] as number) * (found[i + 2] as number);
    // Rounding brings equal directions to 1 - 1e-7, whose angle is not 0.
    sum += cosine > 0.9999995 ? 0 : Math.acos(Math.max(-1, cosine));
  }
  return (540 * sum) / (Math.PI * wanted.length);
}
