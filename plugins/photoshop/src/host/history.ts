import type { Document, HistorySuspension, Layer } from "photoshop";
import type { ModalScope } from "./modal.ts";

/**
 * What Photoshop gives in place of a suspension while an Action plays: the Action itself holds the history then, and
 * this one can be neither resumed nor rolled back.
 */
const HELD_BY_ACTION = 4294967295;

/**
 * Runs changes as one step of a document's history. When they throw, Photoshop rolls the document back as the modal scope
 * ends; where it cannot, what `undoing` was told of is deleted.
 */
export async function asOneStep<T>(
  { context }: ModalScope,
  { id: documentID }: Document,
  name: string,
  changes: (undoing: (made: Layer) => void) => Promise<T>,
): Promise<T> {
  const suspension: HistorySuspension | number = await context.hostControl.suspendHistory({ documentID, name });
  const held = numberOf(suspension) === HELD_BY_ACTION;
  const made: Layer[] = [];
  try {
    const value = await changes((layer) => made.push(layer));
    if (!held) await context.hostControl.resumeHistory(suspension as HistorySuspension, true);
    return value;
  } catch (error) {
    if (held) for (const layer of made) deleted(layer);
    throw error;
  }
}

/** The typings promise an object; Photoshop's own notes show a number. */
function numberOf(suspension: HistorySuspension | number): number {
  return typeof suspension === "number" ? suspension : suspension?.historySuspensionID;
}

function deleted(layer: Layer): void {
  try {
    layer.delete();
  } catch {
    // A cancelled scope allows nothing any more: what led here is thrown, and says what went wrong.
  }
}
