import { UnderdrawError } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { colourAreas } from "../../engine/src/conditions/colour-areas.ts";
import { maskLayers } from "../../engine/src/conditions/mask-layers.ts";
import { normalLayers } from "../../engine/src/conditions/normal-layers.ts";
import { at, circle, colours, drawing, drawn, landscape, level, rectangle, shape } from "./document-scene.ts";

const groups = [{ id: "g1", name: "집" }];
const scene = drawing(
  40,
  20,
  [
    shape("wall", rectangle(0, 0, 20, 20), { group: "g1", fill: "#ff0000" }),
    shape("Tree, old", rectangle(10, 0, 20, 10), { fill: "#00ff00", opacity: 0.5 }),
    shape("line", "M0 15H40", { stroke: "black", strokeWidth: 2 }),
  ],
  groups,
);

describe("a mask from layers", () => {
  test("shows all of them, half transparent ones by half", async () => {
    const map = await drawn(maskLayers(), scene);
    expect([level(map, 5, 5), level(map, 25, 5), level(map, 35, 5), level(map, 35, 15)]).toEqual([255, 128, 0, 255]);
  });

  test.each([
    ["wall", 255, 0],
    ["WALL ", 255, 0],
    ["id of wall", 255, 0],
    ["집", 255, 0],
    ["집".normalize("NFD"), 255, 0],
    ["g1, line", 255, 0],
    ["Tree, old", 0, 128],
  ])("by the name %j shows that layer or group", async (layers, left, right) => {
    const map = await drawn(maskLayers({ layers }), scene);
    expect([level(map, 5, 5), level(map, 25, 5)]).toEqual([left, right]);
  });

  test("can leave out what others hide, and take half transparent layers as whole", async () => {
    const source = drawing(20, 10, [
      shape("back", rectangle(0, 0, 20, 10)),
      shape("front", rectangle(10, 0, 10, 10)),
      shape("veil", rectangle(0, 0, 5, 10), { opacity: 0.25 }),
    ]);
    const visible = await drawn(maskLayers({ layers: "back", visible: true }), source);
    expect([2, 7, 15].map((x) => level(visible, x, 5))).toEqual([191, 255, 0]);
    expect(level(await drawn(maskLayers({ layers: "veil" }), source), 2, 5)).toBe(64);
    expect(level(await drawn(maskLayers({ layers: "veil", opacity: false }), source), 2, 5)).toBe(255);
  });

  test("counts paint that is half transparent as layers that are", async () => {
    const source = drawing(20, 10, [
      shape("back", rectangle(0, 0, 20, 10)),
      shape("glass", rectangle(0, 0, 10, 10), { fill: "rgba(0, 0, 0, 0.25)", stroke: "black", strokeWidth: 4 }),
    ]);
    const levels = async (options: Parameters<typeof maskLayers>[0]) => {
      const map = await drawn(maskLayers(options), source);
      return [1, 5].map((x) => level(map, x, 5));
    };
    expect(await levels({ layers: "glass" })).toEqual([255, 64]);
    expect(await levels({ layers: "glass", opacity: false })).toEqual([255, 255]);
    expect(await levels({ layers: "back", visible: true })).toEqual([191, 191]);
  });

  test("has soft edges", async () => {
    const map = await drawn(maskLayers(), drawing(10, 10, [shape("a", rectangle(0, 0, 4.25, 10))]));
    expect([level(map, 3, 5), level(map, 4, 5), level(map, 5, 5)]).toEqual([255, 64, 0]);
  });

  test("is cut by the clips of a layer and its groups", async () => {
    const clipped = drawing(
      20,
      20,
      [
        shape("a", rectangle(0, 0, 20, 20), {
          group: "g",
          clips: [{ path: rectangle(0, 0, 10, 20), matrix: [1, 0, 0, 1, 0, 0] }],
        }),
      ],
      [{ id: "g", name: "g", clips: [{ path: rectangle(0, 0, 20, 10), matrix: [1, 0, 0, 1, 0, 0] }] }],
    );
    const map = await drawn(maskLayers(), clipped);
    expect([level(map, 5, 5), level(map, 15, 5), level(map, 5, 15)]).toEqual([255, 0, 0]);
  });

  test("of a layer that is not there is refused, with the names that are", async () => {
    const failure = await drawn(maskLayers({ layers: "wall, roof" }), scene).catch((error: unknown) => error);
    expect(UnderdrawError.is(failure, "request-invalid")).toBe(true);
    expect(String(failure)).toContain('the drawing has no layer "roof". It has "wall", "Tree, old", "line", "집".');
  });
});

