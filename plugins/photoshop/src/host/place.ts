import { type Pixels, type Rect, UnderdrawError } from "@underdraw/engine/core";
import type { NewLayer, Picture, StopSignal } from "@underdraw/sdk/host";
import { constants, type Document, imaging, type Layer } from "photoshop";
import { type Anchor, checkAnchor, parseAnchor } from "./anchor.ts";
import { checkDocument, documentById, factsOf, frontDocument, layerById, openDocuments } from "./document.ts";
import { groupName } from "./group-name.ts";
import { asOneStep } from "./history.ts";
import { hostName } from "./identity.ts";
import { formatLayerId } from "./layer-id.ts";
import { inModal, type ModalScope } from "./modal.ts";
import { bufferOf, type Channels, drawn } from "./raster.ts";
import { release, srgb } from "./read.ts";
import { writeRecipe } from "./recipe-store.ts";
import { around, rectOf } from "./rectangle.ts";
import { moveAbove, moveInto, uppermost } from "./stacking.ts";
import { keepSelection, keepsActiveLayers } from "./surroundings.ts";

/** A layer with its pictures in the size of its box and the depth of its document. */
interface ReadyLayer {
  readonly name: string;
  readonly bounds: Rect;
  readonly pixels: Uint8Array | Uint16Array;
  readonly mask: Uint8Array | Uint16Array | null;
  readonly recipe: string | null;
}

/**
 * Places layers in a group of their own, directly above what their anchor names or else on top, as one step of the
 * history. Pictures are made ready before, so that Photoshop is held only for its own work. Whatever fails, or is stopped,
 * leaves the document as it was.
 */
export async function place(
  title: string,
  layers: readonly NewLayer<Picture>[],
  signal: StopSignal | undefined,
): Promise<readonly string[]> {
  if (layers.length === 0) return [];
  const anchored = layers.find(({ anchor }) => anchor !== undefined)?.anchor;
  const anchor = anchored === undefined ? null : parseAnchor(anchored);
  const front = checked(anchor);
  const depth = front.bitsPerChannel === constants.BitsPerChannelType.SIXTEEN ? 16 : 8;
  const ready: ReadyLayer[] = [];
  for (const layer of layers) ready.push(await prepared(layer, depth));
  return inModal(
    "Underdraw: Place Layer",
    async (scope) => {
      // Looked at again: the document may have changed while pictures were made ready.
      const document = checked(anchor ?? { ...factsOf(front), layer: null });
      return asOneStep(scope, document, title, (undoing) => build(scope, document, anchor, ready, undoing));
    },
    { call: "place", interactive: false, signal },
  );
}

/** The document that an anchor means, as it was; without an anchor, the one in front. */
function checked(anchor: Anchor | null): Document {
  const front = frontDocument();
  if (anchor) checkAnchor(anchor, openDocuments(), front?.id ?? null);
  const document = anchor ? documentById(anchor.document) : front;
  if (!document) {
    throw new UnderdrawError(
      "document-changed",
      "No document is open in Photoshop. Nothing was placed, and the picture is kept. Open one and place again.",
      { host: hostName, change: "closed" },
    );
  }
  checkDocument(document);
  return document;
}

async function prepared({ name, pixels, bounds, mask, recipe }: NewLayer<Picture>, depth: 8 | 16): Promise<ReadyLayer> {
  const box = { x: Math.round(bounds.x), y: Math.round(bounds.y), ...sizeOf(bounds) };
  if (mask && (rawOf(mask).width !== rawOf(pixels).width || rawOf(mask).height !== rawOf(pixels).height)) {
    throw new RangeError(`The mask of the layer "${name}" must have the size of its pixels.`);
  }
  const buffer = async (picture: Picture, channels: Channels) =>
    bufferOf(await scaled(rawOf(picture), box), channels, depth);
  return {
    name,
    bounds: box,
    pixels: await buffer(pixels, "rgba"),
    mask: mask ? await buffer(mask, "alpha") : null,
    recipe: recipe ?? null,
  };
}

const sizeOf = ({ width, height }: Rect) => ({
  width: Math.max(1, Math.round(width)),
  height: Math.max(1, Math.round(height)),
});

/** The bridge is told that this host takes pixels. */
function rawOf(picture: Picture): Pixels {
  if ("data" in picture) return picture;
  throw new TypeError("Photoshop's host takes pixels, not encoded pictures.");
}

