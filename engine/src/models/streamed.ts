import { UnderdrawError } from "../core/errors.ts";
import { checkPath } from "./folder.ts";
import { gather } from "./memory.ts";
import type { ModelFolder } from "./source.ts";

/**
 * Opens a model's file by its path as a stream. A file that the model has not is told by null, by a `RangeError` or
 * by the error `model-unknown`; whatever else it rejects with is a failure.
 */
export type FileReader = (
  file: string,
  options: { readonly signal?: AbortSignal },
) => Promise<ReadableStream<Uint8Array> | null>;

/** What is heard while the files of a model come in. */
export interface LoadOptions {
  /** What messages call the model. */
  readonly name?: string;
  /**
   * Hears of every piece that came: bytes so far, and of how many where that is known. What it throws is reported and
   * does not stop the file.
   */
  readonly onLoad?: (file: string, loaded: number, total?: number) => void;
}

/** A listener that costs nobody a file: what it throws is reported and goes no further. */
export function listening(onLoad: LoadOptions["onLoad"]): (file: string, loaded: number, total?: number) => void {
  return (file, loaded, total) => {
    try {
      onLoad?.(file, loaded, total);
    } catch (error) {
      // Node 20 has no reportError.
      if (typeof reportError === "function") reportError(error);
      else console.error(error);
    }
  };
}

/** A model behind a reader of files, such as a package of model files has. Each opened file is held in memory. */
export function streamedFolder(read: FileReader, { name = "model", onLoad }: LoadOptions = {}): ModelFolder {
  const hear = listening(onLoad);
  return {
    kind: "folder",
    name,
    async open(path, { signal } = {}) {
      signal?.throwIfAborted();
      checkPath(path, name);
      const failed = (cause: unknown): Error => {
        if (signal?.aborted) return signal.reason;
        if (UnderdrawError.is(cause)) return cause;
        const why = cause instanceof Error ? cause.message : String(cause);
        const url = `${name}/${path}`;
        return new UnderdrawError("model-fetch", `Could not read ${JSON.stringify(url)}: ${why}`, { url }, { cause });
      };
      let stream: ReadableStream<Uint8Array> | null;
      try {
        stream = await read(path, signal ? { signal } : {});
      } catch (cause) {
        if (!signal?.aborted && (cause instanceof RangeError || UnderdrawError.is(cause, "model-unknown"))) return null;
        throw failed(cause);
      }
      if (!stream) return null;
      try {
        return await gather(`${name}/${path}`, stream, { signal, onBytes: (loaded) => hear(path, loaded) });
      } catch (cause) {
        throw failed(cause);
      }
    },
  };
}
