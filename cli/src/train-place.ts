import { readdir, rmdir } from "node:fs/promises";
import { UnderdrawError } from "@underdraw/engine";
import { nodePlace, type TrainingPlace } from "@underdraw/engine/node";
import { misused } from "./failure.ts";

// The folder that a training writes to. What somebody else left there is never written over.

/** The folder of one training. */
export interface TrainingFolder {
  readonly place: TrainingPlace;
  /** The files that were written since it was opened, in order, each once. */
  readonly written: readonly string[];
  /** The newest checkpoint of those there were when it was opened; null where there were none. */
  readonly before: string | null;
  /** The newest checkpoint; null where there is none. */
  newest(): Promise<string | null>;
  /** From now on every writing is refused with this. */
  refuse(reason: Error): void;
  /** Takes the folder away again where nothing is in it. */
  leave(): Promise<void>;
}

/** The step of a checkpoint's file; null for other files. */
export function stepOfCheckpoint(file: string): number | null {
  const digits = /^checkpoint-(\d{6,15})\.safetensors$/.exec(file)?.[1];
  return digits === undefined ? null : Number(digits);
}

const newestOf = (files: readonly string[]): string | null =>
  files
    .filter((file) => stepOfCheckpoint(file) !== null)
    .sort((one, other) => (stepOfCheckpoint(one) ?? 0) - (stepOfCheckpoint(other) ?? 0))
    .at(-1) ?? null;

/**
 * Opens the folder and tries that it can be written. Rejects with `request-invalid` for one that holds files and no
 * checkpoint, and with `file-unwritable` or `storage-full`.
 */
export async function openFolder(out: string): Promise<TrainingFolder> {
  const files = await filesIn(out);
  const before = newestOf(files);
  // Sheets are left by a run that was stopped before its first checkpoint; what begins with a dot is not a person's.
  const isOwn = (file: string): boolean => file.startsWith(".") || /^samples-\d+\.png$/.test(file);
  const foreign = files.find((file) => !isOwn(file));
  if (before === null && foreign !== undefined) {
    const message = `--out "${out}" has files in it (${foreign}) and no checkpoint of a training. Name another folder; one that is missing is made.`;
    throw misused("--out", message);
  }
  const place = nodePlace(out);
  const written: string[] = [];
  let refusal: Error | null = null;
  await place.write(probe, []);
  await place.remove(probe);
  return {
    place: {
      ...place,
      async write(path, pieces) {
        if (refusal) throw refusal;
        await place.write(path, pieces);
        if (!written.includes(path)) written.push(path);
      },
    },
    written,
    before,
    newest: async () => newestOf(await filesIn(out)),
    refuse(reason) {
      refusal = reason;
    },
    async leave() {
      // Refused where something is in it, which is then meant to stay.
      await rmdir(out).catch(() => undefined);
    },
  };
}

/** A file that is written to see whether one can be. */
const probe = ".underdraw";

async function filesIn(out: string): Promise<readonly string[]> {
  try {
    return await readdir(out);
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    if (code === "ENOENT") return [];
    const reason = code === "ENOTDIR" ? "it is a file, or lies in one" : message;
    const text = `Cannot write to "${out}": ${reason}. Name another folder with --out.`;
    throw new UnderdrawError("file-unwritable", text, { file: out, reason }, { cause });
  }
}
