import { drawScene, type Pixels, type Scene, type SceneShape } from "@underdraw/engine";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { beforeEach, describe, expect, test } from "vitest";
import { sceneSchema } from "../../../engine/src/scene/schema.ts";
import type { Drawing, NodeFigma } from "../../hosts/figma/index.ts";
import { openSceneEditor, sceneOf, tell } from "../../hosts/figma/scene-realm.ts";
import { connected, openEditor } from "./opened.ts";

// The scene of a selection, read in Figma's own realm, against what Figma's export shows of the same selection.

const paint = (r: number, g: number, b: number, opacity = 1) => [{ type: "SOLID", color: { r, g, b }, opacity }];
const red = paint(1, 0, 0);
const blue = paint(0, 0, 1);

let figma: NodeFigma;
beforeEach(async () => {
  figma = await openSceneEditor();
});

const node = (type: Drawing["type"], properties: object, children: readonly Drawing[] = []): Drawing => ({
  type,
  properties: { ...properties },
  children,
});
const box = (x: number, y: number, width: number, height: number, more: object = {}): Drawing =>
  node("RECTANGLE", { width, height, x, y, fills: red, ...more });

/** Draws, selects and reads. */
async function read(
  ...drawings: readonly Drawing[]
): Promise<{ readonly scene: Scene; readonly ids: readonly string[] }> {
  const ids: string[] = [];
  for (const drawing of drawings) ids.push(await figma.draw(drawing));
  await figma.select(ids);
  const scene = await sceneOf(figma);
  if (!scene) throw new Error("There is no scene.");
  expect(sceneSchema.safeParse(scene).error?.issues).toBeUndefined();
  return { scene, ids };
}

/** How far a scene's drawing and an export's pixels are apart: the mean of all channels, and the mean of alpha alone. */
function apart(one: Pixels, other: Pixels): number {
  expect([one.width, one.height]).toEqual([other.width, other.height]);
  let sum = 0;
  for (let at = 0; at < one.data.length; at += 4) {
    const [alpha, otherAlpha] = [one.data[at + 3] as number, other.data[at + 3] as number];
    for (let channel = 0; channel < 3; channel++)
      sum +=
        Math.abs((one.data[at + channel] as number) * alpha - (other.data[at + channel] as number) * otherAlpha) / 255;
    sum += Math.abs(alpha - otherAlpha);
  }
  return sum / one.data.length;
}

/** A transform that turns by degrees. */
function turned(degrees: number): readonly (readonly number[])[] {
  const angle = (degrees * Math.PI) / 180;
  return [
    [Math.cos(angle), Math.sin(angle), 200],
    [-Math.sin(angle), Math.cos(angle), 100],
  ];
}

/** Where a point of a shape lies in its scene. */
function at(shape: SceneShape | undefined, x: number, y: number): readonly [x: number, y: number] {
  if (!shape) throw new Error("There is no such shape.");
  const [a, b, c, d, e, f] = shape.matrix;
  return [a * x + c * y + e, b * x + d * y + f];
}

/** The export of one node, in pixels. */
const exported = async (id: string, width: number): Promise<Pixels> =>
  (await readPicture(await figma.export(id, { useAbsoluteBounds: true, constraint: { type: "WIDTH", value: width } })))
    .pixels;

/** How far the scene of one drawing is from its export. `upright`: the same drawing as it looks upright. */
async function difference(drawing: Drawing, { upright = drawing, width = 160 } = {}): Promise<number> {
  const { scene } = await read(drawing);
  const picture = await exported(await figma.draw(upright), width);
  return apart(drawScene({ width, height: picture.height, scene }), picture);
}

const ring = "M 0 0 L 40 0 L 40 40 L 0 40 Z M 10 10 L 30 10 L 30 30 L 10 30 Z";
const linear = [
  {
    type: "GRADIENT_LINEAR",
    gradientTransform: [
      [0.6, 0.4, 0.1],
      [-0.4, 0.6, 0.3],
    ],
    gradientStops: [
      { position: 0.1, color: { r: 1, g: 0, b: 0, a: 1 } },
      { position: 0.9, color: { r: 0, g: 0, b: 1, a: 0.25 } },
    ],
  },
];
const radial = [{ ...linear[0], type: "GRADIENT_RADIAL", opacity: 0.8 }];
const shape = { width: 60, height: 40, fills: red };
const stroked = { ...shape, strokes: blue, strokeWeight: 6 };

