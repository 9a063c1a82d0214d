import { createPixels, type GenerateRequest, UnderdrawError } from "@underdraw/engine";
import { expect, test } from "vitest";
import { checkRequest } from "../../engine/src/request-check.ts";

// Requests come from scripts and hosts. Whatever stands in one, it is drawn or refused by the name of what is wrong.

function sound(): Record<string, unknown> {
  const pixels = () => createPixels(4, 3);
  return {
    prompt: "a fox",
    negativePrompt: "fog",
    controls: [
      {
        map: {
          condition: "canny",
          pixels: pixels(),
          options: {},
          nets: ["lines"],
          background: [0, 0, 0],
          resize: "thin",
        },
        net: "lines",
        weight: 1,
        range: [0, 1],
        layers: [1, 1],
        curve: [[0, 1]],
        halves: [1, 1],
        mask: pixels(),
        resize: "area",
      },
    ],
    width: 64,
    height: 64,
    seed: 1,
    steps: 4,
    guidance: 3,
    guidanceRescale: 0,
    clipSkip: 0,
    init: { picture: pixels(), strength: 0.5, mask: pixels() },
    sampler: "ddim",
  };
}

const refused = (request: unknown): readonly string[] => {
  try {
    checkRequest(request as GenerateRequest);
    return [];
  } catch (error) {
    if (!UnderdrawError.is(error, "request-invalid")) throw error;
    return error.details.issues.map(({ path }) => path);
  }
};

type Path = readonly (string | number)[];
const paths = (of: unknown, path: Path = []): readonly Path[] =>
  typeof of !== "object" || of === null || ArrayBuffer.isView(of)
    ? [path]
    : [
        path,
        ...Object.entries(of).flatMap(([key, value]) => paths(value, [...path, Array.isArray(of) ? Number(key) : key])),
      ];

function set(request: unknown, path: Path, value: unknown): unknown {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const copy = (Array.isArray(request) ? [...request] : { ...(request as object) }) as Record<string | number, unknown>;
  copy[key] = set(copy[key], rest, value);
  return copy;
}

const hostile: readonly unknown[] = [
  ...[Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -1, -1e-9, 1e308, 2 ** 53, 1e9, 5e-324],
  ...[null, true, "", "NaN", "\u0000", Symbol("x"), 2n ** 70n, -1n, () => 1, new Date(Number.NaN)],
  ...[
    [],
    [Number.NaN],
    [1, 0],
    [
      [1, 1],
      [0, 1],
    ],
    Array(14).fill(1e9),
    {},
    { length: -1 },
    { softness: 2 },
    new Map(),
  ],
  ...[new Uint8Array(48), new Float32Array(48), { width: 1e9, height: 1e9, data: new Uint8ClampedArray(4) }],
  Object.defineProperty({}, "length", { get: () => expect.fail("it was read") }),
];

test("a sound request is taken, whole and with nothing but what it needs", () => {
  expect(refused(sound())).toEqual([]);
  expect(refused({ prompt: "", controls: [] })).toEqual([]);
});

test.each<[path: string, value: unknown]>([
  ["controls.0.weight", -0.1],
  ["controls.0.weight", Number.NaN],
  ["controls.0.weight", 2.01],
  ["controls.0.range", [0.6, 0.4]],
  ["controls.0.range.1", 1.1],
  ["controls.0.layers", [-1]],
  ["controls.0.layers", { softness: Number.NaN }],
  [
    "controls.0.curve",
    [
      [0.5, 1],
      [0.25, 1],
    ],
  ],
  ["controls.0.curve.0.1", 2.5],
  ["controls.0.halves.0", -1],
  ["controls.0.mask", { width: 3, height: 3, data: new Uint8ClampedArray(4) }],
  ["controls.0.map.pixels", { width: 2, height: 2, data: new Uint8ClampedArray(17) }],
  ["controls.0.map.background.2", 256],
  ["controls.0.map.nets", "lines"],
  ["controls.0.map.condition", ""],
  ["controls.0.resize", "stretch"],
  ["init.strength", 0],
  ["init.picture.width", 0],
  ["guidanceRescale", 1.5],
  ["clipSkip", 0.5],
  ["steps", 1001],
  ["width", 8193],
  ["seed", 2n ** 64n],
  ["guidance", Number.POSITIVE_INFINITY],
])("%s of %o is refused by its name", (path, value) => {
  const keys = path.split(".").map((key) => (/^\d+$/.test(key) ? Number(key) : key));
  const found = refused(set(sound(), keys, value));
  expect(found.length).toBeGreaterThan(0);
  // A list in which one of several kinds was meant is named as a whole.
  for (const one of found) expect(one === path || one.startsWith(`${path}.`) || path.startsWith(`${one}.`)).toBe(true);
});

test("every hostile value in every place is taken or refused by the place's name, and nothing else happens", () => {
  let refusals = 0;
  const whole = sound();
  for (const path of paths(whole))
    for (const value of hostile) {
      const found = refused(set(whole, path, value));
      refusals += Math.min(1, found.length);
      const at = path.join(".");
      for (const one of found) {
        const isNamed = path.length === 0 || one === "" || one.startsWith(at) || at.startsWith(one);
        expect([at, String(one), isNamed]).toEqual([at, String(one), true]);
      }
    }
  expect(refusals).toBeGreaterThan(1000);
});

test("what cannot be read at all is refused in words", () => {
  const trap = {
    prompt: "a",
    get controls(): never {
      throw new Error("a trap");
    },
  };
  for (const request of [
    undefined,
    null,
    5,
    "request",
    [],
    trap,
    new Proxy({}, { get: () => expect.fail("trapped") }),
  ]) {
    try {
      checkRequest(request as unknown as GenerateRequest);
      expect.fail("It was taken.");
    } catch (error) {
      expect(UnderdrawError.is(error, "request-invalid")).toBe(true);
      expect((error as Error).message).toMatch(/^This cannot be drawn: .*\. Correct what is named and ask again\.$/s);
    }
  }
});

test("numbers are drawn by a seed and never pass as what they are not", () => {
  let state = 7;
  const random = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const wild = () => (random() < 0.1 ? Number.NaN : (random() - 0.3) * 10 ** Math.floor(random() * 4));
  for (let n = 0; n < 2000; n++) {
    const range = [wild(), wild()] as const;
    const curve = Array.from({ length: Math.floor(random() * 4) }, () => [wild(), wild()] as const);
    const weight = wild();
    const found = new Set(
      refused(
        set(
          set(set(sound(), ["controls", 0, "range"], range), ["controls", 0, "curve"], curve),
          ["controls", 0, "weight"],
          weight,
        ),
      ).map((path) => path.split(".")[2]),
    );
    const isShare = (value: number) => value >= 0 && value <= 1;
    const rises = curve.every(([at], i) => i === 0 || at >= (curve[i - 1]?.[0] ?? 0));
    expect(found.has("range")).toBe(!(range.every(isShare) && range[0] <= range[1]));
    expect(found.has("weight")).toBe(!(weight >= 0 && weight <= 2));
    expect(found.has("curve")).toBe(
      !(rises && curve.every(([at, factor]) => isShare(at) && factor >= 0 && factor <= 2)),
    );
  }
});
