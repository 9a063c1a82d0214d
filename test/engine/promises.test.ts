import {
  type Control,
  Engine,
  type GenerateRequest,
  type LayerWeights,
  type Pipeline,
  type Tensor,
} from "@underdraw/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { DeviceRuntime } from "../../engine/src/runtime/device-runtime.ts";
import { bars, control, counted, painted, request, smallBase, smallNets } from "./promises-parts.ts";

// What a control promises (docs/promises.md), on a small random model and on the CPU provider, where equal means equal in
// every bit. Nothing is reused here unless a test is about that.

let engine: Engine;
let pipeline: Pipeline;

beforeAll(async () => {
  engine = new Engine({ runtime: { device: "cpu" } });
  pipeline = await engine.load({ base: smallBase(), nets: smallNets() });
}, 60_000);
afterAll(() => engine.dispose());

const cold = (controls: readonly Control[], more: Partial<GenerateRequest> = {}) =>
  counted(pipeline, request(controls, more), { reuse: false });
const draw = async (controls: readonly Control[], more: Partial<GenerateRequest> = {}) =>
  (await cold(controls, more)).result.pixels.data;

/** Everything that a generation shows on its way, by name. */
async function traced(controls: readonly Control[], more: Partial<GenerateRequest> = {}): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  const trace = (name: string, tensor: Tensor) => void tensors.set(name, tensor);
  await pipeline.generate(request(controls, more), { trace, measure: false });
  return tensors;
}

const numbers = (tensors: ReadonlyMap<string, Tensor>, name: string): ArrayLike<number> => {
  const tensor = tensors.get(name);
  if (!tensor) throw new Error(`Nothing was seen of ${name}.`);
  return tensor.values as ArrayLike<number>;
};

/** The largest difference over the root of the mean square. */
function apart(one: ArrayLike<number>, other: ArrayLike<number>): number {
  if (one.length !== other.length) throw new Error(`${one.length} numbers and ${other.length}`);
  let [most, squares] = [0, 0];
  for (let i = 0; i < one.length; i++) {
    const [a, b] = [one[i] as number, other[i] as number];
    most = Math.max(most, Math.abs(a - b));
    squares += a * a;
  }
  return most / Math.sqrt(squares / one.length);
}

const nothing = new Array<number>(13).fill(0);
const absent: readonly [what: string, more: Partial<Control>][] = [
  ["of weight 0", { weight: 0 }],
  ["whose range holds no step", { range: [0.4, 0.6] }],
  [
    "whose curve is 0 throughout",
    {
      curve: [
        [0, 0],
        [1, 0],
      ],
    },
  ],
  ["whose layers are all 0", { layers: nothing }],
  ["that acts on neither half", { halves: [0, 0] }],
  ["whose mask is black", { mask: painted(64, 48, () => 0) }],
  ["whose mask is transparent", { mask: { width: 8, height: 8, data: new Uint8ClampedArray(256) } }],
];

