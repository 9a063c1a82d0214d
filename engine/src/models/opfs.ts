import { blobSource } from "./blob.ts";
import { checkPath } from "./folder.ts";
import { endsEarly, fileInvalid } from "./refusal.ts";
import type { ByteSource, ModelFile, ModelFolder } from "./source.ts";

// Files of the origin private file system, and of folders that a person opened. Access handles are opened "read-only":
// several of them on one file live side by side, while the default handle shuts out every other tab and worker.

/** What is used of `FileSystemSyncAccessHandle`, which is there in workers only. */
interface AccessHandle {
  read(into: Uint8Array, options: { readonly at: number }): number;
  getSize(): number;
  close(): void;
}

type OpenableHandle = FileSystemFileHandle & {
  createSyncAccessHandle?(options: { readonly mode: "read-only" }): Promise<AccessHandle>;
};

/** Opens a file by its handle: through an access handle where there may be one, else as a blob. */
async function openHandle(name: string, handle: OpenableHandle): Promise<ByteSource> {
  let access: AccessHandle;
  try {
    if (!handle.createSyncAccessHandle) return blobSource(name, await handle.getFile());
    access = await handle.createSyncAccessHandle({ mode: "read-only" });
  } catch (cause) {
    const { name: kind } = cause as Error;
    if (kind === "NoModificationAllowedError") {
      const reason = "another tab or worker is writing it. Wait until that has ended, or close it.";
      throw fileInvalid(name, reason, { cause });
    }
    // Access handles are for the origin's own files: a folder that a person opened has none.
    if (kind === "InvalidStateError" || kind === "NotAllowedError" || kind === "TypeError")
      return blobSource(name, await handle.getFile());
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
        const got = access.read(into.subarray(done), { at: at + done });
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

const isAbsent = (error: unknown): boolean =>
  ["NotFoundError", "TypeMismatchError"].includes((error as Error | undefined)?.name ?? "");

/** A directory of the origin private file system, or one that a person opened, as a model. */
export function opfsFolder(
  directory: FileSystemDirectoryHandle,
  name: string = directory.name || "storage",
): ModelFolder {
  return {
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
        const handle = await at.getFileHandle(file);
        options?.signal?.throwIfAborted();
        return await openHandle(`${name}/${path}`, handle);
      } catch (error) {
        if (isAbsent(error)) return null;
        throw error;
      }
    },
    list: () => listed(directory, ""),
  };
}

async function listed(directory: FileSystemDirectoryHandle, prefix: string): Promise<string[]> {
  const paths: string[] = [];
  for await (const [name, handle] of directory.entries()) {
    if (handle.kind === "file") paths.push(prefix + name);
    else paths.push(...(await listed(handle as FileSystemDirectoryHandle, `${prefix}${name}/`)));
  }
  return paths;
}

/** A file of the origin private file system, or one that a person opened, as a model. */
export function opfsFile(handle: FileSystemFileHandle): ModelFile {
  return {
    kind: "file",
    name: handle.name,
    async open(options) {
      options?.signal?.throwIfAborted();
      return openHandle(handle.name, handle);
    },
  };
}
