import { createHash } from "node:crypto";
import { openAsBlob } from "node:fs";
import { open, readdir, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, join } from "node:path";
import { tableFolder } from "../models/folder.ts";
import { nodeFile } from "../models/node-files.ts";
import { askStepwise } from "./ask.ts";
import { writeFailure } from "./failure.ts";
import { makeFolder } from "./node-folder.ts";
import { underLock } from "./node-lock.ts";
import type { Part, Place } from "./place.ts";

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException | undefined)?.code ?? "";

/** A folder on disk as the place of a store. It is made where it is not there. */
export function nodePlace(folder: string, fetch: typeof globalThis.fetch): Place {
  const at = (file: string): string => join(folder, file);
  const made = (): Promise<void> => makeFolder(folder);
  /** Runs a step of writing; what it fails with is an error for a person. */
  const writing = async <T>(file: string, step: () => Promise<T>): Promise<T> => {
    try {
      return await step();
    } catch (cause) {
      throw writeFailure(at(file), cause);
    }
  };
  /** A rename is there after a crash only when the folder is written too. Not every system lets a folder be synced. */
  const settled = async (): Promise<void> => {
    const handle = await open(folder, "r").catch(() => null);
    await handle?.sync().catch(() => undefined);
    await handle?.close();
  };
  const move = (from: string, to: string): Promise<void> =>
    writing(to, async () => {
      await rename(at(from), at(to));
      await settled();
    });

  return {
    async text(file) {
      try {
        return await readFile(at(file), "utf8");
      } catch (cause) {
        if (codeOf(cause) === "ENOENT" || codeOf(cause) === "ENOTDIR") return null;
        throw writeFailure(at(file), cause);
      }
    },
    async replace(file, text) {
      const aside = `${file}.new`;
      await writing(file, async () => {
        await made();
        const handle = await open(at(aside), "w");
        try {
          await handle.writeFile(text);
          await handle.sync();
        } finally {
          await handle.close();
        }
      });
      await move(aside, file);
    },
    part: (file) =>
      writing(file, async () => {
        await made();
        return openPart(at(file), writing);
      }),
    rename: move,
    async remove(file) {
      try {
        await rm(at(file), { force: true });
        return true;
      } catch (cause) {
        // Windows keeps what is open.
        if (["EBUSY", "EPERM", "EACCES"].includes(codeOf(cause))) return false;
        throw writeFailure(at(file), cause);
      }
    },
    async sizes() {
      const sizes = new Map<string, number>();
      for (const name of await readdir(folder).catch(() => [])) {
        const facts = await stat(at(name)).catch(() => null);
        if (facts?.isFile()) sizes.set(name, facts.size);
      }
      return sizes;
    },
    file: async (file, name) => nodeFile(at(file), name),
    folder: async (files, name) =>
      tableFolder(name, files, (file, path, options) => nodeFile(at(file), path).open(options)),
    async blob(file, name) {
      const facts = await stat(at(file)).catch(() => null);
      return facts ? new File([await openAsBlob(at(file))], name, { lastModified: Math.floor(facts.mtimeMs) }) : null;
    },
    async free() {
      // The nearest folder that is there, should the store's own have been taken away.
      for (let path = folder; ; path = join(path, "..")) {
        try {
          const { bavail, bsize } = await statfs(path);
          return bavail * bsize;
        } catch {
          if (basename(path) === "") return null;
        }
      }
    },
    persisted: async () => true,
    persist: async () => true,
    async exclusive(name, work, signal) {
      await writing(name, made);
      return underLock(at(`${name}.lock`), work, signal);
    },
    digest() {
      const hash = createHash("sha256");
      return { update: (bytes) => void hash.update(bytes), hex: () => hash.digest("hex") };
    },
    ask: askStepwise(fetch),
  };
}

async function openPart(path: string, writing: <T>(file: string, step: () => Promise<T>) => Promise<T>): Promise<Part> {
  const file = basename(path);
  // "a+" would write at the end whatever the place; "r+" needs the file.
  const handle = await open(path, "r+").catch((cause) => {
    if (codeOf(cause) === "ENOENT") return open(path, "w+");
    throw cause;
  });
  let { size } = await handle.stat();
  let closed = false;
  return {
    get size() {
      return size;
    },
    read: (at, length) =>
      writing(file, async () => {
        const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, at);
        return buffer.subarray(0, bytesRead);
      }),
    append: (bytes) =>
      writing(file, async () => {
        for (let done = 0; done < bytes.length; ) {
          const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, size);
          done += bytesWritten;
          size += bytesWritten;
        }
      }),
    empty: () =>
      writing(file, async () => {
        await handle.truncate(0);
        size = 0;
      }),
    flush: () => writing(file, () => handle.datasync()),
    async close() {
      if (!closed) await handle.close();
      closed = true;
    },
  };
}
