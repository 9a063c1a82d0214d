import { readFileSync } from "node:fs";
import type { Condition, Pixels } from "@underdraw/engine";
import type { Scene, SceneGroup, SceneShape, SceneSource } from "../../engine/src/core/scene.ts";

/** A shape with all that is not said as simple as can be: a black fill without a stroke. */
export function shape(name: string, path: string, more: Partial<SceneShape> = {}): SceneShape {
  return {
    id: `id of ${name}`,
    name,
    path,
    matrix: [1, 0, 0, 1, 0, 0],
    stroke: null,
    strokeWidth: more.stroke ? 2 : 0,
    dash: [],
    fill: more.stroke ? null : "black",
    opacity: 1,
    ...more,
  };
}

/** The path of a rectangle. */
export const rectangle = (x: number, y: number, width: number, height: number): string =>
  `M${x} ${y}h${width}v${height}h${-width}Z`;

/** The path of a circle. */
export const circle = (x: number, y: number, radius: number): string =>
  `M${x - radius} ${y}a${radius} ${radius} 0 1 0 ${2 * radius} 0a${radius} ${radius} 0 1 0 ${-2 * radius} 0Z`;

/** A scene that is as large as its map. */
export function drawing(
  width: number,
  height: number,
  shapes: readonly SceneShape[],
  groups: readonly SceneGroup[] = [],
): SceneSource {
  const scene: Scene = { bounds: { x: 0, y: 0, width, height }, shapes, groups };
  return { width, height, scene };
}

/** The drawing that the tests share: a house by a river, with names in English and Korean. */
export function landscape(width = 768, height = 512): SceneSource {
  const scene = JSON.parse(readFileSync(new URL("../golden/scene/landscape.json", import.meta.url), "utf8")) as Scene;
  return { width, height, scene };
}

/** What a condition draws, and what it notes besides. */
export async function drawn(
  condition: Condition,
  source: SceneSource,
  notes: { code: string; message: string; remedy: string }[] = [],
): Promise<Pixels> {
  const context = {
    run: () => Promise.reject(new Error("no model")),
    note: (note: (typeof notes)[number]) => notes.push(note),
  };
  return condition.extract(source, context);
}

/** Red, green and blue of one pixel. */
export function at(map: Pixels, x: number, y: number): readonly number[] {
  return [...map.data.subarray(4 * (y * map.width + x), 4 * (y * map.width + x) + 3)];
}

/** The first channel of one pixel of a gray map. */
export function level(map: Pixels, x: number, y: number): number {
  const [red, green, blue] = at(map, x, y) as [number, number, number];
  if (red !== green || green !== blue) throw new Error(`The pixel ${x}, ${y} is not gray: ${red}, ${green}, ${blue}.`);
  return red;
}

/** All colours of a map, each once, as RRGGBB. */
export function colours(map: Pixels): ReadonlySet<string> {
  const found = new Set<number>();
  for (let i = 0; i < map.data.length; i += 4) {
    const [red, green, blue] = [map.data[i] as number, map.data[i + 1] as number, map.data[i + 2] as number];
    found.add((red << 16) | (green << 8) | blue);
  }
  return new Set([...found].map((colour) => colour.toString(16).padStart(6, "0")));
}
