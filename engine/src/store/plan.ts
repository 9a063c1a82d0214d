import { UnderdrawError } from "../core/errors.ts";
import { addressText, parseAddress } from "./address.ts";
import { type Answer, givenName, label, readAnswer } from "./answer.ts";
import type { Question } from "./ask.ts";
import { adviceFor, bare, fetchFailed, invalid, reasonOf } from "./failure.ts";
import { hubFiles } from "./hub.ts";
import type { DownloadPlan, PlannedFile, PlanOptions } from "./model-store.ts";
import type { Place } from "./place.ts";
import { isDigest } from "./store-index.ts";

/** A plan before anybody looked at what is here. */
export type Offer = Pick<DownloadPlan, "kind" | "address" | "name" | "revision"> & {
  readonly files: readonly Omit<PlannedFile, "here">[];
};

/** Asks what an address has, without fetching any of it. `hub` is where Hugging Face's repositories are. */
export async function offerOf(
  place: Place,
  hub: string,
  text: string,
  { name, sha256, token, signal }: PlanOptions,
): Promise<Offer> {
  signal?.throwIfAborted();
  if (sha256 !== undefined && !isDigest(sha256))
    throw invalid("sha256", `${JSON.stringify(sha256)} is no SHA-256. Give 64 hex digits in lower case.`);
  const address = parseAddress(text, sha256 !== undefined);
  if (address.kind === "hub") {
    const found = await hubFiles(address, { hub, ask: place.ask, token, signal });
    if (found.kind === "folder" && sha256 !== undefined)
      throw invalid("sha256", `${JSON.stringify(text)} has several files, and a SHA-256 is that of one. Leave it out.`);
    const files = found.files.map((file) => ({ ...file, sha256: sha256 ?? file.sha256 }));
    const named = name === undefined ? found.name : label(name, found.name);
    return { kind: found.kind, address: addressText(address), name: named, revision: found.revision, files };
  }
  const { href } = address.url;
  const { answer, given } = await probe(place, { url: href, token, hashed: sha256 !== undefined, signal });
  const named = label(name ?? given ?? lastOf(address.url), address.url.hostname);
  const file = { path: named, url: href, bytes: answer.total, sha256: sha256 ?? null, etag: answer.etag };
  return { kind: "file", address: bare(href), name: named, revision: null, files: [file] };
}

function lastOf({ pathname }: URL): string {
  const last = pathname.slice(pathname.lastIndexOf("/") + 1);
  try {
    return decodeURIComponent(last);
  } catch {
    return last;
  }
}

/**
 * Asks for the head of a file; where that is refused or says no length, for the first byte: addresses that are signed for
 * fetching alone know no other question.
 */
async function probe(
  place: Place,
  question: Question,
): Promise<{ readonly answer: Answer; readonly given: string | null }> {
  const { url, signal } = question;
  const asked = async (more: Pick<Question, "method" | "headers">): Promise<Response> => {
    try {
      const response = await place.ask({ ...question, ...more });
      await response.body?.cancel();
      return response;
    } catch (cause) {
      if (signal?.aborted) throw signal.reason;
      if (UnderdrawError.is(cause)) throw cause;
      throw fetchFailed(url, reasonOf(cause), "Check the address and the connection.", { cause });
    }
  };
  // Of a range nothing is packed, so that the length is the file's own. A refusal may be one that a browser lets nobody
  // see, and then looks like no connection.
  const head = await asked({ method: "HEAD", headers: { Range: "bytes=0-" } }).catch((error: unknown) => {
    if (signal?.aborted || !UnderdrawError.is(error, "model-fetch") || error.cause === undefined) throw error;
    return null;
  });
  const given = head && givenName(head.headers);
  const headAnswer = head && readAnswer(head);
  const length = headAnswer && (headAnswer.total ?? (head.status === 206 ? headAnswer.length : null));
  // Some servers say 0 of every file that nobody fetches.
  if (head?.ok && length && !headAnswer?.page) return { answer: { ...(headAnswer as Answer), total: length }, given };
  const first = await asked({ headers: { Range: "bytes=0-0" } });
  const answer = readAnswer(first);
  const { status } = first;
  // An empty file has no first byte.
  if (!first.ok && !(status === 416 && answer.total === 0)) {
    throw fetchFailed(url, `the server answered ${status}`, adviceFor(status), { status });
  }
  if (answer.page && !/\.html?$/i.test(new URL(url).pathname))
    throw fetchFailed(url, "a web page is in its place", "Check the address: it may be that of a page about the file.");
  return { answer, given: given ?? givenName(first.headers) };
}