const scaled = (pixels: Pixels, { width, height }: Rect): Promise<Pixels> =>
  drawn(pixels, { x: 0, y: 0, width, height }, { width, height });

/** Makes the group and what is in it. `undoing` hears of the group, for a history that cannot be rolled back. */
async function build(
  { check }: ModalScope,
  document: Document,
  anchor: Anchor | null,
  layers: readonly ReadyLayer[],
  undoing: (group: Layer) => void,
): Promise<string[]> {
  const active = keepsActiveLayers(document);
  const selection = await keepSelection(document);
  try {
    const below = anchor?.layer === null || !anchor ? null : layerById(document.layers, anchor.layer);
    const group = await document.createLayerGroup({ name: groupName(layers) });
    if (!group) throw new Error("Photoshop made no group");
    undoing(group);
    moveAbove(document, group, uppermost(below));
    const ids: string[] = [];
    let under: Layer | null = null;
    for (const ready of layers) {
      check();
      const layer: Layer | null = await document.createPixelLayer({ name: ready.name });
      if (!layer) throw new Error("Photoshop made no layer");
      moveInto(group, layer, under);
      await fill(document, layer, ready);
      check();
      const address = { document: document.id, layer: layer.id };
      if (ready.recipe !== null) await writeRecipe(address, ready.recipe);
      ids.push(formatLayerId(address));
      under = layer;
    }
    await active.restore();
    await selection.restore();
    check();
    return ids;
  } finally {
    selection.release();
  }
}

/** Fills a new layer with its pixels, and its mask where it has one. */
async function fill(document: Document, layer: Layer, { bounds, pixels, mask }: ReadyLayer): Promise<void> {
  const { x: left, y: top, width, height } = bounds;
  const target = { documentID: document.id, layerID: layer.id, targetBounds: { left, top, width, height } };
  const image = await imaging.createImageDataFromBuffer(pixels, {
    width,
    height,
    components: 4,
    chunky: true,
    ...srgb,
  });
  try {
    await imaging.putPixels({ ...target, imageData: image, replace: true });
    const visible = pixels.some((value, at) => at % 4 === 3 && value > 0);
    if (visible && around([rectOf(layer.bounds)]) === null) throw new Error("Photoshop kept no pixels of the picture");
  } catch (error) {
    if (document.mode === constants.DocumentMode.RGB) throw error;
    throw unconvertible(document, error);
  } finally {
    release(image);
  }
  if (mask) await putMask(target, mask);
}

/** The usual gray. The one that a Photoshop keeps masks in is a preference of the person. */
const usualGray = "Gray Gamma 2.2";

/** Where a layer's pixels or mask are put. */
interface MaskTarget {
  readonly documentID: number;
  readonly layerID: number;
  readonly targetBounds: {
    readonly left: number;
    readonly top: number;
    readonly width: number;
    readonly height: number;
  };
}

/** Puts a layer mask, once more where Photoshop keeps masks in another gray: a conversion would change how much is seen. */
async function putMask(target: MaskTarget, mask: Uint8Array | Uint16Array): Promise<void> {
  const { documentID, layerID, targetBounds } = target;
  const { left, top, width, height } = targetBounds;
  const put = async (colorProfile: string): Promise<void> => {
    const form = { width, height, components: 1, chunky: true, colorSpace: "Grayscale", colorProfile };
    const imageData = await imaging.createImageDataFromBuffer(mask, form);
    try {
      await imaging.putLayerMask({ ...target, kind: "user", imageData, replace: true });
    } finally {
      release(imageData);
    }
  };
  await put(usualGray);
  const sourceBounds = { left, top, right: left + width, bottom: top + height };
  const { imageData } = await imaging.getLayerMask({ documentID, layerID, kind: "user", sourceBounds });
  const { colorProfile } = imageData;
  release(imageData);
  if (colorProfile && colorProfile !== usualGray) await put(colorProfile);
}

/** Photoshop is asked to convert to CMYK, Lab and gray; where it will not, the person can. */
function unconvertible({ mode, title }: Document, cause: unknown): UnderdrawError<"host-unsupported"> {
  const name = mode.replace(/(Color)?Mode$/, "");
  return new UnderdrawError(
    "host-unsupported",
    `Photoshop did not take an RGB picture into "${title}", whose mode is ${name}. Nothing was placed, and the picture is kept. Choose Image > Mode > RGB Color and capture again, or save the picture.`,
    { host: hostName, ability: `placing into ${name}` },
    { cause },
  );
}
