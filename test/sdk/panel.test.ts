import { canny, defineCondition, type EngineLike, type RequestChange, type Warning } from "@underdraw/engine";
import { type Pixels, UnderdrawError } from "@underdraw/engine/core";
import { type HostAdapter, Session } from "@underdraw/sdk";
import { type FakeHost, fakeHost } from "@underdraw/sdk/testing";
import { afterEach, describe, expect, test } from "vitest";
import { z } from "zod";
import type { ControlKind } from "../../sdk/src/panel/options.ts";
import { DrawScreen, type DrawScreenParts } from "../../sdk/src/panel/state/draw-screen.ts";
import { plain, type StageEngine, stageEngine, vocabulary } from "../browser/panel/stage-engine.ts";

// The panel's state, without a page: a real session, an editor in memory, an engine in the test's hands.

const opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

const pause = (ms: number): Promise<void> => new Promise((done) => setTimeout(done, ms));

interface Setting {
  readonly screen: DrawScreen;
  readonly host: FakeHost;
  readonly engine: StageEngine;
  readonly saved: string[];
}

async function open(
  options: Partial<DrawScreenParts> & { readonly host?: FakeHost; readonly engine?: StageEngine } = {},
): Promise<Setting> {
  const { host = fakeHost({ width: 640, height: 480 }), engine = stageEngine(), ...rest } = options;
  const session = new Session({ host, engine });
  const saved: string[] = [];
  const screen = new DrawScreen({
    host,
    session,
    engine,
    offers: [{ kind: canny, net: "lines" }],
    vocabulary,
    resultBytes: 2 ** 24,
    say: (word) => word,
    read: async () => drawing(),
    save: async ({ recipe }) => {
      saved.push(recipe);
    },
    ...rest,
  });
  opened.push(async () => {
    screen.dispose();
    await session.dispose();
  });
  await screen.start();
  return { screen, host, engine, saved };
}

/** A white square on black, or dark strokes on transparent ground. */
function drawing(
  size = 64,
  ink: readonly number[] = [255, 255, 255, 255],
  ground: readonly number[] = [0, 0, 0, 255],
): Pixels {
  const data = new Uint8ClampedArray(size * size * 4);
  for (let y = 0; y < size; y++)
    for (let x = 0; x < size; x++) {
      const isInk = Math.min(x, y) >= size / 4 && Math.max(x, y) < (3 * size) / 4;
      data.set(isInk ? ink : ground, 4 * (y * size + x));
    }
  return { width: size, height: size, data };
}

const box = { x: 10, y: 10, width: 64, height: 64 };
const topics = ({ screen }: Setting): string[] => screen.cards.shown.value.map(({ topic }) => topic);
const press = ({ screen }: Setting, word: string): void => {
  const remedy = screen.cards.shown.value.flatMap(({ remedies = [] }) => remedies).find((one) => one.word === word);
  if (!remedy) throw new Error(`No card offers "${word}".`);
  remedy.run();
};

async function selected(options: Parameters<typeof open>[0] = {}, picture = drawing()): Promise<Setting> {
  const setting = await open(options);
  await setting.host.kit.select(picture, box);
  await setting.screen.reader.refresh(); // not a moment later
  await expect.poll(() => setting.screen.hero.map.value, { interval: 5 }).not.toBeNull();
  return setting;
}

