import {
  type Control,
  changeRequest,
  createPixels,
  Engine,
  type GenerateRequest,
  type Pipeline,
  type Pixels,
  type RequestChange,
} from "@underdraw/engine";
import { nodeFolder, nodeModel } from "@underdraw/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// What is said of a request before and while it is drawn, and that what a warning offers to change takes it away.

let engine: Engine;
let pipeline: Pipeline;
beforeAll(async () => {
  engine = new Engine({ models: nodeFolder("test/golden/parity/five-levels"), runtime: { device: "cpu" } });
  const net = "controlnets/n";
  pipeline = await engine.load({ base: "base", nets: { lines: net, depth: net, pose: net } });
});
afterAll(() => engine.dispose());

type Colour = readonly [red: number, green: number, blue: number, alpha: number];

function painted(width: number, height: number, colour: (x: number, y: number) => Colour): Pixels {
  const pixels = createPixels(width, height);
  for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) pixels.data.set(colour(x, y), 4 * (y * width + x));
  return pixels;
}
const gray = (level: number): Colour => [level, level, level, 255];
const isLine = (x: number, y: number) => x % 16 === 5 || y % 16 === 9;
const drawing = painted(64, 64, (x, y) => gray(isLine(x, y) ? 255 : 0));

const control = (pixels: Pixels, more: Partial<Control> = {}): Control => ({
  map: { condition: "own", pixels },
  net: "lines",
  ...more,
});
const request = (controls: readonly Control[], more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  prompt: "a boat",
  controls,
  width: 64,
  height: 64,
  steps: 2,
  guidance: 1,
  seed: 1,
  ...more,
});
const warningsOf = async (asked: GenerateRequest) =>
  (await pipeline.generate(asked, { measure: false })).warnings.filter(({ code }) => code !== "model-assumed");

const far = painted(64, 64, (_, y) => gray(235 - 3 * y));
const cases: readonly (readonly [code: string, request: GenerateRequest, change: RequestChange])[] = [
  [
    "map-inverted",
    request([control(painted(64, 64, (x, y) => gray(isLine(x, y) ? 0 : 255)))]),
    { control: 0, invert: true },
  ],
  [
    "map-dark-on-transparent",
    request([control(painted(64, 64, (x, y) => (isLine(x, y) ? [0, 0, 0, 255] : [0, 0, 0, 0])))]),
    { control: 0, invert: true },
  ],
  ["map-flipped", request([control(drawing), control(far, { net: "depth" })]), { control: 1, invert: true }],
  ["map-empty", request([control(drawing), control(createPixels(64, 64))]), { control: 1, remove: true }],
  ["map-other-kind", request([control(drawing, { net: "depth" })]), { control: 0, set: { net: "lines" } }],
  ["map-resized", request([control(drawing)], { width: 32, height: 64 }), { set: { width: 64, height: 64 } }],
  ["size-rounded", request([], { width: 50, height: 61 }), { set: { width: 64, height: 64 } }],
  ["control-inactive", request([control(drawing, { range: [0.2, 0.3] })]), { control: 0, set: { range: [0, 1] } }],
  ["control-inactive", request([control(drawing, { halves: [0, 1] })]), { control: 0, set: { halves: [1, 1] } }],
  [
    "control-inactive",
    request([control(drawing, { halves: [0, 0] })], { guidance: 3 }),
    { control: 0, set: { halves: [1, 1] } },
  ],
  ["control-inactive", request([control(drawing, { curve: [[0, 0]] })]), { control: 0, set: { curve: [] } }],
  [
    "control-inactive",
    request([
      control(drawing, {
        range: [0, 0.5],
        curve: [
          [0, 0],
          [1, 1],
        ],
      }),
    ]),
    { control: 0, set: { curve: [] } },
  ],
  ["control-inactive", request([control(drawing, { mask: createPixels(64, 64) })]), { control: 0, remove: true }],
  ["negative-unused", request([], { negativePrompt: "fog" }), { set: { guidance: 7.5 } }],
];

