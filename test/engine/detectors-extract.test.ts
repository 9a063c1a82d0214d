import {
  type Condition,
  createPixels,
  defineCondition,
  depthAnything,
  depthModel,
  type Engine,
  Engine as EngineClass,
  type EngineLike,
  edgesModel,
  lineartRealistic,
  type ModelFile,
  type ModelSource,
  memoryFolder,
  type Pixels,
  type Progress,
  softedgeHed,
  softedgePidinet,
  softedgeTeed,
} from "@underdraw/engine";
import { nodeFile, nodeFolder } from "@underdraw/engine/node";
import { connectEngine } from "@underdraw/engine/worker";
import { afterAll, describe, expect, test } from "vitest";
import { z } from "zod";
import type { Tensor } from "../../engine/src/core/tensor.ts";
import { KeptDetectors } from "../../engine/src/detectors/kept.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { planesOf } from "../../engine/src/vision/answer.ts";
import { netDepth } from "../../engine/src/vision/net-depth.ts";
import { netEdges } from "../../engine/src/vision/net-edges.ts";
import { casesOf } from "./detectors-golden.ts";
import { seeing } from "./detectors-onnx.ts";
import { fakeWorkers } from "./worker-pair.ts";

// From a condition to its map, through the engine that holds the nets: here, and in a worker.

const folder = nodeFolder("test/golden/detectors");
const file = (name: string): ModelFile => nodeFile(`test/golden/detectors/${name}`);
const files = {
  hed: file("hed.safetensors"),
  pidinet: file("pidinet.safetensors"),
  teed: file("teed.safetensors"),
  "depth-anything": nodeFolder("test/golden/detectors/depth-anything"),
};
const paths = {
  hed: "hed.safetensors",
  pidinet: "pidinet-converted.safetensors",
  teed: "teed.safetensors",
  "depth-anything": "depth-anything",
};

/** A case's picture as pixels. */
function pixelsOf({ dims: [, , height = 0, width = 0], values }: Tensor): Pixels {
  const pixels = createPixels(width, height);
  const area = width * height;
  for (let i = 0; i < area; i++) {
    const at = (channel: number) => values[channel * area + i] as number;
    pixels.data.set([at(0), at(1), at(2), 255], 4 * i);
  }
  return pixels;
}

function finished(work: Generator<number, Pixels, void>): Pixels {
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
  }
}

/** How many values of two maps are apart by more than a level. */
const apart = (a: Pixels, b: Pixels): number => {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return a.data.filter((value, i) => Math.abs(value - (b.data[i] as number)) > 1).length;
};

const noise = (width: number, height: number): Pixels => {
  const pixels = createPixels(width, height);
  let state = 7;
  for (let i = 0; i < pixels.data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pixels.data[i] = i % 4 === 3 ? 255 : state >>> 24;
  }
  return pixels;
};

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "it did not fail",
    (error: unknown) => error,
  );

/** What a caller reads of an error; its cause stays on the thread where it was raised. */
const told = (error: unknown): unknown => {
  if (!(error instanceof Error)) return error;
  const { name, message, code, details } = error as Error & { code?: unknown; details?: unknown };
  return { name, message, code, details };
};

const engine = new EngineClass();
afterAll(() => engine.dispose());

describe("a map is what the net's own module answers, drawn", () => {
  test("with HED, at the picture's own size", async () => {
    const [one] = casesOf("hed-cases.safetensors").filter(({ size }) => size === "64x128");
    if (!one) throw new Error("no such case");
    const size = { width: 128, height: 64, wholeWidth: 128, wholeHeight: 64 };
    for (const safeSteps of [0, 2]) {
      const planes = planesOf(Object.fromEntries(one.answers));
      const expected = finished(netEdges(planes, size, size, { values: "evidence", safeSteps }));
      const { pixels } = await engine.extract(softedgeHed({ safeSteps }), pixelsOf(one.picture), { models: files });
      // At the border of a step the last bit decides.
      expect(apart(pixels, expected)).toBeLessThan(safeSteps ? 12 : 1);
      expect(new Set(expected.data).size).toBeGreaterThan(safeSteps ? 2 : 50);
    }
  });

  test("with Depth Anything, of one patch and more", async () => {
    for (const { picture, answers, size } of casesOf("depth-anything-cases.safetensors")) {
      if (size !== "56x56" && size !== "14x14") continue;
      const [plane] = planesOf(Object.fromEntries(answers));
      if (!plane) throw new Error("no plane");
      const side = { width: plane.width, height: plane.height, wholeWidth: plane.width, wholeHeight: plane.height };
      const expected = finished(netDepth(plane, side, side, { near: "large" }));
      const source = pixelsOf(picture);
      if (size === "14x14") continue;
      const { pixels } = await engine.extract(depthAnything({ resolution: 56 }), source, { models: files });
      expect(apart(pixels, expected)).toBe(0);
      expect(new Set(expected.data).size).toBeGreaterThan(100);
    }
  });
});

