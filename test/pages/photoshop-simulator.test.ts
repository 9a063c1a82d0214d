import { type Browser, chromium } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { chromiumFlags, findChromium } from "../../scripts/chromium.mjs";
import { openPhotoshopPage, type PhotoshopPage, type PhotoshopPageOptions } from "../hosts/photoshop/browser.ts";
import { buildPlugin } from "../hosts/photoshop/kit.ts";

// Photoshop's simulator in a real browser: the same document model as in Node's tests, and around it what only a browser
// has, the webview above all.

const executablePath = findChromium();
let browser: Browser;
let ps: PhotoshopPage;

beforeAll(async () => {
  if (executablePath === null) return;
  browser = await chromium.launch({ executablePath, args: chromiumFlags as string[] });
}, 60_000);
afterAll(() => browser?.close());
beforeEach(({ skip }) => {
  if (executablePath === null) skip("there is no Chromium: install Debian's package `chromium`, or set CHROMIUM");
});
afterEach(() => ps?.close());

const manifest = {
  manifestVersion: 5,
  id: "com.example.page",
  name: "Page",
  version: "1.0.0",
  main: "index.html",
  host: { app: "PS", minVersion: "26.0.0" },
  entrypoints: [{ type: "panel", id: "panel" }],
  requiredPermissions: {
    webview: { allow: "yes", allowLocalRendering: "yes", enableMessageBridge: "localOnly", domains: [] },
  },
};

const main = `globalThis.heard = [];
  globalThis.events = [];
  addEventListener("message", ({ data, origin, source }) => heard.push({ data, origin, own: source === view }));
  const view = document.createElement("webview");
  for (const type of ["loadstart", "loadstop", "loaderror"]) {
    view.addEventListener(type, ({ url, message }) => events.push([type, url, message ?? null]));
  }
  view.setAttribute("src", "plugin:/page/index.html");
  globalThis.view = view;
  require("uxp").entrypoints.setup({ panels: { panel: { create(root) { root.appendChild(view); } } } });`;

const files = {
  "index.html": `<!doctype html><html><head><style>
    #mark { width: 0; position: absolute }
    @media (prefers-color-scheme: lightest) { #mark { width: 4px } }
    @media (prefers-color-scheme: dark) { #mark { width: 2px } }
    </style></head><body><div id="mark"></div><script src="main.js"></script></body></html>`,
  "main.js": main,
  "page/beside.js": "window.beside = true;",
  "page/index.html": `<!doctype html><html><head><script src="beside.js"></script></head><body>Page<script>
    window.heard = [];
    addEventListener("message", ({ data, origin, source }) => heard.push({ data, origin, host: source === uxpHost }));
    </script></body></html>`,
};

async function open(options: Partial<PhotoshopPageOptions> = {}): Promise<void> {
  ps = await openPhotoshopPage(browser, { plugin: { manifest, files }, ...options });
}
const inPlugin = <T>(code: string): Promise<T> => ps.page.evaluate<T>(`(async () => { ${code} })()`);

test("the plugin's realm has what UXP has, and nothing that it lacks", async () => {
  await open();
  const absent =
    "Worker OffscreenCanvas createImageBitmap ImageData structuredClone MutationObserver matchMedia indexedDB";
  expect(await inPlugin(`return ${JSON.stringify(absent.split(" "))}.filter((name) => name in globalThis)`)).toEqual(
    [],
  );
  const canvas = 'const paint = document.createElement("canvas").getContext("2d"); return typeof paint.drawImage';
  expect(await inPlugin(canvas)).toBe("undefined");
  expect(await inPlugin("return [navigator.gpu, devicePixelRatio, typeof require('photoshop').imaging]")).toEqual([
    undefined,
    1,
    "object",
  ]);
  // The developer tools may make code of strings, a page's own timer may not.
  const later = "setTimeout(() => { try { eval('1'); evaluated = true; } catch (error) { evaluated = error.name; } })";
  await inPlugin(`globalThis.evaluated = null; ${later}`);
  await expect.poll(() => inPlugin("return evaluated")).toBe("EvalError");
  expect(
    await inPlugin('try { await fetch("https://example.com/"); } catch (error) { return error.message; }'),
  ).toContain("Permission denied");
});

