import type { Rect, Scene, SceneShape } from "@underdraw/engine";
import { drawScene, readScene, UnderdrawError } from "@underdraw/engine";
import type { ConnectedHost } from "@underdraw/sdk";
import { afterEach, describe, expect, test } from "vitest";
import type { NodePhotoshop, PhotoshopOptions } from "../../hosts/photoshop/index.ts";
import type { Knot } from "../../hosts/photoshop/vector.ts";
import { connected, openPlugin } from "./simulated.ts";

// The scene of the built plugin in a simulated Photoshop, as its page is told it.

type Spec = Parameters<NodePhotoshop["open"]>[0];
type LayerSpec = NonNullable<Spec["layers"]>[number];

const open: NodePhotoshop[] = [];
afterEach(async () => {
  for (const ps of open.splice(0)) {
    expect(ps.leaks).toEqual({ handles: 0, bytes: 0 });
    expect(ps.problems).toEqual([]);
    await ps.quit();
  }
});

const width = 120;
const height = 90;
const all = { left: 0, top: 0, right: width, bottom: height };

async function studio(
  layers: readonly LayerSpec[],
  spec: Partial<Spec> = {},
  options: Partial<PhotoshopOptions> = {},
): Promise<{ ps: NodePhotoshop; host: ConnectedHost }> {
  const ps = await openPlugin(options);
  open.push(ps);
  ps.open({ width, height, layers, ...spec });
  return { ps, host: await connected(ps) };
}

/** The scene, which must be there, be sound, change nothing and have the bounds of a capture. */
async function sceneOf(ps: NodePhotoshop, host: ConnectedHost): Promise<Scene> {
  const before = [ps.snapshot(), ps.history.names];
  const scene = await host.scene?.();
  if (!scene) throw new Error("There is no scene.");
  await readScene(scene);
  expect(scene.bounds).toEqual((await host.capture({ maxSide: 64 }))?.bounds);
  expect([ps.snapshot(), ps.history.names]).toEqual(before);
  return scene;
}

/** The scene of the whole canvas. */
async function whole(ps: NodePhotoshop, host: ConnectedHost): Promise<Scene> {
  ps.select(all);
  return sceneOf(ps, host);
}

/** How much a drawing of the scene differs from what Photoshop shows: the mean of all channels, over white, from 0 to 255. */
function difference(ps: NodePhotoshop, scene: Scene): number {
  const { bounds } = scene;
  const drawn = drawScene({ width: bounds.width, height: bounds.height, scene });
  const box = { left: bounds.x, top: bounds.y, right: bounds.x + bounds.width, bottom: bounds.y + bounds.height };
  const seen = ps.picture(box);
  const full = seen.depth === 16 ? 32768 : 255;
  let sum = 0;
  for (let at = 0; at < drawn.data.length; at += 4) {
    const over = (value: number, alpha: number) => value * alpha + 255 * (1 - alpha);
    for (let c = 0; c < 3; c++) {
      const wanted = over(((seen.data[at + c] as number) * 255) / full, (seen.data[at + 3] as number) / full);
      sum += Math.abs(wanted - over(drawn.data[at + c] as number, (drawn.data[at + 3] as number) / 255));
    }
  }
  return sum / (drawn.data.length * 0.75);
}

const shapeOf = ({ shapes }: Scene, name: string): SceneShape => {
  const found = shapes.find((one) => one.name === name);
  if (!found) throw new Error(`There is no shape "${name}", only ${shapes.map((one) => one.name).join(", ")}.`);
  return found;
};
const names = ({ shapes }: Scene): string[] => shapes.map(({ name }) => name);

const box = (left: number, top: number, right: number, bottom: number): Knot[] => [
  [left, top],
  [right, top],
  [right, bottom],
  [left, bottom],
];
const round = (x: number, y: number, radius: number): Knot[] => {
  const k = radius * 0.5523;
  return [
    [
      [x - k, y - radius],
      [x, y - radius],
      [x + k, y - radius],
    ],
    [
      [x + radius, y - k],
      [x + radius, y],
      [x + radius, y + k],
    ],
    [
      [x + k, y + radius],
      [x, y + radius],
      [x - k, y + radius],
    ],
    [
      [x - radius, y + k],
      [x - radius, y],
      [x - radius, y - k],
    ],
  ];
};
const bounds = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });
/** A round spot whose alpha falls from full to nothing. */
const spot =
  (x: number, y: number, radius: number, soft: number, colour: readonly [number, number, number]) =>
  (px: number, py: number): readonly number[] => {
    const inside = 0.5 + (radius - Math.hypot(px + 0.5 - x, py + 0.5 - y)) / soft;
    return [...colour, Math.round(255 * Math.max(0, Math.min(1, inside)))];
  };

