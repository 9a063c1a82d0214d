import { parseArgs } from "node:util";
import { Resvg } from "@resvg/resvg-js";
import { liveLineart, type Scene, type SceneShape } from "@underdraw/engine";
import { paintLines } from "../engine/src/scene/lines.ts";
import { outlineScene } from "../engine/src/scene/outlined.ts";
import { loadNow, machine, median, milliseconds, numberOption, table } from "./measure/report.ts";

// What line art from a drawing costs: white lines over black bodies, hidden lines removed, of a seeded drawing with
// thousands of paths. Against resvg, which parses and paints the same drawing, written as SVG, in the same run; and how far
// either is from the exact picture, which is a part of the drawing painted sixteen times as large and averaged. Then one
// path moves, and what it touches is painted again.
//
//   node scripts/run.mjs bench/scene.ts [--paths 2000] [--side 1024] [--rounds 9]

const { values } = parseArgs({
  options: {
    paths: { type: "string", default: "2000" },
    side: { type: "string", default: "1024" },
    rounds: { type: "string", default: "9" },
    seed: { type: "string", default: "1" },
  },
});
const count = numberOption("paths", values.paths, 1);
const side = numberOption("side", values.side, 16);
const rounds = numberOption("rounds", values.rounds, 1);
const load = loadNow();

