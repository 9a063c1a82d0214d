import { type DocumentState, documentPrint } from "./state.ts";

/** One line of the History panel. */
export interface HistoryEntry {
  readonly id: number;
  readonly name: string;
  readonly state: DocumentState;
}

interface Suspension {
  readonly id: number;
  readonly name: string;
  readonly before: DocumentState;
  readonly index: number;
}

/** How many states Photoshop keeps (Preferences > Performance), without the one a document opens with. */
const kept = 50;

/** An open document: its moments, and which of them is now. Undo goes back to a moment as it was, not to a copy of it. */
export class OpenDocument {
  readonly id: number;
  name: string;
  path = "";
  readonly temporary: boolean;
  closed = false;
  entries: readonly HistoryEntry[];
  index = 0;
  #state: DocumentState;
  #saved: DocumentState;
  #suspension: Suspension | null = null;
  #nextId: () => number;

  constructor(id: number, name: string, state: DocumentState, nextId: () => number, temporary = false) {
    this.id = id;
    this.name = name;
    this.temporary = temporary;
    this.#nextId = nextId;
    this.#state = state;
    this.#saved = state;
    this.entries = [{ id: nextId(), name: "Open", state }];
  }

  /** The document as it is now. */
  get state(): DocumentState {
    return this.#state;
  }

  get suspended(): boolean {
    return this.#suspension !== null;
  }

  get suspension(): { readonly id: number } | null {
    return this.#suspension;
  }

  /** True when nothing was changed since it was opened or saved. */
  get saved(): boolean {
    return this.#saved === this.#state;
  }

  markSaved(): void {
    this.#saved = this.#state;
  }

  /** A change that undo takes back: one history state, or part of a suspended one. */
  change(name: string, state: DocumentState): void {
    this.#state = state;
    if (this.#suspension === null) this.#push(name);
  }

  /** A change without a history state (which layer is active, visibility): it belongs to the moment that is now. */
  note(state: DocumentState): void {
    this.#state = state;
    if (this.#suspension !== null) return;
    this.entries = this.entries.map((entry, i) => (i === this.index ? { ...entry, state } : entry));
  }

  /** Holds the history until `resume`. */
  suspend(id: number, name: string): void {
    this.#suspension = { id, name, before: this.#state, index: this.index };
  }

  /** Makes one state of all since `suspend`, none when nothing is different, or takes it all back. */
  resume(commit: boolean, name?: string): void {
    const suspension = this.#suspension;
    if (!suspension) return;
    this.#suspension = null;
    if (!commit) {
      this.#state = suspension.before;
    } else if (documentPrint(this.#state) === documentPrint(suspension.before)) {
      this.note(this.#state);
    } else {
      this.#push(name ?? suspension.name);
    }
  }

  #push(name: string): void {
    const entries = [...this.entries.slice(0, this.index + 1), { id: this.#nextId(), name, state: this.#state }];
    this.entries = entries.slice(-kept - 1);
    this.index = this.entries.length - 1;
  }

  /** Goes to another moment of the history; false when there is none. */
  goTo(index: number): boolean {
    const entry = this.entries[index];
    if (!entry || this.#suspension !== null) return false;
    this.index = index;
    this.#state = entry.state;
    return true;
  }
}
