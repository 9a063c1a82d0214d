import type { PluginAPI, RGB, RGBA, SolidPaint } from "../typings.ts";

type Util = PluginAPI["util"];

// `figma.util`'s colours: hexadecimal ones, and objects of numbers. Of CSS's other ways to write a colour, none.

function parse(colour: string): RGBA {
  const digits = /^#?([0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i.exec(colour)?.[1];
  if (digits === undefined) throw new Error(`The simulator reads hexadecimal colours only, not "${colour}".`);
  const pairs = digits.length < 6 ? [...digits].map((digit) => digit + digit) : (digits.match(/../g) ?? []);
  const [r = 0, g = 0, b = 0, a = 1] = pairs.map((pair) => Number.parseInt(pair, 16) / 255);
  return { r, g, b, a };
}

/** A colour with its alpha. */
export const rgba: Util["rgba"] = (colour, alpha) => {
  const { r, g, b, a } = typeof colour === "string" ? parse(colour) : { a: 1, ...(colour as RGB) };
  return { r, g, b, a: alpha ?? a };
};

/** A colour without alpha. */
export const rgb: Util["rgb"] = (colour) => {
  const { r, g, b } = rgba(colour);
  return { r, g, b };
};

/** A paint of one colour; its alpha becomes the paint's opacity. */
export const solidPaint: Util["solidPaint"] = (colour, overrides = {}): SolidPaint => {
  const { a, ...color } = rgba(colour);
  return { type: "SOLID", color, ...(a === 1 ? {} : { opacity: a }), ...overrides };
};
