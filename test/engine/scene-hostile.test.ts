import { describe, expect, test } from "vitest";
import type { Matrix, SceneShape } from "../../engine/src/core/scene.ts";
import { paintCover } from "../../engine/src/scene/cover.ts";
import { drawScene, drawSceneInTurns } from "../../engine/src/scene/draw.ts";
import { paintIds } from "../../engine/src/scene/ids.ts";
import { paintLines, paintThinLines } from "../../engine/src/scene/lines.ts";
import { outlineScene } from "../../engine/src/scene/outlined.ts";
import { done, sceneOf, seeded, shape } from "./scene-parts.ts";

// What no document should hold: geometry without sense is drawn as far as it has any, and nothing takes for ever.

/** Paints a scene in every way, and gives how much each way shows. */
function everything(width: number, height: number, shapes: readonly SceneShape[]) {
  const source = sceneOf(width, height, shapes);
  const outlined = outlineScene(source, { outlineUnstroked: true });
  const ways: Record<string, ArrayLike<number>> = {
    lines: done(paintLines(outlined, { hidden: true })).data,
    thin: done(paintThinLines(outlined, { hidden: true })).data,
    ids: done(paintIds(outlined)),
    cover: done(paintCover(outlined, () => true, { visible: true })).data,
    picture: drawScene(source).data.filter((_, n) => n % 4 === 3),
  };
  for (const data of Object.values(ways)) expect(data.length).toBe(width * height);
  return Object.fromEntries(
    Object.entries(ways).map(([way, data]) => [way, Array.from(data).filter((value) => value > 0).length]),
  );
}

const lined = { stroke: "white", strokeWidth: 3, join: "miter", cap: "round", dash: [2, 1] } as const;

describe("geometry without sense", () => {
  const numbers = [Number.NaN, Infinity, -Infinity, 1e30, -1e30, 1e300, 1e-300, 0];

  test.each(numbers)("a matrix with %d is no fault", (value) => {
    for (let place = 0; place < 6; place++) {
      const matrix = [1, 0, 0, 1, 0, 0].map((own, n) => (n === place ? value : own)) as unknown as Matrix;
      everything(9, 7, [shape("M1 1C5 2 3 7 8 6L2 5A3 2 0 1 0 4 4Z", { ...lined, matrix })]);
    }
  });

  test.each([
    "M0 0",
    "M0 0Z",
    "M0 0ZZZ",
    "",
    "nonsense",
    "M1e30 1e30L-1e30 5L5 -1e30Z",
    "M3 3h1e-9v1e-9z",
    "M0 0A1e300 1e300 0 1 1 9 9",
    "M4 4A1e-300 1 0 0 0 5 5",
  ])("the path %j is no fault", (path) => {
    everything(9, 7, [shape(path, lined)]);
  });

  test.each([
    { strokeWidth: Number.NaN },
    { strokeWidth: Infinity },
    { strokeWidth: 1e30 },
    { strokeWidth: -1 },
    { miterLimit: Number.NaN },
    { miterLimit: Infinity },
    { dash: [Number.NaN] },
    { dash: [1e-12, 1e-12] },
    { dash: [1e300, 1e300, 1e300] },
    { dash: [0, 0, 0] },
    { dashOffset: Number.NaN },
    { dashOffset: 1e300 },
    { opacity: Number.NaN },
    { opacity: 7 },
    { clips: [{ path: "M0 0H9", matrix: [Number.NaN, 0, 0, 1, 0, 0] as const }] },
  ])("a style of %o is no fault", (style) => {
    everything(9, 7, [shape("M1 1L8 6L1 6", { ...lined, dash: [], ...style })]);
  });

  test("bounds without an extent show nothing", () => {
    for (const [width, height] of [
      [0, 0],
      [Number.NaN, 4],
      [1e-320, 1],
    ] as const) {
      const scene = { bounds: { x: 0, y: 0, width, height }, shapes: [shape("M0 0H4V4H0Z", lined)] };
      expect(drawScene({ width: 3, height: 2, scene }).data.length).toBe(24);
      expect(done(paintLines(outlineScene({ width: 3, height: 2, scene }), { hidden: true })).data.length).toBe(6);
    }
  });

  test.each([
    [1, 1],
    [1, 200],
    [200, 1],
    [17, 15],
    [513, 381],
  ])("maps of %i x %i are painted to their last pixel", (width, height) => {
    const shown = everything(width, height, [
      shape(`M-1 -1H${width + 1}V${height + 1}H-1Z`),
      shape(`M0 0L${width} ${height}`, lined),
    ]);
    expect([shown["ids"], shown["cover"], shown["picture"]]).toEqual([width * height, width * height, width * height]);
  });

  test("a line that goes far out and comes back is drawn where it passes", () => {
    const far = shape("M-1e8 8L1e8 8L1e8 1e8", { ...lined, dash: [], strokeWidth: 2, fill: null });
    const shown = everything(16, 16, [far]);
    expect([shown["lines"], shown["picture"]]).toEqual([32, 32]);
    expect(shown["thin"]).toBe(16);
  });
});

