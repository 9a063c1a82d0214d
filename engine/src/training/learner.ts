import { adam, adamwStep, gradientSum } from "../graph/adamw.ts";
import type { Weight, Weights } from "../graph/graph.ts";
import type { TrainingStep } from "../graph/training-step.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Session, Tensor } from "../runtime/runtime.ts";

// The numbers that learn, where they are computed: a session that finds gradients and one that makes a step of AdamW of
// them. A step's outcome takes the place of what was before only when it is sound.

/** What one batch tells. */
export interface BatchOutcome {
  readonly loss: number;
  readonly gradients: Readonly<Record<string, Tensor>>;
}

/** How a step of AdamW is made. */
export interface LearningRates {
  readonly rate: number;
  readonly decay: number;
  readonly clip: number;
  /** Batches whose gradients were added. */
  readonly batches: number;
  /** The number of the step, from 1. */
  readonly step: number;
}

/** One tensor of a learner's state: `p.`, `m.`, `v.` or `mean.` and the weight's name. */
export interface StateTensor {
  readonly name: string;
  readonly dims: readonly number[];
}

/** Weights that learn. Owns sessions and tensors. */
export class Learner {
  readonly weights: readonly Weight[];
  readonly #runtime: Runtime;
  readonly #gradients: Session;
  readonly #update: Session;
  readonly #mean: number | null;
  /** Opened by the first step that adds gradients. */
  #sum: Session | null = null;
  /** By their names in the state: "p.w", "m.w", "v.w", "mean.w". */
  #state = new Map<string, Tensor>();
  /** What has the state to itself now, and all that waits for it. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(
    runtime: Runtime,
    { weights }: TrainingStep,
    sessions: { readonly gradients: Session; readonly update: Session },
    mean: number | null,
  ) {
    this.weights = weights;
    this.#runtime = runtime;
    this.#gradients = sessions.gradients;
    this.#update = sessions.update;
    this.#mean = mean;
  }

  /** Loads a step's graphs. `locked` are the weights that do not learn. Rejects as `Runtime.open`. */
  static async open(
    runtime: Runtime,
    step: TrainingStep,
    locked: Weights,
    { mean, signal }: { readonly mean: number | null; readonly signal?: AbortSignal },
  ): Promise<Learner> {
    const options = signal ? { signal } : {};
    const gradients = await runtime.open(step.graph, locked, options);
    try {
      const none: Weights = {
        read: ({ name }) => {
          throw new RangeError(`AdamW has no weight "${name}".`);
        },
      };
      const update = await runtime.open(adamwStep(step.weights, { mean: mean !== null }), none, options);
      return new Learner(runtime, step, { gradients, update }, mean);
    } catch (error) {
      await gradients.release();
      throw error;
    }
  }

  /** The tensors of the state, in order. */
  get state(): readonly StateTensor[] {
    const kinds = this.#mean === null ? ["p", "m", "v"] : ["p", "m", "v", "mean"];
    return this.weights.flatMap(({ name, dims }) => kinds.map((kind) => ({ name: `${kind}.${name}`, dims })));
  }

