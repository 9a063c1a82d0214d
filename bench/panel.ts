import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { type OutputChunk, type OutputOptions, type RollupOptions, rollup } from "rollup";
import figma from "../plugins/figma/bundles.mjs";
import { onwarn, usual } from "../scripts/bundling.mjs";
import { chromiumFlags, findChromium } from "../scripts/chromium.mjs";
import { serve } from "../scripts/serve.mjs";
import type { LiveChange, LiveOrder, LivePage } from "./browser/panel-page.ts";
import { loadNow, machine, median, milliseconds, numberOption, table } from "./measure/report.ts";

// What the panel weighs, and how soon a selection's lines are seen in it (limits of issue 12).
//
//   node scripts/run.mjs bench/panel.ts [--changes 20] [--side 512] [--only size|live]
//
// Size: the scripts that Rollup makes as for a release, each compressed by gzip at its usual level, without onnxruntime
// (left out of the bundle) and without weights (no scripts). "At once" is what has to be there before it works; "later" is
// what it loads when something asks for it: another language, a picture's format, a tokenizer of another model.
//
// Live: in Chromium, the panel on an editor in memory in which a layer of 512 x 512 pixels is selected, until the frame
// with its canny map is painted; the engine in its worker, with no model, against the engine on the page's own thread.
// Pictures reach the panel directly or through a port of either encoding, both of whose ends are on the page's thread.
// "Quiet" is the panel's waiting for the end of a gesture, "work" all the rest, "look" what it finds out about a picture
// before it asks for the map.

const sizeLimit = 150_000;
const liveLimit = 100;

const { values } = parseArgs({
  options: {
    changes: { type: "string", default: "20" },
    side: { type: "string", default: "512" },
    only: { type: "string" },
  },
});
const { only } = values;
if (only !== undefined && only !== "size" && only !== "live")
  throw new TypeError(`--only is size or live, not ${only}.`);
const changes = numberOption("changes", values.changes, 1);
const side = numberOption("side", values.side, 8);
const load = loadNow();
console.log(machine("none", [`limits    ${kilobytes(sizeLimit)} of scripts, ${liveLimit} ms to a map`], load));
if (only !== "live") await weigh();
if (only !== "size") await watch();

function kilobytes(bytes: number): string {
  return `${(bytes / 1000).toFixed(1)} kB`;
}

/** Compressed bytes of what a bundle's entries need at once, and of what they may load later. */
interface Weight {
  readonly atOnce: number;
  readonly later: number;
}

async function scriptsOf(options: RollupOptions, output: OutputOptions): Promise<readonly OutputChunk[]> {
  const bundle = await rollup({ ...options, external: [/^onnxruntime-web/] });
  const { output: files } = await bundle.generate(output);
  await bundle.close();
  return files.filter((file) => file.type === "chunk");
}

/** Weighs what starts with one of these scripts, besides what is there already. */
function weight(scripts: readonly OutputChunk[], isStart: (script: OutputChunk) => boolean): Weight {
  const named = new Map(scripts.map((script) => [script.fileName, script]));
  const reached = (starts: readonly string[], isEager: boolean): ReadonlySet<string> => {
    const found = new Set<string>();
    const visit = (name: string): void => {
      const script = named.get(name);
      if (!script || found.has(name)) return;
      found.add(name);
      for (const next of [...script.imports, ...(isEager ? [] : script.dynamicImports)]) visit(next);
    };
    for (const start of starts) visit(start);
    return found;
  };
  const starts = scripts.filter(isStart).map(({ fileName }) => fileName);
  const bytes = (names: ReadonlySet<string>): number =>
    [...names].reduce((sum, name) => sum + gzipSync(named.get(name)?.code ?? "").length, 0);
  const atOnce = bytes(reached(starts, true));
  return { atOnce, later: bytes(reached(starts, false)) - atOnce };
}

async function weigh(): Promise<void> {
  const entry = fileURLToPath(new URL("./browser/panel-entry.ts", import.meta.url));
  const alone = await scriptsOf({ input: entry, plugins: usual("es2022"), onwarn } as RollupOptions, { format: "es" });
  const site = (figma as readonly (RollupOptions & { readonly output: OutputOptions })[]).find(
    ({ input }) => input === "plugins/figma/src/panel/panel.ts",
  );
  if (!site) throw new Error("The Figma plugin's bundles no longer hold its panel's page.");
  const hosted = await scriptsOf(site, site.output);
  const isPage = ({ facadeModuleId }: OutputChunk): boolean => facadeModuleId?.endsWith("/src/panel/panel.ts") ?? false;
  const isWorker = ({ facadeModuleId }: OutputChunk): boolean => facadeModuleId?.endsWith("/engine-worker.ts") ?? false;
  for (const is of [isPage, isWorker])
    if (!hosted.some(is)) throw new Error("The panel's page lost one of its scripts.");
  const found: readonly [name: string, weight: Weight][] = [
    ["panel, host's port, engine's client", weight(alone, ({ isEntry }) => isEntry)],
    ["Figma's hosted page", weight(hosted, isPage)],
    ["Figma's hosted page and its engine's worker", weight(hosted, (script) => isPage(script) || isWorker(script))],
  ];
  const rows = found.map(([name, { atOnce, later }]) => [
    name,
    kilobytes(atOnce),
    `${(atOnce / sizeLimit).toFixed(2)} of the limit${atOnce > sizeLimit ? ", BROKEN" : ""}`,
    kilobytes(later),
  ]);
  console.log(table(["scripts, gzip, without onnxruntime", "at once", "limit", "later"], rows));
  if (found.some(([, { atOnce }]) => atOnce > sizeLimit)) process.exitCode = 1;
}

