import { createPixels, type Pixels } from "../core/pixels.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { sides } from "../runtime/scaled-sum.ts";
import { maskAt } from "./mask.ts";
import type { ControlTerm } from "./residuals.ts";

// Where a control acts, and how strongly: the size of what it adds to the locked network's features against the size of
// those features, for each place and step. It falls out of the sum; nothing more is run.

/** How one control acted. */
export interface ControlInfluence {
  /** For each executed step, the ratio of the norms of what was added and what it was added to, all layers; 0 outside its range. */
  readonly steps: readonly number[];
  /** The mean of `steps` over those in which it acted; 0 where there was none. */
  readonly mean: number;
  /**
   * The same by place, the mean over the steps: gray, of the picture's size, white for the place where any control acted
   * most. Laid over the picture it shows what the control decided.
   */
  readonly map: Pixels;
  /** The largest ratio that a place of `map` stands for. */
  readonly most: number;
}

/** Two controls against each other. */
export interface Conflict {
  /** Their numbers among the request's controls. */
  readonly controls: readonly [number, number];
  /** The cosine between what they add, all layers and steps in which both act: -1 (against each other) to 1 (the same). */
  readonly cosine: number;
  /** What that means, as a sentence, where they oppose each other. */
  readonly message?: string;
}

/** How a generation's controls acted. */
export interface Influence {
  /** In the order of the request's controls; null for one that never acted. */
  readonly controls: readonly (ControlInfluence | null)[];
  /** Every pair that acted in a step together. */
  readonly conflicts: readonly Conflict[];
}

/** What is added to one tensor of the locked network in one step. */
interface ObservedSum {
  readonly base: Tensor;
  readonly terms: readonly ControlTerm[];
}

/** What is gathered of one control. */
interface Gathered {
  /** By executed step. */
  readonly steps: Map<number, number>;
  /** Sum over the steps of the ratio by place, at the latent's sides. */
  readonly places: Float32Array;
}

/** What is gathered of two controls: the sum of the products of what they add, and of their squares. */
interface Pair {
  product: number;
  one: number;
  other: number;
}

/** Below this cosine two controls are said to oppose each other: what random directions give lies well above. */
const OPPOSED = -0.1;

/** Gathers what is added in each step of a generation. */
export class InfluenceMeter {
  readonly #runtime: Runtime;
  readonly #controls: (Gathered | null)[];
  readonly #pairs = new Map<string, Pair>();
  readonly #executed: number;
  #width = 0;
  #height = 0;

  /** For `controls` controls over `executed` steps. */
  constructor(runtime: Runtime, controls: number, executed: number) {
    this.#runtime = runtime;
    this.#controls = Array.from({ length: controls }, () => null);
    this.#executed = executed;
  }

