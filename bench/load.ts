import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createReadStream, readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { Engine, type StoredWeights } from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";
import { decode } from "../engine/src/models/decode.ts";
import type { Dtype } from "../engine/src/models/safetensors.ts";
import { machine, megabytes, numberOption, seconds, table } from "./measure/report.ts";

// From a checkpoint of one file to the end of the first step, on the CPU in float32: the engine against diffusers'
// from_single_file, each in a process of its own, in turns, with the file in the system's cache. And how fast a core turns
// the short floats of checkpoints into float32.
//
//   node scripts/run.mjs bench/load.ts FOLDER --python PYTHON [--rounds 3] [--threads 2] [--weights half|full]
//
// "half", which a checkpoint of this size gets by itself, leaves the weights in the file and widens them in each step, "full"
// holds them in float32. FOLDER is made by test/full-size/make.py; PYTHON is one with torch, diffusers and transformers.
// Libraries are imported before the clock starts, on both sides. "Peak" is the most that the process had in memory (VmHWM), weights that it has
// mapped from a file included; "own" is what of it belongs to no file, sampled every 20 ms: that is what nothing but
// swapping gives back. "Processor" is the time of all cores together.

const script = import.meta.url;
const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    python: { type: "string" },
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    weights: { type: "string" },
    child: { type: "boolean" },
  },
});
const [folder] = positionals;
if (folder === undefined) throw new TypeError("Which model? Usage: bench/load.ts FOLDER --python PYTHON");
const checkpoint = join(folder, "base.safetensors");
if (values.child) await child(checkpoint, numberOption("threads", values.threads, 1));
else await parent(checkpoint, folder);

interface Report {
  readonly about: string;
  readonly loaded: number;
  readonly first: number;
}

/** Loads and takes one step, in this process. */
async function child(path: string, threads: number): Promise<void> {
  const engine = new Engine({ runtime: { device: "cpu", threads } });
  const { about } = await engine.device();
  const began = performance.now();
  const weights = values.weights as StoredWeights | undefined;
  const pipeline = await engine.load({ base: nodeModel(path), ...(weights && { weights }) });
  const loaded = performance.now() - began;
  const stopping = new AbortController();
  let first = Number.NaN;
  await pipeline
    .generate(
      { prompt: "a lighthouse", controls: [], width: 256, height: 256, steps: 2, guidance: 1 },
      {
        signal: stopping.signal,
        onProgress(progress) {
          if (progress.phase !== "denoise" || progress.step !== 1) return;
          first = performance.now() - began;
          stopping.abort();
        },
      },
    )
    .catch((error: unknown) => {
      if (!stopping.signal.aborted) throw error;
    });
  console.log(JSON.stringify({ about, loaded, first } satisfies Report));
  // The parent reads this process's memory before it lets go.
  await once(process.stdin, "data");
  await engine.dispose();
  process.exit(0);
}

interface Measured extends Report {
  readonly peak: number;
  readonly own: number;
  readonly processor: number;
}

