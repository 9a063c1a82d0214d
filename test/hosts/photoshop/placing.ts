import type { Application } from "./application.ts";
import { boxOf, heightOf, widthOf } from "./bounds.ts";
import { convert, working } from "./color.ts";
import { HostError } from "./failure.ts";
import { addLayer, boundsOr, newLayer, stretched } from "./layer-edit.ts";
import { emptyRaster, inkBounds, write } from "./raster.ts";
import { type Descriptor, documentIn, layerIn, type Part, partsOf } from "./reference.ts";
import { canvasOf, codingOf, layerChannels, withLayer } from "./state.ts";

// Placing a file as a Smart Object, with what surprises there: the file's own resolution counts, it shrinks to fit the
// canvas, and it lands in the middle of the selection.

/** A picture file's pixels: sRGB, 8 bits, alpha straight. */
export interface FilePicture {
  /** What the layer will be called. */
  readonly name: string;
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array | Uint8ClampedArray;
  /** Pixels per inch; files without a word about it count as 72. */
  readonly resolution: number;
}

const unit = (given: unknown): number => Number((given as Part | undefined)?.["_value"]);

/** `placeEvent`. */
export async function placeFile(app: Application, command: Descriptor): Promise<Descriptor> {
  const open = documentIn(app, []);
  const path = (command["null"] as Part | undefined)?.["_path"];
  const picture = await app.readPicture(path);
  const { state } = open;
  const factor = state.resolution / picture.resolution;
  const canvas = canvasOf(state);
  const fit = Math.min(1, widthOf(canvas) / (picture.width * factor), heightOf(canvas) / (picture.height * factor));
  const [width, height] = [picture.width, picture.height].map((side) =>
    Math.max(1, Math.round(side * factor * fit)),
  ) as [number, number];
  const around = (state.selection && inkBounds(state.selection)) ?? canvas;
  const offset = (command["offset"] ?? {}) as Part;
  const left = Math.round((around.left + around.right - width) / 2 + (unit(offset["horizontal"]) || 0));
  const top = Math.round((around.top + around.bottom - height) / 2 + (unit(offset["vertical"]) || 0));
  const from = { space: "RGB", profile: working.RGB, depth: 8 } as const;
  const data = convert(Uint8Array.from(picture.data), from, codingOf(state), true);
  const blank = emptyRaster(layerChannels(state), state.depth);
  const own = boxOf(0, 0, picture.width, picture.height);
  const pixels = stretched(write(blank, own, data), own, boxOf(left, top, width, height));
  const layer = newLayer(app, state, { name: picture.name, kind: "smartObject", pixels });
  app.change(open, "Place Embedded", addLayer(state, layer));
  return { ID: layer.id };
}

/** `transform`: scales a layer around its middle, then moves it. */
export function transformLayer(app: Application, command: Descriptor): Descriptor {
  const parts = partsOf(command["_target"] ?? [{ _ref: "layer", _enum: "ordinal", _value: "targetEnum" }]);
  const open = documentIn(app, parts);
  const layer = layerIn(app, parts, open);
  if (!layer.pixels || layer.background || layer.locks.all || layer.locks.position) {
    throw new HostError('The command "Transform" is not currently available.', -25922);
  }
  const from = boundsOr(open.state, layer);
  const [across, down] = [command["width"], command["height"]].map((one) => (one === undefined ? 100 : unit(one))) as [
    number,
    number,
  ];
  const [width, height] = [
    Math.max(1, Math.round((widthOf(from) * across) / 100)),
    Math.max(1, Math.round((heightOf(from) * down) / 100)),
  ];
  const offset = (command["offset"] ?? {}) as Part;
  const left = Math.round((from.left + from.right - width) / 2 + (unit(offset["horizontal"]) || 0));
  const top = Math.round((from.top + from.bottom - height) / 2 + (unit(offset["vertical"]) || 0));
  const pixels = stretched(layer.pixels, from, boxOf(left, top, width, height));
  app.change(open, "Free Transform", withLayer(open.state, layer.id, { pixels }));
  return {};
}
