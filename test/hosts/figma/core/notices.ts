// The notices at the bottom of the editor: one is shown, the others wait.

/** Why a notice went. */
export type DequeueReason = "timeout" | "dismiss" | "action_button_click";

/** A notice to be shown. */
export interface Notice {
  readonly message: string;
  readonly error?: boolean | undefined;
  /** How long it is shown, in milliseconds; Infinity for ever. */
  readonly timeout?: number | undefined;
  readonly button?: string | undefined;
  /** Gives false to keep the notice. */
  readonly onPress?: (() => unknown) | undefined;
  readonly onDequeue?: ((reason: DequeueReason) => void) | undefined;
}

/** Figma cuts what is longer. */
const longest = 100;
const usualTimeout = 3000;

/** The queue of notices. */
export class Notices {
  readonly #queue: { readonly id: number; readonly notice: Notice }[] = [];
  #last = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** What is shown, and behind it what waits. */
  get all(): readonly { readonly id: number; readonly notice: Notice }[] {
    return this.#queue;
  }

  add(notice: Notice): number {
    const id = ++this.#last;
    this.#queue.push({ id, notice: { ...notice, message: notice.message.slice(0, longest) } });
    if (this.#queue.length === 1) this.#show();
    return id;
  }

  /** Takes a notice away; nothing happens when it is gone. */
  remove(id: number, reason: DequeueReason): void {
    const index = this.#queue.findIndex((one) => one.id === id);
    const [gone] = index < 0 ? [] : this.#queue.splice(index, 1);
    if (!gone) return;
    if (index === 0) this.#show();
    gone.notice.onDequeue?.(reason);
  }

  /** Presses a notice's button. */
  press(id: number): void {
    const pressed = this.#queue.find((one) => one.id === id)?.notice;
    if (!pressed?.onPress) throw new Error(`There is no notice ${id} with a button.`);
    if (pressed.onPress() !== false) this.remove(id, "action_button_click");
  }

  /** Takes those with a button away: their plugin is gone. */
  removeButtons(): void {
    for (const { id, notice } of [...this.#queue]) if (notice.button !== undefined) this.remove(id, "dismiss");
  }

  /** Takes all away without a word. */
  clear(): void {
    clearTimeout(this.#timer);
    this.#queue.length = 0;
  }

  #show(): void {
    clearTimeout(this.#timer);
    const shown = this.#queue[0];
    const timeout = shown?.notice.timeout ?? usualTimeout;
    if (!shown || timeout === Infinity) return;
    this.#timer = setTimeout(() => this.remove(shown.id, "timeout"), timeout);
  }
}
