import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, realpath, rm, stat, statfs } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, parse, relative, sep } from "node:path";
import { setImmediate } from "node:timers/promises";
import { UnderdrawError } from "../core/errors.ts";
import { type Graph, type Weight, type Weights, weightSize } from "../graph/graph.ts";
import { type Location, onnxBytes } from "../graph/onnx.ts";
import { textOf } from "./failure.ts";

// How weights reach onnxruntime-node without lying in memory. It takes no array of our making, and copies real ones:
// a load from memory peaked at 3.2 times the weights. From files it maps each tensor and unmaps it when it is repacked.
// So a weight that lies in a file of the disk as it is wanted is mapped where it lies; the others are written to a
// temporary folder in the graph's precision, one by one, loaded, and taken away again. Measured with 1.30.0 on the whole
// Stable Diffusion 1.5 UNet in float32 (3.3 GB), all of it written: 4 MB of JavaScript heap, and a peak of 0.8 times the
// weights. The worst net, convolutions of 8 to 32 MB only, peaks at 2.1 times, because glibc keeps freed blocks of that
// size; a process started with MALLOC_MMAP_THRESHOLD_=1048576 is at 1.1 times.

const PREFIX = "underdraw-weights-";

/** Linux's number for a file system in memory (linux/magic.h, TMPFS_MAGIC): weights there would take memory twice. */
const TMPFS = 0x01021994;

/** Maps begin on pages; 64 KiB is the largest unit that a system of ours maps in (Windows' allocation granularity). */
const PAGE = 65536;

/** A folder that a process left behind is taken away when it is this old and the process is gone. Milliseconds. */
const STALE = 3_600_000;

/** A model whose weights lie in files. */
export interface WrittenModel {
  /** The model without its weights. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** The folder that the places of its weights are told from. */
  readonly folder: string;
  /** Takes away what was written; false where the system keeps it while it is mapped. */
  remove(): Promise<boolean>;
}

/** The options that the session of such a model is made with. */
export function inFiles<Options extends object>(
  { folder }: Pick<WrittenModel, "folder">,
  options: Options,
): Options & { extra: Record<string, unknown> } {
  const { extra }: { readonly extra?: Readonly<Record<string, unknown>> } = options;
  const session = { ...(extra?.["session"] as object), model_external_initializers_file_folder_path: folder };
  return { ...options, extra: { ...extra, session } };
}

async function scratchFolder(): Promise<string> {
  const usual = tmpdir();
  const inMemory = async (folder: string) => (await statfs(folder)).type === TMPFS;
  if (process.env["TMPDIR"] === undefined && (await inMemory(usual).catch(() => false)))
    return (await inMemory("/var/tmp").catch(() => true)) ? usual : "/var/tmp";
  return usual;
}

function isRunning(id: number): boolean {
  try {
    process.kill(id, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

/** Takes away what processes that were killed while they loaded have left. */
export async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const id = Number(new RegExp(`^${PREFIX}(\\d+)-`).exec(name)?.[1]);
    if (!Number.isInteger(id) || isRunning(id)) continue;
    const path = join(folder, name);
    if (Date.now() - (await stat(path)).mtimeMs > STALE) await rm(path, { recursive: true, force: true });
  }
}

let swept: Promise<void> | undefined;

const unwritable = (folder: string, reason: string, cause?: unknown): UnderdrawError<"file-unwritable"> =>
  new UnderdrawError(
    "file-unwritable",
    `The weights could not be laid out in ${folder}: ${reason}. Make room there, or name another folder in TMPDIR.`,
    { file: folder, reason },
    { cause },
  );

/** A graph as a model whose weights lie in files, one weight in memory at a time. */
export async function writeWeights(graph: Graph, weights: Weights, signal?: AbortSignal): Promise<WrittenModel> {
  const usual = await scratchFolder();
  const parent = await realpath(usual).catch((error) => {
    throw unwritable(usual, textOf(error), error);
  });
  swept ??= sweep(parent).catch(() => {});
  await swept;
  // Places are told from the root of one disk. Elsewhere, on another drive of Windows, weights are written.
  const { root } = parse(parent);
  const from = (path: string): string => relative(root, path).split(sep).join("/");
  /** With what checks a weight that is mapped where it lies; null for one that is written. */
  const places = new Map<Weight, Location & { readonly check: (() => void) | null }>();
  const folder = join(parent, `${PREFIX}${process.pid}-${randomUUID()}`);
  let end = 0;
  for (const weight of graph.weights) {
    const bytes = weightSize(weight, graph.precision);
    const place = weights.place?.(weight, graph.precision) ?? null;
    if (place && parse(place.path).root === root) {
      places.set(weight, { file: from(place.path), offset: place.at, bytes, check: place.check });
    } else {
      places.set(weight, { file: from(join(folder, "weights.bin")), offset: end, bytes, check: null });
      end = Math.ceil((end + bytes) / PAGE) * PAGE;
    }
  }
  const free = await statfs(parent).catch(() => null);
  if (free && free.bavail * free.bsize < end) {
    const [needed, there] = [end, free.bavail * free.bsize].map((bytes) => Math.ceil(bytes / 1e6));
    throw unwritable(parent, `${graph.name} needs ${needed} MB and ${there} MB are free`);
  }
  const remove = (): Promise<boolean> =>
    rm(folder, { recursive: true, force: true }).then(
      () => true,
      () => false,
    );
  try {
    await mkdir(folder, { mode: 0o700 }).catch((error) => {
      throw unwritable(parent, textOf(error), error);
    });
    const file = await open(join(folder, "weights.bin"), "w");
    try {
      let scratch = new Uint8Array(0);
      for (const [weight, { offset, bytes, check }] of places) {
        signal?.throwIfAborted();
        if (check) {
          // A damaged file is refused now.
          check();
          await setImmediate();
          continue;
        }
        if (scratch.length < bytes) scratch = new Uint8Array(bytes);
        const view = scratch.subarray(0, bytes);
        weights.read(weight, graph.precision, view);
        // Asynchronous, so that an abort is heard between two weights.
        for (let at = 0; at < bytes; ) {
          const { bytesWritten } = await file.write(view, at, bytes - at, offset + at).catch((error) => {
            throw unwritable(parent, textOf(error), error);
          });
          at += bytesWritten;
        }
      }
    } finally {
      await file.close();
    }
    signal?.throwIfAborted();
    const locate = (weight: Weight): Location => {
      const place = places.get(weight);
      if (!place) throw new RangeError(`"${weight.name}" is no weight of ${graph.name}.`);
      return place;
    };
    return { bytes: onnxBytes(graph, locate), folder: root, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}
