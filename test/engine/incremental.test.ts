import { type Control, Engine, type GenerateRequest, type Pipeline, type Pixels } from "@underdraw/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bars, type Counted, control, counted, painted, request, smallBase, smallNets } from "./promises-parts.ts";

// What a generation takes from earlier ones: never more than is right, and all that it says. Held against a second
// pipeline that keeps nothing, in every byte.

let engine: Engine;
let warm: Pipeline;
let cold: Pipeline;

beforeAll(async () => {
  engine = new Engine({ runtime: { device: "cpu" } });
  [warm, cold] = [
    await engine.load({ base: smallBase(), nets: smallNets() }),
    await engine.load({ base: smallBase(), nets: smallNets() }),
  ];
}, 60_000);
afterAll(() => engine.dispose());

/** Draws on both, and holds what the one that keeps says of it against what ran. */
async function drawn(asked: GenerateRequest): Promise<Counted> {
  const [one, other] = [await counted(warm, asked), await counted(cold, asked, { reuse: false })];
  expect(one.result.pixels.data).toEqual(other.result.pixels.data);
  expect(other.result.reused).toEqual({ text: [], maps: [], steps: 0, picture: false });
  const { reused, activeSteps } = one.result;
  expect(activeSteps).toEqual(other.result.activeSteps);
  const steps = other.ran["unet_encoder"] ?? 0;
  expect(one.ran["unet_encoder"] ?? 0).toBe(steps - reused.steps);
  expect(one.ran["unet_decoder"] ?? 0).toBe(steps - reused.steps);
  expect(one.ran["vae_decoder"] ?? 0).toBe(reused.picture ? 0 : 1);
  const guided = (asked.guidance ?? 4) > 1;
  const texts = new Set([
    ...(reused.text.includes("prompt") ? [] : [asked.prompt]),
    ...(!guided || reused.text.includes("negativePrompt") ? [] : [asked.negativePrompt ?? ""]),
  ]);
  // The encoder, or a shorter one.
  expect((one.ran["text"] ?? 0) + (one.ran["text_without_1"] ?? 0)).toBe(texts.size);
  for (const net of ["canny", "depth"]) {
    const own = asked.controls.flatMap((control, n) => (control.net === net ? [n] : []));
    const active = own.flatMap((n) => (activeSteps[n] ?? []).filter((step) => step >= reused.steps));
    expect(one.ran[`${net}.control`] ?? 0).toBe(active.length);
    const acting = own.filter((n) => (activeSteps[n] ?? []).length > 0);
    const made = acting.filter((n) => !reused.maps.includes(n)).map((n) => asked.controls[n]?.map.pixels);
    expect(one.ran[`${net}.hint`] ?? 0).toBe(new Set(made).size);
  }
  return one;
}

/** Whole numbers below a bound, from a seed (mulberry32, Tommy Ettinger). */
function dice(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * bound);
  };
}

const maps = [1, 2, 3].map((seed) => bars(seed));
const masks = [
  undefined,
  painted(64, 48, () => 255),
  painted(64, 48, (x) => 4 * x),
  painted(32, 24, (_, y) => (y < 12 ? 255 : 0)),
  painted(64, 48, () => 0),
];
const inits = [bars(5), painted(40, 40, (x, y) => 3 * (x + y))];
const ofList = <T>(list: readonly T[], roll: (bound: number) => number): T => list[roll(list.length)] as T;

