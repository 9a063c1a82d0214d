import { builtInConditions, canny, depthOrder, lineart, poseMovenet, segmentation } from "@underdraw/engine";
import type { Pixels, Scene } from "@underdraw/engine/core";
import { Session } from "@underdraw/sdk";
import { type FakeHost, fakeHost } from "@underdraw/sdk/testing";
import { afterEach, describe, expect, test } from "vitest";
import { isChanged, reset } from "../../sdk/src/panel/state/control.ts";
import { DrawScreen } from "../../sdk/src/panel/state/draw-screen.ts";
import { isDrawing, isUsable, kindsOf, offersOf, originOf } from "../../sdk/src/panel/state/offers.ts";
import { optionForm } from "../../sdk/src/panel/state/option-form.ts";
import { korean } from "../../sdk/src/panel/words/ko.ts";
import { landscape, landscapePicture, vectorHost } from "../browser/panel/landscape.ts";
import { plain, type StageEngine, stageEngine } from "../browser/panel/stage-engine.ts";

// Controls that read the document, in the panel's state.

const nets = ["lines", "depth", "colour"];
const usual = (means: Partial<Parameters<typeof offersOf>[1]> = {}) =>
  offersOf(kindsOf(builtInConditions), { nets, detectors: [], structured: true, ...means });

describe("what is offered", () => {
  test("is every condition with the net that reads it, or the net or the file that it lacks", () => {
    const offers = usual();
    expect(new Set(offers.map(originOf))).toEqual(new Set(["document", "picture", "model"]));
    const found = (id: string) => offers.find(({ kind }) => kind.id === id);
    expect(found("lineart")).toMatchObject({ net: "lines" });
    expect(found("depth-order")).toMatchObject({ net: "depth" });
    expect(found("colour-areas")).toMatchObject({ net: "colour" });
    expect(found("canny")).toMatchObject({ net: "lines" });
    expect(found("segmentation")?.need).toEqual({ what: "net", name: "segmentation" });
    expect(found("depth-anything")?.need).toEqual({ what: "model", name: "depth-anything" });
    expect(found("pose-movenet")?.need).toEqual({ what: "net", name: "openpose" });
    expect(offers.filter(isUsable).length).toBeGreaterThan(12);
  });

  test("grows with the nets and files that there are", () => {
    const all = usual({ nets: [...nets, "seg", "pose"], detectors: ["movenet", "depth-anything"] });
    for (const kind of [segmentation, poseMovenet]) {
      const offer = all.find((one) => one.kind === kind);
      expect([offer?.need, offer?.net]).toEqual([undefined, kind === segmentation ? "seg" : "pose"]);
    }
  });

  test("leaves out documents where the host tells nothing of them, poses from files and maps that no net reads", () => {
    expect(usual({ structured: false }).filter((offer) => originOf(offer) === "document")).toEqual([]);
    const ids = usual().map(({ kind }) => kind.id);
    expect(ids).not.toContain("pose");
    expect(ids).not.toContain("mask-layers");
  });

  test("is taken as it is where a page lists it and names no nets", () => {
    const offers = offersOf([{ kind: canny, net: "mine" }, { kind: segmentation }], {
      nets: undefined,
      detectors: [],
      structured: true,
    });
    expect(offers.map(({ kind, net, need }) => [kind.id, net, need])).toEqual([
      ["canny", "mine", undefined],
      ["segmentation", undefined, undefined],
    ]);
  });
});

test("a selection is a drawing when it has more shapes than pictures", () => {
  const scene = landscape({ x: 0, y: 0, width: 100, height: 100 });
  const [frame] = scene.shapes;
  if (!frame) throw new Error("The drawing has no shapes.");
  const picture = { ...frame, kind: "picture" as const, fill: null };
  const of = (...shapes: Scene["shapes"]): boolean => isDrawing({ bounds: scene.bounds, shapes });
  expect(isDrawing(scene)).toBe(true);
  expect([of(), of(picture), of(frame, picture), of(frame, frame, picture)]).toEqual([false, false, false, true]);
  expect([of({ ...frame, kind: "text" }), of({ ...frame, fill: null }), of({ ...frame, opacity: 0 })]).toEqual([
    false,
    false,
    false,
  ]);
});

const opened: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const close of opened.splice(0)) await close();
});