const paper: LayerSpec = { name: "Paper", kind: "background", fill: [250, 240, 230] };
const dot: LayerSpec = { name: "Dot", bounds: bounds(20, 10, 60, 50), fill: spot(40, 30, 15, 1, [200, 30, 40]) };
const square: LayerSpec = {
  name: "Square",
  kind: "solidColor",
  content: { color: [20, 90, 200] },
  vector: { parts: [{ rings: [{ knots: box(30, 20, 90, 70) }] }] },
};

describe("shapes", () => {
  test.each([72, 144, 300])("a path is told in pixels at %i to the inch", async (resolution) => {
    const { ps, host } = await studio([square, paper], { resolution });
    const scene = await whole(ps, host);
    expect(shapeOf(scene, "Square")).toMatchObject({
      path: "M30 20L90 20L90 70L30 70Z",
      fill: "rgb(20, 90, 200)",
      stroke: null,
      opacity: 1,
    });
    expect(difference(ps, scene)).toBeLessThan(0.05);
  });

  test("curves stay curves, and a hole is a hole", async () => {
    const parts = [
      { rings: [{ knots: round(60, 45, 40) }] },
      { operation: "subtract" as const, rings: [{ knots: round(60, 45, 18) }] },
    ];
    const { ps, host } = await studio([{ ...square, vector: { parts } }, paper]);
    const scene = await whole(ps, host);
    const { path, rule } = shapeOf(scene, "Square");
    expect([path.match(/C/g)?.length, rule]).toEqual([8, "evenodd"]);
    expect(difference(ps, scene)).toBeLessThan(0.35);
  });

  test.each(["add", "subtract", "intersect", "xor"] as const)("parts that cross: %s", async (operation) => {
    const parts = [
      { rings: [{ knots: box(20, 20, 70, 60) }] },
      { operation, rings: [{ knots: round(70, 55, 25) }] },
      { operation: "xor" as const, rings: [{ knots: box(60, 10, 80, 80) }] },
    ];
    const { ps, host } = await studio([{ ...square, vector: { parts } }, paper]);
    expect(difference(ps, await whole(ps, host))).toBeLessThan(0.15);
  });

  test.each(["inside", "centre", "outside"] as const)("a stroke lies %s", async (side) => {
    const stroke = { color: [240, 180, 0] as const, width: 6, side, join: "round" as const, opacity: 80 };
    const { ps, host } = await studio([
      { ...square, stroke, vector: { parts: [{ rings: [{ knots: round(60, 45, 25) }] }] } },
      paper,
    ]);
    const scene = await whole(ps, host);
    const line = scene.shapes.find((shape) => shape.stroke !== null);
    expect(line).toMatchObject({ stroke: "rgba(240, 180, 0, 0.8)", join: "round", name: "Square" });
    expect(difference(ps, scene)).toBeLessThan(0.4);
    expect(new Set(scene.shapes.map(({ id }) => id)).size).toBe(scene.shapes.length);
  });

  test("dashes, ends and corners of a stroke without a fill", async () => {
    const stroke = {
      color: [0, 0, 0] as const,
      width: 3,
      dash: [4, 2],
      cap: "square" as const,
      join: "bevel" as const,
    };
    const rings = [
      {
        closed: false,
        knots: [
          [20, 20],
          [80, 30],
          [50, 70],
        ] as Knot[],
      },
    ];
    const { ps, host } = await studio([{ ...square, filled: false, stroke, vector: { parts: [{ rings }] } }, paper]);
    expect(shapeOf(await whole(ps, host), "Square")).toMatchObject({
      path: "M20 20L80 30L50 70",
      fill: null,
      strokeWidth: 3,
      dash: [12, 6],
      cap: "square",
      join: "bevel",
    });
  });

  test.each(["linear", "radial", "reflected"] as const)("a %s gradient", async (type) => {
    for (const angle of [0, 90, -30]) {
      const stops = [
        { at: 0, color: [255, 0, 0] as const },
        { at: 0.4, color: [0, 255, 0] as const, opacity: 0.5 },
        { at: 1, color: [0, 0, 255] as const },
      ];
      const gradient = { type, angle, stops, reverse: angle === 90, scale: angle === 0 ? 70 : 100 };
      const { ps, host } = await studio([{ ...square, kind: "gradientFill", content: { gradient } }, paper]);
      const scene = await whole(ps, host);
      expect(shapeOf(scene, "Square").fill).toMatchObject({ type: type === "radial" ? "radial" : "linear" });
      expect(difference(ps, scene), `${angle}`).toBeLessThan(1);
    }
  });

  test("a gradient that turns around a point is its colour in the mean", async () => {
    const stops = [
      { at: 0, color: [100, 0, 0] as const },
      { at: 1, color: [200, 0, 0] as const },
    ];
    const gradient = { type: "angle" as const, angle: 0, stops };
    const { ps, host } = await studio([{ ...square, kind: "gradientFill", content: { gradient } }, paper]);
    expect(shapeOf(await whole(ps, host), "Square").fill).toMatch(/^rgb\(1[45]\d, 0, 0\)$/);
  });

  test("a fill without a path covers the canvas, or what its mask lets through", async () => {
    const fill: LayerSpec = { name: "Fill", kind: "solidColor", content: { color: [9, 99, 199] } };
    const plain = await studio([fill, paper]);
    const scene = await whole(plain.ps, plain.host);
    expect(shapeOf(scene, "Fill").path).toBe(`M0 0L${width} 0L${width} ${height}L0 ${height}Z`);
    const masked = await studio([{ ...fill, mask: { bounds: bounds(10, 10, 50, 40), fill: 255 } }, paper]);
    const cut = await whole(masked.ps, masked.host);
    expect(difference(masked.ps, cut)).toBeLessThan(0.2);
    expect(shapeOf(cut, "Fill").fill).toBe("rgb(9, 99, 199)");
  });

  test("a mask cuts a shape, and one that is switched off does not", async () => {
    const mask = { bounds: bounds(0, 0, 60, 90), fill: 255 };
    const cut = await studio([{ ...square, mask }, paper]);
    expect(difference(cut.ps, await whole(cut.ps, cut.host))).toBeLessThan(0.2);
    const off = await studio([{ ...square, mask: { ...mask, enabled: false } }, paper]);
    const scene = await whole(off.ps, off.host);
    expect(shapeOf(scene, "Square").clips).toBeUndefined();
    expect(difference(off.ps, scene)).toBeLessThan(0.05);
  });
});

