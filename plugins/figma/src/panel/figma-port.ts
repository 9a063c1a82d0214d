import type { Port } from "@underdraw/sdk";

/** A place that messages reach and leave: a window, or what stands for one in a test. */
export interface FrameWindow {
  readonly parent: { postMessage(message: unknown, targetOrigin: string): void };
  addEventListener(type: "message", listener: (event: FrameMessage) => void): void;
  removeEventListener(type: "message", listener: (event: FrameMessage) => void): void;
}

/** What is looked at of a message event. */
export interface FrameMessage {
  readonly origin: string;
  readonly data: unknown;
}

/** The panel's end of the channel to the plugin's main realm. */
export interface FigmaPort extends Port {
  /** Asks for another size of the plugin's window, in CSS pixels. */
  resize(width: number, height: number): void;
  /** Hears when the person chooses another theme. Figma does not promise to tell. */
  onTheme(listener: (theme: "light" | "dark") => void): void;
  close(): void;
}

/** As much as crosses without a pause that is felt, in bytes; main says the same. */
const largest = 4 * 2 ** 20;

/**
 * Opens the channel. Messages go to the frame around this page and carry the plugin's id, without which Figma drops what
 * comes from a page with an origin. Answers are posted by the editor's top window, not by the frame around this one:
 * so their origin is checked and not their source.
 */
export function figmaPort(pluginId: string, editorOrigin: string, frame: FrameWindow): FigmaPort {
  let hear: (message: unknown) => void = () => {};
  const themeListeners = new Set<(theme: "light" | "dark") => void>();
  const post = (pluginMessage: unknown): void => frame.parent.postMessage({ pluginMessage, pluginId }, editorOrigin);
  const receive = ({ origin, data }: FrameMessage): void => {
    if (origin !== editorOrigin || typeof data !== "object" || data === null) return;
    if ("pluginMessage" in data) hear(data.pluginMessage);
    const theme = "figmaMessage" in data ? themeOf(data.figmaMessage) : null;
    if (theme) for (const listener of themeListeners) listener(theme);
  };
  frame.addEventListener("message", receive);
  return {
    carries: "bytes",
    largest,
    send: post,
    receive: (handler) => {
      hear = handler;
    },
    close: () => frame.removeEventListener("message", receive),
    resize: (width, height) => post({ window: "resize", width, height }),
    onTheme: (listener) => {
      themeListeners.add(listener);
    },
  };
}

/** The theme in Figma's own message {type: "THEME", payload: {name}}; null for any other. */
function themeOf(message: unknown): "light" | "dark" | null {
  const { type, payload } = (message ?? {}) as { readonly type?: unknown; readonly payload?: unknown };
  if (type !== "THEME" || typeof payload !== "object" || payload === null || !("name" in payload)) return null;
  return /dark/i.test(String(payload.name)) ? "dark" : "light";
}
