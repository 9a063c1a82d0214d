import type { Rect } from "@underdraw/engine/core";
import type { Capture, Picture, StopSignal } from "@underdraw/sdk/host";
import { formatAnchor } from "./anchor.ts";
import { checkDocument, factsOf, frontDocument } from "./document.ts";
import { formatLayerId } from "./layer-id.ts";
import { inModal } from "./modal.ts";
import { alphaOf, alphaRange, pixelsOf } from "./raster.ts";
import { type Piece, padded, readComposite, readSelection } from "./read.ts";
import { layerWithRecipe } from "./recipe-store.ts";
import { fitted, type Size } from "./rectangle.ts";
import { emptyTarget, findTarget, isDrawnOn } from "./target.ts";

/** What one modal scope read: turned into pictures after it ended. */
interface Reading {
  readonly bounds: Rect;
  readonly size: Size;
  readonly composite: Piece | null;
  /** null without a selection: then all of the area is. */
  readonly selection: { readonly piece: Piece | null } | null;
  readonly rest: Omit<Capture, "pixels" | "bounds" | "mask">;
}

/**
 * Reads what is seen where the selection or the active layers lie, as sRGB with 8 bits; null when there is neither. The
 * document is held for reading only, not while pixels are turned into a picture.
 */
export async function capture(maxSide: number, signal: StopSignal | undefined): Promise<Capture<Picture> | null> {
  if (!(maxSide >= 1)) throw new RangeError(`\`maxSide\` is ${maxSide}; it is a number of pixels from 1 on.`);
  if (!frontDocument()) return null;
  const reading = await inModal<Reading | null>(
    "Underdraw: Read Selection",
    async ({ check }) => {
      const document = frontDocument();
      if (!document) return null;
      checkDocument(document);
      const target = findTarget(document);
      if (!target) return null;
      const { bounds, layer, name } = target;
      const size = fitted(bounds, Math.floor(maxSide));
      const composite = await readComposite(document.id, bounds, size).catch((error: unknown) => {
        check();
        // It is open whether Photoshop gives no pixels of an empty area, or fails.
        if (isDrawnOn(document, bounds)) throw error;
        return null;
      });
      check();
      const selection = target.selection ? { piece: await readSelection(document.id, bounds, size) } : null;
      check();
      const placed = document.activeLayers.length === 1 && layer ? await layerWithRecipe(document.id, layer) : null;
      check();
      const anchor = formatAnchor({ ...factsOf(document), layer: layer?.id ?? null });
      return {
        bounds,
        size,
        composite,
        selection,
        rest: {
          anchor,
          ...(name === undefined ? {} : { name }),
          ...(placed === null ? {} : { layer: formatLayerId({ document: document.id, layer: placed }) }),
        },
      };
    },
    { call: "capture", interactive: true, signal },
  );
  if (!reading) return null;
  const { bounds, size, composite, selection, rest } = reading;
  if (!composite || (selection && !selection.piece)) throw emptyTarget();
  const pixels = await padded(composite, size, pixelsOf);
  if ((await alphaRange(pixels)).most === 0) throw emptyTarget();
  if (!selection?.piece) return { pixels, bounds, ...rest };
  const mask = await padded(selection.piece, size, alphaOf);
  const { least, most } = await alphaRange(mask);
  if (most === 0) throw emptyTarget();
  return least === 255 ? { pixels, bounds, ...rest } : { pixels, bounds, mask, ...rest };
}
