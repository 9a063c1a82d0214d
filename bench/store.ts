import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeStore } from "@underdraw/engine/node";
import { ownDigest } from "../engine/src/store/digest.ts";
import { loadNow, machine, table } from "./measure/report.ts";

// How fast files come into a store: SHA-256 by itself, a download from a server on this machine that sends what it has
// in memory, going on with one that was stopped near its end, and a copy. In MB/s; the best of three. Limit (issue 15):
// hashing in Node at 150 MB/s or more.
//
//   node scripts/run.mjs bench/store.ts [MEGABYTES]

const load = loadNow();
const megabytes = Number(process.argv[2] ?? 256);
const block = Buffer.alloc(1 << 20).map((_, n) => (n * 31 + (n >> 8)) & 255);
const total = megabytes * block.length;

async function best(run: () => Promise<void> | void, bytes = total): Promise<number> {
  let fastest = 0;
  for (let n = 0; n < 3; n++) {
    const began = performance.now();
    await run();
    fastest = Math.max(fastest, bytes / 1000 / (performance.now() - began));
  }
  return fastest;
}

const server = createServer((request, response) => {
  const from = Number(/bytes=(\d+)-/.exec(request.headers.range ?? "")?.[1] ?? 0);
  const head = { ETag: '"bench"', "Content-Range": `bytes ${from}-${total - 1}/${total}` };
  response.writeHead(request.method === "HEAD" ? 200 : 206, { ...head, "Content-Length": total - from });
  if (request.method === "HEAD") {
    response.end();
    return;
  }
  let at = from;
  const more = (): void => {
    while (at < total) {
      const piece = block.subarray(at % block.length, Math.min(block.length, (at % block.length) + total - at));
      at += piece.length;
      if (!response.write(piece)) {
        response.once("drain", more);
        return;
      }
    }
    response.end();
  };
  more();
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}/model.safetensors`;
const folder = mkdtempSync(join(tmpdir(), "underdraw-bench-"));
try {
  const hash = (digest: { update(bytes: Uint8Array): unknown }) => {
    for (let n = 0; n < megabytes; n++) digest.update(block);
  };
  const node = await best(() => hash(createHash("sha256")));
  const own = await best(() => hash(ownDigest()));
  const store = await nodeStore({ folder });
  const download = await best(async () => {
    const stored = await store.download(await store.plan(address));
    await store.delete(stored.kind === "file" ? stored.sha256 : stored.name);
  });
  const resumed = await best(async () => {
    const stop = new AbortController();
    const plan = await store.plan(address);
    const onProgress = ({ fraction }: { readonly fraction: number }) => {
      if (fraction > 0.9) stop.abort();
    };
    await store.download(plan, { signal: stop.signal, onProgress }).catch(() => undefined);
    const stored = await store.download(plan);
    await store.delete(stored.kind === "file" ? stored.sha256 : stored.name);
  });
  const file = new Blob(Array.from({ length: megabytes }, () => block));
  const copy = await best(async () => {
    const { sha256 } = await store.add(file, { name: "copy" });
    await store.delete(sha256);
  });
  console.log(machine("none", [], load));
  console.log(
    table(
      ["what", "MB/s"],
      [
        ["SHA-256 by Node", node.toFixed(0)],
        ["SHA-256 of our own, as browsers have it", own.toFixed(0)],
        ["download, hashed and written", download.toFixed(0)],
        ["download that was stopped at 9/10 and goes on", resumed.toFixed(0)],
        ["copy of a file in memory", copy.toFixed(0)],
      ],
    ),
  );
  console.log(`Our own SHA-256 has ${(own / node).toFixed(2)} of the speed of Node's.`);
} finally {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
}