test("the webview is a page of another origin behind JSON, with the plugin's id for an origin", async () => {
  await open();
  await ps.photoshop((photoshop) => photoshop.showPanel());
  const frame = await ps.frame();
  expect(new URL(frame.url()).origin).not.toBe(new URL(ps.page.url()).origin);
  await inPlugin("view.postMessage({ bytes: new Uint8Array([7, 8]), none: undefined })");
  await expect
    .poll(() => frame.evaluate("heard"))
    .toEqual([{ data: { bytes: { 0: 7, 1: 8 } }, origin: "com.example.page", host: true }]);
  await frame.evaluate("uxpHost.postMessage({ hello: [1, null], none: undefined })");
  await expect
    .poll(() => inPlugin("return heard"))
    .toEqual([{ data: { hello: [1, null] }, origin: "plugin:/page/index.html", own: true }]);
  expect(await inPlugin("return events.map(([type]) => type)")).toEqual(["loadstart", "loadstop"]);
  expect(ps.errors).toEqual([]);
});

test("local content loads scripts beside it, but has no storage and fetches no files", async () => {
  await open();
  await ps.photoshop((photoshop) => photoshop.showPanel());
  const frame = await ps.frame();
  expect(await frame.evaluate("beside")).toBe(true);
  expect(
    await frame.evaluate("(() => { try { return localStorage.length; } catch (error) { return error.name; } })()"),
  ).toBe("SecurityError");
  expect(await frame.evaluate("fetch('beside.js').then(({ status }) => status)")).toBe(403);
  expect(await frame.evaluate("[window.open('/'), window.alert('x')]")).toEqual([null, undefined]);
  await ps.close();
  await open({ siblings: true, webgpu: false });
  await ps.photoshop((photoshop) => photoshop.showPanel());
  const other = await ps.frame();
  expect(await other.evaluate("fetch('beside.js').then(({ status }) => status)")).toBe(200);
  expect(await other.evaluate("navigator.gpu === undefined")).toBe(true);
});

test("the bridge takes its time", async () => {
  await open({ bridge: { mbPerS: 5, latencyMs: 10 } });
  await ps.photoshop((photoshop) => photoshop.showPanel());
  const frame = await ps.frame();
  await frame.evaluate(
    "addEventListener('message', () => { window.at = performance.now() + performance.timeOrigin; })",
  );
  const sent = await inPlugin<number>(
    'const at = performance.now() + performance.timeOrigin; view.postMessage("x".repeat(1e6)); return at;',
  );
  await expect.poll(() => frame.evaluate("window.at ?? null")).not.toBe(null);
  expect((await frame.evaluate<number>("window.at")) - sent).toBeGreaterThan(200);
});

test("without permission there is no page, and the plugin is told why", async () => {
  await open({ plugin: { manifest: { ...manifest, requiredPermissions: {} }, files } });
  await ps.photoshop((photoshop) => photoshop.showPanel());
  await expect
    .poll(() => inPlugin("return events"))
    .toEqual([["loaderror", "plugin:/page/index.html", "the manifest asks for no webview"]]);
});

test("the looks of Photoshop reach the plugin's style sheets", async () => {
  for (const [theme, width] of [
    ["lightest", 4],
    ["dark", 2],
    ["darkest", 0],
  ] as const) {
    await open({ theme });
    expect(await inPlugin('return document.querySelector("#mark").offsetWidth')).toBe(width);
    await ps.close();
  }
});

test("documents are the same as in Node: made, changed by the plugin, undone byte for byte", async () => {
  await open();
  const before = await ps.photoshop((photoshop) => {
    photoshop.open({ width: 40, height: 30, depth: 16, layers: [{ name: "Fox", fill: [255, 0, 0, 255] }] });
    return photoshop.snapshot();
  });
  await inPlugin(`const { app, core } = require("photoshop");
    await core.executeAsModal(() => app.activeDocument.createPixelLayer({ name: "New" }), { commandName: "Test" })`);
  const after = await ps.photoshop((photoshop) => [photoshop.snapshot(), ...photoshop.history.names]);
  expect(after.slice(1)).toEqual(["Open", "New Layer"]);
  expect(after[0]).not.toBe(before);
  expect(await ps.photoshop((photoshop) => [photoshop.undo(), photoshop.snapshot()])).toEqual([true, before]);
});

test("the built plugin starts, and its panel has a webview", async () => {
  const plugin = await buildPlugin();
  await open({ plugin });
  await ps.photoshop((photoshop) => photoshop.showPanel());
  expect(new URL((await ps.frame()).url()).pathname).toBe("/webview/index.html");
  expect(await ps.photoshop((photoshop) => photoshop.problems)).toEqual([]);
  expect(ps.errors).toEqual([]);
});
