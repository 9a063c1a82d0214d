import type { Pixels } from "../core/pixels.ts";
import { readProfile } from "./icc.ts";
import type { ColourClaim, Curve, Raster } from "./raster.ts";
import { apply, type Matrix, multiply, srgbByte, toXyz, xyzToSrgb } from "./srgb.ts";
import { inRows, type Work } from "./turns.ts";

/**
 * Turns samples into 8-bit sRGB. Without a claim, and with one that means sRGB to within a level, samples stay as they
 * are; 16-bit ones become `round(v / 257)`. Otherwise light is computed from the full depth. Alpha is never light.
 */
export function* toSrgb(raster: Raster, claim: ColourClaim | undefined, notes: string[]): Work<Pixels> {
  const conversion = claim && conversionOf(claim, raster, notes);
  if (!conversion) return yield* reduced(raster);
  const full = raster.data instanceof Uint16Array ? 65535 : 255;
  const convert = conversion.kind === "matrix" ? byMatrix(conversion, full) : byFunction(conversion.convert, full);
  if (meansSrgb(full, convert)) return yield* reduced(raster);
  notes.push(conversion.note);
  const { width, height, data } = raster;
  const pixels = { width, height, data: new Uint8ClampedArray(data.length) };
  // A profile's tables take their time.
  yield* inRows(height, 8 * width, (y) => {
    for (let at = 4 * y * width, end = at + 4 * width; at < end; at += 4) {
      pixels.data[at + 3] = full === 255 ? (data[at + 3] as number) : Math.round((data[at + 3] as number) / 257);
      convert(data, at, pixels.data);
    }
  });
  return pixels;
}

/** Keeps the colours and brings the samples to 8 bits. */
function* reduced({ width, height, data }: Raster): Work<Pixels> {
  if (!(data instanceof Uint16Array)) {
    return { width, height, data: new Uint8ClampedArray(data.buffer, data.byteOffset, data.length) };
  }
  const bytes = new Uint8ClampedArray(data.length);
  yield* inRows(height, 4 * width, (y) => {
    for (let i = 4 * y * width, end = i + 4 * width; i < end; i++) bytes[i] = Math.round((data[i] as number) / 257);
  });
  return { width, height, data: bytes };
}

type Samples = Raster["data"];
type Convert = (from: Samples, at: number, to: Uint8ClampedArray) => void;
type Conversion = { readonly note: string } & (
  | { readonly kind: "matrix"; readonly curves: readonly Curve[]; readonly matrix: Matrix }
  | { readonly kind: "function"; readonly convert: (samples: readonly number[]) => readonly number[] }
);

function conversionOf(claim: ColourClaim, raster: Raster, notes: string[]): Conversion | undefined {
  if ("curve" in claim) {
    const { curve, primaries, said } = claim;
    const matrix = multiply(xyzToSrgb, toXyz(primaries));
    return { kind: "matrix", curves: [curve, curve, curve], matrix, note: `Converted to sRGB by its ${said}.` };
  }
  const profile = readProfile(claim.profile);
  if (!profile || (profile.space === "GRAY" && !isGrey(raster))) {
    notes.push("Its colour profile cannot be used (damaged, or not for its kind of colours) and was passed over.");
    return undefined;
  }
  const note = "Converted to sRGB from its colour profile.";
  if (profile.kind === "table") {
    return { kind: "function", convert: (samples) => apply(xyzToSrgb, profile.xyz(samples)), note };
  }
  return { kind: "matrix", curves: profile.curves, matrix: multiply(xyzToSrgb, profile.matrix), note };
}

function isGrey({ data }: Raster): boolean {
  for (let i = 0; i < data.length; i += 4) if (data[i] !== data[i + 1] || data[i] !== data[i + 2]) return false;
  return true;
}

/** Curves become tables over all sample values, so that a pixel costs nine multiplications. */
function byMatrix({ curves, matrix }: { curves: readonly Curve[]; matrix: Matrix }, full: number): Convert {
  const [reds, greens, blues] = curves.map((curve) =>
    Float64Array.from({ length: full + 1 }, (_, i) => curve(i / full)),
  ) as [Float64Array, Float64Array, Float64Array];
  const [a, b, c, d, e, f, g, h, i] = matrix as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  return (from, at, to) => {
    const red = reds[from[at] as number] as number;
    const green = greens[from[at + 1] as number] as number;
    const blue = blues[from[at + 2] as number] as number;
    to[at] = srgbByte(a * red + b * green + c * blue);
    to[at + 1] = srgbByte(d * red + e * green + f * blue);
    to[at + 2] = srgbByte(g * red + h * green + i * blue);
  };
}

function byFunction(convert: (samples: readonly number[]) => readonly number[], full: number): Convert {
  return (from, at, to) => {
    const light = convert([from[at] as number, from[at + 1] as number, from[at + 2] as number].map((v) => v / full));
    for (let channel = 0; channel < 3; channel++) to[at + channel] = srgbByte(light[channel] as number);
  };
}

/** True where a conversion moves no colour of a grid, and no grey, by more than one level. */
function meansSrgb(full: number, convert: Convert): boolean {
  const samples = full === 255 ? new Uint8Array(4) : new Uint16Array(4);
  const bytes = new Uint8ClampedArray(4);
  const near = (red: number, green: number, blue: number): boolean => {
    const wanted = [red, green, blue];
    for (let channel = 0; channel < 3; channel++) samples[channel] = ((wanted[channel] as number) * full) / 255;
    convert(samples, 0, bytes);
    return wanted.every((value, channel) => Math.abs(value - (bytes[channel] as number)) <= 1);
  };
  for (let grey = 0; grey < 256; grey++) if (!near(grey, grey, grey)) return false;
  for (let red = 0; red < 256; red += 15) {
    for (let green = 0; green < 256; green += 15) {
      for (let blue = 0; blue < 256; blue += 15) if (!near(red, green, blue)) return false;
    }
  }
  return true;
}
