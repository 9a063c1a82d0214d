import type { ModelFile, ModelFolder } from "../models/source.ts";
import type { Ask } from "./ask.ts";
import type { Digest } from "./digest.ts";

/** A file that grows at its end. */
export interface Part {
  readonly size: number;
  /** Bytes from `at` on, as many as asked for. Only before anything was written. */
  read(at: number, length: number): Promise<Uint8Array>;
  /** Writes at the end. Rejects with `storage-full` or `file-unwritable`. */
  append(bytes: Uint8Array): Promise<void>;
  /** Cuts it to nothing. */
  empty(): Promise<void>;
  /** Makes sure that what was written is there after a crash, as far as the place can. */
  flush(): Promise<void>;
  /** May be called twice. */
  close(): Promise<void>;
}

/**
 * Where a store's files lie, one flat folder: what a browser and Node do differently. Names are made by the store, from
 * digests; nothing from the network is ever one.
 */
export interface Place {
  /** The text of a file; null when there is none. */
  text(file: string): Promise<string | null>;
  /** Writes a file, whole or not at all. */
  replace(file: string, text: string): Promise<void>;
  /** Opens a file to go on writing it, or makes it. */
  part(file: string): Promise<Part>;
  /** Gives a file another name, in place of one that may have it. */
  rename(from: string, to: string): Promise<void>;
  /** False when somebody reads the file; true also when there was none. */
  remove(file: string): Promise<boolean>;
  /** The sizes of all files by their names. Bytes. */
  sizes(): Promise<ReadonlyMap<string, number>>;
  /** A file as a model, called `name`. */
  file(file: string, name: string): Promise<ModelFile>;
  /** Files by their paths as a model, called `name`. */
  folder(files: readonly (readonly [path: string, file: string])[], name: string): Promise<ModelFolder>;
  /** A file as it lies there, not read yet; null when there is none. */
  blob(file: string, name: string): Promise<Blob | null>;
  /** How many bytes may still be written; null when that is not known. */
  free(): Promise<number | null>;
  persisted(): Promise<boolean>;
  persist(): Promise<boolean>;
  /** Runs `work` while nobody else, in this realm or another, runs any under the same name. Stopped while it waits only. */
  exclusive<T>(name: string, work: () => Promise<T>, signal?: AbortSignal): Promise<T>;
  digest(): Digest;
  readonly ask: Ask;
}
