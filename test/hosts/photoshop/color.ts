import { type Depth, full, type Samples, samples } from "./raster.ts";

// What a document's numbers mean. Every colour goes through linear XYZ under D50, as in an ICC workflow; matrices are the
// published primaries adapted by Bradford. CMYK is naive on purpose (ink subtracts from sRGB): no press profile is
// shipped, and nothing that a plugin does may depend on one.

/** The colour spaces that image data can have, and the one that only a document has. */
export type Space = "RGB" | "Grayscale" | "Lab" | "CMYK";

/** What numbers mean. At 32 bits RGB and gray are linear, whatever curve their profile has. */
export interface Coding {
  readonly space: Space;
  readonly profile: string;
  readonly depth: Depth;
}

/** Colour channels of a space, without alpha. */
export const channelsOf: Readonly<Record<Space, number>> = { RGB: 3, Grayscale: 1, Lab: 3, CMYK: 4 };

/** What an untagged document's numbers are taken for. */
export const working: Readonly<Record<Space, string>> = {
  RGB: "sRGB IEC61966-2.1",
  Grayscale: "Gray Gamma 2.2",
  Lab: "Lab D50",
  CMYK: "U.S. Web Coated (SWOP) v2",
};

interface Curve {
  /** From a number to light. */
  open(value: number): number;
  /** And back. */
  close(light: number): number;
}

const power = (exponent: number): Curve => ({
  open: (v) => Math.sign(v) * Math.abs(v) ** exponent,
  close: (v) => Math.sign(v) * Math.abs(v) ** (1 / exponent),
});

const straight: Curve = { open: (v) => v, close: (v) => v };

// IEC 61966-2-1.
const srgb: Curve = {
  open: (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4),
  close: (v) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055),
};

/** A press that prints a half tone `gain` darker: a parabola through no ink, that point and full ink. */
function dotGain(gain: number): Curve {
  const slope = 1 + 4 * gain;
  return {
    open: (v) => 1 - (slope * (1 - v) - 4 * gain * (1 - v) ** 2),
    close: (v) => 1 - (slope - Math.sqrt(Math.max(0, slope ** 2 - 16 * gain * (1 - v)))) / (8 * gain),
  };
}

type Matrix = readonly [number, number, number, number, number, number, number, number, number];

interface Profile {
  readonly space: "RGB" | "Grayscale";
  readonly curve: Curve;
  /** From light to XYZ; for RGB. */
  readonly matrix?: Matrix;
}

// Matrices: the primaries of each standard, adapted to D50 (as the ICC profiles of those names hold them).
const srgbMatrix: Matrix = [
  0.4360747, 0.3850649, 0.1430804, 0.2225045, 0.7168786, 0.0606169, 0.0139322, 0.0971045, 0.7141733,
];
const profiles: Readonly<Record<string, Profile>> = {
  "sRGB IEC61966-2.1": { space: "RGB", curve: srgb, matrix: srgbMatrix },
  "Display P3": {
    space: "RGB",
    curve: srgb,
    matrix: [0.5151187, 0.2919778, 0.1571035, 0.2411892, 0.6922441, 0.0665668, -0.0010505, 0.0418791, 0.7840713],
  },
  "Adobe RGB (1998)": {
    space: "RGB",
    curve: power(2.19921875),
    matrix: [0.6097559, 0.2052401, 0.149224, 0.3111242, 0.625656, 0.0632197, 0.0194811, 0.0608902, 0.7448387],
  },
  "Gray Gamma 2.2": { space: "Grayscale", curve: power(2.2) },
  sGray: { space: "Grayscale", curve: srgb },
  "Dot Gain 15%": { space: "Grayscale", curve: dotGain(0.15) },
  "Dot Gain 20%": { space: "Grayscale", curve: dotGain(0.2) },
};

/** The names that `app.getColorProfiles` lists for a space. */
export const profileNames = (space: "RGB" | "Gray"): string[] =>
  Object.keys(profiles).filter((name) => profiles[name]?.space === (space === "Gray" ? "Grayscale" : "RGB"));

/** True for a profile's name that Photoshop finds for that space. */
export const isProfile = (space: Space, name: string): boolean =>
  space === "Lab" ? name === working.Lab : space === "CMYK" ? name === working.CMYK : profiles[name]?.space === space;

// D50, the white of an ICC profile's connection space.
const white = [0.9642, 1, 0.8249] as const;

function inverse([a, b, c, d, e, f, g, h, i]: Matrix): Matrix {
  const det = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g);
  return [
    (e * i - f * h) / det,
    (c * h - b * i) / det,
    (b * f - c * e) / det,
    (f * g - d * i) / det,
    (a * i - c * g) / det,
    (c * d - a * f) / det,
    (d * h - e * g) / det,
    (b * g - a * h) / det,
    (a * e - b * d) / det,
  ];
}

type Triple = [number, number, number];

const times = (m: Matrix, [x, y, z]: Triple): Triple => [
  m[0] * x + m[1] * y + m[2] * z,
  m[3] * x + m[4] * y + m[5] * z,
  m[6] * x + m[7] * y + m[8] * z,
];

