import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { createPixels, Engine, type GenerateRequest, type LoadRequest } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { vaeFactor } from "../engine/src/diffusion/latent.ts";
import { controlMemory } from "../engine/src/memory-controls.ts";
import { graphsToLoad } from "../engine/src/memory-graphs.ts";
import { planMemory } from "../engine/src/memory-plan.ts";
import { openBase } from "../engine/src/models/base.ts";
import { within } from "../engine/src/models/folder.ts";
import { openNet } from "../engine/src/models/net.ts";
import { collect, procBytes, runChild } from "./measure/child.ts";
import { machine, megabytes, table } from "./measure/report.ts";

// What a generation takes of memory on the CPU provider, against what is counted before anything is loaded: the peak of
// the resident size above that of the process with its device open, loading included, each in a process of its own.
// Linux only. Limit (issue 15): within 15 % of the estimate.
//
//   node scripts/run.mjs bench/checkpoint.ts FOLDER --scale 0.4      (once: a model of middling size)
//   node scripts/run.mjs bench/memory.ts [FOLDER]

interface Case {
  readonly model: string;
  readonly side: number;
  readonly weights: NonNullable<LoadRequest["weights"]>;
  readonly nets: readonly string[];
  /** Bytes that there are; as many as wanted without. */
  readonly memory?: number;
}

interface Report {
  readonly estimate: number;
  readonly measured: number;
  readonly loaded: number;
  readonly thrift: string;
}

const LIMIT = 0.15;
const { positionals, values } = parseArgs({ allowPositionals: true, options: { child: { type: "string" } } });
if (values.child !== undefined) await child(JSON.parse(values.child) as Case);
else await parent(positionals[0]);

function requestOf({ side, nets }: Case): GenerateRequest {
  const pixels = createPixels(side, side);
  pixels.data.fill(255);
  return {
    prompt: "a boat",
    width: side,
    height: side,
    steps: 2,
    guidance: 5,
    seed: 1,
    controls: nets.map((net) => ({ net, map: { condition: net, pixels } })),
  };
}

/** Counts and measures in this process, and reports on stdout. */
async function child(asked: Case): Promise<void> {
  const folder = nodeFolder(asked.model);
  const request = requestOf(asked);
  const engine = new Engine({
    models: folder,
    runtime: { device: "cpu" },
    keep: 0,
    ...(asked.memory === undefined ? {} : { memory: asked.memory }),
  });
  const { provider, precision } = await engine.device();
  const plan = await counted(asked, request, { provider, precision });
  collect();
  const before = procBytes("self/status", "VmRSS");
  if (before === null) throw new Error("This system does not tell of resident memory.");
  // The peak that the system keeps is set back to now.
  writeFileSync("/proc/self/clear_refs", "5");
  const pipeline = await engine.load({ nets: asked.nets, weights: asked.weights });
  const loaded = (procBytes("self/status", "VmRSS") ?? 0) - before;
  await pipeline.generate(request, { measure: false });
  const measured = (procBytes("self/status", "VmHWM") ?? 0) - before;
  await engine.dispose();
  const report: Report = { estimate: plan.needed, measured, loaded, thrift: plan.thrift };
  console.log(JSON.stringify(report));
}

/** What the engine counts, from the model's configs alone. */
async function counted(
  { model, weights, nets: names, memory }: Case,
  request: GenerateRequest,
  device: Pick<Awaited<ReturnType<Engine["device"]>>, "provider" | "precision">,
) {
  const folder = nodeFolder(model);
  const base = await openBase(folder);
  const nets = new Map(
    await Promise.all(
      names.map(
        async (name) =>
          [name, await openNet(within(folder, `controlnet/${name}`), { like: base.unet.config })] as const,
      ),
    ),
  );
  const bits = weights === "full" ? null : weights === "int8" ? 8 : 4;
  const graphs = graphsToLoad(base, nets, { precision: device.precision, bits });
  const factor = vaeFactor(base.vae.config);
  const { width = 0, height = 0, steps = 0 } = request;
  const extent = {
    pixels: { width, height },
    cells: { width: width / factor, height: height / factor },
    ...{ steps, guided: true, begins: false, context: base.text.config.length },
  };
  const controls = request.controls.map((control) => controlMemory(graphs, control, control.net ?? "", extent));
  const returned = process.env["MALLOC_MMAP_THRESHOLD_"] === undefined ? 0.05 : 0.9;
  const runtime = { provider: device.provider, memory: { total: null, tensor: null, returned } };
  base.close();
  for (const net of nets.values()) net.close();
  return planMemory(graphs, extent, controls, { runtime, budget: memory ?? null });
}

async function parent(folder: string | undefined): Promise<void> {
  console.log(machine("cpu, float32"));
  const pack = miniFolder();
  const cases: Case[] = [];
  for (const side of [256, 512]) {
    cases.push({ model: pack, side, weights: "full", nets: [] });
    cases.push({ model: pack, side, weights: "full", nets: ["lines"] });
    cases.push({ model: pack, side, weights: "int8", nets: [] });
    if (folder !== undefined)
      for (const weights of ["full", "int8", "int4"] as const) cases.push({ model: folder, side, weights, nets: [] });
  }
  const rows: string[][] = [];
  let worst = 0;
  const measure = async (one: Case): Promise<Report> => {
    const report = await runChild<Report>(import.meta.url, ["--child", JSON.stringify(one)]);
    const ratio = report.measured / report.estimate;
    worst = Math.max(worst, Math.abs(ratio - 1));
    rows.push([
      one.model === pack ? `the pack${one.nets.length > 0 ? ` with ${one.nets}` : ""}` : "made up",
      `${one.side}`,
      one.weights,
      report.thrift,
      ...[report.estimate, report.measured, report.loaded].map(megabytes),
      ratio.toFixed(2),
    ]);
    return report;
  };
  for (const one of cases) await measure(one);
  // With less than all needs: what is given up must really be given back.
  // glibc keeps it by default (runtime/backend-node.ts).
  process.env["MALLOC_MMAP_THRESHOLD_"] = "65536";
  const ample: Case = { model: pack, side: 512, weights: "full", nets: [] };
  const { estimate } = await measure(ample);
  for (const share of [0.85, 0.75]) await measure({ ...ample, memory: share * estimate });
  const head = ["model", "side", "weights", "thrift", "estimate", "measured", "after loading", "ratio"];
  console.log(table(head, rows));
  console.log(
    `limit           ${worst <= LIMIT ? "held" : "BROKEN"}: off by ${(100 * worst).toFixed(0)} % at the most`,
  );
}
