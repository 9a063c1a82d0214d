import type { Rect, Scene } from "@underdraw/engine/core";
import type { HostCallOptions } from "@underdraw/sdk/host";
import { failed } from "./failure.ts";
import type { Footprint } from "./footprint.ts";
import { inverse, type Matrix, product } from "./matrix.ts";
import { walkScene } from "./scene-walk.ts";
import { placeOf, shown } from "./standing.ts";
import { inDocumentOrder } from "./tree.ts";

// The structure of what is selected, as shapes with their outlines, names and groups. Nothing is exported, no picture is
// read and the document is left as it is: what Figma keeps of its nodes is written down in a scene's words. What a scene
// has no words for (effects, blend modes, the pixels of images) is left out.

/** As long as the editor may stand still, in milliseconds: a frame of its screen. */
const turnMs = 16;

/** The structure of what is selected, in the bounds that a capture of it has: `HostAdapter.scene`. */
export async function scene({ signal }: HostCallOptions = {}): Promise<Scene | null> {
  if (signal?.aborted) throw signal.reason;
  const chosen = inDocumentOrder(figma.currentPage.selection.filter((node) => !node.removed));
  if (chosen.length === 0) return null;
  const nodes = shown(chosen);
  const { footprint, bounds } = placeOf(nodes);
  const walk = walkScene(nodes, within(footprint, bounds));
  const next = (): boolean => {
    try {
      return walk.step();
    } catch (reason) {
      throw failed(reason, "read the layers");
    }
  };
  for (let since = Date.now(); next(); ) {
    if (Date.now() - since < turnMs) continue;
    await new Promise<void>((resolve) => setTimeout(resolve, 0));
    if (signal?.aborted) throw signal.reason;
    since = Date.now();
  }
  const { shapes, groups } = walk;
  return { bounds, shapes, groups };
}

/** From the page to a scene in which what was captured fills its bounds, upright, as its picture does. */
function within({ matrix, width, height }: Footprint, bounds: Rect): Matrix {
  // A line has no height that could fill anything.
  const [across, down] = [bounds.width / (width || bounds.width), bounds.height / (height || bounds.height)];
  const toBounds: Matrix = [
    [across, 0, bounds.x + (bounds.width - width * across) / 2],
    [0, down, bounds.y + (bounds.height - height * down) / 2],
  ];
  return product(toBounds, inverse(matrix));
}
