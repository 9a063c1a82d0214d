import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

// A server of files that misbehaves as it is told: for what downloads have to live through.

/** What came in. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly range: string | undefined;
  readonly ifRange: string | undefined;
  readonly authorization: string | undefined;
}

/** What a server does with a file. Everything that is left out is done well. */
export interface Manners {
  bytes: Uint8Array;
  etag?: string | null;
  lastModified?: string;
  /** The connection is cut after so many bytes of each answer; a list, of each answer in turn. */
  cutAfter?: number | readonly (number | null)[];
  /**
   * How long the cut comes after the last byte: what a client has not yet read is lost to it with the connection.
   * Milliseconds; 250 without it, which is long enough for a busy machine.
   */
  cutDelay?: number;
  /** Ranges are not known: all comes, with 200. */
  noRanges?: boolean;
  /** At most so many bytes come in one answer to a range. */
  atMost?: number;
  /** HEAD is refused with this status. */
  noHead?: number;
  /** No length is said: the body comes in chunks. */
  chunked?: boolean;
  /** Answers with these statuses first, one each. */
  statuses?: number[];
  headers?: Record<string, string>;
  /** Is called before an answer: changes the file, for example. */
  before?(asked: Asked, n: number): void;
  /** Answers by itself. True when it did. */
  answer?(request: IncomingMessage, response: ServerResponse): boolean;
}

/** A deterministic file. */
export function noise(length: number, seed = 1): Uint8Array {
  let state = seed >>> 0 || 1;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 255;
  });
}

/** Starts a server on this machine. */
export async function fileServer(): Promise<{
  readonly origin: string;
  readonly files: Map<string, Manners>;
  readonly asked: Asked[];
  close(): Promise<void>;
}> {
  const files = new Map<string, Manners>();
  const asked: Asked[] = [];
  const counts = new Map<string, number>();
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    const path = decodeURIComponent((request.url ?? "").split("?")[0] ?? "");
    const { range, authorization } = request.headers;
    const ifRange = request.headers["if-range"] as string | undefined;
    const one: Asked = { method: request.method ?? "", path, range, ifRange, authorization };
    asked.push(one);
    const file = files.get(path);
    if (!file) {
      response.writeHead(404).end();
      return;
    }
    const n = request.method === "HEAD" ? 0 : (counts.get(path) ?? 0);
    if (request.method !== "HEAD") counts.set(path, n + 1);
    file.before?.(one, n);
    if (file.answer?.(request, response)) return;
    const { bytes, etag = `"${bytes.length}-v1"`, lastModified, statuses, headers } = file;
    const all: Record<string, string> = { "Content-Type": "application/octet-stream", ...headers };
    if (etag !== null) all["ETag"] = etag;
    if (lastModified !== undefined) all["Last-Modified"] = lastModified;
    if (request.method === "HEAD") {
      if (file.noHead !== undefined) response.writeHead(file.noHead).end();
      else response.writeHead(200, { "Content-Length": String(bytes.length), ...all }).end();
      return;
    }
    const status = statuses?.shift();
    if (status !== undefined) {
      response.writeHead(status, all).end("no");
      return;
    }
    const [, from, to] = /^bytes=(\d+)-(\d*)$/.exec(range ?? "") ?? [];
    const fresh = ifRange === undefined || ifRange === etag || ifRange === lastModified;
    let body = bytes;
    let code = 200;
    if (from !== undefined && fresh && !file.noRanges) {
      const start = Number(from);
      if (start >= bytes.length) {
        response.writeHead(416, { ...all, "Content-Range": `bytes */${bytes.length}` }).end();
        return;
      }
      const last = Math.min(
        to ? Number(to) : bytes.length - 1,
        start + (file.atMost ?? bytes.length) - 1,
        bytes.length - 1,
      );
      body = bytes.subarray(start, last + 1);
      code = 206;
      all["Content-Range"] = `bytes ${start}-${last}/${bytes.length}`;
    }
    if (!file.chunked) all["Content-Length"] ??= String(body.length);
    response.writeHead(code, all);
    const { cutAfter } = file;
    const cut = typeof cutAfter === "number" ? cutAfter : (cutAfter?.[n] ?? null);
    if (cut === null || cut >= body.length) response.end(body);
    else
      response.write(body.subarray(0, cut), () => setTimeout(() => response.socket?.destroy(), file.cutDelay ?? 250));
  });
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.on("close", () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    files,
    asked,
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