  /** Looks at the sums of a step, widest first, while their tensors are there. */
  async observe(step: number, sums: readonly ObservedSum[], options: { readonly signal?: AbortSignal }): Promise<void> {
    const [, , height = 1, width = 1] = sums[0]?.base.dims ?? [];
    [this.#width, this.#height] = [width, height];
    const totals = new Map<number, { added: number; base: number }>();
    for (const { base, terms } of sums) {
      if (terms.length === 0) continue;
      const pairs = terms.flatMap((one, n) =>
        terms.slice(n + 1).flatMap((other) => (alike(one, other) ? ([[one, other]] as const) : [])),
      );
      const found = await this.#runtime.products(
        [
          [base, base],
          ...terms.map(({ tensor }) => [tensor, tensor] as const),
          ...pairs.map(([one, other]) => [one.tensor, other.tensor] as const),
        ],
        options,
      );
      const energy = found[0] as Float32Array;
      const [, , area] = sides(base);
      for (const [n, term] of terms.entries()) {
        const own = term.pool ? await this.#pooledEnergy(term) : (found[1 + n] as Float32Array);
        const { added, under } = acted(term, own, energy, area);
        const total = totals.get(term.index) ?? { added: 0, base: 0 };
        total.added += sum(added);
        total.base += sum(under);
        totals.set(term.index, total);
        this.#addPlaces(term.index, base, added, under, sums.length);
      }
      for (const [n, [one, other]] of pairs.entries())
        this.#addPair(
          one,
          other,
          [
            found[1 + terms.indexOf(one)],
            found[1 + terms.indexOf(other)],
            found[1 + terms.length + n],
          ] as Float32Array[],
          area,
        );
    }
    for (const [index, { added, base }] of totals)
      this.#controls[index]?.steps.set(step, base > 0 ? Math.sqrt(added / base) : 0);
  }

  /** The energy of a residual that is averaged over the picture before it is added: alike in every place. */
  async #pooledEnergy({ tensor, mask }: ControlTerm): Promise<Float32Array> {
    const values = await this.#runtime.read(tensor);
    const [rows, channels, area] = sides(tensor);
    const energy = new Float32Array(rows * area);
    for (let row = 0; row < rows; row++) {
      let squares = 0;
      for (let c = 0; c < channels; c++) {
        let mean = 0;
        for (let i = 0; i < area; i++) mean += (values[(row * channels + c) * area + i] as number) * (mask?.[i] ?? 1);
        squares += (mean / area) ** 2;
      }
      energy.fill(squares, row * area, (row + 1) * area);
    }
    return energy;
  }

  #addPlaces(index: number, base: Tensor, added: Float32Array, under: Float32Array, layers: number): void {
    const [, , height = 1, width = 1] = base.dims;
    const places = this.#controls[index]?.places ?? new Float32Array(this.#width * this.#height);
    this.#controls[index] ??= { steps: new Map(), places };
    for (let y = 0, to = 0; y < this.#height; y++) {
      const row = Math.floor((y * height) / this.#height) * width;
      for (let x = 0; x < this.#width; x++, to++) {
        const from = row + Math.floor((x * width) / this.#width);
        const below = under[from] as number;
        if (below > 0) places[to] = (places[to] as number) + Math.sqrt((added[from] as number) / below) / layers;
      }
    }
  }

  #addPair(one: ControlTerm, other: ControlTerm, energies: readonly Float32Array[], area: number): void {
    const [own, theirs, products] = energies as [Float32Array, Float32Array, Float32Array];
    const turned = one.index > other.index;
    const key = turned ? `${other.index} ${one.index}` : `${one.index} ${other.index}`;
    const pair = this.#pairs.get(key) ?? { product: 0, one: 0, other: 0 };
    this.#pairs.set(key, pair);
    for (const [n, row] of one.rows.entries()) {
      const beside = other.rows[n];
      if (!row || !beside) continue;
      for (let i = 0; i < area; i++) {
        const [a, b] = [row.scale * (one.mask?.[i] ?? 1), beside.scale * (other.mask?.[i] ?? 1)];
        const at = row.row * area + i;
        pair.product += a * b * (products[at] as number);
        pair.one += a * a * (own[at] as number);
        pair.other += b * b * (theirs[at] as number);
      }
    }
  }

  /** What was gathered, its maps cut from the size that was drawn to the one that was asked for. */
  result({ asked, drawn }: Record<"asked" | "drawn", { readonly width: number; readonly height: number }>): Influence {
    const planes = this.#controls.map((gathered) => {
      if (!gathered) return null;
      const count = Math.max(1, gathered.steps.size);
      const data = gathered.places.map((value) => value / count);
      return maskAt({ width: this.#width, height: this.#height, data }, drawn.width, drawn.height);
    });
    const most = planes.reduce((highest, plane) => plane?.reduce((a, b) => Math.max(a, b), highest) ?? highest, 0);
    const controls = this.#controls.map((gathered, n): ControlInfluence | null => {
      const plane = planes[n];
      if (!gathered || !plane) return null;
      const steps = Array.from({ length: this.#executed }, (_, i) => gathered.steps.get(i) ?? 0);
      const mean = sum(steps) / Math.max(1, gathered.steps.size);
      return { steps, mean, map: grayOf(plane, drawn.width, asked, most), most };
    });
    const conflicts = [...this.#pairs].flatMap(([key, { product, one, other }]): Conflict[] => {
      if (one === 0 || other === 0) return [];
      const [a = 0, b = 0] = key.split(" ").map(Number);
      const cosine = product / Math.sqrt(one * other);
      const conflict: Conflict = { controls: [a, b], cosine };
      if (cosine >= OPPOSED) return [conflict];
      const message = `Controls ${a + 1} and ${b + 1} pull against each other (cosine ${cosine.toFixed(2)}): what one adds, the other takes away. Lower the weight of one, or give them different steps or places.`;
      return [{ ...conflict, message }];
    });
    return { controls, conflicts };
  }
}

/** Whether two terms' tensors can be multiplied: their nets ran on the same halves, and neither is averaged. */
const alike = (one: ControlTerm, other: ControlTerm): boolean =>
  one.tensor.dims.join() === other.tensor.dims.join() &&
  !one.pool &&
  !other.pool &&
  one.rows.every((row, n) => row === null || other.rows[n] == null || row.row === other.rows[n].row);

/** By place, the squares of what a term adds and of what it is added to, over the rows on which it acts. */
function acted(
  { rows, mask, pool }: ControlTerm,
  energy: Float32Array,
  base: Float32Array,
  area: number,
): { readonly added: Float32Array; readonly under: Float32Array } {
  const [added, under] = [new Float32Array(area), new Float32Array(area)];
  for (const [n, row] of rows.entries()) {
    if (!row) continue;
    for (let i = 0; i < area; i++) {
      const factor = row.scale * (pool ? 1 : (mask?.[i] ?? 1));
      added[i] = (added[i] as number) + factor * factor * (energy[row.row * area + i] as number);
      under[i] = (under[i] as number) + (base[n * area + i] as number);
    }
  }
  return { added, under };
}

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}

function grayOf(
  plane: Float32Array,
  pitch: number,
  { width, height }: { readonly width: number; readonly height: number },
  most: number,
): Pixels {
  const pixels = createPixels(width, height);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 4) {
      const value = most > 0 ? Math.round((255 * (plane[y * pitch + x] as number)) / most) : 0;
      pixels.data.set([value, value, value, 255], to);
    }
  return pixels;
}
