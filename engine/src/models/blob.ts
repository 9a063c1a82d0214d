import { UnderdrawError } from "../core/errors.ts";
import { crossing } from "./crossing.ts";
import { checkPath } from "./folder.ts";
import { endsEarly, fileInvalid } from "./refusal.ts";
import type { ByteSource, ModelFile, ModelFolder } from "./source.ts";

/** How much of a file is read at once: what a reader gives is a copy, and a tensor may have hundreds of megabytes. */
const MOST_AT_ONCE = 1 << 23;

/** The synchronous reader of workers, which the DOM library leaves out: its types are those of a page. */
interface SyncReader {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}

/**
 * A file that a person picked or dropped, read in place. Throws `feature-missing` outside a worker: a page has no
 * synchronous reader.
 */
export function blobSource(name: string, blob: Blob): ByteSource {
  const make = (globalThis as { FileReaderSync?: new () => SyncReader }).FileReaderSync;
  if (!make) {
    const feature = "FileReaderSync";
    throw new UnderdrawError(
      "feature-missing",
      `${JSON.stringify(name)} can only be read inside a worker: this place has no ${feature}. Run the engine in a worker.`,
      { feature },
    );
  }
  const reader = new make();
  return {
    name,
    size: blob.size,
    read(into, at) {
      if (at < 0 || at + into.length > blob.size) throw endsEarly(name, blob.size, at, into.length);
      for (let done = 0; done < into.length; ) {
        const from = at + done;
        const wanted = Math.min(into.length - done, MOST_AT_ONCE);
        let bytes: ArrayBuffer;
        try {
          bytes = reader.readAsArrayBuffer(blob.slice(from, from + wanted));
        } catch (cause) {
          const reason = "the browser can read it no more: it was changed or moved. Choose it again.";
          throw fileInvalid(name, reason, { cause });
        }
        if (bytes.byteLength !== wanted) throw endsEarly(name, from + bytes.byteLength, at, into.length);
        into.set(new Uint8Array(bytes), done);
        done += wanted;
      }
    },
    close() {},
  };
}

/** A picked or dropped file as a model. */
export function blobFile(file: File): ModelFile {
  const model: ModelFile = {
    kind: "file",
    name: file.name,
    async open(options) {
      options?.signal?.throwIfAborted();
      return blobSource(file.name, file);
    },
  };
  return crossing(model, { from: "file", file });
}

/**
 * The files of a picked or dropped folder as a model: those of a folder input, by their `webkitRelativePath` without the
 * folder's own name, or any blobs by their paths inside the folder. The paths have to be given where the files know none:
 * dropped files do not, and not every browser sends them along with a message to a worker. Throws a `TypeError` when two
 * files have the same path. `name` is what messages call the folder.
 */
export function blobFolder(files: readonly File[] | Readonly<Record<string, Blob>>, name?: string): ModelFolder {
  const picked = isList(files) ? topOf(files) : "";
  const held = isList(files) ? byPath(files, picked) : new Map(Object.entries(files));
  const folder = name ?? (picked || "folder");
  const model: ModelFolder = {
    kind: "folder",
    name: folder,
    async open(path, options) {
      options?.signal?.throwIfAborted();
      checkPath(path, folder);
      const file = held.get(path);
      return file ? blobSource(`${folder}/${path}`, file) : null;
    },
    list: async () => [...held.keys()],
  };
  return crossing(model, { from: "files", name: folder, files: [...held] });
}

/** `Array.isArray` does not know read-only lists. */
const isList = (files: readonly File[] | Readonly<Record<string, Blob>>): files is readonly File[] =>
  Array.isArray(files);

const wholePath = (file: File): string => file.webkitRelativePath || file.name;

/** The name of the folder that was picked, or "" where the files know of none. */
function topOf([first]: readonly File[]): string {
  const whole = first ? wholePath(first) : "";
  return whole.slice(0, Math.max(0, whole.indexOf("/")));
}

function byPath(files: readonly File[], top: string): Map<string, Blob> {
  const held = new Map<string, Blob>();
  for (const file of files) {
    const whole = wholePath(file);
    const path = top !== "" && whole.startsWith(`${top}/`) ? whole.slice(top.length + 1) : whole;
    if (held.has(path))
      throw new TypeError(
        `Two files have the path ${JSON.stringify(path)}, and a folder has one. Give an object of their paths and files.`,
      );
    held.set(path, file);
  }
  return held;
}
