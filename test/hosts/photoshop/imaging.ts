import { type Application, boundsFrom } from "./application.ts";
import { atLevel, type Bounds, boxOf, heightOf, isEmpty, meet, widthOf } from "./bounds.ts";
import { type Coding, channelsOf, convert, rescaled, type Space, working } from "./color.ts";
import { composite, layerPicture, matted, withAlpha, withoutAlpha } from "./composite.ts";
import { HostError } from "./failure.ts";
import { type BufferOptions, checkedProfile, fromBuffer, type ImageStore, untagged } from "./image-data.ts";
import { levelFor, levelOf, type Picture, pictureOf, resized } from "./pyramid.ts";
import { type Depth, emptyRaster, full, inkWithin, type Raster, samples, write } from "./raster.ts";
import { trimmed } from "./region.ts";
import {
  canvasOf,
  codingOf,
  type DocumentState,
  type LayerState,
  layerBounds,
  layerChannels,
  spaceOf,
  withLayer,
} from "./state.ts";

// `require("photoshop").imaging`, with what makes it hard: it trims, it answers in the coordinates of a smaller cached
// picture, it gives three or four channels, half ranges and planes, and writing takes away what it does not replace.

interface Size {
  readonly width?: number;
  readonly height?: number;
}

/** What getPixels takes. */
interface GetPixelsOptions {
  readonly documentID?: number;
  readonly layerID?: number;
  readonly historyStateID?: number;
  readonly sourceBounds?: unknown;
  readonly targetSize?: Size;
  readonly colorSpace?: string;
  readonly colorProfile?: string;
  readonly componentSize?: number;
  readonly applyAlpha?: boolean;
}

interface PutOptions {
  readonly documentID?: number;
  readonly layerID?: number;
  readonly kind?: string;
  readonly imageData?: unknown;
  readonly replace?: boolean;
  readonly targetBounds?: { readonly left?: number; readonly top?: number };
  readonly commandName?: string;
}

interface GetMaskOptions {
  readonly documentID?: number;
  readonly layerID?: number;
  readonly kind?: string;
  readonly sourceBounds?: unknown;
  readonly targetSize?: Size;
}

/** Writes RGB bytes as a JPEG file. */
export type EncodeJpeg = (rgb: Uint8Array, width: number, height: number) => Promise<Uint8Array>;