const every: readonly Condition[] = [
  softedgeHed(),
  softedgePidinet(),
  softedgeTeed(),
  depthAnything({ resolution: 70 }),
];

test.each(every.map((condition) => [condition.id, condition] as const))(
  "%s draws opaque gray maps of any size, the same each time, and leaves its source alone",
  async (_, condition) => {
    for (const [width, height] of [
      [1, 1],
      [1, 90],
      [90, 1],
      [97, 65],
    ] as const) {
      const source = noise(width, height);
      const { pixels } = await engine.extract(condition, source, { models: files });
      expect([pixels.width, pixels.height]).toEqual([width, height]);
      expect(source).toEqual(noise(width, height));
      for (let i = 0; i < pixels.data.length; i += 4) {
        const [red, green, blue, alpha] = pixels.data.subarray(i, i + 4);
        if (red !== green || green !== blue || alpha !== 255) throw new Error(`${width}x${height}: pixel ${i / 4}`);
      }
      expect((await engine.extract(condition, source, { models: files })).pixels).toEqual(pixels);
    }
  },
);

describe("a model's file", () => {
  test("that nobody gave is told of: what it is, its licence, where it is had", async () => {
    const error = await caught(engine.extract(depthAnything(), noise(8, 8), { models: { teed: files.teed } }));
    expect(error).toMatchObject({
      code: "model-unknown",
      details: { id: "depth-anything", known: ["teed"] },
      message: expect.stringMatching(
        /Depth Anything V2.*Apache-2\.0.*https:\/\/huggingface\.co\/.*models: \{ "depth-anything": file \}/s,
      ),
    });
    const coarse = await caught(engine.extract(lineartRealistic({ coarse: true }), noise(8, 8)));
    expect(coarse).toMatchObject({ code: "model-unknown", details: { id: "lineart-coarse" } });
  });

  test("may be a path inside the engine's models, a file or a folder, for all calls", async () => {
    await using other = new EngineClass({ models: folder, detectors: paths });
    for (const condition of [softedgeTeed(), depthAnything({ resolution: 56 })]) {
      const source = noise(64, 70);
      const here = await engine.extract(condition, source, { models: files });
      expect((await other.extract(condition, source)).pixels).toEqual(here.pixels);
    }
    const converted = await other.extract(softedgePidinet(), noise(64, 64));
    expect(converted.pixels).not.toEqual(
      (await engine.extract(softedgePidinet(), noise(64, 64), { models: files })).pixels,
    );
    expect(
      await caught(other.extract(softedgeTeed(), noise(8, 8), { models: { teed: "no/such.safetensors" } })),
    ).toMatchObject({ code: "model-unknown", message: expect.stringContaining("no/such.safetensors") });
    expect(
      await caught(other.extract(softedgeTeed(), noise(8, 8), { models: { teed: "../x.safetensors" } })),
    ).toMatchObject({
      code: "file-invalid",
    });
    expect(
      await caught(engine.extract(softedgeTeed(), noise(8, 8), { models: { teed: "teed.safetensors" } })),
    ).toMatchObject({
      code: "model-unknown",
      message: expect.stringContaining("EngineOptions.models"),
    });
  });

  test("is opened once, again when another takes its place, and after one that failed", async () => {
    await using own = new EngineClass();
    let opened = 0;
    const counted = (name: string): ModelFile => ({
      ...file(name),
      open: (options) => {
        opened++;
        return file(name).open(options);
      },
    });
    const first = counted("teed.safetensors");
    const draw = (teed: ModelSource) => own.extract(softedgeTeed(), noise(64, 64), { models: { teed } });
    const [a, b] = await Promise.all([draw(first), draw(first)]);
    expect(a.pixels).toEqual(b.pixels);
    await draw(first);
    expect(opened).toBe(1);
    expect(await caught(draw(counted("hed.safetensors")))).toMatchObject({ code: "model-incompatible" });
    expect(opened).toBe(2);
    expect((await draw(first)).pixels).toEqual(a.pixels);
    expect(opened).toBe(3);
  });

  test("that says too little of itself works, and what was assumed is told with the map", async () => {
    const model: ModelFile = {
      kind: "file",
      name: "mine.onnx",
      open: async () => (await memoryFolder("m", { "mine.onnx": seeing() }).open("mine.onnx")) as never,
    };
    const source = noise(64, 64);
    const drawn = await engine.extract(depthModel(), source, { models: { "depth-model": model } });
    expect(drawn.warnings).toMatchObject([{ code: "model-range-assumed" }]);
    const said = await engine.extract(depthModel({ values: "unit", near: "small" }), source, {
      models: { "depth-model": model },
    });
    expect("warnings" in said).toBe(false);
    expect(
      apart(said.pixels, { ...drawn.pixels, data: drawn.pixels.data.map((v, i) => (i % 4 === 3 ? v : 255 - v)) }),
    ).toBe(0);
    expect("warnings" in (await engine.extract(softedgeTeed(), source, { models: files }))).toBe(false);
  });
});

