import { UnderdrawError } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { posePaths } from "../../engine/src/pose/paths.ts";
import { jointNamed } from "../../engine/src/scene/joint-names.ts";
import { poseOfScene } from "../../engine/src/scene/scene-pose.ts";
import { circle, drawing, rectangle, shape } from "./document-scene.ts";

const joints = (body: readonly ({ x: number; y: number } | null)[] | undefined) =>
  Object.fromEntries((body ?? []).flatMap((joint, at) => (joint ? [[at, [joint.x, joint.y]]] : [])));

describe("a pose from numbered circles", () => {
  test("has the middles of the circles, by id or by name, bones left out", () => {
    const source = drawing(200, 100, [
      shape("P00_B05", "M10 10L90 90", { stroke: "red", strokeWidth: 4 }),
      shape("anything", circle(30, 40, 4), { id: "P00_J00" }),
      shape("P00_J01 copy 2", circle(50.5, 60.25, 4)),
      shape("P01_J17", rectangle(90, 20, 20, 10)),
      shape("P00_J18", circle(5, 5, 4)),
      shape("XP00_J02", circle(5, 5, 4)),
    ]);
    const pose = poseOfScene(source);
    expect([pose.width, pose.height]).toEqual([200, 100]);
    expect(pose.people.map(({ body }) => joints(body))).toEqual([{ 0: [30, 40], 1: [50.5, 60.25] }, { 17: [100, 25] }]);
    expect(pose.people[0]?.body).toHaveLength(18);
  });

  test("is in pixels of the map, whatever the drawing's own, also outside of it", () => {
    const { scene } = drawing(100, 100, [shape("P00_J03", circle(0, 0, 5), { matrix: [2, 0, 0, 2, 120, -10] })]);
    const pose = poseOfScene({
      width: 50,
      height: 50,
      scene: { ...scene, bounds: { x: 20, y: 10, width: 100, height: 100 } },
    });
    expect(joints(pose.people[0]?.body)).toEqual({ 3: [50, -10] });
  });

  test("gives a copied figure to one more person", () => {
    const figure = [0, 1, 3].map((joint) => shape(`P00_J0${joint}`, circle(10 * joint, 10, 3)));
    const copy = [0, 1, 2].map((joint) => shape(`P00_J0${joint}`, circle(10 * joint, 70, 3), { id: `copy ${joint}` }));
    const { people } = poseOfScene(drawing(100, 100, [...figure, ...copy]));
    expect(people.map(({ body }) => joints(body))).toEqual([
      { 0: [0, 10], 1: [10, 10], 3: [30, 10] },
      { 0: [0, 70], 1: [10, 70], 2: [20, 70] },
    ]);
  });

  test("comes back from the paths of a pose", () => {
    const body = Array.from({ length: 18 }, (_, at) =>
      at % 5 === 4 ? null : { x: 13.37 * at + 7.5, y: 400 - 11.1 * at },
    );
    const pose = {
      width: 640,
      height: 480,
      people: [{ body }, { body: body.map((joint) => joint && { ...joint, x: joint.x + 200 }) }],
    };
    const back = poseOfScene(drawing(640, 480, posePaths(pose)));
    const places = (people: typeof pose.people | typeof back.people) =>
      people.map(({ body }) => body.map((joint) => joint && [joint.x.toFixed(2), joint.y.toFixed(2)]));
    expect(places(back.people)).toEqual(places(pose.people));
  });
});

describe("a pose from named shapes", () => {
  test("is read in a group that is called skeleton or pose, one group within it a person", () => {
    const source = drawing(
      100,
      100,
      [
        shape("Nose", circle(10, 10, 2), { group: "a" }),
        shape("right shoulder", circle(20, 20, 2), { group: "a" }),
        shape("왼쪽 무릎", circle(30, 30, 2), { group: "b" }),
        shape("LeftEye copy", circle(40, 40, 2), { group: "b" }),
        shape("nose", circle(90, 90, 2), { group: "face" }),
        shape("neck", circle(50, 50, 2)),
      ],
      [
        { id: "s", name: "Skeleton 1" },
        { id: "a", name: "first", group: "s" },
        { id: "b", name: "둘째", group: "s" },
        { id: "face", name: "face" },
      ],
    );
    expect(poseOfScene(source).people.map(({ body }) => joints(body))).toEqual([
      { 0: [10, 10], 2: [20, 20] },
      { 12: [30, 30], 15: [40, 40] },
    ]);
  });

  test.each([
    ["nose", 0],
    ["Neck", 1],
    ["right shoulder", 2],
    ["RElbow", 3],
    ["r_wrist", 4],
    ["shoulder-left", 5],
    ["LKnee 2", 12],
    ["오른쪽 눈", 14],
    ["좌측 귀", 17],
    ["왼손목", 7],
    ["shoulder", null],
    ["nose ring", null],
    ["", null],
  ])("%j is joint %j", (name, joint) => {
    expect(jointNamed(name)).toBe(joint);
  });
});

test("a drawing without joints is refused, with what to name", () => {
  const read = () => poseOfScene(drawing(20, 10, [shape("nose", circle(5, 5, 2))]));
  expect(read).toThrow(/has no joints. Name circles "P00_J03"/);
  expect(read).toThrow(UnderdrawError);
});
