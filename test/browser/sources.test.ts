import { blobFile, blobFolder, opfsFile, opfsFolder } from "@underdraw/engine";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { cdp, server } from "vitest/browser";
import type { Calls, Failure, Place } from "./sources-worker.ts";

// The places that models come from in a browser, in a worker of a real one: the origin's own files, files that a person
// picked, streams and addresses. Each gives the numbers that the same files give in memory.

const golden = "/test/golden/parity";
const basePaths = [
  "model_index.json",
  "scheduler/scheduler_config.json",
  "text_encoder/config.json",
  "text_encoder/model.safetensors",
  "tokenizer/merges.txt",
  "tokenizer/special_tokens_map.json",
  "tokenizer/tokenizer_config.json",
  "tokenizer/vocab.json",
  "unet/config.json",
  "unet/diffusion_pytorch_model.safetensors",
  "vae/config.json",
  "vae/diffusion_pytorch_model.safetensors",
];
const weights = "diffusion_pytorch_model.safetensors";
const netPaths = ["config.json", weights];

async function filesOf(folder: string, paths: readonly string[]): Promise<Record<string, Uint8Array<ArrayBuffer>>> {
  const entries = paths.map(async (path) => {
    const response = await fetch(`${golden}/${folder}/${path}`);
    if (!response.ok) throw new Error(`${path} was not served: ${response.status}`);
    return [path, new Uint8Array(await response.arrayBuffer())] as const;
  });
  return Object.fromEntries(await Promise.all(entries));
}

type Ask = <Name extends keyof Calls>(call: Name, ...given: Parameters<Calls[Name]>) => ReturnType<Calls[Name]>;