/** Makes the imaging module of one plugin. */
export function imagingModule(app: Application, store: ImageStore, encodeJpeg: EncodeJpeg) {
  const call = <T>(name: string, body: () => T | Promise<T>): Promise<T> => app.call(name, body);

  async function getPixels(options: GetPixelsOptions = {}) {
    return call("getPixels", () => {
      const open = app.document(options.documentID);
      const entry = open.entries.find(({ id }) => id === options.historyStateID);
      if (options.historyStateID !== undefined && !entry) {
        throw new HostError(`There is no history state ${options.historyStateID}`);
      }
      const document = entry?.state ?? open.state;
      readable(document);
      const layer = options.layerID === undefined ? null : app.layer(open, options.layerID).layer;
      const picked = pick(document, layer, options);
      const coding = wanted(options, codingOf(document));
      const flat = !picked.picture.opaque && options.applyAlpha === true ? matted(picked.picture) : picked.picture;
      const alpha = flat.opaque !== true;
      const data = convert(flat.data, codingOf(document), coding, alpha);
      const channels = channelsOf[coding.space] + Number(alpha);
      const imageData = store.keep({ ...flat, channels, depth: coding.depth, data, opaque: !alpha }, coding);
      return { imageData, sourceBounds: { ...picked.bounds }, level: picked.level };
    });
  }

  /** The pixels asked for, in the document's own numbers: trimmed, from a cache level, in the size asked for. */
  function pick(document: DocumentState, layer: LayerState | null, options: GetPixelsOptions) {
    if (layer && !layer.pixels) {
      throw new HostError(`getPixels reads no pixels of layer "${layer.name}", whose kind is "${layer.kind}"`);
    }
    const canvas = canvasOf(document);
    const limits = layer ? layerBounds(document, layer) : canvas;
    const asked = options.sourceBounds === undefined ? limits : boundsFrom(options.sourceBounds, "sourceBounds");
    const inside = limits && asked ? meet(whole(asked), limits) : nowhere;
    const ink = app.manners.trim === "ink" ? trimmed(document, layer, inside) : inside;
    if (!ink || isEmpty(ink))
      return { picture: nothing(layerChannels(document), document.depth), bounds: nowhere, level: 0 };
    const [width, height] = target(options.targetSize, ink);
    const level = levelFor(ink, width, height, app.manners.cacheLevels - 1);
    const bounds = atLevel(ink, level);
    const solid = layer ? layer.background : document.layers.some((one) => one.background && one.visible);
    const picture = scaled(bounds, level, width, height, (box, deep) => {
      const seen = layer ? layerPicture(document, layer, box, deep) : composite(document, box, deep);
      return solid ? withoutAlpha(seen) : seen;
    });
    return { picture, bounds, level };
  }

  async function putPixels(options: PutOptions = {}) {
    return call("putPixels", () => {
      const open = app.document(options.documentID);
      const document = open.state;
      readable(document);
      const { layer } = app.layer(open, idOf(options.layerID, "putPixels"));
      if (layer.kind !== "pixel" || !layer.pixels) {
        throw new HostError(`putPixels writes to pixel layers only, and "${layer.name}" is of kind "${layer.kind}"`);
      }
      if (layer.locks.all || layer.locks.pixels) throw new HostError(`The layer "${layer.name}" is locked`);
      if (!layer.visible) throw new HostError(`The target layer "${layer.name}" is hidden`);
      const picture = store.pictureOf(options.imageData);
      const coding = untagged(codingOfImage(options.imageData as CodedImage), codingOf(document));
      if (spaceOf(document.mode) === "CMYK" && app.manners.cmyk === "refuse") {
        throw new HostError(`putPixels cannot write ${coding.space} data into a CMYK document`);
      }
      const made = asLayer(document, layer, picture, coding);
      const at = corner(options.targetBounds);
      const box = boxOf(at.left, at.top, picture.width, picture.height);
      const ground = options.replace === false ? layer.pixels : emptyRaster(layerChannels(document), document.depth);
      const pixels = write(ground, box, made.data);
      const event = {
        _obj: "set",
        _target: [
          { _ref: "layer", _id: layer.id },
          { _ref: "document", _id: open.id },
        ],
      };
      app.change(open, options.commandName ?? "Put Pixels", withLayer(document, layer.id, { pixels }), event);
    });
  }

  async function getLayerMask(options: GetMaskOptions = {}) {
    return call("getLayerMask", () => {
      const open = app.document(options.documentID);
      const { layer } = app.layer(open, idOf(options.layerID, "getLayerMask"));
      if ((options.kind ?? "user") !== "user" || !layer.mask) {
        throw new HostError(`The layer "${layer.name}" has no ${options.kind ?? "user"} mask`);
      }
      return coverage(layer.mask, options, open.state, false);
    });
  }

  async function getSelection(options: GetMaskOptions = {}) {
    return call("getSelection", () => {
      const { state } = app.document(options.documentID);
      const selection = state.quickMask ? null : state.selection;
      if (!selection) throw new HostError("There is no selection");
      return coverage(selection, options, state, true);
    });
  }

  /** A mask or a selection as image data: one channel of the document's depth, in the gray working space. */
  function coverage(raster: Raster, options: GetMaskOptions, document: DocumentState, trims: boolean) {
    const { depth } = document;
    const given = options.sourceBounds as Partial<Bounds> | undefined;
    if (given !== undefined && (given.right === undefined || given.bottom === undefined)) {
      throw new HostError("sourceBounds needs left, top, right and bottom");
    }
    const asked = given === undefined ? canvasOf(document) : whole(boundsFrom(given, "sourceBounds"));
    const area = trims ? inkWithin(raster, asked) : asked;
    const covered = area && !isEmpty(area) ? area : null;
    const picture = covered ? coverPicture(raster, covered, options.targetSize) : nothing(1, raster.depth);
    const data = rescaled(picture.data, picture.depth, depth);
    const imageData = store.keep({ ...picture, depth, data, opaque: true }, grayOf(depth));
    return { imageData, sourceBounds: { ...(covered ?? nowhere) } };
  }

  function coverPicture(raster: Raster, area: Bounds, size: Size | undefined): Picture {
    const [width, height] = target(size, area);
    return scaled(area, 0, width, height, (box, level) => pictureOf(levelOf(raster, level), box));
  }

  /** What there is where there is nothing. */
  function nothing(channels: number, depth: Depth): Picture {
    if (app.manners.blank === "throw") throw new HostError("There are no pixels inside of sourceBounds");
    return { width: 0, height: 0, channels, depth, data: samples(depth, 0) };
  }

  const grayOf = (depth: Depth): Coding => ({ space: "Grayscale", profile: app.manners.grayProfile, depth });

  /** Image data as the values of a mask: one gray channel, whose profile counts. */
  function coverFrom(options: PutOptions, depth: Depth): [box: Bounds, picture: Picture] {
    const picture = store.pictureOf(options.imageData);
    const coding = codingOfImage(options.imageData as CodedImage);
    if (picture.channels !== 1) {
      throw new HostError(`A mask needs image data with one gray component, and this has ${picture.channels}`);
    }
    const from = coding.profile === "" ? grayOf(coding.depth) : coding;
    const linear = coding.depth === 32 || depth === 32;
    const values = linear
      ? rescaled(picture.data, coding.depth, depth)
      : convert(picture.data, from, grayOf(depth), false);
    const at = corner(options.targetBounds);
    return [boxOf(at.left, at.top, picture.width, picture.height), { ...picture, depth, data: values }];
  }

  async function putLayerMask(options: PutOptions = {}) {
    return call("putLayerMask", () => {
      const open = app.document(options.documentID);
      const { layer } = app.layer(open, idOf(options.layerID, "putLayerMask"));
      if ((options.kind ?? "user") !== "user") throw new HostError('putLayerMask writes masks of kind "user" only');
      if (layer.background) throw new HostError("The Background layer can have no mask");
      if (layer.locks.all) throw new HostError(`The layer "${layer.name}" is locked`);
      const { depth } = open.state;
      const [box, picture] = coverFrom(options, depth);
      const outside = app.manners.maskOutside === 0 ? 0 : full(depth);
      const ground = options.replace === false && layer.mask ? layer.mask : emptyRaster(1, depth, outside);
      const state = withLayer(open.state, layer.id, { mask: write(ground, box, picture.data) });
      app.change(open, options.commandName ?? "Put Layer Mask", state, {
        _obj: "make",
        _target: [{ _ref: "channel" }],
      });
    });
  }

  async function putSelection(options: PutOptions = {}) {
    return call("putSelection", () => {
      const open = app.document(options.documentID);
      const [box, picture] = coverFrom(options, 8);
      const old = options.replace === false ? open.state.selection : null;
      const made = write(old ?? emptyRaster(1, 8), box, picture.data);
      const state = { ...open.state, selection: inkWithin(made, canvasOf(open.state)) ? made : null };
      const event = { _obj: "set", _target: [{ _ref: "channel", _property: "selection" }] };
      app.change(open, options.commandName ?? "Put Selection", state, event);
    });
  }

  async function createImageDataFromBuffer(buffer: unknown, options?: BufferOptions) {
    return call("createImageDataFromBuffer", () => {
      const [picture, coding] = fromBuffer(buffer, options);
      return store.keep(picture, coding, options?.chunky ?? true);
    });
  }

  async function encodeImageData(options: { readonly imageData?: unknown; readonly base64?: boolean } = {}) {
    return call("encodeImageData", async () => {
      const picture = store.pictureOf(options.imageData);
      const image = options.imageData as CodedImage;
      if (image.colorSpace !== "RGB") throw new HostError("encodeImageData takes RGB image data only");
      if (picture.channels !== 3) throw new HostError("encodeImageData takes no image data with an alpha channel");
      const from = untagged(codingOfImage(image), { space: "RGB", profile: working.RGB, depth: 8 });
      const rgb = convert(picture.data, from, { space: "RGB", profile: working.RGB, depth: 8 }, false);
      const jpeg = await encodeJpeg(rgb as Uint8Array, picture.width, picture.height);
      if (options.base64 !== true) return [...jpeg];
      let text = "";
      for (const byte of jpeg) text += String.fromCharCode(byte);
      return btoa(text);
    });
  }

  return {
    getPixels,
    putPixels,
    getLayerMask,
    putLayerMask,
    getSelection,
    putSelection,
    createImageDataFromBuffer,
    encodeImageData,
  };
}

