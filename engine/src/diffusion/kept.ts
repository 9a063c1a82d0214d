// What generations leave for the next ones, by content: texts, features of maps, time tables, latents of steps, pictures.
// It has a budget in bytes and gives up what was not used for longest. Nothing is given up while a generation runs, since
// that may use it; `trim` does it afterwards.

/** Something to keep. */
export interface Keepable<T> {
  readonly value: T;
  readonly bytes: number;
  /** Called once, when it is given up. */
  readonly free?: () => void;
}

/** What is kept, under keys that say what it depends on. */
export class Kept {
  readonly #budget: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Keepable<unknown>>();
  #bytes = 0;

  /** `budget` in bytes; 0 keeps nothing beyond the generation that made it. */
  constructor(budget: number) {
    this.#budget = budget;
  }

  /** Bytes that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** What lies under a key, which counts as used; undefined where nothing does. */
  find<T>(key: string): T | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value as T;
  }

  /** Lays something under a key. What lies there already stays, and the new is freed. */
  put<T>(key: string, entry: Keepable<T>): void {
    if (this.#entries.has(key)) {
      entry.free?.();
      return;
    }
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
  }

  /** What lies under a key, made first where nothing does. */
  async take<T>(
    key: string,
    make: () => Promise<Keepable<T>>,
  ): Promise<{ readonly value: T; readonly known: boolean }> {
    const found = this.find<T>(key);
    if (found !== undefined) return { value: found, known: true };
    const made = await make();
    this.put(key, made);
    return { value: made.value, known: false };
  }

  /** Gives up what was not used for longest, until the rest is within the budget. */
  trim(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#budget) return;
      this.#entries.delete(key);
      this.#bytes -= entry.bytes;
      entry.free?.();
    }
  }

  /** Gives up everything; without `free` where the device is gone, and its memory with it. */
  clear({ free }: { readonly free: boolean }): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#bytes = 0;
    if (free) for (const entry of entries) entry.free?.();
  }
}
