import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { nodeResolve } from "@rollup/plugin-node-resolve";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { rollup } from "rollup";
import esbuild from "rollup-plugin-esbuild";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chromiumFlags, findChromium } from "../../scripts/chromium.mjs";
import { fileServer, type Manners, noise } from "../engine/store-server.ts";
import type { Calls, Outcome } from "./store/calls.ts";

// The store of a real browser: in a page, in a worker and in two tabs at once, with files of another origin's server that
// cuts, sends on and hides what browsers let it hide.

const executablePath = findChromium();

let browser: Browser;
let context: BrowserContext;
let site: Server;
let origin = "";
let files: Awaited<ReturnType<typeof fileServer>>;
let other: Awaited<ReturnType<typeof fileServer>>;

beforeAll(async () => {
  if (executablePath === null) return;
  const scripts = new Map<string, string>();
  for (const name of ["page", "worker"]) {
    const bundle = await rollup({
      input: `test/pages/store/${name}.ts`,
      plugins: [
        nodeResolve({ exportConditions: ["@underdraw/source", "browser"], extensions: [".ts", ".js", ".mjs"] }),
        esbuild({ target: "es2022", tsconfig: false }),
      ],
      external: [/^onnxruntime-/, /^@jsquash/, "opentype.js"],
      onLog() {},
    });
    const { output } = await bundle.generate({ format: "es", inlineDynamicImports: true });
    await bundle.close();
    scripts.set(`/${name}.js`, output[0].code);
  }
  site = createServer((request, response) => {
    const script = scripts.get(request.url ?? "");
    if (script !== undefined) response.writeHead(200, { "Content-Type": "text/javascript" }).end(script);
    else response.writeHead(200, { "Content-Type": "text/html" }).end('<script type="module" src="/page.js"></script>');
  });
  await new Promise<void>((resolve) => site.listen(0, resolve));
  origin = `http://localhost:${(site.address() as AddressInfo).port}`;
  browser = await chromium.launch({ executablePath, args: chromiumFlags as string[] });
}, 180_000);

afterAll(async () => {
  await browser?.close();
  site?.close();
});

beforeEach(async ({ skip }) => {
  if (executablePath === null)
    return skip("there is no Chromium: install Debian's package `chromium`, or set CHROMIUM");
  [files, other, context] = await Promise.all([fileServer(), fileServer(), browser.newContext()]);
});

afterEach(async () => {
  await context?.close();
  await files?.close();
  await other?.close();
});

type Ask = <Name extends keyof Calls>(call: Name, ...given: Parameters<Calls[Name]>) => ReturnType<Calls[Name]>;

/** Asks a page, or its worker. What fails there rejects with the error's data. */
function asking(page: Page, where: "inPage" | "inWorker"): Ask {
  const ask = async (call: string, ...given: unknown[]): Promise<unknown> => {
    const outcome = await page.evaluate(
      ([at, name, list]) => {
        const { [at]: answer } = globalThis as unknown as Record<
          string,
          (call: string, given: readonly unknown[]) => Promise<Outcome>
        >;
        return answer?.(name, list);
      },
      [where, call, given] as const,
    );
    if (!outcome) throw new Error("The page is not there.");
    if ("failure" in outcome) throw outcome.failure;
    return outcome.result;
  };
  return ask as Ask;
}

async function tab(): Promise<{ page: Page; inPage: Ask; inWorker: Ask }> {
  const page = await context.newPage();
  await page.goto(origin);
  await page.waitForFunction(() => "inWorker" in globalThis);
  return { page, inPage: asking(page, "inPage"), inWorker: asking(page, "inWorker") };
}

const bytes = noise(300_001);
const digest = createHash("sha256").update(bytes).digest("hex");

/** What lets another origin's page read, and what it shows besides. */
const open = (...shown: string[]): Record<string, string> => ({
  "Access-Control-Allow-Origin": "*",
  ...(shown.length > 0 && { "Access-Control-Expose-Headers": shown.join(", ") }),
});

