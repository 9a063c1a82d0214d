import { UnderdrawError } from "../core/errors.ts";
import { crossing } from "./crossing.ts";
import { checkPath } from "./folder.ts";
import { gather } from "./memory.ts";
import type { ByteSource, ModelFolder } from "./source.ts";
import { type LoadOptions, listening } from "./streamed.ts";

/** How often a file is asked for before it counts as not to be had. */
const TRIES = 2;

/**
 * A model at an address of the web: each file is fetched whole and held in memory. The address is http(s), or relative
 * to that of the page, in a worker of its script. A status of 404 or 410 means that the model has no such file, and so does a web page in its place, which
 * servers of single-page applications send; any other failure rejects with `model-fetch`, after two tries.
 * `fetch` takes the place of the global function.
 */
export function addressFolder(
  address: string | URL,
  { name, onLoad, fetch = globalThis.fetch }: LoadOptions & { readonly fetch?: typeof globalThis.fetch } = {},
): ModelFolder {
  const base = baseAddress(address);
  const hear = listening(onLoad);
  const model: ModelFolder = {
    kind: "folder",
    name: name ?? base.href,
    async open(path, { signal } = {}) {
      signal?.throwIfAborted();
      checkPath(path, base.href);
      const url = new URL(path.split("/").map(encodeURIComponent).join("/"), base).href;
      for (let tried = 1; ; tried++) {
        try {
          return await fetchFile(fetch, url, signal, (loaded, total) => hear(path, loaded, total));
        } catch (cause) {
          if (signal?.aborted) throw signal.reason;
          if (tried < TRIES && !isFinal(cause)) continue;
          if (UnderdrawError.is(cause)) throw cause;
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new UnderdrawError(
            "model-fetch",
            `Could not fetch ${url}: ${why}. Check the connection.`,
            { url },
            { cause },
          );
        }
      }
    },
  };
  // A listener or a fetch of one's own are functions, which stay where they are.
  const plain = onLoad === undefined && fetch === globalThis.fetch;
  return plain ? crossing(model, { from: "address", name: model.name, address: base.href }) : model;
}

function baseAddress(address: string | URL): URL {
  const here = (globalThis as { location?: { href: string } }).location?.href;
  const given = String(address);
  const base = URL.canParse(given, here) ? new URL(given, here) : null;
  if (!base || !/^https?:$/.test(base.protocol))
    throw new TypeError(
      `A model's address begins with http: or https:, or leads on from a page's own, and ${JSON.stringify(given)} does not.`,
    );
  base.search = "";
  base.hash = "";
  if (!base.pathname.endsWith("/")) base.pathname += "/";
  return base;
}

/** A server that answered "no" is not asked again; one that stumbled is. */
const isFinal = (error: unknown): boolean =>
  UnderdrawError.is(error, "model-fetch") && error.details.status !== undefined && error.details.status < 500;

async function fetchFile(
  fetch: typeof globalThis.fetch,
  url: string,
  signal: AbortSignal | undefined,
  onLoad: (loaded: number, total?: number) => void,
): Promise<ByteSource | null> {
  const response = await fetch(url, signal ? { signal } : {});
  const { status } = response;
  const isPage = response.headers.get("content-type")?.startsWith("text/html");
  if (status === 404 || status === 410 || (response.ok && isPage)) {
    await response.body?.cancel();
    return null;
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    const advice =
      status === 401 || status === 403 ? "The server asks for rights that you have not." : "Try again later.";
    throw new UnderdrawError("model-fetch", `Could not fetch ${url}: status ${status}. ${advice}`, { url, status });
  }
  // The length counts the bytes on the wire, which a packed answer has fewer of. Another origin's answer hides whether it
  // is packed: its length serves as long as it can be true, and whether it came whole is the browser's own to tell.
  const length = response.headers.get("content-encoding")
    ? Number.NaN
    : Number(response.headers.get("content-length") ?? "");
  const total = Number.isSafeInteger(length) && length > 0 ? length : undefined;
  const source = await gather(url, response.body, {
    signal,
    onBytes: (loaded) => onLoad(loaded, total !== undefined && loaded > total ? undefined : total),
  });
  if (total !== undefined && source.size !== total && response.type !== "cors")
    throw new Error(`${source.size} of ${total} bytes came before the connection ended`);
  return source;
}
