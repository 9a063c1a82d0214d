import { opfsFile, opfsFiles } from "../models/opfs.ts";
import { askInBrowser } from "./ask.ts";
import { ownDigest } from "./digest.ts";
import { writeFailure } from "./failure.ts";
import { opfsPart } from "./opfs-part.ts";
import type { Place } from "./place.ts";

const kindOf = (error: unknown): string => (error as Error | undefined)?.name ?? "";

/** The part of Web Locks that is used. */
type Locks = Pick<LockManager, "request">;

/** What is used of a handle besides the standard's first version: every engine moves files of the origin's own. */
type Movable = FileSystemFileHandle & { move(name: string): Promise<void> };

/** A directory of the origin's own files as the place of a store. */
export function opfsPlace(directory: FileSystemDirectoryHandle, fetch: typeof globalThis.fetch): Place {
  const found = async (file: string): Promise<FileSystemFileHandle | null> => {
    try {
      return await directory.getFileHandle(file);
    } catch (cause) {
      if (kindOf(cause) === "NotFoundError") return null;
      throw writeFailure(file, cause);
    }
  };
  const remove = async (file: string): Promise<boolean> => {
    try {
      await directory.removeEntry(file);
      return true;
    } catch (cause) {
      if (kindOf(cause) === "NotFoundError") return true;
      if (kindOf(cause) === "NoModificationAllowedError" || kindOf(cause) === "InvalidModificationError") return false;
      throw writeFailure(file, cause);
    }
  };
  const rename = async (from: string, to: string): Promise<void> => {
    try {
      const handle = (await directory.getFileHandle(from)) as Movable;
      await handle.move(to);
    } catch (cause) {
      throw writeFailure(to, cause);
    }
  };
  const estimate = async (): Promise<StorageEstimate> => (await navigator.storage.estimate?.()) ?? {};
  const { locks } = navigator as { readonly locks?: Locks };

  return {
    async text(file) {
      const handle = await found(file);
      return handle === null ? null : (await handle.getFile()).text();
    },
    async replace(file, text) {
      // Written aside and moved: whoever reads sees the old text or the new one, and so does a crash.
      const aside = `${file}.new`;
      const part = await opfsPart(directory, aside);
      try {
        await part.empty();
        await part.append(new TextEncoder().encode(text));
        await part.flush();
      } finally {
        await part.close();
      }
      await rename(aside, file);
    },
    part: (file) => opfsPart(directory, file),
    rename,
    remove,
    async sizes() {
      const sizes = new Map<string, number>();
      for await (const [name, handle] of directory.entries()) {
        if (handle.kind !== "file") continue;
        // A file that goes meanwhile is none.
        const file = await (handle as FileSystemFileHandle).getFile().catch(() => null);
        if (file) sizes.set(name, file.size);
      }
      return sizes;
    },
    file: async (file, name) => opfsFile(await handleOf(file), name),
    async folder(files, name) {
      const handles = files.map(async ([path, file]) => [path, await handleOf(file)] as const);
      return opfsFiles(await Promise.all(handles), name);
    },
    async blob(file, name) {
      const handle = await found(file);
      if (!handle) return null;
      const held = await handle.getFile();
      return new File([held], name, { lastModified: held.lastModified });
    },
    async free() {
      const { quota, usage } = await estimate();
      return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
    },
    persisted: async () => (await navigator.storage.persisted?.()) ?? false,
    persist: async () => (await navigator.storage.persist?.()) ?? false,
    async exclusive(name, work, signal) {
      if (!locks) return work();
      const lock = `underdraw-store:${directory.name}:${name}`;
      return locks.request(lock, signal ? { signal } : {}, work);
    },
    digest: ownDigest,
    ask: askInBrowser(fetch),
  };

  /** The handle of content; one that is gone is told by whoever opens it. */
  async function handleOf(file: string): Promise<FileSystemFileHandle> {
    return (await found(file)) ?? directory.getFileHandle(file);
  }
}
