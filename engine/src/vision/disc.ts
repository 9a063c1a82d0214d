import type { Plane } from "./plane.ts";

/** Paints a filled disc about a whole pixel, cut by the plane's edges: each pixel within `radius`, as OpenCV's `circle` does. */
export function paintDisc({ width, height, data }: Plane, x: number, y: number, radius: number, value: number): void {
  for (let down = -radius; down <= radius; down++) {
    const row = y + down;
    if (row < 0 || row >= height) continue;
    const reach = Math.floor(Math.sqrt(radius * radius - down * down));
    const [from, to] = [Math.max(0, x - reach), Math.min(width - 1, x + reach)];
    if (from <= to) data.fill(value, row * width + from, row * width + to + 1);
  }
}
