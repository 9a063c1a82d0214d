import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readPicture } from "@underdraw/engine/pictures";
import type { Frame } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findChromium } from "../../scripts/chromium.mjs";
import { type ChromiumFigma, type FigmaBrowser, launchFigma, openFigmaPage } from "../hosts/figma/chromium.ts";

// The simulated Figma in Chromium: that its frames are what a plugin's page meets in the real one, above all what such a
// page is refused.

const executablePath = findChromium();

let server: Server;
let panel: string;
let hits: string[] = [];
let browser: FigmaBrowser;
let figma: ChromiumFigma | undefined;

beforeAll(async () => {
  if (executablePath === null) return;
  server = createServer(({ url = "" }, response) => {
    hits.push(url);
    response.setHeader("Content-Type", url.endsWith(".html") ? "text/html" : "application/octet-stream");
    response.setHeader("Cache-Control", url.endsWith(".html") ? "no-store" : "max-age=31536000, immutable");
    if (url !== "/silent.json") response.setHeader("Access-Control-Allow-Origin", "*");
    response.end(url.endsWith(".html") ? "<!doctype html><p>panel" : "weights");
  }).listen(0, "localhost");
  await new Promise((resolve) => server.once("listening", resolve));
  panel = `http://localhost:${(server.address() as AddressInfo).port}`;
  browser = await launchFigma(executablePath);
});

afterAll(async () => {
  await browser?.close();
  server?.close();
});

beforeEach(({ skip }) => {
  if (executablePath === null) skip("there is no Chromium: install Debian's package `chromium`, or set CHROMIUM");
  hits = [];
});

afterEach(async () => {
  await figma?.close();
  figma = undefined;
});

const manifest = (): object => ({
  name: "Tried",
  id: "tried-1",
  api: "1.0.0",
  main: "main.js",
  ui: "ui.html",
  editorType: ["figma"],
  documentAccess: "dynamic-page",
  networkAccess: { allowedDomains: ["none"], devAllowedDomains: [panel] },
});

const echo = `
  figma.showUI(__html__, { width: 320, height: 400, themeColors: true });
  figma.ui.onmessage = (message, { origin }) => {
    if (message === "export") {
      figma.currentPage.children[0].exportAsync({ format: "PNG", useAbsoluteBounds: true })
        .then((bytes) => figma.ui.postMessage(bytes), (error) => figma.ui.postMessage(typeof error + " " + error));
    } else figma.ui.postMessage({ message, origin, bytes: message instanceof Uint8Array });
  };
`;

async function open(main: string, html: string, inside = browser): Promise<ChromiumFigma> {
  figma = await openFigmaPage(inside.context, { main, html, manifest: manifest() });
  await figma.runCommand();
  return figma;
}

/** Runs in the plugin's page: posts a message to main and gives the answer with what the page can tell of it. */
const asked = async (frame: Frame, message: string, pluginId?: string): Promise<unknown> =>
  frame.evaluate(
    ([message, pluginId]) =>
      new Promise((resolve) => {
        const timer = setTimeout(() => resolve("no answer"), 1000);
        addEventListener("message", ({ data, origin, source }) => {
          if (!("pluginMessage" in data)) return;
          clearTimeout(timer);
          const { pluginMessage } = data;
          const answer = pluginMessage instanceof Uint8Array ? [...pluginMessage.slice(0, 4)] : pluginMessage;
          resolve({ answer, origin, fromParent: source === parent, fromTop: source === top });
        });
        parent.postMessage({ pluginMessage: message, ...(pluginId === undefined ? {} : { pluginId }) }, "*");
      }),
    [message, pluginId] as const,
  );

const isPanel = (frame: { url(): string }): boolean => frame.url().startsWith(panel);
const going = (): string => `<script>location.href = "${panel}/panel.html"</script>`;

