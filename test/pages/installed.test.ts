import { writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { type Browser, chromium } from "playwright-core";
import { type Plugin, rollup } from "rollup";
import esbuild from "rollup-plugin-esbuild";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { carried, onnxruntimeFiles } from "../../scripts/bundling.mjs";
import { chromiumFlags, findChromium } from "../../scripts/chromium.mjs";
import { serve } from "../../scripts/serve.mjs";
import { installed, type Project, unpacked } from "../models/installed.ts";

// What somebody gets who installs the engine and the pack from tarballs, bundles a page and serves it.

const executablePath = findChromium();
const missing =
  executablePath === null ? "there is no Chromium: install Debian's package `chromium`, or set CHROMIUM" : unpacked;

const script = `
  import { Engine } from "@underdraw/engine";
  import { openMini } from "@underdraw/model-mini";
  const { files } = await new Response(await openMini("manifest.json")).json();
  const weights = files.find(({ name }) => name === "unet/diffusion_pytorch_model.safetensors");
  const bytes = await new Response(await openMini(weights.name)).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const sha256 = [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  const engine = new Engine({ models: openMini, runtime: { device: "cpu", assets: new URL("./ort/", document.baseURI).href } });
  const pipeline = await engine.load();
  const request = { prompt: "flat emoji of red apple", controls: [], steps: 1, seed: 1 };
  const { pixels } = await pipeline.generate(request);
  globalThis.seen = { listed: weights.sha256, sha256, size: [pixels.width, pixels.height], shades: new Set(pixels.data).size };
`;

let project: Project | undefined;
let server: Server | undefined;
let browser: Browser | undefined;
beforeAll(async () => {
  if (missing !== null) return;
  project = await installed();
  const { folder } = project;
  await writeFile(join(folder, "page.js"), script);
  const bundle = await rollup({
    input: join(folder, "page.js"),
    plugins: [
      nodeResolve({ browser: true, rootDir: folder }),
      esbuild({ target: "es2022", tsconfig: false, include: /\.m?js$/, exclude: [] }),
      carried() as Plugin,
      onnxruntimeFiles() as Plugin,
    ],
    onwarn: () => {},
  });
  const dir = join(folder, "site", "some", "where");
  await bundle.write({ dir, format: "es", entryFileNames: "page.js" });
  await bundle.close();
  await writeFile(
    join(dir, "index.html"),
    '<!doctype html><link rel="icon" href="data:,"><script type="module" src="./page.js"></script>',
  );
  server = (await serve(join(folder, "site"), 0)) as Server;
  browser = await chromium.launch({ executablePath: executablePath as string, args: chromiumFlags as string[] });
}, 180_000);
afterAll(async () => {
  await browser?.close();
  server?.closeAllConnections();
  server?.close();
  await project?.remove();
});
beforeEach(({ skip }) => {
  if (missing !== null) skip(missing);
});

test("a page bundled from installed packages fetches the pack from beside itself, and draws", async () => {
  if (!browser || !server) throw new Error("No page is served.");
  const page = await browser.newPage();
  const problems: string[] = [];
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => void (message.type() === "error" && problems.push(message.text())));
  await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/some/where/`);
  const drawn = await page.waitForFunction(() => (globalThis as { seen?: unknown }).seen, null, { timeout: 120_000 });
  const seen = (await drawn.jsonValue()) as { listed: string; sha256: string; size: number[]; shades: number };
  expect(seen.sha256).toBe(seen.listed);
  expect(seen.size).toEqual([256, 256]);
  expect(seen.shades).toBeGreaterThan(50);
  expect(problems).toEqual([]);
});
