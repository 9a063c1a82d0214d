import * as files from "node:fs";
import { basename, dirname, join } from "node:path";
import { UnderdrawError } from "@underdraw/engine";
import { formatOf, type WriteFormat } from "@underdraw/engine/pictures";
import { misused } from "./failure.ts";

// Writes a result whole or not at all: into a file beside its place, onto the disk, then renamed. All of it without
// giving way to anything else, so that no Ctrl-C comes in between. What is no ordinary file (a device, a pipe) cannot
// be replaced and is written directly.

/** The calls of node:fs that are needed, so that a test can take a full disk's place. */
export type Disk = Pick<
  typeof files,
  | "accessSync"
  | "closeSync"
  | "fsyncSync"
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

/** Writes a file whole or not at all. Throws `file-unwritable`, with the disk's reason in words. */
export function writeOutput(path: string, bytes: Uint8Array, disk: Disk = files): void {
  let temporary: string | undefined;
  try {
    const stats = disk.statSync(path, { throwIfNoEntry: false });
    if (stats && !stats.isFile()) {
      writeAll(disk, disk.openSync(path, "w"), bytes, false);
      return;
    }
    // Through a link, so that the file it leads to is replaced and not the link.
    const target = stats ? disk.realpathSync(path) : path;
    const beside = join(dirname(target), `.${basename(target)}.${process.pid}.part`);
    const file = disk.openSync(beside, "wx");
    temporary = beside;
    writeAll(disk, file, bytes, true);
    disk.renameSync(beside, target);
    temporary = undefined;
  } catch (cause) {
    if (temporary !== undefined) {
      try {
        disk.unlinkSync(temporary);
      } catch {
        // The first failure is the one to tell.
      }
    }
    throw refused(path, cause);
  }
}

function writeAll(disk: Disk, file: number, bytes: Uint8Array, sync: boolean): void {
  try {
    for (let at = 0; at < bytes.length; ) at += disk.writeSync(file, bytes, at, bytes.length - at);
    if (sync) disk.fsyncSync(file);
  } finally {
    disk.closeSync(file);
  }
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
