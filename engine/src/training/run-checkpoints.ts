import {
  type Checkpoint,
  type CheckpointRun,
  KEPT,
  keptWith,
  readCheckpoint,
  type SavedCheckpoint,
  writeCheckpoint,
} from "./checkpoint.ts";
import { checkpointVersion } from "./checkpoint-schema.ts";
import type { Learner } from "./learner.ts";
import { noRoom } from "./place-writing.ts";
import type { TrainingPlace } from "./training-place.ts";

// The checkpoints of one run. Where a place holds another training's, they go to a folder of their own in it, so that
// neither is ever written over by the other.

/** What was found in a place. */
export interface FoundCheckpoints {
  readonly checkpoints: RunCheckpoints;
  /** The newest of this run, open; null where it has none. */
  readonly saved: SavedCheckpoint | null;
  /** Why others were passed over, in sentences. */
  readonly warnings: readonly string[];
}

/** Where a run keeps what it learnt. Without a place it keeps nothing. */
export class RunCheckpoints {
  readonly #place: TrainingPlace | null;
  readonly #folder: string;
  /** How many were there. */
  readonly #kept: number;
  /** The step of the newest; 0 where there is none. */
  #step: number;
  #path: string | null;

  private constructor(place: TrainingPlace | null, folder: string, saved: SavedCheckpoint | null, kept: number) {
    this.#place = place;
    this.#folder = folder;
    this.#kept = kept;
    this.#step = saved?.checkpoint.step ?? 0;
    this.#path = saved && folder + saved.path;
  }

  /** Looks for a run's checkpoints. */
  static async find(place: TrainingPlace | null, run: CheckpointRun): Promise<FoundCheckpoints> {
    if (!place) return { checkpoints: new RunCheckpoints(null, "", null, 0), saved: null, warnings: [] };
    const warnings: string[] = [];
    for (let n = 1; ; n++) {
      const folder = n === 1 ? "" : `run-${n}/`;
      const own = inside(place, folder);
      const found = await readCheckpoint(own, { of: run });
      warnings.push(...found.warnings);
      // A folder that holds none is free for this run.
      if (found.saved || !(await own.list()).some((path) => /^checkpoint-[^/]*$/.test(path))) {
        const kept = found.saved ? await keptWith(own, found.saved) : 0;
        return { checkpoints: new RunCheckpoints(own, folder, found.saved, kept), saved: found.saved, warnings };
      }
    }
  }

  /** The path of the newest; null where there is none. */
  get path(): string | null {
    return this.#path;
  }

  /**
   * Rejects with `storage-full` where the place tells that it has no room for what will be missing: of those that a run
   * writes, each of so many bytes, the first ones until as many lie there as are kept. Later ones take the place of the oldest.
   */
  async requireRoom(bytes: number, { writes }: { readonly writes: number }): Promise<void> {
    const free = (await this.#place?.free()) ?? null;
    const needed = bytes * Math.min(writes, KEPT - this.#kept);
    if (free !== null && free < needed) throw noRoom(`${this.#place?.name}/checkpoint`, { needed, free });
  }

  /** Whether a step has yet to be written. */
  lacks(step: number): boolean {
    return this.#place !== null && step !== this.#step;
  }

  /** Writes where a run stands, if that is not written yet, and gives the newest one's path. Rejects as `writeCheckpoint`. */
  async save(state: Omit<Checkpoint, "version">, learner: Learner): Promise<string | null> {
    if (!this.#place || !this.lacks(state.step)) return this.#path;
    const tensors = learner.state.map(({ name, dims }) => ({ name, dims, read: () => learner.read(name) }));
    const path = await writeCheckpoint(this.#place, { version: checkpointVersion, ...state }, tensors);
    this.#path = this.#folder + path;
    this.#step = state.step;
    return this.#path;
  }
}

/** A folder of a place as a place; `folder` ends with a slash, or is empty for the place itself. */
function inside(place: TrainingPlace, folder: string): TrainingPlace {
  if (folder === "") return place;
  return {
    name: `${place.name}/${folder.slice(0, -1)}`,
    write: (path, pieces) => place.write(folder + path, pieces),
    open: (path) => place.open(folder + path),
    list: async () =>
      (await place.list()).filter((path) => path.startsWith(folder)).map((path) => path.slice(folder.length)),
    remove: (path) => place.remove(folder + path),
    free: () => place.free(),
  };
}
