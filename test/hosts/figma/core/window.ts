import { demandMessage } from "../realm/message.ts";

// The plugin's window: its size, what waits until its page is there, and which messages of the page count. The frames
// themselves are a shell's.

/** How a plugin wants its window. */
export interface WindowOptions {
  readonly visible?: boolean;
  readonly title?: string;
  readonly width?: number;
  readonly height?: number;
  readonly position?: { readonly x: number; readonly y: number };
  readonly themeColors?: boolean;
}

/** A window's place and size on the screen, in pixels. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  readonly visible: boolean;
}

/** The frames of a window, as a shell makes them. */
export interface Frames {
  /** Posts to the page that is there now, if its origin is the wanted one ("*" for any). */
  post(message: unknown, origin: string): void;
  place(placement: Placement): void;
  close(): void;
}

/** What a shell tells a window. */
export interface FrameEvents {
  /** The inner frame has loaded for the second time: the plugin's page, or the one it went to at once, is there. */
  loaded(): void;
  /** A message came from the inner frame. */
  received(envelope: unknown, origin: string): void;
}

/** How a shell makes frames. */
export type OpenFrames = (
  html: string,
  options: WindowOptions & { readonly placement: Placement },
  events: FrameEvents,
) => Frames;

/** The screen that the simulated editor fills. */
export const screen = { width: 1280, height: 800 } as const;

/** The smallest window. */
const smallest = { width: 70, height: 0 } as const;
/** How much of the screen a window leaves. */
const margin = 50;

const clamped = (value: number, least: number, most: number): number => Math.min(most, Math.max(least, value));

/** The plugin's window, from `showUI` until it closes. */
export class PluginWindow {
  readonly title: string;
  readonly #frames: Frames;
  #placement: Placement;
  #waiting: { readonly message: unknown; readonly origin: string }[] | null = [];

  /** `receive` gets the messages that count, and where they come from. */
  constructor(
    html: string,
    options: WindowOptions,
    open: OpenFrames,
    plugin: { readonly id: string; readonly name: string },
    receive: (message: unknown, origin: string) => void,
    refuse: (why: string) => void,
  ) {
    const { visible = true, width = 300, height = 200, position, title = plugin.name } = options;
    this.title = title;
    const size = sized(width, height);
    const at = position ?? { x: (screen.width - size.width) / 2, y: (screen.height - size.height) / 2 };
    this.#placement = { visible, ...size, ...placed(at, size) };
    this.#frames = open(
      html,
      { ...options, placement: this.#placement },
      {
        loaded: () => {
          const waiting = this.#waiting ?? [];
          this.#waiting = null;
          for (const { message, origin } of waiting) this.#frames.post(message, origin);
        },
        received: (envelope, origin) => {
          const message = messageOf(envelope, origin, plugin.id);
          if (message === undefined) return;
          try {
            demandMessage(message.pluginMessage);
          } catch (error) {
            return refuse((error as Error).message);
          }
          receive(message.pluginMessage, origin);
        },
      },
    );
  }

  get placement(): Placement {
    return this.#placement;
  }

  /** Sends a message to the page; before its page is there, it waits. */
  post(message: unknown, origin: string): void {
    if (this.#waiting) this.#waiting.push({ message, origin });
    else this.#frames.post(message, origin);
  }

  show(visible: boolean): void {
    this.#place({ ...this.#placement, visible });
  }

  resize(width: number, height: number): void {
    this.#place({ ...this.#placement, ...sized(width, height) });
  }

  reposition(x: number, y: number): void {
    this.#place({ ...this.#placement, ...placed({ x, y }, this.#placement) });
  }

  close(): void {
    this.#frames.close();
  }

  #place(placement: Placement): void {
    this.#placement = placement;
    this.#frames.place(placement);
  }
}

const sized = (width: number, height: number): { width: number; height: number } => ({
  width: clamped(width, smallest.width, screen.width - margin),
  height: clamped(height, smallest.height, screen.height - margin),
});

/** A window is moved into the screen. */
const placed = (
  { x, y }: { x: number; y: number },
  size: { width: number; height: number },
): { x: number; y: number } => ({
  x: clamped(x, 0, screen.width - size.width),
  y: clamped(y, 0, screen.height - size.height),
});

/** The message in what a page posted; undefined when Figma drops it: no message, or a page of another origin that does not name the plugin. */
function messageOf(
  envelope: unknown,
  origin: string,
  pluginId: string,
): { readonly pluginMessage: unknown } | undefined {
  if (typeof envelope !== "object" || envelope === null || !("pluginMessage" in envelope)) return undefined;
  const named = (envelope as { readonly pluginId?: unknown }).pluginId;
  return origin === "null" || named === "*" || named === pluginId ? envelope : undefined;
}