test("lines that a model draws dark on light come out light on dark", async () => {
  const paper = createPixels(64, 64);
  paper.data.fill(255);
  for (let y = 0; y < 64; y++) for (const c of [0, 1, 2]) paper.data[4 * (y * 64 + 20) + c] = 0;
  const models = {
    "edges-model": {
      kind: "file" as const,
      name: "mine.onnx",
      open: async () =>
        (await memoryFolder("m", { f: seeing({ metadata: { input_range: "0 1" } }) }).open("f")) as never,
    },
  };
  const level = async (options: Parameters<typeof edgesModel>[0], x: number) =>
    (await engine.extract(edgesModel(options), paper, { models })).pixels.data[4 * (64 * 30 + x)];
  expect([await level({}, 20), await level({}, 40)]).toEqual([255, 0]);
  expect([await level({ lines: "light" }, 20), await level({ lines: "light" }, 40)]).toEqual([0, 255]);
});

test("who stops waits no longer, and others still get what is loaded", async () => {
  await using own = new EngineClass();
  let go: () => void = () => undefined;
  const waiting = new Promise<void>((resolve) => {
    go = resolve;
  });
  const slow: ModelFile = {
    ...file("teed.safetensors"),
    open: async (options) => {
      await waiting;
      return file("teed.safetensors").open(options);
    },
  };
  const stopping = new AbortController();
  const models = { teed: slow };
  const stopped = own.extract(softedgeTeed(), noise(64, 64), { models, signal: stopping.signal });
  const other = own.extract(softedgeTeed(), noise(64, 64), { models });
  setTimeout(() => stopping.abort("enough"), 20);
  await expect(stopped).rejects.toBe("enough");
  go();
  expect((await other).pixels.width).toBe(64);
});

test("progress tells of the loading first, and never falls", async () => {
  await using own = new EngineClass();
  const heard: Progress[] = [];
  await own.extract(softedgeTeed(), noise(300, 200), { models: files, onProgress: (one) => heard.push(one) });
  expect(heard.find(({ phase }) => phase === "compile")).toMatchObject({ model: "teed" });
  expect(heard.map(({ fraction }) => fraction)).toEqual(heard.map(({ fraction }) => fraction).sort((a, b) => a - b));
  expect(heard.at(-1)?.fraction).toBe(1);
});

test("a net is loaded again on a new device, without its file being opened again", async () => {
  const devices: Runtime[] = [await openRuntime({ device: "cpu" }), await openRuntime({ device: "cpu" })];
  let [current] = devices;
  let opened = 0;
  const source: ModelFile = {
    ...file("teed.safetensors"),
    open: (options) => {
      opened++;
      return file("teed.safetensors").open(options);
    },
  };
  const kept = new KeptDetectors(async () => current as Runtime);
  const picture = { dims: [1, 3, 8, 8], values: new Float32Array(192).fill(99) };
  const first = await kept.open("teed", source, {});
  const before = await first.run({ picture });
  await devices[0]?.dispose();
  current = devices[1];
  const second = await kept.open("teed", source, {});
  expect(second).not.toBe(first);
  expect(await second.run({ picture })).toEqual(before);
  expect(opened).toBe(1);
  await kept.dispose();
  await expect(second.run({ picture })).rejects.toMatchObject({ code: "disposed" });
  await devices[1]?.dispose();
});

test("an engine that was disposed runs nothing more", async () => {
  const own = new EngineClass();
  await own.extract(softedgeTeed(), noise(64, 64), { models: files });
  await own.dispose();
  await expect(own.extract(softedgeTeed(), noise(64, 64), { models: files })).rejects.toMatchObject({
    code: "disposed",
  });
});

