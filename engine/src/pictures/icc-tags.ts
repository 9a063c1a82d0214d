/** A profile's header and the tags that can be looked up by their four letters. */
export interface Tags {
  /** Colour space of the samples, four letters: "RGB ", "GRAY", "CMYK". */
  readonly space: string;
  /** Space that the profile connects to, "XYZ " or "Lab ". */
  readonly connection: string;
  /** Major version, 2 or 4. */
  readonly version: number;
  find(name: string): DataView | undefined;
}

/** Reads the header and the table of tags (ICC.1:2022, section 7); null for what is no input or display profile. */
export function tagsOf(bytes: Uint8Array): Tags | null {
  if (bytes.length < 132) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const word = (at: number): string => String.fromCharCode(...bytes.subarray(at, at + 4));
  const kind = word(12);
  if (word(36) !== "acsp" || !["mntr", "scnr", "prtr", "spac"].includes(kind)) return null;
  const places = new Map<string, readonly [offset: number, length: number]>();
  const count = Math.min(view.getUint32(128), 256);
  for (let at = 132; at < 132 + count * 12 && at + 12 <= bytes.length; at += 12) {
    places.set(word(at), [view.getUint32(at + 4), view.getUint32(at + 8)]);
  }
  return {
    space: word(16) === "GRAY" ? "GRAY" : word(16),
    connection: word(20),
    version: view.getUint8(8),
    find(name) {
      const place = places.get(name);
      if (!place || place[0] + 8 > bytes.length) return undefined;
      return new DataView(view.buffer, view.byteOffset + place[0], Math.min(place[1], bytes.length - place[0]));
    },
  };
}

/** The four letters that a tag's data begins with. */
export function typeOf(tag: DataView, at = 0): string {
  return String.fromCharCode(tag.getUint8(at), tag.getUint8(at + 1), tag.getUint8(at + 2), tag.getUint8(at + 3));
}
