import { UnderdrawError } from "../core/errors.ts";
import { type Answer, readAnswer, type Version } from "./answer.ts";
import type { Ask } from "./ask.ts";
import type { Digest } from "./digest.ts";
import { adviceFor, fetchFailed, integrity, reasonOf, size } from "./failure.ts";
import { growing } from "./growing-file.ts";
import type { PartNote } from "./part-note.ts";
import { paused } from "./pause.ts";
import type { Part } from "./place.ts";

/** How long a server is waited for. Milliseconds. */
export interface Patience {
  /** The pauses before each try after one that brought nothing; when all are used up, the download fails. */
  readonly pauses: readonly number[];
  /** How long no byte may come before the connection counts as cut. */
  readonly silence: number;
}

/** What is fetched, and where to. */
export interface Transfer {
  readonly url: string;
  readonly token?: string | undefined;
  /** What the file must have, where that is known. */
  readonly sha256: string | null;
  /** The bytes that were agreed to: more are refused. Null where nobody could say. */
  readonly agreed: number | null;
  readonly part: Part;
  readonly note: PartNote;
  /** Keeps a note that changed. */
  keep(note: PartNote): Promise<void>;
  digest(): Digest;
  readonly ask: Ask;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
  /** Hears how many bytes are here. They fall when the file is begun anew. */
  onBytes(loaded: number, total: number | null): void;
}

/** The longest that a server may ask to be left alone. Milliseconds. */
const MOST_WAIT = 60_000;

/** How a try ended: the file is whole, or not yet, and why. */
type Outcome =
  | { readonly done: true; readonly sha256?: string }
  | {
      readonly done: false;
      readonly why: string;
      readonly status?: number;
      readonly wait?: number;
      readonly cause?: unknown;
      readonly orderly?: true;
    };

/** Whether a part may be gone on from: a later answer can be told to be of the same file, or a hash will tell. */
const lasting = ({ etag, lastModified }: Version, sha256: string | null): boolean =>
  etag !== null || lastModified !== null || sha256 !== null;

/**
 * Fetches a file to the end of its part and gives the SHA-256 of the whole. What came stays in the part, whatever
 * happens, as long as it can be gone on from. Rejects with the signal's reason, with `model-fetch`, with
 * `model-integrity`, and with what the part rejects with.
 */
