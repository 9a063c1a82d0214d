// What crosses between the plugin's realm and the editor: JSON, with bytes beside it. Both ends use this file. A tag is an
// object of one key that begins with a dollar; an object of the plugin's whose key does so is itself put into a tag.

/** The tag of something that only one side knows (a node, `figma.mixed`), or undefined for plain data. */
export type ToTag = (value: unknown) => object | undefined;
/** What a tag stands for on this side. */
export type FromTag = (tag: Readonly<Record<string, unknown>>) => unknown;

/** Plain data as JSON's values; bytes are put into `bytes`. */
export function encode(value: unknown, bytes: Uint8Array[], toTag: ToTag): unknown {
  const known = toTag(value);
  if (known !== undefined) return known;
  if (value === undefined) return { $undefined: true };
  if (typeof value === "number") {
    return Number.isFinite(value) && !Object.is(value, -0)
      ? value
      : { $number: Object.is(value, -0) ? "-0" : String(value) };
  }
  if (value === null || typeof value !== "object") return value;
  if (value instanceof Uint8Array) return { $bytes: bytes.push(value) - 1 };
  if (value instanceof Date) return { $date: value.getTime() };
  if (Array.isArray(value)) return Array.from(value, (element) => encode(element, bytes, toTag));
  const entries = Object.entries(value).map(([key, entry]) => [key, encode(entry, bytes, toTag)] as const);
  const plain: Record<string, unknown> = {};
  for (const [key, entry] of entries) define(plain, key, entry);
  return entries.some(([key]) => key.startsWith("$")) ? { $object: plain } : plain;
}

/** The reverse of `encode`. */
export function decode(value: unknown, bytes: readonly Uint8Array[], fromTag: FromTag): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map((element) => decode(element, bytes, fromTag));
  const tag = value as Readonly<Record<string, unknown>>;
  if ("$undefined" in tag) return undefined;
  if ("$number" in tag) return Number(tag["$number"]);
  if ("$bytes" in tag) return bytes[tag["$bytes"] as number];
  if ("$date" in tag) return new Date(tag["$date"] as number);
  const inner = "$object" in tag ? (tag["$object"] as object) : tag;
  if (inner === tag && Object.keys(tag).some((key) => key.startsWith("$"))) return fromTag(tag);
  const plain: Record<string, unknown> = {};
  for (const [key, entry] of Object.entries(inner)) define(plain, key, decode(entry, bytes, fromTag));
  return plain;
}

/** Sets a key whatever it is called: "__proto__" too is one. */
function define(object: Record<string, unknown>, key: string, value: unknown): void {
  Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
}

/** For data in which nothing is special to one side. */
export const noTags: ToTag & FromTag = () => undefined;
