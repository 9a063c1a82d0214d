import { opfsPlace, type TrainingPlace } from "@underdraw/engine/training";
import { type KeptTraining, readDescription } from "./protocol.ts";

// A training in the browser's own storage: its pairs, what was chosen, and its checkpoints. With these a page that was
// closed goes on. There is one at a time.

const [data, run, chosen] = [opfsPlace("training/data"), opfsPlace("training/run"), opfsPlace("training/chosen")];
const file = "training.json";

/** Where the checkpoints go. */
export const checkpoints: TrainingPlace = run;

/** What is kept, with the step of its last checkpoint; null where nothing is, or nothing whole. */
export async function keptTraining(): Promise<(KeptTraining & { readonly step: number }) | null> {
  const source = await chosen.open(file);
  if (!source) return null;
  const bytes = new Uint8Array(source.size);
  source.read(bytes, 0);
  source.close();
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null; // another program wrote it
  }
  const description = readDescription(value);
  if (!description) return null;
  const steps = (await run.list()).map((path) => Number(/^checkpoint-(\d+)\.safetensors$/.exec(path)?.[1] ?? 0));
  return { ...description, step: Math.max(0, ...steps) };
}

/** The kept pairs, as they were dropped. */
export async function keptFiles(): Promise<[path: string, file: Blob][]> {
  const files: [string, Blob][] = [];
  const root = await navigator.storage.getDirectory();
  for (const path of await data.list()) {
    let folder = await (await root.getDirectoryHandle("training")).getDirectoryHandle("data");
    const segments = path.split("/");
    for (const segment of segments.slice(0, -1)) folder = await folder.getDirectoryHandle(segment);
    files.push([path, await (await folder.getFileHandle(segments.at(-1) as string)).getFile()]);
  }
  return files;
}

/** Keeps a training instead of the one before. Rejects with `storage-full` or `file-unwritable`. */
export async function keepTraining(
  description: KeptTraining,
  files: readonly (readonly [path: string, file: Blob])[],
): Promise<void> {
  await forgetTraining();
  for (const [path, blob] of files) await data.write(path, blob.stream() as unknown as AsyncIterable<Uint8Array>);
  // Written last: without it there is no training.
  await describeTraining(description);
}

/** Writes anew what was chosen. */
export async function describeTraining(description: KeptTraining): Promise<void> {
  await chosen.write(file, [new TextEncoder().encode(JSON.stringify(description))]);
}

/** Takes the kept training away. Does nothing where there is none, or no storage. */
export async function forgetTraining(): Promise<void> {
  for (const place of [chosen, run, data])
    for (const path of (await place.list().catch(() => [])).toReversed()) await place.remove(path);
}

/** Bytes that there is room for; null where nobody tells. */
export const roomLeft = (): Promise<number | null> => run.free();