describe("a warning says what one press can change, and is gone after it", () => {
  test.each(cases)("%s", async (code, asked, change) => {
    const before = await warningsOf(asked);
    const found = before.find((warning) => warning.code === code);
    expect(found?.message).toMatch(/^[A-Z].*\.$/s);
    expect(found?.remedy).toMatch(/^[A-Z].*\.$/s);
    const offered = found?.change as RequestChange;
    // The model of the test has a guidance of its own.
    if (code === "negative-unused") {
      const { guidance } = pipeline.defaults;
      expect(offered).toEqual({ set: { guidance: guidance > 1 ? guidance : 7.5 } });
    } else expect(offered).toEqual(change);
    const copy = structuredClone(asked);
    const after = await warningsOf(changeRequest(asked, offered));
    expect(after.map((warning) => warning.code)).not.toContain(code);
    expect(after.length).toBeLessThan(before.length);
    expect(asked).toEqual(copy);
  });

  test("for weights of single layers that are all 0", async () => {
    const error: unknown = await pipeline
      .generate(request([control(drawing, { layers: [] })]))
      .catch((e: unknown) => e);
    const layers = Array(Number(/has (\d+) residuals/.exec(String(error))?.[1])).fill(0) as number[];
    const asked = request([control(drawing, { layers })]);
    const [warning] = await warningsOf(asked);
    expect(warning?.change).toEqual({ control: 0, set: { layers: { softness: 0 } } });
    expect(await warningsOf(changeRequest(asked, warning?.change as RequestChange))).toEqual([]);
  });

  test("and nothing where one press cannot", async () => {
    const { limit } = await pipeline.countTokens("a");
    const long = await warningsOf({ ...request([]), prompt: "boat ".repeat(limit + 5) });
    expect(long.map(({ code, change }) => [code, change])).toEqual([["prompt-cut", undefined]]);
    // No loaded net reads normals; and nobody asks for a picture of four million pixels with one press.
    const facing = painted(64, 64, (x, y) => [128 + x, 128 + y, 240, 255]);
    const [other] = await warningsOf(request([control(facing, { net: "depth" })]));
    expect([other?.code, other?.change]).toEqual(["map-other-kind", undefined]);
    const [large] = await warningsOf(request([control(painted(2048, 2048, (x, y) => gray(isLine(x, y) ? 255 : 0)))]));
    expect([large?.code, large?.change]).toEqual(["map-resized", undefined]);
  });
});

test("a sound request gives no warning, a map with alpha among them, and weight 0 is no fault", async () => {
  const clear = painted(64, 64, (x, y) => (isLine(x, y) ? [255, 255, 255, 200] : [9, 200, 9, 0]));
  expect(await warningsOf(request([control(drawing), control(clear), control(drawing, { weight: 0 })]))).toEqual([]);
});

test("a warning of a map says of which of several controls, also where nothing can be pressed", async () => {
  const facing = control(
    painted(64, 64, (x, y) => [128 + x, 128 + y, 240, 255]),
    { net: "depth" },
  );
  const messages = async (...controls: readonly Control[]) =>
    (await warningsOf(request(controls))).map(({ message }) => message);
  const [alone] = await messages(facing);
  expect(alone).toMatch(/^The net expects gray depth/);
  expect(await messages(control(drawing), facing)).toEqual([`Control 2: ${alone}`]);
});

test("a map with alpha draws what it draws on its ground", async () => {
  const clear = painted(64, 64, (x, y) => (isLine(x, y) ? [255, 255, 255, 128] : [9, 200, 9, 0]));
  const solid = painted(64, 64, (x, y) => gray(isLine(x, y) ? 128 : 0));
  const [one, other] = [
    await pipeline.generate(request([control(clear)])),
    await pipeline.generate(request([control(solid)]), { reuse: false }),
  ];
  expect(one.pixels).toEqual(other.pixels);
});