export async function transfer(given: Transfer): Promise<{ readonly sha256: string; readonly version: Version }> {
  const { url, part, signal, patience } = given;
  let { note } = given;
  if (part.size > 0 && !lasting(note, given.sha256)) await part.empty();
  const file = await growing(part, given.digest, signal);
  /** Ask for all of it: the server does not do well with pieces. */
  let plainly = false;
  /** Ask without `If-Range`, which another origin's server may not let a browser send; the answer is compared anyway. */
  let unconditional = false;

  const remember = async (change: Partial<PartNote>): Promise<void> => {
    const next = { ...note, ...change };
    if (JSON.stringify(next) === JSON.stringify(note)) return;
    note = next;
    await given.keep(note);
  };
  const refuse = (why: string, advice: string, more?: { status?: number; cause?: unknown }): UnderdrawError =>
    fetchFailed(url, why, advice, more);
  const grown = async (total: number): Promise<UnderdrawError> => {
    await file.anew();
    return refuse(
      `it has ${size(total)} now, and ${size(given.agreed ?? 0)} were agreed to`,
      "Plan the download again to see what it would fetch.",
    );
  };
  const changed = (answer: Answer): boolean =>
    (note.etag !== null && answer.etag !== null
      ? note.etag !== answer.etag
      : note.lastModified !== null && answer.lastModified !== null && note.lastModified !== answer.lastModified) ||
    (note.total !== null && answer.total !== null && note.total !== answer.total);

  /** The answer 416: all is here, or the file is another one. */
  const beyond = async (answer: Answer): Promise<Outcome> => {
    const ends = answer.total === file.at;
    if (ends && given.sha256 !== null) {
      const sha256 = file.hex();
      if (sha256 === given.sha256) return { done: true, sha256 };
    } else if (ends) {
      const same = note.etag !== null && note.etag === answer.etag;
      if (same || !changed(answer)) return { done: true };
    }
    plainly = file.at === 0 || answer.total === null;
    await file.anew();
    return { done: false, why: "it has no bytes after those that are here", status: 416 };
  };

  /** One try: asks for what is missing and writes what comes. */
  const attempt = async (): Promise<Outcome> => {
    const stall = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const alive = (): void => {
      clearTimeout(timer);
      timer = setTimeout(
        () => stall.abort(new Error(`no byte came for ${patience.silence / 1000} s`)),
        patience.silence,
      );
    };
    const stop = signal ? AbortSignal.any([signal, stall.signal]) : stall.signal;
    const headers: Record<string, string> = {};
    // Asked for from the first byte on too: then nothing is packed on its way (Fetch Standard).
    if (!plainly) headers["Range"] = `bytes=${file.at}-`;
    const condition = note.etag ?? note.lastModified;
    if (file.at > 0 && condition !== null && !unconditional) headers["If-Range"] = condition;
    let response: Response;
    alive();
    try {
      const { token, sha256 } = given;
      response = await given.ask({ url, headers, token, hashed: sha256 !== null, signal: stop });
    } catch (cause) {
      clearTimeout(timer);
      if (UnderdrawError.is(cause)) throw cause;
      unconditional = "If-Range" in headers && !unconditional;
      return { done: false, why: reasonOf(stall.signal.aborted ? stall.signal.reason : cause), cause };
    }
    try {
      return await take(response, stop, alive);
    } finally {
      clearTimeout(timer);
      // What is left of a body that is not wanted; one that was read or failed has nothing.
      if (!response.bodyUsed) void response.body?.cancel().catch(() => undefined);
    }
  };

  const take = async (response: Response, stop: AbortSignal, alive: () => void): Promise<Outcome> => {
    const { status, body } = response;
    const answer = readAnswer(response);
    if (status === 416 && !plainly) return beyond(answer);
    if (status === 408 || status === 429 || status >= 500)
      return { done: false, why: `the server answered ${status}`, status, wait: Math.min(MOST_WAIT, answer.wait) };
    if (status !== 200 && status !== 206) throw refuse(`the server answered ${status}`, adviceFor(status), { status });
    if (answer.page && !/\.html?$/i.test(new URL(url).pathname))
      throw refuse("a web page came in its place", "Check the address: it may be that of a page about the file.", {
        status,
      });
    if (status === 200) await file.anew();
    else {
      const strange = misplaced(answer);
      if (strange !== null) {
        plainly = true;
        await file.anew();
        return { done: false, why: strange };
      }
      if (file.at > 0 && changed(answer)) {
        await file.anew();
        await remember({ etag: null, lastModified: null, total: null });
        return { done: false, why: "the file changed while it was fetched" };
      }
    }
    const end = answer.range
      ? answer.range.to + 1
      : status === 200 || file.at === 0
        ? answer.length
        : file.at + (answer.length ?? 0);
    // A packed answer's length may be hidden behind another origin; then only the browser knows whether it is whole.
    const announced = answer.veiled && file.at === 0 ? null : end;
    const total = answer.range ? answer.range.total : (announced ?? (answer.packed ? null : given.agreed));
    if (total !== null && given.agreed !== null && total > given.agreed) throw await grown(total);
    const version = answer.packed ? { etag: null, lastModified: null } : answer;
    const before = file.at > 0 ? note : null;
    const etag = version.etag ?? before?.etag ?? null;
    await remember({ etag, lastModified: version.lastModified ?? before?.lastModified ?? null, total });
    const cut = await pour(body, announced, total ?? end, stop, alive);
    await file.flush();
    if (cut) return cut;
    if (announced !== null && file.at < announced)
      return { done: false, why: `the connection ended after ${file.at} of ${announced} bytes` };
    if (answer.range && answer.range.total === null)
      return { done: false, why: "the server does not say where it ends", orderly: true };
    const orderly = answer.range ? ({ orderly: true } as const) : {};
    if (total !== null && file.at < total) return { done: false, why: `${file.at} of ${total} bytes came`, ...orderly };
    return { done: true };
  };

  /** Why the bytes of a 206 cannot be put at the end of those that are here; null when they can. */
  const misplaced = (answer: Answer): string | null => {
    if (answer.packed && file.at > 0) return "a piece came packed";
    if (answer.range)
      return answer.range.from === file.at ? null : `the bytes from ${answer.range.from} on came, not from ${file.at}`;
    if (plainly) return "a piece came without being asked for";
    // Another origin's server that does not show where the piece lies: it is right if it ends where the file does.
    const fits = file.at === 0 || (answer.length !== null && note.total === file.at + answer.length);
    return answer.veiled && fits ? null : "a piece came without its place";
  };

  /** Writes a body's bytes. Gives why it ended before its end; null when it did not. */
  const pour = async (
    body: Response["body"],
    announced: number | null,
    shown: number | null,
    stop: AbortSignal,
    alive: () => void,
  ): Promise<Outcome | null> => {
    const reader = body?.getReader();
    if (!reader) return null;
    try {
      for (;;) {
        let piece: ReadableStreamReadResult<Uint8Array>;
        alive();
        try {
          piece = await reader.read();
        } catch (cause) {
          return { done: false, why: reasonOf(stop.aborted ? stop.reason : cause), cause };
        }
        if (piece.done) return null;
        const { value } = piece;
        const reached = file.at + value.length;
        if (announced !== null && reached > announced) {
          plainly = true;
          await file.anew();
          return { done: false, why: `more than the ${announced} bytes that it announced came` };
        }
        if (given.agreed !== null && reached > given.agreed) throw await grown(reached);
        await file.append(value);
        given.onBytes(reached, shown !== null && shown >= reached ? shown : null);
        if (stop.aborted) return { done: false, why: reasonOf(stop.reason) };
      }
    } finally {
      void reader.cancel().catch(() => undefined);
    }
  };

  if (file.at > 0) given.onBytes(file.at, note.total);
  let furthest = file.at;
  for (let tried = 0; ; ) {
    signal?.throwIfAborted();
    if (file.at > 0 && !lasting(note, given.sha256)) await file.anew();
    const outcome = await attempt();
    signal?.throwIfAborted();
    if (outcome.done) {
      const sha256 = outcome.sha256 ?? file.hex();
      if (given.sha256 !== null && sha256 !== given.sha256) throw integrity(url, given.sha256, sha256);
      return { sha256, version: note };
    }
    const further = file.at > furthest;
    tried = further ? 0 : tried + 1;
    furthest = Math.max(furthest, file.at);
    if (further && outcome.orderly) continue;
    const pause = patience.pauses[Math.max(0, tried - 1)];
    if (pause === undefined || tried > patience.pauses.length) {
      const { why, status, cause } = outcome;
      const kept = file.at > 0 ? ` ${size(file.at)} are kept: downloading again goes on there.` : "";
      const more = { ...(status !== undefined && { status }), ...(cause !== undefined && { cause }) };
      throw refuse(why, `Check the connection and try again later.${kept}`, more);
    }
    await paused(Math.max(pause, outcome.wait ?? 0), signal);
  }
}