describe("layers of pixels", () => {
  test.each([8, 16] as const)("a soft spot is its outline in its colour (%i bits)", async (depth) => {
    for (const [soft, most] of [
      [1, 0.4],
      [8, 2.5],
    ] as const) {
      const fill = spot(40, 30, 15, soft, [200, 30, 40]);
      const { ps, host } = await studio([{ ...dot, fill }, paper], { depth });
      const scene = await whole(ps, host);
      expect(shapeOf(scene, "Dot")).toMatchObject({ kind: "picture", fill: "rgb(200, 30, 40)", opacity: 1 });
      expect(difference(ps, scene)).toBeLessThan(most);
    }
  });

  test("opacity, the fill's opacity and what is half transparent by itself add up", async () => {
    const { ps, host } = await studio([
      { name: "Veil", bounds: bounds(10, 10, 100, 80), fill: [0, 0, 0, 128], opacity: 50, fillOpacity: 60 },
      paper,
    ]);
    const scene = await whole(ps, host);
    expect(shapeOf(scene, "Veil").opacity).toBeCloseTo(0.5 * 0.5 * 0.6, 2);
    expect(difference(ps, scene)).toBeLessThan(0.5);
  });

  test("a layer mask is multiplied in, with its density", async () => {
    const mask = { bounds: bounds(0, 0, 40, 90), fill: 255, density: 100 };
    const half = await studio([{ ...dot, mask }, paper]);
    expect(difference(half.ps, await whole(half.ps, half.host))).toBeLessThan(0.6);
    const thin = await studio([{ ...dot, mask: { ...mask, density: 0 } }, paper]);
    const scene = await whole(thin.ps, thin.host);
    expect(difference(thin.ps, scene)).toBeLessThan(0.6);
    const hidden = await studio([{ ...dot, mask: { ...mask, fill: 0 } }, paper]);
    expect(names(await whole(hidden.ps, hidden.host))).toEqual(["Paper"]);
  });

  test("a vector mask of a layer of pixels cuts it exactly", async () => {
    const vector = { parts: [{ rings: [{ knots: round(40, 30, 10) }] }] };
    const field: LayerSpec = { name: "Field", bounds: bounds(5, 5, 100, 80), fill: [1, 100, 1, 255], vector };
    const { ps, host } = await studio([field, paper]);
    const scene = await whole(ps, host);
    expect(shapeOf(scene, "Field").clips?.[0]?.path).toMatch(/C/);
    expect(difference(ps, scene)).toBeLessThan(0.1);
  });

  test("a smart object is as its pixels are", async () => {
    const { ps, host } = await studio([{ ...dot, kind: "smartObject" }, paper]);
    expect(difference(ps, await whole(ps, host))).toBeLessThan(0.6);
  });

  test("one pixel, and layers of one row or column, are there", async () => {
    const layers = [
      { name: "Pixel", bounds: bounds(3, 4, 4, 5), fill: [1, 2, 3, 255] },
      { name: "Row", bounds: bounds(0, 8, 100, 9), fill: [1, 2, 3, 255] },
      { name: "Column", bounds: bounds(60, 0, 61, 90), fill: [1, 2, 3, 255] },
      paper,
    ];
    const { ps, host } = await studio(layers);
    const scene = await whole(ps, host);
    expect(names(scene)).toEqual(["Paper", "Column", "Row", "Pixel"]);
    expect(difference(ps, scene)).toBeLessThan(0.01);
  });

  test("a layer that reaches over the canvas is cut by nothing but the scene's bounds", async () => {
    const { ps, host } = await studio([
      { name: "Big", bounds: bounds(-30, -20, 60, 50), fill: spot(20, 15, 35, 2, [10, 10, 90]) },
      paper,
    ]);
    expect(difference(ps, await whole(ps, host))).toBeLessThan(0.8);
  });

  test.each(["ink", "layer"] as const)("Photoshop may trim to what is painted or to the layer (%s)", async (trim) => {
    for (const blank of ["empty", "throw"] as const) {
      const corner = { name: "Corners", bounds: all, fill: (x: number) => [90, 0, 0, x < 4 || x > 115 ? 255 : 0] };
      const { ps, host } = await studio([corner, paper], {}, { manners: { trim, blank } });
      ps.select(bounds(40, 20, 80, 60));
      const scene = await sceneOf(ps, host);
      expect(difference(ps, scene)).toBeLessThan(0.1);
    }
  });
});

