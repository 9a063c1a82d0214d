import { describe, expect, test } from "vitest";
import { depthOrder } from "../../engine/src/conditions/depth-order.ts";
import { depthTag, withoutDepthTag } from "../../engine/src/scene/depth-tag.ts";
import { circle, colours, drawing, drawn, landscape, level, rectangle, shape } from "./document-scene.ts";

const steps = drawing(60, 30, [
  shape("back", rectangle(0, 0, 40, 30)),
  shape("middle", rectangle(10, 0, 30, 20)),
  shape("front", rectangle(20, 0, 10, 10)),
]);

describe("depth from the order of layers", () => {
  test("is spread evenly from the farthest to white, and black where nothing lies", async () => {
    const map = await drawn(depthOrder(), steps);
    expect([level(map, 5, 5), level(map, 15, 5), level(map, 25, 5), level(map, 50, 5)]).toEqual([85, 170, 255, 0]);
    expect(colours(map).size).toBe(4);
  });

  test("counts lines without a fill, and neither what is looked through nor what lies outside", async () => {
    const source = drawing(40, 40, [
      shape("wall", rectangle(0, 0, 40, 40)),
      shape("glass", rectangle(0, 0, 40, 40), { opacity: 0.2 }),
      shape("elsewhere", rectangle(100, 100, 40, 40)),
      shape("rope", "M0 20H40", { stroke: "red", strokeWidth: 4 }),
    ]);
    const map = await drawn(depthOrder(), source);
    expect([level(map, 10, 5), level(map, 10, 20)]).toEqual([128, 255]);
  });

  test("by area puts what is larger farther, whatever lies in front", async () => {
    const source = drawing(40, 40, [
      shape("coin", circle(10, 10, 5)),
      shape("wall", rectangle(0, 20, 40, 20)),
      shape("card", rectangle(20, 0, 15, 15)),
    ]);
    const map = await drawn(depthOrder({ mode: "area" }), source);
    expect([level(map, 10, 10), level(map, 5, 30), level(map, 25, 5)]).toEqual([255, 85, 170]);
  });

  test("by tags is what names say, and between them what lies between", async () => {
    const source = drawing(50, 10, [
      shape("sky depth=10", rectangle(0, 0, 10, 10)),
      shape("나무", rectangle(10, 0, 10, 10)),
      shape("집 depth=50 copy 2", rectangle(20, 0, 10, 10)),
      shape("person", rectangle(30, 0, 10, 10)),
      shape("leaf [depth=20%]", rectangle(40, 0, 10, 10)),
    ]);
    const map = await drawn(depthOrder({ mode: "tags" }), source);
    expect([5, 15, 25, 35, 45].map((x) => level(map, x, 5))).toEqual([26, 77, 128, 89, 51]);
  });

  test("by tags without any is by order", async () => {
    const [one, other] = await Promise.all([drawn(depthOrder(), steps), drawn(depthOrder({ mode: "tags" }), steps)]);
    expect(one.data).toEqual(other.data);
  });

  test("of a layer that a name lets reach from far to near rises towards its lower edge", async () => {
    const map = await drawn(
      depthOrder({ mode: "tags" }),
      drawing(4, 100, [shape("ground depth=20..80", rectangle(0, 0, 4, 100))]),
    );
    const column = [0, 25, 50, 75, 99].map((y) => level(map, 2, y));
    expect(column).toEqual([20.3, 35.3, 50.3, 65.3, 79.7].map((percent) => Math.round(percent * 2.55)));
  });

  test("counts a group as one layer where that is asked for", async () => {
    const source = drawing(
      30,
      10,
      [
        shape("wall", rectangle(0, 0, 10, 10), { group: "house" }),
        shape("roof", rectangle(10, 0, 10, 10), { group: "inner" }),
        shape("tree", rectangle(20, 0, 10, 10)),
      ],
      [
        { id: "house", name: "house" },
        { id: "inner", name: "top", group: "house" },
      ],
    );
    const map = await drawn(depthOrder({ groups: true }), source);
    expect([5, 15, 25].map((x) => level(map, x, 5))).toEqual([128, 128, 255]);
  });

  test.each([
    ["down", 5, 0, 5, 9],
    ["up", 5, 9, 5, 0],
    ["right", 0, 5, 9, 5],
    ["left", 9, 5, 0, 5],
  ] as const)("grows nearer %s within a layer, never beyond the one in front", async (gradient, x, y, nearX, nearY) => {
    const source = drawing(10, 10, [shape("a", rectangle(0, 0, 10, 10))]);
    const map = await drawn(depthOrder({ gradient }), source);
    expect([level(map, x, y), level(map, nearX, nearY)]).toEqual([Math.round(255 * 0.05), Math.round(255 * 0.95)]);
  });

  test("of a rounded disc is a ball's", async () => {
    const map = await drawn(depthOrder({ inflate: true }), drawing(101, 101, [shape("ball", circle(50.5, 50.5, 40))]));
    // The rim is found to half a pixel: a ball that is half a pixel smaller or larger is as right.
    const ball = (away: number, radius: number) => 255 * Math.sqrt(Math.max(0, 1 - (away / radius) ** 2));
    for (let x = 12; x < 89; x++) {
      const away = Math.abs(x + 0.5 - 50.5);
      expect(level(map, x, 50)).toBeGreaterThanOrEqual(ball(away, 39.5) - 2);
      expect(level(map, x, 50)).toBeLessThanOrEqual(ball(away, 40.5) + 2);
    }
    expect(level(map, 50, 50)).toBe(255);
  });

  test("of a rounded layer that the frame cuts off has no rim at the frame", async () => {
    const map = await drawn(
      depthOrder({ inflate: true }),
      drawing(40, 40, [shape("sea", rectangle(-50, 20, 200, 200))]),
    );
    expect(level(map, 20, 39)).toBe(255);
    expect(level(map, 0, 39)).toBe(255);
    expect(level(map, 20, 21)).toBeLessThan(150);
    const whole = await drawn(depthOrder({ inflate: true }), drawing(9, 9, [shape("all", rectangle(-5, -5, 50, 50))]));
    expect(colours(whole)).toEqual(new Set(["ffffff"]));
  });

  test("keeps a rounded layer's rim where another lies over it", async () => {
    const map = await drawn(
      depthOrder({ inflate: true }),
      drawing(60, 60, [shape("back", rectangle(0, 0, 60, 60)), shape("front", rectangle(20, 20, 20, 20))]),
    );
    // The back reaches over the whole frame and stays flat beside what lies on it.
    expect(level(map, 19, 30)).toBe(128);
  });

  test("with soft edges has levels between, and the same far from edges", async () => {
    const map = await drawn(depthOrder({ soft: 16 }), drawing(512, 512, [shape("half", rectangle(0, 0, 256, 512))]));
    expect([level(map, 20, 256), level(map, 490, 256)]).toEqual([255, 0]);
    expect(level(map, 255, 256)).toBeGreaterThan(118);
    expect(level(map, 256, 256)).toBeLessThan(137);
  });
});

