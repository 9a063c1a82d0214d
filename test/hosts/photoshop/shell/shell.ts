import { Disk } from "../disk.ts";
import { HostError } from "../failure.ts";
import { isLocal, readManifest } from "../manifest.ts";
import { Plugin } from "../plugin.ts";
import { Photoshop } from "../simulator.ts";
import { isAtLeast } from "../version.ts";
import { decodePicture, encodeJpeg } from "./codecs.ts";
import type { ShellConfig } from "./config.ts";
import { upgradeWebviews } from "./webview.ts";

// The first script of a plugin's document in a browser: Photoshop comes to be, UXP's `require` is put there, and what UXP
// lacks is taken away. Whatever runs after it is the plugin. (Code from strings is forbidden by the server's policy.)

const { __simulator: config, ...rest } = globalThis as unknown as { __simulator: ShellConfig };
void rest;

/** PSD files are for tests in Node. */
const noFiles = async (): Promise<never> => {
  throw new HostError("The simulator reads and writes no PSD files in a browser");
};

const disk = new Disk();
for (const [path, base64] of Object.entries(config.files)) {
  disk.files.set(
    `plugin:/${path}`,
    Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0)),
  );
}
const { version, locale, developer, manners } = config;
const manifest = readManifest(new TextDecoder().decode(disk.read("plugin:/manifest.json")), version);
const settings = { manifest, disk, version, locale, developer, manners, pickers: [], consent: () => true };
const plugin = new Plugin(settings, {
  encodeJpeg,
  readPicture: decodePicture,
  readPsd: noFiles,
  writePsd: noFiles,
  panelRoot() {
    const root = document.createElement("uxp-panel");
    root.style.cssText = "display: flex; flex-direction: column; width: 100%; height: 100%";
    document.body.append(root);
    return root;
  },
});

upgradeWebviews(config, manifest);

const evaluate = (code: string, path: string): unknown => {
  throw new HostError(`The simulator runs no second file ("${path}") in a browser: ${code.length} characters`);
};
const console = globalThis.console;
for (const level of ["log", "info", "warn", "error", "debug"] as const) {
  const say = console[level].bind(console);
  console[level] = (...words: unknown[]): void => {
    plugin.console.push({ level, text: words.map(String).join(" ") });
    say(...words);
  };
}

/** Refuses an address that the manifest does not name. */
function permitted(given: unknown): string {
  const url = String(given instanceof Request ? given.url : given);
  if (!isLocal(url) && !/^(data|blob):/.test(url) && !manifest.mayFetch(url)) {
    throw new HostError(`Permission denied to the url ${url}. Manifest entry not found.`);
  }
  return url;
}

const { fetch: fetchAnything, WebSocket: Socket } = globalThis;
const clipboard = {
  writeText: async (text: unknown): Promise<void> => {
    if (manifest.clipboard !== "readAndWrite")
      throw new HostError("The manifest does not permit to write the clipboard");
    plugin.clipboard = String(text);
  },
  readText: async (): Promise<string> => {
    if (manifest.clipboard === "none") throw new HostError("The manifest does not permit to read the clipboard");
    return plugin.clipboard;
  },
};
Object.assign(globalThis, {
  photoshop: new Photoshop(plugin),
  require: plugin.requireWith(evaluate),
  fetch: async (url: RequestInfo | URL, options?: RequestInit): Promise<Response> => {
    const address = permitted(url);
    return isLocal(address) ? new Response(disk.read(address).slice()) : fetchAnything(url, options);
  },
  WebSocket: class extends Socket {
    constructor(url: string | URL, protocols?: string | string[]) {
      permitted(url);
      super(url, protocols);
    }
  },
});

const absent = [
  ..."Worker SharedWorker SharedArrayBuffer OffscreenCanvas createImageBitmap ImageData structuredClone".split(" "),
  ..."MutationObserver matchMedia indexedDB queueMicrotask caches WebGLRenderingContext WebGL2RenderingContext".split(
    " ",
  ),
  ..."XMLHttpRequest EventSource BroadcastChannel MessageChannel".split(" "),
  ...(isAtLeast(version, "26.1") ? [] : ["ResizeObserver", "IntersectionObserver"]),
  ...(isAtLeast(version, "27.4") ? [] : ["URLSearchParams"]),
];
for (const name of absent) {
  Object.defineProperty(globalThis, name, { value: undefined, configurable: true, writable: true });
  delete (globalThis as Record<string, unknown>)[name];
}
for (const name of ["compile", "instantiate", "compileStreaming", "instantiateStreaming"]) {
  delete (WebAssembly as unknown as Record<string, unknown>)[name];
}
for (const name of ["drawImage", "getImageData", "putImageData", "createImageData", "fillText", "strokeText"]) {
  delete (CanvasRenderingContext2D.prototype as unknown as Record<string, unknown>)[name];
}
for (const name of ["toBlob", "toDataURL"])
  delete (HTMLCanvasElement.prototype as unknown as Record<string, unknown>)[name];
for (const [name, value] of Object.entries({ gpu: undefined, clipboard })) {
  Object.defineProperty(navigator, name, { value, configurable: true });
}
Object.defineProperty(globalThis, "devicePixelRatio", { value: 1 });

document.addEventListener("DOMContentLoaded", () => plugin.entrypoints.started());
