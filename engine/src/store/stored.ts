import { ownDigest } from "./digest.ts";
import type { StoredFile, StoredFolder } from "./model-store.ts";
import { dropPart, partFile } from "./part-note.ts";
import type { Place } from "./place.ts";
import { changeIndex, type FileRecord, type FolderRecord, type StoreIndex } from "./store-index.ts";

/** What stands for an address or another text in names of files and locks: its SHA-256. It may hold keys itself. */
export function keyFor(text: string): string {
  const digest = ownDigest();
  digest.update(new TextEncoder().encode(text));
  return digest.hex();
}

const sizeOf = ({ contents }: StoreIndex, sha256: string): number =>
  contents.find((content) => content.sha256 === sha256)?.bytes ?? 0;

/** A model of one file, as it is shown. */
export function storedFile(index: StoreIndex, { name, sha256, address, etag, added, used }: FileRecord): StoredFile {
  return { kind: "file", name, sha256, bytes: sizeOf(index, sha256), address, etag, added, used };
}

/** A model of several files, as it is shown. */
export function storedFolder(index: StoreIndex, folder: FolderRecord): StoredFolder {
  const { name, address, revision, added, used } = folder;
  const files = folder.files.map(({ path, sha256 }) => ({ path, sha256, bytes: sizeOf(index, sha256) }));
  const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
  return { kind: "folder", name, address, revision, bytes, files, added, used };
}

/**
 * The content that a file has, where it is here: by its SHA-256, or, where that is not known, by the address and the ETag
 * that it came from.
 */
export function contentHere(
  { contents, files, folders }: StoreIndex,
  { key, sha256, etag }: { readonly key: string; readonly sha256: string | null; readonly etag: string | null },
): StoreIndex["contents"][number] | null {
  const came = [...files, ...folders.flatMap((folder) => folder.files)];
  const same = etag === null ? undefined : came.find((file) => file.key === key && file.etag === etag);
  const wanted = sha256 ?? same?.sha256;
  return contents.find((content) => content.sha256 === wanted) ?? null;
}

/** Takes a part that is whole in as content, in the same moment in which a model names it. */
export async function keepContent(
  place: Place,
  { key, sha256, bytes }: { readonly key: string; readonly sha256: string; readonly bytes: number },
  record: (index: StoreIndex) => StoreIndex,
): Promise<void> {
  await changeIndex(place, async (index) => {
    const sizes = await place.sizes();
    // Content that is here may be read just now, and is the same.
    if (sizes.get(sha256) !== bytes) await place.rename(partFile(key), sha256);
    const others = index.contents.filter((content) => content.sha256 !== sha256);
    return record({ ...index, contents: [...others, { sha256, bytes }] });
  });
  await dropPart(place, key);
}

/** The list with a model of one file, in place of one of the same name and content. */
export function withFile(index: StoreIndex, record: FileRecord): StoreIndex {
  const others = index.files.filter(({ name, sha256 }) => name !== record.name || sha256 !== record.sha256);
  return { ...index, files: [...others, record] };
}

/** The list with a file of a model that is coming in. */
export function withFolderFile(
  index: StoreIndex,
  folder: Omit<FolderRecord, "files" | "whole">,
  file: FolderRecord["files"][number],
): StoreIndex {
  const is = ({ address, revision }: FolderRecord): boolean =>
    address === folder.address && revision === folder.revision;
  const before = index.folders.find(is) ?? { ...folder, whole: false, files: [] };
  const files = [...before.files.filter(({ path }) => path !== file.path), file];
  return { ...index, folders: [...index.folders.filter((other) => !is(other)), { ...before, files }] };
}
