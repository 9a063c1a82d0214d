import { HostError } from "./failure.ts";
import type { Manifest } from "./manifest.ts";
import { within } from "./pause.ts";

// `require("uxp").entrypoints`, and Photoshop's part of it: when panels and commands are called, and how long they may
// take. As in known issues PS-57605 and PS-57284: a late setup is lost without a word; `show` comes once, `hide` never.

type Callback = (...given: unknown[]) => unknown;

interface PanelCallbacks {
  readonly create?: Callback;
  readonly show?: Callback;
  readonly hide?: Callback;
  readonly destroy?: Callback;
  readonly menuItems?: readonly unknown[];
  readonly invokeMenu?: Callback;
}

interface Setup {
  readonly plugin?: Callback | { readonly create?: Callback; readonly destroy?: Callback };
  readonly panels?: Readonly<Record<string, PanelCallbacks | Callback>>;
  readonly commands?: Readonly<Record<string, Callback | { readonly run?: Callback }>>;
}

const lateAfterMs = 20;
const limitMs = 300;

/** Photoshop's side of a plugin's entrypoints. */
export class Entrypoints {
  readonly #manifest: Manifest;
  readonly #problems: string[];
  readonly #root: (id: string) => object;
  #setup: Setup | null = null;
  #startedAt: number | null = null;
  readonly #roots = new Map<string, object>();

  constructor(manifest: Manifest, problems: string[], root: (id: string) => object) {
    this.#manifest = manifest;
    this.#problems = problems;
    this.#root = root;
  }

  /** The plugin's script has run: from now on `setup` is late. */
  started(): void {
    this.#startedAt = performance.now();
  }

  /** What the plugin requires. */
  readonly module = {
    setup: (given: Setup): void => {
      if (this.#setup) throw new HostError("entrypoints.setup can be called only once");
      if (this.#startedAt !== null && performance.now() - this.#startedAt > lateAfterMs) {
        // Photoshop gives up on the plugin where no code of it can catch anything.
        this.#problems.push("entrypoints.setup was called too late: the plugin's panels and commands are lost");
        return;
      }
      this.#setup = given;
      const known = new Set(this.#manifest.entrypoints.map(({ id }) => id));
      for (const id of [...Object.keys(given.panels ?? {}), ...Object.keys(given.commands ?? {})]) {
        if (!known.has(id)) this.#problems.push(`entrypoints.setup names "${id}", which the manifest does not`);
      }
      const create = typeof given.plugin === "function" ? given.plugin : given.plugin?.create?.bind(given.plugin);
      if (create) void this.#timed("plugin.create", create);
    },
    getPanel: (id: string): object => {
      const panel = this.#setup?.panels?.[id];
      if (!panel) throw new HostError(`There is no panel "${id}"`);
      return panel;
    },
    getCommand: (id: string): object => {
      const command = this.#setup?.commands?.[id];
      if (!command) throw new HostError(`There is no command "${id}"`);
      return command;
    },
  };

  async #timed(what: string, call: () => unknown): Promise<void> {
    const late = Symbol("late");
    try {
      const result = await within(Promise.resolve(call()), limitMs, late);
      if (result === late) this.#problems.push(`${what} took more than ${limitMs} ms`);
    } catch (error) {
      this.#problems.push(`${what} failed: ${String(error)}`);
    }
  }

  /** Opens a panel: `create` and `show` the first time, and nothing ever after. Gives its root. */
  async showPanel(id: string): Promise<object> {
    const known = this.#roots.get(id);
    if (known) return known;
    if (!this.#manifest.entrypoints.some((one) => one.type === "panel" && one.id === id)) {
      throw new Error(`The manifest has no panel "${id}".`);
    }
    const given = this.#setup?.panels?.[id];
    if (!given) throw new Error(`The plugin has set up no panel "${id}".`);
    const root = this.#root(id);
    this.#roots.set(id, root);
    const panel: PanelCallbacks = typeof given === "function" ? { show: given } : given;
    if (panel.create) await this.#timed(`${id}: create`, () => panel.create?.(root));
    if (panel.show) await this.#timed(`${id}: show`, () => panel.show?.(root, {}));
    return root;
  }

  /** Runs a command of the Plugins menu. */
  async run(id: string, ...given: unknown[]): Promise<void> {
    const command = this.#setup?.commands?.[id];
    const body = typeof command === "function" ? command : command?.run?.bind(command);
    if (!body) throw new Error(`The plugin has set up no command "${id}".`);
    await body({}, ...given);
  }

  /** Photoshop ends. */
  async destroy(): Promise<void> {
    for (const [id, root] of this.#roots) {
      const panel = this.#setup?.panels?.[id];
      if (typeof panel === "object" && panel.destroy) await this.#timed(`${id}: destroy`, () => panel.destroy?.(root));
    }
    const { plugin } = this.#setup ?? {};
    if (typeof plugin === "object" && plugin.destroy) await this.#timed("plugin.destroy", () => plugin.destroy?.());
  }
}