/** An area of one level in another size, looked at no closer than that needs, so that huge documents take no time. */
function scaled(
  area: Bounds,
  level: number,
  width: number,
  height: number,
  look: (box: Bounds, level: number) => Picture,
): Picture {
  const more = levelFor(area, width, height, 20);
  const box = atLevel(area, more);
  const step = 2 ** more;
  const window = {
    left: area.left / step - box.left,
    top: area.top / step - box.top,
    width: widthOf(area) / step,
    height: heightOf(area) / step,
  };
  return resized(look(box, level + more), width, height, window);
}

const nowhere = boxOf(0, 0, 0, 0);

interface CodedImage {
  readonly colorSpace: Space;
  readonly colorProfile: string;
  readonly componentSize: Depth;
}

const codingOfImage = ({ colorSpace, colorProfile, componentSize }: CodedImage): Coding => ({
  space: colorSpace,
  profile: colorProfile,
  depth: componentSize,
});

/** Image data as a layer's own values, with alpha; the Background takes what was over white. */
function asLayer(document: DocumentState, layer: LayerState, picture: Picture, coding: Coding): Picture {
  const to = codingOf(document);
  const hasAlpha = picture.channels > channelsOf[coding.space];
  const data = convert(picture.data, coding, to, hasAlpha);
  const made = { ...picture, channels: channelsOf[to.space] + Number(hasAlpha), depth: to.depth, data };
  if (!hasAlpha) return withAlpha(made);
  return layer.background ? withAlpha(matted(made)) : made;
}

