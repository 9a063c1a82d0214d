import { type Graph, type Precision, runMemory, type VaeConfig, vaeDecoder, vaeEncoder } from "../graph/index.ts";

// A picture in parts: an autoencoder's widest tensors grow with the picture, and the scores of its attention with the
// square of it, so that a large picture is coded in tiles that overlap and fade into each other. All tiles of a picture
// have the same size and lie evenly, so that none is a sliver whose norms see little of the picture. What is lost is
// that norms and attention see a tile instead of the whole: docs/guide/vae.md says what that costs.

/**
 * Latent cells by which neighbours overlap at the least. A decoder of Stable Diffusion's depth reads some 17 cells to each
 * side (5 in its middle, 12 in its levels), most of it from the nearest: beyond 16 the border of a tile is hardly felt.
 */
const tileOverlap = 16;

/** The longest side of a tile where tiles are asked for: 512 pixels, what Stable Diffusion's autoencoders draw at once. */
const usualPixels = 512;
/** And no more cells than that autoencoder has in them: the scores of attention grow with their square. */
const usualCells = 64;

/** No side is cut into tiles shorter than this: two overlaps, so that no place lies in more than two tiles of a row. */
const leastTile = 2 * tileOverlap;

/** How a picture is cut. Sides count latent cells; one row and one column is the whole. */
export interface Tiles {
  readonly rows: number;
  readonly columns: number;
  /** Of each tile. */
  readonly height: number;
  readonly width: number;
}

/** The sides of a picture in latent cells. */
interface Cells {
  readonly height: number;
  readonly width: number;
}

/** What one run of an autoencoder may take, and whether tiles are wanted. */
export interface TileLimits {
  readonly precision: Precision;
  /** Bytes for what a run makes, weights not counted; null where nobody tells. */
  readonly memory: number | null;
  /** Bytes of one tensor; null where nobody tells. */
  readonly tensor: number | null;
  /**
   * "auto": tiles where the whole does not fit, as few as fit. "always": tiles of 512 pixels or 64 cells at the most, but
   * not below 32 cells. "never": the whole. "auto" without it.
   */
  readonly tiles?: "auto" | "always" | "never";
}

/** The whole as one tile. */
export const oneTile = ({ height, width }: Cells): Tiles => ({ rows: 1, columns: 1, height, width });

/** Graphs of a config, built once: they are asked for by each generation. */
const graphs = new WeakMap<VaeConfig, Map<string, Graph>>();

function graphOf(config: VaeConfig, half: "decoder" | "encoder", precision: Precision): Graph {
  const known = graphs.get(config) ?? new Map<string, Graph>();
  graphs.set(config, known);
  const key = `${half} ${precision}`;
  const graph = known.get(key) ?? (half === "decoder" ? vaeDecoder : vaeEncoder)(config, precision);
  known.set(key, graph);
  return graph;
}

/**
 * How an autoencoder's half codes a picture of so many latent cells: as few tiles as fit the limits; where not even the
 * smallest fits, the smallest. What a tile takes is `runMemory` of the half's graph at the tile's sides.
 */
export function vaeTilesFor(
  config: VaeConfig,
  size: Cells,
  limits: TileLimits,
  half: "decoder" | "encoder" = "decoder",
): Tiles {
  const { precision, memory, tensor, tiles = "auto" } = limits;
  if (tiles === "never") return oneTile(size);
  const factor = 2 ** (config.channels.length - 1);
  const scale = half === "decoder" ? 1 : factor;
  const graph = graphOf(config, half, precision);
  const longest = Math.max(leastTile, Math.min(usualCells, usualPixels / factor));
  const fits = ({ height, width }: Tiles): boolean => {
    if (tiles === "always" && Math.max(height, width) > longest) return false;
    if (memory === null && tensor === null) return true;
    const run = runMemory(graph, { batch: 1, height: height * scale, width: width * scale });
    return (memory === null || run.peak <= memory) && (tensor === null || run.largest <= tensor);
  };
  let cut = oneTile(size);
  while (!fits(cut)) {
    const rows = partsOf(size.height, cut.rows + 1, cut.height);
    const columns = partsOf(size.width, cut.columns + 1, cut.width);
    // The longer side of a tile is cut, as long as it can be.
    if (rows && (cut.height >= cut.width || !columns)) cut = { ...cut, rows: cut.rows + 1, height: rows };
    else if (columns) cut = { ...cut, columns: cut.columns + 1, width: columns };
    else return cut;
  }
  return grown(cut, size, fits);
}

/** As many tiles, as large as fit: the more of the picture each one sees, the nearer it comes to the whole. */
function grown(cut: Tiles, size: Cells, fits: (tiles: Tiles) => boolean): Tiles {
  const [tall, wide] = [cut.rows > 1 ? size.height - 1 : size.height, cut.columns > 1 ? size.width - 1 : size.width];
  let found = cut;
  // Both ways alike, then each as far as it goes alone.
  for (const [down, across] of [
    [1, 1],
    [1, 0],
    [0, 1],
  ] as const) {
    const from = found;
    const at = (by: number): Tiles => ({
      ...from,
      height: Math.min(tall, from.height + by * down),
      width: Math.min(wide, from.width + by * across),
    });
    let [fitting, not] = [0, Math.max(tall - from.height, wide - from.width) + 1];
    while (not - fitting > 1) {
      const middle = (fitting + not) >> 1;
      if (fits(at(middle))) fitting = middle;
      else not = middle;
    }
    found = at(fitting);
  }
  return found;
}

