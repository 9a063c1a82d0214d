import { createPixels, type Pixels } from "@underdraw/engine/core";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { absoluteBoundingBox, type Size } from "../core/geometry.ts";
import type { Store } from "../core/store.ts";
import type { ExportSettingsImage, Paint, Rect, Transform } from "../typings.ts";
import { absoluteRenderBounds } from "./bounds.ts";
import { type ColourSpace, inSpace } from "./colour.ts";
import { drawNode } from "./draw.ts";
import { emptyLayer, type Layer } from "./layer.ts";
import { pngFile } from "./png.ts";

// A node as a picture file, by the rules of Figma's export settings.

/** What Figma's export says when there is nothing to see; it rejects with this very text, which is no Error. */
const nothingToExport = "Failed to export node. This node may not have any visible layers.";

/** What it says when it fails otherwise. */
const exportFailed = "Failed to export node";

/** The longest side that the simulator draws. */
const longest = 16_384;

/** The hashes of the images that a node and all below it are filled with. */
function imagesIn(store: Store, id: string): ReadonlySet<string> {
  const hashes = new Set<string>();
  for (const { fields } of store.subtree(id)) {
    for (const paint of [...((fields["fills"] ?? []) as Paint[]), ...((fields["strokes"] ?? []) as Paint[])]) {
      if (paint.type === "IMAGE" && paint.imageHash !== null) hashes.add(paint.imageHash);
    }
  }
  return hashes;
}

/** Gives the file of an image of the document. */
export type ImageBytes = (hash: string) => Uint8Array | undefined;

/** Draws a node into a PNG or JPEG file. */
export async function exportPicture(
  store: Store,
  id: string,
  settings: ExportSettingsImage,
  imageBytes: ImageBytes,
): Promise<Uint8Array> {
  const { constraint = { type: "SCALE", value: 1 }, useAbsoluteBounds = false, contentsOnly = true } = settings;
  // The caller goes on before anything is drawn: what it does to the node meanwhile counts.
  await null;
  if (!store.find(id)) throw exportFailed;
  // What is hidden has nothing to export, whichever bounds are asked for.
  const seen = absoluteRenderBounds(store, id);
  const hidden = [store.at(id), ...store.ancestors(id)].some(({ fields }) => fields["visible"] === false);
  const bounds = useAbsoluteBounds ? boundsOf(store, id) : seen && outward(seen);
  if (hidden || !bounds) throw nothingToExport;
  const size = sizeFor(bounds, constraint);
  if (Math.max(size.width, size.height) > longest) throw exportFailed;
  const { type } = store.at(id);
  // A slice has nothing of its own: it shows what lies under it.
  const showsAll = !contentsOnly || type === "SLICE" || type === "PAGE";
  const drawn = showsAll ? store.children(store.pageOf(id) ?? id) : [id];
  const layer = await drawArea(store, drawn, bounds, size, imageBytes);
  if (!store.find(id)) throw exportFailed;
  const [own, wanted] = spaces(store, settings);
  const pixels = toPixels(layer, own, wanted);
  if (settings.format === "JPG") return writePicture(pixels, { format: "jpeg" });
  return pngFile(pixels, wanted);
}

/** Draws what a page shows in an area into a PNG file, a pixel a unit. */
export async function pagePicture(store: Store, page: string, area: Rect, imageBytes: ImageBytes): Promise<Uint8Array> {
  const layer = await drawArea(store, store.children(page), area, area, imageBytes);
  return pngFile(toPixels(layer, "srgb", "srgb"), "srgb");
}

/** Draws nodes as they lie in an area of their page, scaled to a size in pixels. */
async function drawArea(
  store: Store,
  ids: readonly string[],
  area: Rect,
  { width, height }: Size,
  imageBytes: ImageBytes,
): Promise<Layer> {
  const images = new Map<string, Pixels>();
  for (const hash of new Set(ids.flatMap((id) => [...imagesIn(store, id)]))) {
    const bytes = imageBytes(hash);
    if (bytes) images.set(hash, (await readPicture(bytes, { name: hash })).pixels);
  }
  const across = area.width > 0 ? width / area.width : 1;
  const down = area.height > 0 ? height / area.height : 1;
  const view: Transform = [
    [across, 0, -area.x * across],
    [0, down, -area.y * down],
  ];
  const layer = emptyLayer({ width, height });
  for (const id of ids) if (store.find(id)) drawNode({ store, view, images }, id, layer, null);
  return layer;
}

/** A page's box is what is on it. */
const boundsOf = (store: Store, id: string): Rect | null =>
  store.at(id).type === "PAGE" ? absoluteRenderBounds(store, id) : absoluteBoundingBox(store, id);

/** Without absolute bounds, the picture begins and ends at whole units. */
function outward({ x, y, width, height }: Rect): Rect {
  const [left, top] = [Math.floor(x), Math.floor(y)];
  return { x: left, y: top, width: Math.ceil(x + width) - left, height: Math.ceil(y + height) - top };
}

function sizeFor(
  { width, height }: Rect,
  { type, value }: NonNullable<ExportSettingsImage["constraint"]>,
): { width: number; height: number } {
  const scale = type === "SCALE" ? value : value / (type === "WIDTH" ? width : height);
  // A side that is asked for comes out as asked; the other is rounded, and no side is lost.
  const side = (length: number): number => Math.max(1, Math.round(length * scale));
  return { width: side(width), height: side(height) };
}

function spaces(
  store: Store,
  { colorProfile = "DOCUMENT" }: ExportSettingsImage,
): [own: ColourSpace, wanted: ColourSpace] {
  const root = [...store.all()].find(({ type }) => type === "DOCUMENT");
  const own: ColourSpace = root?.fields["documentColorProfile"] === "DISPLAY_P3" ? "display-p3" : "srgb";
  if (colorProfile === "DOCUMENT") return [own, own];
  return [own, colorProfile === "SRGB" ? "srgb" : "display-p3"];
}

function toPixels({ width, height, data }: Layer, own: ColourSpace, wanted: ColourSpace): Pixels {
  const pixels = createPixels(width, height);
  // Clamped bytes round by themselves, to the nearest and at halves to the even.
  const bytes = pixels.data;
  for (let index = 0; index < data.length; index += 4) {
    const alpha = data[index + 3] as number;
    if (alpha === 0) continue;
    for (let channel = 0; channel < 3; channel++)
      bytes[index + channel] = ((data[index + channel] as number) / alpha) * 255;
    bytes[index + 3] = alpha * 255;
    if (own === wanted) continue;
    const straight = [0, 1, 2].map((channel) => Math.min(1, (data[index + channel] as number) / alpha));
    for (const [channel, value] of inSpace(straight, own, wanted).entries()) bytes[index + channel] = value * 255;
  }
  return pixels;
}
