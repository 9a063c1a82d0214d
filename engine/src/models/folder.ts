import { UnderdrawError } from "../core/errors.ts";
import { crossing, descriptionOf } from "./crossing.ts";
import { fileInvalid } from "./refusal.ts";
import type { ByteSource, ModelFile, ModelFolder } from "./source.ts";

/**
 * Checks a path inside a model folder: segments with "/" between, none of them empty, "." or "..". Throws
 * `file-invalid` for one that could lead out of the folder (absolute, "..", a backslash, a drive).
 */
export function checkPath(path: string, folder: string): void {
  const sound =
    path.length > 0 &&
    path.length <= 1024 &&
    !/[\\\0]/.test(path) &&
    !/^[a-z]+:/i.test(path) &&
    path.split("/").every((segment) => segment !== "" && segment !== "." && segment !== "..");
  if (sound) return;
  const reason = `the path is not one inside ${JSON.stringify(folder)}. Use plain names with "/" between them.`;
  throw fileInvalid(path, reason);
}

/** A folder inside a folder, by its path. It need not be there: then no file is in it. */
export function within(folder: ModelFolder, path: string): ModelFolder {
  checkPath(path, folder.name);
  const { list } = folder;
  const name = `${folder.name}/${path}`;
  const inner: ModelFolder = {
    kind: "folder",
    name,
    open(file, options) {
      checkPath(file, name);
      return folder.open(`${path}/${file}`, options);
    },
    ...(list && {
      list: async () =>
        (await list.call(folder))
          .filter((file) => file.startsWith(`${path}/`))
          .map((file) => file.slice(path.length + 1)),
    }),
  };
  const outer = descriptionOf(folder);
  return outer ? crossing(inner, { from: "within", folder: outer, path }) : inner;
}

/**
 * A folder that is a table: what stands for a file by its path, and how one is opened. `open` gets the path with the
 * folder's name before it, for messages.
 */
export function tableFolder<T>(
  name: string,
  files: Iterable<readonly [path: string, file: T]>,
  open: (file: T, name: string, options?: { readonly signal?: AbortSignal }) => ByteSource | Promise<ByteSource>,
): ModelFolder {
  const held = new Map(files);
  return {
    kind: "folder",
    name,
    async open(path, options) {
      options?.signal?.throwIfAborted();
      checkPath(path, name);
      const file = held.get(path);
      return file === undefined ? null : open(file, `${name}/${path}`, options);
    },
    list: async () => [...held.keys()],
  };
}

/** A file inside a folder as a model. Opening rejects with `model-unknown` when it is not there. */
export function fileWithin(folder: ModelFolder, path: string): ModelFile {
  checkPath(path, folder.name);
  return {
    kind: "file",
    name: path.slice(path.lastIndexOf("/") + 1),
    async open(options) {
      const source = await folder.open(path, options);
      if (source) return source;
      const message = `${JSON.stringify(folder.name)} has no file ${JSON.stringify(path)}. Check the path.`;
      throw new UnderdrawError("model-unknown", message, { id: path, known: [] });
    },
  };
}

/** A model that is one open file. The file closes with whatever the model is opened as. */
export function singleFile(source: ByteSource): ModelFile {
  return { kind: "file", name: source.name, open: async () => source };
}