describe("the selection", () => {
  test("shows its map a moment after it changed, and only the last of several changes", async () => {
    const setting = await open();
    const { screen, host } = setting;
    let captures = 0;
    const { capture } = host;
    host.capture = (...given) => {
      captures++;
      return capture(...given);
    };
    for (let n = 0; n < 5; n++) await host.kit.select(drawing(), { ...box, x: 10 + n });
    await expect.poll(() => screen.hero.map.value?.width).toBe(64);
    expect(captures).toBe(1);
    expect(screen.hero.view.value).toBe("map");
    expect(screen.reader.source.value?.capture.bounds.x).toBe(14);
  });

  test("is read as soon as it changes, and once more when a gesture that goes on has ended", async () => {
    const { host } = await open();
    await host.kit.select(drawing(), { x: 10, y: 10, width: 64, height: 64 });
    await pause(400);
    const times: number[] = [];
    const capture = host.capture.bind(host);
    host.capture = (...given) => {
      times.push(performance.now());
      return capture(...given);
    };
    const began = performance.now();
    let ended = began;
    while (ended - began < 300) {
      await host.kit.select(drawing(), { x: 10, y: 10, width: 64, height: 64 });
      ended = performance.now();
      await pause(20);
    }
    await expect.poll(() => times.length, { timeout: 2000 }).toBe(2);
    const [first = 0, second = 0] = times;
    expect(first - began).toBeLessThan(140);
    expect(second).toBeGreaterThanOrEqual(ended + 140);
  });

  test("of a slow editor that was overtaken by another is dropped", async () => {
    const host = fakeHost({ width: 640, height: 480 });
    const { capture } = host;
    let release = (): void => undefined;
    let calls = 0;
    host.capture = async (...given) => {
      const found = await capture(...given);
      if (++calls === 2) await new Promise<void>((done) => (release = done));
      return found;
    };
    const { screen } = await open({ host });
    await host.kit.select(drawing(), box);
    const slow = screen.reader.refresh();
    await expect.poll(() => calls).toBe(2);
    await host.kit.select(drawing(), { ...box, x: 99 });
    await screen.reader.refresh();
    release();
    await slow;
    expect(screen.reader.source.value?.capture.bounds.x).toBe(99);
  });

  test("that goes away takes its map along, and what was drawn stays", async () => {
    const setting = await selected();
    const { screen, host } = setting;
    await screen.generate();
    await host.kit.deselect();
    await expect.poll(() => screen.reader.source.value).toBeNull();
    expect(screen.hero.views.value).toContain("result");
    expect(screen.reason.value).toBe("reason-nothing");
  });

  test.each([
    ["hidden", async ({ host }: Setting) => host.kit.hide(), "selection-hidden"],
    [
      "off the canvas",
      async ({ host }: Setting) => host.kit.select(drawing(), { ...box, x: 5000 }),
      "selection-outside",
    ],
    [
      "one pixel",
      async ({ host }: Setting) => host.kit.select(plain(1, 1, [0, 0, 0, 255]), { ...box, width: 1, height: 1 }),
      "selection-thin",
    ],
  ] as const)("that is %s is told, and the card goes with the next good one", async (_, spoil, topic) => {
    const setting = await selected();
    await spoil(setting);
    await expect.poll(() => topics(setting)).toContain(topic);
    await setting.host.kit.select(drawing(), box);
    await expect.poll(() => topics(setting)).toEqual([]);
  });

  test("with dark strokes on a transparent ground is seen on white, unless a person chose the ground", async () => {
    const strokes = drawing(64, [0, 0, 0, 255], [0, 0, 0, 0]);
    const setting = await selected({}, strokes);
    const { screen } = setting;
    const control = screen.controls.list.value[0];
    await expect.poll(() => control?.fitted.value).toEqual({ matte: "white" });
    expect(topics(setting)).toEqual([]);
    expect(screen.hero.map.value?.data.some((value, at) => at % 4 === 0 && value > 0)).toBe(true);
    if (control) control.chosen.value = { matte: "black" };
    await expect.poll(() => topics(setting)).toEqual(["source-vanishes"]);
    press(setting, "other-ground");
    await expect.poll(() => topics(setting)).toEqual([]);
  });
});