test("a map that a condition drew is known for what it is, however it looks", async () => {
  const soft = painted(64, 64, (x, y) => gray(Math.max(0, 200 - 25 * Math.abs((x % 32) - 16) - y)));
  const asked = request([{ map: { condition: "scribble-softedge", pixels: soft, nets: ["scribble"] }, net: "pose" }]);
  const codes = (await warningsOf(asked)).map(({ code }) => code);
  expect(codes).toEqual(["map-other-kind"]);
  const depth = request([{ map: { condition: "canny", pixels: far }, net: "depth" }]);
  const found = (await warningsOf(depth)).find(({ code }) => code === "map-other-kind");
  // Its look is that of depth, upside down: that is said, and no second thing.
  expect(found).toBeUndefined();
});

test("nets of two families are refused when they are loaded, by their names", async () => {
  const other = nodeModel("test/golden/parity/sd21-tiny/controlnets/depth");
  await expect(engine.load({ base: "base", nets: { depth: other } })).rejects.toMatchObject({
    code: "model-incompatible",
    details: { id: "depth" },
  });
});

test.each<[string, readonly number[]]>([
  ["fourteen", Array(14).fill(1)],
  ["no", []],
])("%s weights for single layers are refused with the number that is needed", async (_, layers) => {
  const asked = request([control(drawing), control(drawing, { layers })]);
  const refusal = {
    code: "request-invalid",
    details: { issues: [{ path: "controls.1.layers", message: expect.stringMatching(/its net has \d+ residuals/) }] },
  };
  const runs = pipeline.runs();
  await expect(pipeline.generate(asked)).rejects.toMatchObject(refusal);
  await expect(pipeline.recipe(asked, { pixels: drawing, seed: 1n, steps: 1, guidance: 1 })).rejects.toMatchObject(
    refusal,
  );
  expect(pipeline.runs()).toEqual(runs);
});

describe("a change", () => {
  const asked = request([control(drawing), control(far)]);

  test("gives a request of its own", () => {
    const changed = changeRequest(asked, { control: 1, set: { weight: 0.4, net: "depth" } });
    expect(changed.controls[1]).toEqual({ ...asked.controls[1], weight: 0.4, net: "depth" });
    expect(changed.controls[0]).toBe(asked.controls[0]);
    expect(asked.controls[1]?.weight).toBeUndefined();
    expect(changeRequest(asked, { set: { steps: 9 } })).toEqual({ ...asked, steps: 9 });
    expect(changeRequest(asked, { control: 0, remove: true }).controls).toEqual([asked.controls[1]]);
  });

  test("inverted twice is the map again, its alpha kept", () => {
    const once = changeRequest(asked, { control: 1, invert: true });
    expect(once.controls[1]?.map.pixels.data[0]).toBe(255 - (far.data[0] ?? 0));
    expect(once.controls[1]?.map.pixels.data[3]).toBe(255);
    expect(changeRequest(once, { control: 1, invert: true })).toEqual(asked);
  });

  test.each([2, -1, 0.5, Number.NaN, "0"])("of control %s, which is not there, is refused", (at) => {
    expect(() => changeRequest(asked, { control: at as number, invert: true })).toThrow(RangeError);
    expect(() => changeRequest(asked, { control: at as number, invert: true })).toThrow(/the request has 2/);
  });

  test.each<[string, unknown]>([
    ["nothing", null],
    ["text", "invert"],
    ["an empty object", {}],
    ["a control alone", { control: 0 }],
    ["a thing that is false", { control: 0, invert: false }],
    ["a setting of another kind", { set: { prompt: "mine" } }],
    ["a control's map", { control: 0, set: { map: {} } }],
    ["a prototype", { control: 0, set: JSON.parse('{"__proto__":{"weight":2}}') }],
  ])("that is %s is refused", (_, change) => {
    expect(() => changeRequest(asked, change as RequestChange)).toThrow(TypeError);
  });
});