/** Mean difference to the export of each kind of drawing, of 255: what is stated as the most is what was seen, and a little. */
const drawings: readonly (readonly [what: string, drawing: Drawing, most: number])[] = [
  ["a rectangle", box(3, 4, 60, 40), 0.01],
  ["a rectangle on fractions", box(3.3, 4.6, 60.2, 40.7), 0.01],
  ["round corners", box(0, 0, 60, 40, { topLeftRadius: 4, topRightRadius: 20, bottomRightRadius: 9 }), 0.1],
  ["an ellipse", node("ELLIPSE", shape), 0.2],
  [
    "a piece of a ring",
    node("ELLIPSE", { ...shape, arcData: { startingAngle: 0.5, endingAngle: 4, innerRadius: 0.4 } }),
    0.2,
  ],
  ["a polygon", node("POLYGON", { ...shape, pointCount: 5 }), 0.1],
  ["a star", node("STAR", { ...shape, pointCount: 7, innerRadius: 0.4 }), 0.1],
  ["a vector with a hole", node("VECTOR", { vectorPaths: [{ windingRule: "EVENODD", data: ring }], fills: red }), 0.2],
  [
    "an open vector",
    node("VECTOR", {
      vectorPaths: [{ windingRule: "NONE", data: "M 0 30 Q 20 -20 40 30 L 60 10" }],
      strokeWeight: 5,
      strokeCap: "ROUND",
      strokeJoin: "ROUND",
    }),
    0.2,
  ],
  ["text", node("TEXT", { characters: "Two\nlines", fontSize: 20, fills: red }), 0.1],
  [
    "text with an outer line",
    node("TEXT", { characters: "Two", fontSize: 40, fills: red, strokes: blue, strokeWeight: 2 }),
    0.1,
  ],
  ["a stroke inside of a box", box(0, 0, 60, 40, { strokes: blue, strokeWeight: 6 }), 0.01],
  ["one inside of round corners", box(0, 0, 60, 40, { strokes: blue, strokeWeight: 6, cornerRadius: 12 }), 0.3],
  ["one wider than the corners are round", box(0, 0, 60, 40, { strokes: blue, strokeWeight: 8, cornerRadius: 4 }), 0.3],
  ["one wider than the box", box(0, 0, 60, 10, { strokes: blue, strokeWeight: 8 }), 0.15],
  ["one inside of an ellipse", node("ELLIPSE", stroked), 0.5],
  ["one inside of a star", node("STAR", { ...stroked, strokeWeight: 3 }), 0.2],
  ["dashes inside", box(0, 0, 60, 40, { strokes: blue, strokeWeight: 4, dashPattern: [7, 3] }), 0.15],
  ["a stroke in the middle", node("POLYGON", { ...stroked, strokeAlign: "CENTER" }), 0.15],
  [
    "one that shows through",
    box(0, 0, 60, 40, { strokes: paint(0, 0, 1, 0.5), strokeWeight: 6, strokeAlign: "CENTER" }),
    0.1,
  ],
  ["one side with a stroke", box(0, 0, 60, 40, { strokes: blue, strokeWeight: 0, strokeBottomWeight: 4 }), 0.01],
  [
    "sides of their own weights, round",
    box(0, 0, 60, 40, { strokes: blue, strokeTopWeight: 5, strokeLeftWeight: 2, cornerRadius: 10 }),
    0.15,
  ],
  [
    "paints over each other",
    box(0, 0, 60, 40, { fills: [...red, ...paint(0, 1, 0, 0.5), ...paint(0, 0, 1, 0.25)] }),
    0.5,
  ],
  ["hidden paints", box(0, 0, 60, 40, { fills: [...red, { ...blue[0], visible: false }] }), 0.01],
  ["a linear gradient", box(0, 0, 60, 40, { fills: linear }), 0.1],
  ["a radial gradient", box(0, 0, 60, 40, { fills: radial }), 0.01],
  ["half opacity", box(0, 0, 60, 40, { opacity: 0.5, strokes: blue, strokeWeight: 6, strokeAlign: "CENTER" }), 0.01],
  ["half opacity of two shapes", box(0, 0, 60, 40, { opacity: 0.5, strokes: blue, strokeWeight: 6 }), 0.01],
  ...(["UNION", "SUBTRACT", "INTERSECT", "EXCLUDE"] as const).map(
    (booleanOperation) =>
      [
        `${booleanOperation} of two`,
        node("BOOLEAN_OPERATION", { booleanOperation, fills: red, strokes: blue, strokeAlign: "CENTER" }, [
          box(0, 0, 50, 40),
          node("ELLIPSE", { width: 40, height: 40, x: 30, y: 15 }),
        ]),
        0.6,
      ] as const,
  ),
  [
    "a frame that clips",
    node("FRAME", { width: 60, height: 40, fills: blue, cornerRadius: 10 }, [box(30, 20, 60, 60)]),
    0.3,
  ],
  [
    "a frame with a line over its content",
    node("FRAME", { width: 60, height: 40, fills: [], strokes: blue, strokeWeight: 4 }, [box(0, 0, 60, 40)]),
    0.01,
  ],
  [
    "a frame at half opacity",
    node("FRAME", { width: 60, height: 40, fills: blue, opacity: 0.5 }, [box(10, 10, 20, 20)]),
    0.01,
  ],
  [
    "a mask",
    node("GROUP", {}, [
      node("ELLIPSE", { ...shape, isMask: true }),
      box(10, 0, 60, 40),
      box(20, 10, 20, 20, { fills: blue }),
    ]),
    0.2,
  ],
  [
    "a group as a mask",
    node("GROUP", {}, [
      node("GROUP", { isMask: true }, [box(0, 0, 20, 40), node("ELLIPSE", { width: 30, height: 30, x: 30 })]),
      box(5, 0, 60, 40, { fills: blue }),
    ]),
    0.2,
  ],
  [
    "a mask of half opacity",
    node("GROUP", {}, [box(0, 0, 40, 40, { isMask: true, opacity: 0.5 }), box(10, 0, 60, 40)]),
    0.01,
  ],
  ["a section", node("SECTION", { width: 80, height: 60, fills: blue, cornerRadius: 2 }, [box(10, 10, 20, 20)]), 0.1],
];

