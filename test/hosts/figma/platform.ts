import type { Fetched, FetchInit } from "./core/run.ts";

/** The platform's `fetch` as main's realm is answered: plain data. */
export async function platformFetch(url: string, { method, headers, body }: FetchInit): Promise<Fetched> {
  const response = await fetch(url, {
    ...(method === undefined ? {} : { method }),
    ...(headers === undefined ? {} : { headers: { ...headers } }),
    ...(body === undefined ? {} : { body: typeof body === "string" ? body : body.slice() }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const { ok, redirected, status, statusText, type } = response;
  return {
    ok,
    redirected,
    status,
    statusText,
    type,
    url: response.url,
    headersObject: Object.fromEntries(response.headers),
    body: bytes,
    text: new TextDecoder().decode(bytes),
  };
}
