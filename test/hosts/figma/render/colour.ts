// Display P3 documents: the same numbers are other colours there. Both spaces have sRGB's curve and the white D65, so that
// only the primaries differ.

/** The space of a document's or a file's colours. */
export type ColourSpace = "srgb" | "display-p3";

/** From linear Display P3 to linear sRGB; the matrices of the CSS Color 4 sample code, rounded. */
const toSrgb: readonly (readonly number[])[] = [
  [1.224940176280559, -0.224940176280559, 0],
  [-0.042056954709688, 1.042056954709688, 0],
  [-0.019637554590334, -0.078636045550631, 1.098273600140966],
];

const toP3: readonly (readonly number[])[] = [
  [0.822461968714362, 0.177538031285637, 0],
  [0.033194198850961, 0.966805801149038, 0],
  [0.017082631052112, 0.072397440663963, 0.910519928283924],
];

const linear = (value: number): number => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4);
const curved = (value: number): number => (value <= 0.0031308 ? value * 12.92 : 1.055 * value ** (1 / 2.4) - 0.055);

/** A colour's red, green and blue (0..1) in another space, cut to what that space can show. */
export function inSpace(colour: readonly number[], own: ColourSpace, wanted: ColourSpace): readonly number[] {
  if (own === wanted) return colour;
  const light = colour.map(linear);
  return (wanted === "srgb" ? toSrgb : toP3).map((row) =>
    Math.min(1, Math.max(0, curved(row.reduce((sum, share, channel) => sum + share * (light[channel] as number), 0)))),
  );
}
