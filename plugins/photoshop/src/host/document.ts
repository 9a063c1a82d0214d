import { UnderdrawError } from "@underdraw/engine/core";
import { app, type Document, type Layer } from "photoshop";
import type { DocumentFacts } from "./anchor.ts";
import { busy } from "./busy.ts";
import { hostName } from "./identity.ts";

/** The document in front; null when none is open, which some versions tell by throwing. */
export function frontDocument(): Document | null {
  try {
    return app.activeDocument ?? null;
  } catch {
    return null;
  }
}

/** The open document with an id; null when it is gone. */
export function documentById(id: number): Document | null {
  for (const document of app.documents) if (document.id === id) return document;
  return null;
}

/** What an anchor holds of a document. */
export function factsOf({ id, title, width, height, mode, bitsPerChannel }: Document): DocumentFacts {
  return { document: id, title: String(title).slice(0, 1000), width, height, mode: mode, depth: bitsPerChannel };
}

/** The facts of all open documents. */
export function openDocuments(): DocumentFacts[] {
  return [...app.documents].map((document) => factsOf(document));
}

/** The modes that have layers of pixels and that Photoshop's imaging converts from and to sRGB. */
const readable = new Set<string>(["RGBColorMode", "CMYKColorMode", "labColorMode", "grayscaleMode"]);

/** What a person calls the modes without layers of pixels. */
const modeNames: Readonly<Record<string, string>> = {
  bitmapMode: "Bitmap",
  duotoneMode: "Duotone",
  indexedColorMode: "Indexed Color",
  multichannelMode: "Multichannel",
};

/** Throws `host-unsupported` for a mode without layers of pixels, and `host-busy` while Quick Mask is on. */
export function checkDocument({ mode, quickMaskMode }: Document): void {
  if (!readable.has(mode)) {
    const name = modeNames[mode] ?? mode;
    throw new UnderdrawError(
      "host-unsupported",
      `Underdraw cannot work in ${name} mode, which has no layers of pixels. Choose Image > Mode > RGB Color, or do so in a duplicate.`,
      { host: hostName, ability: `documents in ${name} mode` },
    );
  }
  // The selection that could be read then is not the one that is seen.
  if (quickMaskMode) throw busy("Quick Mask");
}

/** The layer with an id, wherever in the document; null when it is gone. */
export function layerById(layers: Iterable<Layer> | null | undefined, id: number): Layer | null {
  for (const layer of layers ?? []) {
    if (layer.id === id) return layer;
    const inside = layer.layers ? layerById(layer.layers, id) : null;
    if (inside) return inside;
  }
  return null;
}

/** A layer and the groups that it lies in, from the inside outward. */
export function lineage(layer: Layer): Layer[] {
  const found: Layer[] = [];
  // The outermost parent is null in some versions and the document in others.
  for (let at: Layer | null = layer; at && (at.typename as string) !== "Document"; at = at.parent) found.push(at);
  return found;
}