/** What an edit of a control may change. */
const ofControl: readonly ((roll: (bound: number) => number) => Partial<Control>)[] = [
  (roll) => ({ weight: roll(5) / 4 }),
  (roll) => ({
    range: ofList(
      [
        [0, 1],
        [0.5, 1],
        [0, 0.5],
        [0.25, 0.75],
      ] as const,
      roll,
    ),
  }),
  (roll) => ({
    layers: ofList(["soft", "resolution", { softness: 0.5 }, new Array<number>(13).fill(0.5)] as const, roll),
  }),
  (roll) => ({
    curve: ofList(
      [
        [[0, 1]],
        [
          [0, 1],
          [1, 0],
        ],
        [
          [0, 0],
          [0.5, 0],
          [0.5, 1],
        ],
      ] as const,
      roll,
    ),
  }),
  (roll) => ({
    halves: ofList(
      [
        [1, 1],
        [1, 0],
        [0, 1],
        [1, 0.5],
      ] as const,
      roll,
    ),
  }),
  (roll) => {
    const mask = ofList(masks, roll);
    return mask ? { mask } : {};
  },
  (roll) => ({ map: { condition: "canny", pixels: ofList(maps, roll) } }),
  (roll) => ({ net: ofList(["canny", "depth"], roll) }),
];

const samplers = ["ddim", "euler-ancestral", "dpmpp-2m", "unipc", "pndm", "ddpm", "lcm"];

/** What an edit of the whole request may change. */
const ofRequest: readonly ((roll: (bound: number) => number, asked: GenerateRequest) => Partial<GenerateRequest>)[] = [
  (roll) => ({ prompt: ofList(["a small boat", "a tree", "fog"], roll) }),
  (roll) => ({ negativePrompt: ofList(["fog", "", "a tree"], roll) }),
  (roll) => ({ seed: roll(3) }),
  (roll) => ({ steps: 3 + roll(4) }),
  (roll) => ({ guidance: ofList([1, 4, 7.5], roll) }),
  (roll) => ({ guidanceRescale: roll(3) / 4 }),
  (roll) => ({ sampler: ofList(samplers, roll) }),
  (roll) => ({ sampler: ofList(samplers, roll) }),
  (roll) => ({ clipSkip: roll(2) }),
  (roll) =>
    ofList(
      [
        { width: 64, height: 48 },
        { width: 48, height: 64 },
        { width: 61, height: 45 },
      ],
      roll,
    ),
  (roll, { controls }) => ({
    controls: [...controls, control(ofList(["canny", "depth"], roll), { weight: 0.5 })].slice(-3),
  }),
  (roll, { controls }) => ({ controls: controls.toSpliced(roll(controls.length), 1) }),
  (_, { controls }) => ({ controls: controls.toReversed() }),
  (roll) => ({ init: { picture: ofList(inits, roll), strength: ofList([0.5, 1], roll) } }),
  (roll) => ({
    init: { picture: ofList(inits, roll), strength: 0.7, mask: ofList([masks[2], masks[3]] as [Pixels, Pixels], roll) },
  }),
];

/** The n-th edit of a walk: each kind in its turn, what it sets by chance. */
function edited(asked: GenerateRequest, n: number, roll: (bound: number) => number): GenerateRequest {
  const kinds = ofRequest.length + ofControl.length + 1;
  const kind = (5 * n) % kinds;
  const whole = ofRequest[kind];
  if (whole) return { ...asked, ...whole(roll, asked) };
  const { init, ...rest } = asked;
  const change = ofControl[kind - ofRequest.length];
  if (!change) return rest;
  const controls = asked.controls.length > 0 ? asked.controls : [control("canny")];
  const at = roll(controls.length);
  return { ...asked, controls: controls.map((each, m) => (m === at ? { ...each, ...change(roll) } : each)) };
}

