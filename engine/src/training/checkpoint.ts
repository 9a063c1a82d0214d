import { UnderdrawError } from "../core/errors.ts";
import { parseObject } from "../models/json.ts";
import { fileInvalid, quoted } from "../models/refusal.ts";
import { openSafetensors, type Safetensors, type TensorEntry } from "../models/safetensors.ts";
import { findNotFinite } from "../models/short-floats.ts";
import { writeSafetensors } from "../models/write-safetensors.ts";
import { inWords } from "../wording.ts";
import { checkpointSchema, type checkpointVersion } from "./checkpoint-schema.ts";
import { noRoom } from "./place-writing.ts";
import type { TrainingReport } from "./training.ts";
import type { TrainingPlace } from "./training-place.ts";

// What a run needs to go on to the same numbers, in one file: weights and AdamW's moments as tensors, all else as their
// metadata. One file is whole or not there; two could be of two steps.

/** Everything about a run but its numbers. */
export interface Checkpoint
  extends Pick<
    TrainingReport,
    | "settings"
    | "mode"
    | "width"
    | "height"
    | "batch"
    | "data"
    | "condition"
    | "curve"
    | "measures"
    | "seconds"
    | "lockedBefore"
    | "firstDifference"
  > {
  readonly version: typeof checkpointVersion;
  /** Steps that are done. */
  readonly step: number;
  /** Of the low-rank parts; null where none are. */
  readonly rank: number | null;
  /** What tells the base from others, and the net that was gone on from; null for a fresh copy. */
  readonly base: string;
  readonly from: string | null;
}

/** What decides whether a run may go on from a checkpoint. */
export type CheckpointRun = Pick<
  Checkpoint,
  "settings" | "mode" | "rank" | "width" | "height" | "batch" | "data" | "condition" | "base" | "from"
>;

/** A weight ("p.NAME"), one of its moments ("m.NAME", "v.NAME") or its mean ("mean.NAME"). */
export interface CheckpointTensor {
  readonly name: string;
  readonly dims: readonly number[];
  /** Its numbers. Only those of one tensor are asked for at a time. */
  read(): Float32Array | Promise<Float32Array>;
}

/** An open checkpoint. */
export interface SavedCheckpoint {
  readonly path: string;
  readonly checkpoint: Checkpoint;
  /** The sides of its tensors, by the names that they were written under. */
  readonly tensors: ReadonlyMap<string, readonly number[]>;
  /** A tensor's numbers. */
  read(name: string): Float32Array<ArrayBuffer>;
  /** May be called twice. A file must be closed before it can be removed everywhere. */
  close(): void;
}

/** How many checkpoints of a run are kept. */
export const KEPT = 2;
/** The word under which a file's metadata holds what a checkpoint says of itself. */
const WORD = "underdraw.checkpoint";
/** Numbers that are looked through at once. */
const CHUNK = 1 << 18;

const pathOf = (step: number): string => `checkpoint-${String(step).padStart(6, "0")}.safetensors`;
const stepOf = (path: string): number | null => {
  const digits = /^checkpoint-(\d{6,15})\.safetensors$/.exec(path)?.[1];
  return digits !== undefined && pathOf(Number(digits)) === path ? Number(digits) : null;
};

/**
 * Writes a checkpoint and gives its path. Older ones of the same run are removed but for the last, after it is written or,
 * where there is no room for three, before; those of other runs stay. Rejects with `storage-full` before anything is written where the place tells that there is no room, `file-unwritable`,
 * `weights-not-finite`; with a TypeError or RangeError for what could not be read again. The newest of the checkpoints before
 * is still there then.
 */
export async function writeCheckpoint(
  place: TrainingPlace,
  checkpoint: Checkpoint,
  tensors: Iterable<CheckpointTensor>,
): Promise<string> {
  const sound = checkpointSchema.safeParse(checkpoint, inWords);
  if (!sound.success) {
    const [issue] = sound.error.issues;
    throw new RangeError(`A checkpoint's ${issue?.path.join(".")} cannot be written: ${issue?.message}`);
  }
  const path = pathOf(checkpoint.step);
  const all = [...tensors];
  const problem = incomplete(new Map(all.map(({ name, dims }) => [name, dims])));
  if (problem) throw new TypeError(`A checkpoint cannot be written: ${problem}.`);
  const file = writeSafetensors(
    path,
    all.map(({ name, dims, read }) => ({ name, shape: dims, precision: "float32", read })),
    { metadata: { format: "pt", [WORD]: JSON.stringify(sound.data) } },
  );
  const write = async (): Promise<void> => {
    const free = await place.free();
    if (free !== null && free < file.size) throw noRoom(`${place.name}/${path}`, { needed: file.size, free });
    await place.write(path, file.pieces());
  };
  await write().catch(async (error: unknown) => {
    const isFull = UnderdrawError.is(error, "storage-full");
    // One that is whole is enough to go on from: what is older makes room.
    if (!isFull || !(await isWhole(place, checkpoint)) || (await removeOlder(place, checkpoint)) === 0) throw error;
    await write();
  });
  await removeOlder(place, checkpoint);
  return path;
}

