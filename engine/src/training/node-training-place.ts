import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { type FileHandle, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { checkPath } from "../models/folder.ts";
import { nodeFolder } from "../models/node-files.ts";
import { makeFolder } from "../store/node-folder.ts";
import { asideName, isAside, writerOf, writing } from "./place-writing.ts";
import type { TrainingPlace } from "./training-place.ts";

/** How long what a dead process left may still be somebody's: another machine's processes cannot be seen. Milliseconds. */
const LEFT_BEHIND = 60_000;

/** What this process writes now. */
const ours = new Set<string>();

/**
 * A folder on disk as a place; it is made when something is written. A file is written beside its name, brought to the
 * disk and renamed, so that a crash leaves the one before.
 */
export function nodePlace(path: string): TrainingPlace {
  const folder = resolve(path);
  const name = basename(folder) || folder;
  const files = nodeFolder(folder, name);
  const at = (file: string): string => {
    checkPath(file, name);
    return join(folder, file);
  };
  return {
    name,
    async write(file, pieces) {
      const target = at(file);
      await writing(target, () => makeFolder(dirname(target)));
      await clear(target);
      const writer = `${process.pid}-${randomUUID()}`;
      const aside = join(dirname(target), asideName(basename(target), writer));
      ours.add(writer);
      try {
        const handle = await writing(target, () => open(aside, "wx"));
        try {
          for await (const piece of pieces) await writing(target, () => append(handle, piece));
          await writing(target, () => handle.sync());
        } finally {
          await handle.close();
        }
        await writing(target, () => rename(aside, target));
        await settled(dirname(target));
      } catch (error) {
        await rm(aside, { force: true }).catch(() => undefined);
        throw error;
      } finally {
        ours.delete(writer);
      }
    },
    async open(file) {
      checkPath(file, name);
      return files.open(file);
    },
    async list() {
      return existsSync(folder) ? ((await files.list?.()) ?? []).filter((file) => !isAside(file)) : [];
    },
    async remove(file) {
      const target = at(file);
      await writing(target, () => rm(target, { force: true }));
    },
    async free() {
      // The nearest folder that is there.
      for (let near = folder; ; near = dirname(near)) {
        try {
          const { bavail, bsize } = await statfs(near);
          return bavail * bsize;
        } catch {
          if (near === dirname(near)) return null;
        }
      }
    },
  };
}

async function append(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length; ) done += (await handle.write(bytes, done)).bytesWritten;
}

/** A rename is there after a crash only when the folder is written too. Not every system lets a folder be synced. */
async function settled(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => null);
  await handle?.sync().catch(() => undefined);
  await handle?.close();
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as NodeJS.ErrnoException).code !== "ESRCH";
  }
}

/** Takes away what processes that died left of a file: a checkpoint may have gigabytes. */
async function clear(target: string): Promise<void> {
  const folder = dirname(target);
  for (const file of await readdir(folder).catch(() => [])) {
    const writer = writerOf(basename(target), file);
    if (writer === null || ours.has(writer)) continue;
    const pid = Number.parseInt(writer, 10);
    // A process of this one's number that is not this one is dead.
    if (pid !== process.pid && isAlive(pid)) continue;
    const facts = await stat(join(folder, file)).catch(() => null);
    if (facts && Date.now() - facts.mtimeMs > LEFT_BEHIND)
      await rm(join(folder, file), { force: true }).catch(() => undefined);
  }
}
