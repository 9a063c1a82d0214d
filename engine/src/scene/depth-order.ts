import type { Pixels } from "../core/pixels.ts";
import type { SceneSource } from "../core/scene.ts";
import { planeBlurring } from "../vision/blur.ts";
import { inRows, inStretches } from "../vision/part.ts";
import { graying } from "../vision/plane.ts";
import type { Box } from "./box.ts";
import { type DepthTag, depthTag } from "./depth-tag.ts";
import { paintIds } from "./ids.ts";
import { areaOf, type Level, levelsOf } from "./levels.ts";
import { MaskPainter } from "./mask-painter.ts";
import { type Outlined, type OutlinedShape, outlineScene } from "./outlined.ts";
import { reliefOf } from "./relief.ts";
import { within } from "./turns.ts";

/** How depth is read from the order of layers. */
export interface DepthOrderOptions {
  /** `order`: by how they lie; `area`: larger ones are farther; `tags`: by `depth=40` at the end of their names. */
  readonly mode: "order" | "area" | "tags";
  /** Count each of the outermost groups as one layer. */
  readonly groups: boolean;
  /** The side towards which each layer comes nearer. */
  readonly gradient: "none" | "down" | "up" | "left" | "right";
  /** Rounds each layer, so that its middle is nearer than its rim. */
  readonly inflate: boolean;
  /** How far levels run into each other, in pixels of a map of 512. */
  readonly soft: number;
}

/** Where a level begins and ends, from 0, far, to 1, near. */
interface Reach {
  readonly far: number;
  readonly near: number;
  /** True where a name says that it reaches from far to near. */
  readonly named: boolean;
}

/**
 * A depth map from how layers lie: near is white, levels are spread evenly, where nothing lies is black. Yields the share
 * done; returns the map, opaque, in the source's size.
 */
export function* depthOrder(source: SceneSource, options: DepthOrderOptions): Generator<number, Pixels, void> {
  const { width, height } = source;
  const outlined = outlineScene(source);
  const { levels, levelOf } = yield* within(levelsOf(outlined, options), 0, 0.1);
  const reaches = reachesOf(levels, outlined, options);
  const ids = yield* within(paintIds(outlined, { lines: true }), 0.1, 0.4);
  const depth = new Float32Array(width * height);
  const shown = new Uint8Array(levels.length);
  const lay = (start: number, end: number) => {
    for (let i = start; i < end; i++) {
      const id = ids[i] as number;
      const level = id === 0 ? -1 : (levelOf[id - 1] as number);
      if (level < 0) continue;
      shown[level] = 1;
      depth[i] = (reaches[level] as Reach).near;
    }
  };
  yield* within(inStretches(ids.length, lay), 0.4, 0.5);
  const painter = new MaskPainter();
  for (const [at, level] of levels.entries()) {
    const reach = reaches[at] as Reach;
    const gradient = options.gradient === "none" && reach.named ? "down" : options.gradient;
    if (shown[at] === 0 || (gradient === "none" && !options.inflate)) continue;
    const [from, to] = [0.5 + (0.4 * at) / levels.length, 0.5 + (0.4 * (at + 1)) / levels.length];
    const rounded = options.inflate ? yield* within(roundedLevel(level, outlined, painter), from, to) : null;
    const { left, top, right, bottom } = level.box;
    const shade = (row: number) => {
      const y = top + row;
      for (let x = left, i = y * width + left; x < right; x++, i++) {
        const id = ids[i] as number;
        if (id === 0 || levelOf[id - 1] !== at) continue;
        let share = along(gradient, level.box, x, y);
        if (rounded) share *= rounded[(y - top) * (right - left) + x - left] as number;
        depth[i] = reach.far + (reach.near - reach.far) * share;
      }
    };
    yield* within(inRows(right - left, bottom - top, shade, 1 << 17), to, to);
    yield to;
  }
  const levelled = new Uint8Array(depth.length);
  const round = (start: number, end: number) => {
    for (let i = start; i < end; i++) levelled[i] = Math.round(255 * (depth[i] as number));
  };
  yield* within(inStretches(levelled.length, round), 0.9, 0.92);
  const map = { width, height, data: levelled };
  const sigma = (options.soft * Math.min(width, height)) / 512;
  const soft = sigma > 0 ? yield* within(planeBlurring(map, sigma), 0.92, 0.98) : map;
  return yield* within(graying(soft), 0.98, 1);
}

/** How near each level is: from its place among them, or from what names say. */
function reachesOf(
  levels: readonly Level[],
  outlined: Outlined,
  { mode, groups }: DepthOrderOptions,
): readonly Reach[] {
  const count = levels.length;
  const step = 1 / count;
  const places = levels.map((_, at) => at);
  if (mode === "area") {
    const areas = levels.map((level) => areaOf(level, outlined));
    const sorted = [...places].sort((a, b) => (areas[b] as number) - (areas[a] as number) || a - b);
    for (const [place, at] of sorted.entries()) places[at] = place;
  }
  if (mode !== "tags") return places.map((place) => ({ far: place * step, near: (place + 1) * step, named: false }));
  const tags = levels.map((level) => tagOf(level, outlined, groups));
  return tags.map((tag, at) => {
    if (tag) return tag.far < tag.near ? { ...tag, named: true } : below(tag.near, step);
    // What has none lies between its neighbours that have one; the back of all is 0, the front of all 1.
    const before = tags.findLastIndex((other, place) => place < at && other !== null);
    const after = tags.findIndex((other, place) => place > at && other !== null);
    const [low, from] = before < 0 ? [0, -1] : [(tags[before] as DepthTag).near, before];
    const [high, to] = after < 0 ? [1, count - 1] : [(tags[after] as DepthTag).near, after];
    return below(low + ((high - low) * (at - from)) / (to - from), step);
  });
}

function below(near: number, step: number): Reach {
  return { far: Math.max(0, near - step), near, named: false };
}

/** What the names say of a level: its own before those of the groups around it, the inner ones first. */
function tagOf({ shapes }: Level, { shapes: all }: Outlined, groups: boolean): DepthTag | null {
  for (const at of shapes) {
    const { shape, groups: around } = all[at] as OutlinedShape;
    // A group that counts as one layer is named by itself.
    const names = groups && around[0] ? [around[0].name] : [shape.name, ...around.map(({ name }) => name).reverse()];
    for (const name of names) {
      const tag = depthTag(name);
      if (tag) return tag;
    }
  }
  return null;
}

/** How near a pixel is within its level by the gradient alone, from 0 to 1. */
function along(
  gradient: DepthOrderOptions["gradient"],
  { left, top, right, bottom }: Box,
  x: number,
  y: number,
): number {
  if (gradient === "down") return (y + 0.5 - top) / (bottom - top);
  if (gradient === "up") return (bottom - y - 0.5) / (bottom - top);
  if (gradient === "right") return (x + 0.5 - left) / (right - left);
  if (gradient === "left") return (right - x - 0.5) / (right - left);
  return 1;
}

function* roundedLevel(
  { shapes, box }: Level,
  outlined: Outlined,
  painter: MaskPainter,
): Generator<number, Float32Array, void> {
  const members = shapes.map((at) => outlined.shapes[at] as OutlinedShape);
  const mask = yield* within(painter.union(members, box, { body: true, line: true }), 0, 0.3);
  return (yield* within(reliefOf(mask, box, outlined), 0.3, 1)).data;
}
