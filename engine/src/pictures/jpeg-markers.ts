import { joined } from "./bytes.ts";
import { orientationOf } from "./exif.ts";
import { unreadable } from "./raster.ts";

/** What a JPEG file's markers say before anything is decoded. */
export interface JpegHeader {
  readonly width: number;
  readonly height: number;
  /** 1 grey, 3 colour, 4 inks. */
  readonly components: number;
  readonly orientation: number;
  readonly profile?: Uint8Array;
  /** Bytes of compressed picture data that follow. */
  readonly remaining: number;
  /** Whether an end mark follows. The decoder tells of its first trouble only, and that need not be the missing end. */
  readonly ends: boolean;
}

/** Walks the markers up to the first scan (ITU-T T.81, annex B) and refuses what no decoder here can read. */
export function jpegHeader(bytes: Uint8Array, file: string): JpegHeader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const cut = (): Error => unreadable(file, "it ends before its picture begins. The file is cut off: get it again.");
  const profileParts = new Map<number, Uint8Array>();
  let frame: { width: number; height: number; components: number } | undefined;
  let orientation = 0;
  for (let at = 2; ; ) {
    if (at + 4 > bytes.length) throw cut();
    // Bytes between the markers are passed over, as viewers do.
    if (bytes[at] !== 0xff || (bytes[at + 1] as number) < 0xc0 || bytes[at + 1] === 0xff) {
      at++;
      continue;
    }
    const marker = bytes[at + 1] as number;
    if (marker >= 0xd0 && marker <= 0xd8) {
      at += 2;
      continue;
    }
    if (marker === 0xd9) throw cut();
    const length = view.getUint16(at + 2);
    const end = at + 2 + length;
    if (length < 2 || end > bytes.length) throw cut();
    const body = bytes.subarray(at + 4, end);
    if (marker === 0xda) {
      if (!frame) throw unreadable(file, "its size is missing. The file is damaged: get it again.");
      const profile = joinedProfile(profileParts);
      const about = { remaining: bytes.length - end, ends: endsAfter(bytes, end) };
      return { ...frame, ...about, orientation: orientation || 1, ...(profile ? { profile } : {}) };
    }
    if (marker === 0xe1 && begins(body, "Exif\0\0")) orientation ||= orientationOf(body.subarray(6));
    if (marker === 0xe2 && begins(body, "ICC_PROFILE\0") && body.length > 14) {
      profileParts.set(body[12] as number, body.subarray(14));
    }
    if (marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc && body.length >= 6) {
      refuseKind(file, marker, body[0] as number);
      frame = {
        height: view.getUint16(at + 5),
        width: view.getUint16(at + 7),
        components: body[5] as number,
      };
    }
    at = end;
  }
}

/** In compressed data a byte of 0xff is followed by 0 or by a true marker, so that 0xff, 0xd9 is the end. */
function endsAfter(bytes: Uint8Array, from: number): boolean {
  for (let at = bytes.length - 2; at >= from; at--) if (bytes[at] === 0xff && bytes[at + 1] === 0xd9) return true;
  return false;
}

function begins(body: Uint8Array, text: string): boolean {
  return body.length >= text.length && [...text].every((character, i) => body[i] === character.charCodeAt(0));
}

function refuseKind(file: string, marker: number, bits: number): void {
  if (bits !== 8) {
    throw unreadable(
      file,
      `it is a JPEG with ${bits} bits a channel, which only special programs read. Save it with 8 bits or as PNG.`,
    );
  }
  if (marker > 0xc2) {
    const kind = marker === 0xc3 ? "lossless" : marker >= 0xc9 ? "arithmetically coded" : "hierarchical";
    throw unreadable(file, `it is a ${kind} JPEG, which viewers do not show. Save it as an ordinary JPEG or as PNG.`);
  }
}

// A profile is cut into numbered parts of at most 65,519 bytes (ICC.1:2022, annex B.4).
function joinedProfile(parts: ReadonlyMap<number, Uint8Array>): Uint8Array | undefined {
  if (parts.size === 0) return undefined;
  return joined([...parts].sort(([a], [b]) => a - b).map(([, part]) => part));
}
