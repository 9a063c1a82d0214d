import { UnderdrawError } from "./core/errors.ts";

/**
 * SHA-256 over pieces of bytes, one after the other. Rejects with `feature-missing` in a page that is no secure context:
 * browsers have no SHA-256 there.
 */
export async function sha256(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (!subtle) {
    const feature = "crypto.subtle";
    const message = `A recipe's fingerprints are SHA-256, and this page has no ${feature}: it is neither https nor localhost. Open it at such an address.`;
    throw new UnderdrawError("feature-missing", message, { feature });
  }
  return new Uint8Array(await subtle.digest("SHA-256", await new Blob([...pieces] as BlobPart[]).arrayBuffer()));
}

/** Bytes as hex digits, two for each. */
export const hex = (bytes: Uint8Array): string =>
  Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
