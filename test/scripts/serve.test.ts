import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { Server } from "node:http";
import { request } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { serve } from "../../scripts/serve.mjs";

let folder = "";
let server: Server;
let port = 0;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "serve-"));
  mkdirSync(join(folder, "page", "ort"), { recursive: true });
  writeFileSync(join(folder, "secret.txt"), "secret");
  writeFileSync(join(folder, "page", "index.html"), "<!doctype html>");
  writeFileSync(join(folder, "page", "a b.js"), "1");
  writeFileSync(join(folder, "page", "ort", "x.wasm"), "2");
  writeFileSync(join(folder, "page", "ort", "x.mjs"), "3");
  server = (await serve(join(folder, "page"), 0)) as Server;
  port = (server.address() as AddressInfo).port;
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

/** Asks with the path as it is: `fetch` would take the dots out. */
function ask(path: string): Promise<{ status: number; type: string; body: string }> {
  return new Promise((done, failed) => {
    request({ host: "localhost", port, path }, (response) => {
      let body = "";
      response.setEncoding("utf8").on("data", (piece: string) => {
        body += piece;
      });
      response.on("end", () =>
        done({ status: response.statusCode ?? 0, type: response.headers["content-type"] ?? "", body }),
      );
    })
      .on("error", failed)
      .end();
  });
}

test.each([
  ["/", "text/html; charset=utf-8", "<!doctype html>"],
  ["/index.html?query", "text/html; charset=utf-8", "<!doctype html>"],
  ["/a%20b.js", "text/javascript; charset=utf-8", "1"],
  ["/ort/x.wasm", "application/wasm", "2"],
  ["/ort/x.mjs", "text/javascript; charset=utf-8", "3"],
])("%s is served as %s", async (path, type, body) => {
  expect(await ask(path)).toEqual({ status: 200, type, body });
});

test.each(["/nothing", "/ort", "/../secret.txt", "/..%2fsecret.txt", "/%2e%2e/secret.txt", "/%"])(
  "%s is not found, and nothing outside the folder is",
  async (path) => {
    const answer = await ask(path);
    expect(answer.status).toBe(404);
    expect(answer.body).not.toContain("secret");
  },
);