/** Runs one of the two ways and watches its memory. */
async function run(command: string, args: readonly string[], threads: string): Promise<Measured> {
  const env = { ...process.env, OMP_NUM_THREADS: threads };
  const way: ChildProcess = spawn(command, args, { stdio: ["pipe", "pipe", "inherit"], env });
  if (!way.stdin || !way.stdout) throw new Error(`${command} has no pipes.`);
  const status = (name: string): number => {
    const text = readFileSync(`/proc/${way.pid}/status`, "utf8");
    return 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(text)?.[1] ?? Number.NaN);
  };
  let own = 0;
  const timer = setInterval(() => {
    try {
      own = Math.max(own, status("RssAnon"));
    } catch {
      clearInterval(timer); // it ended
    }
  }, 20);
  try {
    for await (const line of createInterface({ input: way.stdout })) {
      if (!line.startsWith("{")) continue;
      const report = JSON.parse(line) as Report;
      const ticks = readFileSync(`/proc/${way.pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      const processor = 10 * (Number(ticks[11]) + Number(ticks[12]));
      const measured = { ...report, peak: status("VmHWM"), own, processor };
      way.stdin.write("\n");
      await once(way, "close");
      return measured;
    }
  } finally {
    clearInterval(timer);
  }
  throw new Error(`${command} ended without a report.`);
}

async function parent(path: string, home: string): Promise<void> {
  const { python, threads } = values;
  console.log(machine("cpu, float32", [`model     ${path}`]));
  conversion();
  if (python === undefined) throw new TypeError("--python is missing: one with torch, diffusers and transformers.");
  // Once through the file, so that both ways find it in the system's cache.
  for await (const _ of createReadStream(path, { highWaterMark: 1 << 20 }));
  const runner = fileURLToPath(new URL("../scripts/run.mjs", import.meta.url));
  const ours = [
    runner,
    fileURLToPath(script),
    home,
    "--child",
    "--threads",
    threads,
    ...(values.weights === undefined ? [] : ["--weights", values.weights]),
  ];
  const theirs = [
    fileURLToPath(new URL("./load_reference.py", import.meta.url)),
    path,
    join(home, "diffusers"),
    threads,
  ];
  const found: Record<"engine" | "diffusers", Measured[]> = { engine: [], diffusers: [] };
  for (let round = 0; round < numberOption("rounds", values.rounds, 1); round++) {
    found.engine.push(await run(process.execPath, ours, threads));
    found.diffusers.push(await run(python, theirs, threads));
  }
  const best = Object.entries(found).map(([way, rounds]) => ({
    way,
    about: rounds[0]?.about ?? "",
    loaded: Math.min(...rounds.map(({ loaded }) => loaded)),
    first: Math.min(...rounds.map(({ first }) => first)),
    processor: Math.min(...rounds.map(({ processor }) => processor)),
    peak: Math.min(...rounds.map(({ peak }) => peak)),
    own: Math.min(...rounds.map(({ own }) => own)),
  }));
  for (const { way, about } of best) console.log(`${way.padEnd(9)} ${about}`);
  const rows = best.map(({ way, loaded, first, processor, peak, own }) => [
    way,
    ...[loaded, first, processor].map(seconds),
    ...[peak, own].map(megabytes),
  ]);
  console.log(table(["from file to step", "loaded", "first step", "processor", "peak", "own, peak"], rows));
  const [engine, diffusers] = best as [(typeof best)[number], (typeof best)[number]];
  const ratio = (key: "first" | "processor" | "peak" | "own") => (engine[key] / diffusers[key]).toFixed(2);
  console.log(
    `ratio     engine / diffusers: time to the first step ${ratio("first")}, processor ${ratio("processor")}`,
  );
  console.log(`ratio     engine / diffusers: peak memory ${ratio("peak")}, of its own ${ratio("own")}`);
}

/** Gigabytes of float32 that one core makes of short floats in a second of its own time, the best of some rounds. */
function conversion(): void {
  const count = 1 << 23;
  const into = new Float32Array(count);
  const rows = (["F16", "BF16", "F8_E4M3", "F8_E5M2"] satisfies Dtype[]).map((dtype) => {
    const size = dtype.startsWith("F8") ? 1 : 2;
    // Numbers of all sizes, none of them infinite: their exponents' upper bits are never all set.
    const raw = Uint8Array.from({ length: count * size }, (_, n) => Math.imul(n, 2654435761) >>> 24).map(
      (byte) => byte & 0xbf,
    );
    let least = Number.POSITIVE_INFINITY;
    for (let round = 0; round < 9; round++) {
      const before = process.cpuUsage();
      decode(dtype, into, (to, done) => to.set(raw.subarray(done * size, done * size + to.length)), "bench", dtype);
      const { user, system } = process.cpuUsage(before);
      least = Math.min(least, user + system);
    }
    return [dtype, `${((4 * count) / least / 1e3).toFixed(2)} GB/s`];
  });
  console.log(table(["to float32", "output of one core"], rows));
}