describe("a scene looks like the export", () => {
  test.each(drawings)("%s", async (_, drawing, most) => {
    expect(await difference(drawing)).toBeLessThan(most);
  });

  test("of one turned, mirrored or skewed node, as it is upright", async () => {
    const upright = node("FRAME", { width: 60, height: 40, fills: blue, cornerRadius: 6 }, [
      box(30, 20, 60, 60, { opacity: 0.5 }),
      node("STAR", { ...shape, width: 20, height: 20, x: 5, y: 5, rotation: 20 }),
    ]);
    for (const relativeTransform of [
      turned(30),
      turned(-100),
      [
        [-1, 0, 90],
        [0, 1, 7],
      ],
      [
        [1, 0.3, 5],
        [0, 1, 9],
      ],
    ]) {
      const { type, properties, children = [] } = upright;
      const drawing = { type, children, properties: { ...properties, relativeTransform } };
      expect(await difference(drawing, { upright })).toBeLessThan(0.2);
    }
  });

  test("of all these together, one over the other", async () => {
    const children = drawings.flatMap(([, { type, properties, children = [] }], at) => {
      const [x, y] = [10 + 37 * (at % 9), 10 + 33 * Math.floor(at / 9)];
      return type === "SECTION" ? [] : [{ type, children, properties: { ...properties, x, y } }];
    });
    const all = node("FRAME", { width: 400, height: 220, fills: paint(0.9, 0.9, 0.8) }, children);
    expect(await difference(all, { width: 400 })).toBeLessThan(0.4);
  });

  test("of several nodes, where they lie", async () => {
    const { scene, ids } = await read(box(10, 10, 30, 30), box(30.5, 20, 40, 60, { fills: blue }));
    expect(scene.bounds).toEqual({ x: 10, y: 10, width: 61, height: 70 });
    const picture = (await readPicture(await figma.picture(scene.bounds))).pixels;
    expect(apart(drawScene({ width: 61, height: 70, scene }), picture)).toBeLessThan(0.01);
    expect(scene.shapes.map(({ id }) => id)).toEqual(ids);
  });

  test("of a slice: what lies under it", async () => {
    await figma.draw(node("FRAME", { width: 50, height: 50, fills: blue }, [box(10, 10, 20, 20)]));
    await figma.draw(box(500, 500, 10, 10, { name: "Far away" }));
    const slice = node("SLICE", { x: 15, y: 5, width: 60, height: 40 });
    expect(await difference(slice, { width: 60 })).toBeLessThan(0.01);
    const { scene } = await read(slice);
    expect(scene.shapes.map(({ name }) => name)).toEqual(["Frame", "Rectangle"]);
  });
});

