import type { ByteSource, ModelFile, ModelFolder } from "../../engine/src/models/source.ts";

// Places for files that see what is done with them.

/** What was asked of a place. */
export interface Asked {
  /** Paths that a folder was asked for, as they came. */
  readonly paths: string[];
  /** The most bytes that were asked for at once. */
  largest: number;
  open: number;
}

export const asked = (): Asked => ({ paths: [], largest: 0, open: 0 });

/** Bytes that may claim to be more than they are: what lies beyond them is zeros. */
export function watchedSource(name: string, bytes: Uint8Array, seen: Asked, size = bytes.length): ByteSource {
  let open = true;
  seen.open++;
  return {
    name,
    size,
    read(into, at) {
      seen.largest = Math.max(seen.largest, into.length);
      if (!Number.isSafeInteger(at) || at < 0 || at + into.length > size)
        throw new Error(`${name}: ${into.length} bytes at ${at} were asked for, and it has ${size}`);
      into.fill(0);
      into.set(bytes.subarray(Math.min(at, bytes.length), Math.min(at + into.length, bytes.length)));
    },
    close() {
      if (open) seen.open--;
      open = false;
    },
  };
}

export const watchedFile = (name: string, bytes: Uint8Array, seen: Asked, size?: number): ModelFile => ({
  kind: "file",
  name,
  open: async () => watchedSource(name, bytes, seen, size),
});

/** A folder of files in memory that checks nothing by itself. */
export function watchedFolder(name: string, files: ReadonlyMap<string, Uint8Array>, seen: Asked): ModelFolder {
  return {
    kind: "folder",
    name,
    async open(path) {
      seen.paths.push(path);
      const bytes = files.get(path);
      return bytes ? watchedSource(`${name}/${path}`, bytes, seen) : null;
    },
    list: async () => [...files.keys()],
  };
}

/** Does work while every array of floats that is made counts as asked for: numbers are made of what a file says. */
export async function watchedFloats(seen: Asked, work: () => Promise<void>): Promise<void> {
  const own = globalThis.Float32Array;
  globalThis.Float32Array = new Proxy(own, {
    construct(target, given: unknown[]) {
      const made: Float32Array = Reflect.construct(target, given);
      seen.largest = Math.max(seen.largest, made.byteLength);
      return made;
    },
  });
  try {
    await work();
  } finally {
    globalThis.Float32Array = own;
  }
}
