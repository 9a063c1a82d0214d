import { drawScene } from "@underdraw/engine";
import type { Pixels, Rect, Scene, SceneShape } from "@underdraw/engine/core";
import { type FakeHost, type FakeHostOptions, fakeHost } from "@underdraw/sdk/testing";

// A drawing with a structure, and an editor in memory that tells it: what an editor of vectors is to the panel.

const shape = (
  id: string,
  name: string,
  path: string,
  fill: string | null,
  more: Partial<SceneShape> = {},
): SceneShape => ({
  id,
  name,
  path,
  matrix: [1, 0, 0, 1, 0, 0],
  stroke: null,
  strokeWidth: 0,
  dash: [],
  fill,
  opacity: 1,
  ...more,
});

const ink = { stroke: "#23324a", strokeWidth: 3, cap: "round", join: "round" } as const;

/** A house under a tree in front of mountains, 256 units wide and high. One of its layers has a name that says nothing. */
const shapes: readonly SceneShape[] = [
  shape("1", "Sky", "M0 0H256V256H0Z", "#bfe3f7"),
  shape("2", "sun", "M168 52a26 26 0 1 0 52 0a26 26 0 1 0-52 0Z", "#ffd35c", ink),
  shape("3", "mountain", "M-10 178L72 72L118 126L150 92L266 190V256H-10Z", "#8fa8c8", ink),
  shape("4", "grass", "M-10 186C60 160 190 176 266 184V266H-10Z", "#8ccf7a", ink),
  shape("5", "house", "M70 214V142L112 108L154 142V214Z", "#fff1dc", { ...ink, group: "home" }),
  shape("6", "roof", "M62 148L112 106L162 148", null, { ...ink, strokeWidth: 6, group: "home" }),
  shape("7", "door", "M100 214V176H124V214Z", "#c9724b", { ...ink, group: "home" }),
  shape(
    "8",
    "나무",
    "M202 222V178M202 186C170 190 162 152 184 142C180 112 224 110 222 140C246 146 240 188 202 186Z",
    "#4f9d5b",
    ink,
  ),
  shape("9", "Blob 7", "M28 226q10-20 22 0q14-12 20 6Z", "#d98cb3", ink),
];

/** The drawing, laid over a part of a document. */
export function landscape(bounds: Rect): Scene {
  const [x, y] = [bounds.width / 256, bounds.height / 256];
  const matrix = [x, 0, 0, y, bounds.x, bounds.y] as const;
  return { bounds, shapes: shapes.map((one) => ({ ...one, matrix })), groups: [{ id: "home", name: "home" }] };
}

/** What the drawing looks like. */
export const landscapePicture = (width: number, height: number): Pixels =>
  drawScene({ width, height, scene: landscape({ x: 0, y: 0, width, height }) });

/** An editor in memory whose selection, whatever it is, has the drawing's structure. */
export function vectorHost(options: FakeHostOptions = { width: 640, height: 480 }): FakeHost {
  const host = fakeHost(options);
  return {
    ...host,
    async scene() {
      const capture = await host.capture({ maxSide: 16 });
      return capture && landscape(capture.bounds);
    },
  };
}
