import { UnderdrawError } from "../core/errors.ts";
import type { DownloadPlan, PlannedFile } from "./model-store.ts";
import { dropPart, keepNote, type PartNote, partFile, readNote } from "./part-note.ts";
import type { Place } from "./place.ts";
import { changeIndex, type FileRecord, now, readIndex, type StoreIndex } from "./store-index.ts";
import { contentHere, keepContent, keyFor, withFile, withFolderFile } from "./stored.ts";
import { type Patience, transfer } from "./transfer.ts";

/** What all files of a download share. */
export interface DownloadContext {
  readonly place: Place;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
  readonly token?: string | undefined;
}

/**
 * Fetches one file of a plan into the store, unless it is here, and puts it on the list as the plan's model or as a file
 * of it. Whoever fetches the same address at the same time waits, and then finds it.
 */
export function fileDownload(
  { place, patience, signal, token }: DownloadContext,
  file: PlannedFile,
  plan: DownloadPlan,
  onBytes: (loaded: number, total: number | null) => void,
): Promise<FileRecord> {
  const key = keyFor(file.url);
  const { name, address, revision } = plan;

  const work = async (): Promise<FileRecord> => {
    const at = now();
    const recordOf = (sha256: string, etag: string | null): FileRecord => {
      return { name, sha256, address, key, etag, added: at, used: at };
    };
    const listed =
      (sha256: string, etag: string | null) =>
      (index: StoreIndex): StoreIndex =>
        plan.kind === "file"
          ? withFile(index, recordOf(sha256, etag))
          : withFolderFile(
              index,
              { name, address, revision, added: at, used: at },
              { path: file.path, sha256, key, etag },
            );
    const content = contentHere(await readIndex(place), { key, sha256: file.sha256, etag: file.etag });
    if (content) {
      await changeIndex(place, listed(content.sha256, file.etag));
      await dropPart(place, key);
      onBytes(content.bytes, content.bytes);
      return recordOf(content.sha256, file.etag);
    }
    const known = await readNote(place, key);
    const note: PartNote = known ?? { name: file.path, address, etag: null, lastModified: null, total: null };
    const keep = (next: PartNote): Promise<void> => keepNote(place, key, next);
    if (!known) await keep(note);
    const part = await place.part(partFile(key));
    let sha256: string;
    let etag: string | null;
    let bytes: number;
    try {
      const { ask } = place;
      const { url, sha256: expected, bytes: agreed } = file;
      const given = { url, token, sha256: expected, agreed, part, note, keep, ask, patience, signal, onBytes };
      const came = await transfer({ ...given, digest: () => place.digest() });
      sha256 = came.sha256;
      // A commit's file is the same for ever, whatever a mirror calls it.
      etag = revision === null ? came.version.etag : file.etag;
      bytes = part.size;
      await part.flush();
    } catch (error) {
      await part.close();
      if (UnderdrawError.is(error, "model-integrity")) await dropPart(place, key);
      throw error;
    }
    await part.close();
    await keepContent(place, { key, sha256, bytes }, listed(sha256, etag));
    return recordOf(sha256, etag);
  };
  return place.exclusive(key, work, signal);
}
