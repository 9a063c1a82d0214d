import { createRequire } from "node:module";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { createPixels, type Pixels } from "@underdraw/engine";
import { type EdgeOptions, edges } from "../engine/src/vision/edges.ts";
import { collect, runChild } from "./measure/child.ts";
import { loadNow, machine, median, megabytes, milliseconds, numberOption, table } from "./measure/report.ts";

// What Canny's edges cost: time, beside OpenCV compiled for JavaScript on the same picture, round by round in turn; and
// the memory that a picture of 4096 x 4096 takes besides itself and its map, in a process of its own. Both sides start
// from RGBA and end with RGBA, as an editor has it; what OpenCV needs for that (two conversions, no copies) is shown apart.
//
//   node scripts/run.mjs bench/canny.ts [--peer FOLDER] [--side 1024] [--rounds 21] [--memory-side 4096]
//
// FOLDER is one in whose node_modules `@techstark/opencv-js` lies (npm install --prefix FOLDER @techstark/opencv-js).
// Without it our times alone are shown.

const { values } = parseArgs({
  options: {
    peer: { type: "string" },
    side: { type: "string", default: "1024" },
    rounds: { type: "string", default: "21" },
    "memory-side": { type: "string", default: "4096" },
    child: { type: "string" },
  },
});
const side = numberOption("side", values.side, 16);
const rounds = numberOption("rounds", values.rounds, 1);
const memorySide = numberOption("memory-side", values["memory-side"], 16);

type Kind = "photo" | "noise";

const kinds: readonly Kind[] = ["photo", "noise"];
const cases: readonly EdgeOptions[] = [
  { low: 100, high: 200, l2: false, aperture: 3, colours: "rgb" },
  { low: 100, high: 200, l2: true, aperture: 3, colours: "rgb" },
  { low: 100, high: 200, l2: false, aperture: 3, colours: "grey" },
  { low: 400, high: 900, l2: false, aperture: 5, colours: "rgb" },
  { low: 4000, high: 9000, l2: false, aperture: 7, colours: "rgb" },
];

if (values.child !== undefined) memoryOf(values.child as Kind);
else await parent();

/** Soft hills, hard edges and grain, as a photograph has them; or bytes without any order, which nearly all are edges. */
function picture(kind: Kind, length: number): Pixels {
  const pixels = createPixels(length, length);
  let state = 1;
  const next = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state >>> 24;
  };
  for (let y = 0, i = 0; y < length; y++) {
    for (let x = 0; x < length; x++, i += 4) {
      if (kind === "noise") {
        for (let k = 0; k < 3; k++) pixels.data[i + k] = next();
      } else {
        const [u, v] = [x / length, y / length];
        const hill = 0.5 + 0.5 * Math.sin(9 * u + 5 * v) * Math.cos(7 * v - 3 * u);
        const edge = (Math.floor(24 * u + 3 * hill) + Math.floor(18 * v)) % 3 === 0 ? -60 : 20;
        const grain = next() / 12 - 11;
        pixels.data[i] = 200 * hill + edge + grain;
        pixels.data[i + 1] = 90 + 110 * v + edge + grain;
        pixels.data[i + 2] = 230 - 180 * u * hill + edge + next() / 16;
      }
      pixels.data[i + 3] = 255;
    }
  }
  return pixels;
}

