import { opfsPlace, type TrainingPlace } from "@underdraw/engine/training";
import { type KeptTraining, readDescription } from "./protocol.ts";

// A training in the browser's own storage: its pairs, what was chosen, and its checkpoints. With these a page that was
// closed goes on. There is one at a time. Another is written onto a second shelf, and the one before is taken away when
// that is done: whatever goes wrong in between, one of the two is whole.

const file = "training.json";
const shelves = ["", "-2"] as const;
type Shelf = (typeof shelves)[number];

/** A training that is kept, with the step of its last checkpoint. */
export type FoundTraining = KeptTraining & { readonly step: number };

/** Where one training is kept. */
export interface Keeping {
  /** What is kept; null where nothing is, or nothing whole. */
  found(): Promise<FoundTraining | null>;
  /** Where its checkpoints go. */
  checkpoints(): Promise<TrainingPlace>;
  /** The folder of its pairs. */
  folder(): Promise<string>;
  /** Keeps a training in the place of the one before, which stays where this rejects: `storage-full`, `file-unwritable`. */
  keep(description: KeptTraining, files: readonly (readonly [path: string, file: Blob])[]): Promise<void>;
  /** Writes anew what was chosen. */
  describe(description: KeptTraining): Promise<void>;
  /** Takes the kept training away. Does nothing where there is none, or no storage. */
  forget(): Promise<void>;
  /** Bytes that there is room for; null where nobody tells. */
  room(): Promise<number | null>;
}

/** Keeps a training in folders below one: the browser's own files. */
export function keepingIn(place: (path: string) => TrainingPlace = opfsPlace): Keeping {
  const chosen = place("training/chosen");
  const data = (shelf: Shelf): TrainingPlace => place(`training/data${shelf}`);
  const run = (shelf: Shelf): TrainingPlace => place(`training/run${shelf}`);

  async function read(): Promise<{ readonly description: KeptTraining; readonly shelf: Shelf } | null> {
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
    const { shelf } = value as { readonly shelf?: unknown };
    return { description, shelf: shelves.find((known) => known === shelf) ?? "" };
  }

  const write = (description: KeptTraining, shelf: Shelf): Promise<void> =>
    chosen.write(file, [new TextEncoder().encode(JSON.stringify({ ...description, shelf }))]);

  const now = async (): Promise<Shelf> => (await read())?.shelf ?? "";

  async function empty(shelf: Shelf): Promise<void> {
    for (const at of [run(shelf), data(shelf)])
      for (const path of (await at.list().catch(() => [])).toReversed()) await at.remove(path);
  }

  return {
    async found() {
      const kept = await read();
      if (!kept) return null;
      const paths = await run(kept.shelf).list();
      const steps = paths.map((path) => Number(/^checkpoint-(\d+)\.safetensors$/.exec(path)?.[1] ?? 0));
      return { ...kept.description, step: Math.max(0, ...steps) };
    },
    checkpoints: async () => run(await now()),
    folder: async () => `training/data${await now()}`,
    async keep(description, files) {
      const before = (await read())?.shelf;
      const shelf = before === "" ? "-2" : "";
      // What a page left that was closed meanwhile.
      await empty(shelf);
      try {
        for (const [path, blob] of files) await data(shelf).write(path, piecesOf(blob));
        // From here on it is this one that is kept.
        await write(description, shelf);
      } catch (error) {
        await empty(shelf).catch(() => undefined);
        throw error;
      }
      // What another page has open stays until the next time.
      if (before !== undefined) await empty(before).catch(() => undefined);
    },
    describe: async (description) => write(description, await now()),
    async forget() {
      for (const path of await chosen.list().catch(() => [])) await chosen.remove(path);
      for (const shelf of shelves) await empty(shelf);
    },
    room: () => run("").free(),
  };
}

/** A file's bytes as they come. Safari goes through no stream by itself. */
async function* piecesOf(file: Blob): AsyncGenerator<Uint8Array> {
  const reader = file.stream().getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) yield next.value;
}

/** The files of a folder of the browser's own, by their paths inside it: not read yet. */
export async function ownFilesOf(folder: string): Promise<[path: string, file: Blob][]> {
  const files: [string, Blob][] = [];
  const within = async (segments: readonly string[]): Promise<FileSystemDirectoryHandle> => {
    let at = await navigator.storage.getDirectory();
    for (const segment of segments) at = await at.getDirectoryHandle(segment);
    return at;
  };
  for (const path of await opfsPlace(folder).list()) {
    const segments = path.split("/");
    const at = await within([...folder.split("/"), ...segments.slice(0, -1)]);
    files.push([path, await (await at.getFileHandle(segments.at(-1) as string)).getFile()]);
  }
  return files;
}
