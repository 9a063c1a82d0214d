import { gzipSync } from "node:zlib";
import { expect, test, vi } from "vitest";
import {
  askedLoader,
  fromBase64,
  gathered,
  type PackedIndex,
  type PieceChannel,
  packedFiles,
  servePieces,
} from "../../../plugins/photoshop/src/panel/packed-files.ts";

const PIECE = 30;

/** Packs files as the build does, in small pieces. */
function packed(files: Readonly<Record<string, Uint8Array>>) {
  const pieces = new Map<string, string>();
  const index: Record<string, PackedIndex[string]> = {};
  for (const [number, [name, bytes]] of Object.entries(files).entries()) {
    const small = gzipSync(bytes);
    const count = Math.ceil(small.length / PIECE);
    index[name] = { number, pieces: count };
    for (let piece = 0; piece < count; piece++) {
      pieces.set(`${number}.${piece}`, small.subarray(piece * PIECE, (piece + 1) * PIECE).toString("base64"));
    }
  }
  const load = vi.fn(async (piece: string) => {
    const base64 = pieces.get(piece);
    if (base64 === undefined) throw new Error(`no ${piece}`);
    return base64;
  });
  return { index, load };
}

const noise = (length: number) => Uint8Array.from({ length }, (_, at) => (at * at * 31 + (at >> 3)) & 255);

test("files come back byte for byte, whatever their size", async () => {
  const files = { empty: new Uint8Array(0), one: Uint8Array.of(7), "unet/long": noise(5000) };
  const { index, load } = packed(files);
  const open = packedFiles(index, load);
  for (const [name, bytes] of Object.entries(files)) expect(await gathered(await open(name))).toEqual(bytes);
});

test("a file that is not there is told by its name, and so are names of Object's", async () => {
  const { index, load } = packed({ one: noise(10) });
  const open = packedFiles(index, load);
  await expect(open("two")).rejects.toThrow(RangeError);
  await expect(open("constructor")).rejects.toThrow(/no file "constructor"/);
  expect(load).not.toHaveBeenCalled();
});

test("a stopped reading loads no more pieces", async () => {
  const { index, load } = packed({ long: noise(5000) });
  const stopping = new AbortController();
  const stream = await packedFiles(index, load)("long", { signal: stopping.signal });
  const reader = stream.getReader();
  stopping.abort(new Error("enough"));
  const failure = (async () => {
    while (!(await reader.read()).done);
  })();
  await expect(failure).rejects.toThrow("enough");
  expect(load.mock.calls.length).toBeLessThan(3);
  await expect(packedFiles(index, load)("long", { signal: stopping.signal })).rejects.toThrow("enough");
});

test("a piece that cannot be loaded fails the file", async () => {
  const { index } = packed({ long: noise(5000) });
  const open = packedFiles(index, () => Promise.reject(new Error("files/0.0.js could not be loaded")));
  await expect(open("long").then(gathered)).rejects.toThrow(/0\.0\.js could not be loaded/);
});

test("base64 of every length decodes", () => {
  for (let length = 0; length < 10; length++) {
    const bytes = noise(length);
    expect(fromBase64(Buffer.from(bytes).toString("base64"))).toEqual(bytes);
  }
});

/** Two ends of a channel, as a page and its worker have. */
function channel(): [PieceChannel, PieceChannel] {
  const { port1, port2 } = new MessageChannel();
  for (const port of [port1, port2]) (port as unknown as { unref(): void }).unref();
  const end = (port: MessagePort): PieceChannel => ({
    postMessage: (message) => port.postMessage(message),
    addEventListener: (_, listener) => {
      port.addEventListener("message", listener);
      port.start();
    },
  });
  return [end(port1), end(port2)];
}

test("a worker reads through its page, and two that ask for the same piece both get it", async () => {
  const file = noise(5000);
  const { index, load } = packed({ long: file });
  const [page, worker] = channel();
  servePieces(page, load);
  page.addEventListener("message", ({ data }) => {
    if (data === "engine") page.postMessage({ underdraw: "engine" });
  });
  const open = packedFiles(index, askedLoader(worker));
  worker.postMessage("engine");
  const [first, second] = await Promise.all([open("long").then(gathered), open("long").then(gathered)]);
  expect(first).toEqual(file);
  expect(second).toEqual(file);
});

test("what the page cannot load fails in the worker with the page's words", async () => {
  const [page, worker] = channel();
  servePieces(page, () => Promise.reject(new Error("files/9.0.js could not be loaded")));
  await expect(askedLoader(worker)("9.0")).rejects.toThrow("files/9.0.js could not be loaded");
});