describe("text", () => {
  test("has its words, their colour, and its box where every pixel of it is full", async () => {
    const words: LayerSpec = {
      name: "Title",
      kind: "text",
      bounds: bounds(10, 60, 90, 80),
      fill: [30, 30, 30, 255],
      text: { words: "Fox\rand hound", color: [31, 32, 33] },
    };
    const { ps, host } = await studio([words, paper]);
    expect(shapeOf(await whole(ps, host), "Title")).toMatchObject({
      kind: "text",
      text: "Fox\nand hound",
      fill: "rgb(31, 32, 33)",
      path: "M10 60L90 60L90 80L10 80Z",
    });
  });

  test("has the outline of its letters where they are seen", async () => {
    const words: LayerSpec = {
      name: "O",
      kind: "text",
      bounds: bounds(20, 20, 70, 70),
      fill: (x, y) => [0, 0, 0, Math.abs(Math.hypot(x - 44.5, y - 44.5) - 18) < 5 ? 255 : 0],
      text: { words: "O" },
    };
    const { ps, host } = await studio([words, paper]);
    const scene = await whole(ps, host);
    expect(shapeOf(scene, "O").path.match(/M/g)).toHaveLength(2);
    expect(difference(ps, scene)).toBeLessThan(1.5);
  });
});

