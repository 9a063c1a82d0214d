/** What tells one version of a file from another. */
export interface Version {
  /** A strong ETag, with its quotes; null for none. A weak one says less than that all bytes are the same. */
  readonly etag: string | null;
  readonly lastModified: string | null;
}

/** What the head of an answer says about the bytes that follow. */
export interface Answer extends Version {
  /** Where the bytes lie in the file, of `Content-Range`; null when it is not said. `to` is the last byte's place. */
  readonly range: { readonly from: number; readonly to: number; readonly total: number | null } | null;
  /** How many bytes the file has, where that is said; of 416 too. */
  readonly total: number | null;
  /** How many bytes follow, where that is said and can be relied on. */
  readonly length: number | null;
  /** Whether the bytes were packed on their way, so that no length or place is theirs. */
  readonly packed: boolean;
  /** Whether another origin's server may hide what it says, as browsers let it. */
  readonly veiled: boolean;
  /** Whether a web page came in the place of a file. */
  readonly page: boolean;
  /** How long the server asks to be left alone. Milliseconds. */
  readonly wait: number;
}

/** A number of bytes or seconds; null for what is none, or is too large to be counted. */
function whole(text: string | null | undefined): number | null {
  const number = /^\d+$/.test(text?.trim() ?? "") ? Number(text) : Number.NaN;
  return Number.isSafeInteger(number) ? number : null;
}

/** Reads the head of an answer. */
export function readAnswer({ headers, status, type }: Response): Answer {
  const coding = headers.get("content-encoding")?.trim().toLowerCase() ?? "";
  const packed = coding !== "" && coding !== "identity";
  const length = packed ? null : whole(headers.get("content-length"));
  const [, from, to, of] =
    /^bytes\s+(?:(\d+)-(\d+)|\*)\/(\d+|\*)$/i.exec(headers.get("content-range")?.trim() ?? "") ?? [];
  const total = packed ? null : whole(of);
  const [first, last] = [whole(from), whole(to)];
  const sound = first !== null && last !== null && first <= last && (total === null || last < total);
  const etag = headers.get("etag")?.trim() ?? "";
  return {
    etag: /^"[^"]*"$/.test(etag) ? etag : null,
    lastModified: headers.get("last-modified"),
    range: status === 206 && sound && !packed ? { from: first, to: last, total } : null,
    total: status === 200 ? length : total,
    length,
    packed,
    veiled: type === "cors" && !headers.has("content-range"),
    page: /^text\/html\b/i.test(headers.get("content-type") ?? ""),
    wait: 1000 * (whole(headers.get("retry-after")) ?? 0),
  };
}

/** The name that a server gives a file, of `Content-Disposition`; null for none (RFC 6266). */
export function givenName(headers: Headers): string | null {
  const text = headers.get("content-disposition") ?? "";
  const [, encoded] = /filename\*\s*=\s*UTF-8''([^;]+)/i.exec(text) ?? [];
  if (encoded !== undefined) {
    try {
      return decodeURIComponent(encoded.trim());
    } catch {
      // The plain form may still be sound.
    }
  }
  const [, quoted, plain] = /filename\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^;]+))/i.exec(text) ?? [];
  return quoted?.replace(/\\(.)/g, "$1") ?? plain?.trim() ?? null;
}

/** A name from the network or a person as a label: its last segment, without what does not show, never empty. */
export function label(name: string, otherwise: string): string {
  const shown = (text: string) =>
    text
      .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "")
      .trim()
      .slice(0, 200);
  return shown(name.slice(Math.max(name.lastIndexOf("/"), name.lastIndexOf("\\")) + 1)) || shown(otherwise) || "model";
}
