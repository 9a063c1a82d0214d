import { canny, createPixels, type Pixels, type Progress, UnderdrawError } from "@underdraw/engine";
import { type Capture, type Drawn, type DrawRequest, type HostAdapter, Session } from "@underdraw/sdk";
import { fakeHost } from "@underdraw/sdk/testing";
import { describe, expect, test } from "vitest";
import { stillEngine } from "./still-engine.ts";

const request: DrawRequest = { prompt: "a fox", controls: [{ from: canny() }] };

/** A picture with a dark frame in the middle of a bright ground. */
function frame(width: number, height: number): Pixels {
  const pixels = createPixels(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const inside = Math.abs(x - width / 2) < width / 4 && Math.abs(y - height / 2) < height / 4;
      pixels.data.set(inside ? [20, 20, 20, 255] : [240, 240, 240, 255], 4 * (y * width + x));
    }
  return pixels;
}

/** A fake editor with something selected, an engine, and a session of both. */
async function atWork(bounds = { x: 31, y: 17, width: 90, height: 61 }, host = fakeHost()) {
  const still = stillEngine();
  await host.kit.select(frame(bounds.width, bounds.height), bounds);
  const session = new Session({ host, engine: still.engine });
  return { ...still, host, session, capture: (await session.capture()) as Capture };
}

/** What a promise rejects with. */
const rejection = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    (value) => Promise.reject(new Error(`It gave ${String(value)}.`)),
    (error: unknown) => error,
  );

/** A host that answers as the fake one does, but for what is changed. */
const changed = (host: ReturnType<typeof fakeHost>, change: Partial<HostAdapter>): HostAdapter => ({
  ...host,
  ...change,
});