describe("a generation", () => {
  test("asks for what the panel shows, and its result is looked at beside its map", async () => {
    const { screen, engine } = await selected();
    screen.prompt.text.value = "  flat emoji of house ";
    screen.settings.negative.value = "blurry";
    screen.settings.steps.value = 7;
    screen.settings.fixed.value = true;
    screen.settings.seed.value = "9007199254740993";
    await screen.generate();
    expect(engine.asked[0]).toMatchObject({
      prompt: "flat emoji of house",
      negativePrompt: "blurry",
      steps: 7,
      seed: 9007199254740993n,
      controls: [{ net: "lines", weight: 1, range: [0, 0.9] }],
    });
    expect(engine.asked[0]).not.toHaveProperty("guidance");
    expect(screen.hero.view.value).toBe("compare");
    expect(screen.results.chosen.value?.number).toBe(1);
  });

  test("without a selection looks once more, then says so", async () => {
    const host = fakeHost({ width: 640, height: 480, abilities: ["recipe"] });
    const setting = await open({ host });
    await setting.screen.generate();
    expect(topics(setting)).toEqual(["nothing-selected"]);
    await host.kit.select(drawing(), box);
    await setting.screen.generate();
    expect(setting.engine.asked).toHaveLength(1);
    expect(topics(setting)).toEqual([]);
  });

  test("leaves out the controls that are off, and keeps several that are on", async () => {
    const { screen, engine } = await selected();
    const second = screen.controls.add({ kind: canny, net: "lines" });
    second.strength.value = { weight: 0.3, range: [0.2, 0.6] };
    const third = screen.controls.add({ kind: canny, net: "lines" });
    third.on.value = false;
    await screen.generate();
    expect(engine.asked[0]?.controls.map(({ weight, range }) => [weight, range])).toEqual([
      [1, [0, 0.9]],
      [0.3, [0.2, 0.6]],
    ]);
  });

  test("that is stopped keeps the pictures that were finished", async () => {
    const setting = await selected();
    const { screen, engine } = setting;
    screen.settings.count.value = 4;
    const done = screen.generate();
    await expect.poll(() => screen.results.list.value.length).toBe(1);
    engine.pauseAt(10);
    await expect.poll(() => screen.generation.job.working.value?.step).toBe(10);
    const { fraction = 0 } = screen.generation.job.working.value ?? {};
    expect(fraction).toBeGreaterThan(0.25);
    screen.generation.job.stop();
    await done;
    expect(screen.results.list.value.length).toBeGreaterThanOrEqual(1);
    expect(screen.results.list.value.length).toBeLessThan(4);
    expect(topics(setting)).toEqual([]);
    expect(screen.said.value).toEqual({ word: "said-stopped" });
    expect(screen.generation.job.busy.value).toBe(false);
  });

  test("never tells a smaller fraction than before, over several pictures", async () => {
    const { screen } = await selected();
    const told: number[] = [];
    screen.generation.job.working.subscribe((working) => {
      if (working) told.push(working.fraction);
    });
    screen.settings.count.value = 2;
    await screen.generate();
    expect(told).toEqual([...told].sort((one, other) => one - other));
    expect(told.at(-1)).toBe(1);
  });

  test.each([
    ["device-lost", { reason: "sleep" }, "device-lost"],
    ["out-of-memory", {}, "out-of-memory"],
    ["worker-crashed", { reason: "memory", again: true }, "worker-crashed-again"],
    ["timeout", { what: "a step", limitMs: 1 }, "timeout"],
  ] as const)("that ends with %s can be tried again, and nothing finished is lost", async (code, details, topic) => {
    const setting = await selected();
    await setting.screen.generate();
    setting.engine.failWith(new UnderdrawError(code, "It failed.", details as never));
    await setting.screen.generate();
    expect(topics(setting)).toEqual([topic]);
    expect(setting.screen.cards.shown.value[0]?.detail).toBe("It failed.");
    press(setting, "again");
    await expect.poll(() => setting.screen.results.list.value.length).toBe(2);
    expect(topics(setting)).toEqual([]);
  });

  test("runs alone: a second press does nothing", async () => {
    const { screen, engine } = await selected();
    await Promise.all([screen.generate(), screen.generate(), screen.generate()]);
    expect(engine.asked).toHaveLength(1);
  });

  test("warns of what the engine ignored, with what can be done", async () => {
    const setting = await selected();
    setting.engine.warn([
      { code: "prompt-cut", message: "Too long.", remedy: "Shorten it." },
      { code: "something-new", message: "It was so." },
    ]);
    await setting.screen.generate();
    expect(topics(setting)).toEqual(["prompt-cut", "noted"]);
    expect(setting.screen.cards.shown.value.map(({ detail }) => detail)).toEqual([
      "Too long. Shorten it.",
      "It was so.",
    ]);
  });
});