function readable({ mode }: DocumentState): void {
  if (!spaceOf(mode)) throw new HostError(`The imaging functions do not work on documents in ${mode}`);
}

function idOf(id: number | undefined, call: string): number {
  if (typeof id !== "number") throw new HostError(`${call} needs a layerID`);
  return id;
}

/** The coding that is asked for: what is not said stays the document's, unless imaging has no such space. */
function wanted(options: GetPixelsOptions, document: Coding): Coding {
  const named = options.colorSpace ?? (document.space === "CMYK" ? "RGB" : document.space);
  if (named !== "RGB" && named !== "Grayscale" && named !== "Lab") {
    throw new HostError(`"colorSpace" must be "RGB", "Grayscale" or "Lab", and is ${JSON.stringify(named)}`);
  }
  const size = options.componentSize ?? -1;
  if (size !== -1 && size !== 8 && size !== 16 && size !== 32) {
    throw new HostError(`"componentSize" must be -1, 8, 16 or 32, and is ${size}`);
  }
  const profile = checkedProfile(named, options.colorProfile);
  return {
    space: named,
    profile: profile !== "" ? profile : named === document.space ? document.profile : working[named],
    depth: size === -1 ? document.depth : size,
  };
}

/** Width and height of the answer: as they are, or as asked; one side alone keeps the proportions. */
function target(size: Size | undefined, area: Bounds): [width: number, height: number] {
  const [wide, high] = [widthOf(area), heightOf(area)];
  const { width, height } = size ?? {};
  for (const side of [width, height]) {
    if (side !== undefined && !(side > 0)) throw new HostError(`A side of targetSize is ${side}`);
  }
  if (width === undefined && height === undefined) return [wide, high];
  return [
    Math.max(1, Math.round(width ?? (wide * (height as number)) / high)),
    Math.max(1, Math.round(height ?? (high * (width as number)) / wide)),
  ];
}

const whole = ({ left, top, right, bottom }: Bounds): Bounds => ({
  left: Math.floor(left),
  top: Math.floor(top),
  right: Math.ceil(right),
  bottom: Math.ceil(bottom),
});

const corner = (at: PutOptions["targetBounds"]): { left: number; top: number } => ({
  left: Math.round(at?.left ?? 0),
  top: Math.round(at?.top ?? 0),
});
