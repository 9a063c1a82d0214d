import { writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Engine, type TrainingMode } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { openPairs } from "@underdraw/engine/training";
import { miniFolder } from "@underdraw/model-mini/node";
import { adam, adamwStep } from "../engine/src/graph/adamw.ts";
import { CONTROL_PREFIX, elements, sinusoids } from "../engine/src/graph/index.ts";
import { stepMemory, trainingStep } from "../engine/src/graph/training-step.ts";
import { openBase } from "../engine/src/models/base.ts";
import { within } from "../engine/src/models/folder.ts";
import { openNet } from "../engine/src/models/net.ts";
import { joinTensors } from "../engine/src/models/tensors.ts";
import { weightsOf } from "../engine/src/models/weights.ts";
import { openRuntime } from "../engine/src/runtime/open-runtime.ts";
import type { Runtime, Tensor } from "../engine/src/runtime/runtime.ts";
import { answerLines } from "./measure/answering.ts";
import { collect, procBytes, runChild } from "./measure/child.ts";
import { operationTimes } from "./measure/operations.ts";
import { type PeerAnswer, startPeer } from "./measure/peer-process.ts";
import { loadNow, machine, median, megabytes, milliseconds, numberOption, table } from "./measure/report.ts";

// A step of training the pack's net, forward, backward and AdamW with its clipping, on the CPU provider against PyTorch
// with diffusers on the same cores: each in a process of its own, in turn, to and fro. What counts is the time of the
// processors at its least, since other work can only add. Then what segments save of memory, each in a process of its
// own, against what is counted before; what whole trainings take, with held-out pairs drawn and without, against their
// plan (limit: within 20 %); and where the time goes by operation. Memory is Linux only.
//
//   node scripts/run.mjs bench/training.ts --python PYTHON              (one with torch and diffusers)
//   also: --batch 8 --context 77 --rank 4 --segments 2 --rounds 7 --threads N (for both) --memory --plan --operations

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    batch: { type: "string", default: "8" },
    context: { type: "string", default: "77" },
    rank: { type: "string" },
    segments: { type: "string", default: "1" },
    rounds: { type: "string", default: "7" },
    memory: { type: "boolean", default: false },
    plan: { type: "boolean", default: false },
    operations: { type: "boolean", default: false },
    threads: { type: "string" },
    child: { type: "string" },
    training: { type: "string" },
  },
});
const extent = {
  batch: numberOption("batch", values.batch, 1),
  context: numberOption("context", values.context, 1),
  height: 16,
  width: 16,
};
const rank = values.rank === undefined ? null : numberOption("rank", values.rank, 1);
const segments = numberOption("segments", values.segments, 1);
const rounds = numberOption("rounds", values.rounds, 1);
const RATE = 1e-5;
const [self, runner] = [fileURLToPath(import.meta.url), fileURLToPath(new URL("../scripts/run.mjs", import.meta.url))];
const shared = (["batch", "context", "rank", "segments"] as const).flatMap((name) => {
  const value = values[name];
  return value === undefined ? [] : [`--${name}`, value];
});

/** The pack's base and net as a step that learns. */
async function openPack() {
  const folder = nodeFolder(miniFolder());
  const [base, net] = [await openBase(folder), await openNet(within(folder, "controlnet/lines"))];
  const tensors = joinTensors("base and net", [
    [CONTROL_PREFIX, net.tensors],
    ["", base.unet.tensors],
  ]);
  const unet = base.unet.config;
  const step = trainingStep(unet, net.config, { extent, device: "cpu", rank, segments });
  return { unet, step, weights: weightsOf(tensors) };
}

