import type { ByteSource, ModelFolder, ModelSource } from "./source.ts";

/** A source whose weights, once opened, are opened no second time until all is closed. */
export interface HeldSource {
  readonly source: ModelSource;
  /** Closes what was opened. May be called twice. */
  close(): void;
}

/**
 * Holds a source's weights open, so that they can be looked at again: opening a file of the web anew would fetch it anew,
 * and a file that is given once would be gone. What else a model holds is passed through.
 */
export function held(source: ModelSource): HeldSource {
  const files = new Map<string, Promise<ByteSource | null>>();
  const open = async (path: string, opening: () => Promise<ByteSource | null>): Promise<ByteSource | null> => {
    let file = files.get(path);
    if (!file) {
      file = opening();
      files.set(path, file);
      file.catch(() => files.delete(path));
    }
    const opened = await file;
    if (!opened) return null;
    const { name, size, path: place } = opened;
    return { name, size, ...(place !== undefined && { path: place }), read: opened.read.bind(opened), close() {} };
  };
  const close = (): void => {
    for (const file of files.values()) void file.then((opened) => opened?.close()).catch(() => undefined);
    files.clear();
  };
  if (source.kind === "file") {
    const { name } = source;
    // A file is there, or opening it rejects.
    const opened = (options?: { readonly signal?: AbortSignal }) =>
      open("", () => source.open(options)) as Promise<ByteSource>;
    return { source: { kind: "file", name, open: opened }, close };
  }
  const folder: ModelFolder = {
    kind: "folder",
    name: source.name,
    open: (path, options) =>
      path.endsWith(".safetensors") ? open(path, () => source.open(path, options)) : source.open(path, options),
    ...(source.list && { list: source.list.bind(source) }),
  };
  return { source: folder, close };
}
