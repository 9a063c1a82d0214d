import { type NetworkAccess, policyOf } from "../core/network.ts";
import type { FrameEvents, Frames, OpenFrames, Placement } from "../core/window.ts";
import { styleOf, type Theme, variablesOf } from "./theme.ts";

// The plugin's window as Figma builds it: a frame of the editor's own origin, in it an empty one that bears the manifest's
// policy, in it a data: page that writes the plugin's HTML into itself, inherits the policy, and may navigate to a page with
// an origin. None of them is sandboxed: a sandboxed frame would be a secure context, and this one is not.

const loaded = (frame: HTMLIFrameElement): Promise<void> =>
  new Promise((resolve) => frame.addEventListener("load", () => resolve(), { once: true }));

/** Adds a frame and waits until it has loaded; an empty one has before it is added, so the listener comes first. */
async function added(into: Document, attributes: Partial<HTMLIFrameElement>): Promise<HTMLIFrameElement> {
  const frame = Object.assign(into.createElement("iframe"), attributes);
  const load = loaded(frame);
  into.body.append(frame);
  await load;
  return frame;
}

/** Runs in the data: page: waits for the plugin's HTML from the top window, and becomes it. */
const shim = (origin: string): string =>
  `<script>onmessage=e=>{if(e.source!==parent.parent.parent||e.origin!==${JSON.stringify(origin)})return;` +
  "document.write(e.data);document.close()}</" +
  "script>";

/** What stands before the plugin's own HTML: the theme, kept up to date. Figma's font is not here: pages take the next. */
function preamble(theme: Theme, origin: string): string {
  const follow =
    `addEventListener("message",({source,origin,data})=>{const m=data&&data.figmaMessage;` +
    `if(source!==parent.parent.parent||origin!==${JSON.stringify(origin)}||!m||m.type!=="THEME")return;` +
    `document.documentElement.className="figma-"+m.payload.name;` +
    `document.getElementById("figma-style").textContent=":root{"+Object.entries(m.payload.variables).map(([k,v])=>k+":"+v).join(";")+"}"});` +
    `document.documentElement.className="figma-${theme}";`;
  return `<script>${follow}</script><style id="figma-style">${styleOf(theme)}</style>`;
}

/** The windows of the plugins of one editor. */
export class FrameHost {
  readonly #access: NetworkAccess;
  #theme: Theme = "light";
  /** The innermost frame of the window that is open. */
  #inner: HTMLIFrameElement | null = null;

  constructor(access: NetworkAccess) {
    this.#access = access;
  }

  /** Changes the theme; pages that are open are told. */
  setTheme(theme: Theme): void {
    this.#theme = theme;
    const payload = { name: theme, variables: variablesOf(theme) };
    this.#inner?.contentWindow?.postMessage({ figmaMessage: { type: "THEME", payload } }, "*");
  }

  /** Opens a window. */
  readonly open: OpenFrames = (html, { placement, themeColors = false }, events) => {
    const outer = Object.assign(document.createElement("iframe"), {
      id: "plugin-iframe-in-modal",
      name: "Shim Plugin Iframe",
      allow: "",
      src: "/plugin-sandbox",
    });
    let isOpen = true;
    place(outer, placement);
    const text = themeColors ? preamble(this.#theme, location.origin) + html : html;
    const mounted = this.#mount(outer, text, events, () => isOpen);
    const frames: Frames = {
      post: (pluginMessage, origin) => {
        void mounted.then((inner) => inner?.contentWindow?.postMessage({ pluginMessage }, origin));
      },
      place: (placement) => place(outer, placement),
      close: () => {
        isOpen = false;
        outer.remove();
      },
    };
    return frames;
  };

  async #mount(
    outer: HTMLIFrameElement,
    html: string,
    events: FrameEvents,
    isOpen: () => boolean,
  ): Promise<HTMLIFrameElement | null> {
    const load = loaded(outer);
    document.body.append(outer);
    await load;
    if (!isOpen() || !outer.contentDocument) return null;
    const net = await added(outer.contentDocument, { name: "Network Plugin Iframe" });
    const { contentDocument: page, contentWindow: window } = net;
    if (!page || !window) return null;
    for (const body of [outer.contentDocument.body, page.body]) body.style.cssText = "margin:0;height:100vh";
    const policy = Object.assign(page.createElement("meta"), { content: policyOf(this.#access) });
    policy.httpEquiv = "Content-Security-Policy";
    page.head.append(policy);
    const inner = page.createElement("iframe");
    Object.assign(inner, {
      id: "plugin-iframe",
      name: "Inner Plugin Iframe",
      src: `data:text/html;base64,${btoa(shim(location.origin))}`,
      allow: "camera 'none'; microphone 'none'; display-capture 'none'; clipboard-write 'none'",
    });
    for (const frame of [net, inner]) frame.style.cssText = "border:0;width:100%;height:100%;display:block";
    // What a page posts comes as objects of the empty frame's realm: they are copied into this one.
    window.addEventListener("message", ({ source, origin, data }) => {
      if (isOpen() && source === inner.contentWindow) events.received(structuredClone(data), origin);
    });
    const first = loaded(inner);
    page.body.append(inner);
    await first;
    const second = loaded(inner);
    inner.contentWindow?.postMessage(html, "*");
    this.#inner = inner;
    void second.then(() => {
      if (isOpen()) events.loaded();
    });
    return inner;
  }
}

function place(frame: HTMLIFrameElement, { x, y, width, height, visible }: Placement): void {
  const shown = visible ? "block" : "none";
  frame.style.cssText = `border:0;position:fixed;left:${x}px;top:${y}px;width:${width}px;height:${height}px;display:${shown};background:#fff`;
}
