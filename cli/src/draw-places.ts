import { join, parse, resolve } from "node:path";
import type { FlagGroup } from "./command.ts";
import { misused } from "./failure.ts";
import type { Sorted } from "./init-flags.ts";
import { checkApart } from "./input-picture.ts";
import { checkOutput } from "./output-file.ts";

/** How many files come of one command line. */
export interface Counts {
  readonly pictures: number;
  readonly controls: number;
}

/**
 * Refuses results that would lie in one place, or in place of a file that is read. Only a picture may take the place of
 * the one whose recipe it is drawn by.
 */
export async function checkPlaces({ flags, groups }: Sorted, out: string, counts: Counts): Promise<void> {
  const [influence, show] = [flags.get("influence"), flags.get("show")];
  const results = [
    ...Array.from({ length: counts.pictures }, (_, at) => ({
      flag: "--out",
      path: numbered(out, at, counts.pictures),
    })),
    ...groups.flatMap((group) => {
      const path = group.get("save-map");
      return path === undefined ? [] : [{ flag: "--save-map", path }];
    }),
    ...(show === undefined ? [] : [{ flag: "--show", path: show }]),
    ...(influence === undefined
      ? []
      : Array.from({ length: counts.controls }, (_, at) => ({
          flag: "--influence",
          path: numbered(influence, at, counts.controls),
        }))),
  ];
  const taken = new Set<string>();
  const sources = [flags.get("init"), flags.get("mask"), ...groups.flatMap((group) => sourcesOf(group))];
  for (const { flag, path } of results) {
    checkOutput(flag, path, flag === "--out" ? undefined : ["png"]);
    const place = resolve(path);
    if (taken.has(place)) throw misused(flag, `${flag} "${path}" is the place of another result. Choose another name.`);
    taken.add(place);
    const others = flag === "--out" ? sources : [...sources, flags.get("recipe")];
    for (const source of others) if (source !== undefined) await checkApart(flag, path, source);
  }
}

const sourcesOf = (group: FlagGroup): readonly (string | undefined)[] =>
  ["map", "from", "mask"].map((name) => group.get(name));

/** The file of one of several: "influence.png" is "influence-2.png" for the second. */
export function numbered(path: string, at: number, count: number): string {
  if (count <= 1) return path;
  const { dir, name, ext } = parse(path);
  return join(dir, `${name}-${at + 1}${ext}`);
}