/** Serves a file to another origin. A question before the question is answered with what may be sent. */
function serve(
  manners: Partial<Manners>,
  { allowed = "If-Range, Authorization", path = "/m", at = files } = {},
): string {
  const { answer } = manners;
  at.files.set(path, {
    bytes,
    ...manners,
    answer(request, response) {
      if (request.method !== "OPTIONS") return answer?.(request, response) ?? false;
      response
        .writeHead(204, {
          ...open(),
          "Access-Control-Allow-Headers": allowed,
          "Access-Control-Allow-Methods": "GET, HEAD",
        })
        .end();
      return true;
    },
  });
  return at.origin + path;
}
const gets = () => files.asked.filter(({ method }) => method === "GET");

describe.each(["inWorker", "inPage"] as const)("%s", (where) => {
  test("a download is planned, fetched, found again and deleted", async () => {
    const { [where]: ask, inWorker } = await tab();
    const address = serve({ headers: open("ETag", "Content-Range") });
    const plan = await ask("plan", address);
    expect(plan).toMatchObject({ bytes: bytes.length, missing: bytes.length, name: "m" });
    expect(plan.space.free).toBeGreaterThan(1e6);
    const { stored, heard, falls } = await ask("download", plan);
    expect(stored).toMatchObject({ sha256: digest, bytes: bytes.length, etag: `"${bytes.length}-v1"` });
    expect([heard.at(-1), falls]).toEqual([bytes.length, false]);
    expect(await inWorker("digest", "m")).toBe(digest);
    expect(await ask("exported", "m")).toEqual({ name: "m", size: bytes.length });
    expect(await ask("lying")).toEqual([digest, "index.json"].sort());
    expect(await ask("plan", address)).toMatchObject({ missing: 0 });
    expect(await ask("delete", digest)).toBe("now");
    expect(await ask("list")).toEqual([]);
    expect(await ask("lying")).toEqual(["index.json"]);
  });

  test("what was cut or stopped is gone on from, also in another tab", async () => {
    const first = await tab();
    const address = serve({ headers: open("ETag", "Content-Range"), cutAfter: [100_000, 70_000, null] });
    const plan = await first[where]("plan", address);
    await expect(first[where]("download", plan, 150_000)).rejects.toMatchObject({ message: "stopped by the test" });
    const [left] = await first[where]("unfinished");
    expect(left?.bytes).toBeGreaterThanOrEqual(150_000);
    await first.page.close();
    const second = await tab();
    expect((await second[where]("download", plan)).stored).toMatchObject({ sha256: digest });
    expect(gets().at(-1)).toMatchObject({ range: `bytes=${left?.bytes}-`, ifRange: `"${bytes.length}-v1"` });
  });

  test("files are added, and room that is not there is told", async () => {
    const { [where]: ask } = await tab();
    expect(await ask("add", "some bytes", "a.safetensors")).toMatchObject({ name: "a.safetensors", bytes: 10 });
    const space = await ask("space", 1e15);
    expect(space.missing).toBe(1e15 - (space.free ?? 0));
    const plan = await ask("plan", serve({ headers: { ...open(), "Content-Length": "900000000000000" } }));
    await expect(ask("download", plan)).rejects.toMatchObject({ code: "storage-full" });
  });
});