async function watch(): Promise<void> {
  const executablePath = findChromium();
  if (executablePath === null)
    throw new Error("There is no Chromium: install Debian's package `chromium`, or set CHROMIUM.");
  const folder = await mkdtemp(join(tmpdir(), "underdraw-panel-"));
  await build({
    entryPoints: ["panel-page.ts", "panel-worker.ts"].map((name) =>
      fileURLToPath(new URL(`./browser/${name}`, import.meta.url)),
    ),
    bundle: true,
    splitting: true,
    minify: true,
    format: "esm",
    platform: "browser",
    target: "es2022",
    jsx: "automatic",
    jsxImportSource: "preact",
    conditions: ["@underdraw/source"],
    outdir: folder,
    logLevel: "warning",
  });
  const find = createRequire(import.meta.url);
  await symlink(dirname(find.resolve("onnxruntime-web/webgpu")), join(folder, "ort"));
  const page = '<!doctype html><title>panel</title><script type="module" src="panel-page.js"></script>';
  await writeFile(join(folder, "index.html"), page);
  const server = (await serve(folder, 0)) as Server;
  const address = `http://localhost:${(server.address() as AddressInfo).port}/`;
  try {
    await measureAll(executablePath, address);
  } finally {
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  }
}

async function measureAll(executablePath: string, address: string): Promise<void> {
  const ways: readonly Pick<LiveOrder, "engine" | "host" | "subject">[] = [
    { engine: "worker", host: "direct", subject: "photo" },
    { engine: "page", host: "direct", subject: "photo" },
    { engine: "worker", host: "bytes", subject: "photo" },
    { engine: "worker", host: "json", subject: "photo" },
    { engine: "worker", host: "direct", subject: "strokes" },
    { engine: "page", host: "direct", subject: "strokes" },
  ];
  const browser = await chromium.launch({ executablePath, headless: true, args: chromiumFlags as string[] });
  const medians: { readonly work: number; readonly whole: number }[] = [];
  const rows: string[][] = [];
  try {
    const version = browser.version();
    for (const way of ways) {
      const page = await browser.newPage({ viewport: { width: 400, height: 800 } });
      await page.goto(address);
      const order: LiveOrder = { ...way, side, changes, warmUp: 4 };
      const found = await page.evaluate((order) => (globalThis as unknown as LivePage).measureLive(order), order);
      await page.close();
      const parts = (["quiet", "capture", "look", "extract", "paint"] as const).map((part) =>
        milliseconds(median(found.map((change) => change[part]))),
      );
      const works = found.map(workOf);
      const [work, whole] = [median(works), median(found.map((change) => change.quiet + workOf(change)))];
      medians.push({ work, whole });
      const longest = Math.max(...found.map(({ longTask }) => longTask));
      const name = `${way.subject}, engine in ${way.engine}, host ${way.host}`;
      rows.push([name, ...parts, ...[work, Math.max(...works), whole, longest].map(milliseconds)]);
    }
    console.log(`Chromium ${version}, ${side} x ${side} pixels, ${changes} changes each after 4 that do not count`);
  } finally {
    await browser.close();
  }
  const head = ["medians", "quiet", "capture", "look", "extract", "paint", "work", "work, worst", "whole", "long task"];
  console.log(table(head, rows));
  const [worker, onPage] = medians;
  if (!worker || !onPage) throw new Error("Nothing was measured.");
  for (const [name, time] of [
    ["work", worker.work],
    ["whole", worker.whole],
  ] as const)
    console.log(`limit     ${name}: ${milliseconds(time)}, ${time < liveLimit ? "below" : "ABOVE"} ${liveLimit} ms`);
  console.log(`ratio     work, engine in the worker / on the page's thread: ${(worker.work / onPage.work).toFixed(2)}`);
}

/** All but the panel's waiting for the end of a gesture. */
function workOf({ capture, look, extract, paint }: LiveChange): number {
  return capture + look + extract + paint;
}
