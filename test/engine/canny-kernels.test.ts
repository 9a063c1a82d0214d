import type { Pixels } from "@underdraw/engine";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { edgeKernelBytes } from "../../engine/src/vision/edge-kernels-bytes.ts";
import { plainEdgeKernels } from "../../engine/src/vision/edge-kernels-plain.ts";
import type { EdgeOptions } from "../../engine/src/vision/edges.ts";
import { distance, goldens, sourceOf } from "./golden-maps.ts";
import { finished, painted, random } from "./structure-golden.ts";

// The loops of Canny's edges are there twice, as WebAssembly and in TypeScript: both must give the same bits.

const edges = async () => ({
  ...(await import("../../engine/src/vision/edges.ts")),
  ...(await import("../../engine/src/vision/edge-kernels.ts")),
  ...(await import("../../engine/src/vision/gradient.ts")),
  ...(await import("../../engine/src/conditions/canny.ts")),
});

type Edges = Awaited<ReturnType<typeof edges>>;

const refusing = {
  ...WebAssembly,
  Module: class {
    constructor() {
      throw new EvalError("the page's policy forbids it");
    }
  },
};

let [fast, plain] = [null, null] as unknown as [Edges, Edges];

/** Loads the edges anew, in a realm that has `found` as its WebAssembly. */
async function loadedWith(found: unknown): Promise<Edges> {
  vi.resetModules();
  vi.stubGlobal("WebAssembly", found);
  const loaded = await edges();
  // They look for it when they first need it.
  loaded.edgeRooms.give(loaded.edgeRooms.take(1));
  vi.unstubAllGlobals();
  return loaded;
}

beforeAll(async () => {
  fast = await loadedWith(WebAssembly);
  plain = await loadedWith(refusing);
});

afterEach(() => vi.unstubAllGlobals());

/** Where two runs of bytes differ first; -1 for nowhere. A whole map written out says less. */
function firstDifference(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) return Math.min(one.length, other.length);
  for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return i;
  return -1;
}

const noise = (width: number, height: number, seed = width + 3 * height): Pixels => {
  const next = random(seed);
  return painted(width, height, () => [0, 0, 0].map(() => Math.floor(256 * next())));
};

/** Soft slopes, long edges and a little grain. */
const scenery = (width: number, height: number): Pixels => {
  const next = random(width * height);
  return painted(width, height, (x, y) => {
    const wave = 90 + 60 * Math.sin(x / 5 + y / 11) + ((x * 3 + y) % 61 < 20 ? 70 : 0);
    return [wave + 9 * next(), 200 - wave / 2, wave * 0.7 + 30 * next()];
  });
};

const choices: readonly EdgeOptions[] = ([3, 5, 7] as const).flatMap((aperture) =>
  [false, true].flatMap((l2) =>
    (["rgb", "grey"] as const).flatMap((colours) => {
      const scale = { 3: 1, 5: 8, 7: 80 }[aperture];
      return [
        { low: 100 * scale, high: 200 * scale, l2, aperture, colours },
        { low: 0, high: 480 * scale, l2, aperture, colours },
      ];
    }),
  ),
);

test("one way runs the module, the other does not", () => {
  const native = fast.edgeRooms.take(1).kernels.columns;
  expect(String(native)).toContain("native code");
  expect(String(plain.edgeRooms.take(1).kernels.columns)).not.toContain("native code");
});

test("the module holds just the loops that TypeScript has, and is small enough for any thread", () => {
  const bytes = Buffer.from(edgeKernelBytes, "base64");
  const found = WebAssembly.Module.exports(new WebAssembly.Module(bytes)).map(({ name }) => name);
  expect(found.sort()).toEqual(Object.keys(plainEdgeKernels(plain.edgeRooms.take(1))).sort());
  expect(bytes.length).toBeLessThan(4096);
});

test.each([["no WebAssembly", undefined] as const, ["one without SIMD or a policy", refusing] as const])(
  "with %s edges are still found",
  async (_, found) => {
    const loaded = await loadedWith(found);
    const options = choices[0] as EdgeOptions;
    expect(finished(loaded.edges(noise(9, 8), options))).toEqual(finished(fast.edges(noise(9, 8), options)));
  },
);

