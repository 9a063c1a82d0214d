import { UnderdrawError } from "@underdraw/engine";
import { opfsPlace } from "../../engine/src/training/opfs-place.ts";

// What training-files.test.ts asks of a worker: the origin's own files as a training's place, where access handles are.

const calls = {
  async write(path: string, file: string, pieces: readonly Uint8Array[]): Promise<void> {
    await opfsPlace(path).write(file, pieces);
  },
  async read(path: string, file: string): Promise<Uint8Array | null> {
    const source = await opfsPlace(path).open(file);
    if (!source) return null;
    const bytes = new Uint8Array(source.size);
    source.read(bytes, 0);
    source.close();
    return bytes;
  },
  list: (path: string) => opfsPlace(path).list(),
  remove: (path: string, file: string) => opfsPlace(path).remove(file),
  free: (path: string) => opfsPlace(path).free(),
  /** Writes without an end, and says when the first bytes are there. */
  async endless(path: string, file: string): Promise<void> {
    await opfsPlace(path).write(
      file,
      (async function* () {
        for (let n = 0; ; n++) {
          yield new Uint8Array(65_536).fill(9);
          if (n === 3) postMessage({ id: 0, result: "written" });
          await new Promise((resolve) => setTimeout(resolve, 5));
        }
      })(),
    );
  },
  /** Writes a file while it is open, which the browser refuses. */
  async whileOpen(path: string, file: string): Promise<void> {
    const place = opfsPlace(path);
    const source = await place.open(file);
    try {
      await place.write(file, [Uint8Array.of(5)]);
    } finally {
      source?.close();
    }
  },
};

/** What the worker can be asked. */
export type Calls = typeof calls;

addEventListener("message", async ({ data }: MessageEvent<{ id: number; call: keyof Calls; given: unknown[] }>) => {
  const { id, call, given } = data;
  try {
    const run = calls[call] as (...given: unknown[]) => Promise<unknown>;
    postMessage({ id, result: await run(...given) });
  } catch (error) {
    const { name, message } = error as Error;
    const ours = UnderdrawError.is(error) ? { code: error.code, details: error.details } : {};
    postMessage({ id, failure: { name, message, ...ours } });
  }
});
