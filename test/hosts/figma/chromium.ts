import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BrowserContext, chromium, type Frame, type Page } from "playwright-core";
import { chromiumFlags } from "../../../scripts/chromium.mjs";
import type { FigmaEditor, PluginFiles } from "./contract.ts";
import { readManifest } from "./core/manifest.ts";
import { pageFiles } from "./page/bundle.ts";
import { pack, unpack } from "./page/calls.ts";
import type { Crossing, ServedPlugin } from "./page/served.ts";
import { preludeText } from "./prelude.ts";

// A Figma in Chromium: the same editor as in Node, in a page whose address is https://www.figma.com, with the frames that
// Figma has. The address is answered from here and nothing leaves the machine; the panel's own site is the test's to serve,
// on http://localhost, which is another site. So a plugin is tried as it ships.
//
//   const browser = await launchFigma(executablePath);
//   const figma = await openFigmaPage(browser.context, { main, html, manifest });
//   await figma.draw(…); await figma.select(…); await figma.runCommand("open");
//   const panel = await figma.panel((frame) => frame.url().startsWith("http://localhost"));   // Playwright's Frame

/** The editor's address. */
const editorAddress = "https://www.figma.com";

/** A Chromium to open editors in. */
export interface FigmaBrowser {
  readonly context: BrowserContext;
  close(): Promise<void>;
}

/** How to launch. */
export interface LaunchOptions {
  /** "denied": pages in foreign frames have none, as where a person blocks it, and as with Playwright's own flags. @default "allowed" */
  readonly storage?: "allowed" | "denied";
  /** WebGPU, in software. @default true */
  readonly gpu?: boolean;
  /** A profile to go on with; without one, a new one that is thrown away. */
  readonly profile?: string;
}

/**
 * Starts Chromium for editors. Playwright's own flags switch the partitioning of storage by top site off, and with it all
 * storage of the panel, which would look like a fault of the panel's: so Chromium gets flags of ours alone.
 */
export async function launchFigma(executablePath: string, options: LaunchOptions = {}): Promise<FigmaBrowser> {
  const { storage = "allowed", gpu = true, profile } = options;
  const folder = profile ?? (await mkdtemp(join(tmpdir(), "figma-")));
  const flags = (chromiumFlags as string[]).filter((flag) => gpu || flag !== "--enable-unsafe-webgpu");
  // A page of the network that shows one of this machine would ask the person first.
  const disabled = ["LocalNetworkAccessChecks", ...(storage === "denied" ? ["ThirdPartyStoragePartitioning"] : [])];
  const args = [
    ...flags,
    `--disable-features=${disabled.join()}`,
    "--remote-debugging-pipe",
    `--user-data-dir=${folder}`,
    "about:blank",
  ];
  const viewport = { width: 1280, height: 800 };
  const context = await chromium.launchPersistentContext(folder, {
    executablePath,
    viewport,
    ignoreDefaultArgs: true,
    args,
  });
  return {
    context,
    async close() {
      await context.close();
      if (profile === undefined) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** The editor in its page. */
export interface ChromiumFigma extends FigmaEditor {
  readonly page: Page;
  /** What the console said, in all frames. */
  readonly console: readonly string[];
  /** The plugin's innermost frame, when it is as the test wants it. Rejects after 20 seconds. */
  panel(is?: (frame: Frame) => boolean | Promise<boolean>): Promise<Frame>;
}

/** Opens an empty file in an editor that has the plugin, in a page of its own. */
export async function openFigmaPage(context: BrowserContext, plugin: PluginFiles): Promise<ChromiumFigma> {
  readManifest(plugin.manifest);
  const page = await context.newPage();
  const said: string[] = [];
  page.on("console", (message) => said.push(message.text()));
  page.on("pageerror", (error) => said.push(String(error)));
  await serve(page, { plugin, prelude: await preludeText() });
  await page.goto(`${editorAddress}/design`);
  await page.waitForFunction(() => "callEditor" in globalThis);
  const call = async (name: string, args: readonly unknown[]): Promise<unknown> => {
    const packed = pack(args);
    const answer = await page.evaluate(([name, args]) => globalThis.callEditor(name, args), [name, packed] as const);
    return unpack(answer as Crossing);
  };
  const own = {
    page,
    console: said,
    close: async (): Promise<void> => page.close(),
    panel: (is = (): boolean => true) => innermost(page, is),
  };
  return new Proxy(own, {
    get: (target, name) => {
      if (name in target || typeof name === "symbol" || name === "then") return Reflect.get(target, name);
      return (...args: readonly unknown[]) => call(name, args);
    },
  }) as unknown as ChromiumFigma;
}

async function innermost(page: Page, is: (frame: Frame) => boolean | Promise<boolean>): Promise<Frame> {
  const end = Date.now() + 20_000;
  while (Date.now() < end) {
    const frame = page
      .frames()
      .find((one) => one.name() === "Inner Plugin Iframe" || one.parentFrame()?.name() === "Network Plugin Iframe");
    if (frame && !frame.isDetached() && (await is(frame))) return frame;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(
    `The plugin's frame is not as wanted. Frames: ${page
      .frames()
      .map((frame) => frame.url().slice(0, 80))
      .join(", ")}`,
  );
}

const types: Readonly<Record<string, string>> = {
  js: "text/javascript",
  wasm: "application/wasm",
  json: "application/json",
};

/** Answers the editor's address. Only that is looked into, so that the browser's cache works for all else. */
async function serve(page: Page, served: ServedPlugin): Promise<void> {
  const files = await pageFiles();
  const quickjs = createRequire(import.meta.url).resolve("@jitl/quickjs-ng-wasmfile-release-sync/wasm");
  const bodyOf = async (path: string): Promise<string | Uint8Array | undefined> => {
    switch (path) {
      case "/design":
        return '<!doctype html><meta charset="utf-8"><title>Figma</title><body style="margin:0;background:#e5e5e5"><script type="module" src="/page.js"></script>';
      case "/favicon.ico":
        return "";
      case "/plugin-sandbox":
        return "<!doctype html><title>Plugin</title><body>";
      case "/plugin.json":
        return JSON.stringify(served);
      case "/quickjs.wasm":
        return readFile(quickjs);
      default:
        return files.get(path.slice(1));
    }
  };
  const session = await page.context().newCDPSession(page);
  session.on("Fetch.requestPaused", async ({ requestId, request }) => {
    const path = new URL(request.url).pathname;
    const body = await bodyOf(path);
    const type = types[path.slice(path.lastIndexOf(".") + 1)] ?? "text/html";
    await session.send("Fetch.fulfillRequest", {
      requestId,
      responseCode: body === undefined ? 404 : 200,
      responseHeaders: [{ name: "Content-Type", value: type }],
      body: Buffer.from(body ?? "").toString("base64"),
    });
  });
  await session.send("Fetch.enable", { patterns: [{ urlPattern: `${editorAddress}/*` }] });
}