describe("colour areas", () => {
  test("are fills in their own colours, mixed where half transparent, without lines", async () => {
    const map = await drawn(colourAreas(), scene);
    expect([at(map, 5, 5), at(map, 15, 5), at(map, 25, 5), at(map, 35, 15)]).toEqual([
      [255, 0, 0],
      [128, 128, 0],
      [128, 255, 128],
      [255, 255, 255],
    ]);
    expect(at(await drawn(colourAreas({ ground: "black" }), scene), 35, 15)).toEqual([0, 0, 0]);
  });

  test("have no colour between two at their edges", async () => {
    const map = await drawn(colourAreas(), drawing(64, 64, [shape("a", circle(31.3, 30.2, 20), { fill: "#102030" })]));
    expect(colours(map)).toEqual(new Set(["102030", "ffffff"]));
  });

  test("are the mean of a gradient and of a picture", async () => {
    const picture = { width: 2, height: 1, data: new Uint8ClampedArray([255, 0, 0, 255, 0, 0, 255, 255]) };
    const map = await drawn(
      colourAreas(),
      drawing(20, 10, [
        shape("sky", rectangle(0, 0, 10, 10), {
          fill: {
            type: "linear",
            from: [0, 0, 0, 10],
            stops: [
              { offset: 0.5, colour: "#000000" },
              { offset: 1, colour: "#ff0000" },
            ],
          },
        }),
        shape("photo", rectangle(10, 0, 10, 10), { kind: "picture", fill: null, picture }),
      ]),
    );
    expect([at(map, 5, 5), at(map, 15, 5)]).toEqual([
      [64, 0, 0],
      [128, 0, 128],
    ]);
  });

  test("leave text out", async () => {
    const map = await drawn(colourAreas(), drawing(9, 9, [shape("title", rectangle(0, 0, 9, 9), { kind: "text" })]));
    expect(colours(map)).toEqual(new Set(["ffffff"]));
  });
});

describe("normals from rounded layers", () => {
  test("of a disc are a ball's: left red, up green, the front blue", async () => {
    const map = await drawn(normalLayers(), drawing(121, 121, [shape("ball", circle(60.5, 60.5, 50))]));
    expect(at(map, 5, 5)).toEqual([127, 127, 255]);
    let worst = 0;
    for (let y = 24; y <= 96; y += 4) {
      for (let x = 24; x <= 96; x += 4) {
        const [dx, dy] = [(x - 60) / 50, (y - 60) / 50];
        if (dx * dx + dy * dy > 0.8) continue;
        const expected = [-dx, -dy, Math.sqrt(1 - dx * dx - dy * dy)].map((n) => 127.5 + 127.5 * n);
        at(map, x, y).forEach((value, k) => {
          worst = Math.max(worst, Math.abs(value - (expected[k] as number)));
        });
      }
    }
    expect(worst).toBeLessThan(8);
  });

  test("face the viewer with a strength of 0, on layers without a rim, and within a narrow rim", async () => {
    const source = drawing(64, 64, [shape("plate", circle(32, 32, 30))]);
    expect(colours(await drawn(normalLayers({ strength: 0 }), source))).toEqual(new Set(["7f7fff"]));
    const all = drawing(20, 20, [shape("all", rectangle(-9, -9, 99, 99))]);
    expect(colours(await drawn(normalLayers(), all))).toEqual(new Set(["7f7fff"]));
    const rim = await drawn(normalLayers({ rim: 40 }), source);
    for (const x of [22, 32, 42]) expect(at(rim, x, 32)[2]).toBeGreaterThan(252);
    expect(at(rim, 3, 32)[0]).toBeGreaterThan(170);
  });

  test("turn red and green about where that is asked for", async () => {
    const source = drawing(40, 40, [shape("ball", circle(20, 20, 18))]);
    const [usual, flipped] = await Promise.all([
      drawn(normalLayers(), source),
      drawn(normalLayers({ flipRed: true, flipGreen: true }), source),
    ]);
    const [a, b] = [at(usual, 10, 12), at(flipped, 10, 12)];
    expect(Math.abs((a[0] as number) + (b[0] as number) - 255)).toBeLessThan(2);
    expect(Math.abs((a[1] as number) + (b[1] as number) - 255)).toBeLessThan(2);
    expect(a[0]).toBeGreaterThan(150);
    expect(a[2]).toBe(b[2]);
  });
});

describe("every condition of layers", () => {
  const kinds = [colourAreas, maskLayers, normalLayers];

  test.each([
    [1, 1],
    [1, 90],
    [90, 1],
    [513, 381],
  ])("draws a map of %i x %i", async (width, height) => {
    for (const kind of kinds) {
      const map = await drawn(kind(), landscape(width, height));
      expect([map.width, map.height]).toEqual([width, height]);
    }
  });

  test("draws an empty scene, and one of broken shapes", async () => {
    const broken = [
      shape("nothing", ""),
      shape("not a number", "M0 0LNaN 4L5 5Z"),
      shape("far away", "M1e30 1e30L-1e30 4L5 -1e30Z"),
      shape("flat", rectangle(0, 0, 10, 10), { matrix: [0, 0, 0, 0, 5, 5] }),
      shape("unpainted", rectangle(0, 0, 10, 10), { fill: "no such colour" }),
    ];
    for (const kind of kinds) {
      await drawn(kind(), drawing(7, 5, []));
      await drawn(kind(), drawing(7, 5, broken));
    }
  });

  test("changes nothing in the drawing, and draws the same again", async () => {
    const source = landscape(200, 133);
    const before = JSON.stringify(source);
    for (const kind of kinds) {
      expect((await drawn(kind(), source)).data).toEqual((await drawn(kind(), source)).data);
    }
    expect(JSON.stringify(source)).toBe(before);
  });

  test("stops at once, with the reason that was given", async () => {
    const shapes = Array.from({ length: 3000 }, (_, k) =>
      shape(`tree ${k}`, circle((k * 37) % 500, (k * 91) % 500, 40)),
    );
    for (const kind of kinds) {
      const controller = new AbortController();
      const reason = new Error("enough");
      setTimeout(() => controller.abort(reason), 5);
      const context = { run: () => Promise.reject(new Error("no model")), signal: controller.signal };
      await expect(kind().extract(drawing(500, 500, shapes), context)).rejects.toBe(reason);
    }
  });
});
