import { isSafe } from "./address.ts";
import { fetchFailed } from "./failure.ts";

/** What a server is asked. */
export interface Question {
  readonly url: string;
  readonly method?: "HEAD";
  readonly headers?: Readonly<Record<string, string>>;
  /** Goes to the address's own origin alone. */
  readonly token?: string | undefined;
  /** Whether a hash will tell if the answer was changed on its way. */
  readonly hashed: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Asks a server and follows where it leads. Rejects with `model-fetch` where that may not be followed, with the signal's
 * reason when stopped, and with what `fetch` rejects with.
 */
export type Ask = (question: Question) => Promise<Response>;

/** How many times a server may send on. Browsers follow 20, download tools some 10. */
const MOST_REDIRECTS = 10;

const redirects = new Set([301, 302, 303, 307, 308]);

// A checkpoint in the browser's own cache would lie there a second time.
const init = ({ method, headers, signal }: Partial<Question>): RequestInit => ({
  method: method ?? "GET",
  // Browsers say it by themselves where a range is asked for, and leave this out.
  headers: { "Accept-Encoding": "identity", ...headers },
  cache: "no-store",
  referrerPolicy: "no-referrer",
  ...(signal && { signal }),
});

const bearer = (token: string | undefined): Record<string, string> =>
  token === undefined ? {} : { Authorization: `Bearer ${token}` };

/** Asks where redirects can be seen, as in Node: each is judged, and the token stays with its origin. */
export function askStepwise(fetch: typeof globalThis.fetch): Ask {
  return async (question) => {
    let { token } = question;
    let at = new URL(question.url);
    for (let followed = 0; ; followed++) {
      const headers = { ...question.headers, ...bearer(token) };
      const response = await fetch(at.href, { ...init({ ...question, headers }), redirect: "manual" });
      const location = response.headers.get("location");
      if (!redirects.has(response.status) || location === null) return response;
      await response.body?.cancel();
      const next = URL.canParse(location, at.href) ? new URL(location, at.href) : null;
      if (followed === MOST_REDIRECTS)
        throw fetchFailed(question.url, `it sends on more than ${MOST_REDIRECTS} times`, "Check the address.");
      checkStep(question, at, next);
      if (next.origin !== at.origin) token = undefined;
      at = next;
    }
  };
}

/**
 * Asks where the browser follows redirects itself and shows only where they ended. It leaves a token behind at the border
 * of an origin (Fetch Standard, HTTP-redirect fetch).
 */
export function askInBrowser(fetch: typeof globalThis.fetch): Ask {
  return async (question) => {
    const headers = { ...question.headers, ...bearer(question.token) };
    const response = await fetch(question.url, init({ ...question, headers }));
    if (!response.redirected) return response;
    try {
      checkStep(question, new URL(question.url), URL.canParse(response.url) ? new URL(response.url) : null);
    } catch (error) {
      await response.body?.cancel();
      throw error;
    }
    return response;
  };
}

function checkStep(question: Question, from: URL, to: URL | null): asserts to is URL {
  const { url, hashed } = question;
  const advice = "Check the address.";
  if (to === null) throw fetchFailed(url, "it sends on to what is no address", advice);
  if (from.protocol === "https:" && to.protocol !== "https:")
    throw fetchFailed(url, `it sends on from https: to ${to.protocol}//${to.host}, which is not encrypted`, advice);
  if (!isSafe(to, hashed))
    throw fetchFailed(url, `it sends on to ${to.protocol}//${to.host}, which is not encrypted`, advice);
}
