import { parseArgs } from "node:util";
import {
  createPixels,
  Engine,
  type GenerateRequest,
  type LiveFrame,
  type LiveSettings,
  liveDrawing,
  type Pipeline,
  type Pixels,
} from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { miniFolder } from "@underdraw/model-mini/node";
import { loadNow, machine, median, milliseconds, numberOption, table } from "./measure/report.ts";

// Live drawing with the pack and its net for lines, on the CPU provider: a sketch that grows stroke by stroke, one frame
// a stroke, by steps, with what earlier frames computed and without; by what a frame begins with, how far the drawing
// jumps from frame to frame and how well the last frame follows its lines; and a hand that never rests, with its frames
// a second and how old they are.
//
//   node scripts/run.mjs bench/live.ts [--size 256] [--steps 2,4,6,8,16] [--rounds 3] [--seconds 4] [--threads N]
//
// "Processor" is the time that all cores spent on a frame, which other work beside it does not lengthen much; all else is
// what passes on a clock. All ways take turns within a round. "The request as it is" is the pack's own 16 steps, which a frame is held against.

const { values } = parseArgs({
  options: {
    size: { type: "string", default: "256" },
    steps: { type: "string", default: "2,4,6,8,16" },
    rounds: { type: "string", default: "3" },
    seconds: { type: "string", default: "4" },
    threads: { type: "string" },
  },
});
const size = numberOption("size", values.size, 64);
const rounds = numberOption("rounds", values.rounds, 1);
const stepCounts = values.steps.split(",").map((text) => numberOption("steps", text, 1));
const seconds = numberOption("seconds", values.seconds, 1);

/** How often a hand's drawing is read: once for each picture of a screen. */
const READ = 1000 / 60;

type Point = readonly [x: number, y: number];

/** An arc as points, in shares of the side; angles in turns. */
const arc = ([x, y]: Point, radius: number, from: number, to: number): Point[] =>
  Array.from({ length: 25 }, (_, n) => {
    const angle = 2 * Math.PI * (from + ((to - from) * n) / 24);
    return [x + radius * Math.cos(angle), y + radius * Math.sin(angle)];
  });

/** An apple in twelve strokes: its round, its stalk, its leaf, and a bite. */
const strokes: readonly (readonly Point[])[] = [
  ...Array.from({ length: 8 }, (_, n) => arc([0.5, 0.58], 0.3, n / 8 - 0.25, (n + 1) / 8 - 0.25)),
  arc([0.58, 0.28], 0.12, 0.5, 0.68),
  arc([0.62, 0.24], 0.13, 0.5, 0.75),
  arc([0.49, 0.11], 0.13, 0, 0.25),
  arc([0.82, 0.5], 0.1, 0.3, 0.7),
];

/** The map after so many strokes, and a share of the one that is being drawn: white lines on black. */
function sketch(count: number): Pixels {
  const pixels = createPixels(size, size);
  for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = 255;
  const radius = Math.max(1, size / 128);
  for (const [n, stroke] of strokes.entries()) {
    const share = Math.min(1, count - n);
    for (let at = 0; at < Math.floor(share * (stroke.length - 1)); at++) {
      const [[x0, y0], [x1, y1]] = [stroke[at], stroke[at + 1]] as [Point, Point];
      for (let k = 0; k <= 16; k++) {
        const [x, y] = [size * (x0 + ((x1 - x0) * k) / 16), size * (y0 + ((y1 - y0) * k) / 16)];
        for (let v = Math.floor(y - radius); v <= y + radius; v++)
          for (let u = Math.floor(x - radius); u <= x + radius; u++)
            if ((u - x) ** 2 + (v - y) ** 2 <= radius ** 2 && u >= 0 && v >= 0 && u < size && v < size)
              pixels.data.fill(255, 4 * (v * size + u), 4 * (v * size + u) + 3);
      }
    }
  }
  return pixels;
}

