import type { CallOptions } from "../call.ts";
import type { ModelFile, ModelSource } from "../models/source.ts";

/** A model of one file in a store. */
export interface StoredFile {
  readonly kind: "file";
  /** What a person knows it by. Several models may share a name; it then means the one that came last. */
  readonly name: string;
  /** SHA-256 of the content, 64 hex digits. */
  readonly sha256: string;
  readonly bytes: number;
  /** Where it was downloaded from, without the address's query, which may hold keys; null for a file that was added. */
  readonly address: string | null;
  /** The strong ETag that came with it. */
  readonly etag: string | null;
  /** When it came, and when it was last opened: ISO 8601, UTC. */
  readonly added: string;
  readonly used: string;
}

/** A model of several files in a store, as diffusers lays them out. */
export interface StoredFolder {
  readonly kind: "folder";
  readonly name: string;
  readonly address: string;
  /** The commit that it was taken from; null where its place knows none. */
  readonly revision: string | null;
  /** Of all its files. */
  readonly bytes: number;
  readonly files: readonly { readonly path: string; readonly sha256: string; readonly bytes: number }[];
  /** When it came, and when it was last opened: ISO 8601, UTC. */
  readonly added: string;
  readonly used: string;
}

/** A model in a store. */
export type StoredModel = StoredFile | StoredFolder;

/** A file or a folder whose download or copy was stopped. Asking for it again goes on where it ended. */
export interface UnfinishedModel {
  /** What `delete` knows it by. */
  readonly key: string;
  readonly name: string;
  readonly address: string | null;
  /** How much of it is here, and of how much, where that is known. */
  readonly bytes: number;
  readonly total: number | null;
}

/** The room that a store has. Bytes; null where the place does not say. */
export interface StoreSpace {
  /** What the store's models and unfinished downloads take. */
  readonly used: number;
  /** What may still be written. */
  readonly free: number | null;
  /** How much of what was asked about has no room; 0 when all of it has. */
  readonly missing: number | null;
  /** Whether the place promised not to clear the store by itself. */
  readonly persisted: boolean;
}

/** A file of a download that is planned. */
export interface PlannedFile {
  /** The path inside the model's folder; the model's name for one of a single file. */
  readonly path: string;
  readonly url: string;
  /** Null where the server does not say. */
  readonly bytes: number | null;
  /** What it must have, where that is known. */
  readonly sha256: string | null;
  /** The strong ETag that it has now. */
  readonly etag: string | null;
  /** How many of its bytes are here: all of them for a file that is in the store. */
  readonly here: number;
}

/** What a download will fetch: to be shown to a person, and then given to `download`. Plain data, without any token. */
export interface DownloadPlan {
  readonly kind: "file" | "folder";
  readonly address: string;
  readonly name: string;
  /** The commit that the files are taken from; null where their place knows none. */
  readonly revision: string | null;
  readonly files: readonly PlannedFile[];
  /** Of all files; null where a server does not say. */
  readonly bytes: number | null;
  /** What of it has still to be fetched. */
  readonly missing: number | null;
  /** The room for what has still to be fetched. */
  readonly space: StoreSpace;
}

/** How the server of an address is asked. */
export interface TokenOption {
  /**
   * Sent as `Authorization: Bearer …` to the origin of the address, never to another one that it leads to, and never
   * stored.
   */
  readonly token?: string;
}

/** What may be known of a file before it is fetched. */
export interface PlanOptions extends TokenOption {
  /** What to call the model. Without it, what the server or the address calls it. */
  readonly name?: string;
  /** The SHA-256 that a single file must have: 64 hex digits. */
  readonly sha256?: string;
  readonly signal?: AbortSignal;
}

/** What is known of a file that is added. */
export interface AddOptions extends CallOptions {
  /** What to call it; a file's own name without it. */
  readonly name?: string;
  /** The SHA-256 that it must have: 64 hex digits. */
  readonly sha256?: string;
}

/**
 * Models that are kept: in a browser in the origin's own files, in Node in a folder. Content lies by its SHA-256, once,
 * whatever it is called. Several tabs or processes may use one store at once. A model is meant by its SHA-256, its name,
 * or the address that it came from.
 */
export interface ModelStore {
  /** The models that are here, the last used first. */
  list(): Promise<readonly StoredModel[]>;
  /** Downloads and copies that were stopped. */
  unfinished(): Promise<readonly UnfinishedModel[]>;
  /** A model, to be given to an engine. Rejects with `model-unknown` when it is not here. */
  open(id: string): Promise<ModelSource>;
  /**
   * Copies a file into the store. A file that an engine should only read needs no copy: see `blobFile` and `nodeFile`.
   * Rejects with `storage-full`, and with `model-integrity` where its content is another than `sha256` says.
   */
  add(file: Blob | ModelFile, options?: AddOptions): Promise<StoredFile>;
  /**
   * Asks what an address has, and fetches nothing of it. Addresses are `https:`; `http:` on this machine or with a
   * SHA-256; `hf:owner/name[@revision]/path` for a file of a Hugging Face repository, and `hf:owner/name[@revision]` for
   * what of it a diffusers model needs. Rejects with `request-invalid` for another address, with `model-fetch` when the
   * server cannot be asked, and with `model-incompatible` for a repository without weights that can be read.
   */
  plan(address: string, options?: PlanOptions): Promise<DownloadPlan>;
  /**
   * Fetches what a plan says, and never more: a file that has grown since is refused. What a stop, a cut connection or
   * a full disk leaves is kept, and the next call goes on there. Progress counts the bytes of all files and never falls.
   * Rejects with the signal's reason when stopped, with `model-fetch` when the server cannot be had after some tries or
   * answers what cannot be true, with `model-integrity` (and the file is deleted) where the content has another SHA-256,
   * and with `storage-full`.
   */
  download(plan: DownloadPlan, options?: CallOptions & TokenOption): Promise<StoredModel>;
  /** A model's file, to be saved elsewhere; it is not read yet. A folder's is named by its path. */
  export(id: string, path?: string): Promise<Blob>;
  /**
   * Takes a model or an unfinished download away. Content that somebody reads just now goes when the store is next
   * opened: then it says "later". Rejects with `model-unknown` when it is not here.
   */
  delete(id: string): Promise<"now" | "later">;
  /** How much room there is, and how much is missing for so many bytes more. */
  space(bytes?: number): Promise<StoreSpace>;
  /** Asks the place not to clear the store by itself; a browser may ask the person. False when it does not promise. */
  persist(): Promise<boolean>;
}
