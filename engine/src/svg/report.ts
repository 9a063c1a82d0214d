/** Something that drawings may hold and that is not drawn here. */
export interface SvgSkipped {
  /** An element's or a feature's name, such as `filter`, `textPath` or `external reference`. */
  readonly what: string;
  /** How often it was met. */
  readonly count: number;
}

/** What of a file is not in its scene, or is only nearly so. */
export interface SvgReport {
  /** In the order in which they were met first. */
  readonly skipped: readonly SvgSkipped[];
  /** What was decided on the way, a sentence each. */
  readonly notes: readonly string[];
}

/** A report that is being written. */
export interface Reporter {
  /** Counts something that is not drawn. */
  skip(what: string, count?: number): void;
  /** Adds a sentence, once. */
  note(sentence: string): void;
  done(): SvgReport;
}

/** How many kinds and sentences a report holds: a file of nothing but oddities needs no longer one. */
const longest = 100;

/** Begins a report. */
export function createReport(): Reporter {
  const skipped = new Map<string, number>();
  const notes = new Set<string>();
  return {
    skip(what, count = 1) {
      const name = what.length > 80 ? `${what.slice(0, 79)}…` : what;
      if (skipped.has(name) || skipped.size < longest) skipped.set(name, (skipped.get(name) ?? 0) + count);
    },
    note(sentence) {
      if (notes.size < longest) notes.add(sentence);
    },
    done: () => ({ skipped: [...skipped].map(([what, count]) => ({ what, count })), notes: [...notes] }),
  };
}

/** A report that nobody reads: what is measured on the way must not count twice. */
export const silent: Reporter = { skip() {}, note() {}, done: () => ({ skipped: [], notes: [] }) };
