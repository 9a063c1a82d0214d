import { parseArgs } from "node:util";
import { nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { controlNetGraphs } from "../engine/src/controlnet/net.ts";
import { createSchedule } from "../engine/src/diffusion/scheduler.ts";
import { CONTROL_PREFIX, type Graph, unetDecoder, unetEncoder, wholeStep } from "../engine/src/graph/index.ts";
import { openBase } from "../engine/src/models/base.ts";
import { within } from "../engine/src/models/folder.ts";
import { openNet } from "../engine/src/models/net.ts";
import { openRuntime } from "../engine/src/runtime/open-runtime.ts";
import { type Denoiser, type Job, openSplit, openWhole, type Steered } from "./measure/denoisers.ts";
import { operationTimes } from "./measure/operations.ts";
import { randomWeights } from "./measure/random-weights.ts";
import { machine, median, milliseconds, numberOption, table } from "./measure/report.ts";
import { stableDiffusion } from "./measure/shapes.ts";

// What the split into graphs saves in a step: the engine's loop (unet_encoder, control, unet_decoder, with kv, temb
// and hint before the loop, their time counted) against one graph of the same network with everything inside the loop,
// made by the same builder, on the same provider, with the same weights. One ControlNet, guidance unless --batch 1.
// Rounds go to and fro (split, whole, whole, split ...), and medians are compared. That both give the same latent is
// checked. Then the share of each graph, and with --operations that of each operation by onnxruntime's profile.
//
//   node scripts/run.mjs bench/split.ts --shape pack                   (the pack's networks, 16 x 16 latents)
//   node scripts/run.mjs bench/split.ts --shape sd --scale 0.5 --side 32   (half of Stable Diffusion 1.5's width)
//   also: --steps 20 --rounds 5 --batch 2 --threads N --operations

const { values } = parseArgs({
  options: {
    shape: { type: "string", default: "pack" },
    scale: { type: "string", default: "0.5" },
    side: { type: "string" },
    steps: { type: "string", default: "20" },
    rounds: { type: "string", default: "5" },
    batch: { type: "string", default: "2" },
    threads: { type: "string" },
    operations: { type: "boolean", default: false },
  },
});
if (values.shape !== "pack" && values.shape !== "sd") throw new TypeError(`--shape is "${values.shape}"; pack or sd.`);
const scale = numberOption("scale", values.scale, 0.01);
const steps = numberOption("steps", values.steps, 1);
const rounds = numberOption("rounds", values.rounds, 1);
const side = numberOption("side", values.side ?? (values.shape === "pack" ? "16" : "32"), 1);

const { steered, context } =
  values.shape === "pack" ? await packShape() : { steered: stableDiffusion(scale), context: 77 };
const schedule = (count: number) =>
  createSchedule(
    { _class_name: "DDIMScheduler", beta_schedule: "scaled_linear", beta_start: 0.00085, beta_end: 0.012 },
    count,
  );
const job: Job = { schedule: schedule(steps), batch: values.batch === "1" ? 1 : 2, side, context };

const runtime = await openRuntime({
  device: "cpu",
  ...(values.threads === undefined ? {} : { threads: numberOption("threads", values.threads, 1) }),
});
const shape = values.shape === "pack" ? "the pack's" : `Stable Diffusion 1.5's at ${scale} of its width`;
console.log(
  machine(`${runtime.provider}, ${runtime.precision} (${runtime.about})`, [
    `shape     ${shape}: channels ${steered.unet.channels.join(", ")}; latents ${side} x ${side}, batch ${job.batch}`,
    `work      ${steps} steps with one ControlNet, ${rounds} rounds`,
  ]),
);

const split = await openSplit(runtime, steered);
const whole = await openWhole(runtime, steered);
await compareResults(split, whole);
const times = { split: [] as number[], whole: [] as number[] };
const spent = new Map<string, number>();
split.lap();
whole.lap();
for (let round = 0; round < rounds; round++) {
  const order = round % 2 === 0 ? (["split", "whole"] as const) : (["whole", "split"] as const);
  for (const form of order) {
    const denoiser = form === "split" ? split : whole;
    const started = performance.now();
    await denoiser.run(job);
    times[form].push((performance.now() - started) / steps);
    if (form === "split") for (const [name, ms] of denoiser.lap()) spent.set(name, (spent.get(name) ?? 0) + ms);
  }
}

const span = (list: readonly number[]) => `${Math.min(...list).toFixed(1)} to ${Math.max(...list).toFixed(1)}`;
console.log(
  table(
    ["form", "per step, median", "fastest to slowest"],
    (["split", "whole"] as const).map((form) => [form, milliseconds(median(times[form])), span(times[form])]),
  ),
);

const total = times.split.reduce((a, b) => a + b, 0) * steps;
const known = [...spent].sort((a, b) => b[1] - a[1]);
const rest = total - known.reduce((sum, [, ms]) => sum + ms, 0);
console.log(
  table(
    ["graph (split form)", "per step", "share"],
    [...known, ["between the graphs", rest] as const].map(([name, ms]) => [
      name,
      milliseconds(ms / rounds / steps),
      `${((100 * ms) / total).toFixed(1)} %`,
    ]),
  ),
);
await split.release();
await whole.release();
await runtime.dispose();
if (values.operations) await reportOperations(steered, job);

const paired = times.split.map((ms, n) => ms / (times.whole[n] ?? Number.NaN));
console.log(`ratio     time per step, split / whole: ${(median(times.split) / median(times.whole)).toFixed(3)}`);
console.log(`          by round: ${paired.map((ratio) => ratio.toFixed(3)).join(", ")}`);

/** The pack's UNet and the net for lines: their configs; the weights are random here, as those of the other shape. */
async function packShape(): Promise<{ steered: Steered; context: number }> {
  const folder = nodeFolder(miniFolder());
  const base = await openBase(folder);
  const net = await openNet(within(folder, "controlnet/lines"), { like: base.unet.config });
  base.close();
  net.close();
  return { steered: { unet: base.unet.config, net: net.config }, context: base.text.config.length };
}

/** Also warms both up. */
async function compareResults(...both: readonly [Denoiser, Denoiser]): Promise<void> {
  const short: Job = { ...job, schedule: schedule(2) };
  const [a, b] = [await both[0].run(short), await both[1].run(short)];
  let [difference, size] = [0, 0];
  for (const [n, value] of a.entries()) {
    difference += (value - (b[n] ?? 0)) ** 2;
    size += value ** 2;
  }
  const error = Math.sqrt(difference / size);
  if (!(error < 1e-4))
    throw new Error(`The two forms give different latents (relative error ${error}): nothing to compare.`);
  console.log(`both forms give the same latent after two steps: relative error ${error.toExponential(1)}\n`);
}

async function reportOperations({ unet, net }: Steered, { batch, side, context }: Job): Promise<void> {
  const graphs: [name: string, graph: Graph, prefix: string][] = [
    ["unet_encoder", unetEncoder(unet, "float32"), ""],
    ["control", controlNetGraphs(net, "float32").control, CONTROL_PREFIX],
    ["unet_decoder", unetDecoder(unet, "float32"), ""],
    ["whole", wholeStep(unet, net, "float32"), ""],
  ];
  const extent = { batch, height: side, width: side, context };
  const rows: string[][] = [];
  for (const [name, graph, prefix] of graphs) {
    const found = await operationTimes(graph, randomWeights(prefix), extent, 3);
    const all = found.reduce((sum, [, time]) => sum + time, 0);
    for (const [operation, time] of found) {
      if (time / all < 0.01) continue;
      rows.push([name, operation, milliseconds(time / 1000), `${((100 * time) / all).toFixed(1)} %`]);
    }
  }
  console.log(table(["graph", "operation", "per run, profiled", "share"], rows));
}