describe("a picture over a selection", () => {
  test("is sampled at the model's size, cut back exactly and placed where it was captured", async () => {
    const { session, asked, capture, host } = await atWork();
    const drawn = await session.generate(request, capture);
    // 90x61 for a canvas of 256: 5490 pixels, so sqrt(65536 / 5490) = 3.455 times as large, then up to 16.
    const [sent] = asked.requests;
    expect([sent?.width, sent?.height]).toEqual([320, 224]);
    expect(sent?.controls[0]?.map.pixels).toMatchObject({ width: 320, height: 224 });
    expect(asked.extracted).toEqual(["canny 311x211"]);
    expect(drawn.request).toMatchObject({ width: 311, height: 211 });
    expect(drawn.request.controls[0]?.map.pixels).toMatchObject({ width: 311, height: 211 });
    expect(drawn.result.pixels).toMatchObject({ width: 311, height: 211 });
    expect(drawn.pixels).toMatchObject({ width: 90, height: 61 });
    expect(drawn.bounds).toEqual(capture.bounds);
    const id = await session.place(drawn);
    expect((await host.kit.layer(id)).bounds).toEqual({ x: 31, y: 17, width: 90, height: 61 });
    expect((await host.kit.layer(id)).pixels.data).toEqual(drawn.pixels.data);
    expect(host.kit.steps().at(-1)).toBe("Underdraw");
    expect(host.kit.document().at(-1)?.name).toBe("a fox");
  });

  test("has its map's background beyond the picture, at the right and below alone", async () => {
    const { session, asked, capture } = await atWork();
    const white = {
      condition: "canny",
      nets: ["lines"],
      background: [255, 255, 255],
      pixels: createPixels(311, 211),
    } as const;
    white.pixels.data.fill(9);
    for (let i = 3; i < white.pixels.data.length; i += 4) white.pixels.data[i] = 255;
    await session.generate({ prompt: "", controls: [{ map: white }] }, capture);
    const map = asked.requests[0]?.controls[0]?.map.pixels as Pixels;
    const at = (x: number, y: number) => [...map.data.subarray(4 * (y * map.width + x), 4 * (y * map.width + x) + 4)];
    expect([at(0, 0), at(310, 210)]).toEqual([
      [9, 9, 9, 255],
      [9, 9, 9, 255],
    ]);
    expect([at(311, 0), at(0, 211), at(319, 223)]).toEqual(new Array(3).fill([255, 255, 255, 255]));
  });

  test("is shifted by no rounding: a mark in the map comes back at its place, to the last corner", async () => {
    const { session, capture } = await atWork();
    for (const place of [
      [1, 1],
      [88, 59],
      [45, 30],
    ] as const) {
      // The middle of a placed pixel, in the pixels that are drawn.
      const x = Math.round(((place[0] + 0.5) * 311) / 90 - 0.5);
      const y = Math.round(((place[1] + 0.5) * 211) / 61 - 0.5);
      const pixels = createPixels(311, 211);
      for (let i = 3; i < pixels.data.length; i += 4) pixels.data[i] = 255;
      for (let row = y - 2; row <= y + 2; row++)
        for (let column = x - 2; column <= x + 2; column++) pixels.data[4 * (row * 311 + column)] = 255;
      const map = { condition: "canny", nets: ["lines"], pixels };
      const { data, width } = (await session.generate({ prompt: "", controls: [{ map }] }, capture)).pixels;
      let brightest = 0;
      for (let i = 0; i < data.length; i += 4) if ((data[i] ?? 0) > (data[brightest] ?? 0)) brightest = i;
      const found = [(brightest / 4) % width, Math.floor(brightest / 4 / width)];
      expect(found).toEqual(place);
    }
  });

  test("is not scaled for a host that scales itself", async () => {
    const fake = fakeHost();
    const { session } = await atWork(undefined, fake);
    const engine = stillEngine().engine;
    const { exactSize: _, ...vectors } = fake;
    const other = new Session({ host: vectors, engine });
    const drawn = await other.generate(request, (await other.capture()) as Capture);
    expect(drawn.pixels).toMatchObject({ width: 311, height: 211 });
    expect(drawn.pixels).toBe(drawn.result.pixels);
    await session.dispose();
    await other.dispose();
  });

  test.each([
    ["in the size of its pixels", true],
    ["laid into the pixels where layers have no masks", false],
  ])("takes the selection's mask along, %s", async (_, layerMasks) => {
    const bounds = { x: 0, y: 0, width: 120, height: 90 };
    const { host, session } = await atWork(bounds, fakeHost({ layerMasks }));
    const area = { x: 10, y: 20, width: 41, height: 33 };
    const mask = createPixels(41, 33);
    for (let i = 3; i < mask.data.length; i += 4) mask.data[i] = (i * 7) % 256;
    await host.kit.selectArea(area, mask);
    const before = await host.kit.render({ x: 0, y: 0, width: 120, height: 90 });
    const drawn = await session.generate(request, (await session.capture()) as Capture);
    expect(drawn.mask).toMatchObject({ width: 41, height: 33 });
    expect(drawn.pixels).toMatchObject({ width: 41, height: 33 });
    for (let i = 3; i < mask.data.length; i += 4) expect(drawn.mask?.data[i]).toBe(mask.data[i]);
    const { pixels } = await host.kit.layer(await session.place(drawn));
    for (let i = 3; i < mask.data.length; i += 4) expect(pixels.data[i]).toBe(mask.data[i]);
    const after = await host.kit.render({ x: 0, y: 0, width: 120, height: 90 });
    for (let y = 0; y < 90; y++)
      for (let x = 0; x < 120; x++) {
        const inside = x >= 10 && x < 51 && y >= 20 && y < 53;
        if (inside && mask.data[4 * ((y - 20) * 41 + x - 10) + 3] !== 0) continue;
        const i = 4 * (y * 120 + x);
        expect(after.data.subarray(i, i + 4)).toEqual(before.data.subarray(i, i + 4));
      }
  });

  test("of one pixel and of a hair comes back in that size", async () => {
    for (const bounds of [
      { x: 4, y: 4, width: 1, height: 1 },
      { x: 4, y: 4, width: 1, height: 140 },
      { x: 0, y: 9, width: 311, height: 3 },
    ]) {
      const { session, host, capture } = await atWork(bounds);
      const id = await session.place(await session.generate(request, capture));
      expect((await host.kit.layer(id)).bounds).toEqual(bounds);
    }
  });

  test("that no page has memory for is refused in words before anything is loaded", async () => {
    const { session, asked, capture } = await atWork();
    const huge = { ...capture, bounds: { x: 0, y: 0, width: 30_000, height: 30_000 } };
    const error = await rejection(session.generate(request, huge));
    expect(error).toMatchObject({ code: "selection-unusable", details: { reason: "too-large" } });
    expect(String(error)).toContain("30000 x 30000");
    expect(asked.loads).toEqual([]);
  });

  test("says nothing of sizes that nobody chose, and warns of lines that vanish", async () => {
    const host = fakeHost();
    const { session, capture } = await atWork(undefined, host);
    const strokes = createPixels(90, 61);
    for (let i = 0; i < strokes.data.length; i += 40) strokes.data.set([0, 0, 0, 255], i);
    const drawn = await session.generate(request, { ...capture, pixels: strokes });
    expect(drawn.result.warnings.map(({ code }) => code)).toEqual(["source-vanishes"]);
  });

  test("takes the middle of a map of other proportions, and says so", async () => {
    const { session, asked, capture } = await atWork();
    const map = { condition: "canny", nets: ["lines"], pixels: frame(300, 300) };
    const drawn = await session.generate({ prompt: "", controls: [{ map }] }, capture);
    expect(drawn.result.warnings.map(({ code }) => code)).toEqual(["map-cut"]);
    expect(drawn.request.controls[0]?.map.pixels).toMatchObject({ width: 300, height: 204 });
    const sent = asked.requests[0]?.controls[0]?.map.pixels as Pixels;
    expect(Math.abs(sent.width / sent.height - 320 / 224)).toBeLessThan(0.01);
  });

  test("can be asked for again with the maps it was drawn from", async () => {
    const { session, asked, capture } = await atWork();
    const first = await session.generate({ ...request, seed: 3 }, capture);
    const { width: _, height: _1, ...again } = first.request;
    const second = await session.generate(again, capture);
    expect(second.pixels.data).toEqual(first.pixels.data);
    expect(second.recipe).toBe(first.recipe);
    expect(asked.extracted).toHaveLength(1);
  });
});

