import * as z from "zod/mini";
import type { ConditionSource } from "../conditions/condition.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import type { Joint, Pose } from "../core/pose.ts";
import type { SceneSource } from "../core/scene.ts";
import { inWords } from "../wording.ts";

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

/** What is in the scene is checked by rules that are loaded for one: see `checkScene`. */
const scene = z.object({
  width: side,
  height: side,
  scene: z.looseObject({ shapes: z.array(z.unknown()) }),
}) as unknown as z.ZodMiniType<SceneSource>;

/** Anything that a map is drawn from. */
export const source: z.ZodMiniType<ConditionSource> = z.union([pixels, scene, pose]);

/**
 * Checks a scene that came over: its types, sizes, limits and groups. Rejects with `request-invalid`, which names each
 * wrong place. What is no scene passes.
 */
export async function checkScene(given: ConditionSource): Promise<void> {
  if (!("scene" in given)) return;
  const { sceneSchema } = await import("../scene/schema.ts");
  const found = sceneSchema.safeParse(given.scene, inWords);
  if (found.success) return;
  const issues = found.error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: ["source", "scene", ...path].map(String).join("."), message }));
  const list = issues
    .slice(0, 4)
    .map(({ path, message }) => `${path}: ${message}`)
    .join("; ");
  throw new UnderdrawError(
    "request-invalid",
    `The scene cannot be drawn: ${list}.`,
    { issues },
    { cause: found.error },
  );
}
