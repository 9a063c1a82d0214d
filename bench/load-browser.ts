import { mkdtemp, rm, stat, symlink, writeFile } from "node:fs/promises";
import type { Server } from "node:http";
import { createRequire } from "node:module";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { nodeFolder } from "@underdraw/engine/node";
import { build } from "esbuild";
import { type CDPSession, chromium } from "playwright-core";
import { baseGraphs } from "../engine/src/diffusion/loaded-base.ts";
import { weightSize } from "../engine/src/graph/index.ts";
import { openBase } from "../engine/src/models/base.ts";
import { chromiumFlags, findChromium } from "../scripts/chromium.mjs";
import { serve } from "../scripts/serve.mjs";
import type { LoadNews, LoadOrder } from "./browser/load-worker.ts";
import { procTree } from "./measure/process-tree.ts";
import { loadNow, machine, megabytes, numberOption, seconds, table } from "./measure/report.ts";

// How much JavaScript heap it takes to load a checkpoint in Chromium, in a dedicated worker, from files that a person
// picked (read in place by FileReaderSync) or that lie in the origin's private file system; against reading each file
// whole into an ArrayBuffer first. Limit (issue 10): less than 60 MB above the start. Without a GPU the adapter is
// SwiftShader, which has no half precision: the device holds float32, twice the file.
//
//   node scripts/run.mjs bench/checkpoint.ts FOLDER [--scale 1]
//   node scripts/run.mjs bench/load-browser.ts FOLDER [--from picked,opfs,whole] [--device webgpu|cpu] [--limit 900]
//
// Each way has a browser of its own. "Heap" is V8's used heap of the worker, "buffers" its ArrayBuffers outside of that
// (Chromium DevTools protocol, Runtime.getHeapUsage), both above what they were before the load, the most of all
// samples. "All processes" is what the browser's processes hold in memory at most (/proc, shared pages divided).

const HEAP_LIMIT = 60e6;
const usage = "Usage: bench/load-browser.ts FOLDER [--from picked,opfs,whole] [--device webgpu|cpu] [--limit SECONDS]";
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    from: { type: "string", default: "picked,whole" },
    device: { type: "string", default: "webgpu" },
    limit: { type: "string", default: "900" },
  },
});
const [given] = positionals;
if (given === undefined) throw new TypeError(`Which model? ${usage}`);
const folder = resolve(given);
const limit = 1000 * numberOption("limit", values.limit, 1);
const device = values.device === "cpu" ? "cpu" : "webgpu";
const ways = values.from.split(",").map((way) => {
  if (way === "picked" || way === "opfs" || way === "whole") return way;
  throw new TypeError(`--from has "${way}". ${usage}`);
});
const executablePath = findChromium();
if (executablePath === null)
  throw new Error("There is no Chromium: install Debian's package `chromium`, or set CHROMIUM.");

interface Found {
  readonly device: string;
  readonly milliseconds: number;
  readonly heap: number;
  readonly buffers: number | null;
  readonly after: number;
  readonly samples: number;
  readonly resident: number | null;
}

const load = loadNow();
const site = await mkdtemp(join(tmpdir(), "underdraw-load-browser-"));
await build({
  entryPoints: [fileURLToPath(new URL("./browser/load-worker.ts", import.meta.url))],
  bundle: true,
  splitting: true,
  format: "esm",
  platform: "browser",
  target: "es2022",
  conditions: ["@underdraw/source"],
  outdir: site,
  logLevel: "warning",
});
const find = createRequire(import.meta.url);
await symlink(join(dirname(find.resolve("onnxruntime-web/webgpu")), "."), join(site, "ort"));
await writeFile(
  join(site, "index.html"),
  '<!doctype html><title>load</title><input type="file" id="folder" webkitdirectory multiple>',
);
const server = (await serve(site, 0)) as Server;
const address = `http://localhost:${(server.address() as AddressInfo).port}/`;

const base = await openBase(nodeFolder(folder));
const weights = Object.values(baseGraphs(base, "float32"))
  .flatMap((graph) => graph.weights.map((weight) => weightSize(weight, graph.precision)))
  .reduce((a, b) => a + b, 0);
base.close();
const { size } = await stat(join(folder, "unet", "diffusion_pytorch_model.safetensors"));

const results: [way: string, found: Found | string][] = [];
for (const way of ways) results.push([way, await measure(way).catch((error: unknown) => textOf(error))]);
server.closeAllConnections();
server.close();
await rm(site, { recursive: true });

const first = results.map(([, found]) => found).find((found) => typeof found !== "string");
console.log(
  machine(
    `Chromium, ${first ? first.device : device}`,
    [
      `model     UNet file ${megabytes(size)}; all weights in float32 ${megabytes(weights)}`,
      `limit     heap ${megabytes(HEAP_LIMIT)}`,
    ],
    load,
  ),
);
const names = { picked: "picked files, in place", opfs: "private file system", whole: "each file whole in memory" };
const head = ["way of loading", "time", "heap, peak", "heap, after", "buffers, peak", "all processes, peak", "samples"];
console.log(
  table(
    head,
    results.map(([way, found]) => [
      names[way as keyof typeof names],
      ...(typeof found === "string"
        ? ["failed"]
        : [
            seconds(found.milliseconds),
            megabytes(found.heap),
            megabytes(found.after),
            found.buffers === null ? "unknown" : megabytes(found.buffers),
            found.resident === null ? "unknown" : megabytes(found.resident),
            String(found.samples),
          ]),
    ]),
  ),
);
for (const [way, found] of results) if (typeof found === "string") console.log(`${way} failed: ${found}`);
const ours = results.find(([way, found]) => way !== "whole" && typeof found !== "string")?.[1] as Found | undefined;
const whole = results.find(([way, found]) => way === "whole" && typeof found !== "string")?.[1] as Found | undefined;
if (ours)
  console.log(
    `heap limit  ${ours.heap < HEAP_LIMIT ? "held" : "BROKEN"} (${(ours.heap / HEAP_LIMIT).toFixed(2)} of it)`,
  );
