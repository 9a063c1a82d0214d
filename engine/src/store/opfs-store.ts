import { UnderdrawError } from "../core/errors.ts";
import type { ModelStore } from "./model-store.ts";
import { openStoreAt, type StoreOptions } from "./opened-store.ts";
import { opfsPlace } from "./opfs-place.ts";

/** How a browser's store is opened. */
export interface OpfsStoreOptions extends StoreOptions {
  /** A directory of the origin private file system; "underdraw-models" in its root without it. */
  readonly directory?: FileSystemDirectoryHandle;
}

/**
 * Opens the store of models in the origin's own files. It works in pages and in workers; long downloads belong into a
 * worker, where what came is safe in every moment. Rejects with `feature-missing` where the browser has no such files, as
 * in a page that is neither https nor localhost, in some frames and in some private windows.
 */
export async function opfsStore(options: OpfsStoreOptions = {}): Promise<ModelStore> {
  const directory = options.directory ?? (await ownDirectory());
  return openStoreAt(opfsPlace(directory, options.fetch ?? ((...given) => globalThis.fetch(...given))), options);
}

async function ownDirectory(): Promise<FileSystemDirectoryHandle> {
  try {
    const root = await navigator.storage.getDirectory();
    return await root.getDirectoryHandle("underdraw-models", { create: true });
  } catch (cause) {
    const feature = "navigator.storage.getDirectory";
    const message = `This page can keep no models: ${feature} is missing or refused here. Open it at an https address, in a window that is not private and in a frame that may store.`;
    throw new UnderdrawError("feature-missing", message, { feature }, { cause });
  }
}