describe("a control", () => {
  test("steers: the picture differs from one without it", async () => {
    expect(await draw([control("canny")])).not.toEqual(await draw([]));
  });

  test.each(absent)("%s is the same as none, and no graph of its net runs", async (_, more) => {
    const { result, ran } = await cold([control("canny", more)]);
    expect(result.pixels.data).toEqual(await draw([]));
    expect(result.activeSteps).toEqual([[]]);
    expect(Object.keys(ran).filter((name) => name.startsWith("canny."))).toEqual([]);
    // Beside another it is the same as none as well.
    const beside = await draw([control("canny", more), control("depth")]);
    expect(beside).toEqual(await draw([control("depth")]));
  });

  test("that was not loaded at all leaves the picture as a control of weight 0 does", async () => {
    await using alone = await engine.load({ base: smallBase() });
    const { result } = await counted(alone, request([]));
    expect(result.pixels.data).toEqual(await draw([control("canny", { weight: 0 })]));
  });

  test("that never acts says why", async () => {
    const codes = async (more: Partial<Control>) =>
      (await cold([control("canny", more)])).result.warnings.filter(({ code }) => code === "control-inactive");
    expect((await codes({ range: [0.4, 0.6] }))[0]?.message).toContain("0.4 to 0.6");
    expect((await codes({ mask: painted(64, 48, () => 0) }))[0]?.message).toContain("mask");
    expect(await codes({ weight: 0 })).toEqual([]);
    expect(await codes({})).toEqual([]);
  });

  test("runs in the steps of its range and in no other", async () => {
    const { result, ran } = await cold([control("canny", { range: [0.25, 0.75] })]);
    expect(result.activeSteps).toEqual([[1, 2]]);
    expect(ran["canny.control"]).toBe(2);
    expect(ran["unet_encoder"]).toBe(4);
  });

  test("whose curve is 0 in some steps does not run in them", async () => {
    const curve = [
      [0, 0],
      [0.25, 0],
      [0.5, 1],
      [1, 1],
    ] as const;
    const { result, ran } = await cold([control("canny", { curve })]);
    expect(result.activeSteps).toEqual([[2, 3]]);
    expect(ran["canny.control"]).toBe(2);
    expect(result.pixels.data).toEqual(await draw([control("canny", { range: [0.5, 1] })]));
  });

  test("may stand before or after others: no bit changes", async () => {
    const mask = painted(64, 48, (x) => 4 * x);
    const three = [
      control("canny", { weight: 0.7 }),
      control("depth", { weight: 0.4, mask }),
      // The same net and map twice, with other strengths.
      control("canny", { weight: 0.3, range: [0, 0.5], halves: [1, 0.25] }),
    ] as const;
    const expected = await draw(three);
    for (const order of [
      [1, 0, 2],
      [2, 1, 0],
      [1, 2, 0],
    ])
      expect(await draw(order.map((n) => three[n] as Control))).toEqual(expected);
  });

  test("twice at half its weight is itself within what floats can tell", async () => {
    const [one, two] = [
      await traced([control("canny", { weight: 0.9 })]),
      await traced([control("canny", { weight: 0.45 }), control("canny", { weight: 0.45 })]),
    ];
    expect(apart(numbers(one, "unet.guided"), numbers(two, "unet.guided"))).toBeLessThan(2e-5);
    expect(apart(numbers(one, "latents.final"), numbers(two, "latents.final"))).toBeLessThan(2e-4);
    const without = await traced([]);
    expect(apart(numbers(one, "latents.final"), numbers(without, "latents.final"))).toBeGreaterThan(0.01);
  });
});

describe("a mask", () => {
  test("that is white is the same as none, also where the size is rounded up", async () => {
    for (const size of [{}, { width: 61, height: 45 }]) {
      const white = painted(30, 20, () => 255);
      expect(await draw([control("canny", { mask: white })], size)).toEqual(await draw([control("canny")], size));
    }
  });

  test("that is half gray is half the weight", async () => {
    const gray = painted(64, 48, () => 128);
    const [masked, half] = [
      await traced([control("canny", { mask: gray })]),
      await traced([control("canny", { weight: 128 / 255 })]),
    ];
    expect(apart(numbers(masked, "unet.guided"), numbers(half, "unet.guided"))).toBeLessThan(2e-5);
    expect(apart(numbers(masked, "latents.final"), numbers(half, "latents.final"))).toBeLessThan(2e-4);
  });

  test("of one side leaves the residuals of the other side at 0, and its own as they are", async () => {
    const left = painted(64, 48, (x) => (x < 32 ? 255 : 0));
    const [masked, plain] = [await traced([control("canny", { mask: left })]), await traced([control("canny")])];
    // The first residual has the latent's sides, [2, channels, 6, 8].
    const { dims } = masked.get("control.0.scaled.0") as Tensor;
    expect(dims.slice(2)).toEqual([6, 8]);
    const [own, whole] = [numbers(masked, "control.0.scaled.0"), numbers(plain, "control.0.scaled.0")];
    let [inside, differing, outside] = [0, 0, 0];
    for (let i = 0; i < own.length; i++) {
      if (i % 8 >= 4) outside = Math.max(outside, Math.abs(own[i] as number));
      else {
        inside = Math.max(inside, Math.abs(own[i] as number));
        differing = Math.max(differing, Math.abs((own[i] as number) - (whole[i] as number)));
      }
    }
    expect([outside, differing]).toEqual([0, 0]);
    expect(inside).toBeGreaterThan(0);
  });
});

