import {
  addressFolder,
  blobFile,
  blobFolder,
  type CallOptions,
  canny,
  createPixels,
  defineCondition,
  Engine,
  latest,
  opfsFile,
  opfsFolder,
  type Pipeline,
  type Pixels,
  within,
} from "@underdraw/engine";
import { connectEngine } from "@underdraw/engine/worker";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";

// The engine in a module worker of a real browser, beside one on the page.

const models = `${location.origin}/test/golden/parity/five-levels`;
const wanted = { base: "base", nets: { canny: "controlnets/n" } };
const request = { prompt: "a red boat", controls: [], width: 64, height: 64, steps: 4, seed: 3 };
const busy = defineCondition({
  id: "busy",
  title: "Busy",
  options: z.object({ ms: z.number() }),
  extract: (source) => source,
});

const workers: Worker[] = [];
function start(): Worker {
  const worker = new Worker(new URL("./worker-script.ts", import.meta.url), { type: "module" });
  workers.push(worker);
  return worker;
}
const last = () => workers.at(-1) as Worker;

/** Rings on a ground, so that there are edges. */
function rings(side: number): Pixels {
  const pixels = createPixels(side, side);
  for (let i = 0; i < side * side; i++) {
    const on = Math.hypot((i % side) - side / 2, i / side - side / 2) % 12 < 6;
    pixels.data.set(on ? [200, 40, 40, 255] : [30, 30, 90, 255], 4 * i);
  }
  return pixels;
}

const caught = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => "it did not fail",
    (error: unknown) => error,
  );

const engine = connectEngine(start);
let pipeline: Pipeline;
beforeAll(async () => {
  pipeline = await engine.load(wanted);
});
afterAll(() => engine.dispose());

test("draws the pixels that an engine on the page draws", async () => {
  await using near = new Engine({ models, runtime: { device: "cpu" } });
  const here = await near.load(wanted);
  const map = await engine.extract(canny({ low: 40 }), rings(64));
  expect(map).toEqual(await near.extract(canny({ low: 40 }), rings(64)));
  const asked = { ...request, controls: [{ map }] };
  const drawn = await pipeline.generate(asked);
  expect(drawn).toEqual(await here.generate(asked));
  expect(new Set(drawn.pixels.data).size).toBeGreaterThan(20);
  expect(await engine.device()).toEqual(await near.device());
  expect(await pipeline.recipe(asked, drawn)).toEqual(await here.recipe(asked, drawn));
});

describe("the page's thread", () => {
  const tasks: number[] = [];
  const observer = new PerformanceObserver((list) => {
    tasks.push(...list.getEntries().map(({ duration }) => duration));
  });
  observer.observe({ type: "longtask" });
  afterAll(() => observer.disconnect());

  /** The longest task of the page's thread while something is done; 0 where none took 50 ms. */
  async function longest(work: () => Promise<unknown>): Promise<number> {
    const entriesComeLate = () => new Promise((done) => setTimeout(done, 100));
    await entriesComeLate();
    tasks.length = 0;
    await work();
    await entriesComeLate();
    return Math.max(0, ...tasks);
  }

  let seen = 0;

  /** A large map from a large picture, and a picture from that map, with looks on the way. */
  async function draw(block = 0): Promise<void> {
    const map = await engine.extract(canny(), large);
    await pipeline.generate(
      { ...request, controls: [{ map }] },
      {
        onProgress(progress) {
          if (progress.phase !== "denoise") return;
          void progress.preview?.().then(() => seen++);
          const end = performance.now() + block;
          while (performance.now() < end);
        },
      },
    );
  }
  const large = rings(1024);

  test("is never held up for 50 ms by a generation", async () => {
    // What the observer sees: a block of 80 ms at each step.
    expect(await longest(() => draw(80))).toBeGreaterThanOrEqual(80);
    const found = [await longest(draw), await longest(draw), await longest(draw)];
    // A short generation may end before a look at it was asked for; not every one does.
    expect(seen).toBeGreaterThan(0);
    // Two busy cores may hold up any thread once.
    expect(found.sort((a, b) => a - b)[1]).toBeLessThanOrEqual(50);
  });
});

describe("stopping", () => {
  test("is heard between the steps of a picture, and the next one is drawn", async () => {
    const stopping = new AbortController();
    const reason = { mine: true };
    const counts = () => pipeline.runs()["unet_encoder"] ?? 0;
    const before = counts();
    const long = { ...request, steps: 400 };
    const stopped = await caught(
      pipeline.generate(long, {
        signal: stopping.signal,
        onProgress(progress) {
          if (progress.phase === "denoise" && progress.step === 2) stopping.abort(reason);
        },
      }),
    );
    expect(stopped).toBe(reason);
    await pipeline.generate(request);
    // The worker heard it: of 400 steps few were taken, and four more.
    expect(counts() - before).toBeLessThan(60);
  });

  test("reaches what waits behind a picture, and the newest of many calls wins", async () => {
    const before = pipeline.runs()["unet_encoder"] ?? 0;
    const draw = latest((steps: number, options: CallOptions) => pipeline.generate({ ...request, steps }, options));
    const calls = [300, 301, 302, 303].map((steps) => caught(draw(steps)));
    const winner = await draw(2);
    expect(winner.steps).toBe(2);
    expect(await Promise.all(calls)).toEqual(Array(4).fill(expect.objectContaining({ name: "AbortError" })));
    expect((pipeline.runs()["unet_encoder"] ?? 0) - before).toBeLessThan(60);
  });
});