/** What a set of tensors lacks to be a checkpoint's, as a clause; null for a whole one. */
function incomplete(tensors: ReadonlyMap<string, readonly number[]>): string | null {
  const sides = (name: string) => JSON.stringify(tensors.get(name));
  let [weights, means] = [0, 0];
  for (const name of tensors.keys()) {
    const [, kind, inner] = /^(p|m|v|mean)\.(.+)$/s.exec(name) ?? [];
    if (kind === undefined) return `the tensor ${quoted(name)} is neither weight, moment nor mean`;
    if (kind === "p") weights++;
    if (kind === "mean") means++;
    for (const other of ["p", "m", "v"])
      if (sides(name) !== sides(`${other}.${inner}`)) return `${quoted(`${other}.${inner}`)} is not as ${quoted(name)}`;
  }
  if (weights === 0) return "it has no weights";
  return means === 0 || means === weights ? null : `${means} of ${weights} weights have means`;
}

/** The steps of a place's checkpoints, newest first. */
const stepsIn = async (place: TrainingPlace): Promise<readonly number[]> =>
  (await place.list())
    .map(stepOf)
    .filter((step) => step !== null)
    .sort((a, b) => b - a);

/** The steps of the checkpoints of a run before a step, newest first. */
async function stepsBefore(place: TrainingPlace, step: number, run: CheckpointRun): Promise<readonly number[]> {
  const steps: number[] = [];
  for (const earlier of await stepsIn(place)) {
    if (earlier >= step) continue;
    // One that cannot be read may be a newer program's.
    const old = await opened(place, earlier).catch(() => null);
    old?.file.close();
    if (old && matches(old.checkpoint, run) === null) steps.push(earlier);
  }
  return steps;
}

/** Removes what is older than a checkpoint and the one before it. Gives how many went. */
async function removeOlder(place: TrainingPlace, newest: Checkpoint): Promise<number> {
  let removed = 0;
  for (const step of (await stepsBefore(place, newest.step, newest)).slice(KEPT - 1))
    await place.remove(pathOf(step)).then(
      () => removed++,
      // One that somebody reads cannot be removed everywhere. The next checkpoint tries it again.
      () => undefined,
    );
  return removed;
}

/** Whether the one before a checkpoint could be gone on from, to its last number. */
async function isWhole(place: TrainingPlace, newest: Checkpoint): Promise<boolean> {
  const [step] = await stepsBefore(place, newest.step, newest);
  const before = step === undefined ? null : await opened(place, step);
  try {
    if (before) checkNumbers(before.file);
    return before !== null;
  } catch {
    return false;
  } finally {
    before?.file.close();
  }
}

/** How many checkpoints of a run a place has that are kept, the newest one among them. */
export async function keptWith(place: TrainingPlace, { checkpoint }: SavedCheckpoint): Promise<number> {
  const older = await stepsBefore(place, checkpoint.step, checkpoint);
  return Math.min(KEPT, 1 + older.length);
}

/**
 * Opens the newest checkpoint of a place that is sound and, with `of`, belongs to that run. Why others were passed over is
 * told in `warnings`, sentences for a person.
 */
export async function readCheckpoint(
  place: TrainingPlace,
  { of }: { readonly of?: CheckpointRun } = {},
): Promise<{ readonly saved: SavedCheckpoint | null; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  for (const step of await stepsIn(place)) {
    let file: Safetensors | null = null;
    try {
      const found = await opened(place, step);
      if (!found) continue;
      file = found.file;
      const reason = of ? matches(found.checkpoint, of) : null;
      if (reason === null) {
        checkNumbers(file);
        return { saved: savedOf(found.checkpoint, file), warnings };
      }
      warnings.push(`${quoted(pathOf(step))} was left where it is: it belongs to another training. ${reason}`);
    } catch (error) {
      if (!UnderdrawError.is(error)) throw error;
      warnings.push(`${quoted(pathOf(step))} was passed over. ${error.message}`);
    }
    file?.close();
  }
  return { saved: null, warnings };
}