/** The length of each of so many parts of a side, overlaps included; null where it would not be shorter than now. */
function partsOf(side: number, parts: number, now: number): number | null {
  const length = Math.max(leastTile, Math.ceil((side + (parts - 1) * tileOverlap) / parts));
  return length < now ? length : null;
}

/** Where the parts of a side begin: the first at 0, the last so that it ends where the side does. */
function startsOf(side: number, length: number, parts: number): number[] {
  return Array.from({ length: parts }, (_, n) => Math.round((n * (side - length)) / Math.max(1, parts - 1)));
}

/**
 * How much each part counts at each of its places, `scale` places a cell: rising from a neighbour's end to its own and
 * falling the same way, smoothly, so that neither a step nor a bend shows; together 1 at every place of the side.
 */
function sharesOf(side: number, length: number, starts: readonly number[], scale: number): Float64Array[] {
  const sum = new Float64Array(side * scale);
  const parts = starts.map((start, n) => {
    const before = starts[n - 1];
    const after = starts[n + 1];
    const left = before === undefined ? 0 : (before + length - start) * scale;
    const right = after === undefined ? 0 : (start + length - after) * scale;
    const shares = new Float64Array(length * scale);
    for (let i = 0; i < shares.length; i++) {
      const rise = left === 0 ? 1 : smooth((i + 0.5) / left);
      const fall = right === 0 ? 1 : smooth((shares.length - i - 0.5) / right);
      shares[i] = rise * fall;
      sum[start * scale + i] = (sum[start * scale + i] as number) + rise * fall;
    }
    return shares;
  });
  for (const [n, shares] of parts.entries()) {
    const start = (starts[n] as number) * scale;
    for (let i = 0; i < shares.length; i++) shares[i] = (shares[i] as number) / (sum[start + i] as number);
  }
  return parts;
}

/** From 0 to 1 without a bend at either end. */
function smooth(at: number): number {
  const x = Math.min(1, Math.max(0, at));
  return x * x * (3 - 2 * x);
}

/** Numbers of a picture, [channels, height, width], and how many places a latent cell's side has in them. */
export interface Coded {
  readonly values: ArrayLike<number>;
  readonly channels: number;
  readonly scale: number;
}

/**
 * Codes a picture of so many latent cells tile by tile. `run` gets the numbers of a tile, [channels, height, width] of
 * the input, with its sides in cells, and gives [`to.channels`, ..]; `onTile` hears how many are done. Throws what `run` throws.
 */
export async function inTiles(
  { rows, columns, height, width }: Tiles,
  size: Cells,
  from: Coded,
  to: Pick<Coded, "channels" | "scale">,
  run: (tile: Float32Array, cells: Cells) => Promise<Float32Array>,
  onTile: (done: number, of: number) => void = () => {},
): Promise<Float32Array> {
  const count = rows * columns;
  if (count === 1) {
    const whole = await run(Float32Array.from(from.values), size);
    onTile(1, 1);
    return whole;
  }
  const tops = startsOf(size.height, height, rows);
  const lefts = startsOf(size.width, width, columns);
  const down = sharesOf(size.height, height, tops, to.scale);
  const across = sharesOf(size.width, width, lefts, to.scale);
  const out = new Float32Array(to.channels * size.height * size.width * to.scale ** 2);
  let done = 0;
  for (const [r, top] of tops.entries())
    for (const [c, left] of lefts.entries()) {
      const tile = await run(cutOut(from, size, { top, left, height, width }), { height, width });
      const shares = { down: down[r] as Float64Array, across: across[c] as Float64Array };
      addTile(out, tile, size, { top, left, ...to }, shares);
      onTile(++done, count);
    }
  return out;
}

/** The numbers of a tile. */
function cutOut(
  { values, channels, scale }: Coded,
  size: Cells,
  tile: { readonly top: number; readonly left: number } & Cells,
): Float32Array {
  const [height, width] = [tile.height * scale, tile.width * scale];
  const row = size.width * scale;
  const area = row * size.height * scale;
  const cut = new Float32Array(channels * height * width);
  let at = 0;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < height; y++) {
      const start = c * area + (tile.top * scale + y) * row + tile.left * scale;
      for (let x = 0; x < width; x++) cut[at++] = values[start + x] as number;
    }
  return cut;
}

/** Adds a tile to what is there of the picture, by its shares. */
function addTile(
  out: Float32Array,
  tile: Float32Array,
  size: Cells,
  {
    top,
    left,
    channels,
    scale,
  }: { readonly top: number; readonly left: number; readonly channels: number; readonly scale: number },
  { down, across }: { readonly down: Float64Array; readonly across: Float64Array },
): void {
  const row = size.width * scale;
  const area = row * size.height * scale;
  let from = 0;
  for (let c = 0; c < channels; c++)
    for (let y = 0; y < down.length; y++) {
      const start = c * area + (top * scale + y) * row + left * scale;
      const share = down[y] as number;
      for (let x = 0; x < across.length; x++, from++)
        out[start + x] = (out[start + x] as number) + share * (across[x] as number) * (tile[from] as number);
    }
}
