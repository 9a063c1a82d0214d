import * as z from "zod/mini";
import type { ConditionSource } from "../conditions/condition.ts";
import type { Pixels } from "../core/pixels.ts";
import type { Joint, Pose } from "../core/pose.ts";
import type { SceneSource } from "../core/scene.ts";

// What a map is drawn from, as it crosses: looked at for its kind and its types. Whether a size, a place or a scene makes
// sense is judged by the engine, which says better what is wrong with one.

/** Not `z.number()`, which takes no NaN: the engine itself judges sizes. */
const side = z.custom<number>((value) => typeof value === "number");

/** Pixels. */
export const pixels: z.ZodMiniType<Pixels> = z.object({
  width: side,
  height: side,
  data: z.custom<Pixels["data"]>((value) => value instanceof Uint8ClampedArray),
});

const joint: z.ZodMiniType<Joint> = z.object({ x: side, y: side, confidence: z.exactOptional(side) });
const joints = z.array(z.nullable(joint));
const pose: z.ZodMiniType<Pose> = z.object({
  width: side,
  height: side,
  people: z.array(
    z.object({
      body: joints,
      leftHand: z.exactOptional(joints),
      rightHand: z.exactOptional(joints),
      face: z.exactOptional(joints),
    }),
  ),
  animals: z.exactOptional(z.array(z.object({ joints }))),
});

/** What is in the scene is checked by the engine, whoever gives it. */
const scene = z.object({
  width: side,
  height: side,
  scene: z.looseObject({ shapes: z.array(z.unknown()) }),
}) as unknown as z.ZodMiniType<SceneSource>;

/** Anything that a map is drawn from. */
export const source: z.ZodMiniType<ConditionSource> = z.union([pixels, scene, pose]);