describe("the model", () => {
  test("is loaded once for the same nets, and again when one is added", async () => {
    const { session, asked, still, capture } = await atWork();
    still.nets = ["lines", "depth"];
    const map = { condition: "depth", pixels: frame(90, 61) };
    expect(session.pipeline).toBeNull();
    await session.generate(request, capture);
    await session.generate(request, capture);
    await session.generate({ prompt: "", controls: [] }, capture);
    // "canny" is the best name for canny's maps, and this engine has none of it.
    expect(asked.loads.map(({ nets }) => nets)).toEqual([["canny"], ["lines"]]);
    expect(session.pipeline?.nets).toEqual(["lines"]);
    await session.generate({ prompt: "", controls: [{ map }] }, capture);
    await session.generate(request, capture);
    expect(asked.loads.slice(2).map(({ nets }) => nets)).toEqual([["lines", "depth"]]);
    expect(asked.disposed).toBe(1);
    await session.dispose();
    await session.dispose();
    expect(asked.disposed).toBe(2);
  });

  test("takes the net that a control names", async () => {
    const { session, asked, still, capture } = await atWork();
    still.nets = ["ink"];
    await session.generate(
      { prompt: "", controls: [{ from: canny(), net: "ink", weight: 0.5, range: [0, 0.5] }] },
      capture,
    );
    expect(asked.requests[0]?.controls[0]).toMatchObject({ net: "ink", weight: 0.5, range: [0, 0.5] });
  });

  test("of which no net reads a map says which were looked for", async () => {
    const { session, still, capture } = await atWork();
    still.nets = [];
    const error = await rejection(session.generate(request, capture));
    expect(error).toMatchObject({ code: "model-unknown" });
    expect(String(error)).toContain("canny, lines");
    still.nets = ["lines"];
    expect((await session.generate(request, capture)).pixels.width).toBe(90); // it was put there since
  });

  test("that cannot be loaded passes its error on untouched, and is tried again", async () => {
    const { session, engine, capture } = await atWork();
    const load = engine.load;
    const lost = new UnderdrawError("device-lost", "The GPU is gone.", { reason: "unknown" });
    engine.load = () => Promise.reject(lost);
    expect(await rejection(session.generate(request, capture))).toBe(lost);
    engine.load = load;
    expect((await session.generate(request, capture)).pixels.width).toBe(90);
  });
});

