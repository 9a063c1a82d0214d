import type { ByteSource } from "../models/source.ts";

/** Where a training writes: a folder on disk, of a browser's own file system, or in memory. */
export interface TrainingPlace {
  /** What a person knows it by. */
  readonly name: string;
  /**
   * Writes a file, whole or not at all: whoever reads it meanwhile finds the one before. The pieces come in order. Rejects
   * with `storage-full` or `file-unwritable`; then the file before is still there.
   */
  write(path: string, pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>): Promise<void>;
  /** Opens a file; null when there is none. */
  open(path: string): Promise<ByteSource | null>;
  /** The paths of all files. */
  list(): Promise<readonly string[]>;
  /** Takes a file away; does nothing where there is none. */
  remove(path: string): Promise<void>;
  /** How many bytes may still be written; null when that is not known. */
  free(): Promise<number | null>;
}