  /** Does work that reads the state: no step is made meanwhile. The work makes none itself. */
  still<T>(work: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(work);
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  /** Begins with these numbers: `value` is asked for each tensor of the state. */
  begin(value: (tensor: StateTensor) => Float32Array | Promise<Float32Array>): Promise<void> {
    return this.still(async () => {
      const begun = new Map<string, Tensor>();
      try {
        for (const tensor of this.state)
          begun.set(tensor.name, this.#runtime.tensor("float32", tensor.dims, await value(tensor)));
      } catch (error) {
        disposeAll(begun.values());
        throw error;
      }
      disposeAll(this.#state.values());
      this.#state = begun;
    });
  }

  /** Numbers of the state. */
  async read(name: string): Promise<Float32Array> {
    const tensor = this.#state.get(name);
    if (!tensor) throw new RangeError(`The state has no tensor "${name}".`);
    return this.#runtime.read(tensor);
  }

  /** What is drawn with: the mean of the weights where one is kept, else the weights. */
  async readNet(weight: Weight): Promise<Float32Array> {
    return this.read(`${this.#mean === null ? "p" : "mean"}.${weight.name}`);
  }

  /** Runs a batch: `inputs` are those of the step's graph without the weights. Everything that comes back is the caller's. */
  async run(
    inputs: Readonly<Record<string, Tensor>>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<Record<string, Tensor>> {
    const own = this.weights.map(({ name }) => [name, this.#state.get(`p.${name}`) as Tensor]);
    return this.#gradients.run({ ...inputs, ...Object.fromEntries(own) }, options);
  }

  /** The gradients of a batch. They are the caller's. */
  async gradients(
    inputs: Readonly<Record<string, Tensor>>,
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<BatchOutcome> {
    const { loss, prediction, ...gradients } = await this.run(inputs, options);
    try {
      const [value = Number.NaN] = loss ? await this.#runtime.read(loss) : [];
      return { loss: value, gradients };
    } catch (error) {
      disposeAll(gradients);
      throw error;
    } finally {
      loss?.dispose();
      prediction?.dispose();
    }
  }

  /** The gradients of two batches together; those that were given are freed. */
  async sum(
    one: Readonly<Record<string, Tensor>>,
    other: Readonly<Record<string, Tensor>>,
  ): Promise<Readonly<Record<string, Tensor>>> {
    const none: Weights = { read: () => undefined };
    this.#sum ??= await this.#runtime.open(gradientSum(this.weights), none);
    const part = (name: string, of: Readonly<Record<string, Tensor>>) =>
      this.weights.map((weight) => [`${name}.${weight.name}`, of[`gradient.${weight.name}`] as Tensor]);
    try {
      return await this.#sum.run(Object.fromEntries([...part("one", one), ...part("other", other)]));
    } finally {
      disposeAll(one);
      disposeAll(other);
    }
  }

  /**
   * Makes a step and gives the gradients' norm. Where it is no number, nothing has changed. The gradients are freed.
   */
  step(gradients: Readonly<Record<string, Tensor>>, rates: LearningRates): Promise<number> {
    return this.still(() => this.#step(gradients, rates));
  }

  async #step(gradients: Readonly<Record<string, Tensor>>, rates: LearningRates): Promise<number> {
    const { rate, decay, clip, batches, step } = rates;
    const scalar = (value: number): Tensor => this.#runtime.tensor("float32", [1], Float32Array.of(value));
    const scalars: Record<string, Tensor> = {
      share: scalar(1 / batches),
      clip: scalar(clip),
      kept: scalar(1 - rate * decay),
      rate: scalar(rate / (1 - adam.beta1 ** step)),
      root: scalar(1 / Math.sqrt(1 - adam.beta2 ** step)),
      // The mean of few steps is that of these steps: it forgets the beginning as fast as they come.
      ...(this.#mean === null ? {} : { old: scalar(Math.min(this.#mean, step / (step + 10))) }),
    };
    const state = [...this.#state].map(([name, tensor]) => [name.startsWith("p.") ? name.slice(2) : name, tensor]);
    let made: Readonly<Record<string, Tensor>> = {};
    try {
      made = await this.#update.run({ ...gradients, ...scalars, ...Object.fromEntries(state) });
      const { norm, ...next } = made;
      const [value = Number.NaN] = norm ? await this.#runtime.read(norm) : [];
      if (!Number.isFinite(value)) return value;
      norm?.dispose();
      made = {};
      const before = this.#state;
      this.#state = new Map(
        [...before.keys()].map((name) => [
          name,
          next[`next.${name.startsWith("p.") ? name.slice(2) : name}`] as Tensor,
        ]),
      );
      disposeAll(before.values());
      return value;
    } finally {
      disposeAll(made);
      disposeAll(scalars);
      disposeAll(gradients);
    }
  }

  /** Frees everything. */
  release(): Promise<void> {
    return this.still(async () => {
      disposeAll(this.#state.values());
      this.#state.clear();
      for (const session of [this.#gradients, this.#update, this.#sum]) await session?.release();
    });
  }
}