/** Numbers in -1..1, the same each time. */
function numbers(count: number): Float32Array {
  let state = 1;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** A net that learns from the same batch again and again. */
async function openTraining(runtime: Runtime) {
  const { unet, step, weights } = await openPack();
  const gradients = await runtime.open(step.graph, weights);
  const update = await runtime.open(adamwStep(step.weights), weights);
  const tensor = (dims: readonly number[], of: Float32Array) => runtime.tensor("float32", dims, of);
  const state = new Map<string, Tensor>();
  for (const weight of step.weights) {
    const first = new Float32Array(elements(weight.dims));
    if (!/\.(down|up)$/.test(weight.parts[0]?.key ?? "")) weights.read(weight, "float32", new Uint8Array(first.buffer));
    else if (weight.parts[0]?.key.endsWith(".down")) first.set(numbers(first.length));
    state.set(weight.name, tensor(weight.dims, first));
    for (const moment of ["m", "v"])
      state.set(`${moment}.${weight.name}`, tensor(weight.dims, new Float32Array(first.length)));
  }
  const times = Array.from({ length: extent.batch }, (_, n) => 100 + 111 * n);
  const feeds = Object.fromEntries(
    step.graph.inputs
      .filter(({ name }) => !state.has(name))
      .map(({ name, dims }) => {
        const sides = dims as number[];
        if (name === "sinusoid") return [name, tensor(sides, Float32Array.from(sinusoids(times, unet)))];
        return [
          name,
          tensor(sides, name === "scale" ? new Float32Array(extent.batch).fill(1) : numbers(elements(sides))),
        ];
      }),
  );
  let count = 0;
  return {
    step: async (): Promise<number> => {
      count += 1;
      const own = Object.fromEntries(step.weights.map(({ name }) => [name, state.get(name) as Tensor]));
      const { loss, prediction, ...found } = await gradients.run({ ...feeds, ...own });
      const scalars = {
        share: 1,
        clip: 1,
        kept: 1 - RATE * 0.01,
        rate: RATE / (1 - adam.beta1 ** count),
        root: 1 / Math.sqrt(1 - adam.beta2 ** count),
      };
      const scalar = Object.fromEntries(
        Object.entries(scalars).map(([name, x]) => [name, tensor([1], Float32Array.of(x))]),
      );
      const { norm, ...next } = await update.run({ ...scalar, ...Object.fromEntries(state), ...found });
      const value = (await runtime.read(loss as Tensor))[0] ?? Number.NaN;
      for (const [name, tensor] of Object.entries(next)) {
        const key = name.slice("next.".length);
        state.get(key)?.dispose();
        state.set(key, tensor);
      }
      for (const tensor of [loss, prediction, norm, ...Object.values(found), ...Object.values(scalar)])
        tensor?.dispose();
      return value;
    },
  };
}

/** What one process takes for its first runs. Bytes. */
interface Report {
  readonly estimate: number;
  readonly measured: number;
  /** Time of the processors of a run, at its least. Milliseconds. */
  readonly cpu: number;
}

/** Measures runs of the graph of a step in this process, and reports on stdout. */
async function memoryProcess(): Promise<void> {
  const { step, weights } = await openPack();
  const runtime = await openRuntime({ device: "cpu" });
  const session = await runtime.open(step.graph, weights);
  const feeds = Object.fromEntries(
    step.graph.inputs.map(({ name, dims }) => {
      const sides = dims as number[];
      return [
        name,
        runtime.tensor(
          "float32",
          sides,
          numbers(elements(sides)).map((value) => value * 0.05),
        ),
      ];
    }),
  );
  collect();
  const before = procBytes("self/status", "VmRSS");
  if (before === null) throw new Error("This system does not tell of resident memory.");
  writeFileSync("/proc/self/clear_refs", "5");
  const spent: number[] = [];
  for (let n = 0; n < 3; n++) {
    const begun = process.cpuUsage();
    const outputs = await session.run(feeds);
    const { user, system } = process.cpuUsage(begun);
    spent.push((user + system) / 1000);
    for (const tensor of Object.values(outputs)) tensor.dispose();
  }
  const measured = (procBytes("self/status", "VmHWM") ?? 0) - before;
  const report: Report = { estimate: stepMemory(step.graph, extent), measured, cpu: Math.min(...spent) };
  console.log(JSON.stringify(report));
}

/** Steps by the engine and by PyTorch in turn. */
async function compare(python: string): Promise<void> {
  const load = loadNow();
  const reference = fileURLToPath(new URL("training_reference.py", import.meta.url));
  const threads = values.threads === undefined ? [] : ["--threads", values.threads];
  const peers = await Promise.all([
    startPeer(process.execPath, [runner, self, "--child", "step", ...shared, ...threads]),
    startPeer(python, [reference, miniFolder(), "lines", values.batch, values.context, values.threads ?? "0"]),
  ]);
  const answers: PeerAnswer[][] = [[], []];
  // The first step of each lays out memory.
  for (let round = 0; round <= rounds; round++)
    for (const at of round % 2 ? [1, 0] : [0, 1]) {
      const answer = await peers[at]?.ask({});
      if (round > 0 && answer) answers[at]?.push(answer);
    }
  for (const peer of peers) await peer.close();
  console.log(
    machine(peers.map(({ about }) => about).join("; "), [`work      batch ${values.batch}, ${rounds} rounds`], load),
  );
  const figures = answers.map((all) => {
    const [ms, cpu] = [all.map((answer) => answer.ms), all.map((answer) => answer.cpu)];
    return {
      fastest: Math.min(...ms),
      middle: median(ms),
      cpu: Math.min(...cpu),
      peak: Math.max(...all.map(({ peak }) => peak)),
    };
  });
  const rows = figures.map(({ fastest, middle, cpu, peak }, n) => [
    n === 0 ? "engine" : "PyTorch",
    ...[fastest, middle, cpu].map(milliseconds),
    megabytes(peak),
  ]);
  console.log(table(["a step", "fastest", "median", "processors, least", "peak"], rows));
  const [ours, theirs] = figures;
  if (ours && theirs)
    console.log(
      `engine / PyTorch: processors ${(ours.cpu / theirs.cpu).toFixed(2)}, fastest ${(ours.fastest / theirs.fastest).toFixed(2)}\n`,
    );
}

async function memoryTable(): Promise<void> {
  const rows: string[][] = [];
  for (const count of [1, 2, 4, 8]) {
    const args = [
      ...shared.filter((_, n) => shared[n - 1] !== "--segments" && shared[n] !== "--segments"),
      "--segments",
      `${count}`,
    ];
    const { estimate, measured, cpu } = await runChild<Report>(import.meta.url, ["--child", "memory", ...args]);
    rows.push([
      `${count}`,
      megabytes(measured),
      megabytes(estimate),
      (estimate / measured).toFixed(2),
      milliseconds(cpu),
    ]);
  }
  console.log(table(["segments", "a run takes", "counted", "counted / taken", "processors"], rows));
}

/** A whole training: what of the pack's fresh net learns, pairs a step, and pairs that are held out and drawn. */
interface Training {
  readonly mode: TrainingMode;
  readonly batch: number;
  readonly heldOut: number;
}

/** Trains on the example's pairs in this process, and reports what was planned and what it took on stdout. */
async function planProcess({ mode, batch, heldOut }: Training): Promise<void> {
  const pairs = await openPairs(nodeFolder(fileURLToPath(new URL("../examples/train/pairs", import.meta.url))), {
    condition: "silhouette",
  });
  await using engine = new Engine({ models: nodeFolder(miniFolder()), runtime: { device: "cpu" } });
  await using trainer = await engine.train({ mode, batch });
  const { bytes, samples } = trainer.plan;
  const settings = { steps: 6, measureEvery: 3, heldOut };
  let drawn = 0;
  for await (const moment of trainer.run(pairs, settings))
    if (moment.kind === "measure") drawn += moment.samples.length;
  if (heldOut > 0 && drawn === 0) throw new Error("Nothing was drawn.");
  const measured = procBytes("self/status", "VmHWM");
  if (measured === null) throw new Error("This system does not tell of resident memory.");
  const estimate = heldOut > 0 ? bytes : bytes - (samples ?? 0);
  console.log(JSON.stringify({ estimate, measured }));
}

async function planTable(): Promise<void> {
  const rows: string[][] = [];
  let worst = 0;
  for (const heldOut of [4, 0])
    for (const batch of [8, 4])
      for (const mode of ["whole", "light"] as const) {
        const child = ["--child", "plan", "--training", JSON.stringify({ mode, batch, heldOut })];
        const { estimate, measured } = await runChild<Pick<Report, "estimate" | "measured">>(import.meta.url, child);
        worst = Math.max(worst, Math.abs(estimate / measured - 1));
        const numbers = [megabytes(measured), megabytes(estimate), (estimate / measured).toFixed(2)];
        rows.push([mode, `${batch}`, heldOut > 0 ? "yes" : "no", ...numbers]);
      }
  console.log(table(["learns", "batch", "draws", "taken", "planned", "planned / taken"], rows));
  console.log(`limit of 20 %: ${worst <= 0.2 ? "held" : "BROKEN"}, off by ${(100 * worst).toFixed(0)} % at the most`);
}

async function operationTable(): Promise<void> {
  const { step, weights } = await openPack();
  const times = await operationTimes(step.graph, weights, extent, 3);
  const all = times.reduce((sum, [, time]) => sum + time, 0);
  console.log(
    table(
      ["operation", "share"],
      times.slice(0, 20).map(([name, time]) => [name, `${((100 * time) / all).toFixed(1)} %`]),
    ),
  );
}

if (values.child === "step") await stepProcess();
else if (values.child === "memory") await memoryProcess();
else if (values.child === "plan") await planProcess(JSON.parse(values.training ?? "{}") as Training);
else {
  if (values.python !== undefined) await compare(values.python);
  if (values.memory) await memoryTable();
  if (values.plan) await planTable();
  if (values.operations) await operationTable();
}

async function stepProcess(): Promise<void> {
  const runtime = await openRuntime({
    device: "cpu",
    ...(values.threads === undefined ? {} : { threads: numberOption("threads", values.threads, 1) }),
  });
  const training = await openTraining(runtime);
  await answerLines(runtime.about, async () => {
    await training.step();
  });
  await runtime.dispose();
}
