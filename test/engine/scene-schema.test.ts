import { expect, test } from "vitest";
import type { Scene } from "../../engine/src/core/scene.ts";
import { sceneLimits } from "../../engine/src/scene/scene-limits.ts";
import { sceneSchema } from "../../engine/src/scene/schema.ts";
import { shape } from "./scene-parts.ts";

const scene: Scene = {
  bounds: { x: -1, y: 2.5, width: 10, height: 20 },
  groups: [
    {
      id: "outer",
      name: "Outer",
      opacity: 0.5,
      clips: [{ path: "M0 0H1", matrix: [1, 0, 0, 1, 0, 0], rule: "evenodd" }],
    },
    { id: "inner", name: "", group: "outer" },
  ],
  shapes: [
    shape("M0 0H1"),
    shape("", {
      kind: "picture",
      group: "inner",
      dash: [1, 2],
      dashOffset: -3,
      cap: "round",
      join: "bevel",
      miterLimit: 2,
      rule: "evenodd",
      picture: { width: 1, height: 2, data: new Uint8ClampedArray(8) },
      stroke: { type: "linear", from: [0, 0, 1, 0], stops: [{ offset: 0, colour: "red" }] },
      fill: {
        type: "radial",
        from: [0, 0, 0, 1, 1, 1],
        matrix: [1, 0, 0, 1, 0, 0],
        spread: "reflect",
        stops: [
          { offset: 0.25, colour: "red" },
          { offset: 0.25, colour: "#00f" },
        ],
      },
    }),
    shape("M0", { kind: "text", text: "words" }),
  ],
};

test("a sound scene passes as it is, what a later version adds left out", () => {
  expect(sceneSchema.parse(scene)).toEqual(scene);
  const later = { ...scene, shapes: [{ ...shape("M0 0"), shadow: 3 }], seen: true };
  expect(sceneSchema.parse(later)).toEqual({ ...scene, shapes: [shape("M0 0")] });
});

const one = (more: object) => ({ ...scene, shapes: [{ ...shape("M0 0H1"), ...more }] });
const grouped = (groups: readonly object[]) => ({ ...scene, shapes: [], groups });

test.each([
  ["no scene", null, ""],
  ["no shapes", { bounds: scene.bounds }, "shapes"],
  ["bounds without width", { ...scene, bounds: { ...scene.bounds, width: 0 } }, "bounds.width"],
  ["bounds that are no numbers", { ...scene, bounds: { ...scene.bounds, x: Number.NaN } }, "bounds.x"],
  ["an endless height", { ...scene, bounds: { ...scene.bounds, height: Infinity } }, "bounds.height"],
  ["a matrix of five", one({ matrix: [1, 0, 0, 1, 0] }), "shapes.0.matrix"],
  ["a matrix that is not made of numbers", one({ matrix: [1, 0, 0, 1, 0, Number.NaN] }), "shapes.0.matrix.5"],
  ["an opacity of 2", one({ opacity: 2 }), "shapes.0.opacity"],
  ["a width below 0", one({ strokeWidth: -1 }), "shapes.0.strokeWidth"],
  ["a dash below 0", one({ dash: [1, -1] }), "shapes.0.dash.1"],
  ["an unknown cap", one({ cap: "flat" }), "shapes.0.cap"],
  ["a path that is no text", one({ path: 5 }), "shapes.0.path"],
  ["a name too long", one({ name: "x".repeat(10_001) }), "shapes.0.name"],
  ["a group that is not there", one({ group: "gone" }), "shapes.0.group"],
  [
    "a linear gradient of six numbers",
    one({ fill: { type: "linear", from: [0, 0, 0, 0, 0, 0], stops: [{ offset: 0, colour: "red" }] } }),
    "shapes.0.fill.from",
  ],
  ["a gradient without stops", one({ fill: { type: "linear", from: [0, 0, 1, 1], stops: [] } }), "shapes.0.fill.stops"],
  [
    "a picture with too few bytes",
    one({ picture: { width: 2, height: 2, data: new Uint8ClampedArray(15) } }),
    "shapes.0.picture.data",
  ],
  [
    "a picture of other bytes",
    one({ picture: { width: 1, height: 1, data: new Uint8Array(4) } }),
    "shapes.0.picture.data",
  ],
  [
    "two groups of one id",
    grouped([
      { id: "a", name: "" },
      { id: "a", name: "" },
    ]),
    "groups.1.id",
  ],
  ["a group in one that is not there", grouped([{ id: "a", name: "", group: "b" }]), "groups.0.group"],
  ["a group in itself", grouped([{ id: "a", name: "", group: "a" }]), "groups.0.group"],
  [
    "groups in a circle",
    grouped([
      { id: "a", name: "", group: "c" },
      { id: "b", name: "", group: "a" },
      { id: "c", name: "", group: "b" },
    ]),
    "groups.0.group",
  ],
  [
    "groups too deep",
    grouped(Array.from({ length: 300 }, (_, n) => ({ id: `${n}`, name: "", ...(n > 0 ? { group: `${n - 1}` } : {}) }))),
    "groups.256.group",
  ],
  [
    "more shapes than there may be",
    { ...scene, shapes: new Array(sceneLimits.shapes + 1).fill(shape("M0 0")) },
    "shapes",
  ],
  [
    "more path than there may be",
    { ...scene, groups: [], shapes: new Array(65).fill(shape("M".repeat(2 ** 20))) },
    "shapes",
  ],
])("%s is refused at its place", (_, value, place) => {
  const read = sceneSchema.safeParse(value);
  expect(read.success).toBe(false);
  const places = read.error?.issues.flatMap((issue) => [
    issue.path.join("."),
    ...("errors" in issue ? issue.errors.flat().map((inner) => [...issue.path, ...inner.path].join(".")) : []),
  ]);
  expect(places).toContain(place);
});

test("groups in any order, and as deep as may be, pass quickly", () => {
  const groups = Array.from({ length: 100_000 }, (_, n) => ({
    id: `${n}`,
    name: "",
    ...(n % 256 < 255 && n < 99_999 ? { group: `${n + 1}` } : {}),
  }));
  const started = performance.now();
  expect(sceneSchema.safeParse({ ...scene, shapes: [], groups }).success).toBe(true);
  expect(performance.now() - started).toBeLessThan(5000);
});
