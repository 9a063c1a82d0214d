import { type Document, imaging, type PhotoshopImageData } from "photoshop";
import { play } from "./play.ts";
import { release } from "./read.ts";
import { edgesOf, rectOf } from "./rectangle.ts";

// What the person had and is to have again after something was placed: active layers and the selection.

/** The active layers, to be made active again. */
export function keepsActiveLayers(document: Document): { restore(): Promise<void> } {
  const before = [...document.activeLayers].map(({ id }) => id);
  return {
    async restore() {
      if (before.length === 0) {
        for (const layer of document.activeLayers) layer.selected = false;
        return;
      }
      await play(
        before.map((id, at) => ({
          _obj: "select",
          _target: [{ _ref: "layer", _id: id }],
          makeVisible: false,
          ...(at === 0 ? {} : { selectionModifier: { _enum: "selectionModifierType", _value: "addToSelection" } }),
        })),
      );
    },
  };
}

/** The selection, to be put back where placing changed it. */
export async function keepSelection(document: Document): Promise<{ restore(): Promise<void>; release(): void }> {
  const documentID = document.id;
  const outline = () => JSON.stringify(document.selection.bounds && rectOf(document.selection.bounds));
  const before = outline();
  let kept: { readonly imageData: PhotoshopImageData; readonly left: number; readonly top: number } | null = null;
  if (document.selection.bounds) {
    const sourceBounds = edgesOf(rectOf(document.selection.bounds));
    const { imageData, sourceBounds: real } = await imaging.getSelection({ documentID, sourceBounds });
    kept = { imageData, left: real.left, top: real.top };
  }
  return {
    async restore() {
      if (outline() === before) return;
      if (!kept) return document.selection.deselect();
      const { imageData, left, top } = kept;
      const { width, height } = imageData;
      const targetBounds = { left, top, width, height };
      await imaging.putSelection({ documentID, imageData, replace: true, targetBounds });
    },
    release() {
      if (kept) release(kept.imageData);
    },
  };
}