describe("a half of guidance", () => {
  test("alone is run alone: batch 1, nothing on the other half, and the same on its own", async () => {
    const [one, both, none] = [
      await traced([control("canny", { halves: [1, 0] })]),
      await traced([control("canny")]),
      await traced([]),
    ];
    expect(one.get("control.0.raw.0")?.dims[0]).toBe(1);
    expect(both.get("control.0.raw.0")?.dims[0]).toBe(2);
    // diffusers' guess rule with flat layers: zeros for the half without the prompt, the net's own for the other.
    expect(numbers(one, "unet.uncond")).toEqual(numbers(none, "unet.uncond"));
    expect(apart(numbers(one, "unet.cond"), numbers(both, "unet.cond"))).toBeLessThan(2e-5);
    expect(apart(numbers(one, "unet.cond"), numbers(none, "unet.cond"))).toBeGreaterThan(1e-3);
    const raw = numbers(both, "control.0.raw.0");
    const conditional = Array.from(raw).slice(raw.length / 2);
    expect(apart(numbers(one, "control.0.raw.0"), conditional)).toBeLessThan(2e-5);
  });

  test("without the prompt is run alone too", async () => {
    const [one, none] = [await traced([control("canny", { halves: [0, 1] })]), await traced([])];
    expect(one.get("control.0.raw.0")?.dims[0]).toBe(1);
    expect(numbers(one, "unet.cond")).toEqual(numbers(none, "unet.cond"));
    expect(apart(numbers(one, "unet.uncond"), numbers(none, "unet.uncond"))).toBeGreaterThan(1e-3);
  });

  test("takes its share of the strength", async () => {
    const [shares, weight] = [
      await traced([control("canny", { halves: [0.5, 0.5] })]),
      await traced([control("canny", { weight: 0.5 })]),
    ];
    expect(numbers(shares, "latents.final")).toEqual(numbers(weight, "latents.final"));
  });

  test("that guidance leaves out has no say", async () => {
    const without = { guidance: 1, negativePrompt: "" };
    expect(await draw([control("canny", { halves: [1, 0] })], without)).toEqual(
      await draw([control("canny")], without),
    );
    const { ran } = await cold([control("canny", { halves: [0, 1] })], without);
    expect(ran["canny.control"]).toBeUndefined();
  });
});

describe("layers", () => {
  test("of ones are none at all, and of another number are refused in words", async () => {
    expect(await draw([control("canny", { layers: nothing.map(() => 1) })])).toEqual(await draw([control("canny")]));
    for (const count of [0, 12, 14]) {
      const job = draw([control("canny", { layers: new Array<number>(count).fill(1) })]);
      await expect(job).rejects.toMatchObject({ code: "request-invalid" });
      await expect(job).rejects.toThrow(new RegExp(`controls\\.0\\.layers.*13.*${count}`));
    }
  });

  test.each<[string, LayerWeights]>([
    ["soft", "soft"],
    ["logspace", "logspace"],
    ["resolution", "resolution"],
    ["softness", { softness: 0.5 }],
  ])("%s scales each residual by its factor", async (_, layers) => {
    const [flat, shaped] = [await traced([control("canny")]), await traced([control("canny", { layers })])];
    const sides = [0, 0, 0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3]; // how often Stable Diffusion 1.5 halves each of them
    for (let j = 0; j < 13; j++) {
      const factor =
        layers === "soft"
          ? 0.825 ** (12 - j)
          : layers === "logspace"
            ? 10 ** (j / 12 - 1)
            : layers === "resolution"
              ? 2 ** (sides[j] ?? 0)
              : Math.sqrt(0.825) ** (12 - j);
      const raw = numbers(flat, `control.0.raw.${j}`);
      const expected = Array.from(raw, (value) => value * factor);
      expect(apart(numbers(shaped, `control.0.scaled.${j}`), expected)).toBeLessThan(1e-6);
    }
  });
});

describe("a change of a control", () => {
  test("opens no session: none for a weight, a mask, a half, a control added, left out or moved", async () => {
    let opened = 0;
    const { open } = DeviceRuntime.prototype;
    DeviceRuntime.prototype.open = function (...given) {
      opened++;
      return open.apply(this, given);
    };
    try {
      await using watched = await engine.load({ base: smallBase(), nets: { canny: smallNets().canny } });
      expect(opened).toBe(6 + 4);
      for (const controls of [
        [],
        [control("canny")],
        [control("canny", { weight: 0.3 })],
        [control("canny", { mask: painted(64, 48, (x) => 2 * x), halves: [1, 0] })],
        [control("canny", { layers: "soft" }), control("canny", { map: { condition: "canny", pixels: bars(3) } })],
      ])
        await watched.generate(request(controls, { steps: 1, width: 96 }));
      expect(opened).toBe(6 + 4);
    } finally {
      DeviceRuntime.prototype.open = open;
    }
  });
});
