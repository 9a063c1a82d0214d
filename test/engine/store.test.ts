import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { hostname, tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { singleFile } from "../../engine/src/models/folder.ts";
import { memoryFolder, memorySource } from "../../engine/src/models/memory.ts";
import { nodeFile } from "../../engine/src/models/node-files.ts";
import { type Digest, firstState, ownDigest } from "../../engine/src/store/digest.ts";
import type { ModelStore, StoredFolder } from "../../engine/src/store/model-store.ts";
import { underLock } from "../../engine/src/store/node-lock.ts";
import { modelCache, type NodeStoreOptions, nodeStore } from "../../engine/src/store/node-store.ts";
import { plainBlocks } from "../../engine/src/store/sha256-plain.ts";
import { fileServer, noise } from "./store-server.ts";

// What a store on disk keeps, and through what.

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "underdraw-store-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const store = (options: NodeStoreOptions = {}): Promise<ModelStore> =>
  nodeStore({ folder, pauses: [1, 1], ...options });
const contents = (): string[] => readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));
const blob = (bytes: Uint8Array, name = "a.safetensors"): File => new File([bytes as BlobPart], name);

async function readBack(from: ModelStore, id: string, path?: string): Promise<string> {
  const source = await from.open(id);
  const open = source.kind === "file" ? await source.open() : await source.open(path ?? "");
  if (!open) throw new Error(`no ${path}`);
  const into = new Uint8Array(open.size);
  open.read(into, 0);
  open.close();
  return sha(into);
}

