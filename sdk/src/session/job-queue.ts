/** One job that runs or waits. */
interface Job {
  start(): Promise<void>;
  stop(reason: unknown): void;
}

/**
 * One job runs and one waits: a third takes the place of the one that waits. A job that is stopped rejects at once with
 * the reason; the next begins only when what it had begun has ended, since two would share one device.
 */
export class JobQueue {
  #running: Job | null = null;
  #waiting: Job | null = null;
  #idle: (() => void)[] = [];

  /** Runs a job when its turn comes; `run` gets the signal that stops it. */
  add<T>(run: (signal: AbortSignal) => Promise<T>, signal?: AbortSignal): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const stopping = new AbortController();
      const given = () => stop(signal?.reason);
      const leave = () => signal?.removeEventListener("abort", given);
      const stop = (reason: unknown) => {
        leave();
        if (this.#waiting === job) this.#waiting = null;
        stopping.abort(reason);
        reject(reason);
      };
      const start = () => run(stopping.signal).then(resolve, reject).finally(leave);
      const job: Job = { start, stop };
      signal?.addEventListener("abort", given, { once: true });
      this.#waiting?.stop(new DOMException("A newer request took the place of this one.", "AbortError"));
      this.#waiting = job;
      if (!this.#running) this.#next();
    });
  }

  #next(): void {
    this.#running = this.#waiting;
    this.#waiting = null;
    if (!this.#running) {
      for (const resolve of this.#idle.splice(0)) resolve();
      return;
    }
    void this.#running.start().then(() => this.#next());
  }

  /** Stops the job that runs and the one that waits: both reject with the reason. */
  stop(reason: unknown): void {
    this.#waiting?.stop(reason);
    this.#running?.stop(reason);
  }

  /** Resolves when nothing runs. */
  idle(): Promise<void> {
    return this.#running ? new Promise((resolve) => this.#idle.push(resolve)) : Promise.resolve();
  }
}
