// What the typings of UXP and Photoshop leave out or tell wrongly, as Adobe's reference has it (UXP API reference:
// webview, uxp.pluginManager, uxp.versions, clipboard; themes: the plugin's own document). Only what is used here.

declare module "uxp" {
  namespace versions {
    /** "uxp-8.0.1-…" */
    const uxp: string;
    /** The plugin's own version. */
    const plugin: string;
  }

  /** A plugin that is installed. */
  interface InstalledPlugin {
    readonly id: string;
    readonly enabled: boolean;
    showPanel(panelId: string): Promise<void>;
  }

  namespace pluginManager {
    const plugins: Iterable<InstalledPlugin>;
  }
}

/** The element that shows a page in a browser of its own. What it is sent crosses as JSON. */
interface HTMLWebViewElement extends HTMLElement {
  src: string;
  postMessage(message: unknown, targetOrigin?: string): void;
}

/** What a page in a webview says: `source` is the element, `origin` the page's address or its scheme. */
interface WebViewMessageEvent extends Event {
  readonly data?: unknown;
  /** In place of `data` in some versions. */
  readonly message?: unknown;
  readonly source?: unknown;
}

interface Document {
  /** Photoshop's look; in no reference, so that it may be absent. */
  readonly theme?: { readonly onUpdated?: { addListener(listener: () => void): void } };
}
