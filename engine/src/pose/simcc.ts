import { UnderdrawError } from "../core/errors.ts";
import type { Pixels, Rect } from "../core/pixels.ts";
import type { Joint, Joints } from "../core/pose.ts";
import type { Tensor } from "../core/tensor.ts";
import type { PersonBox } from "./yolox.ts";

/** What the pose net of DW pose sees, in pixels. */
const width = 288;
const height = 384;
/** How much larger than the box about a person its look is. */
const padding = 1.25;
/** ImageNet's mean and spread, red, green and blue from 0 to 255. */
const means = [123.675, 116.28, 103.53] as const;
const spreads = [58.395, 57.12, 57.375] as const;
/** How many steps of the answer make a pixel of the input. */
const steps = 2;
const jointCount = 133;

/** The part of a picture that the pose net sees for a person: the box, larger, widened or heightened to 3 : 4. */
export function lookAt({ left, top, right, bottom }: Omit<PersonBox, "score">): Rect {
  const [across, down] = [(right - left) * padding, (bottom - top) * padding];
  const aspect = width / height;
  const size =
    across > down * aspect ? { width: across, height: across / aspect } : { width: down * aspect, height: down };
  return { x: (left + right) / 2 - size.width / 2, y: (top + bottom) / 2 - size.height / 2, ...size };
}

/**
 * A part of a picture as the pose net reads it: 1 x 3 x 384 x 288, red first, normalised as ImageNet is; between pixels
 * four are blended, outside of the picture it is black.
 */
export function poseInput(source: Pixels, look: Rect): Tensor {
  const plane = width * height;
  const values = new Float32Array(3 * plane);
  const [stepX, stepY] = [look.width / width, look.height / height];
  const { data } = source;
  for (let row = 0, into = 0; row < height; row++) {
    const y = look.y + row * stepY;
    const upper = Math.floor(y);
    const lower = y - upper;
    for (let column = 0; column < width; column++, into++) {
      const x = look.x + column * stepX;
      const first = Math.floor(x);
      const after = x - first;
      for (let channel = 0; channel < 3; channel++) {
        let sum = 0;
        for (let corner = 0; corner < 4; corner++) {
          const [cornerX, cornerY] = [first + (corner & 1), upper + (corner >> 1)];
          if (cornerX < 0 || cornerY < 0 || cornerX >= source.width || cornerY >= source.height) continue;
          const weight = ((corner & 1) === 1 ? after : 1 - after) * (corner > 1 ? lower : 1 - lower);
          sum += weight * (data[4 * (cornerY * source.width + cornerX) + channel] as number);
        }
        values[channel * plane + into] = (Math.round(sum) - (means[channel] as number)) / (spreads[channel] as number);
      }
    }
  }
  return { dims: [1, 3, height, width], values };
}

/**
 * The 133 joints that a SimCC net found for one person, in pixels of the picture: two rows of scores for each joint, 576
 * places across and 768 down, of which the highest counts, the first of equals; a joint is as sure as the less sure of
 * both. Null where neither rises above 0. Throws `model-incompatible` for tensors of another size.
 */
export function simccJoints(across: Tensor, down: Tensor, look: Rect): Joints {
  const [columns, rows] = [width * steps, height * steps];
  if (across.values.length !== jointCount * columns || down.values.length !== jointCount * rows) {
    const expected = `1x${jointCount}x${columns} and 1x${jointCount}x${rows}`;
    const actual = `${across.dims.join("x")} and ${down.dims.join("x")}`;
    const message = `The file for the pose net gives ${actual} numbers, and DW pose's gives ${expected}. Take dw-ll_ucoco_384.onnx.`;
    throw new UnderdrawError("model-incompatible", message, { id: "pose", expected, actual });
  }
  return Array.from({ length: jointCount }, (_, joint): Joint | null => {
    const column = highest(across.values, joint * columns, columns);
    const row = highest(down.values, joint * rows, rows);
    const score = Math.min(
      across.values[joint * columns + column] as number,
      down.values[joint * rows + row] as number,
    );
    if (!(score > 0)) return null;
    return {
      x: look.x + (column * look.width) / columns,
      y: look.y + (row * look.height) / rows,
      confidence: Math.min(score, 1),
    };
  });
}

/** Where the highest of some numbers is, the first of equals. */
function highest(values: Tensor["values"], from: number, count: number): number {
  let best = 0;
  for (let at = 1; at < count; at++) {
    if ((values[from + at] as number) > (values[from + best] as number)) best = at;
  }
  return best;
}
