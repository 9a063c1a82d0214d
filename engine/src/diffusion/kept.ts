// What generations leave for the next ones, by content: texts, features of maps, time tables, latents of steps, pictures.
// It has a budget in bytes and gives up what was not used for longest. What the generation that runs has used goes no
// earlier than `trim`, after it: what lies on a device may be read again. Only arrays make room before, by themselves.

/** Something to keep. */
export interface Keepable<T> {
  readonly value: T;
  /** Its bytes, those of `shared` not counted. */
  readonly bytes: number;
  /** Arrays in it that others may hold as well: each is counted once, and as long as one that holds it is kept. */
  readonly shared?: readonly Float32Array[];
  /** Called once, when it is given up. What needs no call is freed by the garbage collector. */
  readonly free?: () => void;
}

/** What is kept, under keys that say what it depends on. */
export class Kept {
  readonly #budget: number;
  /** In the order of their last use. */
  readonly #entries = new Map<string, Keepable<unknown>>();
  /** How many entries hold an array. */
  readonly #holders = new Map<Float32Array, number>();
  /** What was used since the last `trim`, and whether it was made since then. */
  readonly #used = new Map<string, { readonly fresh: boolean }>();
  #bytes = 0;
  /** Those of what lies beside a device and is freed by the garbage collector. */
  #loose = 0;

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
    if (!this.#used.has(key)) this.#used.set(key, { fresh: false });
    return entry.value as T;
  }

  /** Lays something under a key and gives what lies there then: what did before stays, and the new is freed. */
  put<T>(key: string, entry: Keepable<T>): T {
    const found = this.find<T>(key);
    if (found !== undefined) {
      entry.free?.();
      return found;
    }
    this.#entries.set(key, entry);
    this.#used.set(key, { fresh: true });
    this.#count(entry, entry.bytes);
    for (const array of entry.shared ?? []) {
      const holders = this.#holders.get(array) ?? 0;
      this.#holders.set(array, holders + 1);
      if (holders === 0) this.#count(entry, array.byteLength);
    }
    for (const [one, other] of this.#entries) {
      if (this.#bytes <= this.#budget) break;
      if (!this.#used.has(one)) this.#giveUp(one, other);
    }
    for (const [one, other] of this.#entries) {
      if (this.#loose <= this.#budget) break;
      if (!other.free) this.#giveUp(one, other);
    }
    return entry.value;
  }

  /** What lies under a key, made first where nothing does. It is `known` when an earlier generation made it. */
  async take<T>(
    key: string,
    make: () => Promise<Keepable<T>>,
  ): Promise<{ readonly value: T; readonly known: boolean }> {
    const found = this.find<T>(key);
    if (found !== undefined) return { value: found, known: this.#used.get(key)?.fresh === false };
    return { value: this.put(key, await make()), known: false };
  }

  /** Ends a generation: gives up what was not used for longest, until the rest is within the budget. */
  trim(): void {
    this.#used.clear();
    for (const [key, entry] of this.#entries) {
      if (this.#bytes <= this.#budget) return;
      this.#giveUp(key, entry);
    }
  }

  #giveUp(key: string, entry: Keepable<unknown>): void {
    this.#entries.delete(key);
    this.#count(entry, -entry.bytes);
    for (const array of entry.shared ?? []) {
      const holders = (this.#holders.get(array) ?? 1) - 1;
      if (holders > 0) this.#holders.set(array, holders);
      else {
        this.#holders.delete(array);
        this.#count(entry, -array.byteLength);
      }
    }
    entry.free?.();
  }

  #count({ free }: Keepable<unknown>, bytes: number): void {
    this.#bytes += bytes;
    if (!free) this.#loose += bytes;
  }

  /** Gives up everything; without `free` where the device is gone, and its memory with it. */
  clear({ free }: { readonly free: boolean }): void {
    const entries = [...this.#entries.values()];
    this.#entries.clear();
    this.#holders.clear();
    this.#used.clear();
    this.#bytes = 0;
    this.#loose = 0;
    if (free) for (const entry of entries) entry.free?.();
  }
}
