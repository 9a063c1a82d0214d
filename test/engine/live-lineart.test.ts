import { readFileSync } from "node:fs";
import {
  type LiveLineartOptions,
  lineart,
  liveLineart,
  type Rect,
  type Scene,
  type SceneShape,
} from "@underdraw/engine";
import { readSvg } from "@underdraw/engine/svg";
import { describe, expect, test } from "vitest";
import { sceneOf, seeded, shape } from "./scene-parts.ts";

// Lines that follow a drawing have the bytes of lines drawn anew, and tell where they changed.

const [width, height] = [150, 110];

function drawing(count: number, seed: number): SceneShape[] {
  const random = seeded(seed);
  const at = (range: number) => (range * random()).toFixed(2);
  return Array.from({ length: count }, (_, n) =>
    shape(`M${at(30)} ${at(30)}L${at(30)} ${at(30)}C${at(40)} ${at(30)} ${at(30)} ${at(40)} ${at(30)} ${at(30)}Z`, {
      id: String(n),
      matrix: [1, 0, 0, 1, 130 * random() - 10, 90 * random() - 10],
      stroke: random() < 0.6 ? "black" : null,
      strokeWidth: 3 * random(),
      fill: random() < 0.8 ? "white" : null,
    }),
  );
}

const anew = async (scene: Scene, options: LiveLineartOptions = {}): Promise<Uint8ClampedArray> => {
  const context = { run: () => Promise.reject(new Error("no model")) };
  return (await lineart(options).extract({ width, height, scene }, context)).data;
};

const same = (one: Uint8ClampedArray, other: Uint8ClampedArray): boolean =>
  Buffer.compare(Buffer.from(one.buffer), Buffer.from(other.buffer)) === 0;

/** The pixels of a map that differ from before and lie in none of the areas. */
function untold(before: Uint8ClampedArray, after: Uint8ClampedArray, areas: readonly Rect[]): number {
  let count = 0;
  for (let at = 0; at < after.length; at += 4) {
    if (before[at] === after[at]) continue;
    const [x, y] = [(at / 4) % width, Math.floor(at / 4 / width)];
    if (!areas.some((area) => x >= area.x && y >= area.y && x < area.x + area.width && y < area.y + area.height))
      count++;
  }
  return count;
}

describe("a shape that is replaced", () => {
  test.each([
    {},
    { widths: "unified", width: 3 },
    { hidden: true },
    { outlines: false },
  ] satisfies LiveLineartOptions[])(
    "gives what is drawn anew with %o, and the areas hold all that changed",
    async (options) => {
      const random = seeded(8);
      const live = await liveLineart(sceneOf(width, height, drawing(60, 5)), options);
      const { map } = live;
      expect(same(map.data, await anew(live.scene, options))).toBe(true);
      for (let move = 0; move < 12; move++) {
        const index = Math.floor(60 * random());
        const old = live.scene.shapes[index] as SceneShape;
        const before = map.data.slice();
        const areas = live.replace(index, { ...old, matrix: [1, 0, 0, 1, 140 * random() - 20, 100 * random() - 20] });
        expect(areas.length).toBeLessThanOrEqual(2);
        expect(untold(before, map.data, areas)).toBe(0);
        expect(same(map.data, await anew(live.scene, options))).toBe(true);
      }
      expect(live.map).toBe(map);
    },
  );

  test("is refused in words where it is not sound, and nothing has changed", async () => {
    const live = await liveLineart(sceneOf(width, height, drawing(5, 1)));
    const [before, scene] = [live.map.data.slice(), live.scene];
    const first = scene.shapes[0] as SceneShape;
    expect(() => live.replace(0, { ...first, matrix: [1, 0, 0, Number.NaN, 0, 0] })).toThrow(
      /^The scene cannot be drawn: shape\.matrix\.3: /,
    );
    expect(() => live.replace(0, { ...first, group: "gone" })).toThrow(
      'shape.group: names a group that is not in groups: "gone"',
    );
    expect(() => live.replace(5, first)).toThrow("index: the drawing has 5 shapes, and none at 5.");
    expect(() => live.replace(0.5, first)).toThrow(RangeError);
    expect(same(before, live.map.data)).toBe(true);
    expect(live.scene).toBe(scene);
  });
});

