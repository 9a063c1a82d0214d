import type { EncodedPicture, PictureStack } from "@underdraw/sdk/host";
import { gone, longer, pngOf } from "./export.ts";
import { translation } from "./matrix.ts";
import { pngSize } from "./png.ts";

// The straight pixels of a node that is turned, mirrored or skewed. Figma exports a node as it stands; upright it is only
// seen in a copy, and a copy changes the document for a moment: it leaves an empty step in the history and ends what could
// be done again. So none is made for what is known already: a picture of ours, or a node that looks as it did last time.

/** Copies that are in the document for as long as they are exported. */
const copies = new Map<string, SceneNode>();

/** The ids of the latest copies. Figma tells of their coming and going later, and that is no change of the person's. */
const copyIds: string[] = [];
const rememberedIds = 100;

/** A node that was copied: how it looked as it stood, and upright. */
interface Look {
  readonly id: string;
  readonly limit: number;
  readonly standing: Uint8Array;
  readonly upright: EncodedPicture;
}

/** The latest of them. A node is read at two sizes, for the eye and for the model. */
let looks: readonly Look[] = [];
const rememberedLooks = 4;

/** True for the id of a node that a capture made and took away again. */
export function isOwnCopy(id: string): boolean {
  return copyIds.includes(id);
}

/** Takes away what a capture that cannot be waited for has in the document: the plugin is being closed. */
export function removeCopies(): void {
  for (const copy of copies.values()) if (!copy.removed) copy.remove();
  copies.clear();
}

/** A turned node as it would look upright, its longer side `limit` pixels, or less for a plain image that has less. */
export async function uprightPng(node: SceneNode, limit: number): Promise<EncodedPicture | PictureStack> {
  const plain = await plainImage(node, limit);
  if (plain) return plain;
  const { id } = node;
  const standing = (await pngOf(node, longer(node, limit))).bytes;
  const known = looks.find((look) => look.id === id && look.limit === limit && same(look.standing, standing));
  if (known) return known.upright;
  if (node.removed) throw gone("The selection");
  const upright = await copied(node, limit);
  const others = looks.filter((look) => look.id !== id || look.limit !== limit);
  looks = [{ id, limit, standing, upright }, ...others].slice(0, rememberedLooks);
  return upright;
}

async function copied(node: SceneNode, limit: number): Promise<EncodedPicture> {
  const copy = node.clone();
  copies.set(copy.id, copy);
  copyIds.push(copy.id);
  if (copyIds.length > rememberedIds) copyIds.shift();
  try {
    figma.currentPage.appendChild(copy);
    if ("relativeTransform" in copy) copy.relativeTransform = translation(copy.x, copy.y);
    return await pngOf(copy, longer(copy, limit));
  } finally {
    copies.delete(copy.id);
    if (!copy.removed) copy.remove();
    figma.commitUndo(); // coming and going are a step of their own, not a part of another
  }
}

/**
 * The image of a rectangle that is nothing but an image, as a placed picture is; null for any other node. One that is
 * larger than `limit` is for the panel to scale.
 */
async function plainImage(node: SceneNode, limit: number): Promise<EncodedPicture | PictureStack | null> {
  if (node.type !== "RECTANGLE" || !Array.isArray(node.fills)) return null;
  const [fill, second]: readonly Paint[] = node.fills;
  const isPlain =
    !second &&
    fill?.type === "IMAGE" &&
    fill.scaleMode === "FILL" &&
    fill.visible !== false &&
    (fill.opacity ?? 1) === 1 &&
    !fill.rotation &&
    Object.values(fill.filters ?? {}).every((amount) => !amount) &&
    node.opacity === 1 &&
    node.cornerRadius === 0 &&
    node.strokes.length === 0 &&
    node.effects.length === 0;
  const image = isPlain && fill.imageHash ? figma.getImageByHash(fill.imageHash) : null;
  if (!image) return null;
  const bytes = await image.getBytesAsync();
  const size = pngSize(bytes);
  if (!size) return null;
  // An image of other proportions is cut to the rectangle's. Its sides are whole pixels: each may be one off.
  const fits = Math.abs(size.width * node.height - size.height * node.width) <= node.width + node.height;
  if (!fits) return null;
  const picture = { type: "image/png", bytes } as const;
  const scale = limit / Math.max(size.width, size.height);
  if (scale >= 1) return picture;
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  const [width, height] = [side(size.width), side(size.height)];
  return { width, height, parts: [{ picture, box: { x: 0, y: 0, width, height } }] };
}

const same = (one: Uint8Array, other: Uint8Array): boolean =>
  one.length === other.length && one.every((byte, at) => byte === other[at]);
