import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Engine } from "@underdraw/engine";
import { type ModelFolder, nodeFolder } from "@underdraw/engine/node";
import * as ort from "onnxruntime-node";
import { baseGraphs } from "../engine/src/diffusion/loaded-base.ts";
import { type Graph, type Weight, type Weights, weightSize } from "../engine/src/graph/index.ts";
import { type Location, onnxBytes } from "../engine/src/graph/onnx.ts";
import { openBase } from "../engine/src/models/base.ts";
import { memorySource } from "../engine/src/models/memory.ts";
import { weightsOf } from "../engine/src/models/weights.ts";
import { collect, procBytes, runChild } from "./measure/child.ts";
import { machine, megabytes, seconds, table } from "./measure/report.ts";
import { watchedFolder } from "./measure/watched.ts";

// How much memory and time it takes to load a checkpoint in Node, on the CPU provider in float32: the engine against
// what is commonly done, the file read whole into memory and its weights handed to onnxruntime from there. Each in a
// process of its own, with the file in the system's cache. Limits (issue 10): less than 60 MB of JavaScript heap above
// the start, and a peak resident size below 1.35 x (weights in the device's type) + 400 MB.
//
//   node scripts/run.mjs bench/checkpoint.ts FOLDER            (once: 1.7 GB)
//   node scripts/run.mjs bench/load-node.ts FOLDER [--only engine|whole]
//
// The whole-file way needs about five times the memory of the weights; it is left out, with a word, where that is not
// free. "Heap" is V8's used heap, garbage included; "buffers" are ArrayBuffers, which lie outside of it. Both are sampled
// after each piece of a file that is read and every 5 ms, and are given above the start.

const HEAP_LIMIT = 60e6;
const residentLimit = (weights: number): number => 1.35 * weights + 400e6;

interface Report {
  readonly milliseconds: number;
  readonly heap: number;
  readonly heapAfter: number;
  readonly buffers: number;
  readonly resident: number | null;
  readonly about: string;
}

const script = import.meta.url;
const usage = "Usage: bench/load-node.ts FOLDER [--only engine|whole]";
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { only: { type: "string" }, child: { type: "string" } },
});
const [folder] = positionals;
if (folder === undefined) throw new TypeError(`Which model? ${usage}`);
if (values.child !== undefined) await child(values.child, folder);
else await parent(folder, values.only);

/** Loads in one of the two ways, in this process, and reports on stdout. */
async function child(way: string, path: string): Promise<void> {
  const engine = new Engine({ runtime: { device: "cpu" } });
  const device = await engine.device();
  collect();
  const before = process.memoryUsage();
  let [heap, buffers] = [0, 0];
  const sample = () => {
    const now = process.memoryUsage();
    heap = Math.max(heap, now.heapUsed - before.heapUsed);
    buffers = Math.max(buffers, now.arrayBuffers - before.arrayBuffers);
  };
  const timer = setInterval(sample, 5);
  const started = performance.now();
  const release = way === "engine" ? await loadByEngine(engine, path, sample) : await loadWhole(path, sample);
  const milliseconds = performance.now() - started;
  sample();
  clearInterval(timer);
  collect();
  const heapAfter = process.memoryUsage().heapUsed - before.heapUsed;
  const resident = procBytes("self/status", "VmHWM");
  await release();
  await engine.dispose();
  const report: Report = { milliseconds, heap, heapAfter, buffers, resident, about: device.about };
  console.log(JSON.stringify(report));
}

async function loadByEngine(engine: Engine, path: string, sample: () => void): Promise<() => Promise<void>> {
  const pipeline = await engine.load({ base: watchedFolder(nodeFolder(path), sample) }, { onProgress: sample });
  return () => pipeline.dispose();
}

