import { namedColours } from "./named-colours.ts";

/** Red, green and blue from 0 to 255, and alpha from 0 to 1. */
export type Rgba = readonly [red: number, green: number, blue: number, alpha: number];

/** Nobody names more colours than this; beyond, the oldest are read again. */
const mostKept = 1000;
const kept = new Map<string, Rgba | null>();

/**
 * Reads a colour of CSS: names, `transparent`, hex with 3, 4, 6 or 8 digits, `rgb`, `rgba`, `hsl`, `hsla` and `hwb` in both
 * ways of writing. `currentcolor` is black, for want of anything that it could be; null for what is no such colour.
 */
export function colourFrom(text: string): Rgba | null {
  const found = kept.get(text);
  if (found !== undefined) return found;
  const colour = read(text.trim().toLowerCase());
  if (kept.size >= mostKept) kept.delete(kept.keys().next().value as string);
  if (text.length < 100) kept.set(text, colour);
  return colour;
}

function read(text: string): Rgba | null {
  if (text.startsWith("#")) return fromHex(text.slice(1));
  if (text === "transparent" || text === "none") return [0, 0, 0, 0];
  if (text === "currentcolor") return [0, 0, 0, 1];
  const named = namedColours.get(text);
  if (named !== undefined) return [named >> 16, (named >> 8) & 255, named & 255, 1];
  const call = /^(rgb|hsl|hwb)a?\(([^()]*)\)$/.exec(text);
  return call ? fromCall(call[1] as "rgb" | "hsl" | "hwb", call[2] as string) : null;
}

function fromHex(digits: string): Rgba | null {
  if (!/^([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/.test(digits)) return null;
  const size = digits.length < 6 ? 1 : 2;
  const value = (n: number): number => {
    const part = digits.slice(n * size, (n + 1) * size);
    return Number.parseInt(size === 1 ? part + part : part, 16);
  };
  return [value(0), value(1), value(2), digits.length % 4 === 0 ? value(3) / 255 : 1];
}

/** Three parts, or four with alpha: apart by commas, or by spaces with a slash before alpha. */
function fromCall(space: "rgb" | "hsl" | "hwb", inside: string): Rgba | null {
  const [plain = "", after, more] = inside.split("/");
  const parts = inside.includes(",") ? inside.split(",").map((part) => part.trim()) : plain.trim().split(/\s+/);
  if (after !== undefined) parts.push(after.trim());
  // Without commas alpha stands behind a slash, and nowhere else.
  if (more !== undefined || (!inside.includes(",") && parts.length === 4 && after === undefined)) return null;
  if (parts.length < 3 || parts.length > 4) return null;
  const [first = "", second = "", third = "", fourth = "1"] = parts;
  const alpha = number(fourth, 1);
  const [a, b, c] =
    space === "rgb"
      ? [first, second, third].map((part) => number(part, 255))
      : [angle(first), ratio(second), ratio(third)];
  if (a === undefined || b === undefined || c === undefined || !Number.isFinite(a + b + c + alpha)) return null;
  const [red, green, blue] = space === "rgb" ? [a, b, c] : space === "hsl" ? fromHsl(a, b, c) : fromHwb(a, b, c);
  return [level(red), level(green), level(blue), Math.min(1, Math.max(0, alpha))];
}

const level = (value: number): number => Math.round(Math.min(255, Math.max(0, value)));

/** A number, or a share of `whole`; 0 for what is missing on purpose. */
function number(text: string, whole: number): number {
  if (text === "none") return 0;
  const match = /^([+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)(%?)$/.exec(text);
  if (!match) return Number.NaN;
  return match[2] ? (Number(match[1]) * whole) / 100 : Number(match[1]);
}

/** A percentage, or its number alone, from 0 to 1. */
function ratio(text: string): number {
  return Math.min(1, Math.max(0, number(text.endsWith("%") ? text.slice(0, -1) : text, 1) / 100));
}

const turns: Readonly<Record<string, number>> = { deg: 1, grad: 0.9, rad: 180 / Math.PI, turn: 360 };

/** An angle in degrees. */
function angle(text: string): number {
  const unit = /(deg|grad|rad|turn)$/.exec(text)?.[0];
  return unit ? number(text.slice(0, -unit.length), 1) * (turns[unit] as number) : number(text, 1);
}

function fromHsl(hue: number, saturation: number, lightness: number): readonly [number, number, number] {
  const most = saturation * Math.min(lightness, 1 - lightness);
  const channel = (n: number): number => {
    const k = (((n + hue / 30) % 12) + 12) % 12;
    return 255 * (lightness - most * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}

function fromHwb(hue: number, white: number, black: number): readonly [number, number, number] {
  const sum = white + black;
  if (sum >= 1) return [(255 * white) / sum, (255 * white) / sum, (255 * white) / sum];
  return fromHsl(hue, 1, 0.5).map((value) => value * (1 - sum) + 255 * white) as [number, number, number];
}
