import { UnderdrawError } from "../core/errors.ts";
import { checkPath } from "./folder.ts";
import { endsEarly, fileInvalid } from "./refusal.ts";
import type { ByteSource, ModelFile, ModelFolder } from "./source.ts";

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
      let bytes: ArrayBuffer;
      try {
        bytes = reader.readAsArrayBuffer(blob.slice(at, at + into.length));
      } catch (cause) {
        throw fileInvalid(name, "the browser can read it no more: it was changed or moved. Choose it again.", {
          cause,
        });
      }
      if (bytes.byteLength !== into.length) throw endsEarly(name, at + bytes.byteLength, at, into.length);
      into.set(new Uint8Array(bytes));
    },
    close() {},
  };
}

/** A picked or dropped file as a model. */
export function blobFile(file: File): ModelFile {
  return {
    kind: "file",
    name: file.name,
    async open(options) {
      options?.signal?.throwIfAborted();
      return blobSource(file.name, file);
    },
  };
}

/**
 * The files of a picked or dropped folder as a model. The paths are those of `webkitRelativePath` without the folder's
 * own name, or the names where files have no such path.
 */
export function blobFolder(files: readonly File[]): ModelFolder {
  const name = files[0]?.webkitRelativePath.split("/")[0] || "folder";
  const held = new Map(
    files.map((file) => {
      const path = file.webkitRelativePath;
      return [path.startsWith(`${name}/`) ? path.slice(name.length + 1) : path || file.name, file];
    }),
  );
  return {
    kind: "folder",
    name,
    async open(path, options) {
      options?.signal?.throwIfAborted();
      checkPath(path, name);
      const file = held.get(path);
      return file ? blobSource(`${name}/${path}`, file) : null;
    },
    list: async () => [...held.keys()],
  };
}