describe("in a worker", () => {
  const { start, workers } = fakeWorkers({ models: folder, detectors: paths });
  const far = connectEngine(start);
  const near: Engine & EngineLike = new EngineClass({ models: folder, detectors: paths });
  afterAll(() => Promise.all([far.dispose(), near.dispose()]));

  test("maps and faults are the same", async () => {
    for (const condition of every) {
      const source = noise(80, 70);
      expect(await far.extract(condition, source)).toEqual(await near.extract(condition, source));
      expect(source).toEqual(noise(80, 70));
    }
    const missing = await caught(near.extract(depthModel(), noise(8, 8)));
    expect(missing).toMatchObject({ code: "model-unknown" });
    // Which flag a command has for it is the command's to say.
    expect(String(missing)).toMatch(/options `models: \{ "depth-model": file \}`, or EngineOptions\.detectors\.$/);
    expect(await caught(far.extract(depthModel(), noise(8, 8)))).toEqual(missing);
    const wrong = { models: { teed: "hed.safetensors" } };
    const other = await caught(near.extract(softedgeTeed(), noise(8, 8), wrong));
    expect(other).toMatchObject({ code: "model-incompatible" });
    expect(await caught(far.extract(softedgeTeed(), noise(8, 8), wrong))).toEqual(other);
  });

  test("a condition that the worker does not know runs its models there, and hears their warnings", async () => {
    const own = defineCondition({
      id: "own",
      title: "Own",
      options: z.object({}),
      models: { teed: { about: "TEED.", address: "https://example.com", sha256: ["0".repeat(64)] } },
      async extract(source, _, context) {
        const area = source.width * source.height;
        const outputs = await context.run("teed", {
          picture: { dims: [1, 3, source.height, source.width], values: new Float32Array(3 * area).fill(40) },
        });
        const side = outputs["side.3"]?.values as Float32Array;
        const data = source.data.slice();
        for (let i = 0; i < area; i++) data.fill(Math.abs(side[i] as number) * 50, 4 * i, 4 * i + 3);
        return { ...source, data };
      },
    });
    await using apart = new EngineClass({ models: folder, detectors: paths });
    const expected = await apart.extract(own(), noise(32, 16));
    expect(expected.warnings).toMatchObject([{ code: "model-unverified" }]);
    const second = fakeWorkers({ models: folder, detectors: paths });
    await using there = connectEngine(second.start);
    expect(await there.extract(own(), noise(32, 16))).toEqual(expected);
    expect(second.workers[0]?.sent.map(({ call }) => call)).toEqual(["run"]);
    expect(await caught(there.extract(own(), noise(32, 16), { models: { teed: "none.onnx" } }))).toMatchObject({
      code: "model-unknown",
    });
  });

  test("a model whose functions live on the page cannot go there, which is said", async () => {
    const error = await caught(far.extract(softedgeTeed(), noise(8, 8), { models: files }));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({ message: expect.stringContaining('model "hed"') });
  });

  test("scenes and poses go over, and what is none is told as an engine here tells it", async () => {
    const scene = { width: 4, height: 4, scene: { bounds: { x: 0, y: 0, width: 4, height: 4 }, shapes: [] } };
    const pose = { width: 8, height: 8, people: [{ body: [{ x: 1, y: 2 }, ...Array(17).fill(null)] }] };
    for (const source of [
      pose,
      { ...pose, people: [{ body: [] }] },
      scene,
      { width: 3 },
      null,
      { ...noise(2, 2), data: new Uint16Array(16) },
    ]) {
      const expected = await caught(near.extract(softedgeTeed(), source as never));
      const found = await caught(far.extract(softedgeTeed(), source as never));
      expect(told(found)).toEqual(told(expected));
    }
    const cyclic = {
      ...scene.scene,
      groups: [
        { id: "a", name: "a", group: "b" },
        { id: "b", name: "b", group: "a" },
      ],
    };
    const shape = { id: "s", name: "s", path: "M0 0", matrix: [1, 0, 0, 1, 0, "0"] };
    for (const wrong of [cyclic, { ...scene.scene, shapes: [shape] }, { shapes: [] }])
      expect(await caught(far.extract(softedgeTeed(), { ...scene, scene: wrong } as never))).toMatchObject({
        code: "request-invalid",
        message: expect.stringContaining("source.scene."),
      });
    expect(workers).toHaveLength(1);
  });
});
