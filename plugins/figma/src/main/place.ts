import { UnderdrawError } from "@underdraw/engine/core";
import type { HostCallOptions, NewLayer, Picture } from "@underdraw/sdk/host";
import { type Anchor, parseAnchor } from "./anchor.ts";
import { longestSide } from "./export.ts";
import { failed, hostName, nodeWith, wordsOf } from "./failure.ts";
import { type Footprint, partOf, upright } from "./footprint.ts";
import { identity, inverse, type Matrix, product } from "./matrix.ts";
import { pngSize } from "./png.ts";
import { storeRecipe } from "./recipe-entries.ts";
import { chainOf, frameOf, pageOf, slotAbove } from "./tree.ts";

/** The command of the button that a placed layer gets, as manifest.json names it. */
export const redrawCommand = "redraw";

type Holder = BaseNode & ChildrenMixin;

/** A layer of which all is known that has to be waited for. */
interface Planned {
  readonly layer: NewLayer<Picture>;
  readonly picture: Uint8Array;
  readonly footprint: Footprint;
  readonly page: PageNode;
  /** What the layer goes above; null for the top of the page. */
  readonly source: SceneNode | null;
}

/** Puts layers into the document: `HostAdapter.place`. The title is not used, since Figma's steps have no names. */
export async function place(
  _title: string,
  layers: readonly NewLayer<Picture>[],
  { signal }: HostCallOptions = {},
): Promise<readonly string[]> {
  const planned: Planned[] = [];
  for (const layer of layers) planned.push(await plan(layer));
  if (signal?.aborted) throw signal.reason;
  if (planned.length === 0) return [];
  // From here on nothing waits, so that neither the person nor an abort can come between.
  const made: SceneNode[] = [];
  const notes: string[] = [];
  figma.commitUndo();
  try {
    /** The last layer above each source: the next goes above that. */
    const tops = new Map<string, SceneNode>();
    for (const one of planned) {
      const key = one.source?.id ?? one.page.id;
      const node = make(one, tops.get(key) ?? null);
      made.push(node);
      tops.set(key, node);
    }
  } catch (reason) {
    for (const node of made.reverse()) if (!node.removed) node.remove();
    throw failed(reason, "place the picture");
  }
  // The pictures stand: nothing below may lose them.
  planned.forEach(({ layer }, at) => {
    const node = made[at];
    if (layer.recipe !== undefined && node) notes.push(...remember(node, layer.recipe));
  });
  const here = made.filter((node) => pageOf(node)?.id === figma.currentPage.id);
  if (here.length > 0) figma.currentPage.selection = here; // throws for a node of another page
  if (made.some((node) => chainOf(node).some(({ type }) => type === "COMPONENT"))) {
    notes.push("Placed in a component: all its instances show it.");
  }
  figma.commitUndo();
  for (const note of notes) figma.notify(note.slice(0, 100)); // no more is shown
  return made.map(({ id }) => id);
}

async function plan(layer: NewLayer<Picture>): Promise<Planned> {
  const { x, y, width, height } = layer.bounds;
  if (!([x, y, width, height].every(Number.isFinite) && width > 0 && height > 0)) {
    throw new RangeError(`layers: the bounds of "${layer.name}" are no area.`);
  }
  if (layer.mask) throw new TypeError("layers: Figma has no layer masks. Lay the mask into the picture's alpha.");
  const picture = fileOf(layer);
  const at = layer.anchor === undefined ? null : parseAnchor(layer.anchor);
  const footprint = at ? partOf(at.footprint, at.bounds, layer.bounds) : upright(layer.bounds);
  const page = at ? await pageWith(at) : figma.currentPage;
  const found = at ? await nodeWith(at.source) : null;
  // A source that is gone, or lies on another page now, leaves its place: the page with the matrix that was kept.
  const source = found && pageOf(found)?.id === page.id ? (found as SceneNode) : null;
  return { layer, picture, footprint, page, source };
}

async function pageWith(anchor: Anchor): Promise<PageNode> {
  const page = await nodeWith(anchor.page);
  if (page?.type !== "PAGE") {
    throw new UnderdrawError(
      "document-changed",
      "The page that the selection was on is gone, so nothing was placed. Select something on a page that is there.",
      { host: hostName, change: "source-gone" },
    );
  }
  try {
    await page.loadAsync();
  } catch (reason) {
    throw failed(reason, "load the page of the selection");
  }
  return page;
}

/** A layer's picture as a file that Figma takes. */
function fileOf({ name, pixels }: NewLayer<Picture>): Uint8Array {
  if (!("bytes" in pixels)) throw new TypeError('layers: Figma takes PNG files. Serve it with pictures: "png".');
  const size = pngSize(pixels.bytes);
  if (size && Math.max(size.width, size.height) > longestSide) {
    const ability = `pictures above ${longestSide} px`;
    const message = `"${name}" is ${size.width} × ${size.height} px, and Figma takes ${longestSide} px a side at most. Draw it smaller.`;
    throw new UnderdrawError("host-unsupported", message, { host: hostName, ability });
  }
  return pixels.bytes;
}

/** Makes one layer: a rectangle with the picture as its fill. Leaves nothing behind when it fails. */
function make({ layer, picture, footprint, page, source }: Planned, top: SceneNode | null): SceneNode {
  const slot = source && !source.removed ? slotAbove(source) : null;
  const parent = (slot?.parent ?? page) as Holder;
  const below = top?.parent?.id === parent.id ? top : slot?.above;
  const index = below ? parent.children.findIndex(({ id }) => id === below.id) + 1 : parent.children.length;
  const imageHash = figma.createImage(picture).hash;
  const rectangle = figma.createRectangle();
  try {
    rectangle.name = layer.name;
    rectangle.resize(Math.max(footprint.width, 0.01), Math.max(footprint.height, 0.01)); // Figma's smallest
    parent.insertChild(index, rectangle);
    // An auto layout would put it where it likes.
    if ("layoutMode" in parent && parent.layoutMode !== "NONE") rectangle.layoutPositioning = "ABSOLUTE";
    rectangle.relativeTransform = product(inverse(frameMatrix(parent)), footprint.matrix);
    rectangle.fills = [{ type: "IMAGE", scaleMode: "FILL", imageHash }];
    rectangle.constraints = { horizontal: "SCALE", vertical: "SCALE" };
    return rectangle;
  } catch (reason) {
    rectangle.remove();
    throw reason;
  }
}

function frameMatrix(parent: Holder): Matrix {
  const frame = frameOf(parent) as BaseNode;
  return "absoluteTransform" in frame ? frame.absoluteTransform : identity;
}

/** Stores the recipe and offers to draw it again. Gives what went wrong, in words. */
function remember(node: SceneNode, recipe: string): readonly string[] {
  try {
    storeRecipe(node, recipe, figma.pluginId ?? "");
    node.setRelaunchData({ [redrawCommand]: "Draw this picture again, or change how it was made" });
    return [];
  } catch (reason) {
    return [`Placed, but without its recipe: ${wordsOf(reason)}`];
  }
}
