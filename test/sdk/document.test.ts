import { canny, depthOrder, lineart, segmentation, type Warning } from "@underdraw/engine";
import { createPixels, type Pixels, type Scene } from "@underdraw/engine/core";
import { parseLayerRecipe, Session } from "@underdraw/sdk";
import { type FakeHost, fakeHost } from "@underdraw/sdk/testing";
import { afterEach, describe, expect, test } from "vitest";
import { landscapePicture, vectorHost } from "../browser/panel/landscape.ts";
import { stillEngine } from "./still-engine.ts";

// Conditions that read the document, through a session.

const opened: Session[] = [];

afterEach(async () => {
  for (const session of opened.splice(0)) await session.dispose();
});

function open(host: FakeHost = vectorHost()) {
  const still = stillEngine();
  const session = new Session({ host, engine: still.engine });
  opened.push(session);
  return { session, host, ...still };
}

const bounds = { x: 40, y: 30, width: 200, height: 120 };

async function captured(host: FakeHost, session: Session, maxSide = 1024) {
  await host.kit.select(landscapePicture(bounds.width, bounds.height), bounds);
  const capture = await session.capture({ maxSide });
  if (!capture) throw new Error("Nothing was captured.");
  return capture;
}

const lit = ({ data }: Pixels): number =>
  data.reduce((count, value, i) => count + (i % 4 === 0 && value > 127 ? 1 : 0), 0);

describe("a map from the document", () => {
  test("has the size of the capture's pixels, and shows the drawing's own lines", async () => {
    const { session, host, asked } = open();
    const capture = await captured(host, session, 100);
    const map = await session.extract(lineart(), capture);
    expect([map.condition, map.pixels.width, map.pixels.height]).toEqual(["lineart", 100, 60]);
    expect(asked.extracted).toEqual(["lineart 100x60"]);
    expect(lit(map.pixels)).toBeGreaterThan(200);
    // Twice as large: not the same lines scaled up, but drawn anew from their outlines.
    const large = await session.extract(lineart({ pixels: "single" }), await captured(host, session, 200));
    expect([large.pixels.width, large.pixels.height]).toEqual([200, 120]);
    expect(new Set(large.pixels.data)).toEqual(new Set([0, 255]));
  });

  test("is drawn from the scene that lies with the capture, whatever is selected by then", async () => {
    const { session, host } = open();
    const capture = await captured(host, session);
    const scene = await session.scene(capture);
    await host.kit.deselect();
    const map = await session.extract(depthOrder(), { ...capture, ...(scene && { scene }) });
    expect(new Set(map.pixels.data).size).toBeGreaterThan(5);
  });

  test("of a host that tells no structure is refused in words that say what to take instead", async () => {
    const { session, host } = open(fakeHost({ width: 640, height: 480, abilities: [] }));
    const capture = await captured(host, session);
    expect(await session.scene(capture)).toBeNull();
    await expect(session.extract(lineart(), capture)).rejects.toMatchObject({
      code: "host-unsupported",
      details: { host: "fake", ability: "scene" },
      message: expect.stringMatching(/tells nothing of them.*canny/),
    });
    await expect(session.extract(canny(), capture)).resolves.toMatchObject({ condition: "canny" });
  });

  test("of something else than was captured is refused", async () => {
    const { session, host } = open();
    const capture = await captured(host, session);
    await host.kit.select(createPixels(30, 30), { x: 0, y: 0, width: 30, height: 30 });
    expect(await session.scene(capture)).toBeNull();
    await expect(session.extract(lineart(), capture)).rejects.toMatchObject({ code: "document-changed" });
    const request = { prompt: "a house", controls: [{ from: lineart(), net: "lines" }] };
    await expect(session.generate(request, capture)).rejects.toMatchObject({ code: "document-changed" });
  });

  test("of a host whose scene is none is refused, and of one that fails rejects with its reason", async () => {
    const odd: { scene: FakeHost["scene"] } = { scene: async () => ({ shapes: 5 }) as unknown as Scene };
    const { session, host } = open({ ...fakeHost({ width: 640, height: 480 }), ...odd } as FakeHost);
    const capture = await captured(host, session);
    await expect(session.scene(capture)).rejects.toMatchObject({ code: "host-failed", details: { call: "scene" } });
    const reason = new Error("No structure today.");
    const broken = open({ ...fakeHost({ width: 640, height: 480 }), scene: () => Promise.reject(reason) } as FakeHost);
    await expect(broken.session.extract(lineart(), await captured(broken.host, broken.session))).rejects.toBe(reason);
  });

  test("stops at once with the signal's reason while the host thinks", async () => {
    const { session, host } = open({ ...vectorHost(), scene: () => new Promise(() => undefined) } as FakeHost);
    const capture = await captured(host, session);
    const stopping = new AbortController();
    const map = session.extract(lineart(), capture, { signal: stopping.signal });
    const reason = new Error("Enough.");
    stopping.abort(reason);
    await expect(map).rejects.toBe(reason);
  });
});

describe("a picture after the document", () => {
  test("is drawn from a map in the size that is sampled, and its recipe keeps the map", async () => {
    const { session, host, asked } = open();
    const capture = await captured(host, session, 64); // a small look; the drawing has no pixels to lose
    const request = { prompt: "a house", controls: [{ from: lineart(), net: "lines", weight: 0.8 }] };
    const drawn = await session.generate(request, capture);
    const [control] = asked.requests[0]?.controls ?? [];
    const shown = drawn.request.controls[0]?.map.pixels;
    expect(asked.extracted).toEqual([`lineart ${shown?.width}x${shown?.height}`]);
    expect([shown?.width, shown?.height]).toEqual([drawn.request.width, drawn.request.height]);
    expect(Math.max(shown?.width ?? 0, shown?.height ?? 0)).toBeGreaterThan(200);
    expect([control?.net, control?.weight]).toEqual(["lines", 0.8]);
    const layer = await parseLayerRecipe(drawn.recipe);
    expect(layer.recipe.controls.map(({ condition }) => condition)).toEqual(["lineart"]);
    await host.kit.deselect();
    const again = await session.replay(drawn.recipe);
    expect(again.request.controls[0]?.map.pixels.data).toEqual(shown?.data);
    expect(asked.extracted).toHaveLength(1);
  });

  test("stands beside one after its pixels, and says what a condition had to say", async () => {
    const said: Warning = { code: "names-unknown", message: "No class is called Blob 7." };
    const { session, host, engine, asked } = open();
    const { extract } = engine;
    engine.extract = async (condition, source, options) => {
      const map = await extract(condition, source, options);
      return condition.id === "segmentation" ? { ...map, warnings: [said] } : map;
    };
    const capture = await captured(host, session);
    const controls = [canny(), segmentation()].map((from) => ({ from, net: "lines" }));
    const drawn = await session.generate({ prompt: "", controls }, capture);
    expect(asked.extracted.map((text) => text.split(" ")[0])).toEqual(["canny", "segmentation"]);
    expect(drawn.result.warnings).toContainEqual(said);
  });

  test("reads the scene once, before a model is loaded", async () => {
    const { session, host, asked } = open();
    const capture = await captured(host, session);
    const loads: number[] = [];
    const scene = host.scene?.bind(host);
    host.scene = async (call) => {
      loads.push(asked.loads.length);
      return (await scene?.(call)) ?? null;
    };
    const controls = [lineart(), depthOrder()].map((from) => ({ from, net: "lines" }));
    await session.generate({ prompt: "", controls }, capture);
    expect(loads).toEqual([0]);
  });
});
