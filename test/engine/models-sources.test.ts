import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import { addressFolder } from "../../engine/src/models/address.ts";
import { blobFile, blobFolder } from "../../engine/src/models/blob.ts";
import { singleFile, within } from "../../engine/src/models/folder.ts";
import { gather, memoryFolder, memorySource } from "../../engine/src/models/memory.ts";
import { nodeFile, nodeFolder, nodeModel } from "../../engine/src/models/node-files.ts";
import { opfsFolder } from "../../engine/src/models/opfs.ts";
import type { ByteSource, ModelFolder } from "../../engine/src/models/source.ts";
import { streamedFolder } from "../../engine/src/models/streamed.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);
const textOf = (source: ByteSource | null, at = 0, length = (source?.size ?? 0) - at): string => {
  const into = new Uint8Array(length);
  source?.read(into, at);
  return new TextDecoder().decode(into);
};
const code = (wanted: string) => (error: unknown) => UnderdrawError.is(error) && error.code === wanted;
const rejects = (promise: Promise<unknown>, wanted: string) =>
  expect(promise).rejects.toSatisfy(code(wanted), `rejects with ${wanted}`);
/** Paths that must never be opened. */
const outside = [
  "../secret",
  "a/../../secret",
  "/etc/passwd",
  "a//b",
  "./a",
  "a\\b",
  "..\\secret",
  "C:/secret",
  "",
  "a\0b",
];

test("bytes in memory are read at any place, and never beyond their end", () => {
  const source = memorySource("a.bin", bytesOf("0123456789"));
  expect(textOf(source, 3, 4)).toBe("3456");
  expect(textOf(source, 10, 0)).toBe("");
  expect(() => source.read(new Uint8Array(2), 9)).toThrow(/"a.bin": the file ends after 10 bytes/);
  expect(() => source.read(new Uint8Array(1), -1)).toThrow(/ends after/);
});

test("a folder in memory gives its files, null for others, and is never left", async () => {
  const folder = memoryFolder("pack", { "unet/config.json": "{}", secret: "no" });
  expect(textOf(await folder.open("unet/config.json"))).toBe("{}");
  expect(await folder.open("vae/config.json")).toBeNull();
  const inner = within(folder, "unet");
  expect(inner.name).toBe("pack/unet");
  expect(await inner.list?.()).toEqual(["config.json"]);
  expect(textOf(await inner.open("config.json"))).toBe("{}");
  for (const path of outside) {
    await expect(async () => inner.open(path), path).rejects.toSatisfy(code("file-invalid"));
    await expect(async () => folder.open(path), path).rejects.toSatisfy(code("file-invalid"));
  }
  expect(() => within(folder, "../x")).toThrow(/not one inside/);
});

test("a single file opens as the source that it is", async () => {
  const source = memorySource("a", bytesOf("abc"));
  expect(await singleFile(source).open()).toBe(source);
});

