// What Photoshop's descriptors hold, read with care: which fields are there differs between versions and kinds of layers,
// and a field that is not what was expected counts as absent.

/** An object of a descriptor. */
export type Fields = Readonly<Record<string, unknown>>;

/** A value as an object; one without fields for anything else. */
export const fieldsOf = (value: unknown): Fields =>
  typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};

/** A value as a list; an empty one for anything else. */
export const listOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

/** A number, bare or with a unit; null for anything else. */
export function numberOf(value: unknown): number | null {
  const bare = typeof value === "number" ? value : fieldsOf(value)["_value"];
  return typeof bare === "number" && Number.isFinite(bare) ? bare : null;
}

/** The word of an enumeration; null for anything else. */
export function wordOf(value: unknown): string | null {
  const word = fieldsOf(value)["_value"];
  return typeof word === "string" ? word : null;
}

/**
 * A length in pixels of a document; null for what is none. Photoshop's "distance" and its points are 72 to the inch, so
 * that they depend on the resolution; per cent are of `whole` pixels.
 */
export function pixelsFrom(value: unknown, resolution: number, whole = 0): number | null {
  const number = numberOf(value);
  if (number === null) return null;
  const unit = fieldsOf(value)["_unit"] ?? "pixelsUnit";
  if (unit === "pixelsUnit") return number;
  if (unit === "distanceUnit" || unit === "pointsUnit") return (number * resolution) / 72;
  return unit === "percentUnit" ? (number * whole) / 100 : null;
}
