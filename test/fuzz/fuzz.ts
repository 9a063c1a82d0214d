import { UnderdrawError } from "../../engine/src/core/errors.ts";
import { checkPath } from "../../engine/src/models/folder.ts";
import { Random } from "./random.ts";
import { targets } from "./targets.ts";
import { asked } from "./watched.ts";

/** What became of many spoiled files. */
export interface FuzzResult {
  readonly runs: number;
  /** How many were read in spite of all, and refused by which code, by target. */
  readonly outcomes: Readonly<Record<string, Readonly<Record<string, number>>>>;
  /** What should not have been: the run's number makes it again. */
  readonly faults: readonly string[];
  /** The longest run. Milliseconds. */
  readonly slowest: number;
  readonly slowestRun: string;
}

/** No file of a few kilobytes may keep a reader longer. Milliseconds of the processor: other programs do not count. */
const MOST_MS = 3000;
/** No file of a few kilobytes may be asked for more at once, whatever it says of itself. */
const MOST_BYTES = 64 << 20;

/** Runs `runs` spoiled files, of numbers from `first` on. The same seed and number make the same run. */
export async function fuzz(
  {
    seed,
    runs,
    first = 0,
    only,
  }: { readonly seed: number; readonly runs: number; readonly first?: number; readonly only?: string },
  onRun: (done: number) => void = () => {},
): Promise<FuzzResult> {
  const all = targets();
  const shares = all.flatMap(([target, share]) => Array<typeof target>(share).fill(target));
  const outcomes: Record<string, Record<string, number>> = {};
  const faults: string[] = [];
  let [slowest, slowestRun] = [0, ""];
  const untouched = shapeOfGlobals();
  try {
    for (let n = first; n < first + runs; n++) {
      const random = new Random(Math.imul(seed, 0x9e3779b1) ^ Math.imul(n + 1, 0x85ebca6b));
      const chosen = random.of(shares);
      if (only !== undefined && chosen.name !== only) continue;
      const seen = asked();
      const started = process.cpuUsage();
      const error = await chosen.run(random, seen).then(
        () => null,
        (error: unknown) => error,
      );
      const spent = process.cpuUsage(started);
      const took = (spent.user + spent.system) / 1000;
      if (took > slowest) [slowest, slowestRun] = [took, `${chosen.name} ${n}`];
      const code = error === null ? "read" : UnderdrawError.is(error) ? error.code : "fault";
      const counts = outcomes[chosen.name] ?? {};
      outcomes[chosen.name] = counts;
      counts[code] = (counts[code] ?? 0) + 1;
      const fault =
        faultOf(error, { took, paths: seen.paths, open: seen.open, largest: seen.largest }) ??
        (shapeOfGlobals() === untouched ? null : "it changed what all objects inherit");
      if (fault) faults.push(`${chosen.name}, run ${n} of seed ${seed}: ${fault}`);
      onRun(n - first + 1);
    }
  } finally {
    for (const [target] of all) target.close?.();
  }
  return { runs, outcomes, faults, slowest, slowestRun };
}

function faultOf(
  error: unknown,
  { took, paths, open, largest }: { took: number; paths: readonly string[]; open: number; largest: number },
): string | null {
  if (error !== null && !UnderdrawError.is(error))
    return `it threw ${error instanceof Error ? error.stack : String(error)}`;
  if (error !== null && !(error.message.length > 10 && error.message.length < 6000))
    return `its message has ${error.message.length} signs: ${error.message.slice(0, 200)}`;
  if (took > MOST_MS) return `it took ${took.toFixed(0)} ms`;
  if (largest > MOST_BYTES) return `${largest} bytes were asked for at once`;
  if (open > 0) return `${open} files stayed open`;
  for (const path of paths)
    try {
      checkPath(path, "m");
    } catch {
      return `the folder was asked for ${JSON.stringify(path)}`;
    }
  return null;
}

/** What every object inherits, as a text: a change of it is pollution. */
function shapeOfGlobals(): string {
  const shapes = [Object.prototype, Array.prototype, Function.prototype, Map.prototype, String.prototype];
  return shapes.map((one) => Reflect.ownKeys(one).length).join() + String(({} as Record<string, unknown>)["polluted"]);
}
