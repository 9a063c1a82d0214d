import { builtInConditions, lineart, type Pose, pose, type SceneSource, UnderdrawError } from "@underdraw/engine";
import { readSvg } from "@underdraw/engine/svg";
import { describe, expect, test } from "vitest";
import type { Scene } from "../../engine/src/core/scene.ts";
import { checkScene, readScene } from "../../engine/src/scene/read-scene.ts";
import { sceneSchema } from "../../engine/src/scene/schema.ts";
import { isSound } from "../../engine/src/scene/sound-scene.ts";
import { sceneOf, seeded, shape } from "./scene-parts.ts";

const context = { run: () => Promise.reject(new Error("no model")) };

/** A scene with something in every place that there is. */
const rich = (): Record<string, unknown> => ({
  bounds: { x: -1, y: 2.5, width: 10, height: 20 },
  groups: [
    { id: "a", name: "A", opacity: 0.5, clips: [{ path: "M0 0H1", matrix: [1, 0, 0, 1, 0, 0], rule: "evenodd" }] },
    { id: "b", name: "", group: "a" },
  ],
  shapes: [
    shape("M0 0H1V1", { group: "b", fill: "red", opacity: 0.25 }),
    shape("M0 0H9V9H0Z", {
      kind: "picture",
      dash: [1, 2],
      dashOffset: -3,
      cap: "round",
      join: "bevel",
      miterLimit: 2,
      rule: "evenodd",
      clips: [
        {
          path: "M0 0H1V1",
          matrix: [1, 0, 0, 1, 0, 0],
          picture: { width: 1, height: 1, data: new Uint8ClampedArray(4) },
        },
      ],
      picture: { width: 1, height: 2, data: new Uint8ClampedArray(8) },
      stroke: { type: "linear", from: [0, 0, 1, 0], stops: [{ offset: 0, colour: "red" }] },
      fill: {
        type: "radial",
        from: [0, 0, 0, 1, 1, 1],
        matrix: [1, 0, 0, 1, 0, 0],
        spread: "reflect",
        stops: [
          { offset: 0.25, colour: "red" },
          { offset: 0.5, colour: "#00f" },
        ],
      },
    }),
    shape("M0", { kind: "text", text: "words" }),
  ],
});

/** Places in plain data, each as the object or list that holds it and its key there. */
function places(value: object, found: [Record<string, unknown>, string][] = []): [Record<string, unknown>, string][] {
  for (const key of Object.keys(value)) {
    found.push([value as Record<string, unknown>, key]);
    const inner = (value as Record<string, unknown>)[key];
    if (typeof inner === "object" && inner !== null && !ArrayBuffer.isView(inner)) places(inner, found);
  }
  return found;
}

const strange: readonly unknown[] = [
  ...[Number.NaN, Infinity, -1, 0, 0.5, 1, 2, 4.5, 3e9, "", "a", "b", "red", "nonzero", "x".repeat(10_001), null],
  ...[undefined, true, {}, [], [1], [1, 2], [0, 0, 1, 1], [1, 0, 0, 1, 0, 0], [1, 0, 0, 1, 0, Number.NaN]],
  ...[new Array(6), new Uint8Array(8), new Uint8ClampedArray(4), 5n, () => 1, { offset: 0, colour: "red" }],
];

test("the quick look takes what is sound, and nothing that the rules refuse", async () => {
  expect(isSound(rich() as unknown as Scene)).toBe(true);
  let [taken, refused] = [0, 0];
  for (let at = 0; at < places(rich()).length; at++) {
    for (const value of strange) {
      for (const way of ["put", "delete"]) {
        const scene = rich();
        const [holder, key] = places(scene)[at] as [Record<string, unknown>, string];
        if (way === "put") holder[key] = value;
        else delete holder[key];
        const byRules = sceneSchema.safeParse(scene).success;
        if (!byRules) refused++;
        if (!isSound(scene as unknown as Scene)) continue;
        taken++;
        expect([byRules, key, value]).toEqual([true, key, value]);
      }
    }
  }
  expect(taken).toBeGreaterThan(300);
  expect(refused).toBeGreaterThan(1000);
});

