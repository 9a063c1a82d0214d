import { isLocal, type Manifest } from "../manifest.ts";
import { pipe } from "../page.ts";
import type { ShellConfig } from "./config.ts";

// `<webview>` in a browser. The name has no hyphen, so that no custom element can have it: elements are made into one by
// hand. Inside is a frame of another origin; between the two is JSON.

interface Webview extends HTMLElement {
  postMessage(message: unknown): void;
}

/** Makes a webview of every element of that name, now and later. */
export function upgradeWebviews(config: ShellConfig, manifest: Manifest): void {
  const known = new WeakMap<Element, (() => void) | null>();

  // Before the plugin listens, so that it never sees what the frames really send.
  addEventListener("message", (event) => {
    if (typeof event.data?.__uxp !== "string") return;
    event.stopImmediatePropagation();
    for (const [frame, hear] of heard) if (frame.contentWindow === event.source) hear(JSON.parse(event.data.__uxp));
  });

  const consider = (node: Node): void => {
    if (!(node instanceof HTMLElement)) return;
    const found = node.localName === "webview" ? [node] : [];
    for (const element of [...found, ...node.querySelectorAll<HTMLElement>("webview")]) {
      const look = known.get(element) ?? upgrade(element as Webview, config, manifest);
      known.set(element, look);
      look();
    }
  };

  // An element that a script makes can be asked for `postMessage` before it is anywhere.
  const create = document.createElement.bind(document);
  document.createElement = ((name: string, options?: ElementCreationOptions) => {
    const element = create(name, options);
    if (element.localName === "webview") known.set(element, upgrade(element as Webview, config, manifest));
    return element;
  }) as typeof document.createElement;

  new MutationObserver((records) => {
    for (const { target, addedNodes } of records) {
      if ((target as Element).localName === "webview") consider(target);
      for (const node of addedNodes) consider(node);
    }
  }).observe(document, { childList: true, subtree: true, attributes: true, attributeFilter: ["src"] });
}

/** What each frame's page says, on its way to the plugin. */
const heard = new Map<HTMLIFrameElement, (message: unknown) => void>();

/** Makes one element a webview, and gives what looks whether it has somewhere to go. */
function upgrade(element: Webview, config: ShellConfig, manifest: Manifest): () => void {
  const frame = document.createElement("iframe");
  frame.style.cssText = "border: 0; width: 100%; height: 100%; display: block";
  const [toPage, toPlugin] = [pipe(config.bridge), pipe(config.bridge)];
  let shown: string | null = null;
  let loading = false;
  const source = (): string => element.getAttribute("src") ?? "";
  const fire = (type: string, more: object = {}): void =>
    void element.dispatchEvent(Object.assign(new Event(type), { url: source(), ...more }));
  const allow = (): void => {
    if (!manifest.mayTalk(source())) throw new Error("The manifest does not permit the message bridge");
  };

  element.style.display ||= "block";
  element.postMessage = (message) => {
    allow();
    toPage(message, (data) => frame.contentWindow?.postMessage({ __uxp: JSON.stringify(data), id: manifest.id }, "*"));
  };
  heard.set(frame, (message) => {
    allow();
    const more = { origin: source(), source: element };
    toPlugin(message, (data) => dispatchEvent(Object.assign(new Event("message"), { data, ...more })));
  });
  frame.addEventListener("load", () => {
    if (loading) fire("loadstop");
    loading = false;
  });

  return () => {
    if (!element.isConnected) {
      shown = null;
      return;
    }
    if (source() === "" || source() === shown) return;
    shown = source();
    const refusal = manifest.webviewRefusal(shown);
    if (refusal !== null) return fire("loaderror", { code: -1, message: refusal });
    if (frame.parentElement !== element) element.append(frame);
    loading = true;
    fire("loadstart");
    frame.src = isLocal(shown) ? new URL(shown.replace(/^plugin:\/+/, ""), config.pages).href : shown;
  };
}
