import type { Pixels } from "../core/pixels.ts";

// What a net learns from. Pairs are read one at a time, so that a hundred thousand of them are never in memory.

/** A map, the picture that it should become, and words for the picture. */
export interface TrainingPair {
  /** What a person knows it by: its picture's path. */
  readonly name: string;
  /** As the net will read it: opaque, in the picture's proportions. */
  readonly map: Pixels;
  readonly picture: Pixels;
  /** May be empty. */
  readonly prompt: string;
}

/** What reading takes. */
export interface PairReading {
  readonly signal?: AbortSignal;
}

/** Pairs by their numbers. */
export interface PairSource {
  /** What a person knows the data by. */
  readonly name: string;
  readonly count: number;
  /** The id of the condition that the maps are of; null where nothing tells. */
  readonly condition: string | null;
  /** What was assumed or left out when it was opened, in sentences for a person. */
  readonly warnings: readonly string[];
  /** The name of a pair, without reading it. */
  nameOf(at: number): string;
  /**
   * Reads a pair. Rejects with `picture-unreadable` or `file-invalid` for a file that is damaged or missing, and with the
   * signal's reason.
   */
  read(at: number, options?: PairReading): Promise<TrainingPair>;
}