describe("order, groups and clipping", () => {
  test("lists what is seen from the back to the front, with groups around it", async () => {
    const layers: LayerSpec[] = [
      { name: "Top", bounds: bounds(0, 0, 10, 10), fill: [1, 1, 1, 255] },
      {
        name: "Outer",
        kind: "group",
        opacity: 50,
        layers: [
          { name: "Inner", kind: "group", layers: [dot, { ...square, name: "Square" }] },
          { name: "Gone", visible: false, bounds: all, fill: [2, 2, 2, 255] },
          { name: "Curves", kind: "curves" },
        ],
      },
      { name: "Hidden", kind: "group", visible: false, layers: [{ name: "Inside", fill: [3, 3, 3, 255] }] },
      paper,
    ];
    const { ps, host } = await studio(layers);
    const scene = await whole(ps, host);
    expect(names(scene)).toEqual(["Paper", "Square", "Dot", "Top"]);
    const [outer, inner] = scene.groups ?? [];
    expect(scene.groups).toHaveLength(2);
    expect([outer?.name, inner?.name, inner?.group]).toEqual(["Outer", "Inner", outer?.id]);
    expect(outer?.opacity).toBeCloseTo(0.5, 2);
    expect([shapeOf(scene, "Dot").group, shapeOf(scene, "Top").group]).toEqual([inner?.id, undefined]);
    expect(difference(ps, scene)).toBeLessThan(0.8);
    expect(shapeOf(scene, "Dot").id).toBe(`${ps.document.id}:${ps.layer("Dot").id}`);
  });

  test("masks of a group cut what is in it, by pixels and by path", async () => {
    const group: LayerSpec = {
      name: "Group",
      kind: "group",
      mask: { bounds: bounds(0, 0, 70, 90), fill: 255 },
      vector: { parts: [{ rings: [{ knots: box(0, 30, 120, 90) }] }] },
      layers: [square, dot],
    };
    const { ps, host } = await studio([group, paper]);
    const scene = await whole(ps, host);
    expect(scene.groups?.[0]?.clips).toHaveLength(2);
    expect(difference(ps, scene)).toBeLessThan(0.7);
  });

  test("what is clipped is cut by the layer below, and shares its opacity", async () => {
    for (const opacity of [100, 60]) {
      const layers: LayerSpec[] = [
        { name: "Stripe", clipped: true, bounds: bounds(0, 40, 120, 50), fill: [255, 255, 0, 255] },
        { name: "Shade", clipped: true, bounds: bounds(0, 0, 60, 90), fill: [0, 0, 0, 128] },
        { ...square, opacity },
        paper,
      ];
      const { ps, host } = await studio(layers);
      const scene = await whole(ps, host);
      expect(names(scene)).toEqual(["Paper", "Square", "Shade", "Stripe"]);
      expect(shapeOf(scene, "Stripe").clips).toHaveLength(1);
      expect(difference(ps, scene)).toBeLessThan(0.5);
    }
  });

  test("what is clipped to something hidden is hidden, and to a group is cut by all in it", async () => {
    const stripe: LayerSpec = { name: "Stripe", clipped: true, bounds: bounds(0, 20, 120, 40), fill: [9, 9, 9, 255] };
    const hidden = await studio([stripe, { ...square, visible: false }, paper]);
    expect(names(await whole(hidden.ps, hidden.host))).toEqual(["Paper"]);
    const far: LayerSpec = { name: "Far", bounds: bounds(95, 15, 115, 60), fill: [0, 99, 0, 255] };
    const group = await studio([stripe, { name: "Base", kind: "group", layers: [dot, far] }, paper]);
    const scene = await whole(group.ps, group.host);
    expect(names(scene)).toEqual(["Paper", "Far", "Dot", "Stripe"]);
    expect(difference(group.ps, scene)).toBeLessThan(0.8);
  });

  test("an artboard cuts what reaches over it", async () => {
    const board: LayerSpec = {
      name: "Board",
      kind: "artboard",
      bounds: bounds(10, 10, 80, 60),
      layers: [{ name: "Wide", bounds: bounds(0, 0, 120, 90), fill: [5, 5, 5, 255] }],
    };
    const { ps, host } = await studio([board, paper]);
    const scene = await whole(ps, host);
    expect(scene.groups?.[0]).toMatchObject({ name: "Board", clips: [{ path: "M10 10L80 10L80 60L10 60Z" }] });
  });
});

