import { inflate } from "./inflate.ts";
import type { Chunk } from "./png-chunks.ts";
import type { ColourClaim, Curve, Primaries } from "./raster.ts";
import { srgbCurve, srgbPrimaries } from "./srgb.ts";

const largestProfile = 16_777_216;

// Rec. ITU-T H.273, tables 2 and 3: the code points that pictures use, as xy of white, red, green and blue.
const codedPrimaries: Record<number, Primaries> = {
  1: srgbPrimaries,
  9: [0.3127, 0.329, 0.708, 0.292, 0.17, 0.797, 0.131, 0.046],
  11: [0.314, 0.351, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06],
  12: [0.3127, 0.329, 0.68, 0.32, 0.265, 0.69, 0.15, 0.06],
};
const video: Curve = (v) => (v < 0.081 ? v / 4.5 : ((v + 0.099) / 1.099) ** (1 / 0.45));
const codedCurves: Record<number, Curve> = {
  1: video,
  4: (v) => v ** 2.2,
  5: (v) => v ** 2.8,
  6: video,
  8: (v) => v,
  13: srgbCurve,
  14: video,
  15: video,
};

/**
 * What a PNG file says about its colours, or nothing where it says sRGB or nothing. Of several statements the standard
 * ranks cICP first, then iCCP, then sRGB, then gAMA with cHRM (PNG, third edition, section 4.3).
 */
export function coloursOf(chunks: readonly Chunk[], notes: string[]): ColourClaim | undefined {
  const find = (type: string, length: number): Uint8Array | undefined =>
    chunks.find((chunk) => chunk.type === type && chunk.intact && chunk.data.length >= length)?.data;
  const coded = find("cICP", 4);
  if (coded) {
    const primaries = codedPrimaries[coded[0] as number];
    const curve = codedCurves[coded[1] as number];
    if (primaries && curve) {
      return primaries === srgbPrimaries && curve === srgbCurve ? undefined : { primaries, curve, said: "cICP" };
    }
    notes.push(`Its cICP colours (${coded[0]}, ${coded[1]}) are not known here and were passed over.`);
  }
  const profile = find("iCCP", 3);
  if (profile) {
    const { data, complete } = inflate([profile.subarray(profile.indexOf(0) + 2)], largestProfile, { whole: true });
    if (complete && data.length < largestProfile) return { profile: data };
    notes.push("Its colour profile is damaged and was passed over.");
  }
  if (find("sRGB", 1)) return undefined;
  return statedColours(find("gAMA", 4), find("cHRM", 32));
}

function statedColours(gamma: Uint8Array | undefined, chromaticities: Uint8Array | undefined): ColourClaim | undefined {
  const numbers = (data: Uint8Array): number[] => {
    const view = new DataView(data.buffer, data.byteOffset, data.length);
    return Array.from({ length: data.length >> 2 }, (_, i) => view.getUint32(i * 4) / 100_000);
  };
  const exponent = gamma && numbers(gamma)[0];
  const given = chromaticities && numbers(chromaticities).slice(0, 8);
  const usable = given && plausible(given) ? given : undefined;
  // Writers round the primaries in their own ways: a difference of 0.002 is still sRGB.
  const primaries =
    usable?.some((value, i) => Math.abs(value - (srgbPrimaries[i] as number)) > 0.002) === true
      ? usable
      : srgbPrimaries;
  // 1/2.2 stands for sRGB's own curve wherever the primaries are sRGB's (PNG, third edition, section 11.3.2.5).
  const stated = exponent !== undefined && exponent > 0 && Math.abs(exponent - 0.45455) > 0.001;
  if (primaries === srgbPrimaries && !stated) return undefined;
  const power = exponent !== undefined && exponent > 0 ? 1 / exponent : undefined;
  return { primaries, curve: power ? (v) => v ** power : srgbCurve, said: power ? "gAMA" : "cHRM" };
}

/** True for primaries that span a triangle, with white inside the diagram. */
function plausible([whiteX = 0, whiteY = 0, ...corners]: readonly number[]): boolean {
  const [redX = 0, redY = 0, greenX = 0, greenY = 0, blueX = 0, blueY = 0] = corners;
  const area = (greenX - redX) * (blueY - redY) - (blueX - redX) * (greenY - redY);
  const ys = [whiteY, redY, greenY, blueY];
  return Math.abs(area) > 1e-4 && ys.every((y) => y > 0 && y <= 1) && whiteX > 0 && whiteX + whiteY <= 1;
}
