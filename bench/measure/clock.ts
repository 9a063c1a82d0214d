/** Adds up milliseconds by name. */
export class Clock {
  readonly #spent = new Map<string, number>();

  /** Runs a job and books its time under a name. */
  async time<T>(name: string, job: () => Promise<T>): Promise<T> {
    const started = performance.now();
    try {
      return await job();
    } finally {
      this.#spent.set(name, (this.#spent.get(name) ?? 0) + performance.now() - started);
    }
  }

  /** Milliseconds by name, the most first. */
  entries(): [name: string, milliseconds: number][] {
    return [...this.#spent].sort((a, b) => b[1] - a[1]);
  }
}