describe("a warning of the engine", () => {
  const note = (code: string, change?: RequestChange): Warning => ({
    code,
    message: "It was so.",
    ...(change && { change }),
  });
  const remedies = ({ screen }: Setting) =>
    screen.cards.shown.value.flatMap(({ remedies = [] }) => remedies.map(({ word, values }) => [word, values]));
  async function warned(warnings: readonly Warning[], parts: Parameters<typeof selected>[0] = {}) {
    const setting = await selected(parts);
    setting.engine.warn(warnings);
    await setting.screen.generate();
    const [control] = setting.screen.controls.list.value;
    if (!control) throw new Error("There is no control.");
    return { ...setting, control };
  }

  test("is a button for each change that the panel can make, and none for what it cannot", async () => {
    const setting = await warned([
      note("map-inverted", { control: 0, invert: true }),
      note("map-empty", { control: 0, remove: true }),
      note("control-inactive", { control: 0, set: { range: [0, 1] } }),
      note("negative-unused", { set: { guidance: 7.5 } }),
      note("something-new", { set: { steps: 30 } }),
      note("size-rounded", { set: { width: 64, height: 64 } }),
      note("map-other-kind", { control: 0, set: { net: "depth" } }),
      note("map-flipped", { control: 7, invert: true }),
      note("prompt-cut"),
    ]);
    const { control, screen } = setting;
    expect(remedies(setting)).toEqual([
      ["invert", undefined],
      ["turn-off", undefined],
      ["widen-steps", undefined],
      ["use-guidance", { n: 7.5 }],
      ["use-steps", { n: 30 }],
    ]);
    expect(control.strength.value.range).not.toEqual([0, 1]);
    for (const word of ["invert", "widen-steps", "use-guidance", "use-steps", "turn-off"]) press(setting, word);
    expect(control.inverted.value).toBe(true);
    expect(control.strength.value.range).toEqual([0, 1]);
    expect([screen.settings.guidance.value, screen.settings.steps.value]).toEqual([7.5, 30]);
    expect(control.on.value).toBe(false);
  });

  test("that is said of several controls is one button for all of them", async () => {
    const setting = await selected();
    const [first] = setting.screen.controls.list.value;
    const second = setting.screen.controls.add(first?.offer.value as ControlKind);
    setting.engine.warn([
      note("map-flipped", { control: 0, invert: true }),
      note("map-flipped", { control: 1, invert: true }),
    ]);
    await setting.screen.generate();
    expect(remedies(setting)).toEqual([["invert", undefined]]);
    press(setting, "invert");
    expect([first?.inverted.value, second.inverted.value]).toEqual([true, true]);
  });

  test("takes another net where the panel offers one", async () => {
    const offers = [
      { kind: canny, net: "depth" },
      { kind: canny, net: "lines" },
    ];
    const other = note("map-other-kind", { control: 0, set: { net: "lines" } });
    const setting = await warned([other], { offers });
    expect(remedies(setting)).toEqual([["use-net", { name: "lines" }]]);
    press(setting, "use-net");
    await setting.screen.generate();
    expect(setting.engine.asked.at(-1)?.controls[0]?.net).toBe("lines");
  });
});

