import type { Pixels } from "../core/pixels.ts";
import type { SceneSource } from "../core/scene.ts";

/** Draws a scene as its program shows it, on a transparent ground. Yields nothing; takes what the drawing takes. */
export function drawScene(_source: SceneSource): Pixels {
  throw new Error("not yet");
}
