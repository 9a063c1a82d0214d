import { distances } from "../vision/distance.ts";
import { inRows, inStretches, part } from "../vision/part.ts";
import type { FloatPlane, Plane } from "../vision/plane.ts";
import type { Box } from "./box.ts";

/**
 * Rounds a mask by the exact distance to its rim: in each pixel 0 outside, above 0 at the rim and up to 1 where it is
 * farthest from it; a disc becomes a ball. `box` is where the mask lies in a frame of `width` x `height`: what the frame
 * cuts off has no rim there, and what has no rim at all is 1 everywhere. Yields the share done.
 */
export function* reliefOf(
  mask: Plane,
  box: Box,
  frame: { readonly width: number; readonly height: number },
): Generator<number, FloatPlane, void> {
  const { width, height } = mask;
  const pitch = width + 2;
  // A border of one pixel around: empty, or the rim is beyond the frame.
  const framed = new Uint8Array(pitch * (height + 2));
  const enframe = (y: number) => {
    const to = (y + 1) * pitch + 1;
    for (let x = 0; x < width; x++) framed[to + x] = (mask.data[y * width + x] as number) >= 128 ? 1 : 0;
    if (box.left === 0) framed[to - 1] = framed[to] as number;
    if (box.right === frame.width) framed[to + width] = framed[to + width - 1] as number;
  };
  yield* part(inRows(width, height, enframe), 0, 0.1);
  if (box.top === 0) framed.copyWithin(0, pitch, 2 * pitch);
  if (box.bottom === frame.height) framed.copyWithin((height + 1) * pitch, height * pitch, (height + 1) * pitch);
  const far = yield* part(distances({ width: pitch, height: height + 2, data: framed }), 0.1, 0.6);
  const heights = new Float32Array(width * height);
  let deepest = 0;
  const raise = (y: number) => {
    const from = (y + 1) * pitch + 1;
    for (let x = 0; x < width; x++) {
      // The rim runs half a pixel before the first pixel outside.
      const depth = (far.data[from + x] as number) - 0.5;
      heights[y * width + x] = depth;
      if (depth > deepest) deepest = depth;
    }
  };
  yield* part(inRows(width, height, raise), 0.7, 0.1);
  const round = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const depth = heights[i] as number;
      const share = depth <= 0 ? 0 : deepest === Infinity ? 1 : depth / deepest;
      heights[i] = Math.sqrt(share * (2 - share));
    }
  };
  yield* part(inStretches(heights.length, round), 0.8, 0.2);
  return { width, height, data: heights };
}
