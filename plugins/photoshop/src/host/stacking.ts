import { constants, type Document, type Layer } from "photoshop";
import { lineage } from "./document.ts";

// Where a new layer goes in the Layers panel. Photoshop puts it where it likes (into the active group, into an artboard),
// and its moves have oddities: each move is looked at afterwards.

/** The layers beside one: its group's, or the document's outermost. Topmost first. */
function siblings(document: Document, layer: Layer): Layer[] {
  const group = lineage(layer)[1];
  return [...(group?.layers ?? document.layers)];
}

/**
 * What a new layer goes above so that nothing that is there changes its meaning: out of groups that are locked, and above
 * the layers that are clipped to it.
 */
export function uppermost(layer: Layer | null): Layer | null {
  if (!layer) return null;
  const groups = lineage(layer);
  const locked = groups.slice(1).findLastIndex(({ allLocked }) => allLocked);
  return groups[locked + 1] ?? layer;
}

/**
 * The topmost of the layers that are clipped to one, or to the same as it; the layer itself without such. `made` is passed
 * over: it may stand between them by now.
 */
function clippedAbove(document: Document, layer: Layer, made: Layer): Layer {
  const beside = siblings(document, layer).filter(({ id }) => id !== made.id);
  let at = beside.findIndex(({ id }) => id === layer.id);
  while (at > 0 && beside[at - 1]?.isClippingMask) at--;
  return beside[at] ?? layer;
}

/** Moves a layer directly above another, or to the top of the document when that is null. */
export function moveAbove(document: Document, layer: Layer, below: Layer | null): void {
  const outermost = [...document.layers].filter(({ id }) => id !== layer.id);
  const target = below ? clippedAbove(document, below, layer) : outermost[0];
  if (!target) return;
  const right = () => {
    const beside = siblings(document, target).map(({ id }) => id);
    return beside[beside.indexOf(target.id) - 1] === layer.id;
  };
  if (!right()) layer.move(target, constants.ElementPlacement.PLACEBEFORE);
  if (!right()) throw new Error("Photoshop did not move the new group to its place");
}

/** Moves a layer into a group, above `under` or as the group's only one. */
export function moveInto(group: Layer, layer: Layer, under: Layer | null): void {
  const right = () => {
    const inside = [...(group.layers ?? [])].map(({ id }) => id);
    const at = inside.indexOf(layer.id);
    return at >= 0 && inside[at + 1] === under?.id;
  };
  if (right()) return;
  if (under) layer.move(under, constants.ElementPlacement.PLACEBEFORE);
  else layer.move(group, constants.ElementPlacement.PLACEINSIDE);
  if (!right()) throw new Error("Photoshop did not put the new layer into its group");
}
