import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { builtInConditions, createPixels, type Pixels } from "@underdraw/engine";
import { loadNow, machine, milliseconds, numberOption, table } from "./measure/report.ts";

// What the conditions that need no model cost in Node, each beside the same work by OpenCV and NumPy in Python, as the
// annotators write it and by the quickest calls ("quick"), round by round in turn on the same picture, so that whatever
// else the machine does falls on all; of each the fastest round counts, since what else runs can only add. The first row
// is the floor of ours: a map is memory of its own, and the system hands out fresh pages; NumPy takes what it had before.
//
//   node scripts/run.mjs bench/conditions.ts --python PYTHON [--side 1024] [--rounds 9] [--only blur,tile]
//
// PYTHON is one with opencv-python-headless. Without it our times alone are shown.
//
//   node scripts/run.mjs bench/conditions.ts --memory --side 5000 --only silhouette
//
// shows instead what one takes, the first time: time, memory beyond the source (the map is part of it), and how long nobody else had
// a turn, which is how late a stop is heard.

/** A case: a condition, its options, and those that its twin in conditions_reference.py takes. */
interface Case {
  readonly condition: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** The twin's name where it is not the condition's; null without a twin. */
  readonly twin?: string | null;
}

const cases: readonly Case[] = [
  { condition: "invert" },
  { condition: "threshold", options: { threshold: 127 } },
  { condition: "scribble" },
  { condition: "scribble-xdog", options: { threshold: 32 } },
  { condition: "scribble-softedge" },
  { condition: "lineart-standard", options: { sigma: 6, threshold: 8 } },
  { condition: "blur", options: { sigma: 9 } },
  { condition: "blur", options: { sigma: 2 } },
  { condition: "tile", options: { rate: 2 } },
  { condition: "tile", options: { rate: 8 } },
  { condition: "recolour", options: { mode: "luminance" } },
  { condition: "recolour", options: { mode: "intensity" } },
  { condition: "shuffle", options: { seed: 1 } },
  { condition: "colour-grid" },
  { condition: "straight-lines" },
  { condition: "palette", options: { colours: 8 } },
  { condition: "normal-depth", options: { smooth: 1 } },
  { condition: "silhouette", twin: null },
  { condition: "softedge-gradient", twin: null },
];

const { values } = parseArgs({
  options: {
    python: { type: "string" },
    side: { type: "string", default: "1024" },
    rounds: { type: "string", default: "9" },
    only: { type: "string" },
    memory: { type: "boolean", default: false },
  },
});
const side = numberOption("side", values.side, 64);
const rounds = numberOption("rounds", values.rounds, 1);
const wanted = values.only?.split(",");
const load = loadNow();

/** Soft hills, hard edges and grain, as a photograph has them; the same on every run. */
function photograph(): Pixels {
  const picture = createPixels(side, side);
  let state = 1;
  const grain = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return (state / 2 ** 32 - 0.5) * 24;
  };
  for (let y = 0, i = 0; y < side; y++) {
    for (let x = 0; x < side; x++, i += 4) {
      const [u, v] = [x / side, y / side];
      const hill = 0.5 + 0.5 * Math.sin(9 * u + 5 * v) * Math.cos(7 * v - 3 * u);
      const edge = (Math.floor(12 * u) + Math.floor(9 * v)) % 3 === 0 ? -60 : 20;
      const noise = grain();
      picture.data.set([200 * hill + edge + noise, 90 + 110 * v + edge + noise, 230 - 180 * u * hill + noise, 255], i);
    }
  }
  return picture;
}

const picture = photograph();

/** What a condition takes of a process that others want to use too. */
async function footprint(condition: string, options: Readonly<Record<string, unknown>>): Promise<readonly string[]> {
  const chosen = builtInConditions.find(({ id }) => id === condition)?.choose(options);
  if (!chosen) throw new Error(`There is no condition "${condition}".`);
  const before = process.memoryUsage().rss;
  let [most, block] = [before, 0];
  const begun = performance.now();
  let last = begun;
  const look = () => {
    const now = performance.now();
    [most, block, last] = [Math.max(most, process.memoryUsage().rss), Math.max(block, now - last), now];
  };
  const watch = setInterval(look, 5);
  await chosen.extract(picture, { run });
  look();
  clearInterval(watch);
  return [condition, milliseconds(last - begun), `${((most - before) / 1e6).toFixed(0)} MB`, milliseconds(block)];
}

