import { UnderdrawError } from "../core/errors.ts";
import type { Scene, SceneShape } from "../core/scene.ts";
import { inWords } from "../wording.ts";
import { sceneSchema } from "./schema.ts";
import { isSound } from "./sound-scene.ts";

// The rules for scenes, put in words where they are not kept. Loaded only where there is something to judge.

/** How many wrong places an error names. */
const mostIssues = 20;

/**
 * A scene by the rules; nothing else is left in it. Throws `request-invalid`, which names each wrong place below `at`, the
 * first `skip` names of its path left out.
 */
export function ruled(value: unknown, at: readonly string[], use: "used" | "drawn", skip = 0): Scene {
  const read = sceneSchema.safeParse(value, inWords);
  if (read.success) return read.data;
  const issues = read.error.issues
    .slice(0, mostIssues)
    .map(({ path, message }) => ({ path: [...at, ...path.slice(skip)].map(String).join("."), message }));
  const list = issues.slice(0, 4).map(({ path, message }) => `${path}: ${message}`);
  const message = `The scene cannot be ${use}: ${list.join("; ")}. Correct what gave it.`;
  throw new UnderdrawError("request-invalid", message, { issues }, { cause: read.error });
}

/** Checks a scene. Throws `request-invalid`, which names each wrong place in `scene`. */
export function checkWhole(scene: Scene): void {
  if (!isSound(scene)) ruled(scene, ["scene"], "drawn");
}

/** Checks a shape that is to lie in a sound scene. Throws `request-invalid`, which names each wrong place in `shape`. */
export function checkShape(shape: SceneShape, { bounds, groups = [] }: Scene): void {
  const alone = { bounds, groups, shapes: [shape] };
  if (!isSound(alone)) ruled(alone, ["shape"], "drawn", 2);
}
