import * as files from "node:fs";
import { basename, dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { promisify } from "node:util";
import { UnderdrawError } from "@underdraw/engine";
import { formatOf, type WriteFormat } from "@underdraw/engine/pictures";
import { misused } from "./failure.ts";

// Writes results whole or not at all: each into a file beside its place, onto the disk, then all renamed without giving way
// to anything else, so that no Ctrl-C comes in between; one that comes before takes away what lies beside. What is no
// ordinary file (a device, a pipe) cannot be replaced and is written directly.

/** The calls of node:fs that are needed, so that a test can take a full disk's place. */
export type Disk = Pick<
  typeof files,
  | "accessSync"
  | "closeSync"
  | "fsync"
  | "openSync"
  | "realpathSync"
  | "renameSync"
  | "statSync"
  | "unlinkSync"
  | "writeSync"
>;

/**
 * Checks before any work is done that a file can be written, and tells its format by its ending. Throws
 * `request-invalid` for an ending that is not among `formats`, `file-unwritable` for a folder that is missing or locked.
 */
export function checkOutput(
  flag: string,
  path: string,
  formats: readonly WriteFormat[] = ["png", "jpeg", "webp"],
  disk: Disk = files,
): WriteFormat {
  const format = formatOf(path);
  const stats = disk.statSync(path, { throwIfNoEntry: false });
  if (stats?.isDirectory()) {
    throw unwritable(path, "it is a folder", `Name a file in it: ${join(path, "underdraw.png")}`);
  }
  if (format === null || !formats.includes(format)) {
    const endings = { png: ".png", jpeg: ".jpg", webp: ".webp" };
    const wanted = formats.map((one) => endings[one]).join(", ");
    throw misused(flag, `${flag} must end in ${wanted}, which says the file's format, and "${path}" does not.`);
  }
  const folder = dirname(path);
  if (!disk.statSync(folder, { throwIfNoEntry: false })?.isDirectory()) {
    throw unwritable(path, `there is no folder "${folder}"`, "Make it first");
  }
  try {
    disk.accessSync(stats ? path : folder, files.constants.W_OK);
  } catch (cause) {
    throw refused(path, cause);
  }
  return format;
}

/** A file to write. */
export interface Output {
  readonly path: string;
  readonly bytes: Uint8Array;
}

/** A file beside its place, whole and on the disk. */
interface Waiting {
  readonly path: string;
  readonly beside: string;
  readonly target: string;
}

/**
 * Writes files, all of them whole or none at all. Rejects with `file-unwritable`, with the disk's reason in words, and with
 * the signal's reason as soon as it aborts before they are in their places.
 */
export async function writeOutputs(
  outputs: readonly Output[],
  { signal, disk = files }: { readonly signal?: AbortSignal; readonly disk?: Disk } = {},
): Promise<void> {
  const waiting: Waiting[] = [];
  const removeWaiting = (): void => {
    for (const { beside } of waiting.splice(0)) {
      try {
        disk.unlinkSync(beside);
      } catch {
        // The first failure is the one to tell.
      }
    }
  };
  // A second Ctrl-C ends the process where it is.
  process.once("exit", removeWaiting);
  let path = "";
  try {
    for (const output of outputs) {
      path = output.path;
      const stats = disk.statSync(path, { throwIfNoEntry: false });
      if (stats && !stats.isFile()) {
        await writeAll(disk, disk.openSync(path, "w"), output.bytes, false, signal);
        continue;
      }
      // Through a link, so that the file it leads to is replaced and not the link.
      const target = stats ? disk.realpathSync(path) : path;
      const beside = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
      const file = disk.openSync(beside, "wx");
      waiting.push({ path, beside, target });
      await writeAll(disk, file, output.bytes, true, signal);
    }
    signal?.throwIfAborted();
    for (let next = waiting[0]; next; next = waiting[0]) {
      path = next.path;
      disk.renameSync(next.beside, next.target);
      waiting.shift();
    }
  } catch (cause) {
    removeWaiting();
    signal?.throwIfAborted();
    throw refused(path, cause);
  } finally {
    process.off("exit", removeWaiting);
  }
}

/** How much is handed to the disk at once, and how long that may go on before a Ctrl-C can be heard, in ms. */
const pieceLength = 1 << 20;
const turn = 40;

async function writeAll(
  disk: Disk,
  file: number,
  bytes: Uint8Array,
  sync: boolean,
  signal: AbortSignal | undefined,
): Promise<void> {
  let syncing = Promise.resolve();
  try {
    let since = performance.now();
    for (let at = 0; at < bytes.length; ) {
      at += disk.writeSync(file, bytes, at, Math.min(pieceLength, bytes.length - at));
      if (performance.now() - since < turn) continue;
      await setImmediate();
      signal?.throwIfAborted();
      since = performance.now();
    }
    if (sync) syncing = promisify(disk.fsync)(file);
  } catch (error) {
    disk.closeSync(file);
    throw error;
  }
  // Who stops does not wait for a slow disk; the file is closed when the disk is done with it.
  await unlessStopped(
    syncing.finally(() => disk.closeSync(file)),
    signal,
  );
}

function unlessStopped(work: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(signal?.reason);
    work.then(resolve, reject).finally(() => signal?.removeEventListener("abort", stop));
    if (signal?.aborted) stop();
    else signal?.addEventListener("abort", stop, { once: true });
  });
}

/** What the disk's codes mean, and what to do. */
const reasons: Readonly<Record<string, readonly [reason: string, remedy: string]>> = {
  ENOSPC: ["the disk is full", "Make room on it, or write to another one"],
  EDQUOT: ["your share of the disk is used up", "Make room, or write to another one"],
  EACCES: ["you may not write there", "Choose another folder, or change its permissions"],
  EPERM: ["you may not write there", "Choose another folder, or change its permissions"],
  EROFS: ["the disk can only be read", "Write to another one"],
  ENOENT: ["the folder is gone", "Make it again"],
  EFBIG: ["the disk takes no file of this size", "Write to another one"],
  ENAMETOOLONG: ["the name is too long", "Choose a shorter one"],
  EIO: ["the disk failed", "Write to another one"],
};

function refused(path: string, cause: unknown): UnderdrawError<"file-unwritable"> {
  if (UnderdrawError.is(cause, "file-unwritable")) return cause;
  const { code = "", message } = cause as NodeJS.ErrnoException;
  const [reason, remedy] = reasons[code] ?? [message, "Write to another place"];
  return unwritable(path, reason, remedy, cause);
}

function unwritable(path: string, reason: string, remedy: string, cause?: unknown): UnderdrawError<"file-unwritable"> {
  const message = `Cannot write "${path}": ${reason}. ${remedy}.`;
  return new UnderdrawError("file-unwritable", message, { file: path, reason }, cause === undefined ? {} : { cause });
}
