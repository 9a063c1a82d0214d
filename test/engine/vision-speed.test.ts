import type { Pixels } from "@underdraw/engine";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { blendKernelBytes } from "../../engine/src/vision/blend-kernels-bytes.ts";
import { plainBlendKernels } from "../../engine/src/vision/blend-kernels-plain.ts";
import { kernelBytes } from "../../engine/src/vision/kernels-bytes.ts";
import { plainKernels } from "../../engine/src/vision/kernels-plain.ts";
import { finished, painted, random } from "./structure-golden.ts";

// The filters' inner loops are there twice, as WebAssembly and in TypeScript: both must give the same bytes.

/** The filters, with the loops that they found when they were loaded. */
const filters = async () => ({
  ...(await import("../../engine/src/vision/blur.ts")),
  ...(await import("../../engine/src/vision/gaussian.ts")),
  ...(await import("../../engine/src/vision/levels.ts")),
  ...(await import("../../engine/src/vision/line-art.ts")),
  ...(await import("../../engine/src/vision/matte.ts")),
  ...(await import("../../engine/src/vision/resample.ts")),
  ...(await import("../../engine/src/vision/shuffle.ts")),
  ...(await import("../../engine/src/vision/soft-scribble.ts")),
  ...(await import("../../engine/src/vision/xdog.ts")),
  ...(await import("../../engine/src/vision/kernels.ts")),
  ...(await import("../../engine/src/vision/blend-kernels.ts")),
});

type Filters = Awaited<ReturnType<typeof filters>>;

const refusing = {
  ...WebAssembly,
  Module: class {
    constructor() {
      throw new EvalError("the page's policy forbids it");
    }
  },
};

let [fast, plain] = [null, null] as unknown as [Filters, Filters];

/** Loads the filters anew, in a realm that has `found` as its WebAssembly. */
async function loadedWith(found: unknown): Promise<Filters> {
  vi.resetModules();
  vi.stubGlobal("WebAssembly", found);
  const loaded = await filters();
  // They look for it when they first need it.
  loaded.giveRoom(loaded.takeRoom(1));
  loaded.blendRooms.give(loaded.blendRooms.take(1));
  vi.unstubAllGlobals();
  return loaded;
}

beforeAll(async () => {
  fast = await loadedWith(WebAssembly);
  plain = await loadedWith(refusing);
});

afterEach(() => vi.unstubAllGlobals());

const noise = (width: number, height: number, seed = width + 3 * height): Pixels => {
  const next = random(seed);
  return painted(width, height, () => [0, 0, 0].map(() => Math.floor(256 * next())));
};

/** A page with strokes, as what finds lines expects it. */
const page = (width: number, height: number): Pixels => {
  const next = random(width * height);
  return painted(width, height, (x, y) => [(x * y) % 17 < 3 ? 40 : 230 + 20 * next(), 200 + 50 * next(), 255 * next()]);
};

const redOf = ({ width, height, data }: Pixels) => ({
  width,
  height,
  data: Uint8Array.from({ length: width * height }, (_, i) => data[4 * i] as number),
});

const sizes = [
  [1, 1],
  [1, 40],
  [37, 1],
  [2, 3],
  [7, 7],
  [16, 16],
  [33, 64],
  [131, 90],
] as const;

test("one way runs the module, the other does not", () => {
  const of = ({ takeRoom }: Filters) => takeRoom(1).bytes.buffer;
  expect(Object.keys(plainKernels(plain.takeRoom(1)))).toHaveLength(17);
  const native = fast.takeRoom(1).kernels.weigh;
  expect(String(native)).toContain("native code");
  expect(String(plain.takeRoom(1).kernels.weigh)).not.toContain("native code");
  expect(of(fast)).not.toBe(of(plain));
  expect(String(fast.blendRooms.take(1).kernels.blendDown)).toContain("native code");
  expect(String(plain.blendRooms.take(1).kernels.blendDown)).not.toContain("native code");
});