const run = () => Promise.reject(new Error("These conditions need no model."));
if (values.memory) {
  // One a process: what another has left would be taken for free.
  const found = cases.find(({ condition }) => condition === values.only);
  if (!found) throw new Error("Which condition? Usage: --memory --only CONDITION");
  const row = await footprint(found.condition, found.options ?? {});
  console.log(table(["Condition", "Time", "Beyond the source", "Longest block"], [row]));
  console.log(machine("none", [], load));
  process.exit(0);
}

/** The other side: a process that answers each case with its time. */
async function startTwin(python: string) {
  const folder = await mkdtemp(join(tmpdir(), "underdraw-bench-"));
  const file = join(folder, "picture.rgb");
  await writeFile(
    file,
    picture.data.filter((_, i) => i % 4 !== 3),
  );
  const script = fileURLToPath(new URL("./conditions_reference.py", import.meta.url));
  const child = spawn(python, [script], { stdio: ["pipe", "pipe", "inherit"] });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (message: object): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(message)}\n`);
    const { value, done } = await lines.next();
    if (done) throw new Error(`${python} ended before it answered ${JSON.stringify(message)}.`);
    return JSON.parse(value as string);
  };
  const { about, cases: known } = (await ask({ file, width: side, height: side })) as {
    about: string;
    cases: readonly string[];
  };
  return {
    about,
    known,
    time: async (name: string, options: object, quick: boolean) =>
      ((await ask({ case: name, options, quick })) as { ms: number }).ms,
    close: async () => {
      child.stdin.end();
      await once(child, "close");
      await rm(folder, { recursive: true });
    },
  };
}

const twin = values.python === undefined ? null : await startTwin(values.python);
const rows: string[][] = [];
const copies: number[] = [];
for (let round = -20; round < rounds; round++) {
  const begun = performance.now();
  const copy = picture.data.slice();
  if (round >= 0 && copy.length > 0) copies.push(performance.now() - begun);
}
rows.push(["(a copy of the picture)", milliseconds(Math.min(...copies)), "", "", "", ""]);
for (const { condition, options = {}, twin: other = condition } of cases) {
  if (wanted && !wanted.includes(condition)) continue;
  const kind = builtInConditions.find(({ id }) => id === condition);
  if (!kind) throw new Error(`There is no condition "${condition}".`);
  const chosen = kind.choose(options);
  const [ours, theirs, quickest]: [number[], number[], number[]] = [[], [], []];
  // Some rounds before the clock counts: code is loaded in them, and compiled as well as it will be.
  const warm = performance.now();
  for (let round = 0; round < 3 || (round < 20 && performance.now() - warm < 300); round++) {
    await chosen.extract(picture, { run });
  }
  for (let round = -1; round < rounds; round++) {
    const begun = performance.now();
    await chosen.extract(picture, { run });
    const spent = performance.now() - begun;
    if (round >= 0) ours.push(spent);
    if (!twin || other === null || !twin.known.includes(other)) continue;
    const [slow, quick] = [await twin.time(other, options, false), await twin.time(other, options, true)];
    if (round < 0) continue;
    theirs.push(slow);
    quickest.push(quick);
  }
  const named = Object.entries(options).map(([name, value]) => `${name} ${value}`);
  const mine = Math.min(...ours);
  const against = (times: readonly number[]) =>
    times.length > 0 ? [milliseconds(Math.min(...times)), (mine / Math.min(...times)).toFixed(2)] : ["", ""];
  rows.push([[condition, ...named].join(", "), milliseconds(mine), ...against(theirs), ...against(quickest)]);
}
await twin?.close();

console.log(table(["Condition", "Here", "Python", "Here / Python", "Quick", "Here / quick"], rows));
console.log(`${side} x ${side} pixels, the fastest of ${rounds} rounds, in turn with the other side.\n`);
console.log(machine("none", twin ? [`peer      ${twin.about}`] : [], load));
