import type { Pixels } from "../core/pixels.ts";
import type { SceneClip, SceneGroup, SceneSource } from "../core/scene.ts";
import { type Box, intersection, isEmpty, union } from "./box.ts";
import { Canvas } from "./canvas.ts";
import { Coverage, type Sink } from "./coverage.ts";
import type { Edges } from "./edges.ts";
import { bounded } from "./group-tree.ts";
import { type Mask, MaskedSink, Masks } from "./mask.ts";
import { times } from "./matrix.ts";
import { mapMatrix } from "./outline.ts";
import { type OutlinedShape, outlineScene } from "./outlined.ts";
import { paintOf } from "./paint.ts";
import { readPathData } from "./path-data.ts";
import { picturePaint } from "./picture-paint.ts";
import type { FlatPaint, RowPaint } from "./row-paint.ts";
import { standing } from "./turns.ts";

// The picture of a scene, as its program shows it: what conditions that read pixels are given for a drawing. From the front
// to the back, so that what is hidden costs nothing; a group that is not opaque, or that a soft clip cuts, is painted by
// itself and laid down as a whole.

/** Draws a scene as its program shows it, on a transparent ground. A text whose outline is not known is left out. */
export function drawScene(source: SceneSource): Pixels {
  const work = drawSceneInTurns(source);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** As `drawScene`, with a turn for others every few milliseconds. Yields the share done, from 0 to 1. */
export function* drawSceneInTurns(source: SceneSource): Generator<number, Pixels, void> {
  const { width, height } = source;
  const box = { left: 0, top: 0, right: width, bottom: height };
  const drawing = new Drawing(source, box);
  const canvas = new Canvas(box);
  yield* drawing.range(0, source.scene.shapes.length, 0, canvas, 1);
  return canvas.pixels();
}

/** Whether what lies in a group is painted by itself first. */
const isThin = ({ opacity = 1, clips = [] }: SceneGroup): boolean =>
  bounded(opacity) < 1 || clips.some(({ picture }) => picture);

const nowhere: Box = { left: 0, top: 0, right: 0, bottom: 0 };

/** Groups painted by themselves may take so many times the map's pixels at once; beyond, their shapes are made as thin as they are. */
const mostLayers = 8;

class Drawing {
  readonly #shapes: readonly OutlinedShape[];
  readonly #matrix: ReturnType<typeof mapMatrix>;
  /** For each shape the groups around it that are not laid down shape by shape, the outermost first. */
  readonly #thin: readonly (readonly SceneGroup[])[];
  readonly #coverage = new Coverage();
  readonly #masks: Masks;
  readonly #most: number;
  /** Soft clips that are not for the shapes, but for the layer that they are painted on. */
  readonly #later = new Set<Edges>();
  /** Lists of clips without those. */
  readonly #without = new Map<readonly Edges[], readonly Edges[]>();
  /** The share of the shapes that are painted. */
  #done = 0;
  /** How many pixels the canvases take that are open besides the map's own. */
  #open = 0;

  constructor(source: SceneSource, box: Box) {
    const { shapes } = outlineScene(source);
    this.#shapes = shapes;
    this.#matrix = mapMatrix(source);
    this.#thin = shapes.map(({ groups }) => groups.filter(isThin));
    this.#masks = new Masks(this.#coverage, box);
    this.#most = mostLayers * box.right * box.bottom;
  }

  /** Paints the shapes from one place to before another, which share their first `depth` groups that are not opaque. */
  *range(from: number, to: number, depth: number, canvas: Canvas, opacity: number): Generator<number, void, void> {
    for (let end = to; end > from; ) {
      const group = this.#thin[end - 1]?.[depth];
      let at = end - 1;
      if (group) {
        while (at > from && this.#thin[at - 1]?.[depth] === group) at--;
        const own = bounded(group.opacity ?? 1);
        if (own > 0) yield* this.#group(at, end, depth + 1, canvas, opacity, own);
      } else {
        this.#done = 1 - end / this.#shapes.length;
        yield this.#done;
        yield* this.#shape(this.#shapes[at] as OutlinedShape, canvas, opacity);
      }
      end = at;
    }
  }

  /** Paints the shapes of a group by themselves, then lays them down. One shape alone needs no canvas of its own. */
  *#group(
    from: number,
    to: number,
    depth: number,
    canvas: Canvas,
    opacity: number,
    own: number,
  ): Generator<number, void, void> {
    let box = nowhere;
    for (let at = from; at < to; at++)
      box = union(box, intersection((this.#shapes[at] as OutlinedShape).reach, canvas.box));
    box = canvas.open(box) ?? nowhere;
    if (isEmpty(box)) return;
    const pixels = (box.right - box.left) * (box.bottom - box.top);
    const next = this.#thin[from]?.[depth];
    const inOne = next !== undefined && this.#thin.slice(from, to).every((groups) => groups[depth] === next);
    if (to - from === 1 || inOne || this.#open + pixels > this.#most) {
      yield* this.range(from, to, depth, canvas, opacity * own);
      return;
    }
    const { clips } = this.#shapes[from] as OutlinedShape;
    const group = this.#thin[from]?.[depth - 1] as SceneGroup;
    const soft = clips.filter(({ of }) => of && group.clips?.includes(of as SceneClip));
    const layer = new Canvas(box);
    this.#open += pixels;
    const mask = yield* this.#layered(soft, box, this.range(from, to, depth, layer, 1));
    this.#open -= pixels;
    canvas.lay(layer, opacity * own, mask);
  }

  /** Paints on a layer, without the soft clips that are then for the layer, and gives what they let through of it. */
  *#layered(
    soft: readonly Edges[],
    box: Box,
    work: Generator<number, void, void>,
  ): Generator<number, Mask | null, void> {
    const own = soft.filter((clip) => !this.#later.has(clip));
    if (own.length === 0) {
      yield* work;
      return null;
    }
    for (const clip of own) this.#later.add(clip);
    this.#without.clear();
    yield* work;
    for (const clip of own) this.#later.delete(clip);
    this.#without.clear();
    const area = own.reduce((rest, clip) => intersection(rest, clip.box), box);
    if (isEmpty(area)) return { box: nowhere, data: new Uint8Array() };
    return yield* standing(this.#masks.of(own, area, box, own), this.#done);
  }

  /** What cuts a shape itself. */
  #clipsOf({ clips }: OutlinedShape): readonly Edges[] {
    if (this.#later.size === 0) return clips;
    let own = this.#without.get(clips);
    if (!own) {
      own = clips.filter((clip) => !this.#later.has(clip));
      this.#without.set(clips, own);
    }
    return own;
  }

  *#shape(outlined: OutlinedShape, canvas: Canvas, around: number): Generator<number, void, void> {
    const { shape, reach } = outlined;
    const opacity = around * bounded(shape.opacity);
    const box = opacity > 0 ? canvas.open(reach) : null;
    if (box === null) return;
    const matrix = times(this.#matrix, shape.matrix);
    const { fill, stroke, picture, kind } = shape;
    const filled = fill !== null && !outlined.isTextBox ? paintOf(fill, matrix) : null;
    const pictured =
      (kind === "picture" || kind === "effect") && picture
        ? picturePaint(picture, readPathData(shape.path), matrix)
        : null;
    const stroked = stroke !== null && outlined.line !== null ? paintOf(stroke, matrix) : null;
    const paints = [filled, pictured, stroked].filter((paint) => paint !== null).length;
    if (paints === 0) return;
    const paint = (on: Canvas, thin: number) => this.#paints(outlined, box, { stroked, pictured, filled }, on, thin);
    // What lies over each other in one shape must not show through itself.
    const soft = paints > 1 ? this.#clipsOf(outlined).filter(({ of }) => of) : [];
    if (paints === 1 || (opacity >= 1 && soft.length === 0)) {
      yield* paint(canvas, opacity);
      return;
    }
    const layer = new Canvas(box);
    const mask = yield* this.#layered(soft, box, paint(layer, 1));
    canvas.lay(layer, opacity, mask);
  }

  *#paints(
    outlined: OutlinedShape,
    box: Box,
    { stroked, pictured, filled }: Readonly<Record<"stroked" | "pictured" | "filled", FlatPaint | RowPaint | null>>,
    canvas: Canvas,
    opacity: number,
  ): Generator<number, void, void> {
    const { line, area } = outlined;
    if (stroked && line) yield* this.#fill(line, outlined, box, canvas.painting(stroked, opacity));
    if (pictured && area) yield* this.#fill(area, outlined, box, canvas.painting(pictured, opacity));
    if (filled && area) yield* this.#fill(area, outlined, box, canvas.painting(filled, opacity));
  }

  *#fill(edges: Edges, outlined: OutlinedShape, box: Box, sink: Sink): Generator<number, void, void> {
    const clips = this.#clipsOf(outlined);
    const area = clips.reduce((rest, clip) => intersection(rest, clip.box), intersection(edges.box, box));
    if (isEmpty(area)) return;
    const mask = clips.length > 0 ? yield* standing(this.#masks.of(clips, area, box, outlined), this.#done) : null;
    const to = mask ? new MaskedSink(sink, mask) : sink;
    if (this.#coverage.isSmall(edges, area)) this.#coverage.fill(edges, area, to);
    else yield* standing(this.#coverage.fillInTurns(edges, area, to), this.#done);
  }
}
