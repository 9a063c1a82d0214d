import { allows, hostsOf, type NetworkAccess } from "./core/network.ts";
import type { FrameEvents, Frames, OpenFrames, WindowOptions } from "./core/window.ts";

// The plugin's window in Node: no page runs, a test plays it. What frames do to messages is done here too: the policy of the
// manifest, origins, copies, and losing what comes before the page listens.

/** How Figma's page is called: where messages to the plugin's page come from. */
export const figmaOrigin = "https://www.figma.com";

/** The page in the plugin's window, as a test plays it. */
export class PlayedPage {
  /** Gets what main sends, as the page's `message` listener would. Without one, messages are lost, as with a page that does not listen. */
  onmessage: ((message: unknown, event: { readonly origin: string }) => void) | null = null;
  /** What was lost: nobody listened, or the origin was another. */
  readonly lost: unknown[] = [];
  readonly #access: NetworkAccess;
  readonly #pluginId: string;
  readonly #later: (run: () => void) => void;
  #html = "";
  #options: WindowOptions = {};
  #origin = "null";
  #events: FrameEvents | null = null;
  #holds = false;

  /** `later` runs what frames do in turns of their own. */
  constructor(access: NetworkAccess, pluginId: string, later: (run: () => void) => void) {
    this.#access = access;
    this.#pluginId = pluginId;
    this.#later = later;
  }

  /** What main gave `showUI`. */
  get html(): string {
    return this.#html;
  }

  /** What main asked of the window. */
  get options(): WindowOptions {
    return this.#options;
  }

  /** The origin of the page that is shown: "null" for the plugin's own. */
  get origin(): string {
    return this.#origin;
  }

  get isOpen(): boolean {
    return this.#events !== null;
  }

  /** With true, the page of the next `showUI` does not load before `load`: what main sends meanwhile waits. */
  holdLoading(holds: boolean): void {
    this.#holds = holds;
  }

  /** The second load: the plugin's page is there. */
  load(): void {
    this.#opened().loaded();
  }

  /**
   * The page goes to another address, as `location.replace` does. Rejects when the policy of the manifest forbids it. What
   * main sends before the new page listens is lost.
   */
  async navigate(address: string): Promise<void> {
    this.#opened();
    if (!allows(this.#access, address)) {
      const { origin } = new URL(address);
      const hosts = ["data:", "blob:", ...hostsOf(this.#access)].join(" ");
      throw new Error(
        `Framing '${origin}/' violates the following Content Security Policy directive: "default-src ${hosts}". Note that 'frame-src' was not explicitly set, so 'default-src' is used as a fallback.`,
      );
    }
    this.onmessage = null;
    this.#origin = new URL(address).origin;
  }

  /** Sends a message as the page that is shown does, or as one of another origin. Throws for what cannot be cloned. */
  send(pluginMessage: unknown, as: { readonly origin?: string; readonly pluginId?: string } = {}): void {
    const { origin = this.#origin, pluginId = this.#pluginId } = as;
    this.post({ pluginMessage, pluginId }, origin);
  }

  /** Posts anything to the frame above, as `parent.postMessage` does. */
  post(data: unknown, origin = this.#origin): void {
    const events = this.#opened();
    const copy: unknown = structuredClone(data);
    this.#later(() => {
      if (this.#events === events) events.received(copy, origin);
    });
  }

  /** How the editor opens this window. */
  readonly open: OpenFrames = (html, options, events) => {
    this.#html = html;
    this.#options = options;
    this.#origin = "null";
    this.#events = events;
    this.onmessage = null;
    if (!this.#holds) {
      this.#later(() => {
        if (this.#events === events) events.loaded();
      });
    }
    const frames: Frames = {
      post: (message, origin) => this.#receive(events, structuredClone(message), origin),
      place: ({ width, height, visible }) => {
        this.#options = { ...this.#options, width, height, visible };
      },
      close: () => {
        if (this.#events === events) this.#events = null;
      },
    };
    return frames;
  };

  #receive(events: FrameEvents, message: unknown, origin: string): void {
    this.#later(() => {
      if (this.#events !== events) return;
      const meant = origin === "*" || origin === this.#origin;
      if (meant && this.onmessage) this.onmessage(message, { origin: figmaOrigin });
      else this.lost.push(message);
    });
  }

  #opened(): FrameEvents {
    if (!this.#events) throw new Error("The plugin has no window: main did not call showUI, or it is closed.");
    return this.#events;
  }
}
