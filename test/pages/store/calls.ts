import {
  type DownloadPlan,
  type ModelSource,
  type ModelStore,
  opfsStore,
  type PlanOptions,
  UnderdrawError,
} from "@underdraw/engine";
import { openBase } from "../../../engine/src/models/base.ts";

// What store.test.ts asks of a page and of its worker: the same store in both.

let store: ModelStore | null = null;
const opened = async (): Promise<ModelStore> => {
  store ??= await opfsStore({ pauses: [1, 1, 1] });
  return store;
};
let stopping = new AbortController();
const held: { close(): void }[] = [];

/** The bytes of a model's file by SHA-256, read as an engine reads them. */
async function digestOf(source: ModelSource, path: string): Promise<string> {
  const file = source.kind === "file" ? await source.open() : await source.open(path);
  if (!file) return "absent";
  try {
    const bytes = new Uint8Array(file.size);
    file.read(bytes, 0);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
  } finally {
    file.close();
  }
}

const calls = {
  /** Opens the store anew, as a page that is loaded does. */
  async reopen() {
    store = null;
    await opened();
  },
  list: async () => (await opened()).list(),
  unfinished: async () => (await opened()).unfinished(),
  plan: async (address: string, options: PlanOptions = {}) => (await opened()).plan(address, options),
  /** Downloads, and stops after so many bytes. */
  async download(plan: DownloadPlan, stopAfter = Number.POSITIVE_INFINITY, token?: string) {
    stopping = new AbortController();
    const heard: number[] = [];
    const stored = await (await opened()).download(plan, {
      ...(token !== undefined && { token }),
      signal: stopping.signal,
      onProgress(progress) {
        if (progress.phase !== "download") return;
        heard.push(progress.loaded);
        if (progress.loaded >= stopAfter) stopping.abort(new Error("stopped by the test"));
      },
    });
    return { stored, heard, falls: heard.some((loaded, n) => loaded < (heard[n - 1] ?? 0)) };
  },
  stop: async () => stopping.abort(new Error("stopped by the test")),
  add: async (bytes: string, name: string) => (await opened()).add(new File([bytes], name)),
  delete: async (id: string) => (await opened()).delete(id),
  space: async (bytes: number) => (await opened()).space(bytes),
  exported: async (id: string) => {
    const blob = (await (await opened()).export(id)) as File;
    return { name: blob.name, size: blob.size };
  },
  digest: async (id: string, path = "") => digestOf(await (await opened()).open(id), path),
  /** Opens a model and leaves it open. */
  async hold(id: string) {
    const source = await (await opened()).open(id);
    if (source.kind === "file") held.push(await source.open());
  },
  async letGo() {
    for (const file of held.splice(0)) file.close();
  },
  /** Opens a folder as a base and says how many tensors its UNet has. */
  async base(id: string) {
    const base = await openBase(await (await opened()).open(id));
    try {
      return [...base.unet.tensors.keys()].length;
    } finally {
      base.close();
    }
  },
  /** The names of the files that lie in the store's directory. */
  async lying() {
    const root = await navigator.storage.getDirectory();
    const directory = await root.getDirectoryHandle("underdraw-models", { create: true });
    const names: string[] = [];
    for await (const [name] of directory.entries()) names.push(name);
    return names.sort();
  },
  /** How fast the store's own SHA-256 is here. MB/s. */
  async speed(megabytes: number) {
    const { ownDigest } = await import("../../../engine/src/store/digest.ts");
    const bytes = new Uint8Array(65_536).map((_, n) => n * 31);
    const began = performance.now();
    const digest = ownDigest();
    for (let done = 0; done < megabytes * 1e6; done += bytes.length) digest.update(bytes);
    digest.hex();
    return (megabytes / (performance.now() - began)) * 1000;
  },
  async canPick() {
    const { canPickFolder } = await import("@underdraw/engine");
    return canPickFolder();
  },
};

/** What can be asked. */
export type Calls = typeof calls;

/** A call's outcome as data. */
export type Outcome =
  | { readonly result: unknown }
  | { readonly failure: { readonly message: string; readonly code?: string; readonly details?: unknown } };

/** Makes a call; what it fails with is data. */
export async function answer(call: string, given: readonly unknown[]): Promise<Outcome> {
  try {
    const run = calls[call as keyof Calls] as (...given: unknown[]) => Promise<unknown>;
    return { result: (await run(...given)) ?? null };
  } catch (error) {
    const { message } = error as Error;
    return { failure: UnderdrawError.is(error) ? { message, code: error.code, details: error.details } : { message } };
  }
}