/** Every weights file in memory, every graph's weights in memory beside it, as they are handed over. */
async function loadWhole(path: string, sample: () => void): Promise<() => Promise<void>> {
  const disk = nodeFolder(path);
  const folder: ModelFolder = {
    ...disk,
    open: async (name, options) =>
      name.endsWith(".safetensors") && (await disk.open(name, options))
        ? memorySource(name, await readFile(join(path, name)))
        : disk.open(name, options),
  };
  const base = await openBase(folder);
  const sessions: ort.InferenceSession[] = [];
  for (const [piece, graph] of Object.entries(baseGraphs(base, "float32"))) {
    const part = piece === "text" ? base.text : piece.startsWith("vae") ? base.vae : base.unet;
    const { data, locate } = inMemory(graph, weightsOf(part.tensors));
    sample();
    const externalData = graph.weights.length > 0 ? { externalData: [{ path: "weights", data }] } : {};
    sessions.push(
      await ort.InferenceSession.create(onnxBytes(graph, locate), {
        executionProviders: ["cpu"],
        graphOptimizationLevel: "all",
        ...externalData,
      }),
    );
    sample();
  }
  return async () => {
    for (const session of sessions) await session.release();
    base.close();
  };
}

function inMemory(graph: Graph, weights: Weights): { data: Uint8Array; locate: (weight: Weight) => Location } {
  const places = new Map<Weight, Location>();
  let end = 0;
  for (const weight of graph.weights) {
    const bytes = weightSize(weight, graph.precision);
    places.set(weight, { file: "weights", offset: end, bytes });
    end += bytes;
  }
  const data = new Uint8Array(end);
  for (const [weight, { offset, bytes }] of places)
    weights.read(weight, graph.precision, data.subarray(offset, offset + bytes));
  return { data, locate: (weight) => places.get(weight) as Location };
}

async function parent(path: string, only: string | undefined): Promise<void> {
  if (only !== undefined && only !== "engine" && only !== "whole") throw new TypeError(`--only is "${only}". ${usage}`);
  const base = await openBase(nodeFolder(path));
  const weights = Object.values(baseGraphs(base, "float32"))
    .flatMap((graph) => graph.weights.map((weight) => weightSize(weight, graph.precision)))
    .reduce((a, b) => a + b, 0);
  base.close();
  const file = join(path, "unet", "diffusion_pytorch_model.safetensors");
  const { size } = await stat(file);
  // Once through the file, so that both ways find it in the system's cache.
  for await (const _ of createReadStream(file, { highWaterMark: 1 << 20 }));
  const facts = `model     UNet file ${megabytes(size)}; all weights in float32 ${megabytes(weights)}`;
  const limits = `limits    heap ${megabytes(HEAP_LIMIT)}, resident ${megabytes(residentLimit(weights))}`;
  console.log(machine("cpu, float32", [facts, limits]));

  const found: Partial<Record<"engine" | "whole", Report>> = {};
  for (const way of ["engine", "whole"] as const) {
    if (only !== undefined && only !== way) continue;
    const free = procBytes("meminfo", "MemAvailable");
    const needed = size + 4 * weights;
    if (way === "whole" && free !== null && free < needed) {
      console.log(
        `The whole-file way is left out: it may need ${megabytes(needed)}, and ${megabytes(free)} are free.\n`,
      );
      continue;
    }
    found[way] = await runChild<Report>(script, [path, "--child", way]);
  }
  const rows = Object.entries(found).map(([way, report]) => [
    way === "engine" ? "engine (weights pulled one by one)" : "file whole in memory",
    seconds(report.milliseconds),
    megabytes(report.heap),
    megabytes(report.heapAfter),
    megabytes(report.buffers),
    report.resident === null ? "unknown" : megabytes(report.resident),
    report.resident === null ? "" : (report.resident / weights).toFixed(2),
  ]);
  const head = ["way of loading", "time", "heap, peak", "heap, after", "buffers, peak", "resident, peak", "x weights"];
  console.log(table(head, rows));
  const { engine, whole } = found;
  if (engine) {
    const held = (value: number, limit: number) =>
      `${value < limit ? "held" : "BROKEN"} (${(value / limit).toFixed(2)} of it)`;
    console.log(`heap limit      ${held(engine.heap, HEAP_LIMIT)}`);
    if (engine.resident !== null) console.log(`resident limit  ${held(engine.resident, residentLimit(weights))}`);
  }
  if (engine?.resident && whole?.resident) {
    console.log(`ratio           peak memory, whole file / engine: ${(whole.resident / engine.resident).toFixed(2)}`);
    console.log(`ratio           time, engine / whole file: ${(engine.milliseconds / whole.milliseconds).toFixed(2)}`);
  }
}
