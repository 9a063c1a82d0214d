import { createPixels, type Pixels } from "../core/pixels.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import { sides } from "../runtime/scaled-sum.ts";
import { acted, actingRows, type Meeting, meetingsOf, type ObservedSum, rowsOf, squares } from "./influence-terms.ts";
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

interface Size {
  readonly width: number;
  readonly height: number;
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
    const layers = sums.filter(({ terms }) => terms.length > 0).map((sum) => ({ ...sum, meetings: meetingsOf(sum) }));
    // One question for the whole step: what comes back from a GPU is waited for once.
    const found = await this.#runtime.products(
      layers.flatMap(({ base, terms, meetings }) => [
        squares(base, rowsOf(base)),
        ...terms.map((term) => squares(term.tensor, term.pool ? [] : actingRows(term))),
        ...meetings.map(({ one, other, rows }) => ({ one: one.tensor, other: other.tensor, rows })),
      ]),
      options,
    );
    const totals = new Map<number, { added: number; base: number }>();
    let next = 0;
    const take = () => found[next++] as Float32Array;
    for (const { base, terms, meetings } of layers) {
      const [, , area] = sides(base);
      const energy = take();
      const energies = new Map(terms.map((term) => [term, take()]));
      for (const term of terms) {
        if (term.pool) energies.set(term, await this.#pooledEnergy(term, options));
        const { added, under } = acted(term, energies.get(term) as Float32Array, energy, area);
        const total = totals.get(term.index) ?? { added: 0, base: 0 };
        total.added += sum(added);
        total.base += sum(under);
        totals.set(term.index, total);
        this.#addPlaces(term.index, base, added, under, sums.length);
      }
      for (const meeting of meetings) {
        const own = energies.get(meeting.one) as Float32Array;
        const theirs = energies.get(meeting.other) as Float32Array;
        this.#addMeeting(meeting, { own, theirs, products: take() }, area);
      }
    }
    for (const [index, { added, base }] of totals)
      this.#controls[index]?.steps.set(step, base > 0 ? Math.sqrt(added / base) : 0);
  }

  /** The energy of a residual that is averaged over the picture before it is added: alike in every place. */
  async #pooledEnergy(term: ControlTerm, { signal }: { readonly signal?: AbortSignal }): Promise<Float32Array> {
    const { tensor, mask } = term;
    signal?.throwIfAborted();
    const values = await this.#runtime.read(tensor);
    const [, channels, area] = sides(tensor);
    const rows = actingRows(term);
    const energy = new Float32Array(rows.length * area);
    for (const [n, [row]] of rows.entries()) {
      let squares = 0;
      for (let c = 0; c < channels; c++) {
        let mean = 0;
        for (let i = 0; i < area; i++) mean += (values[(row * channels + c) * area + i] as number) * (mask?.[i] ?? 1);
        squares += (mean / area) ** 2;
      }
      energy.fill(squares, n * area, (n + 1) * area);
    }
    return energy;
  }

  #addPlaces(index: number, base: Tensor, added: Float32Array, under: Float32Array, layers: number): void {
    const [, , height = 1, width = 1] = base.dims;
    const places = this.#controls[index]?.places ?? new Float32Array(this.#width * this.#height);
    this.#controls[index] ??= { steps: new Map(), places };
    const ratios = added.map((squares, at) => (under[at] ? Math.sqrt(squares / (under[at] as number)) : 0));
    // A deep layer's place is a wide one: straight lines between their middles, not steps.
    const spread = maskAt({ width, height, data: ratios }, this.#width, this.#height);
    for (let at = 0; at < places.length; at++) places[at] = (places[at] as number) + (spread[at] as number) / layers;
  }

  #addMeeting(
    { one, other }: Meeting,
    { own, theirs, products }: Record<"own" | "theirs" | "products", Float32Array>,
    area: number,
  ): void {
    const turned = one.index > other.index;
    const key = turned ? `${other.index} ${one.index}` : `${one.index} ${other.index}`;
    const pair = this.#pairs.get(key) ?? { product: 0, one: 0, other: 0 };
    this.#pairs.set(key, pair);
    // `own` and `theirs` have a row for each of the batch on which their term acts, `products` for each where both do.
    let [ownRow, theirRow, row] = [0, 0, 0];
    for (const [n, strength] of one.rows.entries()) {
      const beside = other.rows[n];
      if (strength && beside) {
        for (let i = 0; i < area; i++) {
          const a = strength.scale * (one.mask?.[i] ?? 1);
          const b = beside.scale * (other.mask?.[i] ?? 1);
          pair.product += a * b * (products[row * area + i] as number);
          pair.one += a * a * (own[ownRow * area + i] as number);
          pair.other += b * b * (theirs[theirRow * area + i] as number);
        }
        row++;
      }
      if (strength) ownRow++;
      if (beside) theirRow++;
    }
  }

  /** What was gathered, its maps cut from the size that was drawn to the one that was asked for. */
  result({ asked, drawn }: Record<"asked" | "drawn", Size>): Influence {
    const planes = this.#controls.map((gathered) => {
      if (!gathered) return null;
      const count = Math.max(1, gathered.steps.size);
      const data = gathered.places.map((value) => value / count);
      return maskAt({ width: this.#width, height: this.#height, data }, drawn.width, drawn.height);
    });
    const most = Math.max(0, ...planes.map((plane) => (plane ? highest(plane, drawn.width, asked) : 0)));
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

function sum(values: ArrayLike<number>): number {
  let total = 0;
  for (let i = 0; i < values.length; i++) total += values[i] as number;
  return total;
}

/** The largest number of a plane where a picture of some size lies on it. */
function highest(plane: Float32Array, pitch: number, { width, height }: Size): number {
  let most = 0;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) most = Math.max(most, plane[y * pitch + x] as number);
  return most;
}

function grayOf(plane: Float32Array, pitch: number, { width, height }: Size, most: number): Pixels {
  const pixels = createPixels(width, height);
  const { data } = pixels;
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 4) {
      const value = most > 0 ? Math.round((255 * (plane[y * pitch + x] as number)) / most) : 0;
      data[to] = data[to + 1] = data[to + 2] = value;
      data[to + 3] = 255;
    }
  return pixels;
}
