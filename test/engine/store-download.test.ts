import { createHash } from "node:crypto";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Progress } from "../../engine/src/call.ts";
import type { DownloadPlan, ModelStore, StoredFile } from "../../engine/src/store/model-store.ts";
import { type NodeStoreOptions, nodeStore } from "../../engine/src/store/node-store.ts";
import { fileServer, type Manners, noise } from "./store-server.ts";

// Downloads against a server on this machine that cuts, lies, sends on and changes its mind.

let folder = "";
let server: Awaited<ReturnType<typeof fileServer>>;
let other: Awaited<ReturnType<typeof fileServer>>;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "underdraw-store-"));
  server = await fileServer();
  other = await fileServer();
});
afterEach(async () => {
  await server.close();
  await other.close();
  rmSync(folder, { recursive: true, force: true });
});

const sha = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
const store = (options: NodeStoreOptions = {}): Promise<ModelStore> =>
  nodeStore({ folder, pauses: [1, 1, 1], ...options });
/** What lies in the store's folder, by the kind of its name. */
const lying = (ending: string): string[] => readdirSync(folder).filter((name) => name.endsWith(ending));
const contents = (): string[] => readdirSync(folder).filter((name) => /^[0-9a-f]{64}$/.test(name));

const bytes = noise(300_001);
function serve(manners: Partial<Manners> = {}, path = "/model.safetensors"): string {
  server.files.set(path, { bytes, ...manners });
  return server.origin + path;
}

/** The hash of a model's bytes, read as an engine reads them. */
async function readBack(from: ModelStore, id: string): Promise<string> {
  const source = await from.open(id);
  if (source.kind !== "file") throw new Error("a folder");
  const open = await source.open();
  const into = new Uint8Array(open.size);
  open.read(into, 0);
  open.close();
  return sha(into);
}

/** Plans and downloads, and watches that progress never falls. */
async function fetched(
  from: ModelStore,
  address: string,
  { sha256, signal, token }: { sha256?: string; signal?: AbortSignal; token?: string } = {},
): Promise<{ stored: StoredFile; plan: DownloadPlan; heard: Progress[] }> {
  const more = { ...(signal && { signal }), ...(token && { token }) };
  const plan = await from.plan(address, { ...(sha256 && { sha256 }), ...more });
  const heard: Progress[] = [];
  const stored = await from.download(plan, { ...more, onProgress: (progress) => heard.push(progress) });
  const loaded = heard.map((progress) => (progress as { loaded: number }).loaded);
  expect(loaded).toEqual(loaded.toSorted((a, b) => a - b));
  const fractions = heard.map(({ fraction }) => fraction);
  expect(fractions).toEqual(fractions.toSorted((a, b) => a - b));
  expect(fractions.at(-1)).toBe(1);
  expect(fractions.filter((fraction) => fraction === 1)).toHaveLength(1);
  return { stored: stored as StoredFile, plan, heard };
}

const gets = () => server.asked.filter(({ method }) => method === "GET");

test("a plan says the bytes and the room, and fetches nothing", async () => {
  const here = await store();
  const plan = await here.plan(serve());
  expect(plan).toMatchObject({ kind: "file", name: "model.safetensors", bytes: 300_001, missing: 300_001 });
  expect(plan.space.free).toBeGreaterThan(0);
  expect(plan.space.missing).toBe(0);
  expect(server.asked.map(({ method }) => method)).toEqual(["HEAD"]);
  expect(contents()).toEqual([]);
  expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
});

test("what comes is kept by its hash, found by hash, name and address, and not fetched again", async () => {
  const here = await store();
  const address = serve({ headers: {} });
  const { stored, heard } = await fetched(here, `${address}?key=secret#part`);
  expect(stored).toMatchObject({ name: "model.safetensors", sha256: sha(bytes), bytes: bytes.length, address });
  expect(contents()).toEqual([sha(bytes)]);
  expect(lying(".part")).toEqual([]);
  expect(lying(".lock")).toEqual([]);
  expect(heard.at(-1)).toMatchObject({ phase: "download", loaded: bytes.length, total: bytes.length });
  for (const id of [sha(bytes), "model.safetensors", address]) expect(await readBack(here, id)).toBe(sha(bytes));
  for (const name of readdirSync(folder)) {
    if (name !== sha(bytes)) expect(readFileSync(join(folder, name), "utf8")).not.toContain("secret");
  }
  const again = await fetched(here, `${address}?key=secret`);
  expect(again.plan).toMatchObject({ missing: 0, files: [{ here: bytes.length }] });
  expect(gets()).toHaveLength(1);
  // With the hash known, no matter where from, nothing is fetched.
  await fetched(here, serve({ etag: null }, "/mirror.bin"), { sha256: sha(bytes) });
  expect(gets()).toHaveLength(1);
});

