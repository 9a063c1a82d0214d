import type { Gradient, GradientStop, Paint, Rect } from "@underdraw/engine/core";
import { type Fields, fieldsOf, listOf, numberOf, wordOf } from "./descriptor.ts";

// Photoshop's colours and gradients as a scene's paints. Numbers of RGB are the document's and are taken as sRGB; a colour
// in another space is not converted here but looked up in the layer's pixels.

/** A colour's channels from 0 to 255. */
export type Rgb = readonly [red: number, green: number, blue: number];

/** A colour as CSS, with an alpha from 0 to 1. */
export function cssColour([red, green, blue]: Rgb, alpha = 1): string {
  const channels = [red, green, blue].map((value) => Math.round(Math.min(255, Math.max(0, value)))).join(", ");
  return alpha >= 1 ? `rgb(${channels})` : `rgba(${channels}, ${Math.round(Math.max(0, alpha) * 10_000) / 10_000})`;
}

/** A descriptor's colour; null for one that is not of RGB, HSB or gray. */
export function colourFrom(value: unknown): Rgb | null {
  const colour = fieldsOf(value);
  // Green is called "grain" there, which is no mistake of ours.
  const rgb = [colour["red"], colour["grain"] ?? colour["green"], colour["blue"]].map(numberOf);
  if (rgb.every((channel) => channel !== null)) return rgb as unknown as Rgb;
  const [hue, saturation, brightness] = [colour["hue"], colour["saturation"], colour["brightness"]].map(numberOf);
  if (typeof hue === "number" && typeof saturation === "number" && typeof brightness === "number") {
    return fromHsb(hue, saturation / 100, brightness / 100);
  }
  // Gray counts ink: 100 is black.
  const gray = numberOf(colour["gray"]);
  if (gray === null) return null;
  const level = 255 * (1 - gray / 100);
  return [level, level, level];
}

function fromHsb(hue: number, saturation: number, brightness: number): Rgb {
  const channel = (shift: number): number => {
    const k = (((shift + hue / 60) % 6) + 6) % 6;
    return 255 * brightness * (1 - saturation * Math.max(0, Math.min(k, 4 - k, 1)));
  };
  return [channel(5), channel(3), channel(1)];
}

/** What a fill layer or a stroke is filled with. "pixels" stands for a colour that only the layer's own pixels tell. */
export type Content = Paint | "pixels";

/**
 * The paint of a fill layer's or a stroke's descriptor. A gradient reaches over `box` (in pixels of the document) when it is
 * aligned with its layer, as it is without a word, else over `canvas`. Patterns, and gradients that turn around a point
 * or have a diamond's shape, are "pixels".
 */
export function contentFrom(value: unknown, box: Rect, canvas: Rect, alpha = 1): Content {
  const content = fieldsOf(value);
  if ("gradient" in content) {
    return gradientFrom(content, content["align"] === false ? canvas : box, alpha) ?? "pixels";
  }
  const colour = colourFrom(content["color"]);
  return colour ? cssColour(colour, alpha) : "pixels";
}

/**
 * A linear, reflected or radial gradient. At 0 degrees it runs to the right, at 90 upwards, through the middle of the box.
 * Across a box it takes the box's width, upwards its height; how long Photoshop makes it in between is recalled: as far as
 * the box reaches in that direction, as in CSS.
 */
function gradientFrom(content: Fields, { x, y, width, height }: Rect, alpha: number): Gradient | null {
  const type = wordOf(content["type"]) ?? "linear";
  if (type !== "linear" && type !== "radial" && type !== "reflected") return null;
  const rising = stopsFrom(fieldsOf(content["gradient"]), alpha);
  if (rising === null) return null;
  const stops = content["reverse"] === true ? turned(rising) : rising;
  const turn = ((numberOf(content["angle"]) ?? 90) * Math.PI) / 180;
  const [across, up] = [Math.cos(turn), Math.sin(turn)];
  const scale = (numberOf(content["scale"]) ?? 100) / 100;
  const half = (scale * (Math.abs(across) * width + Math.abs(up) * height)) / 2;
  const offset = fieldsOf(content["offset"]);
  const cx = x + width / 2 + ((numberOf(offset["horizontal"]) ?? 0) * width) / 100;
  const cy = y + height / 2 + ((numberOf(offset["vertical"]) ?? 0) * height) / 100;
  if (type === "radial") return { type, from: [cx, cy, 0, cx, cy, half], stops };
  const from = [cx - across * half, cy + up * half, cx + across * half, cy - up * half];
  return { type: "linear", from, stops: type === "reflected" ? mirrored(stops) : stops };
}

