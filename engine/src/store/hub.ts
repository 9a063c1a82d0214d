import * as z from "zod/mini";
import { UnderdrawError } from "../core/errors.ts";
import { checkPath } from "../models/folder.ts";
import { checked, parseObject } from "../models/json.ts";
import { fileInvalid, incompatible, quoted } from "../models/refusal.ts";
import { addressText, type HubAddress } from "./address.ts";
import type { Ask } from "./ask.ts";
import { fetchFailed, invalid, reasonOf } from "./failure.ts";
import type { PlannedFile } from "./model-store.ts";
import { neededFiles } from "./needed-files.ts";
import { isDigest } from "./store-index.ts";

// Hugging Face's repositories: what lies in one, by its interface for programs, and where each file is fetched from.

/** The most of a listing that is read. The largest repositories have some thousand files of 300 bytes each. */
const MOST_LISTING = 16 << 20;

const listing = z.object({
  sha: z.string().check(z.regex(/^[0-9a-f]{40}$/)),
  siblings: z.array(
    z.object({
      rfilename: z.string(),
      size: z.nullish(z.int().check(z.minimum(0))),
      blobId: z.nullish(z.string()),
      lfs: z.nullish(z.object({ sha256: z.string(), size: z.int().check(z.minimum(0)) })),
    }),
  ),
});

/** What of a repository a download would fetch. */
export interface HubFiles {
  readonly kind: "file" | "folder";
  readonly name: string;
  /** The commit, in hex. */
  readonly revision: string;
  readonly files: readonly Omit<PlannedFile, "here">[];
}

/**
 * Looks at a repository as it is at this moment: the files' addresses are those of the commit, so that all of them belong
 * together. Rejects with `model-fetch` when it cannot be seen, with `model-unknown` for a path that it has not, and with
 * `model-incompatible` when nothing in it can be read.
 */
export async function hubFiles(
  address: HubAddress,
  {
    hub,
    ask,
    token,
    signal,
  }: {
    readonly hub: string;
    readonly ask: Ask;
    readonly token?: string | undefined;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<HubFiles> {
  const { owner, name, revision, path } = address;
  const shown = addressText(address);
  const url = `${hub}/api/models/${owner}/${name}/revision/${encodeURIComponent(revision)}?blobs=true`;
  let response: Response;
  try {
    response = await ask({ url, token, hashed: false, signal });
  } catch (cause) {
    if (signal?.aborted) throw signal.reason;
    if (UnderdrawError.is(cause)) throw cause;
    throw fetchFailed(url, reasonOf(cause), "Check the connection.", { cause });
  }
  const { status } = response;
  if (!response.ok) {
    await response.body?.cancel();
    const advice =
      status === 401 || status === 403 || status === 404
        ? `There is no ${owner}/${name} at revision ${quoted(revision)}, or it is shown to some accounts only: check the name, or give a token.`
        : "Try again later.";
    throw fetchFailed(url, `the server answered ${status}`, advice, { status });
  }
  const { sha, siblings } = checked(shown, parseObject(shown, await textOf(response, shown)), listing);
  const files = new Map<string, Omit<PlannedFile, "here">>();
  for (const { rfilename, size, blobId, lfs } of siblings) {
    checkPath(rfilename, shown);
    const place = rfilename.split("/").map(encodeURIComponent).join("/");
    files.set(rfilename, {
      path: rfilename,
      url: `${hub}/${owner}/${name}/resolve/${sha}/${place}`,
      bytes: lfs?.size ?? size ?? null,
      sha256: lfs && isDigest(lfs.sha256) ? lfs.sha256 : null,
      etag: blobId ? `"${blobId}"` : null,
    });
  }
  const single = files.get(path);
  if (single) {
    const last = path.slice(path.lastIndexOf("/") + 1);
    return { kind: "file", name: last, revision: sha, files: [{ ...single, path: last }] };
  }
  const prefix = path === "" ? "" : `${path}/`;
  const inside = [...files.keys()].filter((file) => file.startsWith(prefix)).map((file) => file.slice(prefix.length));
  if (inside.length === 0) {
    const message = `${quoted(shown)}: the repository has neither a file nor a folder ${quoted(path)}.`;
    throw invalid("address", `${message} Look at its page for what it has.`);
  }
  const { paths, reason } = neededFiles(inside);
  if (reason !== null)
    throw incompatible(shown, reason, { expected: "a diffusers model", actual: `${inside.length} other files` });
  const chosen = paths.map((file) => ({ ...(files.get(prefix + file) as Omit<PlannedFile, "here">), path: file }));
  return { kind: "folder", name: `${owner}/${name}${path === "" ? "" : `/${path}`}`, revision: sha, files: chosen };
}

async function textOf(response: Response, shown: string): Promise<string> {
  const reader = response.body?.getReader();
  const decoder = new TextDecoder();
  let text = "";
  for (;;) {
    const piece = await reader?.read();
    if (!piece || piece.done) return text + decoder.decode();
    text += decoder.decode(piece.value, { stream: true });
    if (text.length > MOST_LISTING) {
      await reader?.cancel();
      throw fileInvalid(shown, `the listing has more than ${MOST_LISTING} characters.`);
    }
  }
}