describe("scenes without end", () => {
  test("groups that lie in each other, in themselves or nowhere are no fault", () => {
    const groups = [
      { id: "a", name: "", group: "b", opacity: 0.5 },
      { id: "b", name: "", group: "a", opacity: 0.5 },
      { id: "self", name: "", group: "self", opacity: 0.5 },
      { id: "lost", name: "", group: "nowhere", opacity: 0.5 },
      ...Array.from({ length: 20_000 }, (_, n) => ({
        id: `deep${n}`,
        name: "",
        group: `deep${n - 1}`,
        opacity: 0.999,
      })),
    ];
    const shapes = ["a", "b", "self", "lost", "none", "deep19999", "deep10000"].map((group) =>
      shape("M0 0H4V4H0Z", { group }),
    );
    const source = sceneOf(4, 4, shapes, groups);
    const outlined = outlineScene(source);
    expect(outlined.shapes.map((one) => one.opacity).slice(0, 5)).toEqual([0.25, 0.5, 0.5, 0.5, 1]);
    expect(outlined.shapes[5]?.groups.length).toBe(256);
    expect(drawScene(source).data.length).toBe(64);
  });

  test("groups in groups that are all thin need no canvas each", () => {
    const groups = Array.from({ length: 250 }, (_, n) => ({
      id: `g${n}`,
      name: "",
      opacity: 0.99,
      ...(n > 0 ? { group: `g${n - 1}` } : {}),
    }));
    const shapes = groups.map(({ id }) => shape("M0 0H400V400H0Z", { group: id }));
    const started = performance.now();
    expect(drawScene(sceneOf(400, 400, shapes, groups)).data[3]).toBeGreaterThan(250);
    expect(performance.now() - started).toBeLessThan(15_000);
  });

  test("a hundred thousand shapes on each other are painted soon, since those behind are not looked at", () => {
    const shapes = Array.from({ length: 100_000 }, (_, n) =>
      shape("M0 0C20 80 50 -20 64 64L64 0Z", { id: String(n), ...lined }),
    );
    shapes.push(shape("M-1 -1H99V99H-1Z"));
    const started = performance.now();
    done(paintLines(outlineScene(sceneOf(64, 64, shapes)), { hidden: true }));
    expect(performance.now() - started).toBeLessThan(10_000);
  });

  test("a path of half a million pieces gives others a turn", () => {
    const random = seeded(1);
    const path = `M0 0${Array.from({ length: 500_000 }, () => `L${(512 * random()).toFixed(1)} ${(512 * random()).toFixed(1)}`).join("")}`;
    const work = paintIds(outlineScene(sceneOf(512, 512, [shape(path, { rule: "evenodd" })])));
    let turns = 0;
    for (let step = work.next(); !step.done && turns < 4; step = work.next()) turns++;
    expect(turns).toBe(4);
  });

  test("millions of dashes become a line", () => {
    const dashed = shape("M0 4H1e6", { ...lined, dash: [0.001, 0.001], fill: null });
    expect(everything(16, 8, [dashed])["lines"]).toBe(64);
  });

  test("a picture as large as paper is drawn in bands, a little at a time", () => {
    const work = drawSceneInTurns(
      sceneOf(6000, 4000, [
        shape("M0 0H6000V4000H0Z", { clips: [{ path: "M9 9L6000 9L9 4000Z", matrix: [1, 0, 0, 1, 0, 0] }] }),
      ]),
    );
    let longest = 0;
    for (let turn = 0, since = performance.now(); turn < 40 && !work.next().done; turn++, since = performance.now()) {
      longest = Math.max(longest, performance.now() - since);
    }
    expect(longest).toBeLessThan(2000);
  });
});