describe("another origin", () => {
  test("that does not let If-Range be sent is asked without, and what it answers is compared", async () => {
    const { inWorker } = await tab();
    const address = serve(
      { headers: open("ETag", "Content-Range"), cutAfter: [100_000] },
      { allowed: "Authorization" },
    );
    const { stored } = await inWorker("download", await inWorker("plan", address));
    expect(stored).toMatchObject({ sha256: digest });
    expect(gets().at(-1)).toMatchObject({ range: "bytes=100000-", ifRange: undefined });
  });

  test("that shows neither places nor versions gives a file whole", async () => {
    const { inWorker } = await tab();
    const plan = await inWorker("plan", serve({ headers: open(), cutAfter: [100_000] }), { sha256: digest });
    expect(plan.bytes).toBe(bytes.length);
    expect((await inWorker("download", plan)).stored).toMatchObject({ sha256: digest });
    // The hash will tell, so that it is gone on from; and the piece ends where the file does.
    expect(gets().at(-1)?.range).toBe("bytes=100000-");
    const plain = await inWorker("plan", serve({ headers: open(), cutAfter: [100_000] }, { path: "/plain" }));
    await inWorker("delete", digest);
    expect((await inWorker("download", plain)).stored).toMatchObject({ sha256: digest });
    expect(gets().at(-1)?.range).toBe("bytes=0-");
  });

  test("that sends on to a third one gets no token there", async () => {
    const { inWorker } = await tab();
    serve({ headers: open() }, { at: other, path: "/far" });
    const address = serve({
      answer(_, response) {
        response.writeHead(302, { ...open(), Location: `${other.origin}/far` }).end();
        return true;
      },
    });
    const plan = await inWorker("plan", address, { token: "secret" });
    expect((await inWorker("download", plan, undefined, "secret")).stored).toMatchObject({ sha256: digest });
    expect(gets().map(({ authorization }) => authorization)).toEqual(["Bearer secret"]);
    expect(other.asked.map(({ authorization }) => authorization)).toEqual([undefined, undefined]);
  });

  test("that lets nobody read is told", async () => {
    const { inWorker } = await tab();
    await expect(inWorker("plan", serve({}))).rejects.toMatchObject({ code: "model-fetch" });
  });
});

describe("two tabs at once", () => {
  test("fetch the same address once", async () => {
    const [one, two] = [await tab(), await tab()];
    const address = serve({ headers: open("ETag", "Content-Range") });
    const plan = await one.inWorker("plan", address);
    const done = await Promise.all([
      one.inWorker("download", plan),
      two.inWorker("download", plan),
      two.inPage("download", plan),
    ]);
    expect(done.map(({ stored }) => stored)).toMatchObject(Array(3).fill({ sha256: digest }));
    expect(gets()).toHaveLength(1);
    expect(await two.inPage("list")).toHaveLength(1);
  });

  test("put what they add on one list", async () => {
    const [one, two] = [await tab(), await tab()];
    const asks = [one.inWorker, one.inPage, two.inWorker, two.inPage];
    const added = Array.from({ length: 16 }, (_, n) => asks[n % 4]?.("add", `bytes of ${n}`, `file ${n}`));
    await Promise.all(added);
    expect(await one.inPage("list")).toHaveLength(16);
  });

  test("a tab that dies while it writes leaves the store to the other", async () => {
    const [one, two] = [await tab(), await tab()];
    const address = serve({
      headers: open("ETag", "Content-Range"),
      answer(request, response) {
        if (request.headers.range !== "bytes=0-" || request.method !== "GET") return false;
        const head = { "Content-Range": `bytes 0-${bytes.length - 1}/${bytes.length}`, ETag: `"${bytes.length}-v1"` };
        response.writeHead(206, { ...open("ETag", "Content-Range"), ...head }).write(bytes.subarray(0, 200_000));
        return true;
      },
    });
    const plan = await one.inWorker("plan", address);
    const lost = one.inWorker("download", plan).catch(() => "lost");
    await expect.poll(async () => (await two.inPage("unfinished"))[0]?.bytes, { timeout: 10_000 }).toBe(200_000);
    const waiting = two.inWorker("download", plan);
    await one.page.close();
    expect(await lost).toBe("lost");
    expect((await waiting).stored).toMatchObject({ sha256: digest });
    expect(gets().at(-1)?.range).toBe("bytes=200000-");
  });

  test("read the same file, and one that is read is deleted later", async () => {
    const [one, two] = [await tab(), await tab()];
    await one.inWorker("add", "some bytes", "held");
    await Promise.all([one.inWorker("hold", "held"), two.inWorker("hold", "held")]);
    expect(await two.inPage("delete", "held")).toBe("later");
    expect(await one.inPage("list")).toEqual([]);
    await expect(one.inWorker("digest", "held")).rejects.toMatchObject({ code: "model-unknown" });
    expect(await two.inPage("lying")).toHaveLength(2);
    // Added again meanwhile, it is a model again, without being written.
    await two.inWorker("add", "some bytes", "again");
    expect(await one.inPage("list")).toMatchObject([{ name: "again" }]);
    expect(await two.inPage("delete", "again")).toBe("later");
    await Promise.all([one.inWorker("letGo"), two.inWorker("letGo")]);
    await one.inPage("reopen");
    expect(await two.inPage("lying")).toEqual(["index.json"]);
  });
});

