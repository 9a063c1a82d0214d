import { Engine } from "@underdraw/engine";
import { blobFolder } from "../../engine/src/models/blob.ts";
import { memorySource } from "../../engine/src/models/memory.ts";
import { opfsFolder } from "../../engine/src/models/opfs.ts";
import type { ModelFolder } from "../../engine/src/models/source.ts";

// The worker of load-browser.ts: loads a checkpoint by the engine from files that the page was given, and says how long
// that took. The heap is watched from outside, by the DevTools protocol.

/** What the page asks for. */
export interface LoadOrder {
  readonly files: readonly File[];
  readonly from: "picked" | "opfs" | "whole";
  readonly device: "webgpu" | "cpu";
  readonly assets: string;
}

/** What the worker tells, in this order: ready, begun, ended; or failed. */
export type LoadNews =
  | { readonly news: "ready"; readonly device: string }
  | { readonly news: "ended"; readonly milliseconds: number }
  | { readonly news: "failed"; readonly reason: string };

const scope = globalThis as unknown as {
  onmessage: ((event: MessageEvent<LoadOrder | "load" | "end">) => void) | null;
  postMessage(news: LoadNews): void;
};
let order: LoadOrder;
let engine: Engine;

scope.onmessage = ({ data }) => {
  const work = data === "load" ? load() : data === "end" ? engine.dispose() : prepare(data);
  work.catch((error: unknown) => {
    scope.postMessage({ news: "failed", reason: error instanceof Error ? error.message : String(error) });
  });
};

/** Opens the device and puts the files where they are read from: neither is part of what is measured. */
async function prepare(given: LoadOrder): Promise<void> {
  order = given;
  engine = new Engine({ runtime: { device: order.device, assets: order.assets } });
  const { provider, precision, about } = await engine.device();
  if (order.from === "opfs") await store(order.files);
  scope.postMessage({ news: "ready", device: `${provider}, ${precision} (${about})` });
}

/** A file's path inside the folder that was picked. */
const pathOf = (file: File): string => file.webkitRelativePath.split("/").slice(1).join("/");

async function store(files: readonly File[]): Promise<void> {
  const root = await navigator.storage.getDirectory();
  for (const file of files) {
    const names = pathOf(file).split("/");
    const last = names.pop() ?? "";
    let at = root;
    for (const name of names) at = await at.getDirectoryHandle(name, { create: true });
    const handle = await at.getFileHandle(last, { create: true });
    await file.stream().pipeTo(await handle.createWritable());
  }
}

/** Every weights file as an ArrayBuffer in memory, as `fetch(...).arrayBuffer()` gives it. */
function wholeFolder(files: readonly File[]): ModelFolder {
  const disk = blobFolder(files);
  const held = new Map(files.map((file) => [pathOf(file), file]));
  return {
    ...disk,
    open: async (path, options) => {
      const file = path.endsWith(".safetensors") ? held.get(path) : undefined;
      return file ? memorySource(path, new Uint8Array(await file.arrayBuffer())) : disk.open(path, options);
    },
  };
}

async function load(): Promise<void> {
  const { files, from } = order;
  const source =
    from === "opfs"
      ? opfsFolder(await navigator.storage.getDirectory())
      : from === "whole"
        ? wholeFolder(files)
        : blobFolder(files);
  const started = performance.now();
  await engine.load({ base: source });
  scope.postMessage({ news: "ended", milliseconds: performance.now() - started });
}