interface Setting {
  readonly screen: DrawScreen;
  readonly host: FakeHost;
  readonly engine: StageEngine;
}

async function open(host: FakeHost = vectorHost(), offers = usual()): Promise<Setting> {
  const engine = stageEngine();
  const session = new Session({ host, engine });
  const screen = new DrawScreen({
    ...{ host, session, engine, offers, follows: true },
    resultBytes: 2 ** 26,
    say: (word) => word,
    read: async () => plain(32, 32, [0, 0, 0, 255]),
    save: async () => undefined,
  });
  opened.push(async () => {
    screen.dispose();
    await session.dispose();
  });
  await screen.start();
  return { screen, host, engine };
}

const box = { x: 10, y: 10, width: 128, height: 96 };
const topics = ({ screen }: Setting): string[] => screen.cards.shown.value.map(({ topic }) => topic);
const first = ({ screen }: Setting) => {
  const [control] = screen.controls.list.value;
  if (!control) throw new Error("There is no control.");
  return control;
};
const shown = (setting: Setting): string | undefined => first(setting).map.value?.condition;

async function select({ host, screen }: Setting, picture: Pixels = landscapePicture(128, 96)): Promise<void> {
  await host.kit.select(picture, box);
  await screen.reader.refresh(); // not a moment later
}

async function selected(host?: FakeHost): Promise<Setting> {
  const setting = await open(host);
  await select(setting);
  return setting;
}

/** An editor whose selection is a drawing or a picture, as the test says. */
function mixedHost(): { readonly host: FakeHost; drawing: boolean } {
  const mixed = { host: vectorHost(), drawing: true };
  const drawn = mixed.host.scene?.bind(mixed.host);
  mixed.host.scene = async (call) => {
    const scene = (await drawn?.(call)) ?? null;
    if (mixed.drawing) return scene;
    const [shape] = scene?.shapes ?? [];
    return scene && shape ? { bounds: scene.bounds, shapes: [{ ...shape, kind: "picture", fill: null }] } : null;
  };
  return mixed;
}

describe("the first control", () => {
  test("follows what is selected: the document's lines of a drawing, the edges of a picture", async () => {
    const mixed = mixedHost();
    const setting = await selected(mixed.host);
    await expect.poll(() => shown(setting)).toBe("lineart");
    const { key } = first(setting);
    first(setting).strength.value = { weight: 0.5, range: [0, 0.5] };
    mixed.drawing = false;
    await select(setting);
    await expect.poll(() => shown(setting)).toBe("canny");
    mixed.drawing = true;
    await select(setting);
    await expect.poll(() => shown(setting)).toBe("lineart");
    expect([first(setting).key, first(setting).strength.value.weight]).toEqual([key, 0.5]);
    expect(topics(setting)).toEqual([]);
  });

  test("follows no more when a person chose a kind or an option", async () => {
    const mixed = mixedHost();
    const setting = await selected(mixed.host);
    await expect.poll(() => shown(setting)).toBe("lineart");
    first(setting).chosen.value = { hidden: true };
    mixed.drawing = false;
    await select(setting);
    await expect.poll(() => first(setting).map.value?.pixels.width).toBe(128);
    expect(first(setting).offer.value.kind).toBe(lineart);
    const edges = setting.screen.offers.find(({ kind }) => kind === canny);
    if (!edges) throw new Error("Canny is not offered.");
    setting.screen.controls.change(first(setting), edges);
    mixed.drawing = true;
    await select(setting);
    await expect.poll(() => shown(setting)).toBe("canny");
    expect(isChanged(first(setting))).toBe(false);
  });

  test("stays with pixels in an editor that tells no structure, and asks it for none", async () => {
    const setting = await selected(fakeHost({ width: 640, height: 480, abilities: ["selection-events"] }));
    await expect.poll(() => shown(setting)).toBe("canny");
    expect(topics(setting)).toEqual([]);
  });

  test("does not ask about a place that was a picture at each stroke of a painter", async () => {
    const mixed = mixedHost();
    mixed.drawing = false;
    let asked = 0;
    const scene = mixed.host.scene?.bind(mixed.host);
    mixed.host.scene = async (call) => {
      asked++;
      return (await scene?.(call)) ?? null;
    };
    const setting = await selected(mixed.host);
    await expect.poll(() => shown(setting)).toBe("canny");
    await expect.poll(() => asked).toBe(1);
    for (let n = 0; n < 3; n++) await setting.screen.reader.refresh();
    expect(asked).toBe(1);
    // A control that draws from it wants it as it is now.
    const offer = setting.screen.offers.find(({ kind }) => kind === depthOrder);
    if (offer) setting.screen.controls.add(offer);
    await expect.poll(() => setting.screen.controls.list.value[1]?.map.value?.condition).toBe("depth-order");
    expect(asked).toBe(2);
    await mixed.host.kit.select(landscapePicture(90, 90), { x: 300, y: 10, width: 90, height: 90 });
    await setting.screen.reader.refresh();
    await expect.poll(() => asked).toBe(3);
  });

  test("stays with pixels, without a word, when the structure cannot be read", async () => {
    const host = vectorHost();
    host.scene = () => Promise.reject(new Error("No structure today."));
    const setting = await selected(host);
    await expect.poll(() => shown(setting)).toBe("canny");
    expect(topics(setting)).toEqual([]);
  });

  test("is drawn after an example from its pixels", async () => {
    const setting = await selected();
    await expect.poll(() => shown(setting)).toBe("lineart");
    await setting.screen.tryExample({ name: "Square", prompt: "a square", picture: "square.png" });
    await expect.poll(() => first(setting).offer.value.kind.id).toBe("canny");
  });
});

