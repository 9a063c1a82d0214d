/** Keys' kernel with a = -0.75, as PyTorch's bicubic has it: the shares of four neighbours about a place. */
function shares(part: number, into: Float64Array, at: number): void {
  const a = -0.75;
  const far = (d: number) => ((a * d - 5 * a) * d + 8 * a) * d - 4 * a;
  const near = (d: number) => ((a + 2) * d - (a + 3)) * d * d + 1;
  into[at] = far(part + 1);
  into[at + 1] = near(part);
  into[at + 2] = near(1 - part);
  into[at + 3] = far(2 - part);
}

/** For each new place of an axis, its four neighbours and their shares. Centres lie in the middle of their cells. */
function axis(from: number, to: number): { readonly index: Int32Array; readonly share: Float64Array } {
  const index = new Int32Array(4 * to);
  const share = new Float64Array(4 * to);
  for (let x = 0; x < to; x++) {
    const place = ((x + 0.5) * from) / to - 0.5;
    const first = Math.floor(place);
    shares(place - first, share, 4 * x);
    for (let k = 0; k < 4; k++) index[4 * x + k] = Math.min(Math.max(first + k - 1, 0), from - 1);
  }
  return { index, share };
}

/**
 * The embeddings of places for a grid of `height` x `width` patches from a square table of `grid` x `grid`, each `width`
 * numbers wide, in rows: bicubic, as transformers interpolates DINOv2's.
 */
export function positionsAt(
  table: Float32Array,
  { grid, width: wide }: { readonly grid: number; readonly width: number },
  height: number,
  width: number,
): Float32Array {
  if (height === grid && width === grid) return table.slice();
  const columns = axis(grid, width);
  const rows = axis(grid, height);
  // First each row of the table in x, then all in y: eight products a number instead of sixteen.
  const across = new Float64Array(grid * width * wide);
  for (let y = 0; y < grid; y++)
    for (let x = 0; x < width; x++) {
      const to = (y * width + x) * wide;
      for (let k = 0; k < 4; k++) {
        const share = columns.share[4 * x + k] as number;
        const from = (y * grid + (columns.index[4 * x + k] as number)) * wide;
        for (let i = 0; i < wide; i++)
          across[to + i] = (across[to + i] as number) + share * (table[from + i] as number);
      }
    }
  const out = new Float32Array(height * width * wide);
  const pitch = width * wide;
  const sum = new Float64Array(pitch);
  for (let y = 0; y < height; y++) {
    sum.fill(0);
    for (let k = 0; k < 4; k++) {
      const share = rows.share[4 * y + k] as number;
      const from = (rows.index[4 * y + k] as number) * pitch;
      for (let i = 0; i < pitch; i++) sum[i] = (sum[i] as number) + share * (across[from + i] as number);
    }
    out.set(sum, y * pitch);
  }
  return out;
}