test("a server without HEAD is asked for one byte", async () => {
  const here = await store();
  const plan = await here.plan(serve({ noHead: 403 }));
  expect(plan.bytes).toBe(bytes.length);
  expect(gets().map(({ range }) => range)).toEqual(["bytes=0-0"]);
});

test("names from the network are labels", async () => {
  const here = await store();
  const named = async (header: string) => (await here.plan(serve({ headers: { "Content-Disposition": header } }))).name;
  expect(await named('attachment; filename="../../etc/pass\\"wd"')).toBe('pass"wd');
  expect(await named("attachment; filename=plain.safetensors; size=3")).toBe("plain.safetensors");
  expect(await named("attachment; filename*=UTF-8''%EA%B3%A0%EC%96%91%EC%9D%B4.safetensors")).toBe(
    "고양이.safetensors",
  );
  expect(await named('attachment; filename="C:\\\\a\\\\b"')).toBe("b");
  const { stored } = await fetched(here, serve({}, "/__proto__"));
  expect(stored.name).toBe("__proto__");
  expect(await readBack(here, "__proto__")).toBe(sha(bytes));
  expect(({} as { sha256?: string }).sha256).toBeUndefined();
  expect(contents()).toEqual([sha(bytes)]);
});

describe("a connection that is cut", () => {
  test("is taken up where it ended, under the same ETag", async () => {
    const here = await store();
    await fetched(here, serve({ cutAfter: [100_000, 50_000] }), { sha256: sha(bytes) });
    const [first, second, third] = gets();
    expect(first).toMatchObject({ range: "bytes=0-", ifRange: undefined });
    const from = (asked: typeof second) => Number(/^bytes=(\d+)-$/.exec(asked?.range ?? "")?.[1]);
    expect(from(second)).toBe(100_000);
    expect(from(third)).toBe(150_000);
    expect(second?.ifRange).toBe(`"${bytes.length}-v1"`);
    expect(gets()).toHaveLength(3);
  });

  test("again and again is taken up as long as bytes come", async () => {
    const here = await store();
    const { stored } = await fetched(here, serve({ cutAfter: 30_000, cutDelay: 20 }));
    expect(stored.sha256).toBe(sha(bytes));
    expect(gets().length).toBeGreaterThan(9);
  });

  test("without any byte fails after some tries, and the next call goes on", async () => {
    const here = await store();
    const address = serve({ cutAfter: [120_000, 0, 0, 0, 0] });
    const plan = await here.plan(address);
    await expect(here.download(plan)).rejects.toMatchObject({
      code: "model-fetch",
      message: expect.stringContaining("120.0 kB are kept"),
    });
    expect(gets()).toHaveLength(5);
    expect(await here.unfinished()).toMatchObject([
      { name: "model.safetensors", address, bytes: 120_000, total: bytes.length },
    ]);
    const later = await store();
    expect(await later.plan(address)).toMatchObject({ missing: bytes.length - 120_000 });
    const { stored } = await fetched(later, address);
    expect(stored.sha256).toBe(sha(bytes));
    expect(gets().at(-1)?.range).toBe("bytes=120000-");
    expect(await later.unfinished()).toEqual([]);
  });

  test("by a server without ranges is begun anew, and progress does not fall", async () => {
    const here = await store();
    const { stored, heard } = await fetched(here, serve({ noRanges: true, cutAfter: [200_000, null] }));
    expect(stored.sha256).toBe(sha(bytes));
    expect(Math.max(...heard.map((progress) => (progress as { loaded: number }).loaded))).toBe(bytes.length);
  });

  test("without any validator and without a hash is begun anew", async () => {
    const here = await store();
    const { stored } = await fetched(here, serve({ etag: null, cutAfter: [200_000] }));
    expect(stored.sha256).toBe(sha(bytes));
    expect(gets().map(({ range }) => range)).toEqual(["bytes=0-", "bytes=0-"]);
    // A weak ETag does not say that the bytes are the same.
    await here.delete(stored.sha256);
    await fetched(here, serve({ etag: 'W/"1"', cutAfter: [200_000] }, "/weak"));
    expect(
      gets()
        .slice(2)
        .map(({ range }) => range),
    ).toEqual(["bytes=0-", "bytes=0-"]);
  });

  test("with a date alone is taken up under the date", async () => {
    const here = await store();
    const lastModified = "Wed, 21 Oct 2015 07:28:00 GMT";
    await fetched(here, serve({ etag: null, lastModified, cutAfter: [200_000] }));
    expect(gets().at(-1)).toMatchObject({ range: "bytes=200000-", ifRange: lastModified });
  });

  test("after silence counts as cut", async () => {
    const here = await store({ silence: 150 });
    let n = 0;
    const { stored } = await fetched(
      here,
      serve({
        answer(request, response) {
          if (request.method === "HEAD" || n++ > 0) return false;
          response.writeHead(206, {
            "Content-Range": `bytes 0-${bytes.length - 1}/${bytes.length}`,
            ETag: `"${bytes.length}-v1"`,
          });
          response.write(bytes.subarray(0, 1000));
          return true;
        },
      }),
    );
    expect(stored.sha256).toBe(sha(bytes));
    expect(gets().at(-1)?.range).toBe("bytes=1000-");
  });
});