describe("a drawing that is brought in as it is now", () => {
  const changes: readonly (readonly [string, (shapes: SceneShape[]) => SceneShape[], number])[] = [
    ["without a change", (shapes) => shapes.map((one) => structuredClone(one)), 0],
    [
      "with a shape more in the middle",
      (shapes) => shapes.toSpliced(20, 0, shape("M40 40h20v20z", { id: "new" })),
      0.1,
    ],
    ["with a shape less", (shapes) => shapes.toSpliced(7, 1), 0.2],
    ["with the first brought to the front", ([first, ...rest]) => [...rest, first as SceneShape], 0.2],
    ["with the last sent to the back", (shapes) => [shapes.at(-1) as SceneShape, ...shapes.slice(0, -1)], 0.2],
    [
      "with another paint",
      (shapes) => shapes.with(9, { ...(shapes[9] as SceneShape), fill: null, stroke: "red" }),
      0.2,
    ],
    ["turned about", (shapes) => shapes.toReversed(), 1],
    ["with nothing in it", () => [], 1],
  ];

  test.each(changes)("%s is what is drawn anew, and only what it must is painted", async (_, change, most) => {
    const live = await liveLineart(sceneOf(width, height, drawing(60, 12)));
    const before = live.map.data.slice();
    const scene = { ...live.scene, shapes: change([...live.scene.shapes]) };
    const areas = live.update(scene);
    expect(same(live.map.data, await anew(scene))).toBe(true);
    expect(untold(before, live.map.data, areas)).toBe(0);
    const painted = areas.reduce((sum, area) => sum + area.width * area.height, 0) / (width * height);
    expect(painted).toBeLessThanOrEqual(most);
    // From there on as before.
    live.update({ ...scene, shapes: drawing(60, 12) });
    expect(same(live.map.data, before)).toBe(true);
  });

  test("with many changes at random is what is drawn anew", async () => {
    const random = seeded(77);
    const live = await liveLineart(sceneOf(width, height, drawing(40, 3)));
    for (let round = 0; round < 15; round++) {
      const shapes = [...live.scene.shapes];
      for (let change = 0; change < 3; change++) {
        const at = Math.floor(random() * shapes.length);
        const [taken] = shapes.splice(at, 1);
        const kept =
          random() < 0.7 && taken
            ? [taken]
            : drawing(1, round).map((one) => ({ ...one, id: `new ${round} ${change}` }));
        shapes.splice(Math.floor(random() * shapes.length), 0, ...kept);
      }
      live.update({ ...live.scene, shapes });
      expect(same(live.map.data, await anew(live.scene))).toBe(true);
    }
  });

  test("in other groups or bounds is drawn wholly", async () => {
    const shapes = drawing(30, 2).map((one) => ({ ...one, group: "g" }));
    const { scene } = sceneOf(width, height, shapes, [{ id: "g", name: "" }]);
    const live = await liveLineart({ width, height, scene });
    for (const next of [
      {
        ...scene,
        groups: [{ id: "g", name: "", clips: [{ path: "M20 20H90V80H20Z", matrix: [1, 0, 0, 1, 0, 0] as const }] }],
      },
      { ...scene, bounds: { x: 10, y: 10, width: 75, height: 55 } },
    ]) {
      const before = live.map.data.slice();
      expect(live.update(next)).toEqual([{ x: 0, y: 0, width, height }]);
      expect(same(live.map.data, before)).toBe(false);
      expect(same(live.map.data, await anew(next))).toBe(true);
    }
  });

  test("is refused in words where it is not sound, and nothing has changed", async () => {
    const live = await liveLineart(sceneOf(width, height, drawing(5, 1)));
    const [before, scene] = [live.map.data.slice(), live.scene];
    const wrong = { ...scene, shapes: [{ ...(scene.shapes[0] as SceneShape), opacity: 2 }] };
    expect(() => live.update(wrong)).toThrow(/^The scene cannot be drawn: scene\.shapes\.0\.opacity: /);
    expect(same(before, live.map.data)).toBe(true);
    expect(live.scene).toBe(scene);
  });
});

describe("lines that are to follow", () => {
  const source = sceneOf(width, height, drawing(5, 1));

  test("tell of their first drawing, and can be stopped there", async () => {
    const told: number[] = [];
    const many = sceneOf(width, height, drawing(4000, 1));
    await liveLineart(many, { onProgress: ({ fraction }) => void told.push(fraction) });
    expect(told.every((fraction) => fraction >= 0 && fraction <= 1)).toBe(true);
    const reason = new Error("enough");
    await expect(liveLineart(source, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    const control = new AbortController();
    setTimeout(() => control.abort(reason), 1);
    await expect(liveLineart(sceneOf(width, height, drawing(20_000, 1)), { signal: control.signal })).rejects.toBe(
      reason,
    );
  });

  test.each([
    [{ widths: "wide" }, "lineart.widths"],
    [{ width: 99 }, "lineart.width"],
    [{ colour: "red" }, "lineart.colour: there is no such option"],
    [{ pixels: "single" }, "lineart.pixels: lines that follow a drawing are soft"],
  ])("refuse the options %o in words", async (options, words) => {
    await expect(liveLineart(source, options as LiveLineartOptions)).rejects.toThrow(words);
  });

  test("refuse what is no sound drawing", async () => {
    await expect(liveLineart({ ...source, width: 0 })).rejects.toThrow(RangeError);
    const wrong = sceneOf(width, height, [shape("M0 0", { strokeWidth: -1 })]);
    await expect(liveLineart(wrong)).rejects.toThrow("source.scene.shapes.0.strokeWidth");
    const pixels = { width: 1, height: 1, data: new Uint8ClampedArray(4) };
    await expect(liveLineart(pixels as never)).rejects.toThrow("reads a drawing, and a picture was given");
  });
});

test("a file is followed as well", async () => {
  const { scene } = await readSvg(readFileSync("test/golden/svg/illustrator.svg"));
  const live = await liveLineart({ width, height, scene });
  const ring = scene.shapes.findIndex(({ name }) => name === "ring");
  live.replace(ring, { ...(scene.shapes[ring] as SceneShape), matrix: [0.5, 0, 0, 0.5, 3, 4] });
  expect(same(live.map.data, await anew(live.scene))).toBe(true);
});