describe("files on disk", () => {
  let root = "";
  let folder: ModelFolder;
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "underdraw-test-"));
    mkdirSync(join(root, "model/unet"), { recursive: true });
    writeFileSync(join(root, "model/unet/config.json"), "0123456789");
    writeFileSync(join(root, "secret"), "secret");
    symlinkSync(join(root, "secret"), join(root, "model/link"));
    symlinkSync(join(root), join(root, "model/up"));
    symlinkSync("unet/config.json", join(root, "model/inside"));
    const cache = join(root, "models--a--b");
    mkdirSync(join(cache, "blobs"), { recursive: true });
    mkdirSync(join(cache, "snapshots/0123"), { recursive: true });
    writeFileSync(join(cache, "blobs/abc"), "blob");
    symlinkSync("../../blobs/abc", join(cache, "snapshots/0123/model_index.json"));
    symlinkSync("../../../secret", join(cache, "snapshots/0123/secret"));
    folder = nodeFolder(join(root, "model"));
  });
  afterAll(() => rmSync(root, { recursive: true }));

  test("are read in place, and no more once closed", async () => {
    const source = await folder.open("unet/config.json");
    expect(source?.name).toBe("model/unet/config.json");
    expect(textOf(source, 2, 3)).toBe("234");
    expect(() => source?.read(new Uint8Array(3), 8)).toThrow(/ends after 10 bytes/);
    source?.close();
    source?.close();
    expect(() => source?.read(new Uint8Array(1), 0)).toThrow(/closed/);
  });

  test("that are not there are null, folders too", async () => {
    for (const path of ["vae/config.json", "unet", "unet/config.json/x"]) expect(await folder.open(path)).toBeNull();
    expect(await nodeFolder(join(root, "nowhere")).open("a")).toBeNull();
  });

  test("outside the folder are refused, through links too", async () => {
    for (const path of outside) await rejects(folder.open(path), "file-invalid");
    await expect(folder.open("link")).rejects.toThrow(/link that leads out/);
    await expect(folder.open("up/secret")).rejects.toThrow(/link that leads out/);
    expect(textOf(await folder.open("inside"), 0, 2)).toBe("01");
  });

  test("of Hugging Face's cache are links into its blobs, and only there", async () => {
    const cached = nodeFolder(join(root, "models--a--b/snapshots/0123"));
    expect(textOf(await cached.open("model_index.json"))).toBe("blob");
    await rejects(cached.open("secret"), "file-invalid");
  });

  test("are listed with their paths", async () => {
    expect([...((await folder.list?.()) ?? [])].sort()).toEqual(["inside", "link", "unet/config.json", "up"]);
    expect(await within(folder, "unet").list?.()).toEqual(["config.json"]);
  });

  test("are a folder or a file by what lies at the path", async () => {
    expect(nodeModel(join(root, "model")).kind).toBe("folder");
    const file = nodeModel(join(root, "secret"));
    expect(file.kind).toBe("file");
    expect(textOf(await (file as ReturnType<typeof nodeFile>).open())).toBe("secret");
    expect(() => nodeModel(join(root, "nowhere"))).toThrow(/No model lies at/);
    await rejects(nodeFile(join(root, "nowhere")).open(), "model-unknown");
    await rejects(nodeFile(join(root, "model")).open(), "model-unknown");
  });
});