describe("the depth at the end of a name", () => {
  test.each([
    ["tree depth=40", { far: 0.4, near: 0.4 }],
    ["depth=0", { far: 0, near: 0 }],
    ["ground (depth=20..80)", { far: 0.2, near: 0.8 }],
    ["ground depth = 80 .. 20", { far: 0.2, near: 0.8 }],
    ["나무_DEPTH=12.5%", { far: 0.125, near: 0.125 }],
    ["나무 depth=40 복사 3", { far: 0.4, near: 0.4 }],
    ["tree depth=250", { far: 1, near: 1 }],
    ["indepth=40", null],
    ["depth=40 tree", null],
    ["depth", null],
    ["depth=", null],
    ["depth=-3", null],
  ])("%j is %j", (name, expected) => {
    expect(depthTag(name)).toEqual(expected);
  });

  test("is no part of what the layer is called", () => {
    expect(withoutDepthTag("tree depth=40").trim()).toBe("tree");
    expect(withoutDepthTag("tree")).toBe("tree");
  });
});

test("depth of a whole drawing at an odd size keeps its order: the sky is farther than the house, the person nearest", async () => {
  const map = await drawn(depthOrder({ groups: true }), landscape(513, 381));
  const [sky, house, person] = [level(map, 20, 20), level(map, 300, 250), level(map, 187, 275)];
  expect(sky).toBeLessThan(house);
  expect(house).toBeLessThan(person);
});
