import { curveOf } from "./icc-curves.ts";
import { lutOf } from "./icc-lut.ts";
import { tagsOf } from "./icc-tags.ts";
import type { Curve } from "./raster.ts";
import { d50, type Matrix } from "./srgb.ts";

/** How a profile turns stored samples, 0..1, into CIE XYZ under D50: curves and a matrix, or any function. */
export type Profile =
  | {
      readonly kind: "matrix";
      readonly space: "RGB" | "GRAY";
      readonly curves: readonly Curve[];
      readonly matrix: Matrix;
    }
  | { readonly kind: "table"; readonly space: "RGB"; readonly xyz: (samples: readonly number[]) => readonly number[] };

/**
 * Reads an ICC profile (ICC.1:2022, versions 2 and 4): grey curves, RGB curves with a matrix, or an RGB table. A table
 * goes before a matrix, as the standard ranks them. Null for what is no such profile: CMYK, Lab, links, damaged ones.
 */
export function readProfile(bytes: Uint8Array): Profile | null {
  try {
    return parse(bytes);
  } catch (error) {
    // A profile that points outside itself.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

function parse(bytes: Uint8Array): Profile | null {
  const tags = tagsOf(bytes);
  if (!tags) return null;
  const { space, connection, version } = tags;
  if (space === "GRAY") {
    const tag = tags.find("kTRC");
    const stored = tag && curveOf(tag).curve;
    if (!stored) return null;
    // In a profile that connects through Lab, the curve gives lightness.
    const curve: Curve = connection === "Lab " ? (v) => labToXyz([100 * stored(v), 0, 0])[1] as number : stored;
    return { kind: "matrix", space, curves: [curve, curve, curve], matrix: greys };
  }
  if (space !== "RGB ") return null;
  const table = tags.find("A2B0") ?? tags.find("A2B1");
  const lut = table && lutOf(table);
  if (lut) {
    const connect = (samples: readonly number[]): readonly number[] => {
      const values = lut.convert(samples);
      if (connection === "Lab ") return labToXyz(lut.toLab(values));
      return values.map((value) => value * (1 + 32767 / 32768));
    };
    return {
      kind: "table",
      space: "RGB",
      xyz: blackCompensated(connect, version >= 4 && tags.find("A2B0") !== undefined),
    };
  }
  const columns = ["rXYZ", "gXYZ", "bXYZ"].map((name) => tags.find(name));
  const curves = ["rTRC", "gTRC", "bTRC"].map((name) => {
    const tag = tags.find(name);
    return tag && curveOf(tag).curve;
  });
  if (columns.includes(undefined) || curves.includes(undefined)) return null;
  const numbers = (columns as DataView[]).map((tag) => [8, 12, 16].map((at) => tag.getInt32(at) / 65536));
  const matrix = [0, 1, 2].flatMap((row) => numbers.map((column) => column[row] as number));
  return { kind: "matrix", space: "RGB", curves: curves as Curve[], matrix };
}

// A third of white for each of three equal channels.
const greys: Matrix = d50.flatMap((value) => [value / 3, value / 3, value / 3]);

/** CIE Lab to XYZ, both under D50 (ICC.1:2022, annex A). */
function labToXyz([lightness = 0, a = 0, b = 0]: readonly number[]): number[] {
  const y = (lightness + 16) / 116;
  const cube = (t: number): number => (t > 6 / 29 ? t ** 3 : (3 * 36 * (t - 4 / 29)) / 841);
  return [cube(y + a / 500) * d50[0], cube(y) * d50[1], cube(y - b / 200) * d50[2]];
}

// Black of version 4's reference medium for perceptual tables (ICC.1:2022, section 6.3.3).
const referenceBlack: readonly number[] = [0.00336, 0.0034731, 0.00287];

/** Scales XYZ so that the table's black becomes 0 and white stays: a screen's black is 0. */
function blackCompensated(
  convert: (samples: readonly number[]) => readonly number[],
  perceptual: boolean,
): (samples: readonly number[]) => readonly number[] {
  const darkest = Math.min(Math.max(convert([0, 0, 0])[1] as number, 0), 0.1842);
  const black = perceptual ? referenceBlack : d50.map((value) => value * darkest);
  return (samples) =>
    convert(samples).map((value, i) => {
      const white = d50[i] as number;
      return ((value - (black[i] as number)) * white) / (white - (black[i] as number));
    });
}
