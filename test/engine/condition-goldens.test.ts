import { readFileSync } from "node:fs";
import { builtInConditions, type Pixels } from "@underdraw/engine";
import { expect, test } from "vitest";
import { ade20k } from "../../engine/src/scene/ade20k.ts";
import { boxMean } from "../../engine/src/vision/box.ts";
import { paintDisc } from "../../engine/src/vision/disc.ts";
import { distances, type Metric } from "../../engine/src/vision/distance.ts";
import { gaussian } from "../../engine/src/vision/gaussian.ts";
import { openGradient } from "../../engine/src/vision/gradient.ts";
import { lightness } from "../../engine/src/vision/lab.ts";
import { close, dilate, type ElementShape, erode, open } from "../../engine/src/vision/morphology.ts";
import { netEdges } from "../../engine/src/vision/net-edges.ts";
import { channelOf, type FloatPlane, grayPixels, mean } from "../../engine/src/vision/plane.ts";
import { resample } from "../../engine/src/vision/resample.ts";
import { fieldOf, fieldRow, type Grid, gridSize, warped } from "../../engine/src/vision/shuffle.ts";
import { type SkeletonMethod, skeleton } from "../../engine/src/vision/skeleton.ts";
import { softRidges, strokesOf } from "../../engine/src/vision/soft-scribble.ts";
import { cellColours, shrunk } from "../../engine/src/vision/tile.ts";
import { distance, exactly, type Golden, readGolden, sourceOf } from "./golden-maps.ts";

// Every reference is run by somebody: by its name here, or by the test file that the second table names.

const folder = new URL("../golden/conditions/", import.meta.url);
const all = (JSON.parse(readFileSync(new URL("references.json", folder), "utf8")) as { references: readonly Golden[] })
  .references;

/** What a reference is compared with: a picture, or numbers in the order of its .npy file. */
type Made = Pixels | ArrayLike<number>;

/** How each reference is made again, by its name; what is not here is in `elsewhere`. */
const runs: Readonly<Record<string, (golden: Golden) => Made | Promise<Made>>> = {
  invert: mapped,
  threshold: mapped,
  blur: mapped,
  recolour: mapped,
  "lineart-standard": mapped,
  "scribble-xdog": mapped,
  scribble: (golden) => (golden.source ? mapped(golden) : strokesOfNet(golden)),
  tile: ({ options, ...golden }) => finished(shrunk(sourceOf({ options, ...golden }), options["rate"] as number)),
  "colour-grid": colourGrid,
  shuffle: (golden) => {
    const source = sourceOf(golden);
    const { width, height } = source;
    const field = (name: string) => finished(fieldOf(gridOf(golden, name), width, height));
    expect(gridSize(width, height)).toEqual([gridOf(golden, "gridX").width, gridOf(golden, "gridX").height]);
    return finished(warped(source, field("gridX"), field("gridY")));
  },
  "shuffle-field": (golden) => {
    const { width, height } = sourceOf(golden);
    const field = finished(fieldOf(gridOf(golden, "grid"), width, height));
    const row = new Float64Array(width);
    const kept: number[] = [];
    for (let y = 0; y < height; y += 16) {
      fieldRow(field, y, row);
      for (let x = 0; x < width; x += 16) kept.push(row[x] as number);
    }
    return kept;
  },
  sobel: (golden) => {
    const { width, height, ...source } = grayPixels(channelOf(sourceOf(golden), 2));
    const gradient = openGradient({ width, height, ...source }, { aperture: 3, squared: false, colours: "rgb" });
    return Array.from({ length: height }, (_, y) => {
      const { across, down } = gradient.row(y);
      const start = (golden.options["axis"] === "x" ? across : down) >> 1;
      return [...gradient.room.shorts.subarray(start, start + width)];
    }).flat();
  },
  "gaussian-float": (golden) => byChannel(golden, (plane) => gaussian(plane, golden.options["sigma"] as number)),
  box: (golden) => byChannel(golden, (plane) => boxMean(plane, golden.options["k"] as number)),
  "resize-lanczos4": (golden) => {
    const { width, height } = golden.options as { width: number; height: number };
    return resample(sourceOf(golden), width, height, "lanczos4");
  },
  erode: (golden) => morphed(golden, erode),
  dilate: (golden) => morphed(golden, dilate),
  open: (golden) => morphed(golden, open),
  close: (golden) => morphed(golden, close),
  distance: (golden) => finished(distances(channelOf(sourceOf(golden), 0), golden.options["metric"] as Metric)).data,
  skeleton: (golden) =>
    grayPixels(skeleton(channelOf(sourceOf(golden), 0), golden.options["method"] as SkeletonMethod)),
  lightness: (golden) => grayPixels(lightness(sourceOf(golden))),
  disc: ({ options }) => {
    const plane = { width: 32, height: 32, data: new Uint8Array(32 * 32) };
    paintDisc(plane, 15, 15, options["radius"] as number, 255);
    return grayPixels(plane);
  },
  ridge: (golden) => {
    const { threshold, sigma } = golden.options as { threshold: number; sigma: number };
    return grayPixels(finished(softRidges(channelOf(sourceOf(golden), 0), threshold, sigma)));
  },
  palette: () => ade20k.classes.flatMap(({ colour }) => colour),
  segmentation: (golden) => {
    const { width, height, data } = readGolden(inputOf(golden, "classes"));
    const map = { width, height, data: new Uint8ClampedArray(data.length) };
    for (let i = 0; i < data.length; i += 4) {
      map.data.set([...(ade20k.classes[data[i] as number]?.colour ?? []), 255], i);
    }
    return map;
  },
};