test("what a layer's recipe says and the panel has no handle for is kept, until its map goes", async () => {
  const setting = await selected();
  const { screen, host, engine } = setting;
  const session = new Session({ host, engine });
  const mask = drawing(64);
  const steering = { layers: "soft", curve: [[0, 0]], halves: [1, 0.5], mask } as const;
  const capture = await session.capture();
  if (!capture) throw new Error("Nothing is selected.");
  const controls = [{ from: canny(), ...steering }];
  const id = await session.place(await session.generate({ prompt: "a fox", controls }, capture));
  await host.kit.deselect();
  await screen.showLayer(id);
  engine.warn([{ code: "control-inactive", message: "It was so.", change: { control: 0, set: { curve: [] } } }]);
  await screen.generate();
  expect(engine.asked.at(-1)?.controls[0]).toMatchObject({ ...steering, net: "lines" });
  press(setting, "use-fully");
  await screen.generate();
  expect(engine.asked.at(-1)?.controls[0]).toMatchObject({ ...steering, curve: [] });
  await host.kit.select(drawing(), { ...box, x: 90 });
  await expect.poll(() => screen.controls.list.value[0]?.kept.value).toBeNull();
  await screen.generate();
  expect(engine.asked.at(-1)?.controls[0]).not.toHaveProperty("layers");
  expect(engine.asked.at(-1)?.controls[0]).not.toHaveProperty("mask");
  await session.dispose();
});

describe("the map", () => {
  test("that is inverted is told, and put right by its remedy", async () => {
    const setting = await selected();
    const control = setting.screen.controls.list.value[0];
    if (!control) throw new Error("There is no control.");
    control.inverted.value = true;
    await expect.poll(() => topics(setting)).toEqual(["map-inverted"]);
    await setting.screen.generate();
    expect(setting.engine.asked[0]?.controls[0]?.map.pixels.data[0]).toBe(255);
    press(setting, "invert");
    expect(control.inverted.value).toBe(false);
    await expect.poll(() => topics(setting)).toEqual([]);
  });

  test("of a plain surface is empty, and its settings are offered", async () => {
    const setting = await selected({}, plain(64, 64, [90, 90, 90, 255]));
    await expect.poll(() => topics(setting)).toEqual(["map-empty"]);
    press(setting, "open-control");
    expect(setting.screen.controls.list.value[0]?.open.value).toBe(true);
  });

  test("is drawn anew when an option changes, and a failing condition says so", async () => {
    const fussy = defineCondition({
      id: "fussy",
      title: "Fussy",
      options: z.object({ mood: z.enum(["good", "bad"]).default("good") }),
      extract(source, { mood }) {
        if (mood === "bad") throw new Error("Not today.");
        return plain(source.width, source.height, [mood.length, 0, 0, 255]);
      },
    });
    const offers: readonly ControlKind[] = [{ kind: fussy, net: "lines" }];
    const setting = await open({ offers });
    await setting.host.kit.select(drawing(), box);
    const control = setting.screen.controls.list.value[0];
    await expect.poll(() => control?.map.value?.pixels.data[0]).toBe(4);
    if (control) control.chosen.value = { mood: "bad" };
    await expect.poll(() => topics(setting)).toEqual(["condition-failed"]);
    expect(control?.map.value).toBeNull();
  });

  test("goes into the document as a layer of its own, in one step", async () => {
    const setting = await selected();
    const [control] = setting.screen.controls.list.value;
    if (!control) throw new Error("There is no control.");
    const before = (await setting.host.kit.layers()).length;
    await setting.screen.placing.putMap(control);
    expect(await setting.host.kit.layers()).toHaveLength(before + 1);
    expect(setting.host.kit.document().at(-1)?.bounds).toEqual(box);
    expect(setting.screen.said.value).toEqual({ word: "map-placed" });
  });
});