describe("a server that", () => {
  test("answers in pieces is asked for all of them", async () => {
    const here = await store();
    const { stored } = await fetched(here, serve({ atMost: 70_000 }));
    expect(stored.sha256).toBe(sha(bytes));
    expect(gets()).toHaveLength(5);
  });

  test("stumbles is asked again, and one that says no is not", async () => {
    const here = await store();
    const { stored } = await fetched(here, serve({ statuses: [503, 429] }));
    expect(stored.sha256).toBe(sha(bytes));
    const plan = await here.plan(serve({ statuses: [403] }, "/shut"));
    await expect(here.download(plan)).rejects.toMatchObject({ code: "model-fetch", details: { status: 403 } });
    await expect(here.plan(`${server.origin}/absent`)).rejects.toMatchObject({
      code: "model-fetch",
      details: { status: 404 },
    });
  });

  test("changes the file in the middle gives the new one whole, never a mixture", async () => {
    const here = await store();
    const next = noise(300_001, 7);
    const manners: Partial<Manners> = {
      etag: '"one"',
      cutAfter: [150_000],
      before(_, n) {
        if (n === 1) Object.assign(server.files.get("/model.safetensors") as Manners, { bytes: next, etag: '"two"' });
      },
    };
    const { stored } = await fetched(here, serve(manners));
    expect(stored).toMatchObject({ sha256: sha(next), etag: '"two"' });
    expect(await readBack(here, stored.sha256)).toBe(sha(next));
  });

  test("changes the file and does not heed If-Range is found out", async () => {
    const here = await store();
    const next = noise(300_001, 8);
    let etag = '"one"';
    let now = bytes;
    let n = 0;
    const { stored } = await fetched(
      here,
      serve({
        answer(request, response) {
          const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
          const head = { ETag: etag, "Content-Range": `bytes ${from}-${now.length - 1}/${now.length}` };
          if (request.method === "HEAD") response.writeHead(200, { ETag: etag, "Content-Length": now.length }).end();
          else if (n++ === 0) {
            response.writeHead(206, head);
            response.write(now.subarray(0, 99_000), () => setTimeout(() => response.socket?.destroy(), 250));
            etag = '"two"';
            now = next;
          } else response.writeHead(206, head).end(now.subarray(from));
          return true;
        },
      }),
    );
    expect(stored.sha256).toBe(sha(next));
  });

  test("has a larger file than was agreed to is refused", async () => {
    const here = await store();
    const address = serve();
    const plan = await here.plan(address);
    serve({ bytes: noise(400_000) });
    await expect(here.download(plan)).rejects.toMatchObject({
      code: "model-fetch",
      message: expect.stringMatching(/400.0 kB now, and 300.0 kB were agreed to/),
    });
    // Also when it hides that it is larger.
    serve({ bytes: noise(400_000), noRanges: true, chunked: true });
    await expect(here.download(plan)).rejects.toMatchObject({ code: "model-fetch" });
    expect(contents()).toEqual([]);
  });

  test("announces more than it has is believed only with a hash or its ETag", async () => {
    const here = await store();
    const liar = (etag: string | null, path: string): string =>
      serve(
        {
          answer(request, response) {
            const head = { "Content-Length": String(bytes.length + 5000), ...(etag !== null && { ETag: etag }) };
            const from = Number(/\d+/.exec(request.headers.range ?? "0")?.[0]);
            if (request.method === "HEAD") response.writeHead(200, head).end();
            else if (from >= bytes.length)
              response
                .writeHead(416, { "Content-Range": `bytes */${bytes.length}`, ...(etag !== null && { ETag: etag }) })
                .end();
            else {
              response.writeHead(200, head);
              response.write(bytes, () => setTimeout(() => response.socket?.destroy(), 250));
            }
            return true;
          },
        },
        path,
      );
    const hashed = await fetched(here, liar(null, "/hashed"), { sha256: sha(bytes) });
    expect(hashed.stored.bytes).toBe(bytes.length);
    await here.delete(sha(bytes));
    const tagged = await fetched(here, liar('"v"', "/tagged"));
    expect(tagged.stored.bytes).toBe(bytes.length);
    await here.delete(sha(bytes));
    const plan = await here.plan(liar(null, "/plain"));
    await expect(here.download(plan)).rejects.toMatchObject({ code: "model-fetch" });
    expect(contents()).toEqual([]);
  });

  test("sends a body that is too short, or that is longer than its range, is found out", async () => {
    const here = await store();
    let n = 0;
    // An old server that ends a body by closing, and cuts it cleanly.
    const short = serve({
      answer(request, response) {
        if (request.method === "HEAD" || n++ > 0) return false;
        response.shouldKeepAlive = false;
        response.useChunkedEncodingByDefault = false;
        response.removeHeader("Transfer-Encoding");
        response.writeHead(200, { ETag: '"x"' }).end(bytes.subarray(0, 1234));
        return true;
      },
    });
    expect((await fetched(here, short)).stored.sha256).toBe(sha(bytes));
    expect(gets()).toHaveLength(2);
    const long = serve(
      {
        answer(request, response) {
          if (request.method === "HEAD" || request.headers.range === undefined) return false;
          response.writeHead(206, { "Content-Range": `bytes 0-9999/${bytes.length}` }).end(bytes);
          return true;
        },
      },
      "/long",
    );
    await here.delete(sha(bytes));
    expect((await fetched(here, long)).stored.sha256).toBe(sha(bytes));
  });

  test("sends another place of the file than was asked for is asked for all of it", async () => {
    const here = await store();
    const { stored } = await fetched(
      here,
      serve({
        cutAfter: [100_000],
        answer(request, response) {
          if (!/^bytes=[1-9]/.test(request.headers.range ?? "")) return false;
          const head = {
            "Content-Range": `bytes 50000-${bytes.length - 1}/${bytes.length}`,
            ETag: `"${bytes.length}-v1"`,
          };
          response.writeHead(206, head).end(bytes.subarray(50_000));
          return true;
        },
      }),
    );
    expect(stored.sha256).toBe(sha(bytes));
  });

  test("packs what it sends gives what was packed", async () => {
    const here = await store();
    const text = new Uint8Array(Buffer.from("a config ".repeat(20_000)));
    const packed = gzipSync(text);
    const pack: Partial<Manners> = {
      answer(request, response) {
        response.writeHead(200, { "Content-Encoding": "gzip", "Content-Length": packed.length, ETag: '"z"' });
        if (request.method === "HEAD") response.end();
        else response.end(packed);
        return true;
      },
    };
    const { stored, plan } = await fetched(here, serve(pack));
    expect(plan.bytes).toBeNull();
    expect(stored).toMatchObject({ sha256: sha(text), bytes: text.length });
  });

  test("says 416 of what is whole is believed by the hash", async () => {
    const here = await store();
    const address = serve({ etag: '"e"' });
    const plan = await here.plan(address, { sha256: sha(bytes) });
    // Stopped after the last byte, before it was taken in: the part is whole.
    const stop = new AbortController();
    await expect(
      here.download(plan, {
        signal: stop.signal,
        onProgress: (progress) =>
          "loaded" in progress && progress.loaded === bytes.length && stop.abort(new Error("stop")),
      }),
    ).rejects.toThrow("stop");
    expect(lying(".part")).toHaveLength(1);
    const before = gets().length;
    expect((await fetched(await store(), address, { sha256: sha(bytes) })).stored.sha256).toBe(sha(bytes));
    expect(
      gets()
        .slice(before)
        .map(({ range }) => range),
    ).toEqual([`bytes=${bytes.length}-`]);
  });

  test("has an empty file gives it", async () => {
    const here = await store();
    const { stored } = await fetched(here, serve({ bytes: new Uint8Array(0) }));
    expect(stored).toMatchObject({ bytes: 0, sha256: sha(new Uint8Array(0)) });
  });

  test("sends a web page in place of a file is refused", async () => {
    const here = await store();
    const page = serve({ headers: { "Content-Type": "text/html; charset=utf-8" } });
    await expect(here.plan(page)).rejects.toThrow(/web page is in its place/);
  });
});