test.each([
  [1, 1],
  [1, 40],
  [37, 1],
  [2, 3],
  [7, 7],
  [16, 16],
  [31, 9],
  [32, 33],
  [33, 64],
  [131, 90],
] as const)("edges are the same both ways at %i x %i", (width, height) => {
  for (const source of [noise(width, height), scenery(width, height)]) {
    for (const options of choices) {
      const [one, other] = [fast, plain].map((way) => finished(way.edges(source, options)).data);
      expect(firstDifference(one as Uint8ClampedArray, other as Uint8ClampedArray), JSON.stringify(options)).toBe(-1);
    }
  }
});

test.each(goldens("canny").map((golden) => [golden.id, golden] as const))(
  "%s matches OpenCV without WebAssembly too",
  async (_, golden) => {
    const map = await plain.canny.choose(golden.options).extract(sourceOf(golden), {
      run: () => Promise.reject(new Error("canny has no model")),
    });
    expect(distance(map, golden)).toBe("");
  },
);

test("the border between two directions lies at the same derivative both ways, wherever one can be", () => {
  // The largest of aperture 5; on either side of both borders.
  const most = 12240;
  const slope = 13573 / 32768;
  const cases: (readonly [across: number, down: number])[] = [];
  for (let wide = 0; wide <= most; wide++) {
    for (const border of [slope, slope + 2].map((factor) => Math.floor(factor * wide))) {
      for (const tall of [border, border + 1]) if (tall <= most) cases.push([wide, tall]);
    }
  }
  const next = random(4);
  const places = cases.map(([wide, tall]) => [next() < 0.5 ? -wide : wide, next() < 0.5 ? -tall : tall] as const);
  const count = places.length;
  const block = 4 * count + 256;
  // Sizes so small that each neighbour often decides.
  const sizes = Array.from({ length: 3 * (block >> 2) }, () => Math.floor(4 * next()));
  const [one, other] = [fast, plain].map(({ edgeRooms }) => {
    const room = edgeRooms.take(7 * block + 64);
    room.words.fill(0);
    room.words.set(sizes, (2 * block) >> 2);
    places.forEach(([dx, dy], i) => {
      room.shorts[(block >> 1) + i] = dx;
      room.shorts[(block >> 1) + (block >> 2) + i] = dy;
    });
    const [above, here, below, bits] = [2, 3, 4, 5].map((k) => k * block + 64) as [number, number, number, number];
    room.kernels.ridges(bits, bits + block, block, block + (block >> 1), above, here, below, count, 0, 2);
    const made = [bits, bits + block].map((at) => room.bytes.slice(at, at + (count >> 3)));
    edgeRooms.give(room);
    return Uint8Array.from(made.flatMap((row) => [...row]));
  }) as [Uint8Array, Uint8Array];
  expect(one.some((value) => value !== 0 && value !== 255)).toBe(true);
  expect(firstDifference(one, other)).toBe(-1);
});

test("works that take turns do not disturb each other, and one that is left leaves nothing behind", () => {
  const [wide, tall] = [noise(300, 1800), scenery(280, 2000)];
  const options = choices[0] as EdgeOptions;
  const alone = finished(fast.edges(wide, options)).data;
  const [one, other] = [fast.edges(wide, options), fast.edges(tall, options)];
  one.next();
  other.next();
  const left = fast.edges(tall, { ...options, aperture: 7 });
  left.next();
  left.return(undefined as never);
  expect(firstDifference(finished(other).data, finished(plain.edges(tall, options)).data)).toBe(-1);
  expect(firstDifference(finished(one).data, alone)).toBe(-1);
});

test("a work that is left gives its room back", () => {
  const before = fast.edgeRooms.take(1);
  fast.edgeRooms.give(before);
  const left = fast.edges(noise(300, 1800), choices[0] as EdgeOptions);
  left.next();
  expect(fast.edgeRooms.take(1)).not.toBe(before);
  left.return(undefined as never);
  expect(fast.edgeRooms.take(1)).toBe(before);
});

test("rows that are too long for addresses are refused in words", () => {
  const source = { width: 2 ** 25, height: 1, data: new Uint8ClampedArray(0) };
  expect(() => fast.openGradient(source, { aperture: 3, squared: false, colours: "rgb" })).toThrow(
    new RangeError("source: the rows of a picture of 33554432x1 are too long to find edges in. Cut it into parts."),
  );
});