test.each(["inWorker", "inPage"] as const)(
  "a quota that is reached %s is told, and what came is kept",
  async (where) => {
    const { page, [where]: ask } = await tab();
    const devtools = await context.newCDPSession(page);
    const quota = (quotaSize?: number) =>
      devtools.send("Storage.overrideQuotaForOrigin", { origin, ...(quotaSize !== undefined && { quotaSize }) });
    const large = Buffer.alloc(6_000_000, "all kinds of bytes ");
    // Nobody says how large it is: the quota is met while it comes.
    const manners = { bytes: large, headers: open("ETag", "Content-Range"), chunked: true, noHead: 405, etag: '"e"' };
    const address = serve({
      ...manners,
      answer(request, response) {
        if (request.method !== "GET" || !/^bytes=0-/.test(request.headers.range ?? "")) return false;
        response.writeHead(200, { ...manners.headers, ETag: '"e"' }).end(large);
        return true;
      },
    });
    const plan = await ask("plan", address);
    expect(plan.bytes).toBeNull();
    await quota(3_000_000);
    await expect(ask("download", plan)).rejects.toMatchObject({ code: "storage-full" });
    const [left] = await ask("unfinished");
    expect(left?.bytes).toBeLessThan(3_000_000);
    await quota();
    const { stored } = await ask("download", plan);
    expect(stored).toMatchObject({ sha256: createHash("sha256").update(large).digest("hex") });
    expect(gets().at(-1)?.range).toBe(`bytes=${left?.bytes}-`);
  },
);

test("a diffusers model of a repository is opened by an engine's readers", async () => {
  const base = "test/golden/parity/sd21-tiny/base";
  const paths = [
    "model_index.json",
    "scheduler/scheduler_config.json",
    "text_encoder/config.json",
    "text_encoder/model.safetensors",
    "tokenizer/merges.txt",
    "tokenizer/vocab.json",
    "unet/config.json",
    "unet/diffusion_pytorch_model.safetensors",
    "vae/config.json",
    "vae/diffusion_pytorch_model.safetensors",
  ];
  const commit = "e".repeat(40);
  const siblings = paths.map((path, n) => {
    const content = readFileSync(`${base}/${path}`);
    serve({ bytes: content, headers: open("ETag") }, { path: `/o/n/resolve/${commit}/${path}` });
    return { rfilename: path, size: content.length, blobId: String(n) };
  });
  const listing = new TextEncoder().encode(JSON.stringify({ sha: commit, siblings }));
  serve({ bytes: listing, headers: open() }, { path: "/api/models/o/n/revision/main" });
  const { page, inWorker } = await tab();
  // The repositories' own address leads to this machine.
  await page.route("https://huggingface.co/**", async (route) => {
    const { pathname, search } = new URL(route.request().url());
    const response = await fetch(files.origin + pathname + search, { method: route.request().method() });
    await route.fulfill({
      status: response.status,
      headers: { ...open("ETag"), etag: response.headers.get("etag") ?? "" },
      body: Buffer.from(await response.arrayBuffer()),
    });
  });
  const plan = await inWorker("plan", "hf:o/n");
  expect(plan.files).toHaveLength(paths.length);
  const { stored } = await inWorker("download", plan);
  expect(stored).toMatchObject({ kind: "folder", name: "o/n" });
  expect(await inWorker("base", "o/n")).toBeGreaterThan(100);
  expect(await inWorker("delete", "o/n")).toBe("now");
  expect(await inWorker("lying")).toEqual(["index.json"]);
});

test("SHA-256 of our own keeps up with a line, and the dialog for folders is known", async () => {
  const { inWorker, inPage } = await tab();
  // Slow machines and busy ones: 20 MB/s would still be 160 Mbit/s.
  expect(await inWorker("speed", 50)).toBeGreaterThan(20);
  expect(await inPage("canPick")).toBe(true);
  expect(await inWorker("canPick")).toBe(false);
});
