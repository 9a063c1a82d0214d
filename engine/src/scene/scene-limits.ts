/** What a scene may hold: far more than documents do, and less than would keep a machine for hours. */
export const sceneLimits = {
  shapes: 200_000,
  groups: 100_000,
  /** How deep groups may lie in each other. */
  depth: 256,
  /** Characters of paths in all, those of clips among them. */
  pathText: 64 * 2 ** 20,
  /** Characters of one id or name. */
  name: 10_000,
  /** Characters of one text. */
  text: 1_000_000,
  /** Clips of one shape or group. */
  clips: 1_000,
  /** Lengths in one list of dashes. */
  dashes: 10_000,
  stops: 10_000,
  /** Characters of a colour. */
  colour: 1_000,
  /** Pixels of one embedded picture. */
  picturePixels: 2 ** 28,
} as const;
