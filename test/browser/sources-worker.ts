import {
  addressFolder,
  blobFile,
  blobFolder,
  Engine,
  type ModelFolder,
  type ModelSource,
  memoryFolder,
  opfsFile,
  opfsFolder,
  streamedFolder,
  UnderdrawError,
} from "@underdraw/engine";
import { openBase } from "../../engine/src/models/base.ts";
import { openNet } from "../../engine/src/models/net.ts";
import type { Tensors } from "../../engine/src/models/tensors.ts";
import { weightsOf } from "../../engine/src/models/weights.ts";

// What sources.test.ts asks of a worker: the model sources read here, where synchronous readers are.

/** A model, as data that goes into a worker. */
export type Place =
  | { readonly at: "memory"; readonly files: Readonly<Record<string, Uint8Array>> }
  | { readonly at: "streams"; readonly files: Readonly<Record<string, Uint8Array>> }
  | { readonly at: "address"; readonly address: string }
  | { readonly at: "storage"; readonly folder: string }
  | { readonly at: "stored file"; readonly file: FileSystemFileHandle }
  | { readonly at: "picked"; readonly files: readonly File[] | Readonly<Record<string, Blob>> }
  | { readonly at: "picked file"; readonly file: File };

/** What is used of an access handle, which the types of a page leave out. */
interface AccessHandle {
  read(into: Uint8Array, options: { at: number }): number;
  write(bytes: Uint8Array): number;
  truncate(size: number): void;
  close(): void;
}
type Openable = FileSystemFileHandle & { createSyncAccessHandle(): Promise<AccessHandle> };

async function handleOf(path: string, create = false): Promise<Openable> {
  const segments = path.split("/");
  const name = segments.pop() as string;
  let at = await navigator.storage.getDirectory();
  for (const segment of segments) at = await at.getDirectoryHandle(segment, { create });
  return (await at.getFileHandle(name, { create })) as Openable;
}

async function folderOf(name: string): Promise<ModelFolder> {
  return opfsFolder(await (await navigator.storage.getDirectory()).getDirectoryHandle(name));
}

async function sourceOf(place: Place): Promise<ModelSource> {
  switch (place.at) {
    case "memory":
      return memoryFolder("memory", place.files);
    case "streams":
      return streamedFolder(async (file) => {
        const bytes = place.files[file];
        return bytes ? new Blob([bytes as BlobPart]).stream() : null;
      });
    case "address":
      return addressFolder(place.address);
    case "storage":
      return folderOf(place.folder);
    case "stored file":
      return opfsFile(place.file);
    case "picked":
      return blobFolder(place.files);
    case "picked file":
      return blobFile(place.file);
  }
}

/** SHA-256 of every tensor, converted to float32 as a session's weights are. */
async function digests(prefix: string, tensors: Tensors): Promise<[string, string][]> {
  const weights = weightsOf(tensors);
  const found: [string, string][] = [];
  for (const key of tensors.keys()) {
    const shape = tensors.shape(key);
    const bytes = new Uint8Array(4 * shape.reduce((a, b) => a * b, 1));
    weights.read({ name: key, dims: shape, parts: [{ key, shape }] }, "float32", bytes);
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
    found.push([prefix + key, Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("")]);
  }
  return found;
}

