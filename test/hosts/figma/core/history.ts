import { type Change, equal, type Fields, type NodeRecord, type Store } from "./store.ts";

/**
 * The undo history of this editor's person: steps of local changes. What a plugin did since the last commit is a step that
 * is still open. Changes by others are not in it and survive an undo.
 */
export class History {
  readonly #store: Store;
  #open: Change[] = [];
  #done: Change[][] = [];
  #undone: Change[][] = [];
  #replaying = false;

  constructor(store: Store) {
    this.#store = store;
    store.onChange((change) => {
      if (change.origin === "REMOTE" || this.#replaying) return;
      this.#open.push(change);
      this.#undone = [];
    });
  }

  /** How many steps an undo can take back. */
  get steps(): number {
    return this.#done.length + (this.#open.length > 0 ? 1 : 0);
  }

  /** Closes the open step, if there is anything in it. */
  commit(): void {
    if (this.#open.length > 0) this.#done.push(this.#open);
    this.#open = [];
  }

  /** Forgets all, so that what is there now cannot be undone. */
  forget(): void {
    this.#open = [];
    this.#done = [];
    this.#undone = [];
  }

  /** Takes the last step back; the open one when there is one. */
  undo(): void {
    this.commit();
    const step = this.#done.pop();
    if (!step) return;
    this.#undone.push(step);
    this.#replay([...step].reverse().map(({ id, before, after }) => ({ id, from: after, to: before })));
  }

  /** Does the last step that was undone again. */
  redo(): void {
    const step = this.#undone.pop();
    if (!step) return;
    this.#done.push(step);
    this.#replay(step.map(({ id, before, after }) => ({ id, from: before, to: after })));
  }

  #replay(
    changes: readonly { readonly id: string; readonly from: NodeRecord | null; readonly to: NodeRecord | null }[],
  ): void {
    this.#replaying = true;
    try {
      for (const { id, from, to } of changes) this.#apply(id, from, to);
    } finally {
      this.#replaying = false;
    }
  }

  /** Puts back only the fields that the step had changed: what others changed meanwhile stays. */
  #apply(id: string, from: NodeRecord | null, to: NodeRecord | null): void {
    const now = this.#store.find(id);
    if (to === null) {
      if (now) this.#store.write(id, null, "LOCAL");
    } else if (from === null) {
      const { parent } = to.fields;
      // Somebody else may have deleted the place it was in.
      if (!now && (parent === null || this.#store.find(parent))) this.#store.write(id, to, "LOCAL");
    } else if (now) {
      const changed = Object.keys({ ...from.fields, ...to.fields }).filter(
        (key) => !equal(from.fields[key], to.fields[key]),
      );
      const patch: Partial<Fields> = Object.fromEntries(changed.map((key) => [key, to.fields[key]]));
      const { parent } = patch;
      if (typeof parent !== "string" || this.#store.find(parent)) this.#store.write(id, patch, "LOCAL");
    }
  }
}