describe("streams", () => {
  const streamOf = (...chunks: Uint8Array[]) =>
    new ReadableStream<Uint8Array>({
      start(controller) {
        for (const chunk of chunks) controller.enqueue(chunk);
        controller.close();
      },
    });

  test("are gathered into memory across the borders of blocks", async () => {
    const chunks = [5, (4 << 20) - 3, 0, 9 << 20, 1].map((length, n) => new Uint8Array(length).fill(n + 1));
    const heard: number[] = [];
    const source = await gather("big", streamOf(...chunks), { onBytes: (loaded) => heard.push(loaded) });
    const whole = Buffer.concat(chunks);
    expect(source.size).toBe(whole.length);
    const into = new Uint8Array(whole.length);
    source.read(into, 0);
    expect(Buffer.compare(into, whole)).toBe(0);
    source.read(into.subarray(0, 20), (4 << 20) - 10);
    expect(Buffer.compare(into.subarray(0, 20), whole.subarray((4 << 20) - 10, (4 << 20) + 10))).toBe(0);
    expect(heard.at(-1)).toBe(whole.length);
  });

  test("that are stopped reject with the signal's reason and are cancelled", async () => {
    const stopping = new AbortController();
    const cancelled = vi.fn();
    const endless = new ReadableStream<Uint8Array>({ cancel: cancelled }, { highWaterMark: 0 });
    const gathering = gather("endless", endless, { signal: stopping.signal });
    const reason = new Error("enough");
    stopping.abort(reason);
    await expect(gathering).rejects.toBe(reason);
    expect(cancelled).toHaveBeenCalled();
  });

  test("behind a reader make a folder: absent files are null, failures are told", async () => {
    const loads: [string, number][] = [];
    const folder = streamedFolder(
      async (file) => {
        if (file === "a") return streamOf(bytesOf("ab"), bytesOf("c"));
        if (file === "empty") return null;
        if (file === "broken")
          return new ReadableStream({
            pull: () => {
              throw new Error("the line broke");
            },
          });
        if (file === "dead") throw new Error("no network");
        throw new RangeError("none");
      },
      { name: "mini", onLoad: (file, loaded) => loads.push([file, loaded]) },
    );
    expect(textOf(await folder.open("a"))).toBe("abc");
    expect(loads).toEqual([
      ["a", 2],
      ["a", 3],
    ]);
    expect(await folder.open("empty")).toBeNull();
    expect(await folder.open("b")).toBeNull();
    await expect(folder.open("dead")).rejects.toThrow(/"mini\/dead": no network/);
    await rejects(folder.open("broken"), "model-fetch");
    await rejects(folder.open("../a"), "file-invalid");
    const reason = new Error("stopped");
    await expect(folder.open("a", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });
});

describe("an address", () => {
  const asked: string[] = [];
  let stumbles = 0;
  const server = createServer((request, response) => {
    const path = request.url ?? "";
    asked.push(path);
    if (path === "/m/unet/a%20b.json") response.setHeader("content-length", 3).end("abc");
    else if (path === "/m/page") response.setHeader("content-type", "text/html; charset=utf-8").end("<html>");
    else if (path === "/m/forbidden") response.writeHead(403).end();
    else if (path === "/m/stumbles" && stumbles++ === 0) response.writeHead(503).end();
    else if (path === "/m/stumbles") response.end("up again");
    else if (path === "/m/down") response.writeHead(500).end();
    else if (path === "/m/cut") {
      response.writeHead(200, { "content-length": 10 });
      response.write("abc");
      setTimeout(() => response.destroy(), 10);
    } else response.writeHead(404).end("nothing");
  });
  let base = "";
  beforeAll(async () => {
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/m`;
  });
  afterAll(() => void server.close());

  test("gives files by their paths, and null for 404 and for a page in their place", async () => {
    const loads: [number, number | undefined][] = [];
    const folder = addressFolder(base, { onLoad: (_, loaded, total) => loads.push([loaded, total]) });
    expect(textOf(await folder.open("unet/a b.json"))).toBe("abc");
    expect(loads.at(-1)).toEqual([3, 3]);
    expect(await folder.open("missing.json")).toBeNull();
    expect(await folder.open("page")).toBeNull();
    await rejects(folder.open("../secret"), "file-invalid");
  });

  test("is asked twice when the server stumbles, and once when it refuses", async () => {
    const folder = addressFolder(base);
    expect(textOf(await folder.open("stumbles"))).toBe("up again");
    asked.length = 0;
    const error = await folder.open("forbidden").catch((error: unknown) => error);
    expect(UnderdrawError.is(error, "model-fetch") && error.details).toEqual({ url: `${base}/forbidden`, status: 403 });
    expect(asked).toEqual(["/m/forbidden"]);
    await expect(folder.open("down")).rejects.toThrow(/status 500/);
    expect(asked.filter((path) => path === "/m/down")).toHaveLength(2);
  });

  test("whose answer is cut, or where nobody answers, is told as a failure", async () => {
    await rejects(addressFolder(base).open("cut"), "model-fetch");
    await rejects(addressFolder("http://127.0.0.1:1/").open("a"), "model-fetch");
    const reason = new Error("stopped");
    await expect(addressFolder(base).open("a", { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("of another origin may hide that it was packed: its length is believed no further than it can be true", async () => {
    const answer = new Response("ten bytes.", { headers: { "content-length": "4" } });
    Object.defineProperty(answer, "type", { value: "cors" });
    const loads: (number | undefined)[][] = [];
    const folder = addressFolder("https://models.example/m", {
      fetch: async () => answer,
      onLoad: (_, loaded, total) => loads.push([loaded, total]),
    });
    expect(textOf(await folder.open("vocab.json"))).toBe("ten bytes.");
    expect(loads).toEqual([[10, undefined]]);
  });

  test("gives its files whatever a listener throws", async () => {
    const reported = vi.spyOn(console, "error").mockImplementation(() => {});
    const fault = new Error("the bar broke");
    const folder = addressFolder(base, {
      onLoad: () => {
        throw fault;
      },
    });
    expect(textOf(await folder.open("unet/a b.json"))).toBe("abc");
    expect(reported).toHaveBeenCalledWith(fault);
    reported.mockRestore();
  });

  test("must be one of the web", () => {
    expect(() => addressFolder("file:///etc")).toThrow(TypeError);
    expect(() => addressFolder("models/")).toThrow(TypeError);
  });
});

describe("files that a person picked", () => {
  const file = new File(["0123456789"], "model.safetensors");

  test("say that they need a worker", async () => {
    const error = await blobFile(file)
      .open()
      .catch((error: unknown) => error);
    expect(UnderdrawError.is(error, "feature-missing") && error.message).toMatch(/inside a worker/);
  });

  test("are read piece by piece with a worker's reader", async () => {
    // Node has no synchronous reader of blobs. This one knows the blobs that are sliced from ours.
    const slices = new Map<Blob, string>();
    const known = new File(["0123456789"], "model.safetensors");
    known.slice = (from = 0, to = 10) => {
      const blob = new Blob();
      slices.set(blob, "0123456789".slice(from, to));
      return blob;
    };
    let fails = false;
    vi.stubGlobal(
      "FileReaderSync",
      class {
        readAsArrayBuffer(blob: Blob): ArrayBuffer {
          if (fails) throw new DOMException("gone", "NotReadableError");
          return bytesOf(slices.get(blob) ?? "").buffer as ArrayBuffer;
        }
      },
    );
    const source = await blobFile(known).open();
    expect(textOf(source, 4, 3)).toBe("456");
    expect(() => source.read(new Uint8Array(2), 9)).toThrow(/ends after 10 bytes/);
    fails = true;
    expect(() => source.read(new Uint8Array(2), 0)).toThrow(/changed or moved/);
    Object.defineProperty(known, "webkitRelativePath", { value: "sd/unet/model.safetensors" });
    const folder = blobFolder([known]);
    expect(folder.name).toBe("sd");
    expect(await folder.list?.()).toEqual(["unet/model.safetensors"]);
    expect((await folder.open("unet/model.safetensors"))?.size).toBe(10);
    expect(await folder.open("vae/model.safetensors")).toBeNull();
    vi.unstubAllGlobals();
  });

  test("without paths of their own are given by them, and never take each other's place", async () => {
    const folder = blobFolder({ "unet/config.json": new Blob(["{}"]), "vae/config.json": new Blob(["[]"]) }, "dropped");
    expect(folder.name).toBe("dropped");
    expect(await folder.list?.()).toEqual(["unet/config.json", "vae/config.json"]);
    expect(await folder.open("config.json")).toBeNull();
    const alike = [new File(["{}"], "config.json"), new File(["[]"], "config.json")];
    expect(() => blobFolder(alike)).toThrow(/^Two files have the path "config.json"/);
    expect(blobFolder([]).name).toBe("folder");
  });
});

describe("the origin's own files", () => {
  const absent = () => Promise.reject(new DOMException("none", "NotFoundError"));
  const closed = vi.fn();
  const modes: unknown[] = [];
  const getFile = async () => new File(["0123456789"], "a");
  const fileHandle = {
    kind: "file",
    getFile,
    createSyncAccessHandle: async (options: unknown) => {
      modes.push(options);
      return {
        getSize: () => 10,
        // A handle may give less than it was asked for.
        read: (into: Uint8Array, { at }: { at: number }) => {
          const piece = bytesOf("0123456789").subarray(at, at + Math.min(3, into.length));
          into.set(piece);
          return piece.length;
        },
        close: closed,
      };
    },
  };
  const busy = {
    kind: "file",
    getFile,
    createSyncAccessHandle: () => Promise.reject(new DOMException("", "NoModificationAllowedError")),
  };
  const unet = {
    kind: "directory",
    getFileHandle: (name: string) =>
      name === "a" ? Promise.resolve(fileHandle) : name === "busy" ? Promise.resolve(busy) : absent(),
    async *entries() {
      yield ["a", fileHandle];
    },
  };
  const root = {
    kind: "directory",
    name: "models",
    getDirectoryHandle: (name: string) => (name === "unet" ? Promise.resolve(unet) : absent()),
    getFileHandle: absent,
    async *entries() {
      yield ["unet", unet];
    },
  } as unknown as FileSystemDirectoryHandle;
  const folder = opfsFolder(root);

  test("are opened for reading only, read whole and closed once", async () => {
    const source = await folder.open("unet/a");
    expect(modes).toEqual([{ mode: "read-only" }]);
    expect(textOf(source)).toBe("0123456789");
    expect(() => source?.read(new Uint8Array(2), 9)).toThrow(/ends after/);
    source?.close();
    source?.close();
    expect(closed).toHaveBeenCalledTimes(1);
    expect(await folder.list?.()).toEqual(["unet/a"]);
  });

  test("that are absent are null, and one that is being written says so", async () => {
    for (const path of ["unet/b", "vae/a", "c"]) expect(await folder.open(path)).toBeNull();
    await expect(folder.open("unet/busy")).rejects.toThrow(/another tab or worker is writing it/);
    await rejects(folder.open("../a"), "file-invalid");
  });
});
