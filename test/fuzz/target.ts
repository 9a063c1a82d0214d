import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Random } from "./random.ts";
import type { Asked } from "./watched.ts";

/** One reader with its sound files. */
export interface Target {
  readonly name: string;
  run(random: Random, seen: Asked): Promise<void>;
  /** Takes away what it made on disk. */
  close?(): void;
}

/** Where the sound files lie. */
export const golden = "test/golden/parity";
/** Text as bytes. */
export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);
/** Bytes as text. */
export const textOf = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The files of a folder by their paths. */
export function filesIn(folder: string): Map<string, Uint8Array> {
  const found = new Map<string, Uint8Array>();
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) {
      const path = join(entry.parentPath, entry.name);
      found.set(path.slice(folder.length + 1).replaceAll("\\", "/"), new Uint8Array(readFileSync(path)));
    }
  return found;
}

/** A header behind the length that it claims. */
export const framed = (header: Uint8Array, length: bigint): Uint8Array => {
  const out = new Uint8Array(8 + header.length);
  new DataView(out.buffer).setBigUint64(0, BigInt.asUintN(64, length), true);
  out.set(header, 8);
  return out;
};
