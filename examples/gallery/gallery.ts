import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import {
  builtInConditions,
  type ConditionKind,
  type ConditionSource,
  defaultPerson,
  depthOrder,
  Engine,
  moveJoint,
  movePerson,
  type Pixels,
  type Pose,
  posePaths,
  type SceneSource,
  scalePerson,
  softedgeGradient,
} from "@underdraw/engine";
import { nodeFile } from "@underdraw/engine/node";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { readSvg } from "@underdraw/engine/svg";
import { poseFolder } from "@underdraw/model-pose/node";
import { page, type Shown, table } from "./page.ts";

// Draws every condition of one photo and one drawing, and writes the pages of docs/conditions:
//   node scripts/run.mjs examples/gallery/gallery.ts [photo.png]

const side = 512;
const docs = "docs/conditions";

const [, , photoFile = "test/golden/conditions/sources/astronaut.png"] = process.argv;
await using engine = new Engine({ detectors: { movenet: nodeFile(`${poseFolder()}/movenet-lightning.onnx`) } });

const { pixels: photo } = await readPicture(await readFile(photoFile), { name: photoFile });
const drawing: SceneSource = {
  ...(await readSvg(await readFile("examples/gallery/landscape.svg"))),
  width: side,
  height: side,
};
const pose = dancers();
const skeleton: SceneSource = {
  width: side,
  height: side,
  scene: { bounds: { x: 0, y: 0, width: side, height: side }, shapes: posePaths(pose) },
};

/** A source, and what a reader is told of it. */
type Named = readonly [key: string, source: ConditionSource, caption: string];

/** What a condition's pictures are drawn from. */
async function sourcesOf({ id, reads }: ConditionKind): Promise<readonly Named[]> {
  const fromPhoto: Named = ["photo", photo, "from the photo"];
  const fromDrawing: Named = ["drawing", drawing, "from the drawing"];
  switch (id) {
    // These read a map of another condition.
    case "scribble-softedge":
      return [
        ["photo", await mapOf(softedgeGradient(), photo), "from the photo's soft edges"],
        ["drawing", await mapOf(softedgeGradient(), drawing), "from the drawing's soft edges"],
      ];
    case "normal-depth":
      return [
        ["drawing", await mapOf(depthOrder({ inflate: true }), drawing), "from the depth of the drawing's layers"],
      ];
    case "mask":
    case "inpaint":
      return [["photo", holed(photo), "from the photo with a transparent hole"]];
    case "pose-layers":
      return [["drawing", skeleton, "from a skeleton of named shapes"]];
    case "pose-movenet":
      return [fromPhoto];
  }
  if (reads === "pose") return [["pose", pose, "from the joints of two people"]];
  return reads === "scene" ? [fromDrawing] : [fromPhoto, fromDrawing];
}

/** Options that show what a condition can do, where its defaults do not. */
const chosen: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "mask-layers": { layers: "house, 나무, 사람" },
  "normal-depth": { smooth: 5 },
};

/** Two people, made from the one that a new pose starts with. */
function dancers(): Pose {
  const person = defaultPerson(side, side);
  const pair: Pose = { width: side, height: side, people: [person, person] };
  const small = scalePerson(scalePerson(pair, 0, 0.92), 1, 0.92);
  const apart = movePerson(movePerson(small, 0, { x: -104, y: 6 }), 1, { x: 118, y: -4 });
  const moves = [
    [0, 3, -34, -34],
    [0, 4, -16, -166],
    [0, 7, 10, -60],
    [0, 10, -38, -10],
    [1, 6, 40, -50],
    [1, 7, 26, -176],
    [1, 4, -30, -56],
    [1, 12, 42, -16],
    [1, 13, 78, -52],
  ] as const;
  return moves.reduce((pose, [person, joint, x, y]) => {
    const from = pose.people[person]?.body[joint];
    return from ? moveJoint(pose, { person, joint }, { x: from.x + x, y: from.y + y }, { follow: false }) : pose;
  }, apart);
}

async function mapOf(condition: Parameters<Engine["extract"]>[0], source: ConditionSource): Promise<Pixels> {
  return (await engine.extract(condition, source)).pixels;
}

/** A picture with a round hole in its middle. */
function holed({ width, height, data }: Pixels): Pixels {
  const pixels = data.slice();
  const radius = Math.min(width, height) / 5;
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++)
      if ((x - width / 2) ** 2 + (y - height / 2) ** 2 < radius ** 2) pixels[4 * (y * width + x) + 3] = 0;
  return { width, height, data: pixels };
}

await rm(docs, { recursive: true, force: true });
await mkdir(`${docs}/img`, { recursive: true });
const rows: { kind: ConditionKind; pictures: Shown[] }[] = [];
for (const kind of builtInConditions) {
  const pictures: Shown[] = [];
  const isReady = Object.keys(kind.models).every((name) => name === "movenet");
  for (const [key, source, caption] of isReady ? await sourcesOf(kind) : []) {
    const map = await mapOf(kind.choose(chosen[kind.id] ?? {}), source);
    const isFlat = ["binary", "palette"].includes(kind.convention.values);
    const file = `img/${kind.id}-${key}.${isFlat ? "png" : "webp"}`;
    const written = isFlat ? { format: "png" as const } : { format: "webp" as const, quality: 82 };
    await writeFile(`${docs}/${file}`, await writePicture(map, written));
    pictures.push({ file, caption });
  }
  rows.push({ kind, pictures });
  await writeFile(`${docs}/${kind.id}.md`, page(kind, pictures));
}
await writeFile(`${docs}/README.md`, table(rows));
await mkdir("out/gallery", { recursive: true });
const shown = rows.flatMap(({ kind: { id, title }, pictures }) => pictures.map(({ file }) => ({ id, title, file })));
await writeFile("out/gallery/shown.json", JSON.stringify(shown));
