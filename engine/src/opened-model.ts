import { type CallOptions, unlessAborted } from "./call.ts";
import type { WeightBits } from "./graph/index.ts";
import type { ModelSource } from "./models/source.ts";
import type { Runtime } from "./runtime/runtime.ts";

// Models that are open, and shared: what the pipelines of one engine load from the same place is opened and loaded once,
// and is there until the last of them is disposed. A place is a path or an object that was given; its content is not
// looked at, so that a file that was replaced is read anew when nobody holds the old one any more.

/** How networks are loaded: `onPiece` hears of each graph; `parked` ones by their first run; weights in so many bits. */
interface LoadingOptions extends Pick<CallOptions, "signal"> {
  readonly parked?: boolean;
  readonly bits?: WeightBits | null;
  readonly onPiece?: (piece: string) => void;
}

/** A model whose files are open, with its networks on the engine's device. */
export class OpenedModel<Model, Networks extends { release(): Promise<void> }> {
  readonly model: Model;
  readonly source: ModelSource;
  readonly #open: (runtime: Runtime, options: LoadingOptions) => Promise<Networks>;
  readonly #files: readonly { close(): void }[];
  #loading: { readonly runtime: Runtime; readonly networks: Promise<Networks> } | null = null;

  constructor(
    model: Model,
    source: ModelSource,
    {
      open,
      files,
    }: {
      readonly open: (runtime: Runtime, options: LoadingOptions) => Promise<Networks>;
      readonly files: readonly { close(): void }[];
    },
  ) {
    this.model = model;
    this.source = source;
    this.#open = open;
    this.#files = files;
  }

  /** Its networks on a runtime, loaded by whoever asks first. Whoever waits stops waiting by its own signal alone. */
  async networks(runtime: Runtime, options: LoadingOptions = {}): Promise<Networks> {
    while (this.#loading?.runtime === runtime) {
      // The first one may have been stopped, or failed: then the next one loads, and hears of its own failure.
      const found = await unlessAborted(
        this.#loading.networks.catch(() => null),
        options.signal,
      );
      if (found) return found;
    }
    const loading = { runtime, networks: this.#open(runtime, options) };
    this.#loading = loading;
    try {
      return await loading.networks;
    } catch (error) {
      if (this.#loading === loading) this.#loading = null;
      throw error;
    }
  }

  /** Frees its networks and closes its files. */
  async close(): Promise<void> {
    const loading = this.#loading;
    this.#loading = null;
    const networks = await loading?.networks.catch(() => null);
    try {
      if (!loading?.runtime.lost) await networks?.release();
    } finally {
      for (const file of this.#files) file.close();
    }
  }
}

/** What is held by several at once and closed by the last of them. */
export class SharedModels {
  readonly #models = new Map<string, { readonly model: { close(): Promise<void> }; holders: number }>();
  readonly #numbers = new WeakMap<object, number>();
  #given = 0;

  /** What tells a place from others: a path, or the object that was given. */
  placeOf(asked: ModelSource | string): string {
    if (typeof asked === "string") return `path ${asked}`;
    const number = this.#numbers.get(asked) ?? this.#given++;
    this.#numbers.set(asked, number);
    return `source ${number}`;
  }

  /**
   * The model of a key, opened where there is none, and how to let go of it, which may be called twice. When two open it
   * at once, the first is taken and the other closed.
   */
  async take<M extends { close(): Promise<void> }>(
    key: string,
    open: () => Promise<M>,
  ): Promise<{ readonly model: M; readonly release: () => Promise<void> }> {
    if (!this.#models.has(key)) {
      const model = await open();
      if (this.#models.has(key)) await model.close();
      else this.#models.set(key, { model, holders: 0 });
    }
    const entry = this.#models.get(key);
    if (!entry) return this.take(key, open); // it went while the second one was closed
    entry.holders++;
    let holds = true;
    const release = async (): Promise<void> => {
      if (!holds) return;
      holds = false;
      entry.holders--;
      if (entry.holders > 0) return;
      this.#models.delete(key);
      await entry.model.close();
    };
    return { model: entry.model as M, release };
  }
}