let state = numberOption("seed", values.seed, 0) | 0;
/** A number from 0 to 1 (mulberry32). */
function random(): number {
  state = (state + 0x6d2b79f5) | 0;
  let t = Math.imul(state ^ (state >>> 15), 1 | state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
}

/** Three quarters closed and filled, the rest open; one in a hundred is large. Smooth curves through points about a middle. */
function drawing(): Scene {
  const shapes = Array.from({ length: count }, (_, n): SceneShape => {
    const large = n % 100 === 0;
    const size = large ? 150 + 100 * random() : 6 + 60 * random();
    const [x, y] = [side * random(), side * random()];
    const isClosed = random() < 0.75;
    const corners = 5 + Math.floor(6 * random());
    const points = Array.from({ length: corners }, (_, k) => {
      const angle = (2 * Math.PI * k) / corners;
      const far = size * (0.5 + 0.5 * random());
      return [x + far * Math.cos(angle), y + far * Math.sin(angle)] as const;
    });
    const at = (k: number) => points[(k + corners) % corners] as readonly [number, number];
    const format = (value: number) => value.toFixed(2);
    let path = `M${format(at(0)[0])} ${format(at(0)[1])}`;
    for (let k = 0; k < (isClosed ? corners : corners - 1); k++) {
      const [p0, p1, p2, p3] = [at(k - 1), at(k), at(k + 1), at(k + 2)];
      const handles = [p1[0] + (p2[0] - p0[0]) / 6, p1[1] + (p2[1] - p0[1]) / 6];
      handles.push(p2[0] - (p3[0] - p1[0]) / 6, p2[1] - (p3[1] - p1[1]) / 6);
      path += `C${[...handles, p2[0], p2[1]].map(format).join(" ")}`;
    }
    return {
      id: String(n),
      name: "",
      path: isClosed ? `${path}Z` : path,
      matrix: [1, 0, 0, 1, 0, 0],
      stroke: "white",
      strokeWidth: Number((1 + 3 * random()).toFixed(2)),
      dash: [],
      cap: "round",
      join: "round",
      fill: isClosed ? "black" : null,
      opacity: 1,
    };
  });
  return { bounds: { x: 0, y: 0, width: side, height: side }, shapes };
}

function svg({ bounds, shapes }: Scene, width: number): string {
  const paths = shapes.map(
    ({ path, strokeWidth, fill }) =>
      `<path d="${path}" stroke="#fff" stroke-width="${strokeWidth}" stroke-linecap="round" stroke-linejoin="round" fill="${fill ?? "none"}"/>`,
  );
  const box = [bounds.x, bounds.y, bounds.width, bounds.height].join(" ");
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${width}" viewBox="${box}"><rect x="${bounds.x}" y="${bounds.y}" width="100%" height="100%"/>${paths.join("")}</svg>`;
}

function done<Result>(work: Generator<unknown, Result, void>): Result {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

const scene = drawing();
const source = { width: side, height: side, scene };
const text = svg(scene, side);
const resvg = (of: string): Uint8Array => new Resvg(of, { font: { loadSystemFonts: false } }).render().pixels;

const times = new Map<string, number[]>();
function timed<Result>(name: string, run: () => Result): Result {
  const started = performance.now();
  const result = run();
  times.set(name, [...(times.get(name) ?? []), performance.now() - started]);
  return result;
}

const first = "first call, nothing compiled";
const whole = "all of it, from the path's text";
const again = "painting alone, geometry kept";
timed(first, () => done(paintLines(outlineScene(source), { hidden: true })));
let ours: Uint8Array = new Uint8Array();
let theirs: Uint8Array = new Uint8Array();
for (let round = 0; round < rounds; round++) {
  const outlined = outlineScene(source);
  ours = timed(whole, () => done(paintLines(outlined, { hidden: true }))).data;
  timed(again, () => done(paintLines(outlined, { hidden: true })));
  theirs = timed("resvg-js, parsing and painting", () => resvg(text));
}

// One path moves, as a program sees it: from the shape to the pixels of the map.
const live = await liveLineart(source);
for (let round = 0; round < 200; round++) {
  const index = Math.floor(random() * count);
  const shape = scene.shapes[index] as SceneShape;
  const matrix = [1, 0, 0, 1, 20 * random() - 10, 20 * random() - 10] as const;
  timed("one path moves", () => live.replace(index, { ...shape, matrix }));
  live.replace(index, shape);
}
for (let index = 0; index < count; index += 100) {
  const shape = scene.shapes[index] as SceneShape;
  timed("one of the largest moves", () => live.replace(index, { ...shape, matrix: [1, 0, 0, 1, 9.3, -7.1] }));
  live.replace(index, shape);
}
for (let round = 0; round < 20; round++) {
  const index = Math.floor(random() * count);
  const read: Scene = { ...scene, shapes: structuredClone(scene.shapes) };
  const moved = { ...(scene.shapes[index] as SceneShape), matrix: [1, 0, 0, 1, 5, -5] as const };
  timed("the drawing is read anew, one path moved", () =>
    live.update({ ...read, shapes: read.shapes.with(index, moved) }),
  );
  live.update(scene);
}
if (ours.some((value, at) => value !== live.map.data[4 * at])) throw new Error("Repainting gave another picture.");

// The exact picture of a part.
const crop = Math.min(128, side);
const [left, top] = [Math.floor((side - crop) / 3), Math.floor((side - crop) / 3)];
const part = { ...scene, bounds: { x: left, y: top, width: crop, height: crop } };
const large = resvg(svg(part, crop * 16));
let [oursOff, theirsOff] = [0, 0];
for (let y = 0; y < crop; y++) {
  for (let x = 0; x < crop; x++) {
    let sum = 0;
    for (let v = 0; v < 16; v++)
      for (let u = 0; u < 16; u++) sum += large[4 * ((16 * y + v) * 16 * crop + 16 * x + u)] as number;
    const at = (top + y) * side + left + x;
    oursOff += Math.abs((ours[at] as number) - sum / 256);
    theirsOff += Math.abs((theirs[4 * at] as number) - sum / 256);
  }
}

const rows = [...times].map(([name, all]) => {
  const sorted = [...all].sort((a, b) => a - b);
  const last = sorted.at(-1) as number;
  return [name, ...[sorted[0] as number, median(sorted), last].map(milliseconds)];
});
console.log(
  machine("none", [`drawing   ${count} paths, ${side} x ${side}, ${(text.length / 1e6).toFixed(2)} MB as SVG`], load),
);
console.log(table(["line art, hidden lines removed", "least", "median", "most"], rows));
console.log(
  table(
    ["mean distance from the exact picture, of 255", ""],
    [
      ["ours", (oursOff / crop ** 2).toFixed(2)],
      ["resvg-js", (theirsOff / crop ** 2).toFixed(2)],
    ],
  ),
);
const middle = (name: string) => median(times.get(name) ?? []);
const ratio = middle(whole) / middle("resvg-js, parsing and painting");
console.log(
  `ratio     ours / resvg-js, all of it: ${ratio.toFixed(2)}; painting alone: ${(middle(again) / middle("resvg-js, parsing and painting")).toFixed(2)}`,
);
