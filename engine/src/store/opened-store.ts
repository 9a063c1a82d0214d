import { isSafe } from "./address.ts";
import { bare, invalid, storageFull, unknownModel } from "./failure.ts";
import { fileCopy } from "./file-copy.ts";
import { fileDownload } from "./file-download.ts";
import type { DownloadPlan, ModelStore, PlannedFile, StoreSpace, UnfinishedModel } from "./model-store.ts";
import { dropPart, keyOf, partFile, readNote } from "./part-note.ts";
import type { Place } from "./place.ts";
import { offerOf } from "./plan.ts";
import {
  changeIndex,
  type FileRecord,
  type FolderRecord,
  namedContent,
  now,
  readIndex,
  type StoreIndex,
  settle,
  swept,
} from "./store-index.ts";
import { progressOf } from "./store-progress.ts";
import { contentHere, keyFor, storedFile, storedFolder } from "./stored.ts";
import type { Patience } from "./transfer.ts";

/** How a store is opened, wherever it lies. */
export interface StoreOptions {
  /** Takes the place of the global function. */
  readonly fetch?: typeof globalThis.fetch;
  /** Where Hugging Face's repositories, or a mirror of them, are. "https://huggingface.co" without it. */
  readonly hub?: string;
  /** The pauses before each try after one that brought nothing. Milliseconds; half a second, doubled, five times. */
  readonly pauses?: readonly number[];
  /** How long no byte may come before the connection counts as cut. Milliseconds; a minute. */
  readonly silence?: number;
}

/** Opens the store at a place: makes its list and its files agree first. */
export async function openStoreAt(place: Place, options: StoreOptions): Promise<ModelStore> {
  await settle(place);
  return storeAt(place, options);
}

/** What `delete` knows a folder by that is not whole. */
const folderKey = ({ address, revision }: FolderRecord): string => keyFor(`folder\n${address}\n${revision}`);

const contentOf = (record: FileRecord | FolderRecord): readonly string[] =>
  "sha256" in record ? [record.sha256] : record.files.map(({ sha256 }) => sha256);

const holds = ({ contents }: StoreIndex, wanted: string): boolean => contents.some(({ sha256 }) => sha256 === wanted);

/** The files that are not whole. */
function parts(place: Place, sizes: ReadonlyMap<string, number>): Promise<UnfinishedModel[]> {
  const keys = new Set([...sizes.keys()].map(keyOf).filter((key) => key !== null));
  const models = [...keys].map(async (key): Promise<UnfinishedModel> => {
    const { name = key.slice(0, 12), address = null, total = null } = (await readNote(place, key)) ?? {};
    return { key, name, address, bytes: sizes.get(partFile(key)) ?? 0, total };
  });
  return Promise.all(models);
}

const newestFirst = (a: { readonly used: string }, b: { readonly used: string }): number =>
  a.used < b.used ? 1 : a.used > b.used ? -1 : 0;