test("a look at a picture is drawn when it is asked for", async () => {
  await using near = new Engine({ models, runtime: { device: "cpu" } });
  const here = await near.load(wanted);
  const look = async (at: Pipeline): Promise<unknown> => {
    let preview: Promise<Pixels> | undefined;
    await at.generate(request, {
      reuse: false, // its steps may be known, and known steps are not drawn
      onProgress(progress) {
        if (progress.phase === "denoise" && progress.step === 4) preview = progress.preview?.();
      },
    });
    return preview;
  };
  expect(await look(pipeline)).toEqual(await look(here));
});

describe("models go over as what they are made of:", () => {
  const paths = ["model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json"].concat(
    ["text_encoder/model.safetensors", "tokenizer/merges.txt", "tokenizer/special_tokens_map.json"],
    ["tokenizer/tokenizer_config.json", "tokenizer/vocab.json", "unet/config.json", "vae/config.json"],
    ["unet", "vae"].map((part) => `${part}/diffusion_pytorch_model.safetensors`),
  );
  let files: Record<string, Blob>;
  let expected: unknown;
  const small = { ...request, width: 32, height: 32, steps: 1 };
  beforeAll(async () => {
    const fetched = paths.map(async (path) => [`base/${path}`, await (await fetch(`${models}/base/${path}`)).blob()]);
    files = Object.fromEntries(await Promise.all(fetched));
    expected = (await pipeline.generate(small)).pixels;
  });

  const net = "controlnets/n/diffusion_pytorch_model.safetensors";
  const weights = async () => new File([await (await fetch(`${models}/${net}`)).blob()], "canny.safetensors");
  /** The test's own folder among the origin's files, with these files in it. */
  async function stored(files: Record<string, Blob>): Promise<FileSystemDirectoryHandle> {
    const home = await (await navigator.storage.getDirectory()).getDirectoryHandle("worker-test", { create: true });
    for (const [path, file] of Object.entries(files)) {
      const segments = path.split("/");
      const name = segments.pop() as string;
      let at = home;
      for (const segment of segments) at = await at.getDirectoryHandle(segment, { create: true });
      const writing = await (await at.getFileHandle(name, { create: true })).createWritable();
      await writing.write(file);
      await writing.close();
    }
    return home;
  }

  test.each([
    ["picked files", async () => within(blobFolder(files), "base")],
    ["an address", async () => addressFolder(`${models}/base`)],
    ["the origin's own files", async () => within(opfsFolder(await stored(files)), "base")],
  ])("%s", async (_, source) => {
    await using there = await engine.load({ base: await source() });
    expect((await there.generate(small)).pixels).toEqual(expected);
  });

  test.each([
    ["a picked file", async () => blobFile(await weights())],
    [
      "a file of the origin's own",
      async () =>
        opfsFile(await (await stored({ "canny.safetensors": await weights() })).getFileHandle("canny.safetensors")),
    ],
  ])("%s", async (_, source) => {
    const map = await engine.extract(canny(), rings(32));
    const asked = { ...small, controls: [{ map }] };
    await using there = await engine.load({ base: "base", nets: { canny: await source() } });
    expect((await there.generate(asked)).pixels).toEqual((await pipeline.generate(asked)).pixels);
  });
});

describe("a worker that dies in the middle of a picture is replaced, and the picture drawn again is the same:", () => {
  const deaths: [how: string, kill: () => void, reason: RegExp][] = [
    ["by an error that nobody caught", () => last().postMessage("fail"), /boom/],
    ["by being ended from outside", () => last().terminate(), /without a word/],
  ];
  let expected: unknown;
  beforeAll(async () => {
    expected = (await pipeline.generate(request)).pixels;
  });
  afterEach(async () => {
    await engine.device();
  });

  test.each(deaths)("%s", async (_, kill, reason) => {
    const count = workers.length;
    let killed = false;
    const crashes: unknown[] = [];
    const end = engine.onCrash((error) => crashes.push(error));
    const error = await caught(
      pipeline.generate(
        { ...request, steps: 400 },
        {
          onProgress({ phase }) {
            if (phase === "denoise" && !killed) {
              killed = true;
              kill();
            }
          },
        },
      ),
    );
    end();
    expect(error).toMatchObject({
      code: "worker-crashed",
      details: { reason: expect.stringMatching(reason), again: false },
    });
    expect(crashes).toEqual([error]);
    expect((await pipeline.generate(request)).pixels).toEqual(expected);
    expect(workers.length).toBe(count + 1);
  });
});

test("a script that is not there is told, and so is one that never listens", async () => {
  const absent = connectEngine(() => new Worker(`${location.origin}/no-such-script.js`));
  expect(await caught(absent.device())).toMatchObject({ code: "worker-crashed" });
  const silent = URL.createObjectURL(new Blob([""], { type: "text/javascript" }));
  const deaf = connectEngine(() => new Worker(silent), { timeoutMs: 200 });
  expect(await caught(deaf.device())).toMatchObject({ details: { reason: expect.stringContaining("200 ms") } });
  URL.revokeObjectURL(silent);
});

test("the end of an engine does not wait for ever for a thread that is held up", async () => {
  const other = connectEngine(start);
  await other.device();
  const held = caught(other.extract(busy({ ms: 20_000 }), rings(8)));
  await new Promise((done) => setTimeout(done, 100));
  const began = performance.now();
  await other.dispose();
  expect(performance.now() - began).toBeLessThan(8000);
  expect(await held).toMatchObject({ code: "disposed" });
});
