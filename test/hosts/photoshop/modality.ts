import { cancelled, HostError, outsideModal } from "./failure.ts";
import { pause, within } from "./pause.ts";

// Who may change something in Photoshop now. One plugin at a time, inside `executeAsModal`; while another plugin or the
// host itself (a dialog, free transform, text edit) is modal, everybody waits, and is refused with number 9.

/** What a plugin tells while it works. */
export interface Progress {
  readonly value?: number;
  readonly commandName?: string;
}

/** A modal scope, and the scopes inside it. */
export interface Scope {
  readonly commandName: string;
  readonly interactive: boolean;
  readonly parent: Scope | null;
  readonly root: Scope;
  /** Host calls since the root began. Kept at the root. */
  calls: number;
  /** Kept at the root. */
  cancelled: boolean;
  onCancel: ((event: { readonly reason: string }) => void) | undefined;
  ended: boolean;
  /** Documents whose history is held until the scope ends. */
  readonly suspended: Set<number>;
  /** Documents that are closed when it ends. */
  readonly autoClose: Set<number>;
}

/** What `executeAsModal` takes beside its function. */
export interface ModalOptions {
  readonly commandName: string;
  readonly descriptor?: object;
  readonly interactive?: boolean;
  /** In seconds. */
  readonly timeOut?: number;
}

/** What the rest of the simulator does when scopes begin and end. */
export interface ModalHooks {
  context(scope: Scope): object;
  entered(scope: Scope): void;
  /** `failed`: the function threw, so that held histories go back. */
  left(scope: Scope, failed: boolean): void;
  problem(text: string): void;
}

/** Asks again every so often whether the host is free. */
const askedEveryMs = 5;

/** The queue in front of Photoshop's one modal state. */
export class Modality {
  readonly #owner: string;
  readonly #hooks: ModalHooks;
  readonly #others = new Map<symbol, string>();
  readonly #queue: symbol[] = [];
  /** The innermost scope that runs. */
  scope: Scope | null = null;
  /** Escape is pressed before this host call of the next scope. */
  cancelAt: number | null = null;
  readonly progress: Progress[] = [];

  constructor(owner: string, hooks: ModalHooks) {
    this.#owner = owner;
    this.#hooks = hooks;
  }

  /** True while notifications are held back. */
  get muted(): boolean {
    for (let scope = this.scope; scope; scope = scope.parent) if (!scope.interactive) return true;
    return false;
  }

  /** Somebody else is modal until the function that comes back is called. */
  hold(who: string): () => void {
    const key = Symbol(who);
    this.#others.set(key, who);
    return () => void this.#others.delete(key);
  }

  /** Ends what the host itself is modal with; false when it was not. */
  release(kind: string): boolean {
    const found = [...this.#others].filter(([, who]) => who.startsWith(kind));
    for (const [key] of found) this.#others.delete(key);
    return found.length > 0;
  }

  async execute(body: unknown, options: ModalOptions | undefined): Promise<unknown> {
    if (typeof body !== "function") {
      throw new HostError(`Argument 1 has an invalid type. Expected type: function actual type: ${typeof body}`);
    }
    if (typeof options?.commandName !== "string" || options.commandName === "") {
      throw new HostError("Argument 2 has an invalid value: 'commandName' is required");
    }
    const parent = this.scope;
    const ticket = Symbol(options.commandName);
    if (!parent) {
      this.#queue.push(ticket);
      await pause();
      try {
        await this.#free(ticket, options.timeOut ?? 1);
      } finally {
        this.#queue.splice(this.#queue.indexOf(ticket), 1);
      }
    }
    const scope = this.#enter(options, parent);
    let failed = true;
    try {
      const value = await body(this.#hooks.context(scope), options.descriptor ?? {});
      failed = false;
      return value;
    } finally {
      this.#leave(scope, failed);
    }
  }

  async #free(ticket: symbol, seconds: number): Promise<void> {
    const until = performance.now() + seconds * 1000;
    for (;;) {
      if (this.#others.size === 0 && this.scope === null && this.#queue[0] === ticket) return;
      const left = until - performance.now();
      if (left <= 0) break;
      await within(new Promise<never>(() => {}), Math.min(left, askedEveryMs), null);
    }
    const [who = `Plugin: ${this.#owner} is running a modal command`] = this.#others.values();
    throw new HostError(`The host is in a modal state. ${who}`, 9);
  }

  #enter({ commandName, interactive = false }: ModalOptions, parent: Scope | null): Scope {
    const scope = {
      commandName,
      interactive,
      parent,
      calls: 0,
      cancelled: false,
      onCancel: undefined,
      ended: false,
      suspended: new Set<number>(),
      autoClose: new Set<number>(),
    } as Omit<Scope, "root"> as { -readonly [K in keyof Scope]: Scope[K] };
    scope.root = parent?.root ?? scope;
    this.scope = scope;
    this.#hooks.entered(scope);
    if (!parent && this.cancelAt === 0) this.cancel();
    return scope;
  }

  #leave(scope: Scope, failed: boolean): void {
    // A scope that an outer one took along when it ended.
    if (scope.ended) return;
    for (let one = this.scope; one && one !== scope; one = one.parent) {
      this.#hooks.problem(
        `the modal scope "${one.commandName}" outlived "${scope.commandName}", which it is inside of`,
      );
      one.ended = true;
      this.#hooks.left(one, true);
    }
    scope.ended = true;
    this.#hooks.left(scope, failed);
    this.scope = scope.parent;
    if (!this.scope) this.cancelAt = null;
  }

  /** Escape, or the progress bar's button: everything after it throws. */
  cancel(reason = "userCancelled"): void {
    const root = this.scope?.root;
    if (!root || root.cancelled) return;
    root.cancelled = true;
    for (let scope = this.scope; scope; scope = scope.parent) scope.onCancel?.({ reason });
  }

  /** Every host call that needs a modal scope comes by here; throws when it may not be done now. */
  check(): Scope {
    const scope = this.scope;
    if (!scope) throw outsideModal();
    scope.root.calls++;
    if (this.cancelAt !== null && scope.root.calls === this.cancelAt) this.cancel();
    return this.still(scope);
  }

  /** The second look of a call that began in a scope. */
  still(scope: Scope): Scope {
    if (scope.ended) throw outsideModal();
    if (scope.root.cancelled) throw cancelled();
    return scope;
  }
}