describe("what another hash is expected of", () => {
  test("is deleted and told", async () => {
    const here = await store();
    const wrong = "0".repeat(64);
    const plan = await here.plan(serve(), { sha256: wrong });
    await expect(here.download(plan)).rejects.toMatchObject({
      code: "model-integrity",
      details: { expected: wrong, actual: sha(bytes) },
    });
    expect(contents()).toEqual([]);
    expect(lying(".part")).toEqual([]);
    expect(await here.list()).toEqual([]);
    await expect(here.plan(serve(), { sha256: "short" })).rejects.toMatchObject({ code: "request-invalid" });
  });

  test("in a part of earlier is begun anew when the server says that it is whole", async () => {
    const here = await store();
    const address = serve({ cutAfter: [100_000, 0, 0, 0, 0] });
    const plan = await here.plan(address, { sha256: sha(bytes) });
    await expect(here.download(plan)).rejects.toMatchObject({ code: "model-fetch" });
    const [part = ""] = lying(".part");
    writeFileSync(join(folder, part), noise(bytes.length, 99));
    expect((await fetched(here, address, { sha256: sha(bytes) })).stored.sha256).toBe(sha(bytes));
  });
});

describe("stopping", () => {
  test("rejects with the reason at once, keeps what came, and the next call goes on", async () => {
    const here = await store();
    const address = serve({
      answer(request, response) {
        if (request.method === "HEAD" || request.headers.range !== "bytes=0-") return false;
        response.writeHead(206, {
          "Content-Range": `bytes 0-${bytes.length - 1}/${bytes.length}`,
          ETag: `"${bytes.length}-v1"`,
        });
        response.write(bytes.subarray(0, 60_000));
        return true;
      },
    });
    const stop = new AbortController();
    const reason = new Error("enough");
    const plan = await here.plan(address);
    const began = performance.now();
    const running = here.download(plan, {
      signal: stop.signal,
      onProgress: (progress) =>
        "loaded" in progress && progress.loaded === 60_000 && setTimeout(() => stop.abort(reason), 30),
    });
    await expect(running).rejects.toBe(reason);
    expect(performance.now() - began).toBeLessThan(5_000);
    expect(await here.unfinished()).toMatchObject([{ bytes: 60_000 }]);
    expect((await fetched(here, address)).stored.sha256).toBe(sha(bytes));
    expect(gets().at(-1)?.range).toBe("bytes=60000-");
    await expect(here.download(plan, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    await expect(here.plan(address, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  test("while waiting for a try, or for another's download, is at once too", async () => {
    const here = await store({ pauses: [60_000, 60_000] });
    const plan = await here.plan(serve({ statuses: [503, 503] }));
    const first = new AbortController();
    const running = here.download(plan, { signal: first.signal });
    await new Promise((resolve) => setTimeout(resolve, 200));
    const second = new AbortController();
    const waiting = (await store()).download(plan, { signal: second.signal });
    setTimeout(() => second.abort(new Error("second")), 100);
    await expect(waiting).rejects.toThrow("second");
    first.abort(new Error("first"));
    await expect(running).rejects.toThrow("first");
  });

  test("an unfinished download can be taken away", async () => {
    const here = await store();
    const plan = await here.plan(serve({ cutAfter: 10 }));
    await expect(here.download({ ...plan }, { signal: AbortSignal.timeout(150) })).rejects.toThrow();
    const [left] = await here.unfinished();
    expect(await here.delete(left?.key ?? "")).toBe("now");
    expect(await here.unfinished()).toEqual([]);
    expect(lying(".part")).toEqual([]);
  });
});

describe("being sent on", () => {
  const redirect = (to: string, path = "/model.safetensors", status = 302): string =>
    serve(
      {
        answer(_, response) {
          response.writeHead(status, { Location: to }).end();
          return true;
        },
      },
      path,
    );

  test("is followed, within an origin with the token, to another without it", async () => {
    const here = await store();
    other.files.set("/far", { bytes });
    redirect("/b", "/a", 307);
    redirect(`${other.origin}/far`, "/b");
    const { stored } = await fetched(here, `${server.origin}/a`, { token: "secret" });
    expect(stored).toMatchObject({ sha256: sha(bytes), name: "a", address: `${server.origin}/a` });
    expect(server.asked.map(({ authorization }) => authorization)).toEqual(Array(4).fill("Bearer secret"));
    expect(other.asked.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
    for (const name of readdirSync(folder)) {
      if (name !== stored.sha256) expect(readFileSync(join(folder, name), "utf8")).not.toContain("secret");
    }
  });

  test("is followed anew for each piece: signed addresses end", async () => {
    const here = await store();
    other.files.set("/far", { bytes, cutAfter: [100_000] });
    const { stored } = await fetched(here, redirect(`${other.origin}/far`));
    expect(stored.sha256).toBe(sha(bytes));
    expect(gets()).toHaveLength(2);
    expect(other.asked.at(-1)?.range).toBe("bytes=100000-");
  });

  test("to what is not encrypted, to no address or in a circle is refused", async () => {
    const secure: typeof fetch = (input, init) =>
      fetch(String(input).replace("https://secure.test", server.origin), init);
    const here = await store({ fetch: secure });
    serve({}, "/model");
    expect((await fetched(here, "https://secure.test/model")).stored.sha256).toBe(sha(bytes));
    redirect(`${server.origin}/model`, "/down");
    await expect(here.plan("https://secure.test/down")).rejects.toMatchObject({
      code: "model-fetch",
      message: expect.stringContaining("not encrypted"),
    });
    for (const to of ["http://example.test/x", "file:///etc/passwd", "data:text/plain,x"]) {
      await expect(here.plan(redirect(to, "/away"))).rejects.toMatchObject({ code: "model-fetch" });
    }
    await expect(here.plan(redirect("/circle", "/circle"))).rejects.toThrow(/sends on more than/);
  });
});

test.each([
  ["not an address", /no address/],
  ["ftp://example.test/a", /no address of the web/],
  ["file:///etc/passwd", /no address of the web/],
  ["http://example.test/a", /not encrypted/],
  ["https://me:word@example.test/a", /password/],
  ["hf:owner", /form hf:owner\/name/],
  ["hf:../name/file", /form hf:owner\/name/],
  ["hf:owner/name/../../x", /not one inside/],
  ["hf:owner/name@..%2F..%2Fx/file", /not one inside/],
])("the address %s is refused", async (address, message) => {
  await expect((await store()).plan(address)).rejects.toThrow(message);
});

test("a file that has no room is refused before it is fetched", async () => {
  const here = await store();
  const plan = await here.plan(serve({ headers: { "Content-Length": "9000000000000000" } }));
  expect(plan.bytes).toBe(9e15);
  expect(plan.space.missing).toBeGreaterThan(0);
  await expect(here.download(plan)).rejects.toMatchObject({ code: "storage-full", details: { needed: 9e15 } });
  expect(gets()).toEqual([]);
});

test("two who fetch the same at once fetch it once", async () => {
  const [one, two] = await Promise.all([store(), store()]);
  const address = serve();
  const plans = await Promise.all([one.plan(address), two.plan(address)]);
  const done = await Promise.all([one.download(plans[0] as DownloadPlan), two.download(plans[1] as DownloadPlan)]);
  expect(done.map((stored) => (stored as StoredFile).sha256)).toEqual([sha(bytes), sha(bytes)]);
  expect(gets()).toHaveLength(1);
  expect(await one.list()).toHaveLength(1);
});