describe.each<[string, () => Digest]>([
  ["WebAssembly", () => ownDigest()],
  ["plain TypeScript", () => ownDigest(plainBlocks(firstState))],
])("SHA-256 of our own in %s", (_, made) => {
  test("gives what Node gives, at every border of a block and in any pieces", () => {
    for (const length of [0, 1, 3, 54, 55, 56, 57, 63, 64, 65, 119, 120, 127, 128, 129, 1000, 65_537, 200_001]) {
      const bytes = noise(length, length + 1);
      for (const piece of [1, 7, 63, 64, 65, 200, 100_000]) {
        if (piece < 200 && length > 2000) continue;
        const digest = made();
        for (let at = 0; at < length; at += piece) digest.update(bytes.subarray(at, at + piece));
        expect(digest.hex(), `${length} in pieces of ${piece}`).toBe(sha(bytes));
      }
    }
  });

  test("gives the published digests (FIPS 180-4, examples)", () => {
    const of = (text: string) => {
      const digest = made();
      digest.update(new TextEncoder().encode(text));
      return digest.hex();
    };
    expect(of("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    expect(of("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq")).toBe(
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
    );
  });
});

describe("files that are added", () => {
  const bytes = noise(9_000_001, 5);

  test("are copied from a blob, a file on disk or a model, once", async () => {
    const here = await store();
    const path = join(folder, "given.bin");
    writeFileSync(path, bytes);
    const heard: number[] = [];
    const stored = await here.add(nodeFile(path), { onProgress: ({ fraction }) => heard.push(fraction) });
    expect(stored).toMatchObject({
      kind: "file",
      name: "given.bin",
      sha256: sha(bytes),
      bytes: bytes.length,
      address: null,
    });
    expect(heard).toEqual(heard.toSorted((a, b) => a - b));
    expect(heard.at(-1)).toBe(1);
    await here.add(blob(bytes), { sha256: sha(bytes) });
    await here.add(singleFile(memorySource("m", bytes)), { name: "dir/third.safetensors" });
    expect(contents()).toEqual([sha(bytes)]);
    expect((await here.list()).map(({ name }) => name).sort()).toEqual([
      "a.safetensors",
      "given.bin",
      "third.safetensors",
    ]);
    expect(await readBack(here, "third.safetensors")).toBe(sha(bytes));
    expect(await here.delete("given.bin")).toBe("now");
    expect(await readBack(here, sha(bytes))).toBe(sha(bytes));
  });

  test("with another hash, or stopped, leave nothing", async () => {
    const here = await store();
    await expect(here.add(blob(bytes), { sha256: "1".repeat(64) })).rejects.toMatchObject({ code: "model-integrity" });
    const stop = new AbortController();
    const reason = new Error("stop");
    await expect(here.add(blob(bytes), { signal: stop.signal, onProgress: () => stop.abort(reason) })).rejects.toBe(
      reason,
    );
    expect(readdirSync(folder).filter((name) => name !== "index.json")).toEqual([]);
    expect(await here.unfinished()).toEqual([]);
  });

  test("of the same name: the name means the one that came last", async () => {
    const here = await store();
    const [one, two] = [noise(10, 1), noise(10, 2)];
    await here.add(blob(one));
    await new Promise((resolve) => setTimeout(resolve, 5));
    await here.add(blob(two));
    expect(await readBack(here, "a.safetensors")).toBe(sha(two));
    await here.delete("a.safetensors");
    expect(await readBack(here, "a.safetensors")).toBe(sha(one));
  });

  test("are exported as they came", async () => {
    const here = await store();
    await here.add(blob(bytes));
    const out = (await here.export("a.safetensors")) as File;
    expect([out.name, out.size]).toEqual(["a.safetensors", bytes.length]);
    const hash = createHash("sha256");
    for await (const piece of out.stream()) hash.update(piece);
    expect(hash.digest("hex")).toBe(sha(bytes));
  });
});

test("a model that is not here is told with what is", async () => {
  const here = await store();
  await here.add(blob(noise(5)), { name: "cat" });
  for (const call of [here.open("dog"), here.export("dog"), here.delete("dog")]) {
    await expect(call).rejects.toMatchObject({ code: "model-unknown", details: { id: "dog", known: ["cat"] } });
  }
  for (const id of ["__proto__", "constructor", "", "../index.json", "index.json", "f".repeat(64)]) {
    await expect(here.open(id)).rejects.toMatchObject({ code: "model-unknown" });
    await expect(here.delete(id)).rejects.toMatchObject({ code: "model-unknown" });
  }
});

test("the list has the last used first, and space counts what is kept", async () => {
  const here = await store();
  await here.add(blob(noise(1000, 1)), { name: "one" });
  await new Promise((resolve) => setTimeout(resolve, 5));
  await here.add(blob(noise(2000, 2)), { name: "two" });
  expect((await here.list()).map(({ name }) => name)).toEqual(["two", "one"]);
  await new Promise((resolve) => setTimeout(resolve, 5));
  await here.open("one");
  expect((await here.list()).map(({ name }) => name)).toEqual(["one", "two"]);
  const space = await here.space(1e17);
  expect(space.used).toBeGreaterThan(3000);
  expect(space.used).toBeLessThan(6000);
  expect(space.missing).toBe(1e17 - (space.free as number));
  expect([space.persisted, await here.persist()]).toEqual([true, true]);
});

describe("after a crash", () => {
  test("content without a line on the list is taken in, and lines without content are forgotten", async () => {
    const here = await store();
    await here.add(blob(noise(100, 1)), { name: "lost" });
    await here.add(blob(noise(100, 2)), { name: "cut" });
    await here.add(blob(noise(100, 3)), { name: "sound" });
    rmSync(join(folder, sha(noise(100, 1))));
    truncateSync(join(folder, sha(noise(100, 2))), 50);
    const orphan = noise(77, 4);
    writeFileSync(join(folder, sha(orphan)), orphan);
    writeFileSync(join(folder, "somebody's file"), "stays");
    const again = await store();
    expect((await again.list()).map(({ name }) => name).sort()).toEqual([sha(orphan).slice(0, 12), "sound"].sort());
    expect(contents().sort()).toEqual([sha(orphan), sha(noise(100, 3))].sort());
    expect(readFileSync(join(folder, "somebody's file"), "utf8")).toBe("stays");
  });

  test.each([
    ["empty", ""],
    ["cut", '{"version": 1, "contents": [{"sha'],
    ["another thing", "[]"],
    [
      "a path for a digest",
      '{"version":1,"contents":[{"sha256":"../../etc/passwd","bytes":1}],"files":[],"folders":[]}',
    ],
  ])("a list that is %s is made anew from the files", async (_, text) => {
    const here = await store();
    await here.add(blob(noise(100, 1)), { name: "one" });
    writeFileSync(join(folder, "index.json"), text);
    expect(await readBack(here, sha(noise(100, 1)))).toBe(sha(noise(100, 1)));
    const again = await store();
    expect(await again.list()).toMatchObject([{ name: sha(noise(100, 1)).slice(0, 12), bytes: 100 }]);
  });

  test("a list of a newer version is left alone", async () => {
    await store();
    writeFileSync(join(folder, "index.json"), '{"version": 2}');
    await expect(store()).rejects.toMatchObject({ code: "file-invalid" });
    expect(readFileSync(join(folder, "index.json"), "utf8")).toBe('{"version": 2}');
  });

  test("a list that would pollute prototypes does not", async () => {
    const here = await store();
    await here.add(blob(noise(10, 1)), { name: "one" });
    const text = readFileSync(join(folder, "index.json"), "utf8");
    writeFileSync(join(folder, "index.json"), text.replace("{", '{"__proto__": {"polluted": 1}, "constructor": {},'));
    expect(await (await store()).list()).toMatchObject([{ name: "one" }]);
    expect(({} as { polluted?: number }).polluted).toBeUndefined();
  });

  test("a process that was killed in the middle of a download is gone on from", async () => {
    const server = await fileServer();
    try {
      const bytes = noise(400_000);
      const head = { "Content-Range": `bytes 0-${bytes.length - 1}/${bytes.length}`, ETag: '"e"' };
      server.files.set("/m", {
        bytes,
        etag: '"e"',
        answer(request, response) {
          if (request.headers.range !== "bytes=0-" || request.method === "HEAD") return false;
          response.writeHead(206, head).write(bytes.subarray(0, 250_000));
          return true;
        },
      });
      const address = `${server.origin}/m`;
      const child = spawn(process.execPath, ["scripts/run.mjs", "test/engine/store-child.ts", folder, address]);
      await new Promise<void>((resolve, reject) => {
        child.stdout.on("data", (text) => String(text).includes("250000") && resolve());
        child.stderr.on("data", (text) => reject(new Error(String(text))));
      });
      const gone = new Promise((resolve) => child.on("exit", resolve));
      child.kill("SIGKILL");
      await gone;
      expect(readdirSync(folder).some((name) => name.endsWith(".lock"))).toBe(true);
      const here = await store();
      expect(await here.unfinished()).toMatchObject([{ name: "m", bytes: 250_000, total: 400_000 }]);
      const stored = await here.download(await here.plan(address));
      expect(stored).toMatchObject({ sha256: sha(bytes) });
      expect(server.asked.at(-1)).toMatchObject({ range: "bytes=250000-", ifRange: '"e"' });
      expect(readdirSync(folder).filter((name) => name.endsWith(".lock"))).toEqual([]);
    } finally {
      await server.close();
    }
  });
});

describe("a lock", () => {
  const lock = () => join(folder, "x.lock");

  test("lets one work after the other, many at once", async () => {
    let working = 0;
    let most = 0;
    const work = async () => {
      most = Math.max(most, ++working);
      await new Promise((resolve) => setTimeout(resolve, 3));
      working--;
    };
    await Promise.all(Array.from({ length: 12 }, () => underLock(lock(), work)));
    expect(most).toBe(1);
    expect(existsSync(lock())).toBe(false);
  });

  test("is freed by what fails, and waiting for it can be stopped", async () => {
    await expect(underLock(lock(), () => Promise.reject(new Error("no")))).rejects.toThrow("no");
    const held = underLock(lock(), () => new Promise((resolve) => setTimeout(resolve, 300)));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await expect(underLock(lock(), async () => 1, AbortSignal.timeout(50))).rejects.toThrow();
    await held;
  });

  test("of a process that is gone is taken, also by several at once, and one that is alive is not", async () => {
    writeFileSync(lock(), `999999999 ${hostname()} x`);
    let working = 0;
    const work = async () => {
      expect(++working).toBe(1);
      await new Promise((resolve) => setTimeout(resolve, 5));
      working--;
    };
    await Promise.all(Array.from({ length: 6 }, () => underLock(lock(), work)));
    writeFileSync(lock(), `${process.pid} ${hostname()} y`);
    await expect(underLock(lock(), async () => 1, AbortSignal.timeout(150))).rejects.toThrow();
    // Another machine's lock counts by when it was last touched.
    writeFileSync(lock(), "1 another-machine z");
    await expect(underLock(lock(), async () => 1, AbortSignal.timeout(150))).rejects.toThrow();
    const before = new Date(Date.now() - 600_000);
    utimesSync(lock(), before, before);
    expect(await underLock(lock(), async () => 1)).toBe(1);
  });
});

describe("a Hugging Face repository", () => {
  const commit = "c".repeat(40);
  let server: Awaited<ReturnType<typeof fileServer>>;
  beforeEach(async () => {
    server = await fileServer();
  });
  afterEach(() => server.close());

  /** A repository whose listing is given by its files; those that end in safetensors are kept by their SHA-256. */
  function repository(files: Record<string, Uint8Array>, { revision = "main", sha: at = commit } = {}): void {
    const siblings = Object.entries(files).map(([rfilename, bytes], n) => ({
      rfilename,
      size: bytes.length,
      blobId: String(n).padStart(40, "0"),
      ...(rfilename.endsWith(".safetensors") && { lfs: { sha256: sha(bytes), size: bytes.length, pointerSize: 130 } }),
    }));
    const listing = new TextEncoder().encode(JSON.stringify({ id: "owner/name", sha: at, siblings }));
    server.files.set(`/api/models/owner/name/revision/${revision}`, { bytes: listing });
    for (const [path, bytes] of Object.entries(files)) server.files.set(`/owner/name/resolve/${at}/${path}`, { bytes });
  }
  const names = [
    "model_index.json",
    "README.md",
    "v1-5-pruned.safetensors",
    "scheduler/scheduler_config.json",
    "tokenizer/vocab.json",
    "tokenizer/merges.txt",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "text_encoder/model.fp16.safetensors",
    "text_encoder/pytorch_model.bin",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors.index.json",
    "unet/diffusion_pytorch_model-00001-of-00002.safetensors",
    "unet/diffusion_pytorch_model-00002-of-00002.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
    "vae/diffusion_pytorch_model.fp16.safetensors",
    "safety_checker/config.json",
    "safety_checker/model.safetensors",
  ];
  const needed = names.filter(
    (name) => !/README|v1-5|safety|\.bin|text_encoder\/model\.safe|vae\/diffusion_pytorch_model\.safe/.test(name),
  );
  const files = Object.fromEntries(names.map((name, n) => [name, noise(1000 + n, n + 1)]));
  const hubbed = () => store({ hub: server.origin });

  test("gives what a diffusers model needs, as a folder", async () => {
    repository(files);
    const here = await hubbed();
    const plan = await here.plan("hf:owner/name");
    expect(plan.files.map(({ path }) => path).sort()).toEqual([...needed].sort());
    expect(plan).toMatchObject({ kind: "folder", name: "owner/name", revision: commit });
    expect(plan.bytes).toBe(needed.reduce((sum, name) => sum + (files[name]?.length ?? 0), 0));
    const heard: { loaded: number; total?: number }[] = [];
    const stored = await here.download(plan, { onProgress: (progress) => heard.push(progress as never) });
    expect(heard.map(({ loaded }) => loaded)).toEqual(heard.map(({ loaded }) => loaded).toSorted((a, b) => a - b));
    expect(heard.at(-1)).toMatchObject({ fraction: 1, loaded: plan.bytes });
    expect(stored).toMatchObject({ kind: "folder", name: "owner/name", address: "hf:owner/name", bytes: plan.bytes });
    const source = await here.open("hf:owner/name");
    expect(source.kind === "folder" && [...((await source.list?.()) ?? [])].sort()).toEqual([...needed].sort());
    for (const path of needed) expect(await readBack(here, "owner/name", path)).toBe(sha(files[path] as Uint8Array));
    if (source.kind === "folder") {
      expect(await source.open("vae/other.json")).toBeNull();
      await expect(source.open("../index.json")).rejects.toMatchObject({ code: "file-invalid" });
    }
    expect(await here.list()).toHaveLength(1);
    expect((await here.plan("hf:owner/name")).missing).toBe(0);
    expect((await here.export("owner/name", "unet/config.json")).size).toBe(files["unet/config.json"]?.length);
    await expect(here.export("owner/name")).rejects.toMatchObject({ code: "request-invalid" });
    await expect(here.delete(sha(files["unet/config.json"] as Uint8Array))).rejects.toMatchObject({
      code: "request-invalid",
    });
    expect(await here.delete("owner/name")).toBe("now");
    expect(contents()).toEqual([]);
  });

  test("that is stopped in the middle goes on with the files that are left", async () => {
    repository(files);
    const here = await hubbed();
    const stop = new AbortController();
    const plan = await here.plan("hf:owner/name");
    const onProgress = ({ fraction }: { fraction: number }) => fraction > 0.5 && stop.abort(new Error("stop"));
    await expect(here.download(plan, { signal: stop.signal, onProgress })).rejects.toThrow("stop");
    expect(await here.list()).toEqual([]);
    expect((await here.unfinished())[0]).toMatchObject({ name: "owner/name", address: "hf:owner/name" });
    const before = server.asked.length;
    const later = await hubbed();
    const rest = await later.plan("hf:owner/name");
    expect(rest.missing).toBeLessThan((plan.missing ?? 0) * 0.6);
    await later.download(rest);
    expect(await later.list()).toHaveLength(1);
    const fetched = server.asked.slice(before).filter(({ path }) => path.includes("/resolve/"));
    expect(fetched.length).toBeLessThan(needed.length * 0.7);
    expect(await later.unfinished()).toEqual([]);
  });

  test("that is stopped can be taken away", async () => {
    repository(files);
    const here = await hubbed();
    const stop = new AbortController();
    const onProgress = ({ fraction }: { fraction: number }) => fraction > 0.5 && stop.abort(new Error("stop"));
    const plan = await here.plan("hf:owner/name");
    await expect(here.download(plan, { signal: stop.signal, onProgress })).rejects.toThrow("stop");
    for (const { key } of await here.unfinished()) expect(await here.delete(key)).toBe("now");
    expect(await here.unfinished()).toEqual([]);
    expect(contents()).toEqual([]);
  });

  test("that has moved on is taken anew, and what both have is not fetched again", async () => {
    repository(files);
    const here = await hubbed();
    await here.download(await here.plan("hf:owner/name"));
    const next = { ...files, "unet/config.json": noise(500, 99) };
    repository(next, { sha: "d".repeat(40) });
    const plan = await here.plan("hf:owner/name");
    expect(plan.files.filter(({ path, here: at }) => path.endsWith(".safetensors") && at === 0)).toEqual([]);
    const stored = (await here.download(plan)) as StoredFolder;
    expect(stored.revision).toBe("d".repeat(40));
    expect(await here.list()).toHaveLength(1);
    expect(await readBack(here, "owner/name", "unet/config.json")).toBe(sha(noise(500, 99)));
    expect(contents()).not.toContain(sha(files["unet/config.json"] as Uint8Array));
  });

  test("gives one file by its path, at a revision, with its hash checked", async () => {
    repository(files, { revision: "refs/pr/1" });
    const here = await hubbed();
    const plan = await here.plan("hf:owner/name@refs/pr/1/v1-5-pruned.safetensors");
    expect(plan).toMatchObject({ kind: "file", name: "v1-5-pruned.safetensors", revision: commit });
    expect(await here.download(plan)).toMatchObject({
      kind: "file",
      address: "hf:owner/name@refs/pr/1/v1-5-pruned.safetensors",
    });
    server.files.set(`/owner/name/resolve/${commit}/vae/diffusion_pytorch_model.safetensors`, {
      bytes: noise(1015, 3),
    });
    const wrong = await here.plan("hf:owner/name@refs/pr/1/vae/diffusion_pytorch_model.safetensors");
    await expect(here.download(wrong)).rejects.toMatchObject({ code: "model-integrity" });
  });

  test("gives a net by its folder, and a folder inside", async () => {
    repository({ "config.json": noise(10), "diffusion_pytorch_model.safetensors": noise(20), "image.png": noise(5) });
    const here = await hubbed();
    const net = await here.plan("hf:owner/name");
    expect(net.files.map(({ path }) => path)).toEqual(["config.json", "diffusion_pytorch_model.safetensors"]);
    repository(files);
    const inner = await here.plan("hf:owner/name/vae");
    expect(inner).toMatchObject({ kind: "folder", name: "owner/name/vae" });
    expect(inner.files.map(({ path }) => path)).toEqual(["config.json", "diffusion_pytorch_model.fp16.safetensors"]);
  });

  test.each([
    ["non_ema alone", ["w.non_ema.safetensors"], ["w.non_ema.safetensors"]],
    ["another alone", ["w.fp8_e4m3.safetensors"], ["w.fp8_e4m3.safetensors"]],
    ["another beside plain", ["w.ema.safetensors", "w.safetensors"], ["w.safetensors"]],
    [
      "non_ema in shards",
      [
        "w.safetensors.index.non_ema.json",
        "w.non_ema-00001-of-00002.safetensors",
        "w.non_ema-00002-of-00002.safetensors",
      ],
      [
        "w.safetensors.index.non_ema.json",
        "w.non_ema-00001-of-00002.safetensors",
        "w.non_ema-00002-of-00002.safetensors",
      ],
    ],
    [
      "another in shards, its index named the other way",
      ["w.v2.safetensors.index.json", "w-00001-of-00001.v2.safetensors"],
      ["w.v2.safetensors.index.json", "w-00001-of-00001.v2.safetensors"],
    ],
  ])("gives weights of any variant, as a folder on a disk may have: %s", async (_, names, wanted) => {
    const long = (name: string) => name.replace(/^w/, "diffusion_pytorch_model");
    repository(Object.fromEntries(["config.json", ...names.map(long)].map((name, n) => [name, noise(10 + n, n + 1)])));
    const plan = await (await hubbed()).plan("hf:owner/name");
    expect(plan.files.map(({ path }) => path).sort()).toEqual(["config.json", ...wanted.map(long)].sort());
  });

  test("without what is needed is refused with the reason", async () => {
    const here = await hubbed();
    repository({ "config.json": noise(5), "diffusion_pytorch_model.fp8-00001-of-00002.safetensors": noise(6) });
    await expect(here.plan("hf:owner/name")).rejects.toMatchObject({ code: "model-incompatible" });
    repository({
      "model_index.json": noise(5),
      "unet/config.json": noise(6),
      "unet/diffusion_pytorch_model.bin": noise(7),
    });
    await expect(here.plan("hf:owner/name")).rejects.toMatchObject({
      code: "model-incompatible",
      message: expect.stringContaining("its unet has no .safetensors weights"),
    });
    repository({ "one.safetensors": noise(5), "two.safetensors": noise(6) });
    await expect(here.plan("hf:owner/name")).rejects.toThrow(/Name one of its files behind it: one.safetensors/);
    await expect(here.plan("hf:owner/name/absent.safetensors")).rejects.toMatchObject({ code: "request-invalid" });
    await expect(here.plan("hf:owner/other")).rejects.toMatchObject({ code: "model-fetch", details: { status: 404 } });
    for (const rfilename of ["../../evil", "/etc/passwd", "a/../../b", "C:\\evil"]) {
      repository({ "model_index.json": noise(3), [rfilename]: noise(4) });
      await expect(here.plan("hf:owner/name")).rejects.toMatchObject({ code: "file-invalid" });
    }
    server.files.set("/api/models/owner/name/revision/main", { bytes: new TextEncoder().encode('{"sha": 1}') });
    await expect(here.plan("hf:owner/name")).rejects.toMatchObject({ code: "file-invalid" });
  });

  test("is asked with the token, which goes nowhere else", async () => {
    repository(files);
    const far = await fileServer();
    try {
      const bytes = files["v1-5-pruned.safetensors"] as Uint8Array;
      far.files.set("/blob", { bytes });
      server.files.set(`/owner/name/resolve/${commit}/v1-5-pruned.safetensors`, {
        bytes,
        answer(_, response) {
          response.writeHead(302, { Location: `${far.origin}/blob` }).end();
          return true;
        },
      });
      const here = await hubbed();
      const plan = await here.plan("hf:owner/name/v1-5-pruned.safetensors", { token: "hf_secret" });
      expect(JSON.stringify(plan)).not.toContain("hf_secret");
      await here.download(plan, { token: "hf_secret" });
      expect(server.asked.every(({ authorization }) => authorization === "Bearer hf_secret")).toBe(true);
      expect(far.asked.map(({ authorization }) => authorization)).toEqual([undefined]);
      expect(readFileSync(join(folder, "index.json"), "utf8")).not.toContain("hf_secret");
    } finally {
      await far.close();
    }
  });

  test("is meant by its page too", async () => {
    const asked: string[] = [];
    const here = await store({
      fetch: async (input) => {
        asked.push(String(input));
        return new Response(null, { status: 404 });
      },
    });
    for (const page of ["", "/tree/main", "/blob/main/a.safetensors"]) {
      await expect(here.plan(`https://huggingface.co/owner/name${page}`)).rejects.toMatchObject({
        code: "model-fetch",
      });
    }
    expect(new Set(asked)).toEqual(new Set(["https://huggingface.co/api/models/owner/name/revision/main?blobs=true"]));
  });
});

test("the folder is where the platform keeps what can be fetched again", () => {
  const of = (environment: Record<string, string>, platform: NodeJS.Platform) =>
    modelCache(environment, platform, "/home/me");
  expect(of({}, "linux")).toBe("/home/me/.cache/underdraw/models");
  expect(of({ XDG_CACHE_HOME: "/cache" }, "linux")).toBe("/cache/underdraw/models");
  expect(of({ XDG_CACHE_HOME: "relative" }, "linux")).toBe("/home/me/.cache/underdraw/models");
  expect(of({}, "darwin")).toBe("/home/me/Library/Caches/underdraw/models");
  expect(of({ LOCALAPPDATA: "/local" }, "win32")).toBe("/local/underdraw/models");
  expect(of({ UNDERDRAW_CACHE: "/mine", XDG_CACHE_HOME: "/cache" }, "linux")).toBe("/mine/models");
});

test("a folder that may not be written is told", async () => {
  const file = join(folder, "file");
  writeFileSync(file, "");
  await expect(nodeStore({ folder: join(file, "store") })).rejects.toMatchObject({ code: "file-unwritable" });
});

test.skipIf(process.platform !== "linux")("a folder that no system makes is told, and not tried for ever", async () => {
  // Under /proc Linux says of any folder that the one it lies in is missing.
  await expect(nodeStore({ folder: "/proc/underdraw/models" })).rejects.toMatchObject({ code: "file-unwritable" });
});

test("a disk that is full while it is written is told, and the part is kept", async ({ skip }) => {
  if (!existsSync("/dev/full")) skip("there is no /dev/full");
  const server = await fileServer();
  try {
    const bytes = noise(50_000);
    server.files.set("/m", { bytes });
    const here = await store();
    const plan = await here.plan(`${server.origin}/m`);
    const { partFile } = await import("../../engine/src/store/part-note.ts");
    const { keyFor } = await import("../../engine/src/store/stored.ts");
    mkdirSync(folder, { recursive: true });
    symlinkSync("/dev/full", join(folder, partFile(keyFor(plan.files[0]?.url ?? ""))));
    await expect(here.download(plan)).rejects.toMatchObject({ code: "storage-full" });
    expect(await here.list()).toEqual([]);
  } finally {
    await server.close();
  }
});

test("a model of memory is no file to add: a folder's files are", async () => {
  const here = await store();
  const inside = memoryFolder("pack", { "unet/config.json": "{}" });
  const { fileWithin } = await import("../../engine/src/models/folder.ts");
  expect(await here.add(fileWithin(inside, "unet/config.json"))).toMatchObject({ name: "config.json", bytes: 2 });
});