describe("results", () => {
  test("are let go from the oldest on when they are too many, which is told; the newest stays whatever its size", async () => {
    const setting = await selected({ resultBytes: 80_000 });
    for (let n = 0; n < 3; n++) await setting.screen.generate();
    const numbers = setting.screen.results.list.value.map(({ number }) => number);
    expect(numbers[0]).toBe(3);
    expect(numbers.length).toBeLessThan(3);
    expect(topics(setting)).toContain("results-full");
    const tiny = await selected({ resultBytes: 1 });
    await tiny.screen.generate();
    expect(tiny.screen.results.list.value).toHaveLength(1);
  });

  test("give more like them: the same request with another seed", async () => {
    const { screen, engine } = await selected();
    screen.settings.fixed.value = true;
    screen.settings.seed.value = "5";
    await screen.generate();
    const [first] = screen.results.list.value;
    if (!first) throw new Error("Nothing was drawn.");
    screen.prompt.text.value = "something else";
    await screen.generation.moreLike(first);
    const [one, other] = engine.asked;
    expect(other?.prompt).toBe(one?.prompt);
    expect(other?.seed).toBeUndefined();
    expect(other?.controls[0]?.map.pixels.data).toEqual(one?.controls[0]?.map.pixels.data);
  });

  test("that cannot be placed can be placed later, or saved", async () => {
    const setting = await selected();
    const { screen, host, saved } = setting;
    await screen.generate();
    const [result] = screen.results.list.value;
    if (!result) throw new Error("Nothing was drawn.");
    host.kit.busy("Save as");
    await screen.placing.apply(result);
    expect(topics(setting)).toEqual(["host-busy"]);
    press(setting, "save");
    await expect.poll(() => saved).toEqual([result.drawn.recipe]);
    host.kit.busy(null);
    press(setting, "again");
    await expect.poll(() => result.layer.value).not.toBeNull();
    expect(topics(setting)).toEqual([]);
  });

  test("of a document that was closed are told apart, and stay", async () => {
    const setting = await selected();
    await setting.screen.generate();
    const [result] = setting.screen.results.list.value;
    if (!result) throw new Error("Nothing was drawn.");
    await setting.host.kit.leave();
    await setting.screen.placing.apply(result);
    expect(topics(setting).filter((topic) => topic.startsWith("document-"))).toHaveLength(1);
    expect(setting.screen.results.list.value).toEqual([result]);
  });

  test("outlive the host, and a call that finds the bridge closed says that it is gone", async () => {
    const setting = await selected();
    await setting.screen.generate();
    const [result] = setting.screen.results.list.value;
    if (!result) throw new Error("Nothing was drawn.");
    setting.host.place = () =>
      Promise.reject(new UnderdrawError("bridge-closed", "The host is gone.", { reason: "closed" }));
    await setting.screen.placing.apply(result);
    expect(setting.screen.connected.value).toBe(false);
    expect(topics(setting)).toEqual(["bridge-closed"]);
    await setting.screen.generate();
    expect(setting.screen.results.list.value).toHaveLength(2);
  });
});

describe("a layer that was drawn here", () => {
  async function placed(): Promise<Setting & { readonly layer: string }> {
    const setting = await selected();
    const { screen } = setting;
    screen.prompt.text.value = "flat emoji of fish";
    screen.settings.steps.value = 5;
    await screen.generate();
    const [result] = screen.results.list.value;
    if (!result) throw new Error("Nothing was drawn.");
    await screen.placing.apply(result);
    const layer = result.layer.value;
    if (layer === null) throw new Error("Nothing was placed.");
    return { ...setting, layer };
  }

  test("shows its recipe, and is drawn again from it", async () => {
    const { screen, engine, layer } = await placed();
    screen.prompt.text.value = "";
    screen.settings.steps.value = null;
    await screen.showLayer(layer);
    expect(screen.prompt.text.value).toBe("flat emoji of fish");
    expect(screen.settings.steps.value).toBe(5);
    expect([screen.settings.fixed.value, screen.settings.seed.value]).toEqual([true, "4128"]);
    expect(screen.controls.list.value.map(({ strength }) => strength.value)).toEqual([{ weight: 1, range: [0, 0.9] }]);
    expect(engine.asked).toHaveLength(1);
    await screen.redrawLayer(layer);
    expect(String(engine.asked[1]?.seed)).toBe("4128");
    expect(engine.asked[1]?.controls[0]?.map.pixels.data).toEqual(engine.asked[0]?.controls[0]?.map.pixels.data);
  });

  test("can be drawn with another prompt after the maps that came with it", async () => {
    const { screen, engine, layer, host } = await placed();
    await host.kit.deselect();
    await screen.showLayer(layer);
    screen.prompt.text.value = "flat emoji of house";
    await screen.generate();
    expect(engine.asked[1]?.prompt).toBe("flat emoji of house");
    expect(engine.asked[1]?.controls[0]?.map.pixels.data).toEqual(engine.asked[0]?.controls[0]?.map.pixels.data);
  });

  test("is told apart from one that was not, and from one whose recipe is damaged", async () => {
    const setting = await placed();
    await setting.screen.showLayer("layer-1");
    expect(topics(setting)).toEqual(["layer-unknown"]);
    setting.host.recipe = async () => '{"layer":1,"recipe":{}}';
    await setting.screen.showLayer("layer-1");
    expect(topics(setting)).toEqual(["file-invalid"]);
  });
});