describe("what is selected", () => {
  test("without a selection it is the active layers, in their own bounds", async () => {
    const { ps, host } = await studio([dot, { name: "Group", kind: "group", layers: [square] }, paper]);
    ps.activate("Dot");
    expect(names(await sceneOf(ps, host))).toEqual(["Dot"]);
    ps.activate("Group");
    const scene = await sceneOf(ps, host);
    expect([names(scene), scene.groups?.map(({ name }) => name)]).toEqual([["Square"], ["Group"]]);
    expect(scene.bounds).toEqual({ x: 30, y: 20, width: 60, height: 50 });
    ps.activate("Dot", "Square");
    expect(names(await sceneOf(ps, host))).toEqual(["Square", "Dot"]);
    ps.activate("Paper");
    expect(names(await sceneOf(ps, host))).toEqual(["Paper"]);
  });

  test("an active layer that is clipped is cut, though its base is not active", async () => {
    const stripe: LayerSpec = { name: "Stripe", clipped: true, bounds: bounds(0, 40, 120, 50), fill: [9, 9, 0, 255] };
    const { ps, host } = await studio([stripe, { ...square, opacity: 50 }, paper]);
    ps.activate("Stripe");
    const scene = await sceneOf(ps, host);
    expect([names(scene), shapeOf(scene, "Stripe").clips?.length]).toEqual([["Stripe"], 1]);
    expect(shapeOf(scene, "Stripe").opacity).toBeCloseTo(0.5, 2);
  });

  test("a selected area takes all that reaches into it, and no edge where it is cut off", async () => {
    const { ps, host } = await studio([
      { name: "Away", bounds: bounds(100, 80, 110, 88), fill: [7, 7, 7, 255] },
      dot,
      square,
      paper,
    ]);
    ps.select(bounds(35, 25, 55, 45));
    const scene = await sceneOf(ps, host);
    expect(names(scene)).toEqual(["Paper", "Square", "Dot"]);
    const inside = (x: number, y: number, { x: left, y: top, width: w, height: h }: Rect) =>
      x > left && x < left + w && y > top && y < top + h;
    const numbers =
      shapeOf(scene, "Dot")
        .path.match(/[\d.]+/g)
        ?.map(Number) ?? [];
    for (let n = 0; n < numbers.length; n += 2) {
      const [x, y] = [numbers[n] as number, numbers[n + 1] as number];
      // Any point inside the bounds is one of the spot's own rim.
      if (inside(x, y, scene.bounds)) expect(Math.abs(Math.hypot(x - 40, y - 30) - 15)).toBeLessThan(1.5);
    }
    expect(difference(ps, scene)).toBeLessThan(2);
  });

  test("nothing selected and no document are nothing", async () => {
    const { ps, host } = await studio([dot, paper]);
    ps.activate();
    expect(await host.scene?.()).toBeNull();
    ps.close();
    expect(await host.scene?.()).toBeNull();
  });

  test.each([
    ["hidden", { ...dot, visible: false }],
    ["empty", { name: "Dot", bounds: bounds(0, 0, 0, 0) }],
    ["outside", { name: "Dot", bounds: bounds(130, 0, 140, 9), fill: [1, 2, 3, 255] }],
  ] as const)("a layer that is %s is refused as a capture refuses it", async (reason, layer) => {
    const { ps, host } = await studio([layer, paper]);
    ps.activate("Dot");
    const [scene, capture] = await Promise.all(
      [host.scene?.(), host.capture({ maxSide: 64 })].map((call) =>
        Promise.resolve(call).catch((error: unknown) => error),
      ),
    );
    for (const error of [scene, capture]) {
      if (!UnderdrawError.is(error, "selection-unusable")) throw new Error(`It was not refused: ${String(error)}`);
      expect(error.details.reason).toBe(reason);
    }
  });

  test("an adjustment alone draws nothing", async () => {
    const { ps, host } = await studio([{ name: "Curves", kind: "curves" }, paper]);
    ps.activate("Curves");
    await expect(host.scene?.()).rejects.toMatchObject({ code: "selection-unusable", details: { reason: "empty" } });
  });
});

