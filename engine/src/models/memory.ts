import { tableFolder } from "./folder.ts";
import { endsEarly } from "./refusal.ts";
import type { ByteSource, ModelFolder } from "./source.ts";

/** The size of the blocks that a stream is gathered into. Bytes. */
const BLOCK = 1 << 22;

/** Bytes in memory as a file. */
export function memorySource(name: string, bytes: Uint8Array): ByteSource {
  return blockSource(name, [bytes], bytes.length, bytes.length);
}

/** Files in memory as a folder: path to bytes, or to text. */
export function memoryFolder(name: string, files: Readonly<Record<string, Uint8Array | string>>): ModelFolder {
  return tableFolder(name, Object.entries(files), (file, path) =>
    memorySource(path, typeof file === "string" ? new TextEncoder().encode(file) : file),
  );
}

/** A file in blocks of the same length, the last one perhaps shorter: no second copy joins them. */
function blockSource(name: string, blocks: readonly Uint8Array[], size: number, length: number): ByteSource {
  return {
    name,
    size,
    read(into, at) {
      if (at < 0 || at + into.length > size) throw endsEarly(name, size, at, into.length);
      for (let done = 0; done < into.length; ) {
        const from = at + done;
        const block = blocks[Math.floor(from / length)] as Uint8Array;
        const piece = block.subarray(from % length, (from % length) + into.length - done);
        into.set(piece, done);
        done += piece.length;
      }
    },
    close() {},
  };
}

/**
 * Reads a stream to its end and holds it in memory, once. `onBytes` hears how many bytes came so far. Rejects with the
 * signal's reason when stopped, and with what the stream fails with.
 */
export async function gather(
  name: string,
  stream: ReadableStream<Uint8Array>,
  options: { readonly signal?: AbortSignal | undefined; readonly onBytes?: (loaded: number) => void } = {},
): Promise<ByteSource> {
  const { signal, onBytes } = options;
  const reader = stream.getReader();
  const stop = () => void reader.cancel(signal?.reason).catch(() => undefined);
  signal?.addEventListener("abort", stop, { once: true });
  try {
    const blocks: Uint8Array[] = [];
    let filled = BLOCK;
    let size = 0;
    for (;;) {
      signal?.throwIfAborted();
      const { done, value } = await reader.read();
      signal?.throwIfAborted();
      if (done) break;
      for (let used = 0; used < value.length; ) {
        if (filled === BLOCK) {
          blocks.push(new Uint8Array(BLOCK));
          filled = 0;
        }
        const piece = value.subarray(used, used + BLOCK - filled);
        (blocks.at(-1) as Uint8Array).set(piece, filled);
        filled += piece.length;
        used += piece.length;
      }
      size += value.length;
      onBytes?.(size);
    }
    const last = blocks.at(-1);
    if (last) blocks[blocks.length - 1] = last.slice(0, filled);
    return blockSource(name, blocks, size, BLOCK);
  } catch (error) {
    reader.cancel(error).catch(() => undefined);
    throw error;
  } finally {
    signal?.removeEventListener("abort", stop);
  }
}
