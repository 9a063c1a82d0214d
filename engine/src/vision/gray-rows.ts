/** Writes a row of levels from 0 to 255 as opaque gray pixels, from pixel number `start` on. */
export function grayRow(data: Uint8ClampedArray, start: number, levels: Float32Array): void {
  for (let x = 0, to = 4 * start; x < levels.length; x++, to += 4) {
    const level = levels[x] as number;
    data[to] = level;
    data[to + 1] = level;
    data[to + 2] = level;
    data[to + 3] = 255;
  }
}