describe("a generation after others", () => {
  test("is the one of a cold start, over a walk of 50 edits, and says rightly what it saved", {
    timeout: 120_000,
  }, async () => {
    const roll = dice(7);
    let asked = request([control("canny"), control("depth", { weight: 0.5, range: [0.5, 1] })]);
    let [steps, texts, hints, pictures, begun, masked] = [0, 0, 0, 0, 0, 0];
    for (let n = 0; n < 50; n++) {
      const { result } = await drawn(asked);
      steps += result.reused.steps;
      texts += result.reused.text.length;
      hints += result.reused.maps.length;
      pictures += result.reused.picture ? 1 : 0;
      begun += asked.init ? 1 : 0;
      masked += asked.controls.some(({ mask }) => mask) ? 1 : 0;
      asked = edited(asked, n, roll);
    }
    // The walk met all that can be known.
    const met = { steps, texts, hints, pictures, begun, masked };
    expect(Math.min(...Object.values(met)), JSON.stringify(met)).toBeGreaterThan(3);
  });

  test("that is the same runs nothing at all", async () => {
    const asked = request([control("canny")], { seed: 100 });
    await drawn(asked);
    const { ran, result } = await drawn(asked);
    expect(ran).toEqual({});
    expect(result.reused).toEqual({ text: ["prompt", "negativePrompt"], maps: [0], steps: 4, picture: true });
  });

  test("with another weight of a control of the second half goes on from the middle", async () => {
    const asked = (weight: number) =>
      request([control("canny"), control("depth", { weight, range: [0.5, 1] })], { seed: 101 });
    await drawn(asked(0.5));
    const { ran, result } = await drawn(asked(0.75));
    expect(result.reused).toEqual({ text: ["prompt", "negativePrompt"], maps: [0, 1], steps: 2, picture: false });
    expect(ran).toEqual({ unet_encoder: 2, unet_decoder: 2, vae_decoder: 1, "canny.control": 2, "depth.control": 2 });
  });

  test("with another mask, curve or half goes on from the first step that it changes", async () => {
    const asked = (more: Partial<Control>) => request([control("canny", { range: [0.25, 1], ...more })], { seed: 102 });
    await drawn(asked({}));
    for (const [more, steps] of [
      [{ mask: painted(64, 48, (x) => 4 * x) }, 1],
      [{ halves: [1, 0.5] }, 1],
      [
        {
          curve: [
            [0, 1],
            [0.5, 1],
            [1, 0],
          ],
        },
        3,
      ],
    ] as const)
      expect((await drawn(asked(more))).result.reused.steps).toBe(steps);
  });

  test("with another seed runs no text, no keys and values, no time and no hint", async () => {
    await drawn(request([control("canny")], { seed: 103 }));
    const { ran, result } = await drawn(request([control("canny")], { seed: 104 }));
    expect(ran).toEqual({ unet_encoder: 4, unet_decoder: 4, vae_decoder: 1, "canny.control": 4 });
    expect(result.reused).toEqual({ text: ["prompt", "negativePrompt"], maps: [0], steps: 0, picture: false });
  });

  test("with another map runs the hint and no text", async () => {
    await drawn(request([control("canny")], { seed: 105 }));
    const other = control("canny", { map: { condition: "canny", pixels: bars(105) } });
    const { ran, result } = await drawn(request([other], { seed: 105 }));
    expect(ran).toEqual({
      unet_encoder: 4,
      unet_decoder: 4,
      vae_decoder: 1,
      "canny.hint": 1,
      "canny.control": 4,
    });
    expect(result.reused).toMatchObject({ text: ["prompt", "negativePrompt"], maps: [], steps: 0 });
  });

  test("with another prompt runs its text alone, and no hint", async () => {
    await drawn(request([control("canny")], { seed: 106 }));
    const { ran, result } = await drawn(request([control("canny")], { seed: 106, prompt: "a lighthouse" }));
    expect(ran).toMatchObject({ text: 1, kv: 1, "canny.kv": 1, unet_encoder: 4 });
    expect(Object.keys(ran)).not.toContain("canny.hint");
    expect(result.reused).toMatchObject({ text: ["negativePrompt"], maps: [0] });
  });

  test("takes a map of the same bytes and other sides for another one", async () => {
    const data = bars(9).data;
    const wide = control("canny", { map: { condition: "canny", pixels: { width: 64, height: 48, data } } });
    const tall = control("canny", { map: { condition: "canny", pixels: { width: 48, height: 64, data } } });
    const seeded = { seed: 107, width: 48, height: 48 };
    await drawn(request([wide], seeded));
    expect((await drawn(request([tall], seeded))).result.reused.maps).toEqual([]);
  });

  test("with another mask of the picture that it begins with computes the steps anew", async () => {
    const [picture] = inits as [(typeof inits)[0]];
    const asked = (mask?: (typeof inits)[0]) =>
      request([], { seed: 112, steps: 6, init: { picture, strength: 0.7, ...(mask ? { mask } : {}) } });
    await drawn(asked());
    const [left, top] = [painted(64, 48, (x) => (x < 32 ? 255 : 0)), painted(64, 48, (_, y) => (y < 24 ? 255 : 0))];
    for (const mask of [left, top]) expect((await drawn(asked(mask))).result.reused.steps).toBe(0);
    expect((await drawn(asked(left))).ran).toEqual({});
  });

  test("takes an equal request for the same, whatever its pictures' buffers", async () => {
    const asked = () => request([control("canny", { mask: painted(64, 48, (x) => 4 * x) })], { seed: 108 });
    await drawn(asked());
    expect((await drawn(asked())).ran).toEqual({});
  });

  test("is not moved by what is done to the pixels and numbers of an earlier one", async () => {
    const asked = request([control("canny")], { seed: 109 });
    const { pixels } = await warm.generate(asked);
    pixels.data.fill(0);
    await drawn(asked);
    // Numbers that are looked at on the way are the looker's own.
    await warm.generate(request([control("canny")], { seed: 110 }), { trace: (_, { values }) => void values.fill(0) });
    await drawn(request([control("canny")], { seed: 110 }));
    await drawn(request([control("canny")], { seed: 111 }));
  });

  test("with a net called as the base's own pieces takes nothing of the one for the other", async () => {
    const nets = { unet: smallNets().depth, null: smallNets().canny };
    await using odd = await engine.load({ base: smallBase(), nets });
    const asked = request([
      { ...control("canny"), net: "null" },
      { ...control("depth"), net: "unet" },
    ]);
    const { result, ran } = await counted(odd, asked);
    expect(ran).toMatchObject({ kv: 1, temb: 1, "unet.kv": 1, "unet.temb": 1, "null.kv": 1, "null.temb": 1 });
    const plain = await counted(cold, request([control("canny"), control("depth")]), { reuse: false });
    expect(result.pixels.data).toEqual(plain.result.pixels.data);
  });
});

