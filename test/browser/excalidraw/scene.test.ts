import { CaptureUpdateAction, convertToExcalidrawElements, Excalidraw } from "@excalidraw/excalidraw";
import type { ExcalidrawElement } from "@excalidraw/excalidraw/element/types";
import type { ExcalidrawImperativeAPI } from "@excalidraw/excalidraw/types";
import { drawScene, readScene } from "@underdraw/engine";
import type { Pixels, Scene } from "@underdraw/engine/core";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { beforeAll, describe, expect, test } from "vitest";
import { excalidrawHost } from "../../../examples/playground/host.ts";

// Excalidraw's elements as a scene, against Excalidraw's own picture of them.

type Skeleton = NonNullable<Parameters<typeof convertToExcalidrawElements>[0]>[number];
type Change = Partial<Record<keyof ExcalidrawElement | "points" | "pressures" | "simulatePressure", unknown>>;

let api: ExcalidrawImperativeAPI;

const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 60));

/** Puts elements into the document, drawn without wobble, and selects those with these numbers, or all. */
async function draw(
  elements: readonly (readonly [skeleton: Skeleton, change?: Change])[],
  chosen = elements.map((_, at) => at),
): Promise<readonly ExcalidrawElement[]> {
  const made = elements.map(([skeleton, change = {}]) => {
    const plain = { roughness: 0, strokeWidth: 2, fillStyle: "solid", ...skeleton } as Skeleton;
    const [element] = convertToExcalidrawElements([plain]);
    if (!element) throw new Error("Excalidraw made no element.");
    return { ...element, ...change } as ExcalidrawElement;
  });
  api.updateScene({ elements: made, captureUpdate: CaptureUpdateAction.NEVER });
  const ids = chosen.map((at) => [made[at]?.id ?? "", true as const]);
  api.updateScene({ appState: { selectedElementIds: Object.fromEntries(ids) } });
  await settle();
  return api.getSceneElements();
}

async function scene(): Promise<Scene> {
  const found = await excalidrawHost(api).scene?.();
  if (!found) throw new Error("There is no scene.");
  expect(await readScene(found)).toEqual(found);
  return found;
}

/** How well what is opaque in two pictures agrees: what both have of what either has. */
function overlap(one: Pixels, other: Pixels): number {
  let [both, either] = [0, 0];
  for (let i = 3; i < one.data.length; i += 4) {
    const [a, b] = [(one.data[i] ?? 0) >= 128, (other.data[i] ?? 0) >= 128];
    if (a && b) both++;
    if (a || b) either++;
  }
  return both / either;
}

beforeAll(async () => {
  const place = document.createElement("main");
  Object.assign(place.style, { width: "800px", height: "600px" });
  document.body.append(place);
  api = await new Promise((resolve) => {
    createRoot(place).render(createElement(Excalidraw, { excalidrawAPI: resolve }));
  });
  await settle();
});

const box = { x: 40, y: 30, width: 220, height: 140 };
const ring = Array.from({ length: 129 }, (_, n) => [
  90 * Math.cos((n * Math.PI) / 64) - 90,
  70 * Math.sin((n * Math.PI) / 64),
]);
const pen = {
  skeleton: { type: "line", x: 0, y: 0 } as Skeleton,
  change: {
    type: "freedraw",
    points: ring,
    pressures: [],
    simulatePressure: true,
    width: 180,
    height: 140,
    strokeWidth: 2,
  } as Change,
};
const shapes: readonly (readonly [string, Skeleton, Change, number])[] = [
  ["a rectangle", { type: "rectangle", ...box }, {}, 0.99],
  ["a filled rectangle", { type: "rectangle", ...box, backgroundColor: "#a5d8ff" }, { roundness: null }, 0.99],
  ["a rectangle with round corners", { type: "rectangle", ...box }, { roundness: { type: 3 } }, 0.96],
  ["a turned ellipse", { type: "ellipse", ...box, backgroundColor: "#ffc9c9" }, { angle: 0.6 }, 0.98],
  ["a diamond", { type: "diamond", ...box }, { roundness: { type: 2 } }, 0.9],
  ["an arrow", { type: "arrow", x: 20, y: 20, width: 200, height: 90 }, {}, 0.9],
  ["a pen's line", pen.skeleton, pen.change, 0.9],
];

describe("a scene of Excalidraw", () => {
  test.each(shapes)("looks like %s", async (_, skeleton, change, least) => {
    await draw([[skeleton, change]]);
    const capture = await excalidrawHost(api).capture({ maxSide: 512 });
    if (!capture) throw new Error("Nothing was captured.");
    const { width, height } = capture.pixels;
    const drawn = drawScene({ width, height, scene: await scene() });
    expect(overlap(drawn, capture.pixels)).toBeGreaterThan(least);
  });

  test("has a pen's stroke as one line, and the words of a text", async () => {
    await draw([[{ type: "text", x: 0, y: 0, text: "Big tree" }], [pen.skeleton, pen.change]]);
    const { shapes: found } = await scene();
    expect(found.map(({ kind, name, text, stroke, fill }) => [kind, name, text, stroke === null, fill])).toEqual([
      ["text", "Big tree", "Big tree", true, null],
      [undefined, "freedraw", undefined, false, null],
    ]);
  });

  test("names shapes after what is written in them, and groups from the outermost inwards", async () => {
    const [sky] = await draw([
      [{ type: "rectangle", ...box, label: { text: "Sky" } }],
      [{ type: "ellipse", ...box }, { groupIds: ["inner", "outer"] }],
      [{ type: "diamond", ...box }, { groupIds: ["outer"] }],
    ]);
    api.updateScene({
      elements: [
        ...api.getSceneElements(),
        ...(convertToExcalidrawElements([{ type: "text", x: 60, y: 60, text: "Sky" }]).map((text) => ({
          ...text,
          containerId: sky?.id,
        })) as ExcalidrawElement[]),
      ],
    });
    await settle();
    const { shapes: found, groups } = await scene();
    expect(found.map(({ name, group }) => [name, group])).toEqual([
      ["Sky", undefined],
      ["ellipse", "inner"],
      ["diamond", "outer"],
      ["Sky", undefined],
    ]);
    expect(groups).toEqual([
      { id: "outer", name: "group" },
      { id: "inner", name: "group", group: "outer" },
    ]);
  });

  test("is cut at the edge of a selected frame, which is a group with its name", async () => {
    const [frame] = await draw([
      [
        { type: "frame", children: [], name: "Poster" },
        { x: 100, y: 0, width: 100, height: 120 },
      ],
    ]);
    const inside = convertToExcalidrawElements([
      { type: "rectangle", ...box, backgroundColor: "#000", fillStyle: "solid", roughness: 0 },
    ]).map((element) => ({ ...element, frameId: frame?.id ?? null }) as ExcalidrawElement);
    api.updateScene({ elements: [...inside, ...api.getSceneElements()] });
    await settle();
    const found = await scene();
    expect(found.bounds).toEqual({ x: 100, y: 0, width: 100, height: 120 });
    expect(found.groups?.map(({ name, clips }) => [name, clips?.length])).toEqual([["Poster", 1]]);
    expect(found.shapes.map(({ group }) => group)).toEqual([frame?.id]);
  });
});
