import type { Paint } from "../typings.ts";
import type { FigmaDocument } from "./document.ts";
import { rootId } from "./document.ts";
import type { NodeRecord } from "./store.ts";

/**
 * A whole document as text: each node with all that is stored of it, in the tree's order, and the hashes of the images in
 * its fills. Keys are sorted and places among siblings counted, so that equal documents give equal texts.
 */
export function snapshotOf({ store, images }: FigmaDocument): string {
  const hashes = new Set<string>();
  const seen = ({ id, type, fields }: NodeRecord): object => {
    const { parent: _, order: __, ...others } = fields;
    for (const paint of [fields["fills"], fields["strokes"]].flat() as (Paint | undefined)[]) {
      if (paint?.type === "IMAGE" && paint.imageHash !== null) hashes.add(paint.imageHash);
    }
    return { id, type, ...others, children: store.children(id).map((child) => seen(store.at(child))) };
  };
  const document = seen(store.at(rootId));
  const files = [...hashes].sort().map((hash) => ({ hash, bytes: images.bytes(hash)?.length ?? 0 }));
  return JSON.stringify({ document, images: files }, sorted, 1);
}

function sorted(_: string, value: unknown): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)));
}