describe("a Photoshop that is busy, stopped, failing or large", () => {
  test("says who holds it", async () => {
    const { ps, host } = await studio([dot, paper]);
    const ends = ps.busy("com.other.plugin");
    await expect(host.scene?.()).rejects.toMatchObject({ code: "host-busy", details: { owner: "com.other.plugin" } });
    ends();
    expect(await host.scene?.()).not.toBeNull();
  });

  test("Escape stops it at any call, and the next one works", async () => {
    const { ps, host } = await studio([{ ...dot, mask: { bounds: all, fill: 255 } }, square, paper]);
    ps.select(all);
    for (const call of [0, 1, 2, 3, 4]) {
      ps.cancelModal(call);
      await expect(host.scene?.()).rejects.toMatchObject({ name: "AbortError" });
    }
    expect(names(await sceneOf(ps, host))).toEqual(["Paper", "Square", "Dot"]);
  });

  test("is stopped by its signal, with the reason", async () => {
    const { ps, host } = await studio([dot, square, paper]);
    ps.select(all);
    const stop = new AbortController();
    const scene = host.scene?.({ signal: stop.signal });
    const reason = new Error("nobody waits");
    stop.abort(reason);
    await expect(scene).rejects.toBe(reason);
    expect(names(await sceneOf(ps, host))).toHaveLength(3);
  });

  test("a call that fails is told in its own words, unless it is a second try that works", async () => {
    const { ps, host } = await studio([{ ...dot, mask: { bounds: all, fill: 255 } }, paper]);
    ps.select(all);
    ps.fail("getLayerMask", "out of scratch disk");
    await expect(host.scene?.()).rejects.toMatchObject({ code: "host-failed", message: /out of scratch disk/ });
    ps.fail("getPixels");
    ps.activate("Dot");
    ps.select(null);
    await expect(host.scene?.()).rejects.toMatchObject({ code: "host-failed" });
  });

  test("a scene and a capture that are asked for at once come one after the other", async () => {
    const { ps, host } = await studio([dot, square, paper]);
    ps.select(all);
    const [scene, capture] = await Promise.all([host.scene?.(), host.capture({ maxSide: 32 })]);
    expect([scene?.shapes.length, capture?.pixels.width]).toEqual([3, 32]);
  });

  test("of more than 500 layers it tells the foremost, in some seconds", async () => {
    const many = Array.from({ length: 620 }, (_, n): LayerSpec => {
      const [x, y] = [(n * 7) % 100, (n * 11) % 70];
      return { name: `Layer ${n}`, bounds: bounds(x, y, x + 12, y + 12), fill: [n & 255, 90, 90, 255] };
    });
    const { ps, host } = await studio([...many, paper]);
    ps.select(all);
    const start = performance.now();
    const scene = await host.scene?.();
    expect(performance.now() - start).toBeLessThan(15_000);
    expect(scene?.shapes.length).toBe(500);
    expect([scene?.shapes.at(-1)?.name, scene?.shapes[0]?.name]).toEqual(["Layer 0", "Layer 499"]);
  });

  test("a huge layer is read small", async () => {
    const wide = { left: 0, top: 0, right: 20_000, bottom: 3000 };
    const { ps, host } = await studio(
      [{ name: "Field", bounds: bounds(1000, 500, 15_000, 2500), fill: [3, 4, 5, 255] }],
      {
        width: 20_000,
        height: 3000,
      },
    );
    ps.select(wide);
    const numbers = (await host.scene?.())?.shapes[0]?.path.match(/[\d.]+/g)?.map(Number) ?? [];
    const [xs, ys] = [0, 1].map((which) => numbers.filter((_, n) => n % 2 === which)) as [number[], number[]];
    const found = [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
    // A pixel of what was read is 28 of the document's.
    for (const [n, wanted] of [1000, 500, 15_000, 2500].entries()) {
      expect(Math.abs((found[n] as number) - wanted)).toBeLessThan(14);
    }
  });
});
