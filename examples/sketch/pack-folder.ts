import { type EngineOptions, UnderdrawError } from "@underdraw/engine";
import { miniFiles, openMini } from "@underdraw/model-mini";

/** A folder of model files, as the engine takes it. */
type ModelFolder = Extract<EngineOptions["models"], { readonly kind: "folder" }>;

/** Hears how much of the files that were asked for has come, in bytes. */
export type OnLoad = (loaded: number) => void;

/**
 * The mini pack as a folder whose files are fetched once and held: the engine keeps their bytes anyway, and the recipe's
 * fingerprints read the same ones. A file that could not be fetched is tried again when it is asked for again.
 */
export function packFolder(onLoad: OnLoad): ModelFolder {
  const held = new Map<string, Promise<Uint8Array>>();
  let loaded = 0;
  const hear = (bytes: number): void => {
    loaded += bytes;
    onLoad(loaded);
  };
  return {
    kind: "folder",
    name: "model-mini",
    list: async () => miniFiles,
    async open(path, { signal } = {}) {
      signal?.throwIfAborted();
      if (!miniFiles.includes(path)) return null;
      const fetching = held.get(path) ?? fetchFile(path, hear, signal);
      held.set(path, fetching);
      fetching.catch(() => held.delete(path));
      return source(`model-mini/${path}`, await fetching);
    },
  };
}

/** A folder inside a folder. */
export function within(folder: ModelFolder, path: string): ModelFolder {
  return {
    kind: "folder",
    name: `${folder.name}/${path}`,
    list: async () =>
      miniFiles.filter((file) => file.startsWith(`${path}/`)).map((file) => file.slice(path.length + 1)),
    open: (file, options) => folder.open(`${path}/${file}`, options),
  };
}

/** The bytes that a checkpoint and some of its nets have in the pack, for progress. */
export async function packBytes(nets: readonly string[], signal: AbortSignal): Promise<number> {
  const list: { files: { path: string; bytes: number; kind: string }[] } = await new Response(
    await openMini("files.json", { signal }),
  ).json();
  const needed = list.files.filter(({ path, kind }) => {
    const [top, net = ""] = path.split("/");
    return kind !== "about" && (top !== "controlnet" || nets.includes(net));
  });
  return needed.reduce((sum, { bytes }) => sum + bytes, 0);
}

async function fetchFile(path: string, hear: (bytes: number) => void, signal?: AbortSignal): Promise<Uint8Array> {
  let stream: ReadableStream<Uint8Array>;
  try {
    stream = await openMini(path, signal ? { signal } : {});
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of stream) {
      chunks.push(chunk);
      size += chunk.length;
      hear(chunk.length);
    }
    const whole = new Uint8Array(size);
    let at = 0;
    for (const chunk of chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    const url = `model-mini/${path}`;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UnderdrawError(
      "model-fetch",
      `Could not read ${url}: ${why} Check the connection, then try again.`,
      { url },
      { cause },
    );
  }
}

function source(name: string, bytes: Uint8Array) {
  return {
    name,
    size: bytes.length,
    read(into: Uint8Array, at: number): void {
      if (at < 0 || at + into.length > bytes.length) {
        const reason = `it ends after ${bytes.length} bytes, and ${into.length} were asked for at ${at}`;
        throw new UnderdrawError("file-invalid", `${name} is cut off: ${reason}. Load the page again.`, {
          file: name,
          reason,
        });
      }
      into.set(bytes.subarray(at, at + into.length));
    },
    close(): void {},
  };
}
