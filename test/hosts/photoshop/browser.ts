import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { extname } from "node:path";
import { setTimeout } from "node:timers/promises";
import type { Browser, Frame, Page } from "playwright-core";
import { rollup } from "rollup";
import { usual } from "../../../scripts/bundling.mjs";
import type { Manners } from "./application.ts";
import { filesOf, type PluginFiles } from "./plugin-files.ts";
import type { ShellConfig, Theme } from "./shell/config.ts";
import type { Photoshop } from "./simulator.ts";

// Photoshop in a browser: one server gives the plugin's document with the simulator as its first script, the other one,
// of another origin, the pages that its webview shows.

/** How Photoshop is opened in a browser. */
export interface PhotoshopPageOptions {
  /** A folder with a manifest.json, or the same in words. */
  readonly plugin: string | PluginFiles;
  /** From "26.0", which it is without it, to "27.4". */
  readonly version?: string;
  readonly locale?: string;
  readonly theme?: Theme;
  readonly bridge?: ShellConfig["bridge"];
  readonly manners?: Partial<Manners>;
  readonly developer?: boolean;
  /** The panel's size; 300 x 640 without it. */
  readonly viewport?: { readonly width: number; readonly height: number };
  /** False for a webview without WebGPU. */
  readonly webgpu?: boolean;
  /** True where a local page may fetch files beside it and make workers of them; nothing tells whether it may. */
  readonly siblings?: boolean;
}

/** Photoshop in a browser, until it is closed. */
export interface PhotoshopPage {
  /** The plugin's document; `photoshop` in it is the simulator. */
  readonly page: Page;
  /** Errors of the plugin's document and of the page in its webview. */
  readonly errors: readonly string[];
  /** Calls a function with the simulator, in the browser. */
  photoshop<T, A>(work: (photoshop: Photoshop, given: A) => T | Promise<T>, given?: A): Promise<T>;
  /** The same as soon as Photoshop listens: what a person does waits while a plugin holds it. */
  person<T, A>(work: (photoshop: Photoshop, given: A) => T | Promise<T>, given?: A): Promise<T>;
  /** The page in the webview, once it is there. */
  frame(): Promise<Frame>;
  close(): Promise<void>;
}

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".json": "application/json",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".wasm": "application/wasm",
};

const here = (path: string): string => new URL(path, import.meta.url).pathname;
let shell: Promise<string> | undefined;

/** The simulator as one script. */
async function bundleShell(): Promise<string> {
  const made = await rollup({
    input: here("shell/shell.ts"),
    plugins: usual("es2022"),
    onwarn: () => {},
  });
  const { output } = await made.generate({ format: "iife", inlineDynamicImports: true });
  await made.close();
  return output[0].code;
}

const colors: Readonly<Record<Theme, readonly [ground: string, text: string]>> = {
  darkest: ["#323232", "#d6d6d6"],
  dark: ["#535353", "#e6e6e6"],
  light: ["#b8b8b8", "#1a1a1a"],
  lightest: ["#f0f0f0", "#1a1a1a"],
};

/** A style sheet as UXP reads it in a look of Photoshop's: browsers know other names for looks. */
const themed = (html: string, theme: Theme): string =>
  html.replace(/@media\s*\(\s*prefers-color-scheme\s*:\s*([a-z]+)\s*\)/g, (_, name: string) =>
    name === theme ? "@media all" : "@media not all",
  );

const first = (html: string, script: string): string =>
  /<head[^>]*>/i.test(html)
    ? html.replace(/<head[^>]*>/i, (head) => head + script)
    : html.replace(/^(\s*<!doctype[^>]*>)?/i, (start) => start + script);

const listen = async (handle: (request: IncomingMessage, response: ServerResponse) => void): Promise<Server> => {
  const server = createServer(handle);
  await new Promise<void>((done) => server.listen(0, done));
  return server;
};

const send = (response: ServerResponse, status: number, body: string | Uint8Array, headers: object = {}): void => {
  response.writeHead(status, { "cache-control": "no-store", ...headers }).end(body);
};

