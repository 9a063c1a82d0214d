import { createPixels, type Pixels, type Scene } from "@underdraw/engine/core";
import type { Capture, HostAdapter, NewLayer } from "@underdraw/sdk/host";
import { type FakeKit, fakeHost, type HostKit, hostContract, runHostContract } from "@underdraw/sdk/testing";
import { describe, expect, test } from "vitest";

describe("the fake host keeps the contract:", () => {
  for (const { name, run } of hostContract)
    test(name, async () => {
      const outcome = await run(fakeHost().kit);
      if (outcome !== "passed") expect(outcome.skipped).toMatch(/whole units only|in the size of their bounds/);
    });
});

test("a fake host without layer masks keeps it too", async () => {
  const reports = await runHostContract(fakeHost({ layerMasks: false }).kit);
  expect(reports.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  expect(reports.find(({ name }) => name === "shows of a layer what its mask shows")).toMatchObject({
    outcome: "skipped",
    reason: "Layers of this editor have no masks.",
  });
});

test("what a host or a kit has not is reported by name with the reason, and not as passed", async () => {
  const {
    canvas: _,
    render: _1,
    selectArea: _2,
    choose: _3,
    hide: _4,
    leave: _5,
    selectAll: _6,
    ...least
  } = fakeHost({
    abilities: [],
  }).kit;
  const reports = await runHostContract(least);
  expect(reports.map(({ name }) => name)).toEqual(hostContract.map(({ name }) => name));
  expect(reports.filter(({ outcome }) => outcome === "failed")).toEqual([]);
  const skipped = reports.filter(({ outcome }) => outcome === "skipped");
  expect(skipped.length).toBeGreaterThanOrEqual(14);
  for (const { reason } of skipped) expect(reason).toMatch(/\.$/);
  expect(skipped.map(({ name }) => name)).toContain("gives recipes back as they were, long ones and in any script");
});

/** What is wrong with a host, and the check that finds it. */
type Flaw = (host: HostAdapter, kit: FakeKit) => Partial<HostAdapter>;

const captures =
  (change: (capture: Capture, maxSide: number) => Capture | null): Flaw =>
  (host) => ({
    async capture(options) {
      const capture = await host.capture(options);
      return capture && change(capture, options.maxSide);
    },
  });
const places =
  (change: (layers: readonly NewLayer[]) => readonly NewLayer[]): Flaw =>
  (host) => ({ place: (title, layers, call) => host.place(title, change(layers), call) });
const each = (change: (layer: NewLayer) => NewLayer) => places((layers) => layers.map(change));

const without = <Key extends keyof NewLayer>(key: Key) =>
  each((layer) => {
    const { [key]: _, ...rest } = layer;
    return rest as NewLayer;
  });
const mapped = (pixels: Pixels, change: (value: number, i: number, data: Uint8ClampedArray) => number): Pixels => ({
  ...pixels,
  data: pixels.data.map((value, i, data) => change(value, i, data as Uint8ClampedArray)) as Pixels["data"],
});
const turned = ({ width, height, data }: Pixels): Pixels => {
  const pixels = createPixels(width, height);
  for (let i = 0; i < data.length; i += 4) pixels.data.set(data.subarray(i, i + 4), data.length - 4 - i);
  return pixels;
};

/** What may be wrong with a scene. */
const oddScenes: readonly (readonly [string, (scene: Scene) => Scene])[] = [
  ["without names", ({ shapes, ...rest }) => ({ ...rest, shapes: shapes.map((shape) => ({ ...shape, name: "" })) })],
  [
    "in a group that is not there",
    ({ shapes, ...rest }) => ({ ...rest, shapes: shapes.map((shape) => ({ ...shape, group: "g" })) }),
  ],
  [
    "in groups that lie in a circle",
    (scene) => ({
      ...scene,
      groups: [
        { id: "a", name: "A", group: "b" },
        { id: "b", name: "B", group: "a" },
      ],
    }),
  ],
  [
    "with a shape of no size",
    ({ shapes, ...rest }) => ({ ...rest, shapes: shapes.map((shape) => ({ ...shape, path: "M0 0" })) }),
  ],
  [
    "whose shapes lie at the document's corner",
    ({ shapes, ...rest }) => ({
      ...rest,
      shapes: shapes.map((shape) => ({ ...shape, matrix: [1, 0, 0, 1, 0, 0] as const })),
    }),
  ],
  [
    "whose opacity is in percent",
    ({ shapes, ...rest }) => ({ ...rest, shapes: shapes.map((shape) => ({ ...shape, opacity: 100 })) }),
  ],
];

type Flaws = readonly [flaw: string, check: string, flawed: Flaw, kit?: Partial<HostKit>][];

const flaws: Flaws = [
  ["an old version", "is of version 1, has a name, and only methods for what it can do", () => ({ version: 0 as 1 })],
  [
    "something captured of nothing",
    "gives null when nothing is selected",
    (host) => ({
      capture: async (options) =>
        (await host.capture(options)) ?? { pixels: createPixels(1, 1), bounds: { x: 0, y: 0, width: 1, height: 1 } },
    }),
  ],
  [
    "bounds that are a unit off",
    "gives the bounds of what is selected, whole and at any odd size",
    captures((capture) => ({ ...capture, bounds: { ...capture.bounds, x: capture.bounds.x + 1 } })),
  ],
  [
    "sides rounded to even ones",
    "gives the bounds of what is selected, whole and at any odd size",
    captures((capture) => {
      const { bounds } = capture;
      return { ...capture, bounds: { ...bounds, width: bounds.width + (bounds.width % 2) } };
    }),
  ],
  [
    "a deaf ear for maxSide",
    "keeps every side within maxSide, and the proportions",
    (host) => ({ capture: () => host.capture({ maxSide: 1000 }) }),
  ],
  [
    "captures stretched to a square",
    "keeps every side within maxSide, and the proportions",
    captures((capture) => {
      const side = Math.max(capture.pixels.width, capture.pixels.height);
      const { mask: _, ...rest } = capture;
      return { ...rest, pixels: createPixels(side, side) };
    }),
  ],
  [
    "captures upside down",
    "sees what is selected upright and unshifted",
    captures((capture) => ({ ...capture, pixels: turned(capture.pixels) })),
  ],
  [
    "the red and blue of captures exchanged",
    "sees what is selected upright and unshifted",
    captures((capture) => ({
      ...capture,
      pixels: mapped(capture.pixels, (value, i, data) => [data[i + 2], value, data[i - 2], value][i % 4] ?? 0),
    })),
  ],
  [
    "a capture that lost its lowest bit",
    "keeps every pixel of a picture that needs no scaling",
    captures((capture) => ({
      ...capture,
      pixels: mapped(capture.pixels, (value, i) => (i % 4 === 3 ? value : value & 254)),
    })),
  ],
  [
    "captures on white",
    "sees transparency as transparency",
    captures((capture) => ({ ...capture, pixels: mapped(capture.pixels, (value, i) => (i % 4 === 3 ? 255 : value)) })),
  ],
  [
    "a step left behind by each capture",
    "changes nothing by capturing, and leaves no step behind",
    (host, kit) => ({
      async capture(options) {
        const capture = await host.capture(options);
        if (capture) await kit.hide(); // a temporary change, taken back by hand instead of by the history
        if (capture) await kit.undo();
        if (capture) await kit.select(createPixels(1, 1), { x: 0, y: 0, width: 1, height: 1 });
        return capture;
      },
    }),
  ],
  [
    "bounds beyond the canvas",
    "clips a selection that reaches over the canvas",
    captures((capture) => ({
      ...capture,
      bounds:
        capture.bounds.x === 0 && capture.bounds.width === 30
          ? { x: -10, y: -7, width: 40, height: 30 }
          : capture.bounds,
    })),
  ],
  [
    "a picture of what is hidden",
    "says that what is hidden cannot be seen",
    (host) => ({
      capture: (options) =>
        host
          .capture(options)
          .catch(() => ({ pixels: createPixels(20, 20), bounds: { x: 4, y: 4, width: 20, height: 20 } })),
    }),
  ],
  [
    "masks without their soft edge",
    "gives a selected area with its mask, soft edge and all",
    captures((capture) =>
      capture.mask ? { ...capture, mask: mapped(capture.mask, (value) => (value > 127 ? 255 : 0)) } : capture,
    ),
  ],
  [
    "layers rounded to a multiple of 8",
    "places a layer exactly where it was captured, at any odd size",
    each((layer) => ({ ...layer, bounds: { ...layer.bounds, width: Math.ceil(layer.bounds.width / 8) * 8 } })),
  ],
  [
    "premultiplied alpha on the way",
    "keeps straight alpha byte for byte",
    each((layer) => ({
      ...layer,
      pixels: mapped(layer.pixels, (value, i, data) => {
        const alpha = data[i - (i % 4) + 3] ?? 0;
        return i % 4 === 3 || alpha === 0 ? value : Math.round((Math.round((value * alpha) / 255) * 255) / alpha);
      }),
    })),
  ],
  [
    "layers in the other order",
    "places several layers in their order, on top without an anchor",
    (host) => ({
      place: async (title, layers, call) => [...(await host.place(title, [...layers].reverse(), call))].reverse(),
    }),
  ],
  ["a deaf ear for anchors", "places on its anchor although the selection has changed since", without("anchor")],
  [
    "a step for every layer",
    "is one step of undo, which restores every byte; redo brings it back",
    (host) => ({
      async place(title, layers, call) {
        const ids: string[] = [];
        for (const layer of layers) ids.push(...(await host.place(title, [layer], call)));
        return ids;
      },
    }),
  ],
  [
    "one id for all",
    "gives an id of its own for each layer",
    (host) => ({ place: async (...all) => (await host.place(...all)).map((_, __, [first]) => first ?? "") }),
  ],
  ["a deaf ear for masks", "shows of a layer what its mask shows", without("mask")],
  ["a deaf ear for masks", "leaves every pixel outside bounds and mask as it was", without("mask")],
  [
    "layers that are taken before the faulty one is seen",
    "refuses what is no layer, and places nothing",
    (host) => ({
      async place(title, [first, ...others], call) {
        if (!first) return [];
        return [...(await host.place(title, [first], call)), ...(await host.place(title, others, call))];
      },
    }),
  ],
  [
    "layers placed wherever, when their document is gone",
    "places nothing when the document is gone",
    (host) => ({
      place: (title, layers, call) =>
        host.place(title, layers, call).catch(() =>
          host.place(
            title,
            layers.map(({ anchor: _, ...layer }) => layer),
            call,
          ),
        ),
    }),
  ],
  [
    "a refusal of foreign anchors that comes too late",
    "refuses an anchor that it never gave, or places on top",
    (host) => ({
      async place(title, layers, call) {
        const foreign = layers.some(({ anchor }) => anchor !== undefined && !anchor.startsWith('{"document"'));
        if (!foreign) return host.place(title, layers, call);
        await host.place(
          title,
          layers.map(({ anchor: _, ...layer }) => layer),
        );
        throw new Error("A foreign anchor.");
      },
    }),
  ],
  [
    "a stop that leaves the first of two layers",
    "leaves nothing half done when it is stopped",
    (host) => ({
      async place(title, layers, call) {
        const [first, ...others] = layers;
        const ids = first ? await host.place(title, [first]) : [];
        if (call?.signal?.aborted) throw call.signal.reason;
        return [...ids, ...(others.length > 0 ? await host.place(title, others) : [])];
      },
    }),
  ],
  [
    "recipes cut at 64 kB",
    "gives recipes back as they were, long ones and in any script",
    each((layer) => (layer.recipe === undefined ? layer : { ...layer, recipe: layer.recipe.slice(0, 65536) })),
  ],
  [
    "recipes that know no emoji",
    "gives recipes back as they were, long ones and in any script",
    (host) => ({ recipe: async (id) => (await host.recipe?.(id))?.replace(/[\u{10000}-\u{10ffff}]/gu, "?") ?? null }),
  ],
  [
    "recipes kept beside the document",
    "takes recipes away by undo and brings them back by redo",
    (host) => {
      const kept = new Map<string, string>();
      return {
        async place(title, layers, call) {
          const ids = await host.place(title, layers, call);
          for (const [at, id] of ids.entries()) {
            const recipe = layers[at]?.recipe;
            if (recipe !== undefined) kept.set(id, recipe);
          }
          return ids;
        },
        recipe: async (id) => kept.get(id) ?? null,
      };
    },
  ],
  [
    "a recipe for everything",
    "has no recipe for a layer that is not there or has none",
    (host) => ({ recipe: async (id) => (await host.recipe?.(id)) ?? "" }),
  ],
  [
    "no word of its own layers",
    "says when what is selected is a layer of ours",
    captures(({ layer: _, ...capture }) => capture),
  ],
  [
    "events before the change alone",
    "tells of a changed selection after it has changed",
    () => ({ onSelectionChange: () => () => {} }),
  ],
  [
    "an unsubscribing that silences all",
    "tells nothing to those who listen no more, and goes on telling others",
    (host) => {
      const stops: (() => void)[] = [];
      return {
        onSelectionChange(listener) {
          stops.push(host.onSelectionChange?.(listener) ?? (() => {}));
          return () => {
            for (const stop of stops) stop();
          };
        },
      };
    },
  ],
  [
    "an unsubscribing that does nothing",
    "tells nothing to those who listen no more, and goes on telling others",
    (host) => ({
      onSelectionChange(listener) {
        host.onSelectionChange?.(listener);
        return () => {};
      },
    }),
  ],
  [
    "bounds between whole units",
    "rounds bounds that are not whole outward",
    () => ({
      capture: async () => ({ pixels: createPixels(20, 9), bounds: { x: 10.25, y: 4.5, width: 20.5, height: 9.25 } }),
    }),
    { fractions: true },
  ],
  [
    "something captured off the canvas",
    "gives nothing for a selection off the canvas",
    (host) => ({
      capture: (options) =>
        host
          .capture(options)
          .catch(() => ({ pixels: createPixels(20, 20), bounds: { x: 325, y: 4, width: 20, height: 20 } })),
    }),
  ],
  [
    "layers in the size of their pixels",
    "scales a layer to its bounds",
    (host) => ({
      exactSize: false,
      place: (title, layers, call) =>
        host.place(
          title,
          layers.map((layer) => ({
            ...layer,
            bounds: { ...layer.bounds, width: layer.pixels.width, height: layer.pixels.height },
          })),
          call,
        ),
    }),
  ],
  [
    "a scene at another place",
    "describes the structure of what is selected",
    (host) => ({
      async scene() {
        const scene = await host.scene?.();
        return scene ? { ...scene, bounds: { ...scene.bounds, y: 0 } } : null;
      },
    }),
  ],
  ...oddScenes.map(([what, change]): Flaws[number] => [
    `a scene ${what}`,
    "describes the structure of what is selected",
    (host) => ({
      async scene() {
        const scene = await host.scene?.();
        return scene ? change(scene) : null;
      },
    }),
  ]),
  [
    "a scene from front to back",
    "gives the structure from back to front, without what is hidden",
    (host) => ({
      async scene() {
        const scene = await host.scene?.();
        return scene ? { ...scene, shapes: scene.shapes.toReversed() } : null;
      },
    }),
  ],
  [
    "a scene of what is hidden too",
    "gives the structure from back to front, without what is hidden",
    (host, kit) => ({
      async scene() {
        const scene = await host.scene?.();
        const [shape] = scene?.shapes ?? [];
        const hidden = kit.document().find((layer) => layer.hidden);
        if (!scene || !shape || !hidden) return scene ?? null;
        const { x, y, width, height } = hidden.bounds;
        const path = `M${x} ${y}h${width}v${height}h${-width}Z`;
        return { ...scene, shapes: [...scene.shapes, { ...shape, path, matrix: [1, 0, 0, 1, 0, 0] }] };
      },
    }),
  ],
];

describe("a flawed host is found by the check of what it breaks:", () => {
  test.each(flaws)("%s breaks “%s”", async (_, name, flawed, change = {}) => {
    const sound = fakeHost();
    const host: HostAdapter = { ...sound, ...flawed(sound, sound.kit) };
    const kit: HostKit = { ...sound.kit, ...change, host, patienceMs: 100 };
    const found = hostContract.find((check) => check.name === name);
    if (!found) throw new Error(`The contract has no check "${name}".`);
    // A sentence of the check's own, not a program that fell over.
    await expect(found.run(kit)).rejects.toMatchObject({ name: "Error", message: expect.stringMatching(/[.…]$/) });
  });

  test("every check is among those that were seen to fail", () => {
    const seen = new Set(flaws.map(([, name]) => name));
    expect(hostContract.filter(({ name }) => !seen.has(name)).map(({ name }) => name)).toEqual([]);
  });
});
