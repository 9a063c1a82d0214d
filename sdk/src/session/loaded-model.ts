import type { CallOptions, EngineLike, ModelSource, Pipeline } from "@underdraw/engine";
import { UnderdrawError } from "@underdraw/engine/core";

/** A net that is needed: what for, and the names under which it may lie, the best first. */
export interface NeededNet {
  /** In words, for messages: `a map of "canny"`. */
  readonly what: string;
  readonly names: readonly string[];
}

/**
 * The checkpoint of a session, with the nets that were needed so far: loaded once, and again only when a net is needed
 * that is not there yet. The old one is freed first, so that two never fill the memory.
 */
export class LoadedModel {
  readonly #engine: EngineLike;
  readonly #base: ModelSource | string | undefined;
  #pipeline: Pipeline | null = null;
  /** Nets that were loaded, and names that nothing lies under. */
  readonly #known = new Set<string>();
  readonly #absent = new Set<string>();

  constructor(engine: EngineLike, base: ModelSource | string | undefined) {
    this.#engine = engine;
    this.#base = base;
  }

  /** What is loaded; null before the first generation. */
  get pipeline(): Pipeline | null {
    return this.#pipeline;
  }

  /** True when nothing is left to load for these nets. */
  has(needed: readonly NeededNet[]): boolean {
    return this.#pipeline !== null && needed.every(({ names }) => names.some((name) => this.#known.has(name)));
  }

  /**
   * A pipeline with a net for each that is needed, and the nets' names. Not to be called again before it has answered.
   * Rejects with `model-unknown` when the engine's models have none of a net's names.
   */
  async load(
    needed: readonly NeededNet[],
    options: CallOptions,
  ): Promise<{ readonly pipeline: Pipeline; readonly names: readonly string[] }> {
    const names = needed.map((net) => this.#choose(net));
    if (this.#pipeline && names.every((name) => this.#known.has(name))) return { pipeline: this.#pipeline, names };
    await this.dispose();
    const nets = [...new Set([...this.#known, ...names])];
    try {
      const pipeline = await this.#engine.load(
        { ...(this.#base !== undefined && { base: this.#base }), nets },
        options,
      );
      this.#pipeline = pipeline;
      for (const name of nets) this.#known.add(name);
      return { pipeline, names };
    } catch (error) {
      const absent = nets.find((name) => !this.#known.has(name) && isAbsent(error, name));
      if (absent === undefined) throw error;
      this.#absent.add(absent);
      const at = names.indexOf(absent);
      const net = needed[at] as NeededNet;
      if (net.names.every((name) => this.#absent.has(name))) throw unknown(net, error);
      return this.load(needed, options);
    }
  }

  /** The name to try for a net: of one that is loaded, else the best that is not known to be absent. */
  #choose(net: NeededNet): string {
    const { names } = net;
    const name = names.find((each) => this.#known.has(each)) ?? names.find((each) => !this.#absent.has(each));
    if (name !== undefined) return name;
    // What was absent may have been put there since.
    for (const each of names) this.#absent.delete(each);
    const [first] = names;
    if (first === undefined) throw unknown(net);
    return first;
  }

  /** Frees what is loaded. */
  async dispose(): Promise<void> {
    const pipeline = this.#pipeline;
    this.#pipeline = null;
    await pipeline?.dispose();
  }
}

/** Whether an error says that nothing lies under a net's name: `id` is the name or the path of its folder. */
function isAbsent(error: unknown, name: string): boolean {
  if (!UnderdrawError.is(error, "model-unknown")) return false;
  const { id } = error.details;
  return id === name || id.endsWith(`controlnet/${name}`);
}

function unknown({ what, names }: NeededNet, cause?: unknown): UnderdrawError<"model-unknown"> {
  const tried = names.length > 0 ? `Looked for: ${names.join(", ")}.` : "It names none.";
  return new UnderdrawError(
    "model-unknown",
    `The engine's models have no net that reads ${what}. ${tried} Add one of them, or name another net in the control.`,
    { id: names[0] ?? what, known: [] },
    cause === undefined ? undefined : { cause },
  );
}
