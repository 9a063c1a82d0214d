import * as z from "zod/mini";
import type { Place } from "./place.ts";

// What is known of a file that is not whole: it lies beside the part as KEY.json, the part as KEY.part.

const partNote = z.object({
  name: z.string(),
  address: z.nullable(z.string()),
  etag: z.nullable(z.string()),
  lastModified: z.nullable(z.string()),
  total: z.nullable(z.int().check(z.minimum(0))),
});

/** What is known of a file that is not whole: its version and how many bytes it has. */
export type PartNote = z.output<typeof partNote>;

/** The name of a part, and of the note beside it. */
export const partFile = (key: string): string => `${key}.part`;
const noteFile = (key: string): string => `${key}.json`;

/** The key that a part's name stands for; null for the name of another file. */
export const keyOf = (file: string): string | null => /^([0-9a-f]{64})\.(?:part|json)$/.exec(file)?.[1] ?? null;

/** Reads a note; null where there is none, or none that is sound: then nothing is known of the part. */
export async function readNote(place: Place, key: string): Promise<PartNote | null> {
  try {
    const result = partNote.safeParse(JSON.parse((await place.text(noteFile(key))) ?? "null"));
    return result.success ? result.data : null;
  } catch {
    return null;
  }
}

/** Writes a note. */
export const keepNote = (place: Place, key: string, note: PartNote): Promise<void> =>
  place.replace(noteFile(key), JSON.stringify(note));

/** Deletes a part and its note. False when somebody has it open. */
export async function dropPart(place: Place, key: string): Promise<boolean> {
  return (await place.remove(partFile(key))) && (await place.remove(noteFile(key)));
}
