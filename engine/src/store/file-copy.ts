import { tell } from "../call.ts";
import type { ModelFile } from "../models/source.ts";
import { label } from "./answer.ts";
import { integrity, invalid } from "./failure.ts";
import type { AddOptions } from "./model-store.ts";
import { dropPart, keepNote, partFile } from "./part-note.ts";
import type { Place } from "./place.ts";
import { changeIndex, type FileRecord, isDigest, now, readIndex } from "./store-index.ts";
import { keepContent, keyFor, withFile } from "./stored.ts";

/** How much of a file is copied at once. Bytes. */
const PIECE = 4 << 20;

/** An open file whose pieces come asynchronously. */
interface Original {
  readonly size: number;
  read(at: number, length: number): Promise<Uint8Array>;
  close(): void;
}

async function opened(file: Blob | ModelFile, signal: AbortSignal | undefined): Promise<Original> {
  if (file instanceof Blob) {
    const read = async (at: number, length: number) => new Uint8Array(await file.slice(at, at + length).arrayBuffer());
    return { size: file.size, read, close() {} };
  }
  const source = await file.open(signal ? { signal } : {});
  return {
    size: source.size,
    async read(at, length) {
      const bytes = new Uint8Array(length);
      source.read(bytes, at);
      return bytes;
    },
    close: () => source.close(),
  };
}

/** Copies a file into a store; content that is there already is not written a second time. */
export async function fileCopy(
  place: Place,
  file: Blob | ModelFile,
  options: AddOptions,
  roomFor: (name: string, bytes: number) => Promise<void>,
): Promise<FileRecord> {
  const { signal, sha256: expected } = options;
  signal?.throwIfAborted();
  if (expected !== undefined && !isDigest(expected))
    throw invalid("sha256", `${JSON.stringify(expected)} is no SHA-256. Give 64 hex digits in lower case.`);
  const own = (file as { readonly name?: string }).name ?? "";
  const name = label(options.name ?? own, own);
  const original = await opened(file, signal);
  const { size } = original;

  /** Reads it once from beginning to end and gives its SHA-256. */
  const pass = async (take: (piece: Uint8Array) => Promise<void>, from: number, to: number): Promise<string> => {
    const digest = place.digest();
    for (let at = 0; at < size; ) {
      signal?.throwIfAborted();
      const piece = await original.read(at, Math.min(PIECE, size - at));
      digest.update(piece);
      await take(piece);
      at += piece.length;
      const fraction = from + (to - from) * (at / size);
      tell(options, { phase: "download", fraction, file: name, loaded: Math.floor(fraction * size), total: size });
    }
    const sha256 = digest.hex();
    if (expected !== undefined && sha256 !== expected) throw integrity(name, expected, sha256);
    return sha256;
  };
  const recordOf = (sha256: string): FileRecord => {
    const at = now();
    return { name, sha256, address: null, key: null, etag: null, added: at, used: at };
  };

  try {
    const { contents } = await readIndex(place);
    const alike = contents.filter(({ bytes }) => bytes === size);
    if (alike.length > 0) {
      const sha256 = await pass(async () => undefined, 0, 0.5);
      if (alike.some((content) => content.sha256 === sha256)) {
        const record = recordOf(sha256);
        await changeIndex(place, (index) => withFile(index, record));
        tell(options, { phase: "download", fraction: 1, file: name, loaded: size, total: size });
        return record;
      }
    }
    await roomFor(name, size);
    const key = keyFor(`add\n${name}\n${size}`);
    const copy = async (): Promise<FileRecord> => {
      await keepNote(place, key, { name, address: null, etag: null, lastModified: null, total: size });
      const part = await place.part(partFile(key));
      let sha256: string;
      try {
        await part.empty();
        sha256 = await pass((piece) => part.append(piece), alike.length > 0 ? 0.5 : 0, 1);
        await part.flush();
      } catch (error) {
        // Whoever copies a file still has it: what is here of it is of no use.
        await part.close();
        await dropPart(place, key);
        throw error;
      }
      await part.close();
      const record = recordOf(sha256);
      await keepContent(place, { key, sha256, bytes: size }, (index) => withFile(index, record));
      if (size === 0) tell(options, { phase: "download", fraction: 1, file: name, loaded: 0, total: 0 });
      return record;
    };
    return await place.exclusive(key, copy, signal);
  } finally {
    original.close();
  }
}
