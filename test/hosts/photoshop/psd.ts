import { type Layer as FileLayer, initializeCanvas, type Psd, readPsd as readFile, writePsdUint8Array } from "ag-psd";
import { blankDocument } from "./app-dom.ts";
import type { Application } from "./application.ts";
import { boxOf, heightOf, widthOf } from "./bounds.ts";
import { composite } from "./composite.ts";
import { newLayer } from "./layer-edit.ts";
import { emptyRaster, inkBounds, type Raster, read, write } from "./raster.ts";
import { canvasOf, type DocumentState, type LayerState } from "./state.ts";

// Documents as PSD files and back, through ag-psd: 8-bit RGB with layers, groups, masks, opacity and visibility. Other
// depths and modes, locks and plugins' settings are not in what it writes.

// Pixels only: there is no canvas in Node.
initializeCanvas(
  () => {
    throw new Error("There is no canvas here.");
  },
  (width, height) =>
    ({ width, height, data: new Uint8ClampedArray(width * height * 4), colorSpace: "srgb" }) as ImageData,
);

/** Writes a document as a PSD file. */
export async function writePsd(state: DocumentState): Promise<Uint8Array> {
  if (state.mode !== "RGBColorMode" || state.depth !== 8) {
    throw new Error(`The simulator saves 8-bit RGB as PSD, and not ${state.depth}-bit ${state.mode}.`);
  }
  const { width, height, resolution, xmp } = state;
  const seen = composite(state, canvasOf(state));
  const psd: Psd = {
    width,
    height,
    imageData: { width, height, data: new Uint8ClampedArray(seen.data) },
    children: [...state.layers].reverse().map(toFile),
    imageResources: {
      resolutionInfo: {
        horizontalResolution: resolution,
        horizontalResolutionUnit: "PPI",
        widthUnit: "Inches",
        verticalResolution: resolution,
        verticalResolutionUnit: "PPI",
        heightUnit: "Inches",
      },
      ...(xmp === "" ? {} : { xmpMetadata: xmp }),
    },
  };
  return writePsdUint8Array(psd, { noBackground: !state.layers.some(({ background }) => background) });
}

function toFile(layer: LayerState): FileLayer {
  const made: FileLayer = {
    name: layer.name,
    hidden: !layer.visible,
    opacity: layer.opacity / 255,
    clipping: layer.clipped,
    blendMode: layer.blendMode === "passThrough" ? "pass through" : (layer.blendMode as "normal"),
  };
  if (layer.layers) made.children = [...layer.layers].reverse().map(toFile);
  const box = layer.pixels && inkBounds(layer.pixels);
  if (layer.pixels && box) {
    made.left = box.left;
    made.top = box.top;
    made.imageData = { ...sizeOf(box), data: new Uint8ClampedArray(read(layer.pixels, box)) };
  }
  const around = layer.mask && (inkBounds(layer.mask) ?? boxOf(0, 0, 1, 1));
  if (layer.mask && around) {
    const values = read(layer.mask, around);
    const data = Uint8ClampedArray.from({ length: values.length * 4 }, (_, i) =>
      i % 4 === 3 ? 255 : (values[i >> 2] as number),
    );
    made.mask = { ...around, defaultColor: layer.mask.outside, imageData: { ...sizeOf(around), data } };
  }
  return made;
}

const sizeOf = (box: Parameters<typeof widthOf>[0]) => ({ width: widthOf(box), height: heightOf(box) });

/** Reads a PSD file; layers get new ids, as they do in Photoshop. */
export async function readPsd(app: Application, bytes: Uint8Array): Promise<DocumentState> {
  const file = readFile(bytes, { useImageData: true, skipThumbnail: true });
  if ((file.bitsPerChannel ?? 8) !== 8) throw new Error("The simulator opens PSD files of 8 bits a channel only.");
  const { width, height } = file;
  const resolution = file.imageResources?.resolutionInfo?.horizontalResolution ?? 72;
  const base = blankDocument(app, { width, height, resolution, fill: "transparent" });
  const lowest = file.children?.[0];
  const layers = [...(file.children ?? [])].reverse().map((one) => {
    // A file's lowest layer is the Background when it has no transparency.
    const background = one === lowest && one.name === "Background" && one.transparencyProtected === true;
    return fromFile(app, base, one, background);
  });
  const [top] = layers;
  return { ...base, layers, active: top ? [top.id] : [], xmp: file.imageResources?.xmpMetadata ?? "" };
}

function fromFile(app: Application, base: DocumentState, file: FileLayer, background: boolean): LayerState {
  const { name = "Layer", left = 0, top = 0, imageData, mask, children } = file;
  const blank = emptyRaster(4, 8);
  const pixels =
    imageData === undefined
      ? blank
      : write(blank, boxOf(left, top, imageData.width, imageData.height), Uint8Array.from(imageData.data));
  const blendMode = file.blendMode === "pass through" ? "passThrough" : (file.blendMode ?? "normal");
  return newLayer(app, base, {
    name,
    kind: children ? "group" : "pixel",
    visible: file.hidden !== true,
    opacity: Math.round((file.opacity ?? 1) * 255),
    clipped: file.clipping ?? false,
    blendMode,
    background,
    pixels: children ? null : pixels,
    mask: mask?.imageData ? maskFrom(mask) : null,
    layers: children ? [...children].reverse().map((one) => fromFile(app, base, one, false)) : null,
  });
}

function maskFrom({ left = 0, top = 0, defaultColor = 0, imageData }: NonNullable<FileLayer["mask"]>): Raster {
  const { width, height, data } = imageData as NonNullable<typeof imageData>;
  const values = Uint8Array.from({ length: width * height }, (_, i) => data[i * 4] as number);
  return write(emptyRaster(1, 8, defaultColor), boxOf(left, top, width, height), values);
}
