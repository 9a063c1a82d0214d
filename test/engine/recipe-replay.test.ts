import {
  type Control,
  createPixels,
  Engine,
  formatRecipe,
  type GenerateRequest,
  type Pipeline,
  parseRecipe,
  requestOfRecipe,
} from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { afterAll, beforeAll, describe, expect, test } from "vitest";

// Whatever a request says, its recipe draws the same pixels again: on a small random model, where equal is equal in every
// byte, and with nothing kept from the first time.

let engine: Engine;
let pipeline: Pipeline;
beforeAll(async () => {
  engine = new Engine({ models: nodeFolder("test/golden/parity/five-levels"), runtime: { device: "cpu" } });
  pipeline = await engine.load({ base: "base", nets: { lines: "controlnets/n", depth: "controlnets/n" } });
});
afterAll(() => engine.dispose());

/** A picture of soft spots, with holes where `holes` is given. */
function spots(seed: number, width: number, height: number, holes = false) {
  const pixels = createPixels(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const level = ((x * 31 + y * 17 + seed * 53) % 97) * 2.6;
      const alpha = holes && (x + y) % 3 === 0 ? (x % 2) * 120 : 255;
      pixels.data.set([level, 255 - level, (level * 3) % 256, alpha], 4 * (y * width + x));
    }
  return pixels;
}

const lines: Control = { map: { condition: "own", pixels: spots(1, 32, 40) }, net: "lines" };
const plain: GenerateRequest = { prompt: "a boat", controls: [lines], width: 32, height: 40, steps: 3, guidance: 4 };

const cases: readonly (readonly [name: string, request: GenerateRequest])[] = [
  ["no control", { ...plain, controls: [] }],
  [
    "a size that is no multiple, and a ground of its own",
    { ...plain, width: 27, height: 37, controls: [{ ...lines, map: { ...lines.map, background: [128, 128, 255] } }] },
  ],
  [
    "a map with holes, scaled by a rule of its own",
    { ...plain, controls: [{ ...lines, map: { ...lines.map, pixels: spots(2, 19, 23, true), resize: "nearest" } }] },
  ],
  [
    "a mask, and a rule for both",
    {
      ...plain,
      controls: [
        { ...lines, map: { ...lines.map, pixels: spots(3, 21, 26) }, mask: spots(4, 16, 16, true), resize: "area" },
      ],
    },
  ],
  [
    "a curve and halves",
    {
      ...plain,
      controls: [
        {
          ...lines,
          curve: [
            [0, 1.7],
            [0.6, 0.123456789],
          ],
          halves: [1, 0.3],
        },
      ],
    },
  ],
  [
    "layers and two nets",
    {
      ...plain,
      controls: [
        { ...lines, layers: "soft", weight: 1.3 },
        { ...lines, net: "depth", layers: { softness: 0.37 }, range: [0.3, 1] },
      ],
    },
  ],
  ["a picture to begin with", { ...plain, init: { picture: spots(5, 30, 30, true), strength: 0.7 } }],
  ["a part of a picture to begin with", { ...plain, init: { picture: spots(6, 32, 40), mask: spots(7, 32, 40) } }],
  ["guidance that is rescaled, and another sampler", { ...plain, guidanceRescale: 0.6, sampler: "euler-ancestral" }],
  [
    "a sampler with its settings, and a layer of the text encoder left out",
    {
      ...plain,
      clipSkip: 1,
      sampler: { _class_name: "DPMSolverMultistepScheduler", algorithm_type: "dpmsolver++", use_karras_sigmas: true },
    },
  ],
];

describe("a recipe draws the same pixels again", () => {
  test.each(cases)("with %s", async (_, request) => {
    const result = await pipeline.generate(request);
    const recipe = await pipeline.recipe(request, result);
    const read = await requestOfRecipe(parseRecipe(formatRecipe(recipe), "a.png"));
    const again = await pipeline.generate(read, { reuse: false });
    expect(again.pixels).toEqual(result.pixels);
    expect(await pipeline.recipe(read, again)).toEqual(recipe);
  });

  test("and each of these cases draws others than the plain request", async () => {
    const seed = 3;
    const first = await pipeline.generate({ ...plain, seed }, { measure: false });
    for (const [name, request] of cases) {
      const { pixels } = await pipeline.generate({ ...request, seed }, { measure: false });
      expect([name, pixels.data.join() === first.pixels.data.join()]).toEqual([name, false]);
    }
  });
});

test("what is drawn is what was asked for, whatever becomes of the request while it runs", async () => {
  const asked = () => ({
    ...plain,
    seed: 5,
    controls: [
      {
        map: { condition: "own", pixels: spots(1, 32, 40) },
        net: "lines",
        mask: spots(2, 32, 40),
        layers: Array(16).fill(1) as number[],
        curve: [
          [0, 1],
          [1, 0.5],
        ] as [number, number][],
        halves: [1, 0.5] as [number, number],
        range: [0, 1] as [number, number],
      },
    ],
    init: { picture: spots(3, 32, 40), strength: 0.9, mask: spots(4, 32, 40) },
  });
  const layers = await countLayers();
  const still = asked();
  for (const control of still.controls) control.layers.length = layers;
  const expected = await pipeline.generate(still, { reuse: false });
  const changing = asked();
  for (const control of changing.controls) control.layers.length = layers;
  const job = pipeline.generate(changing, { reuse: false });
  const [control] = changing.controls;
  if (!control) throw new Error("There is no control.");
  for (const pixels of [control.map.pixels, control.mask, changing.init.picture, changing.init.mask])
    pixels.data.fill(77);
  control.layers.fill(0);
  control.curve.length = 0;
  control.halves.fill(0);
  control.range.fill(0);
  changing.controls.length = 0;
  expect((await job).pixels).toEqual(expected.pixels);
});

/** How many residuals the net has, as a refusal says. */
async function countLayers(): Promise<number> {
  const error: unknown = await pipeline
    .generate({ ...plain, controls: [{ ...lines, layers: [] }] })
    .catch((e: unknown) => e);
  return Number(/has (\d+) residuals/.exec(String(error))?.[1]);
}