function storeAt(place: Place, options: StoreOptions): ModelStore {
  const hub = (options.hub ?? "https://huggingface.co").replace(/\/+$/, "");
  const patience: Patience = {
    pauses: options.pauses ?? [500, 1000, 2000, 4000, 8000],
    silence: options.silence ?? 60_000,
  };

  /** The model that somebody means. */
  const find = (index: StoreIndex, id: string): FileRecord | FolderRecord | null => {
    const files = index.files.filter(({ name, sha256, address }) => [name, sha256, address].includes(id));
    const folders = index.folders.filter(({ name, address, whole }) => whole && [name, address].includes(id));
    const [found] = [...files, ...folders].sort((a, b) => (a.added < b.added ? 1 : a.added > b.added ? -1 : 0));
    if (found || !index.contents.some(({ sha256 }) => sha256 === id) || !namedContent(index).has(id))
      return found ?? null;
    const inside = index.folders.flatMap((folder) => folder.files).find(({ sha256 }) => sha256 === id);
    return inside ? { ...inside, name: inside.path, address: null, added: now(), used: now() } : null;
  };
  const sought = async (id: string): Promise<FileRecord | FolderRecord> => {
    const index = await readIndex(place);
    const found = find(index, id);
    if (found) return found;
    throw unknownModel(
      id,
      [...index.files, ...index.folders.filter(({ whole }) => whole)].map(({ name }) => name),
    );
  };

  const space = async (bytes = 0): Promise<StoreSpace> => {
    const [sizes, free, persisted] = await Promise.all([place.sizes(), place.free(), place.persisted()]);
    const used = [...sizes.values()].reduce((sum, size) => sum + size, 0);
    return { used, free, missing: free === null ? null : Math.max(0, bytes - free), persisted };
  };

  /** Refuses what has no room before any of it is written. */
  const roomFor = async (name: string, bytes: number): Promise<void> => {
    const { missing, free } = await space(bytes);
    if (missing !== null && missing > 0) throw storageFull(name, bytes, free);
  };

  const here = async (index: StoreIndex, file: Omit<PlannedFile, "here">): Promise<PlannedFile> => {
    const key = keyFor(file.url);
    const content = contentHere(index, { key, sha256: file.sha256, etag: file.etag });
    if (content) return { ...file, bytes: content.bytes, here: content.bytes };
    const begun = (await place.sizes()).get(partFile(key)) ?? 0;
    return { ...file, here: file.bytes === null ? begun : Math.min(begun, file.bytes) };
  };

  return {
    async list() {
      const index = await readIndex(place);
      const folders = index.folders.filter(({ whole }) => whole).map((folder) => storedFolder(index, folder));
      return [...index.files.map((file) => storedFile(index, file)), ...folders].sort(newestFirst);
    },

    async unfinished() {
      const [index, sizes] = [await readIndex(place), await place.sizes()];
      const folders = index.folders
        .filter(({ whole }) => !whole)
        .map((folder): UnfinishedModel => {
          const { name, address, bytes } = storedFolder(index, folder);
          return { key: folderKey(folder), name, address, bytes, total: null };
        });
      return [...folders, ...(await parts(place, sizes))];
    },

    async open(id) {
      const found = await sought(id);
      // When it was used is worth a line, and no failure.
      const touched = <R extends FileRecord | FolderRecord>(record: R): R =>
        record.name === found.name && record.added === found.added ? { ...record, used: now() } : record;
      await changeIndex(place, (index) => ({
        ...index,
        files: index.files.map(touched),
        folders: index.folders.map(touched),
      })).catch(() => undefined);
      if ("sha256" in found) return place.file(found.sha256, found.name);
      return place.folder(
        found.files.map(({ path, sha256 }) => [path, sha256] as const),
        found.name,
      );
    },

    async add(file, given = {}) {
      const record = await fileCopy(place, file, given, roomFor);
      return storedFile(await readIndex(place), record);
    },

    async plan(address, given = {}) {
      const offer = await offerOf(place, hub, address, given);
      const index = await readIndex(place);
      const files = await Promise.all(offer.files.map((file) => here(index, file)));
      const sum = (of: (file: PlannedFile) => number): number | null =>
        files.some(({ bytes }) => bytes === null) ? null : files.reduce((total, file) => total + of(file), 0);
      const missing = sum((file) => (file.bytes ?? 0) - file.here);
      return { ...offer, files, bytes: sum(({ bytes }) => bytes ?? 0), missing, space: await space(missing ?? 0) };
    },

    async download(plan, given = {}) {
      const { signal } = given;
      signal?.throwIfAborted();
      for (const { url, sha256 } of plan.files) {
        if (!URL.canParse(url) || !isSafe(new URL(url), sha256 !== null))
          throw invalid("plan", `The plan names ${JSON.stringify(bare(url))}, from which nothing may be fetched.`);
      }
      const index = await readIndex(place);
      const left = await Promise.all(plan.files.map((file) => here(index, file)));
      await roomFor(
        plan.name,
        left.reduce((sum, { bytes, here: begun }) => sum + Math.max(0, (bytes ?? 0) - begun), 0),
      );
      const progress = progressOf(plan, given);
      const context = { place, patience, signal, token: given.token };
      if (plan.kind === "file") {
        const [file] = plan.files;
        if (!file) throw invalid("plan", `The plan of ${JSON.stringify(plan.name)} has no file.`);
        const record = await fileDownload(context, file, plan, progress.file(0));
        progress.end();
        return storedFile(await readIndex(place), record);
      }
      const record = await folderDownload(plan, context, progress);
      progress.end();
      return storedFolder(await readIndex(place), record);
    },

    async export(id, path) {
      const found = await sought(id);
      const file = "sha256" in found ? found : found.files.find((inside) => inside.path === path);
      if (!file) {
        const paths = "files" in found ? found.files.map((inside) => inside.path).join(", ") : "";
        throw invalid("path", `${JSON.stringify(found.name)} is a folder: name one of its files (${paths}).`);
      }
      const name = "name" in file ? file.name : file.path.slice(file.path.lastIndexOf("/") + 1);
      const blob = await place.blob(file.sha256, name);
      if (!blob) throw unknownModel(id, []);
      return blob;
    },

    async delete(id) {
      const index = await readIndex(place);
      const begun = index.folders.find((folder) => !folder.whole && folderKey(folder) === id);
      const found = find(index, id) ?? begun;
      if (!found) {
        if (!(await parts(place, await place.sizes())).some(({ key }) => key === id)) await sought(id);
        return (await dropPart(place, id)) ? "now" : "later";
      }
      const isFound = (record: FileRecord | FolderRecord): boolean =>
        record.name === found.name && record.added === found.added;
      if (![...index.files, ...index.folders].some(isFound))
        throw invalid("id", `${JSON.stringify(id)} is a file of a folder. Delete the folder.`);
      // First off the list, so that a crash leaves content to be swept and no model without content.
      await changeIndex(place, (now) => ({
        ...now,
        files: now.files.filter((record) => !isFound(record)),
        folders: now.folders.filter((record) => !isFound(record)),
      }));
      const after = await changeIndex(place, (now) => swept(place, now));
      const named = namedContent(after);
      return contentOf(found).every((sha256) => named.has(sha256) || !holds(after, sha256)) ? "now" : "later";
    },

    space,
    persist: () => place.persist(),
  };

  async function folderDownload(
    plan: DownloadPlan,
    context: Parameters<typeof fileDownload>[0],
    progress: ReturnType<typeof progressOf>,
  ): Promise<FolderRecord> {
    const { name, address, revision } = plan;
    const isThis = (folder: FolderRecord): boolean => folder.address === address && folder.revision === revision;
    for (const [n, file] of plan.files.entries()) {
      await fileDownload(context, file, plan, progress.file(n));
    }
    const index = await changeIndex(place, async (before) => {
      // What was downloaded from the same address before has been replaced.
      const folders = before.folders.filter((folder) => folder.address !== address || isThis(folder));
      const ends = folders.map((folder) => (isThis(folder) ? { ...folder, name, whole: true, used: now() } : folder));
      return swept(place, { ...before, folders: ends });
    });
    return index.folders.find(isThis) as FolderRecord;
  }
}