describe("a scene has the bounds of a capture", () => {
  test.each([
    ["of a node on fractions", box(10.25, 20.5, 40, 20), { x: 10, y: 20, width: 41, height: 21 }],
    [
      "of a turned node, around its middle",
      box(100, 100, 40, 20, { rotation: 90 }),
      { x: 90, y: 70, width: 40, height: 20 },
    ],
    [
      "of a line: what is drawn of it",
      node("LINE", { x: 5, y: 9, width: 40, strokeWeight: 4 }),
      { x: 5, y: 7, width: 40, height: 4 },
    ],
  ])("%s", async (_, drawing, bounds) => {
    const { scene } = await read(drawing);
    expect(scene.bounds).toEqual(bounds);
  });

  test("and fills them, as the capture's picture does", async () => {
    const { scene } = await read(box(10.25, 20.5, 40, 20));
    const [x, y] = at(scene.shapes[0], 40, 20);
    expect(x).toBeCloseTo(51, 9);
    expect(y).toBeCloseTo(41, 9);
  });

  test("a turned line lies in the middle of its own", async () => {
    const { scene } = await read(node("LINE", { x: 50, y: 50, width: 40, strokeWeight: 4, rotation: 30 }));
    expect([scene.bounds.width, scene.bounds.height]).toEqual([41, 1]);
    const [line] = scene.shapes;
    expect(at(line, 0, 0)[1]).toBeCloseTo(scene.bounds.y + 0.5, 6);
    expect(at(line, 40, 0)[0]).toBeCloseTo(scene.bounds.x + 41, 6);
    expect(line).toMatchObject({ strokeWidth: 4, fill: null });
  });
});

describe("a scene tells", () => {
  test("names and groups, from the back to the front, and nothing hidden", async () => {
    const { scene, ids } = await read(
      node("FRAME", { name: "House", width: 100, height: 100, fills: red }, [
        box(0, 0, 10, 10, { name: "Wall" }),
        box(0, 0, 10, 10, { name: "Hidden", visible: false }),
        node("GROUP", { name: "Door", opacity: 0.5, locked: true }, [
          box(0, 0, 10, 10, { name: "Handle" }),
          node("TEXT", { name: "Number", characters: "12", fills: blue }),
        ]),
        box(0, 0, 10, 10, { name: "No paint", fills: [] }),
        box(0, 0, 10, 10, { name: "Roof", locked: true }),
      ]),
    );
    const names = new Map(scene.groups?.map(({ id, name }) => [id, name]));
    expect(scene.shapes.map(({ name, group = "" }) => [name, names.get(group)])).toEqual([
      ["House", "House"],
      ["Wall", "House"],
      ["Handle", "Door"],
      ["Number", "Door"],
      ["Roof", "House"],
    ]);
    expect(scene.groups?.map(({ name, group = "" }) => [name, names.get(group)])).toEqual([
      ["House", undefined],
      ["House", "House"],
      ["Door", "House"],
    ]);
    expect(scene.groups?.[0]?.id).toBe(ids[0]);
    expect(scene.groups?.[2]).toMatchObject({ opacity: 0.5 });
    expect(scene.shapes[3]).toMatchObject({ kind: "text", text: "12", fill: "#0000ff" });
  });

  test("a boolean operation as one shape, whose parts are none", async () => {
    const parts = [box(0, 0, 40, 40), box(10, 10, 20, 20, { name: "Hole" })];
    const { scene } = await read(node("BOOLEAN_OPERATION", { booleanOperation: "SUBTRACT", name: "Window" }, parts));
    expect(scene.shapes.map(({ name }) => name)).toEqual(["Window"]);
    expect(scene.groups).toEqual([]);
  });

  test("images as pictures with the outline that they fill", async () => {
    const pixels = { width: 2, height: 2, data: new Uint8ClampedArray(16).fill(255) };
    const imageHash = await figma.addImage(await writePicture(pixels, { format: "png" }));
    const { scene } = await read(
      node("ELLIPSE", { width: 20, height: 20, fills: [{ type: "IMAGE", scaleMode: "FILL", imageHash }] }),
    );
    expect(scene.shapes).toHaveLength(1);
    expect(scene.shapes[0]).toMatchObject({ kind: "picture", fill: null });
    expect(scene.shapes[0]?.path).toContain("C");
  });

  test("of an angular gradient its mean", async () => {
    const [gradient] = linear;
    const { scene } = await read(box(0, 0, 9, 9, { fills: [{ ...gradient, type: "GRADIENT_ANGULAR" }] }));
    expect(scene.shapes[0]?.fill).toBe("#800080a0".replace("a0", Math.round(0.625 * 255).toString(16)));
  });

  test("lines with their ends, corners and dashes", async () => {
    const more = { strokeCap: "ROUND", strokeJoin: "BEVEL", dashPattern: [6, 2, 1], strokeMiterLimit: 9 };
    const data = "M 0 0 L 30 0 L 30 20";
    const { scene } = await read(
      node("VECTOR", { vectorPaths: [{ windingRule: "NONE", data }], strokes: blue, strokeWeight: 3, ...more }),
    );
    expect(scene.shapes).toEqual([
      expect.objectContaining({
        path: data,
        stroke: "#0000ff",
        strokeWidth: 3,
        dash: [6, 2, 1],
        cap: "round",
        join: "bevel",
        miterLimit: 9,
        fill: null,
      }),
    ]);
  });

  test("the line along the inside of a box as a line of its own width", async () => {
    const { scene } = await read(box(0, 0, 60, 40, { fills: [], strokes: blue, strokeWeight: 6 }));
    expect(scene.shapes).toEqual([expect.objectContaining({ strokeWidth: 6, path: "M57 3L57 37L3 37L3 3Z" })]);
    expect(scene.shapes[0]?.clips).toBeUndefined();
  });

  test("ids of groups once each, also when a slice shows what is selected too", async () => {
    const frame = node("FRAME", { width: 50, height: 50, fills: red, strokes: blue }, [box(0, 0, 9, 9)]);
    const { scene } = await read(frame, node("SLICE", { width: 50, height: 50 }));
    const ids = scene.groups?.map(({ id }) => id) ?? [];
    expect(new Set(ids).size).toBe(ids.length);
    const known = new Set<string>();
    for (const { id, group } of scene.groups ?? []) {
      if (group !== undefined) expect(known).toContain(group);
      known.add(id);
    }
    for (const { group } of scene.shapes) if (group !== undefined) expect(known).toContain(group);
  });
});