const request = (map: Pixels): GenerateRequest => ({
  prompt: "flat emoji of red apple",
  controls: [{ map: { condition: "lines", pixels: map }, net: "lines" }],
  width: size,
  height: size,
  seed: 7,
});
const maps = strokes.map((_, n) => sketch(n + 1));

/** One frame for each stroke, the next stroke when the frame is there. */
async function grow(
  pipeline: Pipeline,
  settings: LiveSettings | null,
  { reuse = true, requests = maps.map(request) }: { reuse?: boolean; requests?: readonly GenerateRequest[] } = {},
): Promise<readonly LiveFrame[]> {
  const frames: LiveFrame[] = [];
  const live = liveDrawing(pipeline, { settings, reuse, onFrame: (frame) => frames.push(frame) });
  for (const one of requests) {
    live.update(one);
    await live.idle;
  }
  await live.dispose();
  if (frames.length !== requests.length)
    throw new Error(`${frames.length} frames came for ${requests.length} strokes.`);
  return frames;
}

/** A hand that never rests: its drawing is told 60 times a second. */
async function scribble(pipeline: Pipeline, settings: LiveSettings): Promise<{ rate: number; age: number }> {
  const ages: number[] = [];
  const asked = new Map<number, number>();
  const live = liveDrawing(pipeline, {
    settings,
    // A frame is of what was told last before its start.
    onStart: ({ number }) => asked.set(number, performance.now()),
    onFrame: ({ number }) => ages.push(performance.now() - (asked.get(number) ?? Number.NaN)),
  });
  const begun = performance.now();
  let last = begun;
  for (let n = 1; last - begun < 1000 * seconds; n++) {
    const map = sketch((strokes.length * (last - begun)) / (1000 * seconds));
    live.update(request(map));
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, begun + n * READ - performance.now())));
    last = performance.now();
  }
  const rate = ages.length / ((last - begun) / 1000);
  await live.dispose();
  return { rate, age: median(ages) };
}

/** The mean difference of two pictures, from 0 to 255. */
function difference(one: Pixels, other: Pixels): number {
  let sum = 0;
  for (let i = 0; i < one.data.length; i++) sum += Math.abs((one.data[i] as number) - (other.data[i] as number));
  return sum / (0.75 * one.data.length); // alpha is the same
}

const mean = (list: readonly number[]): number => list.reduce((sum, one) => sum + one, 0) / list.length;
/** Milliseconds that this process's threads worked so far. */
const worked = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
};
const times = (frames: readonly LiveFrame[]): number => median(frames.map((frame) => frame.milliseconds));
const rate = (time: number): string => (1000 / time).toFixed(1);

interface Cost {
  readonly time: number;
  readonly processor: number;
}

/** Medians over rounds, in which all ways take turns. */
async function inTurns<Way>(
  ways: readonly Way[],
  run: (way: Way) => Promise<readonly LiveFrame[]>,
): Promise<readonly Cost[]> {
  const found = ways.map((): Cost[] => []);
  for (let round = 0; round < rounds; round++)
    for (const [n, way] of ways.entries()) {
      const before = worked();
      const frames = await run(way);
      found[n]?.push({ time: times(frames), processor: (worked() - before) / frames.length });
    }
  return found.map((costs) => ({
    time: median(costs.map(({ time }) => time)),
    processor: median(costs.map(({ processor }) => processor)),
  }));
}

const load = loadNow();
const engine = new Engine({
  models: nodeFolder(miniFolder()),
  runtime: {
    device: "cpu",
    ...(values.threads === undefined ? {} : { threads: numberOption("threads", values.threads, 1) }),
  },
});
const pipeline = await engine.load({ nets: ["lines"] });
await pipeline.generate(request(maps[0] as Pixels)); // the first picture of a process is slower
const work = `work      ${size} x ${size}, ${strokes.length} strokes, ${rounds} rounds, guidance ${pipeline.defaults.guidance}`;
console.log(machine("cpu, float32", [work], load));