function ours(source: Pixels, options: EdgeOptions): Pixels {
  const work = edges(source, options);
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** What is used of OpenCV's JavaScript. */
interface Mat {
  readonly data: Uint8Array;
  delete(): void;
}
interface OpenCv {
  readonly Mat: new () => Mat;
  readonly COLOR_RGBA2RGB: number;
  readonly COLOR_RGBA2GRAY: number;
  readonly COLOR_GRAY2RGBA: number;
  onRuntimeInitialized?: () => void;
  matFromImageData(pixels: Pixels): Mat;
  cvtColor(from: Mat, to: Mat, code: number): void;
  Canny(from: Mat, to: Mat, low: number, high: number, aperture: number, l2: boolean): void;
  getBuildInformation(): string;
}

/** Opens the peer; in an object, since the module itself has a `then` that an async function would wait for without end. */
async function openPeer(folder: string): Promise<{ readonly cv: OpenCv }> {
  const module = createRequire(`${resolve(folder)}/`)("@techstark/opencv-js") as OpenCv | Promise<OpenCv>;
  if (module instanceof Promise) return { cv: await module };
  if (!module.Mat)
    await new Promise<void>((ready) => {
      module.onRuntimeInitialized = ready;
    });
  return { cv: module };
}

/** One drawing by OpenCV: all of it, its Canny alone, and the map. */
function theirs(cv: OpenCv, rgba: Mat, options: EdgeOptions): { all: number; alone: number; map: Uint8Array } {
  const [seen, drawn, back] = [new cv.Mat(), new cv.Mat(), new cv.Mat()];
  const began = performance.now();
  cv.cvtColor(rgba, seen, options.colours === "grey" ? cv.COLOR_RGBA2GRAY : cv.COLOR_RGBA2RGB);
  const converted = performance.now();
  cv.Canny(seen, drawn, options.low, options.high, options.aperture, options.l2);
  const alone = performance.now() - converted;
  cv.cvtColor(drawn, back, cv.COLOR_GRAY2RGBA);
  const all = performance.now() - began;
  const map = back.data.slice();
  for (const mat of [seen, drawn, back]) mat.delete();
  return { all, alone, map };
}

async function parent(): Promise<void> {
  const load = loadNow();
  const { cv } = values.peer === undefined ? { cv: null } : await openPeer(values.peer);
  const rows: string[][] = [];
  let usual = Number.NaN;
  for (const kind of kinds) {
    const source = picture(kind, side);
    const rgba = cv?.matFromImageData(source);
    for (const options of cases) {
      const [own, all, alone]: [number[], number[], number[]] = [[], [], []];
      // The first drawings are left out: both sides are compiled while they run.
      for (let round = -3; round < rounds; round++) {
        const began = performance.now();
        const map = ours(source, options);
        const took = performance.now() - began;
        const other = cv && rgba ? theirs(cv, rgba, options) : null;
        if (round === -3 && other?.map.some((value, i) => value !== map.data[i]))
          throw new Error(`The maps differ, so that times mean nothing: ${kind}, ${JSON.stringify(options)}.`);
        if (round < 0) continue;
        own.push(took);
        if (other) {
          all.push(other.all);
          alone.push(other.alone);
        }
      }
      const { colours, aperture, l2 } = options;
      const name = `${kind}, ${colours}, aperture ${aperture}${l2 ? ", L2" : ""}`;
      const ratio = median(own) / median(all);
      if (rows.length === 0) usual = ratio;
      rows.push([
        name,
        milliseconds(median(own)),
        ...(cv ? [milliseconds(median(all)), milliseconds(median(alone)), ratio.toFixed(2)] : []),
      ]);
    }
    rgba?.delete();
  }
  const version = cv ? /OpenCV ([\d.]+)/.exec(cv.getBuildInformation())?.[1] : null;
  console.log(machine("none", [`picture   ${side} x ${side}, ${rounds} rounds, medians`], load));
  console.log(
    table(["Canny", "ours", ...(cv ? [`OpenCV.js ${version}`, "its Canny alone", "ours / OpenCV.js"] : [])], rows),
  );
  const memory = await Promise.all(
    kinds.map((kind) =>
      runChild<{ extra: number }>(import.meta.url, ["--child", kind, "--memory-side", String(memorySide)]),
    ),
  );
  console.log(
    table(
      [`Memory at ${memorySide} x ${memorySide}`, "besides picture and map"],
      kinds.map((kind, n) => [kind, megabytes(memory[n]?.extra ?? Number.NaN)]),
    ),
  );
  if (cv) console.log(`ours / OpenCV.js, photo, rgb, aperture 3: ${usual.toFixed(2)}`);
}

/** The most memory that drawing takes besides the picture and the map, buffers and heap together. */
function memoryOf(kind: Kind): void {
  const source = picture(kind, memorySide);
  ours(picture(kind, 64), cases[0] as EdgeOptions);
  const used = (): number => {
    const { arrayBuffers, heapUsed } = process.memoryUsage();
    return arrayBuffers + heapUsed;
  };
  collect();
  const before = used();
  const map = source.data.length;
  let extra = 0;
  for (const work = edges(source, cases[0] as EdgeOptions); ; ) {
    const step = work.next();
    if (step.done) break;
    // From 0.9 on the map itself is there.
    extra = Math.max(extra, used() - before - (step.value > 0.9 ? map : 0));
  }
  console.log(JSON.stringify({ extra }));
}
