import { type ConditionMap, type Control, flattened, type GenerateRequest } from "@underdraw/engine";
import { createPixels, type Pixels, type Rect } from "@underdraw/engine/core";
import type { Size } from "./resolution.ts";

/** Red, green and blue of a plain ground. */
type Ground = readonly [red: number, green: number, blue: number];

/** A map made ready for a model that draws more than the picture. */
export interface FramedMap {
  /** In the proportions of what is sampled; beyond the picture there is the map's background. */
  readonly map: ConditionMap;
  /** The part of it that the picture shows. */
  readonly shown: ConditionMap;
  /** True when it had other proportions than the picture, so that its middle was taken. */
  readonly cut: boolean;
}

/**
 * Lays a map over the top left part of what is sampled, where the picture is. One of the picture's size fits exactly;
 * another stays in its own size and is scaled by the engine, which knows how each kind of map is scaled, within half a
 * pixel of the exact place. What is transparent in it becomes its background.
 */
export function framed(map: ConditionMap, picture: Size, sampled: Size): FramedMap {
  const { pixels, shown, cut } = framedPixels(map.pixels, map.background ?? [0, 0, 0], picture, sampled);
  return { map: { ...map, pixels }, shown: { ...map, pixels: shown }, cut };
}

/** Pixels made ready as a map is. */
interface FramedPixels {
  readonly pixels: Pixels;
  readonly shown: Pixels;
  readonly cut: boolean;
}

/** Lays any picture that belongs to what was captured over the top left part of what is sampled. */
function framedPixels(pixels: Pixels, background: Ground, picture: Size, sampled: Size): FramedPixels {
  const whole = flattened(pixels, background);
  const middle = middleOf(whole, picture);
  const cut = middle.width < whole.width - 1 || middle.height < whole.height - 1;
  const shown = cut ? part(whole, middle) : whole;
  const side = (length: number, from: number, to: number) => Math.max(length, Math.round((length * to) / from));
  const width = side(shown.width, picture.width, sampled.width);
  const height = side(shown.height, picture.height, sampled.height);
  const fits = width === shown.width && height === shown.height;
  return { pixels: fits ? shown : on(background, shown, width, height), shown, cut };
}

/** What lies over the picture beside a map: where a control steers, what is begun with and where that may change. */
export type Overlays = Pick<Control, "mask"> & Pick<GenerateRequest, "init">;

/** A mask is black where it is not, and what is begun with is white. */
const grounds = { mask: [0, 0, 0], picture: [255, 255, 255] } as const;

/** Makes masks and the picture to begin with ready as maps are: as they are sampled, and the part that is shown. */
export function framedOverlays(
  { mask, init }: Overlays,
  picture: Size,
  sampled: Size,
): { readonly asked: Overlays; readonly shown: Overlays } {
  const frame = (pixels: Pixels, ground: Ground) => framedPixels(pixels, ground, picture, sampled);
  const over = mask && frame(mask, grounds.mask);
  const begin = init && frame(init.picture, grounds.picture);
  const change = init?.mask && frame(init.mask, grounds.mask);
  const of = (which: "pixels" | "shown"): Overlays => ({
    ...(over && { mask: over[which] }),
    ...(init && begin && { init: { ...init, picture: begin[which], ...(change && { mask: change[which] }) } }),
  });
  return { asked: of("pixels"), shown: of("shown") };
}

/** The part of a framed request's maps, masks and picture to begin with that the picture shows. */
export function unframedRequest(
  { controls, init, width, height }: GenerateRequest & Size,
  picture: Size,
): Pick<GenerateRequest, "controls" | "init"> {
  const sampled = { width, height };
  const cut = (pixels: Pixels) => shownPart(pixels, picture, sampled);
  return {
    controls: controls.map((control) => ({
      ...control,
      map: unframed(control.map, picture, sampled),
      ...(control.mask && { mask: cut(control.mask) }),
    })),
    ...(init && { init: { ...init, picture: cut(init.picture), ...(init.mask && { mask: cut(init.mask) }) } }),
  };
}

/** The part of a framed map that the picture shows. */
function unframed(map: ConditionMap, picture: Size, sampled: Size): ConditionMap {
  const pixels = shownPart(map.pixels, picture, sampled);
  return pixels === map.pixels ? map : { ...map, pixels };
}

function shownPart(pixels: Pixels, picture: Size, sampled: Size): Pixels {
  const { width, height } = pixels;
  const side = (length: number, whole: number, shown: number) => Math.max(1, Math.round((length * shown) / whole));
  const area = {
    x: 0,
    y: 0,
    width: side(width, sampled.width, picture.width),
    height: side(height, sampled.height, picture.height),
  };
  return part(pixels, area);
}

/** An area of pixels, which lies within them. */
export function part(pixels: Pixels, { x, y, width, height }: Rect): Pixels {
  if (x === 0 && y === 0 && width === pixels.width && height === pixels.height) return pixels;
  const made = createPixels(width, height);
  for (let row = 0; row < height; row++) {
    const from = 4 * ((row + y) * pixels.width + x);
    made.data.set(pixels.data.subarray(from, from + 4 * width), 4 * row * width);
  }
  return made;
}

/** The largest area in the middle of a map that has the proportions of a picture. */
function middleOf({ width, height }: Size, picture: Size): Rect {
  const wide = Math.min(width, Math.max(1, Math.round((height * picture.width) / picture.height)));
  const tall = Math.min(height, Math.max(1, Math.round((width * picture.height) / picture.width)));
  return { x: (width - wide) >> 1, y: (height - tall) >> 1, width: wide, height: tall };
}

/** Pixels at the top left of a larger ground. */
function on(ground: Ground, pixels: Pixels, width: number, height: number): Pixels {
  const made = createPixels(width, height);
  for (let i = 0; i < made.data.length; i += 4) made.data.set([...ground, 255], i);
  for (let row = 0; row < pixels.height; row++) {
    const from = 4 * row * pixels.width;
    made.data.set(pixels.data.subarray(from, from + 4 * pixels.width), 4 * row * width);
  }
  return made;
}
