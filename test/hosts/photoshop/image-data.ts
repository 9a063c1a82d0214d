import { type Coding, channelsOf, isProfile, type Space, working } from "./color.ts";
import { HostError } from "./failure.ts";
import { pause } from "./pause.ts";
import type { Picture } from "./pyramid.ts";
import { type Depth, type Samples, samples } from "./raster.ts";

// PhotoshopImageData: pixels that live in Photoshop's memory until they are disposed of. Every one that is not is
// counted: past 600 MB Photoshop warns, and the plugin is near its end.

/** What the plugin holds of a picture in Photoshop's memory. */
export interface PhotoshopImageData {
  readonly width: number;
  readonly height: number;
  readonly colorSpace: Exclude<Space, "CMYK">;
  readonly colorProfile: string;
  readonly hasAlpha: boolean;
  readonly components: number;
  readonly componentSize: Depth;
  readonly pixelFormat: string;
  readonly isChunky: boolean;
  readonly type: "image/uncompressed";
  getData(options?: { readonly chunky?: boolean; readonly fullRange?: boolean }): Promise<Samples>;
  /** At once, not a promise. */
  dispose(): void;
}

const formats = { RGB: "RGB", Grayscale: "Grayscale", Lab: "LAB" } as const;
const warnAbove = 600e6;

/** The image data that is alive. */
export class ImageStore {
  readonly #held = new Map<PhotoshopImageData, Picture>();
  readonly #warn: (text: string) => void;
  #bytes = 0;

  constructor(warn: (text: string) => void) {
    this.#warn = warn;
  }

  get handles(): number {
    return this.#held.size;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Keeps a picture for the plugin. */
  keep(picture: Picture, coding: Coding, isChunky = true): PhotoshopImageData {
    const { width, height, channels, depth } = picture;
    const space = coding.space as PhotoshopImageData["colorSpace"];
    const hasAlpha = channels > channelsOf[space];
    const image: PhotoshopImageData = {
      width,
      height,
      colorSpace: space,
      colorProfile: coding.profile,
      hasAlpha,
      components: channels,
      componentSize: depth,
      pixelFormat: hasAlpha ? (space === "RGB" ? "RGBA" : `${formats[space]}Alpha`) : formats[space],
      isChunky,
      type: "image/uncompressed",
      getData: async ({ chunky = true, fullRange = false } = {}) => {
        this.pictureOf(image);
        await pause();
        const { data } = this.pictureOf(image);
        const ordered = chunky ? data.slice() : planar(data, channels);
        return depth === 16 && fullRange ? ordered.map((value) => Math.round((value * 65535) / 32768)) : ordered;
      },
      dispose: () => {
        if (this.#held.delete(image)) this.#bytes -= picture.data.byteLength;
      },
    };
    this.#held.set(image, picture);
    const before = this.#bytes;
    this.#bytes += picture.data.byteLength;
    if (before <= warnAbove && this.#bytes > warnAbove) {
      this.#warn(`Plugin memory usage increased to: ${Math.round(this.#bytes / 1e6)}MB.`);
    }
    return image;
  }

  /** The pixels behind image data; throws for data that was disposed of or never was one. */
  pictureOf(image: unknown): Picture {
    const picture = this.#held.get(image as PhotoshopImageData);
    if (picture) return picture;
    const looksLike = typeof image === "object" && image !== null && "getData" in image;
    throw new HostError(
      looksLike ? "The image data has been disposed" : "imageData is not a PhotoshopImageData object",
    );
  }

  /** Lets everything go, as the end of the plugin does. */
  clear(): void {
    this.#held.clear();
    this.#bytes = 0;
  }
}

/** All values of a channel, then all of the next. */
function planar(data: Samples, channels: number): Samples {
  const out = data.slice();
  const count = data.length / channels;
  for (let c = 0; c < channels; c++)
    for (let i = 0; i < count; i++) out[c * count + i] = data[i * channels + c] as number;
  return out;
}

/** What `createImageDataFromBuffer` takes. */
export interface BufferOptions {
  readonly width: number;
  readonly height: number;
  readonly components: number;
  readonly chunky?: boolean;
  readonly colorProfile?: string;
  readonly colorSpace: string;
  readonly fullRange?: boolean;
}

const depths: Readonly<Record<string, Depth>> = { Uint8Array: 8, Uint16Array: 16, Float32Array: 32 };

/** A profile that image data may name; Photoshop knows no name with the suffix that 32-bit documents show. */
export function checkedProfile(space: Space, name: string | undefined): string {
  if (name === undefined || name === "") return "";
  if (!isProfile(space, name)) throw new HostError(`The color profile "${name}" is not known for ${space}`);
  return name;
}

/** A plugin's array as a picture, after every check that Photoshop makes. */
export function fromBuffer(buffer: unknown, given: BufferOptions | undefined): [picture: Picture, coding: Coding] {
  const depth = depths[Object.prototype.toString.call(buffer).slice(8, -1)];
  if (!depth) throw new HostError("Argument 1 must be a Uint8Array, a Uint16Array or a Float32Array");
  const values = buffer as Samples;
  const {
    width,
    height,
    components,
    chunky = true,
    colorProfile,
    colorSpace,
    fullRange = false,
  } = given ?? ({} as never);
  for (const [name, value] of Object.entries({ width, height, components })) {
    if (!Number.isInteger(value) || value < 1) throw new HostError(`"${name}" must be a whole number above 0`);
  }
  if (colorSpace !== "RGB" && colorSpace !== "Grayscale" && colorSpace !== "Lab") {
    throw new HostError(`"colorSpace" must be "RGB", "Grayscale" or "Lab", and is ${JSON.stringify(colorSpace)}`);
  }
  const colors = channelsOf[colorSpace];
  if (components !== colors && components !== colors + 1) {
    throw new HostError(`${colorSpace} has ${colors} components, or ${colors + 1} with alpha, and not ${components}`);
  }
  if (values.length !== width * height * components) {
    throw new HostError(
      `The buffer has ${values.length} elements and must have width * height * components = ${width * height * components}`,
    );
  }
  const profile = checkedProfile(colorSpace, colorProfile);
  const data = samples(depth, values.length);
  const count = width * height;
  for (let i = 0; i < data.length; i++) {
    const value = values[chunky ? i : (i % components) * count + Math.floor(i / components)] as number;
    data[i] = depth !== 16 ? value : fullRange ? Math.round((value * 32768) / 65535) : Math.min(value, 32768);
  }
  return [
    { width, height, channels: components, depth, data, opaque: components === colors },
    { space: colorSpace, profile, depth },
  ];
}

/** What untagged image data means: the document's own profile where the space is the same, else the working one. */
export const untagged = (coding: Coding, document: Coding): Coding =>
  coding.profile !== ""
    ? coding
    : { ...coding, profile: coding.space === document.space ? document.profile : working[coding.space] };
