import type { Pixels } from "../core/pixels.ts";
import { channelOf, grayPixels, isGray, mean, opened, otsu, threshold } from "./plane.ts";
import { type Filter, resample } from "./resample.ts";
import { ridges, thinned } from "./thin.ts";

/**
 * How a map is resized. `content` looks at the map and picks; `thin` keeps lines of one pixel at one pixel; `binary`
 * keeps black and white; the filters do what they say.
 */
export type MapResize = "content" | "thin" | "binary" | Filter;

/**
 * Scales a condition map to the size that a net reads, so that it stays the kind of map it was: flat colours make no new
 * ones, lines of one pixel stay lines of one pixel, black and white stay black and white. A map that has the size already
 * is given back as it is. The aspect ratio is the caller's matter: see `fitMap`. The map should be opaque.
 * Throws a `RangeError` for a size that is not whole or below 1.
 */
export function resizeMap(map: Pixels, width: number, height: number, how: MapResize = "content"): Pixels {
  if (map.width === width && map.height === height) return map;
  const rule = how === "content" ? contentRule(map, width, height) : how;
  const smooth = width * height < map.width * map.height ? "area" : "cubic";
  if (rule !== "thin" && rule !== "binary") return resample(map, width, height, rule);
  const gray = mean(resample(map, width, height, smooth));
  if (rule === "binary") return grayPixels(threshold(gray, otsu(gray)));
  const lines = ridges(gray);
  return grayPixels(
    thinned(threshold(lines, otsu(lines)), smooth === "cubic" && width * height > map.width * map.height),
  );
}

/**
 * Which rule suits a map, by what is in it (after WebUI's): few colours are flat areas, two that are black and white are
 * lines, thin ones if an opening takes more than half of their pixels, and all else is a picture.
 */
export function contentRule(map: Pixels, width: number, height: number): Exclude<MapResize, "content" | "linear"> {
  const colours = colourCount(map, 200);
  if (colours > 2 && colours < 200) return "nearest";
  if (colours === 2 && isBlackAndWhite(map)) return isThin(map) ? "thin" : "binary";
  return width * height < map.width * map.height ? "area" : "cubic";
}

/** How many colours a picture has, up to `limit`; alpha is not looked at. */
export function colourCount({ data }: Pixels, limit: number): number {
  const colours = new Set<number>();
  let last = -1;
  for (let i = 0; i < data.length && colours.size < limit; i += 4) {
    const colour = ((data[i] as number) << 16) | ((data[i + 1] as number) << 8) | (data[i + 2] as number);
    if (colour === last) continue;
    colours.add(colour);
    last = colour;
  }
  return colours.size;
}

function isBlackAndWhite({ data }: Pixels): boolean {
  let [least, most] = [255, 0];
  for (let i = 0; i < data.length; i++) {
    if (i % 4 === 3) continue;
    const value = data[i] as number;
    if (value < least) least = value;
    if (value > most) most = value;
  }
  return least < 16 && most > 240;
}

function isThin(map: Pixels): boolean {
  let [white, lost] = [0, 0];
  for (const channel of isGray(map) ? ([0] as const) : ([0, 1, 2] as const)) {
    const plane = channelOf(map, channel);
    const rest = opened(plane);
    for (let i = 0; i < plane.data.length; i++) {
      if ((plane.data[i] as number) > 127) white++;
      if ((rest.data[i] as number) < (plane.data[i] as number)) lost++;
    }
  }
  return 2 * lost > white;
}

/** How a map of another aspect ratio fits: the middle of it, all of it within a border, or all of it distorted. */
export type Fit = "crop" | "fill" | "stretch";

/**
 * Brings a map to the size that a net reads and keeps its proportions: `crop` covers the area and cuts off what stands
 * over on both sides, `fill` shows all of the map with a border in the middle colour of its edges, `stretch` distorts.
 * Sizes are rounded as WebUI does.
 */
export function fitMap(
  map: Pixels,
  width: number,
  height: number,
  options: { readonly fit?: Fit; readonly how?: MapResize } = {},
): Pixels {
  const { fit = "crop", how = "content" } = options;
  if (fit === "stretch" || map.width * height === map.height * width) return resizeMap(map, width, height, how);
  const pick = fit === "crop" ? Math.max : Math.min;
  const scale = pick(width / map.width, height / map.height);
  const side = (length: number, least: number) =>
    fit === "crop"
      ? Math.max(least, Math.round(length * scale))
      : Math.min(least, Math.max(1, Math.round(length * scale)));
  const scaled = resizeMap(map, side(map.width, width), side(map.height, height), how);
  const data = new Uint8ClampedArray(width * height * 4);
  if (fit === "fill") {
    const border = borderColour(map);
    for (let i = 0; i < data.length; i++) data[i] = border[i % 4] as number;
  }
  const left = Math.trunc((width - scaled.width) / 2);
  const top = Math.trunc((height - scaled.height) / 2);
  const [from, to] = [Math.max(0, -left), Math.min(scaled.width, width - left)];
  for (let y = Math.max(0, -top); y < Math.min(scaled.height, height - top); y++) {
    const start = 4 * (y * scaled.width + from);
    data.set(scaled.data.subarray(start, start + 4 * (to - from)), 4 * ((y + top) * width + from + left));
  }
  return { width, height, data };
}

/** The median of the four outermost lines, channel by channel. */
function borderColour({ width, height, data }: Pixels): readonly number[] {
  const places: number[] = [];
  for (let x = 0; x < width; x++) places.push(x, (height - 1) * width + x);
  for (let y = 0; y < height; y++) places.push(y * width, y * width + width - 1);
  return [0, 1, 2, 3].map((channel) => {
    const values = places.map((place) => data[4 * place + channel] as number).sort((a, b) => a - b);
    return ((values[(values.length - 1) >> 1] as number) + (values[values.length >> 1] as number)) >> 1;
  });
}