const turned = (stops: readonly GradientStop[]): GradientStop[] =>
  stops.map(({ offset, colour }) => ({ offset: 1 - offset, colour })).reverse();

/** From the middle to both ends. */
const mirrored = (stops: readonly GradientStop[]): GradientStop[] => [
  ...turned(stops).map(({ offset, colour }) => ({ offset: offset / 2, colour })),
  ...stops.map(({ offset, colour }) => ({ offset: 0.5 + offset / 2, colour })),
];

/** Where a gradient's stops stand: from 0 to this. */
const FULL = 4096;

/** Numbers along a gradient, each with the place where the way to the next one is half done. */
type Track = readonly { readonly at: number; readonly middle: number; readonly values: readonly number[] }[];

function track(list: unknown, valuesOf: (stop: Fields) => readonly number[] | null): Track | null {
  const stops = listOf(list).map(fieldsOf);
  const made = stops.map((stop) => ({
    at: Math.min(1, Math.max(0, (numberOf(stop["location"]) ?? 0) / FULL)),
    middle: Math.min(0.95, Math.max(0.05, (numberOf(stop["midpoint"]) ?? 50) / 100)),
    values: valuesOf(stop) ?? [],
  }));
  if (made.length === 0 || made.some(({ values }) => values.length === 0)) return null;
  return made.sort((a, b) => a.at - b.at);
}

/** Where a track bends: its stops, and between two the place where half the way is done, if it is not in the middle. */
function bends(stops: Track): number[] {
  return stops.flatMap(({ at }, n) => {
    const next = stops[n + 1];
    // The midpoint is the later stop's: it tells of the way that leads there.
    return next && next.middle !== 0.5 ? [at, at + next.middle * (next.at - at)] : [at];
  });
}

/** The numbers at a place, as they are just before it or just after it: they differ where two stops stand in one place. */
function valuesAt(stops: Track, at: number, side: "before" | "after"): readonly number[] {
  const next = stops.findIndex((stop) => (side === "before" ? stop.at >= at : stop.at > at));
  const to = stops[next < 0 ? stops.length - 1 : next] as Track[number];
  const from = stops[next < 0 ? stops.length - 1 : Math.max(0, next - 1)] as Track[number];
  if (to.at <= from.at) return to.values;
  const way = Math.min(1, Math.max(0, (at - from.at) / (to.at - from.at)));
  const share = way < to.middle ? (0.5 * way) / to.middle : 1 - (0.5 * (1 - way)) / (1 - to.middle);
  return from.values.map((value, n) => value + share * ((to.values[n] ?? value) - value));
}

function stopsFrom(gradient: Fields, alpha: number): GradientStop[] | null {
  const colours = track(gradient["colors"], ({ color }) => colourFrom(color));
  if (colours === null) return null;
  const opacities = track(gradient["transparency"], ({ opacity }) => [(numberOf(opacity) ?? 100) / 100]);
  const offsets = [...new Set([0, 1, ...bends(colours), ...bends(opacities ?? [])])].sort((a, b) => a - b);
  return offsets.flatMap((offset) => {
    const colourAt = (side: "before" | "after"): string => {
      const [red = 0, green = 0, blue = 0] = valuesAt(colours, offset, side);
      const [opacity = 1] = opacities ? valuesAt(opacities, offset, side) : [1];
      return cssColour([red, green, blue], alpha * opacity);
    };
    const [before, after] = [colourAt("before"), colourAt("after")];
    return before === after ? [{ offset, colour: before }] : [before, after].map((colour) => ({ offset, colour }));
  });
}