test.each([
  ["of filters", kernelBytes, () => plainKernels(plain.takeRoom(1))],
  ["of blends", blendKernelBytes, () => plainBlendKernels(plain.blendRooms.take(1))],
] as const)(
  "the module %s holds just the loops that TypeScript has, and is small enough for any thread",
  (_, text, twin) => {
    const bytes = Buffer.from(text, "base64");
    const found = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
    expect(found.sort()).toEqual(Object.keys(twin()).sort());
    expect(bytes.length).toBeLessThan(4096);
  },
);

test.each([["no WebAssembly", undefined] as const, ["one without SIMD or a policy", refusing] as const])(
  "with %s the filters still work",
  async (_, found) => {
    const loaded = await loadedWith(found);
    expect(finished(loaded.blur(noise(9, 8), 2)).data).toEqual(finished(fast.blur(noise(9, 8), 2)).data);
  },
);

test.each(sizes)("blurs of 8 bits are the same both ways at %i x %i", (width, height) => {
  const source = noise(width, height);
  for (const sigma of [0.01, 0.5, 1.3, 2, 4, 9, 33]) {
    const wanted = finished(plain.blur(source, sigma));
    expect(finished(fast.blur(source, sigma)).data).toEqual(wanted.data);
    expect(fast.blurredPlane(redOf(source), sigma).data).toEqual(redOf(wanted).data);
    expect(plain.blurredPlane(redOf(source), sigma).data).toEqual(redOf(wanted).data);
  }
});

test.each([...sizes, [200, 90] as const])("levels are the same both ways at %i x %i", (width, height) => {
  const source = noise(width, height);
  const channels = Array.from({ length: width * height }, (_, i) => [...source.data.subarray(4 * i, 4 * i + 3)]);
  const [lowest, highest] = [channels.map((three) => Math.min(...three)), channels.map((three) => Math.max(...three))];
  const bytes = ({ data }: Pixels) => Buffer.from(data.buffer);
  const both = (run: (filters: Filters) => Pixels, wanted: readonly number[]) => {
    const gray = bytes({ width, height, data: Uint8ClampedArray.from(wanted.flatMap((v) => [v, v, v, 255])) });
    expect(bytes(run(fast)).equals(gray)).toBe(true);
    expect(bytes(run(plain)).equals(gray)).toBe(true);
  };
  for (const level of [0, 63, 127, 128, 254, 255]) {
    const lit = lowest.map((value) => (value > level ? 255 : 0));
    both(({ parted }) => finished(parted(source, level, false)), lit);
    both(
      ({ parted }) => finished(parted(source, level, true)),
      lit.map((value) => 255 - value),
    );
  }
  both(({ decoloured }) => finished(decoloured(source, "intensity", 1)), highest);
  both(
    ({ decoloured }) => finished(decoloured(source, "intensity", 2)),
    highest.map((value) => Math.round(255 * (value / 255) * (value / 255))),
  );
  for (const { negative } of [fast, plain]) {
    expect(bytes(finished(negative(source))).equals(bytes(fast.inverse(source)))).toBe(true);
  }
});

test.each(sizes)("Gaussians of floats and the lines found with them are the same both ways at %i x %i", (...size) => {
  const source = page(...size);
  const both = (run: (filters: Filters) => ArrayLike<number>) => expect(run(fast)).toEqual(run(plain));
  for (const sigma of [0.3, 1.4, 4, 6, 20]) {
    both(({ gaussian }) => gaussian(redOf(source), sigma).data);
    both(({ lineArt }) => finished(lineArt(source, sigma, 8)).data);
  }
  const gray = painted(...size, (x, y) => [(x * x + y) % 256]);
  for (const picture of [source, gray]) {
    both(({ xdog }) => finished(xdog(picture, 16)).data);
    both(({ softScribble }) => finished(softScribble(picture)).data);
    both(({ lineArt }) => finished(lineArt(picture, 6, 0)).data);
    both(({ shuffled }) => finished(shuffled(picture, 5)).data);
  }
});

const halfEven = (value: number) => {
  const floor = Math.floor(value);
  return value - floor > 0.5 || (value - floor === 0.5 && floor % 2 !== 0) ? floor + 1 : floor;
};