describe("a scene is not read", () => {
  test("where nothing is selected", async () => {
    await figma.select([]);
    expect(await sceneOf(figma)).toBeNull();
  });

  test.each([
    ["hidden", { visible: false }],
    ["empty", { fills: [] }],
    ["locked", { locked: true }],
  ])("of what is %s", async (_, more) => {
    await expect(read(box(0, 0, 9, 9, more))).rejects.toThrow("selection-unusable");
  });

  test("and changes nothing", async () => {
    const id = await figma.draw(box(0, 0, 9, 9, { rotation: 30 }));
    await figma.select([id]);
    const [before, steps] = [await figma.snapshot(), await figma.undoSteps()];
    await sceneOf(figma);
    expect([await figma.snapshot(), await figma.undoSteps()]).toEqual([before, steps]);
  });
});

describe("a large drawing", () => {
  const many = (count: number): Drawing =>
    node(
      "FRAME",
      { width: 400, height: 400, fills: [] },
      Array.from({ length: count }, (_, at) => box(at % 390, (at * 7) % 390, 8, 8, { name: `Box ${at}` })),
    );

  test("is read in turns, and in order", async () => {
    await figma.select([await figma.draw(many(1000))]);
    const { scene, turns } = await tell(figma);
    expect(scene?.shapes.map(({ name }) => name)).toEqual(Array.from({ length: 1000 }, (_, at) => `Box ${at}`));
    expect(turns).toBeGreaterThan(3);
  });

  test("is left when nobody waits any more", async () => {
    await figma.select([await figma.draw(many(800))]);
    const { failed, turns } = await tell(figma, { stopAfter: 2 });
    expect([failed, turns]).toEqual(["stopped by the test", 2]);
  });

  test("may lose nodes meanwhile", async () => {
    const frame = await figma.draw(many(800));
    await figma.select([frame]);
    const last = (await figma.node(frame))?.children.at(-1) ?? "";
    const told = tell(figma, { removeAfter: 1, remove: last });
    const { scene } = await told;
    expect(scene?.shapes).toHaveLength(799);
  });
});

test("a scene comes to the panel as it was read", async () => {
  const drawing = node("FRAME", { width: 60, height: 40, fills: linear, strokes: blue, opacity: 0.5 }, [
    box(30, 20, 60, 60, { fills: radial, strokes: blue, strokeWeight: 40 }),
  ]);
  const { scene } = await read(drawing);
  const whole = await openEditor();
  await whole.select([await whole.draw(drawing)]);
  const host = await connected(whole);
  expect(await host.scene?.()).toEqual(scene);
  await whole.close();
});