const calls = {
  /** Writes a file into the origin's own storage. */
  async store(path: string, bytes: Uint8Array): Promise<void> {
    const access = await (await handleOf(path, true)).createSyncAccessHandle();
    access.truncate(0);
    access.write(bytes);
    access.close();
  },
  async remove(path: string): Promise<void> {
    const segments = path.split("/");
    const name = segments.pop() as string;
    let at = await navigator.storage.getDirectory();
    for (const segment of segments) at = await at.getDirectoryHandle(segment);
    await at.removeEntry(name, { recursive: true });
  },
  async stored(path: string): Promise<FileSystemFileHandle> {
    return handleOf(path);
  },
  async list(place: Place): Promise<readonly string[]> {
    return [...((await ((await sourceOf(place)) as ModelFolder).list?.()) ?? [])].sort();
  },
  /** The digests of all tensors of a base model. */
  async base(place: Place): Promise<Record<string, string>> {
    const base = await openBase(await sourceOf(place));
    try {
      const parts = [base.text, base.unet, base.vae];
      return Object.fromEntries((await Promise.all(parts.map(({ tensors }, n) => digests(`${n}.`, tensors)))).flat());
    } finally {
      base.close();
    }
  },
  /** The digests of all tensors of a control net. A single file needs facts. */
  async net(place: Place, facts: Record<string, unknown> = {}): Promise<Record<string, string>> {
    const net = await openNet(await sourceOf(place), { facts });
    try {
      return Object.fromEntries(await digests("", net.tensors));
    } finally {
      net.close();
    }
  },
  /** Bytes of one file from its beginning on. */
  async bytes(place: Place, path: string, length: number): Promise<Uint8Array | null> {
    const source = await sourceOf(place);
    const file = source.kind === "file" ? await source.open() : await source.open(path);
    if (!file) return null;
    const into = new Uint8Array(length);
    try {
      file.read(into, 0);
    } finally {
      file.close();
    }
    return into;
  },
  /** Opens a file twice and reads from both in turn, and still from the second when the first is closed. */
  async twice(folder: string, path: string): Promise<{ pieces: Uint8Array[]; whileOpen: string; afterwards: string }> {
    const source = await folderOf(folder);
    const [a, b] = await Promise.all([source.open(path), source.open(path)]);
    if (!a || !b) throw new Error(`There is no ${path}.`);
    const piece = (from: typeof a, at: number): Uint8Array => {
      const into = new Uint8Array(16);
      from.read(into, at);
      return into;
    };
    const write = async (): Promise<string> => {
      try {
        (await (await handleOf(`${folder}/${path}`)).createSyncAccessHandle()).close();
        return "may write";
      } catch (error) {
        return (error as Error).name;
      }
    };
    const pieces = [piece(a, 0), piece(b, 16), piece(a, 32)];
    const whileOpen = await write();
    a.close();
    pieces.push(piece(b, 48));
    b.close();
    return { pieces, whileOpen, afterwards: await write() };
  },
  /** Opens a file for writing, then asks for it as a model's. */
  async busy(folder: string, path: string): Promise<void> {
    const writing = await (await handleOf(`${folder}/${path}`)).createSyncAccessHandle();
    try {
      await (await folderOf(folder)).open(path);
    } finally {
      writing.close();
    }
  },
  /** Makes this a browser whose access handles know no modes, and so are always shut to others. */
  async forgetModes(): Promise<boolean> {
    const { FileSystemSyncAccessHandle: known } = globalThis as unknown as {
      FileSystemSyncAccessHandle: { prototype: { mode?: string } };
    };
    const before = "mode" in known.prototype;
    Reflect.deleteProperty(known.prototype, "mode");
    Object.defineProperty(FileSystemFileHandle.prototype, "createSyncAccessHandle", {
      value: () => Promise.reject(new Error("an exclusive handle was asked for")),
    });
    return before;
  },
  /** One picture in one step, on the processor. */
  async draw(place: Place): Promise<{ width: number; height: number; data: Uint8ClampedArray; provider: string }> {
    await using engine = new Engine({ runtime: { device: "cpu" } });
    const pipeline = await engine.load({ base: await sourceOf(place) });
    const size = { width: 32, height: 32, steps: 1, guidance: 1, seed: 7 };
    const { pixels } = await pipeline.generate({ prompt: "a boat", controls: [], ...size });
    const { provider } = await engine.device();
    return { width: pixels.width, height: pixels.height, data: pixels.data, provider };
  },
};

/** What the worker can be asked. */
export type Calls = typeof calls;

/** An error as data: cloning keeps neither our code nor its details. */
export interface Failure {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly details?: unknown;
}

addEventListener("message", async ({ data }: MessageEvent<{ id: number; call: keyof Calls; given: unknown[] }>) => {
  const { id, call, given } = data;
  try {
    const run = calls[call] as (...given: unknown[]) => Promise<unknown>;
    postMessage({ id, result: await run(...given) });
  } catch (error) {
    const { name, message } = error as Error;
    const ours = UnderdrawError.is(error) ? { code: error.code, details: error.details } : {};
    const failure: Failure = { name, message, ...ours };
    postMessage({ id, failure });
  }
});