describe("the first run", () => {
  test("draws after an example, until something is selected", async () => {
    const { screen, host, engine } = await open();
    await screen.tryExample({ name: "Square", prompt: "a square", picture: "square.png" });
    expect([screen.prompt.text.value, screen.reason.value]).toEqual(["a square", null]);
    await screen.tryExample({ name: "Other", prompt: "another", picture: "other.png" });
    expect(screen.prompt.text.value).toBe("another");
    screen.prompt.text.value = "my own words";
    await screen.tryExample({ name: "Square", prompt: "a square", picture: "square.png" });
    expect(screen.prompt.text.value).toBe("my own words");
    await screen.generate();
    expect(engine.asked).toHaveLength(1);
    await host.kit.select(drawing(), box);
    await expect.poll(() => screen.reader.source.value?.kind).toBe("selection");
  });

  test("says what cannot be had here, and which device draws instead", async () => {
    const fallback = "WebGPU is not used, because there is no adapter.";
    const engine = stageEngine({ device: { provider: "wasm", fallback } });
    const setting = await open({ engine, notices: ["storage-blocked", "insecure-page"] });
    expect(topics(setting)).toEqual(["storage-blocked", "insecure-page", "webgpu-missing"]);
    const gone = await open({ notices: ["host-lost"] });
    expect([gone.screen.connected.value, ...topics(gone)]).toEqual([false, "host-lost"]);
  });

  test("with a device that does not open says so, and can ask again", async () => {
    let fails = true;
    const engine: Pick<EngineLike, "device"> = {
      device: async () => {
        if (fails) throw new UnderdrawError("runtime-failed", "No start.", { what: "start", reason: "none" });
        return { provider: "webgpu", precision: "float16", about: "", fallback: null };
      },
    };
    const host = fakeHost();
    const session = new Session({ host, engine: stageEngine() });
    const screen = new DrawScreen({
      host: host as HostAdapter,
      session,
      engine,
      offers: [{ kind: canny }],
      resultBytes: 1000,
      say: (word) => word,
      read: async () => drawing(),
      save: async () => undefined,
    });
    opened.push(() => session.dispose());
    await screen.start();
    expect([screen.device.value, ...screen.cards.shown.value.map(({ topic }) => topic)]).toEqual([
      "none",
      "runtime-failed",
    ]);
    fails = false;
    screen.cards.shown.value[0]?.remedies?.[0]?.run();
    await expect.poll(() => screen.device.value).toMatchObject({ provider: "webgpu" });
    screen.dispose();
  });
});

test("a screen that was disposed listens no more", async () => {
  const { screen, host } = await selected();
  screen.dispose();
  const before = screen.reader.source.value;
  await host.kit.select(drawing(), { ...box, x: 77 });
  await new Promise((done) => setTimeout(done, 250));
  expect(screen.reader.source.value).toBe(before);
});
