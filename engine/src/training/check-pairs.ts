import { report } from "../call.ts";
import type { MapKind } from "../conditions/map-check.ts";
import { ownDigest } from "../store/digest.ts";
import { polarityOf } from "./map-polarity.ts";
import { type MapRules, mapRules } from "./map-rules.ts";
import type { PairReading, PairSource } from "./pair.ts";
import { faultOf, type PairFault, unfit } from "./pair-fault.ts";
import { lookAt, type PairLook } from "./pair-look.ts";
import { seenKind } from "./seen-kind.ts";
import { alikeOf, duplicates, setFindings } from "./set-findings.ts";
import { fewestPairs } from "./settings.ts";

/** The fewest pairs of which something may be expected. */
const few = 20;
/** From more pairs than this on it is said what they take. */
const many = 20_000;
/** Up to so many pairs each one is read; of more only so many, evenly spread. */
const [readAll, sampled] = [1000, 200];
/** What a text encoder of CLIP's reads, without its begin and its end. */
const usualTokens = 75;
/** How long a check goes on before others have their turn. Milliseconds. */
const turn = 40;

/** What pairs are checked for. */
export interface PairCheck extends PairReading {
  /** The sides that they will be fitted to. Pixels. */
  readonly width: number;
  readonly height: number;
  /** What a net expects of the maps; what their condition's name says without it. */
  readonly kind?: MapKind;
  /** How many tokens a prompt has, begin and end not counted. Without it the length of captions is not looked at. */
  readonly countTokens?: (prompt: string) => number;
  /** How many the text encoder reads at once. @default 75 */
  readonly mostTokens?: number;
  /** Hears how many pairs were read. What it throws is reported and does not stop the check. */
  readonly onProgress?: (progress: { readonly done: number; readonly of: number }) => void;
}

/** What is known of pairs before a net learns from them. */
export interface PairReport {
  readonly count: number;
  /** How many were read: all, or of more than a thousand a sample. */
  readonly read: number;
  /** The numbers of the pairs to use, in order: those that were not found faulty. */
  readonly sound: readonly number[];
  /** Those that are left out, and why. */
  readonly faulty: readonly PairFault[];
  /** What a person should know, in sentences. */
  readonly warnings: readonly string[];
  /** Pairs with the same picture, of those that were read, by their numbers: `splitPairs` keeps them together. */
  readonly alike: readonly (readonly number[])[];
  /** What the maps are: as was said, as their condition's name says, or as most of them look; null where nothing tells. */
  readonly kind: MapKind | null;
  /**
   * SHA-256 of all names and, of the pairs that were read, of picture, map and words, in hex. The order does not count
   * where all were read.
   */
  readonly sha256: string;
}

/**
 * Looks at pairs before a minute is spent on them: what cannot be read, halves that are missing or do not lie on each
 * other, what is too small or empty, polarity, transparency, duplicates, captions. Each is read once; of more than 1000
 * the same 200, evenly spread. Faulty ones are left out and named. Rejects with `training-data` when fewer than 4 pairs
 * are left, or more than a fifth of what was read is faulty, and with what else makes reading impossible.
 */
export async function checkPairs(source: PairSource, check: PairCheck): Promise<PairReport> {
  const { signal, width, height } = check;
  signal?.throwIfAborted();
  const { count } = source;
  if (count < fewestPairs) throw tooFew(source.name, count, []);
  const rules = mapRules(source.condition, check.kind ? { kind: check.kind } : {});
  const { kind } = rules;
  const numbers = numbersOf(count);
  const since = performance.now();
  const { looks, problems } = await readAndLook(source, numbers, rules, check);
  const seconds = (performance.now() - since) / 1000;
  for (const look of looks) {
    const problem = look.problem ?? emptied(look);
    if (problem !== null) problems.set(look.at, problem);
  }
  const polarity = polarityOf(
    looks.filter(({ at }) => !problems.has(at)),
    rules,
  );
  for (const [at, problem] of polarity.problems) problems.set(at, problem);
  const faulty = [...problems].sort(([one], [other]) => one - other);
  const faults = faulty.map(([at, problem]): PairFault => ({ pair: source.nameOf(at), problem }));
  refuse(source.name, { count, read: numbers.length, faults });
  const sound = Array.from({ length: count }, (_, at) => at).filter((at) => !problems.has(at));
  const left = looks.filter(({ at }) => !problems.has(at));
  const questions = {
    ...{ width, height, kind, background: rules.background, nameOf: (at: number) => source.nameOf(at) },
    ...{ countTokens: check.countTokens, mostTokens: check.mostTokens ?? usualTokens },
  };
  return {
    count,
    read: numbers.length,
    sound,
    faulty: faults,
    warnings: [
      ...source.warnings,
      ...(faults.length > 0 ? [`${faults.length} of ${numbers.length} pairs are faulty and left out.`] : []),
      ...amount(sound.length, numbers.length, count, seconds),
      ...polarity.warnings,
      ...setFindings(left, questions),
      ...duplicates(left, questions),
    ],
    alike: alikeOf(left),
    kind: kind ?? seenKind(left),
    sha256: fingerprint(source, looks),
  };
}