const labCurve = (t: number): number => (t > 216 / 24389 ? Math.cbrt(t) : (24389 / 27 / 116) * t + 16 / 116);
const labOpen = (t: number): number => (t ** 3 > 216 / 24389 ? t ** 3 : ((t - 16 / 116) * 116) / (24389 / 27));

interface Coder {
  /** From channels, where 1 is full, to XYZ. */
  open(color: readonly number[]): Triple;
  close(xyz: Triple): number[];
}

/** A document's "None" means its working space; 32-bit names carry a suffix, and no curve. */
function coderOf({ space, profile, depth }: Coding): Coder {
  if (space === "Lab") return labCoder(depth);
  const name = profile.replace(" (Linear RGB Profile)", "");
  if (space === "CMYK") {
    const rgb = coderOf({ space: "RGB", profile: working.RGB, depth: 8 });
    return {
      open: ([c = 0, m = 0, y = 0, k = 0]) => rgb.open([c, m, y].map((ink) => (1 - ink) * (1 - k))),
      close: (xyz) => {
        const light = rgb.close(xyz).map((v) => Math.min(1, Math.max(0, v)));
        const most = Math.max(...light);
        return [...light.map((v) => (most === 0 ? 0 : 1 - v / most)), 1 - most];
      },
    };
  }
  const found = profiles[name] ?? (profiles[working[space]] as Profile);
  const curve = depth === 32 ? straight : found.curve;
  if (!found.matrix) {
    return {
      open: ([v = 0]) => white.map((w) => w * curve.open(v)) as Triple,
      close: ([, y]) => [curve.close(y)],
    };
  }
  const { matrix } = found;
  const back = inverse(matrix);
  return {
    open: (color) => times(matrix, color.map(curve.open) as Triple),
    close: (xyz) => times(back, xyz).map(curve.close),
  };
}

/** Photoshop's codes of a* and b*: zero is 128 of 255, and the middle of the 16-bit range. */
function labCoder(depth: Depth): Coder {
  const [scale, zero] = depth === 8 ? [255, 128] : [256, 128];
  return {
    open: ([lightness = 0, a = 0.5, b = 0.5]) => {
      const y = (lightness * 100 + 16) / 116;
      return [
        white[0] * labOpen(y + (a * scale - zero) / 500),
        white[1] * labOpen(y),
        white[2] * labOpen(y - (b * scale - zero) / 200),
      ];
    },
    close: (xyz) => {
      const [x, y, z] = xyz.map((v, i) => labCurve(v / (white[i] as number))) as Triple;
      return [(116 * y - 16) / 100, (500 * (x - y) + zero) / scale, (200 * (y - z) + zero) / scale];
    },
  };
}

/** True when two codings differ in depth at most, and by nothing that needs a curve. */
const alike = (a: Coding, b: Coding): boolean =>
  a.space === b.space &&
  (a.depth === 32) === (b.depth === 32) &&
  (a.space !== "Lab" || (a.depth === 8) === (b.depth === 8)) &&
  named(a) === named(b);

const named = ({ space, profile }: Coding): string => (isProfile(space, profile) ? profile : working[space]);

/** A share of full, as a number of a depth. */
const stored = (value: number, depth: Depth): number =>
  depth === 32 ? value : Math.round(Math.min(1, Math.max(0, value)) * full(depth));

/** The values in another coding; alpha, when there is one after the colours, only changes its depth. */
export function convert(values: Samples, from: Coding, to: Coding, alpha: boolean): Samples {
  const [colorsIn, colorsOut] = [channelsOf[from.space], channelsOf[to.space]];
  const [stepIn, stepOut] = [colorsIn + Number(alpha), colorsOut + Number(alpha)];
  if (alike(from, to) && from.depth === to.depth) return values.slice();
  const count = values.length / stepIn;
  const out = samples(to.depth, count * stepOut);
  const most = full(from.depth);
  if (alike(from, to)) {
    for (let i = 0; i < out.length; i++) out[i] = stored((values[i] as number) / most, to.depth);
    return out;
  }
  const [reader, writer] = [coderOf(from), coderOf(to)];
  const color = new Array<number>(colorsIn).fill(0);
  // Neighbours are often the same colour: they are reckoned once.
  let last: readonly number[] = [];
  let made: number[] = [];
  for (let n = 0; n < count; n++) {
    for (let c = 0; c < colorsIn; c++) color[c] = (values[n * stepIn + c] as number) / most;
    if (n === 0 || color.some((v, c) => v !== last[c])) {
      made = writer.close(reader.open(color)).map((v) => stored(v, to.depth));
      last = [...color];
    }
    for (let c = 0; c < colorsOut; c++) out[n * stepOut + c] = made[c] as number;
    if (alpha) out[n * stepOut + colorsOut] = stored((values[n * stepIn + colorsIn] as number) / most, to.depth);
  }
  return out;
}

/** The values as the same shares of full in another depth, whatever they mean: coverage has no curve. */
export function rescaled(values: Samples, from: Depth, to: Depth): Samples {
  if (from === to) return values.slice();
  const out = samples(to, values.length);
  for (let i = 0; i < out.length; i++) out[i] = stored((values[i] as number) / full(from), to);
  return out;
}