/** Which file runs the references of a name that is not run here. */
const elsewhere: Readonly<Record<string, string>> = {
  canny: "canny.test.ts",
  matte: "map-resize.test.ts",
  otsu: "map-resize.test.ts",
  "resize-nearest": "map-resize.test.ts",
  "resize-linear": "map-resize.test.ts",
  "resize-cubic": "map-resize.test.ts",
  "resize-area": "map-resize.test.ts",
  "resize-map": "map-resize.test.ts",
  thin: "map-resize.test.ts",
  pose: "pose-drawing.test.ts",
  limbs: "pose-drawing.test.ts",
  lines: "structure-lines.test.ts",
  mlsd: "structure-maps.test.ts",
  normal: "structure-maps.test.ts",
  "normal-from-depth": "structure-maps.test.ts",
  inpaint: "structure-subject.test.ts",
  depth: "detectors-maps.test.ts",
  "soft-edge": "detectors-maps.test.ts",
  "annotator-resize": "detectors-maps.test.ts",
};

const here = all.filter(({ name }) => name in runs);

test.each(here.map((golden) => [golden.id, golden] as const))("%s is what the other code made", async (_, golden) => {
  const made = (await (runs[golden.name] as (typeof runs)[string])(golden)) as Made;
  expect("width" in made ? distance(made, golden) : numbersApart(made, golden)).toBe("");
});

test.each([1, 2, 5])("soft edges in %i safe steps are the annotator's levels", (steps) => {
  const golden = all.find(({ id }) => id === `safe-steps-${steps}`) as Golden;
  const values = Float32Array.from(readNpy(inputOf(golden, "values")).values);
  const plane = { width: values.length, height: 1, data: values };
  const seen = { width: plane.width, height: 1, wholeWidth: plane.width, wholeHeight: 1 };
  const map = finished(netEdges([plane], seen, plane, { values: "shares", safeSteps: steps }));
  const expected = readNpy(golden.expected).values.map((value) => Math.trunc(255 * Math.min(Math.max(value, 0), 1)));
  const off = expected.filter((level, i) => level !== map.data[4 * i]);
  // A value on the border of two steps may fall to either, in floats of 32 bits.
  expect(off.length).toBeLessThanOrEqual(golden.tolerance.share * values.length);
});

test("each reference is run by exactly one file, which does ask for it by its name", () => {
  expect(all).toHaveLength(267);
  for (const name of new Set(all.map((golden) => golden.name))) {
    const file = elsewhere[name];
    expect([name in runs, file !== undefined, name === "safe-steps"].filter(Boolean), name).toHaveLength(1);
    if (file === undefined) continue;
    const code = readFileSync(new URL(file, import.meta.url), "utf8");
    const asked = [...code.matchAll(/(?:goldens|cases)\(([^()]*)\)/g)].some(([, names]) =>
      names?.includes(`"${name}"`),
    );
    expect(asked, `${file} asks for the goldens of ${name}`).toBe(true);
  }
});

test("what is not in the list of references is run by nobody", () => {
  const names = new Set(all.map(({ name }) => name));
  expect([...Object.keys(runs), ...Object.keys(elsewhere)].filter((name) => !names.has(name))).toEqual([]);
});

/** The map of the condition of the reference's name, as a command line asks for it. */
function mapped({ name, options, ...golden }: Golden): Promise<Pixels> {
  const kind = builtInConditions.find(({ id }) => id === name);
  if (!kind) throw new Error(`There is no condition "${name}".`);
  const run = () => Promise.reject(new Error("no model is needed"));
  return kind.choose(options).extract(sourceOf({ name, options, ...golden }), { run });
}