/** What leaves nothing of a map, whatever the others are like; null where something is left. */
function emptied({ warnings }: PairLook): string | null {
  const found = warnings.find(({ code }) => code === "map-empty" || code === "map-dark-on-transparent");
  return found ? `${found.message} ${found.remedy}` : null;
}

/** The numbers of the pairs that are read: the first and the last are among them. */
function numbersOf(count: number): number[] {
  if (count <= readAll) return Array.from({ length: count }, (_, at) => at);
  return Array.from({ length: sampled }, (_, at) => Math.floor((at * (count - 1)) / (sampled - 1)));
}

async function readAndLook(
  source: PairSource,
  numbers: readonly number[],
  rules: MapRules,
  { signal, onProgress }: PairCheck,
): Promise<{ readonly looks: readonly PairLook[]; readonly problems: Map<number, string> }> {
  const looks: PairLook[] = [];
  const problems = new Map<number, string>();
  let since = performance.now();
  for (const [index, at] of numbers.entries()) {
    try {
      looks.push(lookAt(at, await source.read(at, signal ? { signal } : {}), rules));
    } catch (error) {
      signal?.throwIfAborted();
      const problem = faultOf(error, source.nameOf(at));
      if (problem === null) throw error;
      problems.set(at, problem);
    }
    try {
      onProgress?.({ done: index + 1, of: numbers.length });
    } catch (error) {
      report(error);
    }
    if (performance.now() - since >= turn) {
      await new Promise<void>((resolve) => setTimeout(resolve));
      since = performance.now();
    }
    signal?.throwIfAborted();
  }
  return { looks, problems };
}

function refuse(
  name: string,
  { count, read, faults }: { readonly count: number; readonly read: number; readonly faults: readonly PairFault[] },
): void {
  if (count - faults.length < fewestPairs) throw tooFew(name, count, faults);
  if (5 * faults.length <= read) return;
  const message = `${faults.length} of ${read} pairs cannot be learnt from, more than a fifth.`;
  throw unfit(message, faults, "Repair these pairs or take them out, and begin again.");
}

function tooFew(name: string, count: number, faults: readonly PairFault[]): Error {
  const remedy = `A net learns from ${fewestPairs} pairs at the least, and something may be expected from ${few} on.`;
  if (faults.length > 0)
    return unfit(
      `Of ${count} pairs ${Math.max(0, count - faults.length)} can be learnt from, too few.`,
      faults,
      remedy,
    );
  const issues = [{ pair: name, problem: `it has ${count} ${count === 1 ? "pair" : "pairs"}, too few.` }];
  return unfit("There are too few pairs to learn from.", issues, remedy);
}

/** What is to be said of how many pairs there are. `seconds` is what reading those that were read took. */
function amount(sound: number, read: number, count: number, seconds: number): string[] {
  const said: string[] = [];
  if (read < count)
    said.push(
      `${read} of the ${count} pairs were looked at, evenly spread; the others are looked at when they are prepared.`,
    );
  if (sound < few)
    said.push(`${sound} pairs are few: the net may learn them by heart. Something may be expected from ${few} on.`);
  if (count > many) {
    const minutes = Math.max(1, Math.round((seconds * count) / read / 60));
    said.push(
      `${count} pairs are many: each is read and encoded once before the first step, and reading them alone takes about ${minutes} min here. A folder with a part of them begins sooner.`,
    );
  }
  return said;
}

/** SHA-256 of all names and of what was seen. */
function fingerprint(source: PairSource, looks: readonly PairLook[]): string {
  const seen = new Map(looks.map((look) => [look.at, look]));
  const lines = Array.from({ length: source.count }, (_, at) => {
    const look = seen.get(at);
    return JSON.stringify([source.nameOf(at), ...(look ? [look.map, look.picture, look.prompt] : [])]);
  });
  const digest = ownDigest();
  const encoder = new TextEncoder();
  for (const line of lines.sort()) digest.update(encoder.encode(`${line}\n`));
  return digest.hex();
}
