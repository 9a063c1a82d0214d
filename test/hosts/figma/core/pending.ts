/** What is on its way: calls, events and messages. Lets a test wait until nothing is. */
export class Pending {
  #count = 0;
  #waiting: (() => void)[] = [];

  /** Runs something later, and counts it until it has run. */
  later(run: () => void, delay = 0): void {
    this.#count++;
    setTimeout(() => {
      try {
        run();
      } finally {
        this.#done();
      }
    }, delay);
  }

  /** Counts a promise until it has settled. */
  async track<T>(promise: Promise<T>): Promise<T> {
    this.#count++;
    try {
      return await promise;
    } finally {
      this.#done();
    }
  }

  /** Resolves when nothing is on its way any more. */
  async settled(): Promise<void> {
    while (this.#count > 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #done(): void {
    // What a settled promise leads to happens in the turns after it.
    setTimeout(() => {
      if (--this.#count > 0) return;
      const waiting = this.#waiting;
      this.#waiting = [];
      for (const resolve of waiting) resolve();
    }, 0);
  }
}
