import { type Bounds, heightOf, isEmpty, widthOf } from "./bounds.ts";
import { emptyRaster, type Raster, write } from "./raster.ts";
import { coverageOf, type PathPart, reachOf, type ShapeStroke, strokeCoverage } from "./vector.ts";

// Fill layers: what they are filled with, how a shape's stroke is drawn, and what of it all comes to be pixels.

/** Red, green and blue from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A gradient, its stops from 0 to 1. */
export interface GradientContent {
  readonly type: "linear" | "radial" | "reflected" | "angle";
  readonly angle: number;
  readonly stops: readonly { readonly at: number; readonly color: Rgb; readonly opacity?: number }[];
  readonly reverse?: boolean;
  /** In per cent. */
  readonly scale?: number;
  /** Over the layer, which is so without it, or over the canvas. */
  readonly align?: boolean;
}

/** What a fill layer is filled with. */
export type FillContent = { readonly color: Rgb } | { readonly gradient: GradientContent };

/** A shape layer's stroke. */
export interface StrokeStyle extends ShapeStroke {
  readonly color: Rgb;
  /** In per cent. */
  readonly opacity?: number;
  /** Multiples of the width. What the simulator draws is never dashed. */
  readonly dash?: readonly number[];
  readonly cap?: "butt" | "round" | "square";
  readonly join?: "miter" | "round" | "bevel";
}

/** A shape as a test describes it. */
export interface Shape {
  readonly content: FillContent;
  /** Without a path it fills the canvas. */
  readonly path: readonly PathPart[] | null;
  /** False for a fill that is switched off. */
  readonly filled: boolean;
  readonly stroke: StrokeStyle | null;
}

/** The pixels of a fill layer: RGB and alpha, 8 bits. */
export function shapePixels({ content, path, filled, stroke }: Shape, canvas: Bounds): Raster {
  const box = path ? reachOf(path, stroke ? stroke.width : 0, canvas) : canvas;
  if (isEmpty(box)) return emptyRaster(4, 8);
  const inside = path ? coverageOf(path, box) : new Float32Array(widthOf(box) * heightOf(box)).fill(1);
  const line = path && stroke ? strokeCoverage(path, stroke, box) : null;
  const look = looks(content, path ? (inkOf(inside, box) ?? box) : canvas, canvas);
  const values = new Uint8Array(inside.length * 4);
  for (let y = 0, at = 0; y < heightOf(box); y++) {
    for (let x = 0; x < widthOf(box); x++, at++) {
      const [color, opacity] = look(box.left + x + 0.5, box.top + y + 0.5);
      const under = filled ? (inside[at] as number) * opacity : 0;
      const over = line && stroke ? ((line[at] as number) * (stroke.opacity ?? 100)) / 100 : 0;
      const alpha = over + under * (1 - over);
      for (let c = 0; c < 3; c++) {
        const mixed = over * (stroke?.color[c] ?? 0) + under * (1 - over) * (color[c] as number);
        values[at * 4 + c] = alpha > 0 ? Math.round(mixed / alpha) : 0;
      }
      values[at * 4 + 3] = Math.round(255 * alpha);
    }
  }
  return write(emptyRaster(4, 8), box, values);
}

function inkOf(cover: Float32Array, box: Bounds): Bounds | null {
  let found: Bounds | null = null;
  for (const [at, value] of cover.entries()) {
    if (value === 0) continue;
    const [x, y] = [box.left + (at % widthOf(box)), box.top + Math.floor(at / widthOf(box))];
    found = found
      ? {
          left: Math.min(found.left, x),
          top: Math.min(found.top, y),
          right: Math.max(found.right, x + 1),
          bottom: Math.max(found.bottom, y + 1),
        }
      : { left: x, top: y, right: x + 1, bottom: y + 1 };
  }
  return found;
}

type Look = (x: number, y: number) => readonly [color: Rgb, opacity: number];

/** The colour of each place. How long a gradient is that runs askew is recalled, not read. */
function looks(content: FillContent, layer: Bounds, canvas: Bounds): Look {
  if ("color" in content) return () => [content.color, 1];
  const { type, angle, stops, reverse = false, scale = 100, align = true } = content.gradient;
  const box = align ? layer : canvas;
  const turn = (angle * Math.PI) / 180;
  const [dx, dy] = [Math.cos(turn), -Math.sin(turn)];
  const long = ((Math.abs(dx) * widthOf(box) + Math.abs(dy) * heightOf(box)) * scale) / 100;
  const [cx, cy] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
  return (x, y) => {
    const along = ((x - cx) * dx + (y - cy) * dy) / long;
    let at = along + 0.5;
    if (type === "radial") at = (2 * Math.hypot(x - cx, y - cy)) / long;
    else if (type === "reflected") at = 2 * Math.abs(along);
    else if (type === "angle") at = Math.atan2(y - cy, x - cx) / (2 * Math.PI) + 0.5;
    return colorAt(stops, Math.min(1, Math.max(0, reverse ? 1 - at : at)));
  };
}

function colorAt(stops: GradientContent["stops"], at: number): readonly [Rgb, number] {
  const next = stops.findIndex((stop) => stop.at >= at);
  const to = stops[next < 0 ? stops.length - 1 : next] as GradientContent["stops"][number];
  const from = stops[next <= 0 ? (next < 0 ? stops.length - 1 : 0) : next - 1] as typeof to;
  const share = to.at > from.at ? (at - from.at) / (to.at - from.at) : 0;
  const mix = (a: number, b: number) => a + share * (b - a);
  const color = from.color.map((value, c) => mix(value, to.color[c] as number)) as unknown as Rgb;
  return [color, mix(from.opacity ?? 1, to.opacity ?? 1)];
}