/** The annotator gives its grid in the size that it saw; a map of ours has its source's. */
async function colourGrid(golden: Golden): Promise<Pixels> {
  const source = await ground(golden);
  const { resolution, ...options } = golden.options;
  const short = resolution as number;
  const { width, height } = readGolden(golden.expected);
  const seen = resample(finished(cellColours(source, 64, short)), width, height, "nearest");
  if (width !== source.width) return seen;
  // Where both are one, the condition itself is held to it.
  const map = await mapped({ ...golden, options: { resolution, ...options } });
  expect(Buffer.from(map.data.buffer).equals(Buffer.from(seen.data.buffer))).toBe(true);
  return map;
}

/** A reference's source on its ground, by the condition that changes nothing. */
function ground(golden: Golden): Promise<Pixels> {
  const { matte } = golden.options;
  return mapped({ ...golden, name: "tile", options: matte === undefined ? {} : { matte } });
}

function strokesOfNet(golden: Golden): Pixels {
  const sides = [0, 1, 2, 3, 4].map((k): FloatPlane => {
    const { dims, values } = readNpy(inputOf(golden, `side${k}`));
    const [height = 0, width = 0] = dims;
    return { width, height, data: Float32Array.from(values) };
  });
  const { width, height } = readGolden(golden.expected);
  const seen = { width, height, wholeWidth: width, wholeHeight: height };
  return grayPixels(
    finished(strokesOf(mean(finished(netEdges(sides, seen, { width, height }, { values: "evidence" }))))),
  );
}

function morphed(golden: Golden, operation: typeof erode): Pixels {
  const { shape, size } = golden.options as { shape: ElementShape; size: number };
  return grayPixels(operation(channelOf(sourceOf(golden), 0), shape, size));
}

/** An operation on planes done with red, green and blue, the three interleaved as in an .npy file. */
function byChannel(golden: Golden, operation: (plane: ReturnType<typeof channelOf>) => FloatPlane): Float32Array {
  const source = sourceOf(golden);
  const made = new Float32Array(3 * source.width * source.height);
  for (const channel of [0, 1, 2] as const) {
    operation(channelOf(source, channel)).data.forEach((value, i) => {
      made[3 * i + channel] = value;
    });
  }
  return made;
}

function gridOf(golden: Golden, name: string): Grid {
  const { dims, values } = readNpy(inputOf(golden, name));
  const [height = 0, width = 0] = dims;
  return { width, height, data: values };
}

function inputOf(golden: Golden, name: string): string {
  return (golden.inputs as unknown as Record<string, string> | undefined)?.[name] ?? "";
}

function finished<T>(work: Generator<number, T, void>): T {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** Numbers of a golden .npy file, or of a JSON file of lists. */
function readNpy(name: string): { readonly dims: readonly number[]; readonly values: Float64Array } {
  const file = readFileSync(new URL(name, folder));
  if (name.endsWith(".json")) {
    const values = (JSON.parse(file.toString("utf8")) as number[][]).flat();
    return { dims: [values.length], values: Float64Array.from(values) };
  }
  const start = 10 + file.readUInt16LE(8);
  const header = file.toString("latin1", 10, start);
  const [, type = "", shape = ""] =
    /'descr': '<([fi]\d)', 'fortran_order': False, 'shape': \(([\d, ]+)\)/.exec(header) ?? [];
  const bytes = Number(type.slice(1));
  const dims = shape
    .split(",")
    .filter((part) => part.trim() !== "")
    .map(Number);
  const read = { i2: "readInt16LE", f4: "readFloatLE", f8: "readDoubleLE" }[type] as "readFloatLE" | undefined;
  if (read === undefined) throw new Error(`${name} is no .npy file of known numbers: ${header}`);
  const count = dims.reduce((product, length) => product * length, 1);
  return { dims, values: Float64Array.from({ length: count }, (_, i) => file[read](start + bytes * i)) };
}

/** What is off beyond the tolerance, in words; empty if nothing is. */
function numbersApart(made: ArrayLike<number>, golden: Golden): string {
  const { values: expected } = readNpy(golden.expected);
  if (made.length !== expected.length) return `there are ${made.length} numbers, not ${expected.length}`;
  const { level, share, mean: least } = golden.tolerance;
  let [far, sum] = [0, 0];
  expected.forEach((value, i) => {
    const apart = Math.abs((made[i] as number) - value);
    if (!(apart <= level)) far++;
    sum += apart;
  });
  const average = sum / expected.length;
  if (far <= share * expected.length && average <= least) return "";
  return `${far} of ${expected.length} numbers are off by more than ${level}, ${average} on average`;
}

test.each(here.filter(({ name }) => name === "lightness" || name === "recolour").map((golden) => [golden.id, golden]))(
  "%s is OpenCV's to the bit",
  async (_, golden) => {
    const made = await (runs[golden.name] as (typeof runs)[string])(golden);
    expect(distance(made as Pixels, exactly(golden))).toBe("");
  },
);
