import { byFolder } from "./pair-list.ts";
import { byPath, fileNameOf, folderOf, isPicture, plainPath, stemOf } from "./pair-path.ts";

// Maps in one folder and pictures in another, with files of equal names but for their endings.

/** What the two folders are called: maps, pictures. */
const names: readonly (readonly [maps: readonly string[], pictures: readonly string[]])[] = [
  [["source"], ["target"]],
  [
    ["conditioning_image", "conditioning_images"],
    ["image", "images"],
  ],
  [["maps"], ["pictures"]],
];

/** The halves of a pair; null for the one that is not there. */
export interface FilePair {
  readonly map: string | null;
  readonly picture: string | null;
  /** Where the half that is not there should be. */
  readonly missing: string | null;
}

/** Two folders whose files are pairs. */
export interface PairedFolders {
  readonly maps: string;
  readonly pictures: string;
  readonly pairs: readonly FilePair[];
  readonly warnings: readonly string[];
}

/** Finds two folders of pairs, the ones that lie nearest to the top; null when there are none. */
export function pairedFolders(files: readonly string[]): PairedFolders | null {
  const pictures = files.filter(isPicture);
  const folders = new Set<string>();
  for (const path of pictures)
    for (let folder = folderOf(path); folder !== "" && !folders.has(folder); folder = folderOf(folder))
      folders.add(folder);
  const found = [...folders].sort(byFolder).flatMap((maps) => {
    const top = folderOf(maps);
    const partners = names.filter(([known]) => known.includes(fileNameOf(maps).toLowerCase())).flatMap(([, to]) => to);
    const partner = [...folders].find(
      (other) => folderOf(other) === top && partners.includes(fileNameOf(other).toLowerCase()),
    );
    return partner === undefined ? [] : [[maps, partner] as const];
  });
  const [first, ...others] = found;
  if (!first) return null;
  const [mapFolder, pictureFolder] = first;
  const warnings: string[] = [];
  const mapOf = byStem(pictures, mapFolder, warnings);
  const pictureOf = byStem(pictures, pictureFolder, warnings);
  const stems = [...new Set([...mapOf.keys(), ...pictureOf.keys()])].sort(byPath);
  if (others.length > 0)
    warnings.push(`The pairs are those of ${mapFolder}/ and ${pictureFolder}/; not read: ${others.flat().join(", ")}.`);
  warnings.push(...cases(mapOf.keys(), pictureOf, new Set(mapOf.keys())));
  const pairs = stems.map((stem): FilePair => {
    const map = mapOf.get(stem) ?? null;
    const picture = pictureOf.get(stem) ?? null;
    const missing = map === null ? `${mapFolder}/${stem}` : picture === null ? `${pictureFolder}/${stem}` : null;
    return { map, picture, missing };
  });
  return { maps: mapFolder, pictures: pictureFolder, pairs, warnings };
}

/** What is to be said of halves that lie alone because their names differ in case. */
function cases(maps: Iterable<string>, pictures: ReadonlyMap<string, string>, known: ReadonlySet<string>): string[] {
  const small = new Map(
    [...pictures.keys()].filter((stem) => !known.has(stem)).map((stem) => [stem.toLowerCase(), stem]),
  );
  const found = [...maps].flatMap((stem) => {
    const other = pictures.has(stem) ? undefined : small.get(stem.toLowerCase());
    return other === undefined ? [] : [[stem, other] as const];
  });
  const [first] = found;
  if (!first) return [];
  const [map, picture] = first.map((stem) => JSON.stringify(stem));
  const count = found.length === 1 ? "1 map and its picture differ" : `${found.length} maps and their pictures differ`;
  return [`${count} in capital and small letters alone (${map}, ${picture}): name them alike, and they are pairs.`];
}

/** A folder's pictures by their paths inside it without endings. */
function byStem(paths: readonly string[], folder: string, warnings: string[]): Map<string, string> {
  const found = new Map<string, string>();
  for (const path of paths) {
    if (!path.startsWith(`${folder}/`)) continue;
    const stem = plainPath(stemOf(path.slice(folder.length + 1)));
    const before = found.get(stem);
    if (before === undefined) found.set(stem, path);
    else warnings.push(`${path} is left out: ${before} has the same name.`);
  }
  return found;
}
