import { checkPath } from "../models/folder.ts";
import { gather } from "../models/memory.ts";
import type { ByteSource } from "../models/source.ts";
import type { Pieces } from "./place-writing.ts";
import type { TrainingPlace } from "./training-place.ts";

/** A place in memory: for trainings whose files go elsewhere, or nowhere. What lies there goes with it. */
export function memoryPlace(name: string): TrainingPlace {
  const files = new Map<string, ByteSource>();
  return {
    name,
    async write(path, pieces) {
      checkPath(path, name);
      files.set(path, await gather(`${name}/${path}`, streamOf(pieces)));
    },
    async open(path) {
      checkPath(path, name);
      return files.get(path) ?? null;
    },
    list: async () => [...files.keys()],
    async remove(path) {
      checkPath(path, name);
      files.delete(path);
    },
    free: async () => null,
  };
}

/** Pieces as a stream that asks for none before the one before was taken. */
function streamOf(pieces: Pieces): ReadableStream<Uint8Array> {
  const from = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(stream) {
        const { done, value } = await from.next();
        if (done) stream.close();
        else stream.enqueue(value);
      },
    },
    { highWaterMark: 0 },
  );
}
