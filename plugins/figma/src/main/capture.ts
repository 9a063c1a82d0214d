import type { Capture, EncodedPicture, HostCallOptions, PictureStack } from "@underdraw/sdk/host";
import { formatAnchor } from "./anchor.ts";
import { gone, longer, longestSide, pngOf } from "./export.ts";
import type { Footprint } from "./footprint.ts";
import { isUpright } from "./matrix.ts";
import { pngSize } from "./png.ts";
import { hasRecipe } from "./recipe-entries.ts";
import { placeOf, shown, standing } from "./standing.ts";
import { inDocumentOrder, pageOf, topOf } from "./tree.ts";
import { uprightPng } from "./turned.ts";

/** What is selected, as Figma shows it: `HostAdapter.capture`, with pictures as PNG files. */
export async function capture(
  { maxSide }: { readonly maxSide: number },
  { signal }: HostCallOptions = {},
): Promise<Capture<EncodedPicture | PictureStack> | null> {
  if (!(Number.isInteger(maxSide) && maxSide >= 1)) {
    throw new RangeError(`maxSide: ${maxSide} is no size. Take a whole number from 1.`);
  }
  if (signal?.aborted) throw signal.reason;
  const chosen = inDocumentOrder(figma.currentPage.selection.filter((node) => !node.removed));
  const [first] = chosen;
  if (!first) return null;
  const nodes = shown(chosen);
  const [node] = nodes;
  const limit = Math.min(maxSide, longestSide);
  // All that is asked of nodes is asked now: while they are exported somebody may delete them.
  const source = topOf(nodes);
  const page = pageOf(source);
  const name = nodes.length === 1 ? (node ?? first).name : `${nodes.length} layers`;
  const layer = chosen.length === 1 && hasRecipe(first) ? { layer: first.id } : {};
  if (!page) throw gone(name);
  const { footprint, bounds, ...rest } =
    nodes.length === 1 && node ? await single(node, limit) : await several(nodes, limit);
  if (signal?.aborted) throw signal.reason;
  const anchor = formatAnchor({ page: page.id, source: source.id, footprint, bounds });
  return { ...rest, bounds, name, anchor, ...layer };
}

interface Taken {
  readonly footprint: Footprint;
  readonly bounds: Rect;
  readonly pixels: EncodedPicture | PictureStack;
}

async function single(node: SceneNode, limit: number): Promise<Taken> {
  const { footprint, bounds, trimmed } = placeOf([node]);
  const isTurned = !isUpright(footprint.matrix);
  const pixels = isTurned ? await uprightPng(node, limit) : await pngOf(node, longer(footprint, limit), { trimmed });
  return { footprint, bounds, pixels };
}

/** Each node at the same scale, for the panel to lay over each other. Nothing in the document changes. */
async function several(nodes: readonly SceneNode[], limit: number): Promise<Taken> {
  const places = nodes.map(standing);
  const { footprint, bounds } = placeOf(nodes);
  const scale = limit / Math.max(bounds.width, bounds.height);
  const parts: PictureStack["parts"][number][] = [];
  for (const [at, node] of nodes.entries()) {
    const { box, trimmed } = places[at] as (typeof places)[number];
    const picture = await pngOf(node, { type: "SCALE", value: scale }, { trimmed });
    // In its own size on whole pixels, so that nothing is drawn a second time.
    const size = pngSize(picture.bytes) ?? { width: box.width * scale, height: box.height * scale };
    const [x, y] = [Math.round((box.x - bounds.x) * scale), Math.round((box.y - bounds.y) * scale)];
    parts.push({ picture, box: { x, y, width: size.width, height: size.height } });
  }
  const side = (length: number): number => Math.min(limit, Math.max(1, Math.round(length * scale)));
  const pixels = { width: side(bounds.width), height: side(bounds.height), parts };
  return { footprint, bounds, pixels };
}
