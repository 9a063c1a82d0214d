import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import type { Tensor } from "../core/tensor.ts";
import { resample } from "../vision/resample.ts";

/** A box about a person, in pixels of the picture; may stand out of it. */
export interface PersonBox {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
  /** How sure the detector is, from 0 to 1. */
  readonly score: number;
}

/** The side of the square that YOLOX sees, in pixels. */
const side = 640;
/** What the square is filled with beside the picture. */
const ground = 114;
/** A box below this is none, and one below the second is not kept: the thresholds of DW pose. */
const leastCandidate = 0.1;
const leastKept = 0.3;
/** Of two boxes that share more than this, the less sure one is dropped. */
const mostShared = 0.45;
const strides = [8, 16, 32] as const;

/** How a picture is scaled for YOLOX. */
const scaleOf = ({ width, height }: Pick<Pixels, "width" | "height">): number => Math.min(side / width, side / height);

/**
 * A picture as YOLOX reads it: 1 x 3 x 640 x 640, from 0 to 255, blue first as it was trained, in the upper left of a
 * gray square.
 */
export function yoloxInput(source: Pixels): Tensor {
  const scale = scaleOf(source);
  // Rounded down to whole pixels as YOLOX does; a strip keeps one.
  const width = Math.max(1, Math.trunc(source.width * scale));
  const height = Math.max(1, Math.trunc(source.height * scale));
  const { data } = resample(source, width, height, "linear");
  const plane = side * side;
  const values = new Float32Array(3 * plane).fill(ground);
  for (let y = 0, at = 0; y < height; y++) {
    let into = y * side;
    for (let x = 0; x < width; x++, at += 4, into++) {
      values[into] = data[at + 2] as number;
      values[plane + into] = data[at + 1] as number;
      values[2 * plane + into] = data[at] as number;
    }
  }
  return { dims: [1, 3, side, side], values };
}

/**
 * The people that YOLOX found, the surest first: its answer, 1 x 8400 x (5 + classes) of centre, size, score and classes
 * on grids of 8, 16 and 32 pixels, decoded and freed of boxes that show the same person. No candidate at all gives none;
 * candidates of which none is sure give the whole picture as one box. Throws `model-incompatible` for another answer.
 */
export function yoloxPeople(output: Tensor, source: Pick<Pixels, "width" | "height">): readonly PersonBox[] {
  const candidates = decoded(output, scaleOf(source)).sort((a, b) => b.score - a.score);
  if (candidates.length === 0) return [];
  const kept: PersonBox[] = [];
  for (const box of candidates) if (kept.every((other) => shared(box, other) <= mostShared)) kept.push(box);
  const sure = kept.filter(({ score }) => score > leastKept);
  return sure.length > 0 ? sure : [{ left: 0, top: 0, right: source.width, bottom: source.height, score: leastKept }];
}

function decoded({ dims, values }: Tensor, scale: number): PersonBox[] {
  const cells = strides.reduce((sum, stride) => sum + (side / stride) ** 2, 0);
  const pitch = values.length / cells;
  if (!Number.isInteger(pitch) || pitch < 6 || dims.at(-1) !== pitch) {
    const [expected, actual] = [`1x${cells}x85`, dims.join("x")];
    const message = `The file for the detector of people gives ${actual} numbers, and YOLOX at ${side} pixels gives ${expected}. Take yolox_l.onnx of DW pose.`;
    throw new UnderdrawError("model-incompatible", message, { id: "detector", expected, actual });
  }
  const boxes: PersonBox[] = [];
  let at = 0;
  for (const stride of strides) {
    const columns = side / stride;
    for (let cell = 0; cell < columns * columns; cell++, at += pitch) {
      // People are the first class.
      const score = (values[at + 4] as number) * (values[at + 5] as number);
      if (!(score > leastCandidate)) continue;
      const x = ((values[at] as number) + (cell % columns)) * stride;
      const y = ((values[at + 1] as number) + Math.floor(cell / columns)) * stride;
      // Exponentials may differ in the last bit between engines: a box by far less than a pixel.
      const halfWidth = (Math.exp(values[at + 2] as number) * stride) / 2;
      const halfHeight = (Math.exp(values[at + 3] as number) * stride) / 2;
      const box = {
        left: (x - halfWidth) / scale,
        top: (y - halfHeight) / scale,
        right: (x + halfWidth) / scale,
        bottom: (y + halfHeight) / scale,
        score,
      };
      if (Number.isFinite(box.left + box.top + box.right + box.bottom)) boxes.push(box);
    }
  }
  return boxes;
}

/** How much of two boxes together they share, by sizes that count their last pixel, as YOLOX does. */
function shared(a: PersonBox, b: PersonBox): number {
  const across = Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left) + 1);
  const down = Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) + 1);
  const both = across * down;
  const areaOf = ({ left, top, right, bottom }: PersonBox) => (right - left + 1) * (bottom - top + 1);
  return both / (areaOf(a) + areaOf(b) - both);
}
