import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { createServer } from "node:http";
import { extname, join, normalize, resolve, sep } from "node:path";
import { pathToFileURL } from "node:url";

// A small server of static files, for the example page: `node scripts/serve.mjs FOLDER [PORT]`. Local only.

const types = {
  ".css": "text/css; charset=utf-8",
  ".html": "text/html; charset=utf-8",
  ".jpg": "image/jpeg",
  ".js": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".map": "application/json",
  ".md": "text/plain; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".png": "image/png",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
  ".wasm": "application/wasm",
  ".webp": "image/webp",
};

/** The file that an address means, or null when there is none or it lies outside the folder. */
async function find(folder, address) {
  let path;
  try {
    path = join(folder, normalize(decodeURIComponent(new URL(address, "http://localhost").pathname)));
  } catch {
    return null;
  }
  if (path !== folder && !path.startsWith(folder + sep)) return null;
  for (const file of [path, join(path, "index.html")]) {
    const seen = await stat(file).catch(() => null);
    if (seen?.isFile()) return { file, size: seen.size };
  }
  return null;
}

/** Serves a folder on `http://localhost:PORT` (0: any free port), and gives the server once it listens. */
export function serve(folder, port) {
  const root = resolve(folder);
  const server = createServer(async (request, response) => {
    const found = await find(root, request.url ?? "/");
    if (!found) return response.writeHead(404, { "content-type": "text/plain" }).end("Not found\n");
    const headers = {
      "content-type": types[extname(found.file).toLowerCase()] ?? "application/octet-stream",
      "content-length": found.size,
      "cache-control": "no-cache",
      // With these two, onnxruntime's wasm provider may use threads. The page works without them.
      "cross-origin-opener-policy": "same-origin",
      "cross-origin-embedder-policy": "require-corp",
    };
    response.writeHead(200, headers);
    if (request.method === "HEAD") return response.end();
    createReadStream(found.file)
      .on("error", () => response.destroy())
      .pipe(response);
  });
  return new Promise((listening, failed) => {
    server.once("error", failed).listen(port, "localhost", () => listening(server));
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [folder = "out/sketch", port = "5173"] = process.argv.slice(2);
  await serve(folder, Number(port));
  console.log(`${folder} is on http://localhost:${port}`);
}
