import * as z from "zod/mini";
import { UnderdrawError } from "../core/errors.ts";
import type { Place } from "./place.ts";

// The list of what a store holds. It is written whole or not at all, and everything that it says can be lost without
// losing a model: content is known again by its name, which is its SHA-256.

/** The file that holds the list. */
const file = "index.json";
/** What the list was when it could not be read, kept for whoever wants to look. */
const broken = "index.broken.json";

/** SHA-256 in hex. */
export const isDigest = (text: string): boolean => /^[0-9a-f]{64}$/.test(text);

const digest = z.string().check(z.regex(/^[0-9a-f]{64}$/));
const bytes = z.int().check(z.minimum(0));

/** Where content came from: the digest of the whole address, and the ETag that it had. */
const origin = { key: z.nullable(digest), etag: z.nullable(z.string()) };
const times = { added: z.string(), used: z.string() };

const storeIndex = z.object({
  version: z.literal(1),
  /** What lies in the store. Content that no model names is to be deleted. */
  contents: z.array(z.object({ sha256: digest, bytes })),
  files: z.array(z.object({ name: z.string(), sha256: digest, address: z.nullable(z.string()), ...origin, ...times })),
  folders: z.array(
    z.object({
      name: z.string(),
      address: z.string(),
      revision: z.nullable(z.string()),
      /** False while its files come in. */
      whole: z.boolean(),
      files: z.array(z.object({ path: z.string(), sha256: digest, ...origin })),
      ...times,
    }),
  ),
});

/** What a store holds. */
export type StoreIndex = z.output<typeof storeIndex>;
/** A model of one file. */
export type FileRecord = StoreIndex["files"][number];
/** A model of several files. */
export type FolderRecord = StoreIndex["folders"][number];

const empty: StoreIndex = { version: 1, contents: [], files: [], folders: [] };

/** Now, as it is written into the list. */
export const now = (): string => new Date().toISOString();

/** Reads the list, as it is after each call of `changeIndex`. Rejects with `file-invalid` for one of a newer version. */
export async function readIndex(place: Place): Promise<StoreIndex> {
  const text = await place.text(file);
  return text === null ? empty : (parsed(text) ?? adopted(empty, await place.sizes()));
}

function parsed(text: string): StoreIndex | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  const { version } = (value ?? {}) as { version?: unknown };
  if (typeof version === "number" && version > 1) {
    const reason = "a newer version of the program wrote it. Use that one, or another folder.";
    throw new UnderdrawError("file-invalid", `Could not read the store's ${file}: ${reason}`, { file, reason });
  }
  const result = storeIndex.safeParse(value);
  return result.success ? result.data : null;
}

/** Changes the list, one at a time of all who use the store, and gives what it is then. */
export function changeIndex(
  place: Place,
  change: (index: StoreIndex) => StoreIndex | Promise<StoreIndex>,
): Promise<StoreIndex> {
  return place.exclusive("index", async () => {
    const before = await readIndex(place);
    const after = await change(before);
    if (after !== before) await place.replace(file, JSON.stringify(after, null, 1));
    return after;
  });
}

/** The list with content that lies there and that it does not know, under the beginnings of its digests. */
function adopted(index: StoreIndex, sizes: ReadonlyMap<string, number>): StoreIndex {
  const known = new Set(index.contents.map(({ sha256 }) => sha256));
  const found = [...sizes].filter(([name]) => isDigest(name) && !known.has(name));
  const at = now();
  const unnamed = found.map(([sha256]): FileRecord => {
    return { name: sha256.slice(0, 12), sha256, address: null, key: null, etag: null, added: at, used: at };
  });
  return {
    ...index,
    contents: [...index.contents, ...found.map(([sha256, bytes]) => ({ sha256, bytes }))],
    files: [...index.files, ...unnamed],
  };
}

/** The digests that models name. */
export function namedContent({ files, folders }: StoreIndex): ReadonlySet<string> {
  return new Set([...files, ...folders.flatMap((folder) => folder.files)].map(({ sha256 }) => sha256));
}

/** Deletes content that no model names, where nobody reads it, and takes it off the list. */
export async function swept(place: Place, index: StoreIndex): Promise<StoreIndex> {
  const named = namedContent(index);
  const gone = new Set<string>();
  for (const { sha256 } of index.contents) {
    if (!named.has(sha256) && (await place.remove(sha256))) gone.add(sha256);
  }
  return { ...index, contents: index.contents.filter(({ sha256 }) => !gone.has(sha256)) };
}

/**
 * Makes the list and the files agree, as a store does when it is opened: deletes what was to be deleted, takes in content
 * that a crash left without a line, and forgets models whose content is gone or was cut.
 */
export function settle(place: Place): Promise<StoreIndex> {
  return changeIndex(place, async (before) => {
    const text = await place.text(file);
    if (text !== null && parsed(text) === null) await place.replace(broken, text);
    const sizes = await place.sizes();
    const cut = before.contents.filter(({ sha256, bytes: size }) => sizes.get(sha256) !== size);
    for (const { sha256 } of cut) await place.remove(sha256);
    const lost = new Set(cut.map(({ sha256 }) => sha256));
    const sound = ({ sha256 }: { readonly sha256: string }) => !lost.has(sha256);
    const kept: StoreIndex = {
      ...before,
      contents: before.contents.filter(sound),
      files: before.files.filter(sound),
      folders: before.folders.map((folder) =>
        folder.files.every(sound) ? folder : { ...folder, whole: false, files: folder.files.filter(sound) },
      ),
    };
    const left = new Map([...sizes].filter(([name]) => !lost.has(name)));
    const after = await swept(place, adopted(kept, left));
    return JSON.stringify(after) === JSON.stringify(before) && text !== null ? before : after;
  });
}