describe("one job ahead", () => {
  /** A gate that each step waits at. */
  const gated = async () => {
    const work = await atWork();
    let open = () => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    work.still.step = () => gate;
    return { ...work, open };
  };

  test("a third request takes the place of the one that waits; what runs goes on", async () => {
    const { session, asked, capture, open } = await gated();
    const first = session.generate({ ...request, seed: 1 }, capture);
    const second = rejection(session.generate({ ...request, seed: 2 }, capture));
    const third = session.generate({ ...request, seed: 3 }, capture);
    const error = await second;
    expect(error).toMatchObject({ name: "AbortError" });
    expect(String(error)).toContain("newer request");
    open();
    expect([(await first).result.seed, (await third).result.seed]).toEqual([1n, 3n]);
    expect(asked.requests.map(({ seed }) => seed)).toEqual([1, 3]);
  });

  test("captures and maps do not wait for what runs", async () => {
    const { session, capture, open } = await gated();
    const running = session.generate(request, capture);
    expect((await session.extract(canny(), capture)).pixels.width).toBe(90);
    expect((await session.capture({ maxSide: 45 }))?.pixels).toMatchObject({ width: 45 });
    open();
    await running;
  });

  test("a stopped request rejects at once with the signal's own reason, and the next one runs", async () => {
    const { session, asked, capture, open } = await gated();
    const reason = new Error("enough");
    const stopping = new AbortController();
    const heard: Progress[] = [];
    const running = session.generate(request, capture, {
      signal: stopping.signal,
      onProgress: (progress) => heard.push(progress),
    });
    while (asked.requests.length === 0) await new Promise((resolve) => setTimeout(resolve));
    stopping.abort(reason);
    expect(await rejection(running)).toBe(reason);
    const before = heard.length;
    const next = session.generate({ ...request, seed: 8 }, capture);
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect(asked.requests).toHaveLength(1); // two would share one device
    open();
    expect((await next).result.seed).toBe(8n);
    expect(heard).toHaveLength(before);
    expect(await rejection(session.generate(request, capture, { signal: AbortSignal.abort(reason) }))).toBe(reason);
  });

  test("a waiting request can be stopped, and never runs", async () => {
    const { session, asked, capture, open } = await gated();
    const running = session.generate({ ...request, seed: 1 }, capture);
    const stopping = new AbortController();
    const waiting = rejection(session.generate({ ...request, seed: 2 }, capture, { signal: stopping.signal }));
    stopping.abort("no more");
    expect(await waiting).toBe("no more");
    open();
    await running;
    expect(asked.requests.map(({ seed }) => seed)).toEqual([1]);
  });

  test("cancel stops both, and the session goes on", async () => {
    const { session, capture, open } = await gated();
    const both = [1, 2].map((seed) => rejection(session.generate({ ...request, seed }, capture)));
    session.cancel();
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ name: "AbortError" });
    open();
    expect((await session.generate(request, capture)).pixels.width).toBe(90);
    session.cancel();
  });

  test("dispose stops both, waits for their end and frees the model once", async () => {
    const { session, asked, capture, open } = await gated();
    const both = [1, 2].map((seed) => rejection(session.generate({ ...request, seed }, capture)));
    while (asked.requests.length === 0) await new Promise((resolve) => setTimeout(resolve));
    const disposing = session.dispose();
    for (const error of await Promise.all(both)) expect(error).toMatchObject({ code: "disposed" });
    expect(asked.disposed).toBe(0);
    open();
    await disposing;
    expect(asked.disposed).toBe(1);
    const drawn = {} as Drawn;
    for (const late of [
      () => session.capture(),
      () => session.extract(canny(), capture),
      () => session.generate(request, capture),
      () => session.place(drawn),
      () => session.draw(request),
      () => session.recipe("1"),
      () => session.replay("{}"),
    ])
      expect(await rejection(late())).toMatchObject({ code: "disposed", details: { what: "session" } });
  });
});

describe("progress", () => {
  test("is one fraction over the whole call, never falls and ends at 1", async () => {
    const { session, capture } = await atWork();
    for (const run of [
      (onProgress: (progress: Progress) => void) => session.generate(request, capture, { onProgress }),
      (onProgress: (progress: Progress) => void) => session.generate(request, capture, { onProgress }), // loaded now
      (onProgress: (progress: Progress) => void) => session.draw(request, { onProgress }),
      async (onProgress: (progress: Progress) => void) =>
        session.replay((await session.generate(request, capture)).recipe, { onProgress }),
    ]) {
      const heard: number[] = [];
      const phases = new Set<string>();
      await run(({ fraction, phase }) => {
        heard.push(fraction);
        phases.add(phase);
      });
      expect(heard).toEqual([...heard].sort((a, b) => a - b));
      expect(heard.at(-1)).toBe(1);
      expect(heard.filter((fraction) => fraction === 1)).toHaveLength(1);
      expect(phases).toContain("denoise");
    }
  });

  test("shows previews of the picture, without what is sampled beyond it", async () => {
    const { session, capture } = await atWork();
    const previews: Promise<Pixels>[] = [];
    await session.generate(request, capture, {
      onProgress: (progress) => {
        if (progress.phase === "denoise" && progress.preview) previews.push(progress.preview());
      },
    });
    expect(previews).toHaveLength(4);
    for (const preview of await Promise.all(previews)) expect(preview).toMatchObject({ width: 311, height: 211 });
  });
});