/** What a page can do where it is. */
const means = async (frame: Frame): Promise<Record<string, unknown>> =>
  frame.evaluate(async () => {
    const tried = async (run: () => unknown): Promise<unknown> => {
      try {
        return await run();
      } catch (error) {
        return (error as Error).message;
      }
    };
    return {
      secure: isSecureContext,
      origin: globalThis.origin,
      isolated: crossOriginIsolated,
      gpu: "gpu" in navigator,
      adapter: "gpu" in navigator && (await navigator.gpu.requestAdapter()) !== null,
      subtle: "subtle" in crypto,
      caches: "caches" in globalThis,
      localStorage: await tried(() => typeof localStorage),
      database: await tried(
        () =>
          new Promise((resolve) => {
            const request = indexedDB.open("x");
            request.onsuccess = () => resolve("open");
            request.onerror = () => resolve(request.error?.name);
          }),
      ),
      files: await tried(async () => {
        await navigator.storage.getDirectory();
        return "open";
      }),
      module: await tried(
        () =>
          new Promise((resolve) => {
            const url = URL.createObjectURL(new Blob(["postMessage(1)"], { type: "text/javascript" }));
            const worker = new Worker(url, { type: "module" });
            worker.onmessage = () => resolve("runs");
            worker.onerror = () => resolve("fails");
          }),
      ),
      classic: await tried(
        () =>
          new Promise((resolve) => {
            const worker = new Worker(URL.createObjectURL(new Blob(["postMessage(1)"], { type: "text/javascript" })));
            worker.onmessage = () => resolve("runs");
            worker.onerror = () => resolve("fails");
          }),
      ),
    };
  });

describe("the plugin's own page", () => {
  test("has no origin, no secure context, no WebGPU, no storage and no module worker", async () => {
    const page = await (await open(echo, "<p id=own>own")).panel((frame) => frame.locator("#own").isVisible());
    expect(page.url()).toMatch(/^data:text\/html;base64,/);
    expect(await means(page)).toEqual({
      secure: false,
      origin: "null",
      isolated: false,
      gpu: false,
      adapter: false,
      subtle: false,
      caches: false,
      localStorage: expect.stringContaining("Storage is disabled inside 'data:' URLs."),
      database: expect.stringMatching(/access to the Indexed Database API is denied/),
      files: expect.stringContaining("undefined"),
      module: "fails",
      classic: "runs",
    });
  });

  test("fetches everything anew, and nothing that does not allow every origin", async () => {
    const page = await (await open(echo, "<p id=own>own")).panel((frame) => frame.locator("#own").isVisible());
    const read = (path: string): Promise<string> =>
      page.evaluate(
        (url) =>
          fetch(url).then(
            (response) => response.text(),
            (error) => String(error),
          ),
        panel + path,
      );
    expect([await read("/model.bin"), await read("/model.bin")]).toEqual(["weights", "weights"]);
    expect(hits.filter((url) => url === "/model.bin")).toHaveLength(2);
    expect(await read("/silent.json")).toBe("TypeError: Failed to fetch");
  });

  test("stands in Figma's frames", async () => {
    const figma = await open(echo, "<p id=own>own");
    const page = await figma.panel((frame) => frame.locator("#own").isVisible());
    const [net, outer, top] = [page.parentFrame(), page.parentFrame()?.parentFrame(), figma.page.mainFrame()];
    expect([page.name(), net?.name(), outer?.name()]).toEqual([
      "Inner Plugin Iframe",
      "Network Plugin Iframe",
      "Shim Plugin Iframe",
    ]);
    expect([net?.url(), outer?.url(), outer?.parentFrame() === top]).toEqual([
      "about:blank",
      "https://www.figma.com/plugin-sandbox",
      true,
    ]);
    expect(await net?.evaluate(() => origin)).toBe("https://www.figma.com");
    expect(await figma.page.locator("#plugin-iframe-in-modal").boundingBox()).toMatchObject({
      width: 320,
      height: 400,
    });
    expect(await page.evaluate(() => frameElement)).toBeNull();
  });

  test("gets the theme's class and variables, and follows when it changes", async () => {
    const figma = await open(echo, "<p id=own>own");
    const page = await figma.panel((frame) => frame.locator("#own").isVisible());
    const seen = (): Promise<string[]> =>
      page.evaluate(() => [
        document.documentElement.className,
        getComputedStyle(document.documentElement).getPropertyValue("--figma-color-bg"),
      ]);
    expect(await seen()).toEqual(["figma-light", "#ffffff"]);
    await figma.setTheme("dark");
    await expect.poll(seen).toEqual(["figma-dark", "#2c2c2c"]);
  });

  test("may not go where the manifest does not lead", async () => {
    const figma = await open(echo, '<script>location.href = "https://elsewhere.example/"</script>');
    await expect.poll(() => figma.console.join("\n")).toMatch(/Framing 'https:\/\/elsewhere.example\/' violates/);
    await expect.poll(() => figma.page.frames().map((frame) => frame.url())).toContain("chrome-error://chromewebdata/");
  });
});