if (ours && whole) {
  const all = ({ heap, buffers }: Found) => heap + (buffers ?? 0);
  console.log(
    `ratio       JavaScript memory with buffers, whole files / engine: ${(all(whole) / all(ours)).toFixed(1)}`,
  );
}
if (!ours) process.exitCode = 1;

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function measure(from: LoadOrder["from"]): Promise<Found> {
  const profile = await mkdtemp(join(tmpdir(), "underdraw-chromium-"));
  const context = await chromium.launchPersistentContext(profile, {
    executablePath: executablePath as string,
    headless: true,
    args: chromiumFlags as string[],
  });
  const processes = procTree(profile);
  try {
    const [page = await context.newPage()] = context.pages();
    await page.goto(address);
    await page.locator("#folder").setInputFiles(folder);
    const cdp = await context.newCDPSession(page);
    const heap = await workerHeap(cdp);
    await page.evaluate(
      ({ from, device, address }) => {
        const input = document.querySelector("#folder") as HTMLInputElement;
        const worker = new Worker("load-worker.js", { type: "module" });
        const news: LoadNews[] = [];
        worker.onmessage = ({ data }) => news.push(data);
        worker.onerror = ({ message }) => news.push({ news: "failed", reason: message || "the worker did not start" });
        Object.assign(globalThis, { load: { worker, news } });
        worker.postMessage({ files: [...(input.files ?? [])], from, device, assets: `${address}ort/` });
      },
      { from, device, address },
    );
    const hear = async (): Promise<LoadNews> => {
      const until = performance.now() + limit;
      while (performance.now() < until) {
        const one = await page.evaluate(() =>
          (globalThis as unknown as { load: { news: LoadNews[] } }).load.news.shift(),
        );
        if (one?.news === "failed") throw new Error(one.reason);
        if (one) return one;
        await new Promise((wake) => setTimeout(wake, 20));
      }
      throw new Error(`it took more than ${limit / 1000} s`);
    };
    const say = (word: string) =>
      page.evaluate((word) => {
        (globalThis as unknown as { load: { worker: Worker } }).load.worker.postMessage(word);
      }, word);
    const ready = await hear();
    await heap.collect();
    const start = await heap.read();
    let most = { ...start };
    let [samples, resident] = [0, processes.resident()];
    let asked = performance.now();
    let loading = true;
    const watching = (async () => {
      while (loading) {
        const now = await heap.read().catch(() => null);
        // Asking /proc for so many processes takes a while, in which nobody watches the heap.
        if (performance.now() - asked > 500) {
          const held = processes.resident();
          if (held !== null && resident !== null) resident = Math.max(resident, held);
          asked = performance.now();
        }
        if (now) {
          samples++;
          most = {
            used: Math.max(most.used, now.used),
            buffers: now.buffers === null || most.buffers === null ? null : Math.max(most.buffers, now.buffers),
          };
        }
        await new Promise((wake) => setTimeout(wake, 5));
      }
    })();
    await say("load");
    const ended = await hear().finally(() => {
      loading = false;
    });
    await watching;
    await heap.collect();
    const after = await heap.read();
    if (ready.news !== "ready" || ended.news !== "ended")
      throw new Error(`The worker said ${ready.news}, ${ended.news}.`);
    return {
      device: ready.device,
      milliseconds: ended.milliseconds,
      heap: most.used - start.used,
      buffers: most.buffers === null || start.buffers === null ? null : most.buffers - start.buffers,
      after: after.used - start.used,
      samples,
      resident,
    };
  } finally {
    await context.close();
    await rm(profile, { recursive: true, force: true });
  }
}

interface HeapUse {
  readonly used: number;
  /** Bytes in ArrayBuffers; null where the browser does not tell. */
  readonly buffers: number | null;
}

/** Looks into the heap of a page's first worker from outside, also while the worker is busy. */
async function workerHeap(cdp: CDPSession): Promise<{ read(): Promise<HeapUse>; collect(): Promise<void> }> {
  let session: (id: string) => void = () => {};
  const attached = new Promise<string>((found) => {
    session = found;
  });
  const waiting = new Map<number, { done: (value: unknown) => void; failed: (error: Error) => void }>();
  cdp.on("Target.attachedToTarget", ({ sessionId, targetInfo }) => {
    if (targetInfo.type === "worker") session(sessionId);
  });
  cdp.on("Target.receivedMessageFromTarget", ({ message }) => {
    const { id, result, error } = JSON.parse(message);
    const one = waiting.get(id);
    waiting.delete(id);
    if (error) one?.failed(new Error(error.message));
    else one?.done(result);
  });
  await cdp.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false, flatten: false });
  let count = 0;
  const call = async (method: string): Promise<Record<string, number>> => {
    const sessionId = await attached;
    const id = ++count;
    const answer = new Promise<unknown>((done, failed) => waiting.set(id, { done, failed }));
    await cdp.send("Target.sendMessageToTarget", { sessionId, message: JSON.stringify({ id, method }) });
    return (await answer) as Record<string, number>;
  };
  return {
    async read() {
      const found = await call("Runtime.getHeapUsage");
      return { used: found["usedSize"] ?? Number.NaN, buffers: found["backingStorageSize"] ?? null };
    },
    async collect() {
      await call("HeapProfiler.enable");
      await call("HeapProfiler.collectGarbage");
    },
  };
}