describe("a control from the document", () => {
  test("steers a picture with a map as large as what is drawn", async () => {
    const setting = await selected();
    await expect.poll(() => shown(setting)).toBe("lineart");
    await setting.screen.generate();
    const map = setting.engine.asked[0]?.controls[0];
    expect([map?.map.condition, map?.net]).toEqual(["lineart", "lines"]);
    expect(map?.map.pixels.width).toBeGreaterThan(128);
    expect(topics(setting)).toEqual([]);
  });

  test("follows its options, and they can be taken back", async () => {
    const setting = await selected();
    await expect.poll(() => shown(setting)).toBe("lineart");
    const before = first(setting).map.value;
    first(setting).chosen.value = { widths: "unified", width: 12 };
    await expect.poll(() => first(setting).map.value).not.toBe(before);
    const wide = first(setting).map.value;
    expect(wide?.pixels.data).not.toEqual(before?.pixels.data);
    reset(first(setting));
    await expect.poll(() => first(setting).map.value?.pixels.data).toEqual(before?.pixels.data);
  });

  test("draws the newest of options that come faster than maps", async () => {
    const setting = await selected();
    await expect.poll(() => shown(setting)).toBe("lineart");
    for (let width = 1; width <= 24; width++) first(setting).chosen.value = { widths: "unified", width };
    const last = first(setting).chosen.value;
    await new Promise((done) => setTimeout(done, 400));
    const map = first(setting).map.value;
    first(setting).chosen.value = { ...last };
    await expect.poll(() => first(setting).map.value).not.toBe(map);
    expect(first(setting).map.value?.pixels.data).toEqual(map?.pixels.data);
  });

  test("waits for a slow editor, and takes the structure of the newest selection alone", async () => {
    const host = vectorHost();
    const scene = host.scene?.bind(host);
    const waiting: (() => void)[] = [];
    host.scene = async (call) => {
      const found = (await scene?.(call)) ?? null;
      await new Promise<void>((done) => waiting.push(done));
      return found;
    };
    const setting = await selected(host);
    await expect.poll(() => waiting.length).toBe(1);
    await host.kit.select(landscapePicture(60, 60), { x: 200, y: 10, width: 60, height: 60 });
    await setting.screen.reader.refresh();
    await expect.poll(() => waiting.length).toBe(2);
    for (const go of waiting.toReversed()) go();
    await expect.poll(() => shown(setting)).toBe("lineart");
    expect(first(setting).map.value?.pixels.width).toBe(60);
  });

  test("of something without shapes says so, and is taken from the picture by its remedy", async () => {
    const host = vectorHost();
    const setting = await selected(host);
    const offer = setting.screen.offers.find(({ kind }) => kind === depthOrder);
    if (!offer) throw new Error("Depth by order is not offered.");
    setting.screen.controls.change(first(setting), offer);
    await expect.poll(() => shown(setting)).toBe("depth-order");
    host.scene = () => Promise.reject(new Error("No structure today."));
    await select(setting);
    await expect.poll(() => topics(setting)).toEqual(["scene-absent"]);
    expect(setting.screen.cards.shown.value[0]?.detail).toBe("No structure today.");
    expect(first(setting).map.value).toBeNull();
    await setting.screen.generate();
    expect(setting.engine.asked).toEqual([]);
    setting.screen.cards.shown.value.find(({ place }) => place === "map")?.remedies?.[0]?.run();
    await expect.poll(() => shown(setting)).toBe("canny");
  });

  test("goes into the document as a layer, and comes back with a layer's recipe", async () => {
    const setting = await selected();
    await expect.poll(() => shown(setting)).toBe("lineart");
    const { screen, host } = setting;
    await screen.placing.putMap(first(setting));
    expect(screen.said.value).toEqual({ word: "map-placed" });
    await screen.generate();
    const [result] = screen.results.list.value;
    if (!result) throw new Error("Nothing was drawn.");
    await screen.placing.apply(result);
    const layer = result.layer.value ?? "";
    await host.kit.deselect();
    await screen.showLayer(layer);
    expect(topics(setting)).toEqual([]);
    expect([first(setting).kept.value?.map.condition, first(setting).offer.value.kind.id]).toEqual([
      "lineart",
      "lineart",
    ]);
    await expect.poll(() => shown(setting)).toBe("lineart");
  });

  test("says what its condition had to say of the map, and not once more of each picture", async () => {
    const setting = await open(vectorHost(), usual({ nets: ["lines", "segmentation"] }));
    const { screen, engine } = setting;
    const { extract } = engine;
    engine.extract = async (condition, source, options) => {
      const warnings = [{ code: "names-unknown", message: 'No class is called "Blob 7".' }];
      return { ...(await extract(condition, source, options)), warnings };
    };
    await select(setting);
    const offer = screen.offers.find(({ kind }) => kind === segmentation);
    if (!offer) throw new Error("Segmentation is not offered.");
    screen.controls.change(first(setting), offer);
    await expect.poll(() => shown(setting)).toBe("segmentation");
    await screen.generate();
    expect(screen.results.list.value[0]?.drawn.result.warnings.map(({ code }) => code)).toContain("names-unknown");
    expect(topics(setting)).toEqual([]);
  });

  test("that is not on, or was left for another, asks the editor for nothing", async () => {
    const host = vectorHost();
    let asked = 0;
    const scene = host.scene?.bind(host);
    host.scene = async (call) => {
      asked++;
      return (await scene?.(call)) ?? null;
    };
    const setting = await selected(host);
    await expect.poll(() => shown(setting)).toBe("lineart");
    const edges = setting.screen.offers.find(({ kind }) => kind === canny);
    if (edges) setting.screen.controls.change(first(setting), edges);
    const before = asked;
    await select(setting);
    await expect.poll(() => shown(setting)).toBe("canny");
    await setting.screen.generate();
    expect(asked).toBe(before);
  });
});

describe("words", () => {
  test("of every built-in condition, its options, their help and values are there in Korean", () => {
    const missing: string[] = [];
    const need = (key: string): void => {
      if (!/[\p{Script=Hangul}\p{L}\p{N}]/u.test(korean.terms[key] ?? "")) missing.push(key);
    };
    for (const { id, options } of builtInConditions) {
      need(id);
      for (const { name, input } of optionForm(options)) {
        need(`${id}.${name}`);
        need(`${id}.${name}.help`);
        if (input.type !== "choice") continue;
        for (const value of input.values) if (typeof value !== "number") need(`${id}.${name}.${value}`);
      }
    }
    expect(missing).toEqual([]);
  });

  test("in Korean belong to conditions and options that there are", () => {
    const known = new Set(
      builtInConditions.flatMap(({ id, options }) => [
        id,
        `${id}.short`,
        `${id}.listed`,
        ...optionForm(options).flatMap(({ name, input }) => [
          `${id}.${name}`,
          `${id}.${name}.help`,
          ...(input.type === "choice" ? input.values.map((value) => `${id}.${name}.${value}`) : []),
        ]),
      ]),
    );
    expect(Object.keys(korean.terms).filter((key) => !known.has(key))).toEqual([]);
  });
});