function savedOf(checkpoint: Checkpoint, file: Safetensors): SavedCheckpoint {
  const { tensors } = file;
  return {
    path: pathOf(checkpoint.step),
    checkpoint,
    tensors: new Map([...tensors.values()].map(({ name, shape }) => [name, shape])),
    read(name) {
      const entry = tensors.get(name);
      if (!entry) throw new RangeError(`The checkpoint of step ${checkpoint.step} has no tensor ${quoted(name)}.`);
      const bytes = new Uint8Array(entry.bytes);
      file.read(bytes, entry.at);
      return new Float32Array(bytes.buffer);
    },
    close: () => file.close(),
  };
}

/** Opens a file and reads what it says of itself; null when it went meanwhile. */
async function opened(
  place: TrainingPlace,
  step: number,
): Promise<{ readonly checkpoint: Checkpoint; readonly file: Safetensors } | null> {
  const source = await place.open(pathOf(step));
  if (!source) return null;
  try {
    const file = openSafetensors(source);
    const text = file.metadata.get(WORD);
    if (text === undefined) throw fileInvalid(file.name, "no checkpoint of a training is in it.");
    const result = checkpointSchema.safeParse(parseObject(file.name, text), inWords);
    if (!result.success) {
      const [issue] = result.error.issues;
      throw fileInvalid(
        file.name,
        `what it says of itself is wrong at ${quoted(issue?.path.join("."))} (${issue?.message}).`,
      );
    }
    if (result.data.step !== step)
      throw fileInvalid(file.name, `it is of step ${result.data.step}. Give it that name.`);
    const foreign = [...file.tensors.values()].find(({ dtype }) => dtype !== "F32");
    if (foreign) throw fileInvalid(file.name, `its tensor ${quoted(foreign.name)} is ${foreign.dtype} and not F32.`);
    const problem = incomplete(new Map([...file.tensors].map(([name, { shape }]) => [name, shape])));
    if (problem) throw fileInvalid(file.name, `${problem}.`);
    return { checkpoint: result.data, file };
  } catch (error) {
    source.close();
    throw error;
  }
}

/** Looks through all numbers: each finite, no second moment below 0. Throws `file-invalid`. */
function checkNumbers(file: Safetensors): void {
  const bytes = new Uint8Array(4 * CHUNK);
  const look = ({ name, at, bytes: length }: TensorEntry): void => {
    for (let done = 0; done < length; done += bytes.length) {
      const piece = bytes.subarray(0, Math.min(bytes.length, length - done));
      file.read(piece, at + done);
      const values = new Float32Array(piece.buffer, 0, piece.length / 4);
      const wrong =
        findNotFinite(new Uint32Array(piece.buffer, 0, values.length)) >= 0 ||
        (name.startsWith("v.") && values.some((value) => value < 0));
      if (wrong) throw fileInvalid(file.name, `its tensor ${quoted(name)} has numbers that no training leaves.`);
    }
  };
  for (const entry of file.tensors.values()) look(entry);
}

/** Settings that change when a run ends, or what is seen of it, and none of its numbers. */
const free: ReadonlySet<string> = new Set(["steps", "minutes", "measureEvery", "checkpointEvery", "sampleSteps"]);

/**
 * Why a checkpoint is not one of this run, in a sentence; null when going on from it gives the numbers that the run without
 * an end would have given.
 */
export function matches(checkpoint: CheckpointRun, run: CheckpointRun): string | null {
  const differs = (what: string, then: unknown, now: unknown): string =>
    `It was trained with ${what} ${then ?? "left out"}, and now it is ${now ?? "left out"}.`;
  if (checkpoint.data !== run.data) return "It learnt from other pairs, or from these before they were changed.";
  if (checkpoint.base !== run.base) return "It was trained on another base.";
  if (checkpoint.from !== run.from) return "It was begun from another net.";
  // It decides how maps are scaled, mirrored and moved.
  for (const key of ["condition", "mode", "rank", "width", "height", "batch"] as const)
    if (checkpoint[key] !== run[key]) return differs(key, checkpoint[key], run[key]);
  const names = Object.keys({ ...checkpoint.settings, ...run.settings }) as (keyof Checkpoint["settings"])[];
  for (const name of names)
    if (!free.has(name) && checkpoint.settings[name] !== run.settings[name])
      return differs(name, checkpoint.settings[name], run.settings[name]);
  return null;
}