describe("a generation that did not end", () => {
  test("leaves nothing wrong behind, wherever it was stopped", { timeout: 60_000 }, async () => {
    const roll = dice(3);
    for (let n = 0; n < 12; n++) {
      const asked = request([control("canny", { weight: 0.25 + roll(4) / 4 }), control("depth")], {
        seed: 200 + (n >> 2),
        sampler: ofList(samplers, roll),
        prompt: ofList(["a boat", "a wave"], roll),
        steps: 5,
      });
      const stopping = new AbortController();
      const at = roll(9);
      let heard = 0;
      const job = warm.generate(asked, {
        signal: stopping.signal,
        onProgress: () => heard++ === at && stopping.abort("enough"),
      });
      await job.catch((error: unknown) => expect(error).toBe("enough"));
      await drawn(asked);
    }
  });

  test("leaves nothing wrong behind, wherever it failed", { timeout: 60_000 }, async () => {
    const names: string[] = [];
    const asked = (seed: number) =>
      request([control("canny", { map: { condition: "canny", pixels: bars(seed) } })], { seed });
    await warm.generate(asked(300), { trace: (name) => void names.push(name) });
    expect(names.length).toBeGreaterThan(30);
    const fault = new Error("a looker's own fault");
    for (let n = 0; n < names.length; n += 7) {
      const trace = (name: string) => {
        if (name === names[n]) throw fault;
      };
      await expect(warm.generate(asked(301 + n), { trace })).rejects.toBe(fault);
      await drawn(asked(301 + n));
    }
  });
});