/** Opens Photoshop with a plugin in a browser. */
export async function openPhotoshopPage(browser: Browser, options: PhotoshopPageOptions): Promise<PhotoshopPage> {
  const {
    version = "26.0",
    locale = "en_US",
    theme = "darkest",
    bridge = {},
    manners = {},
    developer = false,
  } = options;
  shell ??= bundleShell();
  const code = await shell;
  const files = new Map(filesOf(options.plugin));
  const text = (path: string): string => new TextDecoder().decode(files.get(path) ?? new Uint8Array());
  const { main } = JSON.parse(text("manifest.json")) as { main: string };
  const frameScript = `${options.webgpu === false ? 'Object.defineProperty(navigator, "gpu", { value: undefined });' : ""}
    ${readFileSync(here("shell/frame.js"), "utf8")}`;

  const pages = await listen((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname).slice(1);
    const bytes = files.get(path);
    const kind = request.headers["sec-fetch-dest"];
    if (!bytes) return send(response, 404, `There is no file ${path}`);
    if (options.siblings !== true && ["empty", "worker", "sharedworker"].includes(String(kind))) {
      return send(response, 403, "Local content fetches nothing and makes no workers of files");
    }
    const html = extname(path) === ".html";
    const type = types[extname(path)] ?? "application/octet-stream";
    send(response, 200, html ? first(text(path), `<script>${frameScript}</script>`) : bytes, { "content-type": type });
  });
  const port = (server: Server): number => (server.address() as AddressInfo).port;

  const config: ShellConfig = {
    files: Object.fromEntries(
      // What a plugin's script may read; a webview's page and what belongs to it is none of its business here.
      [...files]
        .filter(([path, bytes]) => bytes.length < 2e6 && !path.startsWith("webview/"))
        .map(([path, bytes]) => [path, Buffer.from(bytes).toString("base64")]),
    ),
    pages: `http://127.0.0.1:${port(pages)}/`,
    ...{ version, locale, bridge, manners, developer },
  };
  const [ground, ink] = colors[theme];
  const start = `<style>html { height: 100%; --uxp-host-background-color: ${ground}; --uxp-host-text-color: ${ink} }
    body { height: 100%; margin: 0 }</style>
    <script>globalThis.__simulator = ${JSON.stringify(config).replaceAll("<", "\\u003c")};</script><script src="/simulator.js"></script>`;
  const plugin = await listen((request, response) => {
    const path = decodeURIComponent(new URL(request.url ?? "/", "http://x").pathname).slice(1);
    if (path === "simulator.js") return send(response, 200, code, { "content-type": "text/javascript" });
    if (path === "") {
      const html = /\.html?$/.test(main)
        ? themed(text(main), theme)
        : `<!doctype html><body><script src="${main}"></script>`;
      return send(response, 200, first(html, start), {
        "content-type": "text/html; charset=utf-8",
        // No code from strings; WebAssembly may be compiled.
        "content-security-policy": "script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'",
      });
    }
    const bytes = files.get(path);
    if (!bytes) return send(response, 404, `There is no file ${path}`);
    send(response, 200, bytes, { "content-type": types[extname(path)] ?? "application/octet-stream" });
  });

  const context = await browser.newContext({ viewport: options.viewport ?? { width: 300, height: 640 } });
  const page = await context.newPage();
  const errors: string[] = [];
  page.on("pageerror", (error) => errors.push(error.message));
  await page.goto(`http://localhost:${port(plugin)}/`);
  return {
    page,
    errors,
    // Functions do not cross: their text is made into one there, by the developer tools, which no policy forbids it.
    photoshop: (work, given) => page.evaluate(`(${work})(photoshop, ${JSON.stringify(given)})`),
    person: (work, given) =>
      page.evaluate(`(async () => {
        while (photoshop.modal) await new Promise((resolve) => setTimeout(resolve, 5));
        return (${work})(photoshop, ${JSON.stringify(given)});
      })()`),
    async frame() {
      // Asked from outside: Playwright's own waiting needs a MutationObserver in the page.
      for (let tries = 0; tries < 200; tries++) {
        const frame = page
          .frames()
          .find((one) => one.parentFrame() === page.mainFrame() && one.url() !== "about:blank");
        if (frame?.url()) {
          await frame.waitForLoadState();
          return frame;
        }
        await setTimeout(25);
      }
      throw new Error("The webview shows no page.");
    },
    async close() {
      await context.close();
      for (const server of [plugin, pages]) {
        server.closeAllConnections();
        server.close();
      }
    },
  };
}