test.each([
  [1, 1, 5, 7],
  [2, 3, 9, 4],
  [3, 5, 6, 20],
  [17, 9, 40, 31],
  [40, 31, 17, 64],
  [64, 48, 32, 12],
  [60, 45, 20, 9],
  [30, 28, 30, 7],
  [600, 4, 2, 2],
])("scaling %i x %i to %i x %i is the same both ways, and the plain rule's", async (fromX, fromY, toX, toY) => {
  const source = noise(fromX, fromY);
  const { taps } = await import("../../engine/src/vision/taps.ts");
  for (const filter of ["linear", "cubic", "area"] as const) {
    const made = fast.resample(source, toX, toY, filter).data;
    expect(made).toEqual(plain.resample(source, toX, toY, filter).data);
    const shrinks = toX <= fromX && toY <= fromY;
    const [columns, rows] = [taps(fromX, toX, filter, shrinks), taps(fromY, toY, filter, shrinks)];
    for (let y = 0, i = 0; y < toY; y++) {
      for (let x = 0; x < toX; x++, i += 4) {
        for (let c = 0; c < 3; c++) {
          let [sum, cut] = [0, 0];
          for (let k = 0; k < rows.count; k++) {
            const weight = rows.weight[y * rows.count + k] as number;
            let across = 0;
            for (let n = 0; n < columns.count; n++) {
              const [row, column] = [rows.index[y * rows.count + k], columns.index[x * columns.count + n]];
              const share = columns.weight[x * columns.count + n] as number;
              across += share * (source.data[4 * ((row as number) * fromX + (column as number)) + c] as number);
            }
            sum += weight * across;
            cut += Math.floor((2048 * weight * Math.floor(128 * across)) / 65536);
          }
          // Two by two pixels are summed up in quarters of a level, each row's cut off.
          if (columns.count === 2 && !(filter === "area" && shrinks)) {
            expect(made[i + c]).toBe(Math.floor((cut + 2) / 4));
            continue;
          }
          const wanted = Math.min(Math.max(halfEven(sum), 0), 255);
          // Weights of a mean are no whole numbers: a value half-way between two may fall to either.
          const slack = filter === "area" && shrinks ? 1 : 0;
          expect(Math.abs((made[i + c] as number) - wanted)).toBeLessThanOrEqual(slack);
          if (Math.abs(Math.abs(sum - Math.floor(sum)) - 0.5) > 1e-3) expect(made[i + c]).toBe(wanted);
        }
        expect(made[i + 3]).toBe(255);
      }
    }
  }
});

test("a mean of 2 x 2 rounds a half up, and that of other sizes to the even neighbour, as OpenCV does", () => {
  const pixels = (...reds: readonly number[]) => painted(reds.length / 2, 2, (x, y) => [reds[2 * x + y] as number]);
  expect(fast.resample(pixels(0, 1, 1, 0), 1, 1, "area").data[0]).toBe(1);
  expect(fast.resample(pixels(1, 1, 4, 4), 1, 1, "area").data[0]).toBe(3);
  expect(fast.resample(pixels(4, 4, 1, 1, 1, 1, 4, 4), 1, 1, "area").data[0]).toBe(2);
});

test("works that take turns do not disturb each other, and one that is left leaves nothing behind", () => {
  const source = noise(400, 520);
  const alone = finished(fast.blur(source, 3)).data;
  const [one, other] = [fast.blur(source, 3), fast.xdog(source, 16)];
  one.next();
  other.next();
  const left = fast.blur(source, 20);
  left.next();
  left.return(undefined as never);
  const small = finished(fast.blur(noise(5, 5), 9)).data;
  expect(small).toEqual(finished(plain.blur(noise(5, 5), 9)).data);
  expect(finished(other).data).toEqual(finished(plain.xdog(source, 16)).data);
  expect(finished(one).data).toEqual(alone);
  expect(alone).toEqual(finished(plain.blur(source, 3)).data);
});

test("a long work yields on its way, so that it can be stopped", () => {
  const source = noise(512, 700);
  for (const work of [fast.blur(source, 9), fast.xdog(source, 32), fast.resampling(source, 2048, 2800, "cubic")]) {
    const shares: number[] = [];
    for (let step = work.next(); !step.done; step = work.next()) shares.push(step.value);
    expect(shares.length).toBeGreaterThan(1);
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(shares.at(-1)).toBeLessThan(1);
  }
});
