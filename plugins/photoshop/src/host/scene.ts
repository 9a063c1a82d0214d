import type { Rect, Scene } from "@underdraw/engine/core";
import type { StopSignal } from "@underdraw/sdk/host";
import { checkDocument, frontDocument } from "./document.ts";
import { type Cutting, type Drawing, readCutting, readDrawing, type View } from "./layer-drawing.ts";
import { readFacts } from "./layer-facts.ts";
import { type Node, stackOf } from "./layer-stack.ts";
import { inModal } from "./modal.ts";
import { edgesOf, rectOf } from "./rectangle.ts";
import { type Reading, SceneShapes } from "./scene-shapes.ts";
import { emptyTarget, findTarget } from "./target.ts";

// The structure of what is selected, as far as Photoshop knows any. Exact are shapes, vector masks, fills, gradients,
// strokes, names, groups and order; of what is made of pixels there is the outline of its alpha and its colour in the
// mean. Left out are adjustments, effects, blend modes and patterns: a scene is a drawing, and the capture is the picture.
// Photoshop is held while it is read, not while outlines are made.

/** The longest side of a layer's small picture: the larger for few layers. */
const SIDES = { few: 512, many: 256, upTo: 24 } as const;

/** How far around the bounds layers are looked at: a share of the longer side, and at least so many pixels. */
const AROUND = { share: 0.04, least: 8 } as const;

/**
 * The scene of the visible layers that are selected (a selected area: all that reach into it; else the active layers), with
 * the bounds of a capture; null when nothing is selected. At most 500 layers, the foremost of more. Rejects as `capture`
 * does, with `selection-unusable` where nothing draws anything.
 */
export async function scene(signal: StopSignal | undefined): Promise<Scene | null> {
  if (!frontDocument()) return null;
  const reading = await inModal("Underdraw: Read Layers", ({ check }) => read(check), {
    call: "scene",
    interactive: true,
    signal,
  });
  if (!reading) return null;
  const made = new SceneShapes(reading);
  for (const layer of reading.stack.layers) {
    made.add(layer);
    await pause();
    if (signal?.aborted) throw signal.reason;
  }
  const { shapes, groups } = made;
  if (shapes.length === 0) throw emptyTarget();
  const { bounds } = reading;
  return { bounds, shapes: shapes.reverse(), ...(groups.length > 0 ? { groups } : {}) };
}

const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 0));

/** Reads what is selected. Needs a modal scope. */
async function read(check: () => void): Promise<Reading | null> {
  const document = frontDocument();
  if (!document) return null;
  checkDocument(document);
  const target = findTarget(document);
  if (!target) return null;
  const { bounds } = target;
  const stack = stackOf(document, target);
  const leaves = new Set([...stack.layers, ...[...stack.bases.values()].flat()]);
  const nodes = new Set<Node>();
  for (const leaf of leaves) {
    for (let at: Node | null = leaf; at && !nodes.has(at); at = at.group) {
      nodes.add(at);
      if (at.base) nodes.add(at.base);
    }
  }
  const { id: documentID, width, height, resolution } = document;
  const space = { width, height, resolution };
  const facts = await readFacts(documentID, [...nodes], space, check);
  const view: View = {
    documentID,
    canvas: { x: 0, y: 0, width, height },
    region: grown(bounds),
    side: leaves.size > SIDES.upTo ? SIDES.many : SIDES.few,
    check,
  };
  const drawings = new Map<Node, Drawing>();
  const cuttings = new Map<Node, Cutting>();
  for (const node of nodes) {
    const own = facts.get(node.id);
    if (!own) continue;
    if (leaves.has(node)) {
      const drawing = await readDrawing(node, own, view);
      if (drawing) drawings.set(node, drawing);
    } else cuttings.set(node, await readCutting(node, own, view));
    check();
  }
  return { document: documentID, bounds, canvas: view.canvas, stack, facts, drawings, cuttings };
}

function grown(bounds: Rect): Rect {
  const by = Math.max(AROUND.least, Math.ceil(AROUND.share * Math.max(bounds.width, bounds.height)));
  const { left, top, right, bottom } = edgesOf(bounds);
  return rectOf({ left: left - by, top: top - by, right: right + by, bottom: bottom + by });
}