describe("an editor", () => {
  test("in which nothing is selected gives null, and nothing is loaded", async () => {
    const { engine, asked } = stillEngine();
    const session = new Session({ host: fakeHost(), engine });
    expect(await session.capture()).toBeNull();
    expect(await session.draw(request)).toBeNull();
    expect(asked.loads).toEqual([]);
  });

  test("draws in one call, and one undo takes it back byte for byte", async () => {
    const { session, host } = await atWork();
    const before = await host.kit.snapshot();
    const id = await session.draw(request);
    expect((await host.kit.layers()).at(-1)).toBe(id);
    await host.kit.undo();
    expect(await host.kit.snapshot()).toBe(before);
    await host.kit.redo();
    expect(await session.recipe(id as string)).toContain('"prompt":"a fox"');
  });

  test("whose document is gone loses nothing: the picture can be placed when it is back", async () => {
    const { session, host, capture } = await atWork();
    const drawn = await session.generate(request, capture);
    await host.kit.leave();
    const error = await rejection(session.place(drawn));
    expect(error).toMatchObject({ code: "document-changed", details: { host: "fake" } });
    expect(await host.kit.layers()).toEqual([]);
    const { anchor: _, ...anywhere } = drawn;
    expect(await host.kit.layers()).not.toContain(await session.place(anywhere));
    expect(await host.kit.layers()).toHaveLength(1);
  });

  test("that is busy says so, and the picture can be placed afterwards", async () => {
    const { session, host, capture } = await atWork();
    const drawn = await session.generate(request, capture);
    host.kit.busy("Print");
    expect(await rejection(session.place(drawn))).toMatchObject({ code: "host-busy", details: { owner: "Print" } });
    expect(await rejection(session.capture())).toMatchObject({ code: "host-busy" });
    host.kit.busy(null);
    expect(await session.place(drawn)).not.toBe("");
  });

  test("that rejects with whatever is passed on untouched", async () => {
    const { host, engine } = await atWork();
    const session = new Session({ host: changed(host, { capture: () => Promise.reject("in plain words") }), engine });
    expect(await rejection(session.capture())).toBe("in plain words");
  });

  test("that gives no id for a layer is named", async () => {
    const { host, engine, capture } = await atWork();
    for (const ids of [[], [""]]) {
      const session = new Session({ host: changed(host, { place: async () => ids }), engine });
      const error = await rejection(session.place(await session.generate(request, capture)));
      expect(error).toMatchObject({ code: "host-failed", details: { host: "fake", call: "place" } });
    }
  });

  test("that gives other than asked is named, with what it gave", async () => {
    const { host, engine } = await atWork();
    const sound = { pixels: createPixels(10, 10), bounds: { x: 0, y: 0, width: 10, height: 10 } };
    const unsound: readonly [Capture, RegExp][] = [
      [{ ...sound, pixels: createPixels(2000, 3) }, /2000 x 3 pixels, and 64 a side/],
      [{ ...sound, pixels: { ...createPixels(10, 10), width: 11 } }, /do not fit their size/],
      [{ ...sound, pixels: createPixels(0, 0) }, /do not fit their size/],
      [{ ...sound, bounds: { x: 0.5, y: 0, width: 10, height: 10 } }, /no whole box/],
      [{ ...sound, bounds: { x: 0, y: 0, width: 0, height: 10 } }, /no whole box/],
      [{ ...sound, bounds: { x: Number.NaN, y: 0, width: 10, height: 10 } }, /no whole box/],
      [{ ...sound, mask: createPixels(9, 10) }, /mask of 9 x 10/],
    ];
    for (const [capture, words] of unsound) {
      const session = new Session({ host: changed(host, { capture: async () => capture }), engine });
      const error = await rejection(session.capture({ maxSide: 64 }));
      expect(error).toMatchObject({ code: "host-failed", details: { call: "capture" } });
      expect(String(error)).toMatch(words);
    }
  });

  test("that never answers is waited for no longer than the signal allows", async () => {
    const { host, engine } = await atWork();
    const session = new Session({ host: changed(host, { capture: () => new Promise(() => {}) }), engine });
    const stopping = new AbortController();
    const waiting = rejection(session.capture({}, { signal: stopping.signal }));
    stopping.abort("no more");
    expect(await waiting).toBe("no more");
  });

  test("needs a whole size to capture", async () => {
    const { session } = await atWork();
    for (const maxSide of [0, -1, 1.5, Number.NaN])
      expect(await rejection(session.capture({ maxSide }))).toBeInstanceOf(RangeError);
  });
});
