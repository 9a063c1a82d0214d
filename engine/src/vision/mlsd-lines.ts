import type { Tensor } from "../core/tensor.ts";
import type { Line } from "./line.ts";

/** Which lines of an M-LSD net are kept. */
export interface MlsdOptions {
  /** How sure the net must be, from 0 to 1. */
  readonly score: number;
  /** The shortest line, in pixels of the net's answer, which is half as large as what the net saw. */
  readonly length: number;
  /** How many centres are looked at, the surest first; 200 without it, as in the net's own decoder. */
  readonly most?: number;
}

/**
 * The lines in an answer of M-LSD ("Towards Light-weight and Real-time Line Segment Detection", Gu and others 2022), in
 * pixels of a picture of `width` x `height`, the surest first. The answer is [5, h, w] or [1, 5, h, w]: how sure a pixel
 * is to be a line's centre, before the sigmoid, and the ways from there to the line's start and end, across and down. A
 * centre is surer than its eight neighbours, or as sure. Throws a RangeError for another shape.
 */
export function mlsdLines(answer: Tensor, width: number, height: number, options: MlsdOptions): readonly Line[] {
  const { dims, values } = answer;
  const [channels, rows, columns] = dims.slice(-3);
  const isField = channels === 5 && rows !== undefined && columns !== undefined && rows > 0 && columns > 0;
  if (!isField || (dims.length === 4 ? dims[0] !== 1 : dims.length !== 3) || values.length !== 5 * rows * columns) {
    const shape = `[${dims.join(", ")}] with ${values.length} numbers`;
    throw new RangeError(
      `answer: a field of lines has the shape [5, height, width] or [1, 5, height, width], not ${shape}.`,
    );
  }
  const { score, length, most = 200 } = options;
  const plane = rows * columns;
  const centres: number[] = [];
  for (let y = 0, at = 0; y < rows; y++) {
    for (let x = 0; x < columns; x++, at++) if (isPeak(values, rows, columns, x, y)) centres.push(at);
  }
  const surest = centres
    .sort((a, b) => (values[b] as number) - (values[a] as number) || a - b)
    .slice(0, most)
    .filter((at) => 1 / (1 + Math.exp(-(values[at] as number))) > score);
  // The answer is half the size of what the net saw, whose coordinates are then brought to the picture.
  const [toX, toY] = [2 * (width / (2 * columns)), 2 * (height / (2 * rows))];
  const lines: Line[] = [];
  for (const at of surest) {
    const [x, y] = [at % columns, Math.floor(at / columns)];
    const [startX, startY, endX, endY] = [1, 2, 3, 4].map((channel) => values[channel * plane + at] as number) as [
      number,
      number,
      number,
      number,
    ];
    const [across, down] = [startX - endX, startY - endY];
    if (!(across * across + down * down > length * length)) continue;
    lines.push({ x0: (x + startX) * toX, y0: (y + startY) * toY, x1: (x + endX) * toX, y1: (y + endY) * toY });
  }
  return lines;
}

/** Whether no neighbour of a pixel is surer. */
function isPeak(values: Tensor["values"], rows: number, columns: number, x: number, y: number): boolean {
  const here = values[y * columns + x] as number;
  if (!Number.isFinite(here)) return false;
  for (let ny = Math.max(y - 1, 0); ny <= Math.min(y + 1, rows - 1); ny++) {
    for (let nx = Math.max(x - 1, 0); nx <= Math.min(x + 1, columns - 1); nx++) {
      if ((values[ny * columns + nx] as number) > here) return false;
    }
  }
  return true;
}
