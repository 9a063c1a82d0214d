/**
 * Loads the codecs that are compiled to WebAssembly, each on its first use. Their own loaders fetch the .wasm file
 * beside them, which works in pages, in workers and in bundles that carry it; in Node, whose `fetch` opens no files,
 * the bytes are read from the package and handed over.
 */

/** An instance of a codec and what it printed since it began, which is how these codecs report. */
export interface Codec<Exports> {
  readonly exports: Exports;
  readonly complaints: readonly string[];
}

type Factory = (options: Record<string, unknown>) => Promise<{ HEAPU8: Uint8Array }>;
type NodeBuiltins = {
  readonly "node:fs/promises": { readFile(path: string): Promise<Uint8Array> };
  readonly "node:module": { createRequire(from: string): { resolve(specifier: string): string } };
};

const instances = new Map<string, { exports: { HEAPU8: Uint8Array }; complaints: string[] }>();

/**
 * Runs a codec's function and gives back what it returns. An instance is used again while it is small and sound: one
 * that failed is in an unknown state, and WebAssembly memory never shrinks.
 */
export async function runCodec<Exports extends object, Result>(
  wasm: string,
  load: () => Promise<{ default: unknown }>,
  run: (codec: Codec<Exports>) => Result,
): Promise<Result> {
  const instance = instances.get(wasm) ?? (await start(wasm, load));
  // Taken out while it works, and put back only if all went well.
  instances.delete(wasm);
  instance.complaints.length = 0;
  const restore = borrowImageData();
  let result: Result;
  try {
    result = run(instance as unknown as Codec<Exports>);
  } finally {
    restore();
  }
  if (instance.exports.HEAPU8.length <= 67_108_864) instances.set(wasm, instance);
  return result;
}

async function start(wasm: string, load: () => Promise<{ default: unknown }>) {
  const complaints: string[] = [];
  const complain = (line: string): void => {
    complaints.push(line);
  };
  const [{ default: factory }, wasmBinary] = await Promise.all([load(), bytesInNode(wasm)]);
  const options = { noInitialRun: true, print: complain, printErr: complain, ...(wasmBinary ? { wasmBinary } : {}) };
  const had = "ImageData" in globalThis;
  const starting = (factory as Factory)(options);
  // In Node the loaders put a stand-in for ImageData on the global object, which would mislead other libraries.
  if (!had) Reflect.deleteProperty(globalThis, "ImageData");
  return { exports: await starting, complaints };
}

async function bytesInNode(wasm: string): Promise<Uint8Array | undefined> {
  const node = globalThis as {
    process?: { release?: { name?: string }; getBuiltinModule?<K extends keyof NodeBuiltins>(id: K): NodeBuiltins[K] };
  };
  if (node.process?.release?.name !== "node" || !node.process.getBuiltinModule) return undefined;
  const { createRequire } = node.process.getBuiltinModule("node:module");
  return node.process.getBuiltinModule("node:fs/promises").readFile(createRequire(import.meta.url).resolve(wasm));
}

/**
 * The decoders return `new ImageData(…)`: Node has none, and a browser's own has limits of size. While one runs, which
 * is never across an `await`, a plain object takes its place.
 */
function borrowImageData(): () => void {
  const own = Object.getOwnPropertyDescriptor(globalThis, "ImageData");
  const value = function (this: Record<string, unknown>, data: Uint8ClampedArray, width: number, height: number): void {
    Object.assign(this, { data, width, height });
  };
  Object.defineProperty(globalThis, "ImageData", { value, configurable: true, writable: true });
  return () => {
    if (own) Object.defineProperty(globalThis, "ImageData", own);
    else Reflect.deleteProperty(globalThis, "ImageData");
  };
}
