import { pause } from "./pause.ts";

/** What is told to a listener: the event's name and its descriptor. */
export type Listener = (name: string, descriptor: Readonly<Record<string, unknown>>) => void;

/** Who listens to which of Photoshop's events. In a modal scope that is not interactive, nobody hears anything. */
export class Notifications {
  readonly #listeners = new Map<string, Set<Listener>>();
  readonly #muted: () => boolean;
  readonly #failed: (problem: string) => void;

  constructor(muted: () => boolean, failed: (problem: string) => void) {
    this.#muted = muted;
    this.#failed = failed;
  }

  add(names: readonly string[], listener: Listener): void {
    for (const name of names) {
      const all = this.#listeners.get(name) ?? new Set();
      this.#listeners.set(name, all.add(listener));
    }
  }

  remove(names: readonly string[], listener: Listener): void {
    for (const name of names) this.#listeners.get(name)?.delete(listener);
  }

  /** Tells those who listen, a turn later. Modal scopes' own beginnings and ends are heard always. */
  tell(name: string, descriptor: Readonly<Record<string, unknown>>, always = false): void {
    if (!always && this.#muted()) return;
    void pause().then(() => {
      for (const heard of [name, "all"]) {
        for (const listener of this.#listeners.get(heard) ?? []) {
          try {
            listener(name, JSON.parse(JSON.stringify(descriptor)));
          } catch (error) {
            this.#failed(`a listener of "${name}" threw: ${String(error)}`);
          }
        }
      }
    });
  }
}
