import type { ConditionSource, Reads } from "../conditions/condition.ts";
import { createPixels, type Pixels } from "../core/pixels.ts";
import type { Pose, PosePerson } from "../core/pose.ts";
import type { SceneShape, SceneSource } from "../core/scene.ts";

/**
 * How a sample looks. `full`: something of everything; `gray`, `black`, `white`: that tone alone, or nobody and nothing;
 * `hidden`: as `full`, but with a hole, and wild colours under alpha 0; `hidden-otherwise`: the same to the eye, with other
 * colours hidden.
 */
export type SampleLook = "full" | Tone | "hidden" | "hidden-otherwise";

type Tone = keyof typeof tones;

const tones = { gray: 128, black: 0, white: 255 } as const;

const isTone = (look: SampleLook): look is Tone => look in tones;

/** A source to try a condition on, the same on every run. */
export function madeSource(reads: Reads, width: number, height: number, look: SampleLook): ConditionSource {
  if (reads === "picture") return madePicture(width, height, look);
  return reads === "scene" ? madeScene(width, height, look) : madePose(width, height, look);
}

/** A picture with flat areas, a ramp, a circle with hard edges, strokes and grain, so that every detector finds something. */
function madePicture(width: number, height: number, look: SampleLook): Pixels {
  const pixels = createPixels(width, height);
  const { data } = pixels;
  let state = 7;
  const hides = look === "hidden" || look === "hidden-otherwise";
  for (let y = 0, i = 0; y < height; y++) {
    for (let x = 0; x < width; x++, i += 4) {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      const [u, v] = [(x + 0.5) / width, (y + 0.5) / height];
      const ring = (u - 0.45) * (u - 0.45) + (v - 0.5) * (v - 0.5);
      let colour: readonly number[] = [60 + 120 * u, 90 + 100 * v, 150];
      if (ring < 0.06) colour = [210, 60, 40];
      if (ring < 0.02) colour = [245, 240, 230];
      if (u > 0.75 && v < 0.5) colour = [30, 110, 60];
      if (Math.abs(u - v) < 1.5 / Math.max(width, height)) colour = [15, 15, 20];
      if (isTone(look)) colour = Array(3).fill(tones[look]);
      else if (v > 0.8) colour = colour.map((value) => value + (state >>> 27));
      let alpha = 255;
      if (hides && u > 0.3 && u < 0.6 && v > 0.25 && v < 0.7) {
        alpha = 0;
        colour = [state >>> 24, (state >>> 16) & 255, look === "hidden" ? 255 : (state >>> 8) & 255];
        if (look === "hidden-otherwise") colour = colour.map((value) => 255 - value);
      }
      for (let k = 0; k < 3; k++) data[i + k] = colour[k] as number;
      data[i + 3] = alpha;
    }
  }
  return pixels;
}

const shape = (id: string, name: string, path: string, more: Partial<SceneShape>): SceneShape => ({
  id,
  name,
  path,
  matrix: [1, 0, 0, 1, 0, 0],
  stroke: null,
  strokeWidth: 1,
  dash: [],
  fill: null,
  opacity: 1,
  ...more,
});

/** A drawing of 100 x 80 units with a sky, a tree that lies before it, a stroke with dashes, a text and two joints. */
function madeScene(width: number, height: number, look: SampleLook): SceneSource {
  const joint = (id: string, x: number, y: number) =>
    shape(id, id, `M${x - 2} ${y}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0Z`, { fill: "#ff0000" });
  const shapes = [
    shape("1", "sky", "M0 0H100V40H0Z", { fill: "#7ec8f0" }),
    shape("2", "tree", "M20 10C40 0 60 20 50 50C45 70 25 70 20 50Z", {
      fill: "rgb(40, 140, 60)",
      stroke: "black",
      strokeWidth: 2,
    }),
    shape("3", "path", "M0 75L40 60L100 78", { stroke: "#333", strokeWidth: 3, dash: [6, 2], opacity: 0.8 }),
    shape("4", "sign", "M70 50H95V60H70Z", { kind: "text", text: "Sign", fill: "#c00" }),
    joint("P00_J00", 60, 20),
    joint("P00_J01", 60, 34),
  ];
  return {
    width,
    height,
    scene: { bounds: { x: 0, y: 0, width: 100, height: 80 }, shapes: isTone(look) ? [] : shapes },
  };
}

/** Where the 18 joints of somebody who stands are, in parts of the frame; the left ear is missing. */
const standing: readonly (readonly [number, number] | null)[] = [
  [0.5, 0.15],
  [0.5, 0.28],
  [0.4, 0.29],
  [0.33, 0.43],
  [0.3, 0.56],
  [0.6, 0.29],
  [0.67, 0.43],
  [0.72, 0.55],
  [0.44, 0.55],
  [0.43, 0.72],
  [0.42, 0.9],
  [0.56, 0.55],
  [0.57, 0.72],
  [0.58, 0.9],
  [0.48, 0.13],
  [0.52, 0.13],
  [0.45, 0.14],
  null,
];

function madePose(width: number, height: number, look: SampleLook): Pose {
  const person = (shift: number): PosePerson => ({
    body: standing.map((place) => place && { x: (place[0] + shift) * width, y: place[1] * height, confidence: 0.9 }),
  });
  // The second one stands half outside of the frame.
  return { width, height, people: isTone(look) ? [] : [person(0), person(0.4)] };
}
