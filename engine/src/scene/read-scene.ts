import type { Scene } from "../core/scene.ts";
import { isSound } from "./sound-scene.ts";

/**
 * A scene as data from outside, checked: its types, sizes, limits and groups; nothing else is left in it. Rejects with
 * `request-invalid`, which names each wrong place. The rules are loaded when they are needed first.
 */
export async function readScene(value: unknown): Promise<Scene> {
  return (await import("./scene-rules.ts")).ruled(value, ["scene"], "used");
}

/** Scenes that were looked at and are sound. */
const sound = new WeakSet<Scene>();

/**
 * Checks a scene that is to be drawn, by the same rules as `readScene`; the same object once, since a scene is data that
 * does not change. Rejects with `request-invalid`, which names each wrong place in `source.scene`.
 */
export async function checkScene(scene: Scene): Promise<void> {
  if (sound.has(scene)) return;
  if (!isSound(scene)) (await import("./scene-rules.ts")).ruled(scene, ["source", "scene"], "drawn");
  sound.add(scene);
}
