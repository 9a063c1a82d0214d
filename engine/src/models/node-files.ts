import { closeSync, fstatSync, openSync, readdirSync, readSync, realpathSync, statSync } from "node:fs";
import { basename, dirname, join, resolve, sep } from "node:path";
import { UnderdrawError } from "../core/errors.ts";
import { checkPath } from "./folder.ts";
import { endsEarly, fileInvalid } from "./refusal.ts";
import type { ByteSource, ModelFile, ModelFolder, ModelSource } from "./source.ts";

// Model files on Node's disk, read in place: nothing of a checkpoint is held in memory. A folder gives its own files
// only; a link that leads out of it is refused. One exception: Hugging Face's cache keeps each file of
// `snapshots/<revision>` as a link into the folder `blobs` of the same model, and those links are followed.

/** `readSync` takes at most 2 GiB at once. */
const MOST_AT_ONCE = 1 << 30;

const codeOf = (error: unknown): string | undefined => (error as NodeJS.ErrnoException | undefined)?.code;
const isAbsent = (error: unknown): boolean => ["ENOENT", "ENOTDIR"].includes(codeOf(error) ?? "");

function openSource(name: string, path: string): ByteSource {
  let file: number | null = openSync(path, "r");
  const { size } = fstatSync(file);
  return {
    name,
    size,
    path: realpathSync(path),
    read(into, at) {
      if (file === null) throw fileInvalid(name, "it was closed.");
      if (at < 0 || at + into.length > size) throw endsEarly(name, size, at, into.length);
      for (let done = 0; done < into.length; ) {
        const got = readSync(file, into, done, Math.min(into.length - done, MOST_AT_ONCE), at + done);
        if (got === 0) throw endsEarly(name, at + done, at, into.length);
        done += got;
      }
    },
    close() {
      if (file !== null) closeSync(file);
      file = null;
    },
  };
}

/** Opens what a path leads to, if it is a file; null when nothing is there. */
function openFile(name: string, path: string): ByteSource | null {
  try {
    // A pipe or device would hang in `open`.
    return statSync(path).isFile() ? openSource(name, path) : null;
  } catch (cause) {
    if (isAbsent(cause)) return null;
    if (UnderdrawError.is(cause)) throw cause;
    const reason = codeOf(cause) === "EACCES" ? "you may not read it. Change its permissions." : String(cause);
    throw fileInvalid(name, reason, { cause });
  }
}

/** The folders in which files of a model folder may truly lie. */
function homes(root: string): readonly string[] {
  const snapshots = dirname(root);
  return basename(snapshots) === "snapshots" ? [root, join(dirname(snapshots), "blobs")] : [root];
}

const liesIn = (path: string, home: string): boolean => path.startsWith(home.endsWith(sep) ? home : home + sep);

/** A folder on disk as a model. `name` is what messages call it; the folder's own name without it. */
export function nodeFolder(path: string, name: string = basename(resolve(path)) || path): ModelFolder {
  const inside = (file: string): string | null => {
    try {
      const root = realpathSync(path);
      const real = realpathSync(join(root, file));
      if (homes(root).some((home) => liesIn(real, home))) return real;
    } catch (cause) {
      if (isAbsent(cause)) return null;
      throw fileInvalid(`${name}/${file}`, String(cause), { cause });
    }
    throw fileInvalid(`${name}/${file}`, "it is a link that leads out of its folder. Put the file itself there.");
  };
  return {
    kind: "folder",
    name,
    async open(file, options) {
      options?.signal?.throwIfAborted();
      checkPath(file, name);
      const real = inside(file);
      return real === null ? null : openFile(`${name}/${file}`, real);
    },
    list: async () => {
      try {
        return readdirSync(path, { recursive: true, withFileTypes: true, encoding: "utf8" })
          .filter((entry) => entry.isFile() || entry.isSymbolicLink())
          .map((entry) => join(entry.parentPath, entry.name).slice(join(path, sep).length).split(sep).join("/"));
      } catch (cause) {
        throw fileInvalid(name, `the folder cannot be listed (${String(cause)}).`, { cause });
      }
    },
  };
}

/**
 * A file on disk as a model. `name` is what messages call it; the file's own name without it. Opening rejects with
 * `model-unknown` when it is not there.
 */
export function nodeFile(path: string, name: string = basename(path)): ModelFile {
  return {
    kind: "file",
    name,
    async open(options) {
      options?.signal?.throwIfAborted();
      const source = openFile(name, path);
      if (!source) throw absent(path);
      return source;
    },
  };
}

/** The model at a path of the disk, a folder or a file. Throws `model-unknown` when nothing is there. */
export function nodeModel(path: string): ModelSource {
  try {
    return statSync(path).isDirectory() ? nodeFolder(path) : nodeFile(path);
  } catch (cause) {
    if (isAbsent(cause)) throw absent(path);
    throw fileInvalid(path, String(cause), { cause });
  }
}

const absent = (path: string) =>
  new UnderdrawError("model-unknown", `No model lies at ${JSON.stringify(path)}. Check the path.`, {
    id: path,
    known: [],
  });
