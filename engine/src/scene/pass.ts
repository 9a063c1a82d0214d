import { type Box, intersection, isEmpty } from "./box.ts";
import { Coverage, type Sink } from "./coverage.ts";
import type { Edges } from "./edges.ts";
import { MaskedSink, Masks } from "./mask.ts";
import type { OutlinedShape } from "./outlined.ts";
import type { Room } from "./room.ts";

// One pass over a scene's shapes from the front to the back. Hidden lines are removed by painting: what a body covers
// loses its room, and what lies behind finds none. Shapes wholly behind others cost neither geometry nor painting.

/** What a pass paints. The sinks take away the room that they use up. */
export interface Pass {
  readonly room: Room;
  /** Takes a shape's line; null where it does not count. */
  lineSink(shape: OutlinedShape, index: number): Sink | null;
  /** Takes a shape's body, after its line; null where it does not count. */
  bodySink(shape: OutlinedShape, index: number): Sink | null;
}

/** Paints shapes inside of a box; null stands for one that is left out. Yields the share done. */
export function* paint(
  shapes: readonly (OutlinedShape | null)[],
  pass: Pass,
  whole: Box,
): Generator<number, void, void> {
  const coverage = new Coverage();
  const masks = new Masks(coverage, whole);
  for (let index = shapes.length - 1; index >= 0; index--) {
    const shape = shapes[index];
    if (!shape) continue;
    const [line, body] = [pass.lineSink(shape, index), pass.bodySink(shape, index)];
    if (line === null && body === null) continue;
    const box = intersection(shape.reach, whole);
    const open = isEmpty(box) ? null : pass.room.within(box);
    if (open === null) continue;
    const share = 1 - (index + 1) / shapes.length;
    yield share;
    if (line && shape.line)
      for (const _ of fill(shape.line, shape.lineClips, shape, open, line, coverage, masks)) yield share;
    if (!body || !shape.body) continue;
    const alpha = shape.cut(intersection(open, shape.body.box));
    const sink = alpha ? new MaskedSink(body, alpha) : body;
    for (const _ of fill(shape.body, shape.clips, shape, open, sink, coverage, masks)) yield share;
  }
}

function* fill(
  edges: Edges,
  clips: readonly Edges[],
  shape: OutlinedShape,
  open: Box,
  sink: Sink,
  coverage: Coverage,
  masks: Masks,
): Generator<void, void, void> {
  let to = sink;
  let box = open;
  if (clips.length > 0) {
    const area = clips.reduce((rest, clip) => intersection(rest, clip.box), intersection(open, edges.box));
    if (isEmpty(area)) return;
    const mask = yield* masks.of(clips, area, open, shape);
    if (mask) to = new MaskedSink(to, mask);
    box = area;
  }
  if (coverage.isSmall(edges, box)) coverage.fill(edges, box, to);
  else yield* coverage.fillInTurns(edges, box, to);
}
