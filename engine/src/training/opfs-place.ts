import { UnderdrawError } from "../core/errors.ts";
import { checkPath } from "../models/folder.ts";
import { gather } from "../models/memory.ts";
import { opfsFolder } from "../models/opfs.ts";
import type { ByteSource } from "../models/source.ts";
import { opfsPart } from "../store/opfs-part.ts";
import { asideName, isAside, writing } from "./place-writing.ts";
import type { TrainingPlace } from "./training-place.ts";

/** What is used of a handle besides the standard's first version: every engine moves files of the origin's own. */
type Movable = FileSystemFileHandle & { move(name: string): Promise<void> };

const isAbsent = (error: unknown): boolean =>
  ["NotFoundError", "TypeMismatchError"].includes((error as Error | undefined)?.name ?? "");

/**
 * A folder of the origin's own files as a place, by its path ("trainings/mine"); it is made when something is written. In
 * a worker files are read where they lie. A page cannot do that: there `open` reads the whole file into memory. A file that
 * is open can neither be written nor removed. Rejects with `feature-missing` where the browser has no such files.
 */
export function opfsPlace(path: string): TrainingPlace {
  checkPath(path, "storage");
  const name = path.slice(path.lastIndexOf("/") + 1);
  const within = async (segments: readonly string[], create: boolean): Promise<FileSystemDirectoryHandle> => {
    let at = await ownFiles();
    for (const segment of [...path.split("/"), ...segments]) at = await at.getDirectoryHandle(segment, { create });
    return at;
  };
  /** The folder, when there is one. */
  const found = async (segments: readonly string[] = []): Promise<FileSystemDirectoryHandle | null> => {
    try {
      return await within(segments, false);
    } catch (cause) {
      if (isAbsent(cause)) return null;
      throw cause;
    }
  };
  const split = (file: string): { readonly segments: readonly string[]; readonly last: string } => {
    checkPath(file, name);
    const segments = file.split("/");
    return { segments: segments.slice(0, -1), last: segments.at(-1) as string };
  };
  return {
    name,
    async write(file, pieces) {
      const { segments, last } = split(file);
      await ownFiles();
      const directory = await writing(file, () => within(segments, true));
      const aside = asideName(last);
      const part = await writing(file, () => opfsPart(directory, aside));
      try {
        try {
          await writing(file, () => part.empty());
          let length = 0;
          for await (const piece of pieces) {
            length += piece.length;
            await writing(file, async () => {
              await part.append(piece);
              // Chromium's access handles do not fail at the quota: they give a size that cannot be (4294967288).
              if (part.size !== length) throw new DOMException("The quota is reached.", "QuotaExceededError");
            });
          }
          await writing(file, () => part.flush());
        } finally {
          await writing(file, () => part.close());
        }
        await writing(file, async () => ((await directory.getFileHandle(aside)) as Movable).move(last));
      } catch (error) {
        await directory.removeEntry(aside).catch(() => undefined);
        throw error;
      }
    },
    async open(file) {
      const { segments, last } = split(file);
      const directory = await found(segments);
      if (!directory) return null;
      return "FileReaderSync" in globalThis
        ? opfsFolder(directory, [name, ...segments].join("/")).open(last)
        : inMemory(directory, last, `${name}/${file}`);
    },
    async list() {
      const directory = await found();
      const files = directory ? await opfsFolder(directory, name).list?.() : null;
      return (files ?? []).filter((file) => !isAside(file));
    },
    async remove(file) {
      const { segments, last } = split(file);
      const directory = await found(segments);
      await writing(file, () => directory?.removeEntry(last)).catch((error: UnderdrawError) => {
        if (!isAbsent(error.cause)) throw error;
      });
    },
    async free() {
      const { quota, usage } = (await navigator.storage?.estimate?.()) ?? {};
      return quota === undefined || usage === undefined ? null : Math.max(0, quota - usage);
    },
  };
}

/** The root of the origin's own files. */
async function ownFiles(): Promise<FileSystemDirectoryHandle> {
  const { storage } = navigator as { readonly storage?: StorageManager };
  if (storage?.getDirectory) return storage.getDirectory();
  const feature = "navigator.storage.getDirectory";
  const message = `A training cannot keep files here: this page has no ${feature}. Open it in a current browser, at https or localhost.`;
  throw new UnderdrawError("feature-missing", message, { feature });
}

async function inMemory(directory: FileSystemDirectoryHandle, file: string, name: string): Promise<ByteSource | null> {
  try {
    const held = await (await directory.getFileHandle(file)).getFile();
    return await gather(name, held.stream());
  } catch (cause) {
    if (isAbsent(cause)) return null;
    throw cause;
  }
}
