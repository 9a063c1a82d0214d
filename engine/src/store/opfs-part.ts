import { writeFailure } from "./failure.ts";
import type { Part } from "./place.ts";

/** What is used of `FileSystemSyncAccessHandle`, which is there in workers only. */
interface AccessHandle {
  read(into: Uint8Array, options: { readonly at: number }): number;
  write(bytes: Uint8Array, options: { readonly at: number }): number;
  truncate(size: number): void;
  flush(): void;
  getSize(): number;
  close(): void;
}

type Openable = FileSystemFileHandle & { createSyncAccessHandle?(): Promise<AccessHandle> };

/**
 * A file of the origin's own to write at the end of. In a worker each piece is in the file when it is written. A page can
 * only write aside: there what came since the file was opened is lost with a tab that dies, and kept at every other end.
 */
export async function opfsPart(directory: FileSystemDirectoryHandle, file: string): Promise<Part> {
  try {
    const handle = (await directory.getFileHandle(file, { create: true })) as Openable;
    return handle.createSyncAccessHandle
      ? accessPart(file, await handle.createSyncAccessHandle())
      : await streamPart(file, handle);
  } catch (cause) {
    throw writeFailure(file, cause);
  }
}

/** Runs a step of writing; what it fails with is an error for a person. */
async function writing<T>(file: string, step: () => T | Promise<T>): Promise<T> {
  try {
    return await step();
  } catch (cause) {
    throw writeFailure(file, cause);
  }
}

function accessPart(file: string, access: AccessHandle): Part {
  let size = access.getSize();
  let open = true;
  return {
    get size() {
      return size;
    },
    read: (at, length) =>
      writing(file, () => {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, access.read(bytes, { at }));
      }),
    append: (bytes) =>
      writing(file, () => {
        for (let done = 0; done < bytes.length; ) {
          const written = access.write(bytes.subarray(done), { at: size });
          if (written === 0 || written > bytes.length - done)
            throw new DOMException("Nothing more can be written.", "QuotaExceededError");
          done += written;
          size += written;
        }
      }),
    empty: () =>
      writing(file, () => {
        access.truncate(0);
        size = 0;
      }),
    flush: () => writing(file, () => access.flush()),
    async close() {
      if (open) access.close();
      open = false;
    },
  };
}

/** How much is written between two looks at the room that is left. Bytes. */
const LOOK = 16 << 20;

/** How many bytes may be written before it is looked again; `LOOK` where the browser does not say. */
async function roomLeft(): Promise<number> {
  const { quota, usage } = (await navigator.storage.estimate?.()) ?? {};
  return quota === undefined || usage === undefined ? LOOK : Math.min(LOOK, quota - usage);
}

async function streamPart(file: string, handle: FileSystemFileHandle): Promise<Part> {
  const before = await handle.getFile();
  const stream = await handle.createWritable({ keepExistingData: true });
  let { size } = before;
  let room = 0;
  let open = true;
  /** A step that fails takes all with it that was written aside; there is nothing to be closed then. */
  const step = (work: () => Promise<void>): Promise<void> =>
    writing(file, work).catch((error) => {
      open = false;
      throw error;
    });
  return {
    get size() {
      return size;
    },
    read: (at, length) => writing(file, async () => new Uint8Array(await before.slice(at, at + length).arrayBuffer())),
    async append(bytes) {
      // Refused here and not by the stream, so that what came before is kept.
      if (bytes.length > room) room = await roomLeft();
      if (bytes.length > room)
        throw writeFailure(file, new DOMException("The origin's quota is reached.", "QuotaExceededError"));
      await step(() => stream.write({ type: "write", position: size, data: bytes as Uint8Array<ArrayBuffer> }));
      size += bytes.length;
      room -= bytes.length;
    },
    empty: () =>
      step(async () => {
        await stream.truncate(0);
        size = 0;
      }),
    async flush() {},
    async close() {
      if (!open) return;
      open = false;
      await writing(file, () => stream.close());
    },
  };
}
