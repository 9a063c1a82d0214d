import { type ConditionMap, createPixels, type Pixels } from "@underdraw/engine";
import { expect, test } from "vitest";
import { prepareMap } from "../../engine/src/prepared-map.ts";
import { readGolden } from "./golden-maps.ts";

/** What is said of a map when a net of a name reads it. */
function codes(net: string, pixels: Pixels, condition = "own"): readonly string[] {
  const { width, height } = pixels;
  const map: ConditionMap = { condition, pixels };
  const size = { asked: { width, height }, drawn: { width, height } };
  return prepareMap({ map }, net, size, 0).warnings.map(({ code }) => code);
}

const photo = readGolden("sources/chelsea.png");
const lines = readGolden("expected/canny-chelsea-100-200.png");
const normal = readGolden("expected/normal-bae.png");
const pose = readGolden("expected/pose-crowd.png");
const classes = readGolden("expected/segmentation-classes.png");
const depth = readGolden("expected/depth-midas.png");

test.each([
  "control_v11p_sd15_canny",
  "lineart",
  "control_v11p_sd15_softedge",
  "mlsd",
  "control_v11p_sd15_scribble",
  "control_v11f1p_sd15_depth",
  "control_v11p_sd15_normalbae",
  "control_v11p_sd15_openpose",
  "control_v11p_sd15_seg",
])("the net %s is told a photograph from its map, where it can be", (net) => {
  expect(codes(net, photo)).toEqual(["map-other-kind"]);
});

test.each([
  ["control_v11p_sd15_canny", lines],
  ["control_v11p_sd15_scribble", lines],
  ["control_v11p_sd15_normalbae", normal],
  ["control_v11p_sd15_openpose", pose],
  ["t2iadapter_seg_sd14v1", classes],
  ["control_v11f1p_sd15_depth", depth],
] as const)("the net %s takes its own map without a word", (net, map) => {
  expect(codes(net, map)).toEqual([]);
});

test.each([
  ["control_v11p_sd15_canny", normal],
  ["control_v11p_sd15_canny", pose],
  ["control_v11p_sd15_openpose", lines],
  ["control_v11p_sd15_normalbae", depth],
  ["control_v11p_sd15_seg", lines],
] as const)("the net %s is told a map of another kind", (net, map) => {
  expect(codes(net, map)).toEqual(["map-other-kind"]);
});

test.each(["tile", "shuffle", "inpaint", "ip2p", "qrcode", "my-net"])("the net %s reads anything", (net) => {
  for (const map of [photo, lines, normal, pose, classes, depth]) expect(codes(net, map)).toEqual([]);
});

test("a net's own name counts before the name of the map's condition, which counts where the net's says nothing", () => {
  expect(codes("control_v11p_sd15_openpose", pose, "canny")).toEqual([]);
  expect(codes("my-net", pose, "canny")).toEqual(["map-other-kind"]);
  expect(codes("my-net", pose, "pose-dw")).toEqual([]);
});

test("an empty map of a pose is nobody, and an empty map of lines is empty", () => {
  const empty = createPixels(128, 128);
  for (let i = 3; i < empty.data.length; i += 4) empty.data[i] = 255;
  expect(codes("openpose", empty)).toEqual([]);
  expect(codes("canny", empty)).toEqual(["map-empty"]);
  expect(codes("normal", empty)).toEqual(["map-empty"]);
});
