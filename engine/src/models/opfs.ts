import { UnderdrawError } from "../core/errors.ts";
import { blobSource } from "./blob.ts";
import { crossing } from "./crossing.ts";
import { checkPath, tableFolder } from "./folder.ts";
import { endsEarly, fileInvalid } from "./refusal.ts";
import type { ByteSource, ModelFile, ModelFolder } from "./source.ts";

// Files of the origin private file system, and of folders that a person opened. Access handles are opened "read-only":
// several of them on one file live side by side, while the default handle shuts out every other tab and worker. A
// browser that does not know that mode would take the default one, so there files are read as blobs, without a lock.

/** What is used of `FileSystemSyncAccessHandle`, which is there in workers only. */
interface AccessHandle {
  read(into: Uint8Array, options: { readonly at: number }): number;
  getSize(): number;
  close(): void;
}

type OpenableHandle = FileSystemFileHandle & {
  createSyncAccessHandle?(options: { readonly mode: "read-only" }): Promise<AccessHandle>;
};

/** Whether access handles of this browser are shut to others whatever mode is asked for. */
function locksAlways(): boolean {
  const { FileSystemSyncAccessHandle: known } = globalThis as { FileSystemSyncAccessHandle?: { prototype: object } };
  return known !== undefined && !("mode" in known.prototype);
}

/** Opens a file by its handle: through an access handle where there may be one, else as a blob. */
async function openHandle(name: string, handle: OpenableHandle): Promise<ByteSource> {
  // This tells of a file that is gone: a private window of Chromium opens an access handle on one, with no true size.
  const file = await handle.getFile();
  if (!handle.createSyncAccessHandle || locksAlways()) return blobSource(name, file);
  let access: AccessHandle;
  try {
    access = await handle.createSyncAccessHandle({ mode: "read-only" });
  } catch (cause) {
    const kind = kindOf(cause);
    if (kind === "NoModificationAllowedError") {
      const reason = "another tab or worker is writing it. Wait until that has ended, or close it.";
      throw fileInvalid(name, reason, { cause });
    }
    // Access handles are for the origin's own files: a folder that a person opened has none.
    if (kind === "InvalidStateError" || kind === "NotAllowedError" || kind === "TypeError")
      return blobSource(name, file);
    throw cause;
  }
  const size = access.getSize();
  let closed = false;
  return {
    name,
    size,
    read(into, at) {
      if (closed) throw fileInvalid(name, "it was closed.");
      if (at < 0 || at + into.length > size) throw endsEarly(name, size, at, into.length);
      for (let done = 0; done < into.length; ) {
        let got: number;
        try {
          got = access.read(into.subarray(done), { at: at + done });
        } catch (cause) {
          throw unreadable(name, cause);
        }
        if (got <= 0) throw endsEarly(name, at + done, at, into.length);
        done += got;
      }
    },
    close() {
      if (!closed) access.close();
      closed = true;
    },
  };
}

const kindOf = (error: unknown): string => (error as Error | undefined)?.name ?? "";

const isAbsent = (error: unknown): boolean => ["NotFoundError", "TypeMismatchError"].includes(kindOf(error));

/** What the browser refuses with, as the error that it is for a person. */
function unreadable(name: string, cause: unknown): Error {
  if (UnderdrawError.is(cause)) return cause;
  const reason =
    kindOf(cause) === "NotAllowedError"
      ? "this page may not read it. Give it leave again, or choose the folder again."
      : `the browser refuses it (${cause instanceof Error ? cause.message : String(cause)}). Choose it again.`;
  return fileInvalid(name, reason, { cause });
}

/** A directory of the origin private file system, or one that a person opened, as a model. */
export function opfsFolder(
  directory: FileSystemDirectoryHandle,
  name: string = directory.name || "storage",
): ModelFolder {
  const model: ModelFolder = {
    kind: "folder",
    name,
    async open(path, options) {
      options?.signal?.throwIfAborted();
      checkPath(path, name);
      const segments = path.split("/");
      const file = segments.pop() as string;
      try {
        let at = directory;
        for (const segment of segments) at = await at.getDirectoryHandle(segment);
        const source = await openHandle(`${name}/${path}`, await at.getFileHandle(file));
        return unlessStopped(source, options?.signal);
      } catch (error) {
        options?.signal?.throwIfAborted();
        if (isAbsent(error)) return null;
        throw unreadable(`${name}/${path}`, error);
      }
    },
    async list() {
      try {
        return await listed(directory, "");
      } catch (cause) {
        throw unreadable(name, cause);
      }
    },
  };
  return crossing(model, { from: "directory", name, handle: directory });
}

/** A source that was opened, or the signal's reason: then it is closed again, since nobody is left to close it. */
function unlessStopped(source: ByteSource, signal: AbortSignal | undefined): ByteSource {
  if (signal?.aborted) source.close();
  signal?.throwIfAborted();
  return source;
}

async function listed(directory: FileSystemDirectoryHandle, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const [name, handle] of directory.entries()) {
    if (handle.kind === "file") paths.push(prefix + name);
    else paths.push(...(await listed(handle as FileSystemDirectoryHandle, `${prefix}${name}/`)));
  }
  return paths;
}

/**
 * Files of the origin private file system by their paths in a model's folder, whatever they are called where they lie.
 * `name` is what messages call the folder.
 */
export function opfsFiles(
  handles: readonly (readonly [path: string, handle: FileSystemFileHandle])[],
  name: string,
): ModelFolder {
  const model = tableFolder(name, handles, (handle, path, options) => opfsFile(handle, path).open(options));
  return crossing(model, { from: "handles", name, handles });
}

/**
 * A file of the origin private file system, or one that a person opened, as a model. `name` is what messages call it; the
 * file's own without it. Opening rejects with `model-unknown` when it is there no more.
 */
export function opfsFile(handle: FileSystemFileHandle, name: string = handle.name): ModelFile {
  const model: ModelFile = {
    kind: "file",
    name,
    async open(options) {
      options?.signal?.throwIfAborted();
      try {
        return unlessStopped(await openHandle(name, handle), options?.signal);
      } catch (cause) {
        options?.signal?.throwIfAborted();
        if (!isAbsent(cause)) throw unreadable(name, cause);
        const message = `The file ${JSON.stringify(name)} is there no more. Choose it, or store it, again.`;
        throw new UnderdrawError("model-unknown", message, { id: name, known: [] }, { cause });
      }
    },
  };
  return crossing(model, { from: "handle", name, handle });
}
