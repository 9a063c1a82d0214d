/** What the bridge lets through, held on both of its ends. Whatever is larger is refused with words, never cut, but names. */
export const limits = {
  /** The longest side of a picture, in pixels. Photoshop's largest document has 30,000. */
  side: 32_768,
  /** Names, titles and ids, in UTF-16 units. Names and titles of pictures are cut to it. */
  name: 1_000,
  /** An anchor, in UTF-16 units. */
  anchor: 65_536,
  /** A recipe, in UTF-16 units: it holds its maps. */
  recipe: 8_388_608,
  /** Layers in one `place`. */
  layers: 100,
  /** Pictures in a stack. */
  stack: 1_000,
  /** Everything of a call but its pictures, as characters of JSON: a scene of many shapes is the largest. */
  text: 16_777_216,
  /** Bytes of pictures on their way to one end: 24 megapixels, a camera's picture, with a mask. */
  bytes: 268_435_456,
  /** Calls at work at the same time. */
  calls: 16,
  /** Messages of one transfer that are under way and not yet confirmed. */
  window: 3,
  /** The least that a port's largest message may have, in bytes: every message but a piece stays below it. */
  message: 4_096,
  /** How long a transfer may stand still, and a host that works may be silent, in milliseconds. */
  stallMs: 60_000,
} as const;

/** A port's largest message without its own word, in bytes. */
const usualMessage = 1_048_576;

/** The largest message of a port, in bytes. Throws a RangeError for one that the protocol's own messages do not fit in. */
export function largestOf(port: { readonly largest?: number }): number {
  const { largest = usualMessage } = port;
  if (Number.isSafeInteger(largest) && largest >= limits.message) return largest;
  throw new RangeError(`port.largest: ${largest} is no whole number from ${limits.message} on.`);
}
