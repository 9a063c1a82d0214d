import { type Bounds, boxOf, grown, heightOf, isEmpty, join, meet, widthOf } from "./bounds.ts";
import { emptyRaster, everyValue, fill, inkBounds, type Raster, read, write } from "./raster.ts";

// Selections are soft: 8 bits for each pixel. They are made here and put together as Photoshop's four modes do it.

/** How a new selection meets the one that is there; the values of `constants.SelectionType`. */
export type SelectionMode = "set" | "addTo" | "subtractFrom" | "intersectWith";

const blank = emptyRaster(1, 8);

/** Coverage of a box by a shape that says how much of a pixel is inside. */
function drawn(box: Bounds, cover: (x: number, y: number) => number): Raster {
  const area = {
    left: Math.floor(box.left),
    top: Math.floor(box.top),
    right: Math.ceil(box.right),
    bottom: Math.ceil(box.bottom),
  };
  if (isEmpty(area)) return blank;
  const values = new Uint8Array(widthOf(area) * heightOf(area));
  for (let y = area.top, at = 0; y < area.bottom; y++) {
    for (let x = area.left; x < area.right; x++) values[at++] = Math.round(255 * cover(x, y));
  }
  return write(blank, area, values);
}

/** A box, whole pixels only. */
export const rectangle = (box: Bounds): Raster => fill(blank, rounded(box), [255]);

const rounded = (box: Bounds): Bounds => ({
  left: Math.round(box.left),
  top: Math.round(box.top),
  right: Math.round(box.right),
  bottom: Math.round(box.bottom),
});

const parts = [0.125, 0.375, 0.625, 0.875];

/** A shape by a question to 16 points of each pixel; to the middle alone when its edge is hard. */
function asked(box: Bounds, smooth: boolean, inside: (x: number, y: number) => boolean): Raster {
  const points = smooth ? parts : [0.5];
  return drawn(box, (x, y) => {
    let count = 0;
    for (const down of points) for (const across of points) if (inside(x + across, y + down)) count++;
    return count / points.length ** 2;
  });
}

/** The ellipse in a box. */
export const ellipse = (box: Bounds, smooth = true): Raster =>
  asked(box, smooth, (x, y) => {
    const across = (2 * (x - box.left)) / widthOf(box) - 1;
    const down = (2 * (y - box.top)) / heightOf(box) - 1;
    return across ** 2 + down ** 2 <= 1;
  });

/** A polygon, even-odd. */
export function polygon(points: readonly { readonly x: number; readonly y: number }[], smooth = true): Raster {
  const [xs, ys] = [points.map(({ x }) => x), points.map(({ y }) => y)];
  const box = { left: Math.min(...xs), top: Math.min(...ys), right: Math.max(...xs), bottom: Math.max(...ys) };
  return asked(box, smooth, (x, y) => {
    let inside = false;
    for (let i = 0; i < points.length; i++) {
      const a = points[i] as { x: number; y: number };
      const b = points[(i + 1) % points.length] as { x: number; y: number };
      if (a.y > y !== b.y > y && x < a.x + ((y - a.y) * (b.x - a.x)) / (b.y - a.y)) inside = !inside;
    }
    return inside;
  });
}

/** The selection, or null when nothing of it is left. */
const kept = (raster: Raster): Raster | null => (inkBounds(raster) ? raster : null);

/** A box of a selection gone over pixel by pixel. */
function redrawn(box: Bounds, sources: readonly Raster[], make: (values: readonly number[]) => number): Raster {
  if (isEmpty(box)) return blank;
  const lists = sources.map((source) => read(source, box));
  const values = new Uint8Array(widthOf(box) * heightOf(box));
  for (let i = 0; i < values.length; i++) values[i] = make(lists.map((list) => list[i] as number));
  return write(blank, box, values);
}

const nothing = boxOf(0, 0, 0, 0);

/** Two selections as one. */
export function combined(old: Raster | null, added: Raster, mode: SelectionMode): Raster | null {
  const before = old ?? blank;
  const [was, is] = [inkBounds(before), inkBounds(added)];
  const around = was && is ? join(was, is) : (was ?? is ?? nothing);
  switch (mode) {
    case "set":
      return kept(added);
    case "addTo":
      return kept(redrawn(around, [before, added], ([a = 0, b = 0]) => Math.max(a, b)));
    case "subtractFrom":
      return kept(redrawn(was ?? nothing, [before, added], ([a = 0, b = 0]) => Math.min(a, 255 - b)));
    case "intersectWith":
      return was && is ? kept(redrawn(meet(was, is), [before, added], ([a = 0, b = 0]) => Math.min(a, b))) : null;
  }
}

/** All of the canvas that was not selected. */
export const inverted = (old: Raster | null, canvas: Bounds): Raster | null =>
  kept(redrawn(canvas, [old ?? blank], ([value = 0]) => 255 - value));

/** The edge made soft: a Gaussian of that radius, as Photoshop's Feather. */
export function feathered(raster: Raster, radius: number): Raster {
  const ink = inkBounds(raster);
  if (!ink || radius <= 0) return raster;
  const reach = Math.ceil(radius * 3);
  const box = grown(ink, reach);
  const kernel = Array.from({ length: reach * 2 + 1 }, (_, i) => Math.exp(-((i - reach) ** 2) / (2 * radius ** 2)));
  const sum = kernel.reduce((a, b) => a + b);
  const [wide, high] = [widthOf(box), heightOf(box)];
  const pass = (from: ArrayLike<number>, stepX: number, stepY: number): Float32Array => {
    const out = new Float32Array(wide * high);
    for (let y = 0; y < high; y++) {
      for (let x = 0; x < wide; x++) {
        let value = 0;
        for (let k = -reach; k <= reach; k++) {
          const [px, py] = [x + k * stepX, y + k * stepY];
          if (px >= 0 && px < wide && py >= 0 && py < high) {
            value += (kernel[k + reach] as number) * (from[py * wide + px] as number);
          }
        }
        out[y * wide + x] = value / sum;
      }
    }
    return out;
  };
  const soft = pass(pass(read(raster, box), 1, 0), 0, 1);
  return write(
    blank,
    box,
    Uint8Array.from(soft, (value) => Math.round(value)),
  );
}

/** Grown by whole pixels, or shrunk by a negative number; corners are cut, as Photoshop cuts them. */
export function spread(raster: Raster, by: number): Raster | null {
  const ink = inkBounds(raster);
  if (!ink) return null;
  let made = raster;
  let box = ink;
  for (let step = 0; step < Math.abs(by); step++) {
    box = by > 0 ? grown(box, 1) : box;
    const plus = [
      [0, 0],
      [1, 0],
      [-1, 0],
      [0, 1],
      [0, -1],
    ] as const;
    const around = grown(box, 1);
    const old = read(made, around);
    const wide = widthOf(around);
    const values = new Uint8Array(widthOf(box) * heightOf(box));
    for (let y = 0; y < heightOf(box); y++) {
      for (let x = 0; x < widthOf(box); x++) {
        const near = plus.map(([right, down]) => old[(y + 1 + down) * wide + x + 1 + right] as number);
        values[y * widthOf(box) + x] = by > 0 ? Math.max(...near) : Math.min(...near);
      }
    }
    made = write(blank, box, values);
  }
  return kept(made);
}

/** True when no pixel is partly selected and the selected ones fill their box: what `selection.solid` tells. */
export function isSolid(raster: Raster): boolean {
  const ink = inkBounds(raster);
  return ink !== null && everyValue(raster, ink, (value) => value === 255);
}
