import type { Arguments, Flag } from "./command.ts";
import { misused } from "./failure.ts";

// Sorts the words of a command line by a table of flags. Node's own parser is not used because its complaints name no
// nearest flag, and because it takes a negative number for a flag.

const yesOrNo = /^(true|false|yes|no|on|off|1|0)$/i;

/**
 * Sorts words into flags, groups of flags and the rest. `--flag value`, `--flag=value` and, after `--`, anything. Throws
 * `request-invalid` for a flag that is unknown, given twice where once is all, without its value, or with one it does not take.
 */
export function parseArguments(argv: readonly string[], known: readonly Flag[]): Arguments {
  const flags = new Map<string, string>();
  const groups: Map<string, string>[] = [];
  const lists = new Map<string, string[]>();
  let loose = false;
  const words: string[] = [];
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] as string;
    if (word === "--") {
      words.push(...argv.slice(at + 1));
      break;
    }
    // A lone dash and negative numbers are words like any other.
    if (!/^-[-a-z]/i.test(word)) {
      words.push(word);
      continue;
    }
    const equals = word.indexOf("=");
    const written = equals < 0 ? word : word.slice(0, equals);
    const inline = equals < 0 ? undefined : word.slice(equals + 1);
    const flag = known.find(({ name, letter }) => written === `--${name}` || (letter && written === `-${letter}`));
    if (!flag) throw misused(written, `There is no ${written}.${suggestion(written, known)}`);
    const { name } = flag;
    if (flag.group === "inside" && groups.length === 0) loose = true;
    if (flag.group === "begins" || (flag.group === "inside" && groups.length === 0)) groups.push(new Map());
    const own = flag.group === "inside" ? (groups.at(-1) as Map<string, string>) : flags;
    const before = flag.many ? own.get(name) : undefined;
    if (before === undefined && own.has(name) && flag.group !== "begins") {
      const begins = flag.group && known.find(({ group }) => group === "begins");
      const next = begins ? `, or write --${begins.name} before what belongs to another` : "";
      throw misused(`--${name}`, `--${name} is given twice. Give it once${next}.`);
    }
    const set = (value: string): void => {
      if (flag.list) lists.set(name, [...(lists.get(name) ?? []), value]);
      else own.set(name, before === undefined ? value : `${before},${value}`);
    };
    if (flag.value === undefined) {
      if (inline !== undefined) throw misused(`--${name}`, `--${name} takes no value. Leave out "=${inline}".`);
      own.set(name, "");
      continue;
    }
    const next = argv[at + 1];
    const takesNext = inline === undefined && next !== undefined && !isFlagLike(next, known);
    if (inline !== undefined) set(inline);
    else if (flag.yesNo && !(takesNext && yesOrNo.test(next))) set("true");
    else if (takesNext) {
      set(next);
      at++;
    } else {
      const hint = next === undefined ? "" : ` If "${next}" is meant, write --${name}=${next}.`;
      throw misused(`--${name}`, `--${name} needs a value: --${name} ${flag.value}.${hint}`);
    }
  }
  return { flags, groups, loose, lists, words };
}

/** Whether a word where a value is due is more likely the next flag: a known one, or one nearly so. */
function isFlagLike(word: string, known: readonly Flag[]): boolean {
  const written = word.split("=", 1)[0] as string;
  return (
    known.some(({ name, letter }) => written === `--${name}` || (letter && written === `-${letter}`)) ||
    /^--[a-z][a-z0-9-]*(=|$)/i.test(word)
  );
}

function suggestion(written: string, known: readonly Flag[]): string {
  const near = nearest(
    written.replace(/^-+/, ""),
    known.map(({ name }) => name),
  );
  return near === undefined ? "" : ` Did you mean --${near}?`;
}

/** The known word that a mistyped one is nearest to; undefined when none is near. */
export function nearest(word: string, known: Iterable<string>): string | undefined {
  let best: string | undefined;
  let least = Math.max(1, Math.floor(word.length / 3)) + 1;
  for (const candidate of known) {
    // A beginning of at least two letters counts as nearly right: `--neg` for `--negative`.
    const begins = word.length >= 2 && candidate.startsWith(word.toLowerCase());
    const distance = begins ? 0.5 : edits(word.toLowerCase(), candidate);
    if (distance < least) [best, least] = [candidate, distance];
  }
  return best;
}

/** How many letters must be changed, added, taken away or exchanged with a neighbour to get from one word to another. */
export function edits(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, n) => n);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      const costs = [
        (row[j] as number) + 1,
        (next[j - 1] as number) + 1,
        (row[j - 1] as number) + (same ? 0 : 1),
        ...(i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]
          ? [(before[j - 2] as number) + 1]
          : []),
      ];
      next.push(Math.min(...costs));
    }
    [before, row] = [row, next];
  }
  return row[to.length] as number;
}