/** Starts a worker that answers calls. A call that fails there rejects with the error's data. */
function start(): { readonly ask: Ask; stop(): void } {
  const worker = new Worker(new URL("./sources-worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<number, { resolve(result: unknown): void; reject(error: unknown): void }>();
  worker.onmessage = ({ data }: MessageEvent<{ id: number; result?: unknown; failure?: Failure }>) => {
    const { id, result, failure } = data;
    if (failure) waiting.get(id)?.reject(failure);
    else waiting.get(id)?.resolve(result);
    waiting.delete(id);
  };
  worker.onerror = ({ message }) => {
    for (const { reject } of waiting.values()) reject(new Error(`The worker failed: ${message}`));
  };
  let asked = 0;
  const ask = (call: string, ...given: unknown[]): Promise<unknown> => {
    const promise = new Promise((resolve, reject) => waiting.set(++asked, { resolve, reject }));
    worker.postMessage({ id: asked, call, given });
    return promise;
  };
  return { ask: ask as Ask, stop: () => worker.terminate() };
}

let baseFiles: Record<string, Uint8Array<ArrayBuffer>>;
let netFiles: Record<string, Uint8Array<ArrayBuffer>>;
let worker: ReturnType<typeof start>;
let ask: Ask;
/** What the files in memory give. */
let baseNumbers: Record<string, string>;
let netNumbers: Record<string, string>;
let netFacts: Record<string, unknown>;

const storedBase: Place = { at: "storage", folder: "base" };
const storedNet: Place = { at: "storage", folder: "canny" };

beforeAll(async () => {
  worker = start();
  ask = worker.ask;
  baseFiles = await filesOf("sd21-tiny/base", basePaths);
  netFiles = await filesOf("sd15-tiny/controlnets/canny", netPaths);
  for (const [path, bytes] of Object.entries(baseFiles)) await ask("store", `base/${path}`, bytes);
  for (const [path, bytes] of Object.entries(netFiles)) await ask("store", `canny/${path}`, bytes);
  netFacts = JSON.parse(new TextDecoder().decode(netFiles["config.json"]));
  baseNumbers = await ask("base", { at: "memory", files: baseFiles });
  netNumbers = await ask("net", { at: "memory", files: netFiles });
  expect(Object.keys(baseNumbers).length).toBeGreaterThan(300);
  expect(Object.keys(netNumbers).length).toBeGreaterThan(100);
});

afterAll(() => worker.stop());

/** Where a row of bytes lies in the net's weights. */
const piece = (at: number, length = 16) => netFiles[weights]?.slice(at, at + length);

describe("the origin's own files", () => {
  test("give the numbers of the same files in memory", async () => {
    expect(await ask("list", storedBase)).toEqual(basePaths);
    expect(await ask("base", storedBase)).toEqual(baseNumbers);
    expect(await ask("net", storedNet)).toEqual(netNumbers);
    const file = await ask("stored", `canny/${weights}`);
    expect(await ask("net", { at: "stored file", file }, netFacts)).toEqual(netNumbers);
  });

  test("are read by several at once, and nobody may write meanwhile", async () => {
    const { pieces, whileOpen, afterwards } = await ask("twice", "canny", weights);
    expect(pieces).toEqual([0, 16, 32, 48].map((at) => piece(at)));
    expect(whileOpen).toBe("NoModificationAllowedError");
    expect(afterwards).toBe("may write");
  });

  test("that are being written are refused by name", async () => {
    await expect(ask("busy", "canny", weights)).rejects.toMatchObject({
      code: "file-invalid",
      details: { file: `canny/${weights}`, reason: expect.stringContaining("is writing it") },
    });
  });

  test("are read without a lock where the browser knows no read-only handles", async () => {
    const older = start();
    try {
      expect(await older.ask("forgetModes")).toBe(true);
      expect(await older.ask("net", storedNet)).toEqual(netNumbers);
    } finally {
      older.stop();
    }
  });

  test("that are cut, are not there or went away are told by what they are", async () => {
    for (const [path, bytes] of Object.entries(netFiles)) await ask("store", `cut/${path}`, bytes.slice(0, -1000));
    await ask("store", "cut/config.json", netFiles["config.json"] as Uint8Array);
    const cut: Place = { at: "storage", folder: "cut" };
    await expect(ask("net", cut)).rejects.toMatchObject({
      code: "file-invalid",
      details: { file: `cut/${weights}`, reason: expect.stringContaining("cut short") },
    });
    expect(await ask("bytes", cut, "unet/config.json", 1)).toBeNull();
    expect(await ask("bytes", cut, "config.json/a", 1)).toBeNull();
    const file = await ask("stored", `cut/${weights}`);
    await ask("remove", `cut/${weights}`);
    await expect(ask("net", cut)).rejects.toMatchObject({ code: "model-incompatible", details: { id: "cut" } });
    await expect(ask("net", { at: "stored file", file })).rejects.toMatchObject({ code: "model-unknown" });
    await ask("remove", "cut/config.json");
    await expect(ask("net", cut)).rejects.toMatchObject({ code: "model-unknown", details: { id: "cut" } });
  });
});

describe("files that a person picked", () => {
  /** Picks a folder of this repository in a folder input, as a person does in the browser's own dialog. */
  async function pick(folder: string): Promise<File[]> {
    const input = document.createElement("input");
    input.type = "file";
    input.webkitdirectory = true;
    input.id = "picked";
    document.body.append(input);
    const picked = new Promise((resolve) => input.addEventListener("change", resolve, { once: true }));
    const browser = cdp() as unknown as { send(method: string, given: object): Promise<Record<string, never>> };
    // A test runs in a frame of the page that the browser knows.
    const expression = `Array.from(frames, ({ document }) => document.querySelector("#picked")).find(Boolean)`;
    const { result } = await browser.send("Runtime.evaluate", { expression });
    const { objectId } = result as unknown as { objectId: string };
    await browser.send("DOM.setFileInputFiles", { objectId, files: [server.config.root + folder] });
    await picked;
    input.remove();
    return [...(input.files ?? [])];
  }

  test("give the numbers of the same files in memory, a whole folder and a single file", async () => {
    const files = await pick(`${golden}/sd21-tiny/base`);
    expect(await ask("list", { at: "picked", files })).toEqual(basePaths);
    expect(await ask("base", { at: "picked", files })).toEqual(baseNumbers);
    const net = await pick(`${golden}/sd15-tiny/controlnets/canny`);
    const file = net.find(({ name }) => name === weights) as File;
    expect(await ask("net", { at: "picked file", file }, netFacts)).toEqual(netNumbers);
  });

  test("without paths of their own are given by them", async () => {
    const files = Object.fromEntries(Object.entries(netFiles).map(([path, bytes]) => [path, new Blob([bytes])]));
    expect(await ask("net", { at: "picked", files })).toEqual(netNumbers);
  });

  test("are read across the borders of what is read at once", async () => {
    const bytes = Uint8Array.from({ length: (1 << 23) + 5 }, (_, n) => n % 251);
    const file = new File([bytes], "big");
    const read = await ask("bytes", { at: "picked file", file }, "", bytes.length);
    // Comparing millions of numbers one by one for a message would take the test's whole time.
    expect(read?.length).toBe(bytes.length);
    expect(read?.findIndex((byte, n) => byte !== bytes[n])).toBe(-1);
  });

  test("that are cut, missing or were taken away are told by what they are", async () => {
    const config = new Blob([netFiles["config.json"] as Uint8Array<ArrayBuffer>]);
    const short = new Blob([(netFiles[weights] as Uint8Array<ArrayBuffer>).slice(0, -1000)]);
    await expect(
      ask("net", { at: "picked", files: { "config.json": config, [weights]: short } }),
    ).rejects.toMatchObject({
      code: "file-invalid",
      details: { file: `folder/${weights}`, reason: expect.stringContaining("cut short") },
    });
    await expect(ask("net", { at: "picked", files: { "config.json": config } })).rejects.toMatchObject({
      code: "model-incompatible",
    });
    await expect(ask("net", { at: "picked", files: {} })).rejects.toMatchObject({ code: "model-unknown" });
    await ask("store", "gone.bin", new Uint8Array(100));
    const file = await (await ask("stored", "gone.bin")).getFile();
    await ask("remove", "gone.bin");
    await expect(ask("bytes", { at: "picked file", file }, "", 10)).rejects.toMatchObject({
      code: "file-invalid",
      details: { file: "gone.bin", reason: expect.stringContaining("changed or moved") },
    });
  });
});

test("streams and an address, from inside a worker, give the numbers of the same files in memory", async () => {
  expect(await ask("net", { at: "streams", files: netFiles })).toEqual(netNumbers);
  // The test server sends its own page for a file that is not there, as servers of single-page applications do.
  const address = `${golden}/sd15-tiny/controlnets/canny`;
  expect(await ask("bytes", { at: "address", address }, "no-such-file.json", 1)).toBeNull();
  expect(await ask("net", { at: "address", address })).toEqual(netNumbers);
});

test("on a page, outside a worker, files say what they need", async () => {
  const file = new File([piece(0) as Uint8Array<ArrayBuffer>], weights);
  const root = await navigator.storage.getDirectory();
  const directory = await root.getDirectoryHandle("canny");
  const handle = await directory.getFileHandle(weights);
  const wanted = {
    code: "feature-missing",
    details: { feature: "FileReaderSync" },
    message: expect.stringContaining("Run the engine in a worker."),
  };
  await expect(blobFile(file).open()).rejects.toMatchObject(wanted);
  await expect(blobFolder([file]).open(weights)).rejects.toMatchObject(wanted);
  await expect(opfsFile(handle).open()).rejects.toMatchObject(wanted);
  await expect(opfsFolder(directory).open(weights)).rejects.toMatchObject(wanted);
});

test("an engine in a worker draws from picked files what it draws from memory", async () => {
  const files = Object.fromEntries(Object.entries(baseFiles).map(([path, bytes]) => [path, new Blob([bytes])]));
  const drawn = await ask("draw", { at: "picked", files });
  expect([drawn.provider, drawn.width, drawn.height]).toEqual(["wasm", 32, 32]);
  expect(new Set(drawn.data).size).toBeGreaterThan(20);
  expect(await ask("draw", { at: "memory", files: baseFiles })).toEqual(drawn);
});
