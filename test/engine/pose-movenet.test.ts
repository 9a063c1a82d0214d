import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { drawPose, findByMovenet, poseMovenet, type Tensor } from "@underdraw/engine";
import { openPose, poseFiles, poseFingerprints } from "@underdraw/model-pose/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { Detector } from "../../engine/src/detectors/detector.ts";
import { openDetector } from "../../engine/src/detectors/open.ts";
import { nodeModel } from "../../engine/src/models/node-files.ts";
import { movenetInput, movenetJoints, wholeSquare } from "../../engine/src/pose/movenet.ts";
import { openRuntime } from "../../engine/src/runtime/open-runtime.ts";
import type { Runtime } from "../../engine/src/runtime/runtime.ts";
import { readGolden } from "./golden-maps.ts";

const path = fileURLToPath(new URL("../../models/pose/pack/movenet-lightning.onnx", import.meta.url));
const golden = JSON.parse(readFileSync(new URL("../golden/pose/movenet.json", import.meta.url), "utf8")) as {
  readonly joints: readonly (readonly [x: number, y: number, score: number])[];
};

let runtime: Runtime;
let movenet: Detector;
const run = async (input: Tensor) => Object.values(await movenet.run({ input }))[0] as Tensor;

beforeAll(async () => {
  runtime = await openRuntime({ device: "cpu" });
  movenet = await openDetector(runtime, "movenet", nodeModel(path), { sha256: Object.values(poseFingerprints) });
});
afterAll(async () => {
  await movenet.release();
  await runtime.dispose();
});

test("the file of the pose pack is the one that its list and the condition name", async () => {
  const [fingerprint] = Object.values(poseFingerprints);
  expect(createHash("sha256").update(readFileSync(path)).digest("hex")).toBe(fingerprint);
  expect(poseMovenet.models["movenet"]?.sha256).toContain(fingerprint);
  expect(movenet.warnings).toEqual([]);
});

test("the pack opens each of its files, and names them all where one is not there", async () => {
  for (const file of poseFiles) {
    let size = 0;
    for await (const chunk of (await openPose(file)) as unknown as AsyncIterable<Uint8Array>) size += chunk.length;
    expect(size).toBeGreaterThan(500);
  }
  await expect(openPose("movenet.onnx")).rejects.toThrow(/movenet-lightning\.onnx/);
  await expect(openPose("__proto__")).rejects.toThrow(RangeError);
  const reason = new Error("stop");
  await expect(openPose("NOTICE.txt", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("MoveNet sees the joints of a photo where another runtime sees them in a picture scaled by OpenCV", async () => {
  const photo = readGolden("sources/astronaut.png");
  const square = wholeSquare(photo);
  const joints = movenetJoints(await run(movenetInput(photo, square, 192)), photo, square, 192);
  for (const [at, [x, y, score]] of golden.joints.entries()) {
    expect(Math.abs((joints[at]?.confidence ?? 0) - score)).toBeLessThan(0.06);
    if (score < 0.3) continue;
    expect(Math.abs((joints[at]?.x ?? 0) - x)).toBeLessThan(2);
    expect(Math.abs((joints[at]?.y ?? 0) - y)).toBeLessThan(2);
  }
});

test("the head of a photo is found and drawn, and nothing is made up where the picture ends", async () => {
  const photo = readGolden("sources/astronaut.png");
  const before = photo.data.slice();
  const pose = await findByMovenet(photo, 192, run);
  const body = pose.people[0]?.body;
  for (const joint of [0, 14, 15, 16, 17]) expect(body?.[joint]).not.toBeNull();
  // Hips, knees and ankles are below the picture.
  for (const joint of [8, 9, 10, 11, 12, 13]) expect(body?.[joint]).toBeNull();
  // Her right is left in the picture.
  expect(body?.[14]?.x).toBeLessThan(body?.[15]?.x as number);
  const map = await poseMovenet().extract(photo, { run: (_, inputs) => movenet.run(inputs) });
  expect(Buffer.from(map.data).compare(Buffer.from(drawPose(pose).data))).toBe(0);
  expect(Buffer.from(photo.data).compare(Buffer.from(before))).toBe(0);
});

test("a picture without people has an empty map", async () => {
  const brick = readGolden("sources/brick.png");
  const { people } = await findByMovenet(brick, 192, run);
  expect(people).toEqual([]);
});
