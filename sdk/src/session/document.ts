import type { Condition, ConditionSource } from "@underdraw/engine";
import { type Scene, UnderdrawError } from "@underdraw/engine/core";
import type { Capture, HostAdapter, HostCallOptions } from "../host/adapter.ts";
import type { Size } from "./resolution.ts";

/** A capture, and the structure of what was captured for conditions that read the document itself. */
export interface DocumentCapture extends Capture {
  readonly scene?: Scene;
}

/**
 * The structure of what was captured, as the host tells it; null when the host tells none, nothing is selected any more,
 * or something else is: its bounds are then others than the capture's. Rejects with `host-failed` for what is no scene.
 */
export async function structureOf(
  host: HostAdapter,
  { bounds }: Capture,
  call: HostCallOptions,
): Promise<Scene | null> {
  const scene = (await host.scene?.(call)) ?? null;
  if (scene === null) return null;
  if (!isScene(scene)) {
    const message = `The editor "${host.name}" gave what is no structure of a drawing. Update its plugin, or tell its makers.`;
    throw new UnderdrawError("host-failed", message, { host: host.name, call: "scene" });
  }
  const sides = ["x", "y", "width", "height"] as const;
  return sides.every((side) => scene.bounds[side] === bounds[side]) ? scene : null;
}

/** Whether this looks like a scene: what is in its shapes is judged by the engine. Adapters are written by others. */
const isScene = ({ bounds, shapes }: Scene): boolean =>
  typeof bounds === "object" && bounds !== null && Array.isArray(shapes);

/**
 * What a map of the document is drawn from, for a condition that reads scenes. Throws `host-unsupported` for a host that
 * tells no structure, `document-changed` when something else is selected than was captured.
 */
export function documentSource(
  { title }: Condition,
  host: HostAdapter,
  scene: Scene | null,
  { width, height }: Size,
): ConditionSource {
  if (scene) return { width, height, scene };
  const { name } = host;
  if (host.scene) {
    const message = `"${title}" reads the shapes of what was captured, and something else is selected now. Select it again.`;
    throw new UnderdrawError("document-changed", message, { host: name, change: "source-gone" });
  }
  const message = `"${title}" reads the shapes of the document, and the editor "${name}" tells nothing of them. Take a condition that reads pixels in its place: canny sees the edges of what is selected.`;
  throw new UnderdrawError("host-unsupported", message, { host: name, ability: "scene" });
}
