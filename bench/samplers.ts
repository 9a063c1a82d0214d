import { readFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { Engine, type GenerateRequest, type Pixels } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { readPicture } from "@underdraw/engine/pictures";
import { miniFolder, miniSketches } from "@underdraw/model-mini/node";
import { loadNow, machine, median, milliseconds, numberOption, table } from "./measure/report.ts";
import { rowMilliseconds } from "./measure/sampler-rows.ts";

// Which sampler does best in few steps: the pack's own sketches, drawn with each, held against what the pack's own
// scheduler draws in many steps (difference of pixels, 0 to 255) and against their maps (gain of fidelity, 0 to 1).
// What is measured is pictures and not time, so that other work may run beside it. Last comes what the samplers themselves
// take of a step, as a ratio that may be compared on a busy machine too: both were measured there.
//
//   node scripts/run.mjs bench/samplers.ts [--steps 3,4,6] [--full 30] [--seeds 2]

const { values } = parseArgs({
  options: {
    steps: { type: "string", default: "3,4,6" },
    full: { type: "string", default: "30" },
    seeds: { type: "string", default: "2" },
  },
});
const counts = values.steps.split(",").map((text) => numberOption("steps", text, 1));
const full = numberOption("full", values.full, 1);
const seeds = numberOption("seeds", values.seeds, 1);
const own = "the pack's own (ddim)";
const samplers = [
  ...[own, "euler", "dpmpp-2m", "dpmpp-2m-karras", "unipc", "unipc-karras", "deis", "dpmpp-2s"],
  ...["heun", "dpm2", "lms", "euler-ancestral", "dpmpp-2m-sde", "dpmpp-sde", "dpm2-ancestral", "lcm", "tcd"],
];

const load = loadNow();
await using engine = new Engine({ models: nodeFolder(miniFolder()), runtime: { device: "cpu" } });
const pipeline = await engine.load({ nets: ["lines"] });
const requests: GenerateRequest[] = [];
for (const { prompt, picture } of miniSketches) {
  const { pixels } = await readPicture(await readFile(picture));
  for (let seed = 1; seed <= seeds; seed++)
    requests.push({ prompt, seed, controls: [{ map: { condition: "lines", pixels }, net: "lines" }] });
}

/** The mean difference of two pictures, from 0 to 255. */
function difference(one: Pixels, other: Pixels): number {
  let sum = 0;
  for (let i = 0; i < one.data.length; i++) sum += Math.abs((one.data[i] as number) - (other.data[i] as number));
  return sum / (0.75 * one.data.length); // alpha is the same
}
const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;

const goals: Pixels[] = [];
for (const request of requests) goals.push((await pipeline.generate({ ...request, steps: full })).pixels);
const rows: string[][] = [];
for (const sampler of samplers) {
  const row = [sampler];
  for (const steps of counts) {
    const [away, gains]: [number[], number[]] = [[], []];
    for (const [n, request] of requests.entries()) {
      const drawn = await pipeline.generate({ ...request, steps, ...(sampler === own ? {} : { sampler }) });
      away.push(difference(drawn.pixels, goals[n] as Pixels));
      gains.push(drawn.fidelity[0]?.gain ?? Number.NaN);
    }
    row.push(mean(away).toFixed(2), mean(gains).toFixed(2));
  }
  rows.push(row);
}
const work = `work      ${miniSketches.length} sketches from ${seeds} seeds, against ${full} steps of the pack's own scheduler`;
console.log(machine("cpu, float32", [work], load));
const head = ["sampler", ...counts.flatMap((steps) => [`${steps} steps`, "gain"])];
console.log(table(head, rows));
const best = rows.reduce((one, other) => (Number(other[1]) < Number(one[1]) ? other : one), rows[0] as string[]);
console.log(`ratio     difference, ${best[0]} / ${own}: ${(Number(best[1]) / Number(rows[0]?.[1])).toFixed(2)}`);

// Milliseconds of a step on the pack, from one progress to the next, against those of its arithmetic.
const times: number[] = [];
const latents: number[] = [];
let before = 0;
await pipeline.generate(
  { ...(requests[0] as GenerateRequest), steps: 12 },
  {
    measure: false,
    trace: (name, { values }) => {
      if (name === "latents.final") latents.push(values.length);
    },
    onProgress: ({ phase }) => {
      const now = performance.now();
      if (phase === "denoise" && before > 0) times.push(now - before);
      before = now;
    },
  },
);
const whole = median(times);
const [count = 0] = latents;
const shares = samplers.slice(1).map((sampler) => {
  const [pack, large] = [rowMilliseconds(sampler, count), rowMilliseconds(sampler, 16_384)];
  return { sampler, pack, large, share: pack / whole };
});
console.log(
  `\nwork      arithmetic of a step without random numbers, against ${milliseconds(whole)} of a whole step on the pack`,
);
const parts = shares.map(({ sampler, pack, large, share }) => [
  sampler,
  ...[pack, large].map((one) => `${(1000 * one).toFixed(0)} µs`),
  `${(100 * share).toFixed(3)} %`,
]);
console.log(table(["sampler", `${count} values`, "16384 values", "of a step"], parts));
const most = shares.reduce((one, other) => (other.share > one.share ? other : one));
console.log(`ratio     most arithmetic / step, ${most.sampler}: ${most.share.toFixed(5)} (to be below 0.01)`);