const ways = stepCounts.flatMap((steps) => [true, false].map((reuse) => ({ steps, reuse })));
// Another prompt each round: what an earlier round computed is not known to a later one.
let number = 0;
const fresh = (reuse: boolean) => {
  const prompt = `flat emoji of red apple ${++number}`;
  return { reuse, requests: maps.map((map) => ({ ...request(map), prompt })) };
};
const costs = await inTurns(ways, ({ steps, reuse }) => grow(pipeline, { steps, sampler: "unipc" }, fresh(reuse)));
const costOf = (steps: number, reuse: boolean): Cost =>
  costs[ways.findIndex((way) => way.steps === steps && way.reuse === reuse)] as Cost;
console.log("A growing sketch, one frame a stroke");
console.log(
  table(
    ["steps", "a frame", "frames/s", "processor", "without reuse", "processor", "processor, reuse / without"],
    stepCounts.map((steps) => {
      const [kept, cold] = [costOf(steps, true), costOf(steps, false)];
      return [
        String(steps),
        milliseconds(kept.time),
        rate(kept.time),
        milliseconds(kept.processor),
        milliseconds(cold.time),
        milliseconds(cold.processor),
        (kept.processor / cold.processor).toFixed(2),
      ];
    }),
  ),
);

const full = await grow(pipeline, null);
const undone = await grow(pipeline, {}, { requests: [...maps, ...[...maps].reverse().slice(1)].map(request) });
const heavier = [1, 0.9, 0.8, 0.7].map((weight) => {
  const { controls, ...rest } = request(maps.at(-1) as Pixels);
  return { ...rest, controls: controls.map((control) => ({ ...control, weight })) };
});
const weighed = await grow(pipeline, {}, { requests: heavier });
console.log(
  table(
    ["at the settings of live drawing", "a frame"],
    [
      ["the request as it is", milliseconds(times(full))],
      ["a stroke more", milliseconds(times(undone.slice(0, maps.length)))],
      ["another weight, the same map", milliseconds(times(weighed.slice(1)))],
      ["undo, back over the strokes", milliseconds(times(undone.slice(maps.length)))],
    ],
  ),
);

const beginnings: readonly (readonly [name: string, settings: LiveSettings | null])[] = [
  ["the request as it is", null],
  ["noise", {}],
  ["the frame before, strength 0.8", { from: "frame", strength: 0.8 }],
  ["the frame before, strength 0.6", { from: "frame", strength: 0.6 }],
  ["the frame before, strength 0.4", { from: "frame", strength: 0.4 }],
  ["the frame before, strength 0.3", { from: "frame", strength: 0.3 }],
];
const rows: string[][] = [];
for (const [name, settings] of beginnings) {
  const frames = await grow(pipeline, settings, { reuse: false });
  const jumps = frames
    .slice(1)
    .map(({ result }, n) => difference(result.pixels, (frames[n] as LiveFrame).result.pixels));
  const away = frames.map(({ result }, n) => difference(result.pixels, (full[n] as LiveFrame).result.pixels));
  const { result } = frames.at(-1) as LiveFrame;
  const measured = await pipeline.generate((frames.at(-1) as LiveFrame).drawn, { measure: true });
  if (difference(measured.pixels, result.pixels) !== 0) throw new Error("The last frame came out otherwise.");
  const gain = measured.fidelity[0]?.gain ?? Number.NaN;
  rows.push([
    name,
    mean(jumps).toFixed(1),
    Math.max(...jumps).toFixed(1),
    mean(away).toFixed(1),
    gain.toFixed(2),
    milliseconds(times(frames)),
  ]);
}
console.log("What a frame begins with: differences of pictures from 0 to 255, gain of the last frame");
console.log(table(["begins with", "jump", "largest", "from full", "gain", "a frame"], rows));

const hand = await scribble(pipeline, {});
console.log(`hand      told 60 times a second: ${hand.rate.toFixed(1)} frames/s, each ${milliseconds(hand.age)} old`);
console.log(
  `ratio     seconds, live frame / the request as it is: ${(times(undone.slice(0, maps.length)) / times(full)).toFixed(2)}`,
);
await engine.dispose();