describe("the hosted panel", () => {
  test("has an origin, a secure context, WebGPU, storage and module workers", async () => {
    const page = await (await open(echo, going())).panel(isPanel);
    expect(await means(page)).toEqual({
      secure: true,
      origin: panel,
      isolated: false,
      gpu: true,
      adapter: true,
      subtle: true,
      caches: true,
      localStorage: "object",
      database: "open",
      files: "open",
      module: "runs",
      classic: "runs",
    });
    const read = (): Promise<string> =>
      page.evaluate((url) => fetch(url).then((response) => response.text()), `${panel}/kept.bin`);
    expect([await read(), await read()]).toEqual(["weights", "weights"]);
    expect(hits.filter((url) => url === "/kept.bin")).toHaveLength(1);
  });

  test("is heard only with the plugin's id, and answered by the top window, not by its parent", async () => {
    const page = await (await open(echo, going())).panel(isPanel);
    expect(await asked(page, "hello", "tried-1")).toEqual({
      answer: { message: "hello", origin: panel, bytes: false },
      origin: "https://www.figma.com",
      fromParent: false,
      fromTop: true,
    });
    expect(await asked(page, "hello", "another")).toBe("no answer");
    expect(await asked(page, "hello")).toBe("no answer");
  });

  test("gets bytes as Uint8Array, and failures of the export as texts", async () => {
    const figma = await open(echo, going());
    const page = await figma.panel(isPanel);
    const rect = await figma.draw({ type: "RECTANGLE", properties: { width: 4, height: 4 } });
    expect(await asked(page, "export", "tried-1")).toMatchObject({ answer: [0x89, 0x50, 0x4e, 0x47] });
    await figma.edit(rect, { visible: false });
    expect(await asked(page, "export", "tried-1")).toMatchObject({
      answer: "string Failed to export node. This node may not have any visible layers.",
    });
  });

  test("loses what main sent before it listened, and gets what waited for a page that did not go on", async () => {
    const early = 'figma.showUI(__html__); figma.ui.postMessage("early");';
    const listening =
      "<p id=own></p><script>onmessage = (e) => own.textContent += JSON.stringify(e.data.pluginMessage)</script>";
    const stays = await (await open(early, listening)).panel((frame) => frame.locator("#own").isVisible());
    await expect.poll(() => stays.locator("#own").textContent()).toBe('"early"');
    await figma?.close();

    const page = await (await open(early, going())).panel(isPanel);
    await figma?.settled();
    // The message has left main; its task in the page's own process comes within this time, and nobody listens.
    await page.evaluate(() => new Promise((resolve) => setTimeout(resolve, 300)));
    await page.evaluate(() => addEventListener("message", () => document.body.append("heard")));
    await figma?.settled();
    expect(await page.locator("body").textContent()).toBe("panel");
  });

  test("goes with the plugin", async () => {
    const figma = await open(`${echo}\nfigma.on("close", () => figma.notify("gone"));`, going());
    await figma.panel(isPanel);
    await figma.closePlugin();
    await expect.poll(() => figma.page.frames()).toHaveLength(1);
    expect(await figma.isRunning()).toBe(false);
    expect((await figma.notices()).map(({ message }) => message)).toEqual(["gone"]);
  });

  test("finds what it stored when the browser is started anew", async () => {
    const profile = await mkdtemp(join(tmpdir(), "figma-kept-"));
    const opened = async <T>(use: (page: Frame) => Promise<T>): Promise<T> => {
      const own = await launchFigma(executablePath as string, { profile, gpu: false });
      try {
        return await use(await (await open(echo, going(), own)).panel(isPanel));
      } finally {
        await own.close();
        figma = undefined;
      }
    };
    await opened((page) =>
      page.evaluate(async () => void (await (await caches.open("x")).put("/y", new Response("kept")))),
    );
    expect(await opened((page) => page.evaluate(async () => (await caches.match("/y"))?.text()))).toBe("kept");
    await rm(profile, { recursive: true });
  });

  test("has no storage where a person, or Playwright, denies it", async () => {
    const denied = await launchFigma(executablePath as string, { storage: "denied", gpu: false });
    try {
      const page = await (await open(echo, going(), denied)).panel(isPanel);
      expect(await means(page)).toMatchObject({
        secure: true,
        adapter: false,
        localStorage: expect.stringContaining("Access is denied for this document."),
        database: "UnknownError",
        files: expect.stringContaining("Storage directory access is denied."),
      });
    } finally {
      await denied.close();
      figma = undefined;
    }
  });
});