test("the quick look is enough for drawings as files hold them", async () => {
  const file = `<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60"><linearGradient id="g"><stop stop-color="red"/><stop offset="1"/></linearGradient>
    <clipPath id="c"><circle r="30"/></clipPath><g opacity=".5" clip-path="url(#c)"><rect width="20" height="10" fill="url(#g)"/><path d="M0 0h9" stroke="red" stroke-dasharray="2"/></g></svg>`;
  expect(isSound((await readSvg(file)).scene)).toBe(true);
});

describe("the engine's own call", () => {
  const bad: readonly (readonly [string, object, string])[] = [
    ["a matrix that is not made of numbers", { matrix: [1, 0, 0, 1, Number.NaN, 0] }, "shapes.0.matrix.4"],
    ["a group that is not there", { group: "gone" }, "shapes.0.group"],
    ["an opacity of 2", { opacity: 2 }, "shapes.0.opacity"],
  ];

  test.each(bad)("refuses %s in the words of data from outside", async (_, more, place) => {
    const source = sceneOf(20, 20, [shape("M1 1H9V9Z", more)]);
    const outside = await readScene(source.scene).catch((error: unknown) => error);
    const ours = await lineart()
      .extract(source, context)
      .catch((error: unknown) => error);
    if (!UnderdrawError.is(ours, "request-invalid") || !UnderdrawError.is(outside, "request-invalid")) throw ours;
    expect(ours.details.issues[0]?.path).toBe(`source.scene.${place}`);
    expect(ours.details.issues.map(({ message }) => message)).toEqual(
      outside.details.issues.map(({ message }) => message),
    );
    expect(ours.message).toMatch(new RegExp(`^The scene cannot be drawn: source\\.scene\\.${place}: `));
  });

  test("refuses groups in a circle, for every condition that takes a drawing", async () => {
    const groups = [
      { id: "a", name: "", group: "b" },
      { id: "b", name: "", group: "a" },
    ];
    const source: SceneSource = {
      width: 9,
      height: 9,
      scene: { bounds: { x: 0, y: 0, width: 9, height: 9 }, groups, shapes: [shape("M0 0H9", { group: "a" })] },
    };
    const kinds = builtInConditions.filter(({ reads }) => reads !== "pose");
    expect(kinds.length).toBeGreaterThan(20);
    for (const kind of kinds) {
      await expect(kind.choose().extract(source, context)).rejects.toThrow(
        "source.scene.groups.0.group: lies in a circle: a group cannot lie in itself",
      );
    }
  });

  test("refuses a pose that is none, in words", async () => {
    const joints = Array.from({ length: 18 }, () => ({ x: 1, y: 2 }));
    const given = (body: unknown): Pose => ({ width: 20, height: 20, people: [{ body }] }) as Pose;
    await expect(pose().extract(given(joints), context)).resolves.toMatchObject({ width: 20 });
    for (const [body, words] of [
      [joints.slice(1), "there are 18 joints in order, null for missing ones, not 17"],
      [[{ x: Number.NaN, y: 1 }, ...joints.slice(1)], "pose.people[0].body[0]: a joint lies at two numbers"],
      ["arms", "pose.people[0].body: a list is wanted, not arms"],
    ] as const) {
      const error = await pose()
        .extract(given(body), context)
        .catch((reason: unknown) => reason);
      expect(UnderdrawError.is(error, "request-invalid")).toBe(true);
      expect((error as Error).message).toMatch(/^The pose cannot be drawn: .* Correct what gave it\.$/);
      expect((error as Error).message).toContain(words);
    }
  });

  test("looks at a scene once", async () => {
    const { scene } = sceneOf(20, 20, [shape("M1 1H9V9Z")]);
    let reads = 0;
    const counted = Object.defineProperty({ ...scene }, "shapes", {
      enumerable: true,
      get() {
        reads++;
        return scene.shapes;
      },
    });
    await checkScene(counted);
    const first = reads;
    expect(first).toBeGreaterThan(0);
    await checkScene(counted);
    expect(reads).toBe(first);
  });

  test("takes no longer for the look than a few milliseconds for thousands of paths", async () => {
    const random = seeded(4);
    const shapes = Array.from({ length: 2000 }, (_, n) =>
      shape(`M${random()} ${random()}L${random()} 5`, { id: `${n}` }),
    );
    const { scene } = sceneOf(20, 20, shapes);
    const started = performance.now();
    expect(isSound(scene)).toBe(true);
    // Some 2 ms where nothing else runs; the rules take twenty times as long.
    expect(performance.now() - started).toBeLessThan(100);
  });
});
