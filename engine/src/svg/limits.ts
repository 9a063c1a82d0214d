/** How much of a file is read before it is refused: what is beyond is a fault or a bomb more often than a drawing. */
export interface SvgLimits {
  /** Bytes of the file, unpacked. @default 33554432 */
  readonly bytes: number;
  /** How deep elements lie in one another, those that `use` repeats included. At most 2000. @default 256 */
  readonly depth: number;
  /** Elements, those that `use` repeats included. @default 100000 */
  readonly elements: number;
  /** Pieces of paths, those that `use` repeats included. @default 5000000 */
  readonly segments: number;
  /** Points of one polyline or polygon. @default 1000000 */
  readonly points: number;
  /** Rules of all style sheets together. @default 5000 */
  readonly rules: number;
  /** Bytes of one picture inside the file. @default 16777216 */
  readonly pictureBytes: number;
}

/** What holds where nothing else is asked for. */
const usualLimits: SvgLimits = {
  bytes: 32 * 1024 * 1024,
  depth: 256,
  elements: 100_000,
  segments: 5_000_000,
  points: 1_000_000,
  rules: 5_000,
  pictureBytes: 16 * 1024 * 1024,
};

/** The limits with the usual ones for those that are not given. Throws a RangeError for what is no limit. */
export function limitsFrom(given: Partial<SvgLimits> = {}): SvgLimits {
  const limits = { ...usualLimits, ...given };
  for (const [name, value] of Object.entries(limits)) {
    if (!(name in usualLimits)) throw new RangeError(`limits.${name}: there is no such limit.`);
    if (!(value >= 1)) throw new RangeError(`limits.${name}: must be 1 or more, not ${value}.`);
  }
  if (limits.depth > 2000) throw new RangeError(`limits.depth: 2000 at most, not ${limits.depth}.`);
  return limits;
}