test("a person can run it by hand: menu, relaunch button, notice, undo by key", async () => {
  const plugin = {
    main: `
      if (figma.command === "make") {
        const made = figma.createRectangle();
        made.setRelaunchData({ again: "Once more" });
        figma.currentPage.selection = [made];
        figma.notify("Made");
        figma.closePlugin();
      } else figma.notify("again", { button: { text: "Turn", action: () => { figma.currentPage.selection[0].rotation = 90; } } });
    `,
    manifest: {
      ...manifest(),
      menu: [{ name: "Make", command: "make" }],
      relaunchButtons: [{ command: "again", name: "Again" }],
    },
  };
  figma = await openFigmaPage(browser.context, plugin);
  const { page } = figma;
  await page.getByRole("button", { name: "make" }).click();
  await page.getByText("Made").waitFor();
  await page.getByRole("button", { name: "×" }).click();
  await page.getByRole("button", { name: "Again" }).click();
  await page.getByRole("button", { name: "Turn" }).click();
  const turned = async (): Promise<number | undefined> => {
    const [id] = (await figma?.selection()) ?? [];
    return id === undefined ? undefined : (await figma?.node(id))?.absoluteTransform[0][1];
  };
  await expect.poll(turned).toBe(1);
  await page.keyboard.press("Control+z");
  await expect.poll(turned).toBe(0);
  await page.keyboard.press("Control+z");
  await expect.poll(turned).toBeUndefined();
});

test("draws the same pixels and the same document as in Node", async () => {
  const { openFigma } = await import("../hosts/figma/index.ts");
  const plugin = {
    main: `figma.on("run", () => { const copy = figma.currentPage.children[0].clone(); copy.rotation = 30; figma.commitUndo(); });`,
    manifest: manifest(),
  };
  const here = await openFigma(plugin);
  figma = await openFigmaPage(browser.context, plugin);
  const results = [];
  for (const editor of [here, figma]) {
    const id = await editor.draw({
      type: "FRAME",
      properties: { width: 60, height: 40 },
      children: [{ type: "ELLIPSE", properties: { width: 33, height: 21, x: 4.5, opacity: 0.7 } }],
    });
    await editor.runCommand();
    await editor.settled();
    const file = await editor.export((await editor.node("0:1"))?.children[1] ?? id);
    const { pixels } = await readPicture(file);
    const after = await editor.snapshot();
    await editor.undo();
    results.push([pixels, after, await editor.snapshot()]);
  }
  expect(results[1]).toEqual(results[0]);
});
