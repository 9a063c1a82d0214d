import type { Condition } from "../conditions/condition.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import { extractMap, fileMissing } from "../extract.ts";
import type { ModelFolder } from "../models/source.ts";
import { wordsOfName } from "./captions.ts";
import type { PairReading, PairSource, TrainingPair } from "./pair.ts";
import { unfit } from "./pair-fault.ts";
import { captionText, filesOf, halfOf } from "./pair-files.ts";
import { openList, type PairList } from "./pair-list.ts";
import { byPath, caseHints, isPicture, namedAmong, stemOf } from "./pair-path.ts";
import { pairedFolders } from "./paired-folders.ts";

/** Draws the map of a picture: `Engine.extract` is such a function. */
export type DrawMap = (
  condition: Condition,
  picture: Pixels,
  options: PairReading,
) => Promise<{ readonly pixels: Pixels }>;

/** How pictures alone are opened. */
export interface OpenPicturesOptions extends PairReading {
  /** Draws the maps; needed for conditions that see through a model. Without it they are drawn on the calling thread. */
  readonly extract?: DrawMap;
  /** The path of a list with captions inside the folder, where there are several. */
  readonly list?: string;
}

/**
 * Opens pictures alone: each one's map is drawn by a condition when it is read. Captions come from a list (`file_name` and
 * `text`), from `NAME.txt` beside a picture, or are the words of its file name. No picture is read yet. Rejects with
 * `request-invalid` for a condition that reads no pictures, with `model-unknown` for one whose model nobody can run, with
 * `file-invalid` for a list that cannot be read, and with `training-data` for a folder without pictures.
 */
export async function openPictures(
  folder: ModelFolder,
  condition: Condition,
  options: OpenPicturesOptions = {},
): Promise<PairSource> {
  const { extract, list: wanted, signal } = options;
  const reading: PairReading = signal ? { signal } : {};
  signal?.throwIfAborted();
  checkCondition(condition, extract);
  const files = await filesOf(folder);
  const list = await openList(folder, files, { wanted, ...reading });
  const named = namedAmong(files);
  const listed = captionsOf(list, named);
  const isMap = mapsAmong(files ?? [], list, named);
  const pictures = files ? files.filter(isPicture) : [...listed.keys()].sort(byPath);
  const paths = pictures.filter((path) => !isMap(path));
  if (paths.length === 0) throw nothing(folder, files);
  const beside = new Set(files ?? []);
  const pathOf = (at: number): string => {
    const path = paths[at];
    if (path === undefined)
      throw new RangeError(`at: ${folder.name} has the pictures 0 to ${paths.length - 1}, not ${at}.`);
    return path;
  };
  const textBeside = (path: string): string => named(`${stemOf(path)}.txt`);
  const draw = extract ?? drawHere;
  return {
    name: folder.name,
    count: paths.length,
    condition: condition.id,
    warnings: [
      ...(list?.warnings ?? []),
      ...(files ? unlisted(listed, files, list?.path ?? "") : []),
      ...(paths.length < pictures.length ? [mapsLeft(pictures.length - paths.length, condition.id)] : []),
      ...caseHints(paths.filter((path) => !listed.get(path)).map(textBeside), files ?? []),
      ...nameWarning(
        paths.filter((path) => !listed.get(path) && !beside.has(textBeside(path))),
        paths.length,
      ),
    ],
    nameOf: pathOf,
    async read(at, given = {}): Promise<TrainingPair> {
      given.signal?.throwIfAborted();
      const path = pathOf(at);
      const picture = await halfOf(folder, { what: "picture", path }, given);
      const { pixels } = await draw(condition, picture, given);
      const caption = beside.has(textBeside(path)) ? await captionText(folder, textBeside(path), given) : null;
      return { name: path, map: pixels, picture, prompt: listed.get(path) || (caption ?? wordsOfName(path)) };
    },
  };
}

/** Draws a map of a condition that needs no model. */
const drawHere: DrawMap = (condition, picture, options) =>
  extractMap(condition, picture, options, async (model, _, { need }) => {
    throw fileMissing(model, need, []);
  });

function checkCondition({ id, reads, models, options }: Condition, extract: DrawMap | undefined): void {
  if (reads !== "picture") {
    const message = `The condition "${id}" reads no pictures, and pictures are what maps are drawn from here. Choose one that reads them.`;
    throw new UnderdrawError("request-invalid", message, { issues: [{ path: "condition", message }] });
  }
  const needed = Object.entries(models).find(([, { when = {} }]) =>
    Object.entries(when).every(([name, value]) => options[name] === value),
  );
  if (needed && !extract) throw fileMissing(needed[0], needed[1], []);
}

/** Captions of a list by the paths of their pictures. */
function captionsOf(list: PairList | null, named: (path: string) => string): Map<string, string> {
  const captions = new Map<string, string>();
  for (const { picture, prompt } of list?.lines ?? []) if (picture !== null) captions.set(named(picture), prompt);
  return captions;
}

/** Which pictures of a folder are the maps of others there: those of a list, or of a folder of maps. */
function mapsAmong(
  files: readonly string[],
  list: PairList | null,
  named: (path: string) => string,
): (path: string) => boolean {
  const maps = new Set(list?.lines.flatMap(({ map }) => (map === null ? [] : [named(map)])));
  const folder = pairedFolders(files)?.maps;
  return (path) => maps.has(path) || (folder !== undefined && path.startsWith(`${folder}/`));
}

const mapsLeft = (count: number, condition: string): string =>
  `Left out, as they are maps of others here: ${count} of the pictures. "${condition}" draws its own.`;

function unlisted(listed: ReadonlyMap<string, string>, files: readonly string[], list: string): string[] {
  const there = new Set(files);
  const gone = [...listed.keys()].filter((path) => !there.has(path));
  if (gone.length === 0) return [];
  return [`Not there, and left out: ${gone.length} of the pictures that ${list} names, ${gone[0]} first.`];
}

function nameWarning(paths: readonly string[], all: number): string[] {
  const [first] = paths;
  if (first === undefined) return [];
  const mute = paths.filter((path) => wordsOfName(path) === "").length;
  const example = wordsOfName(paths.find((path) => wordsOfName(path) !== "") ?? first);
  const used = example === "" ? "" : `: the words of their names are used, as "${example}"`;
  const none = mute === 0 ? "" : `; the names of ${mute} say nothing, so that they have no words`;
  return [
    `Of ${all} pictures ${paths.length} have no caption${used}${none}. Write one into NAME.txt beside a picture, or into metadata.jsonl.`,
  ];
}

function nothing(folder: ModelFolder, files: readonly string[] | null): Error {
  const problem =
    files === null
      ? "it cannot say which files it has, and no list names its pictures."
      : files.length === 0
        ? "the folder is empty."
        : "it has files, and no pictures among them.";
  const issues = [{ pair: folder.name, problem }];
  return unfit("There are no pictures to learn from.", issues, "Give a folder of PNG, JPEG, WebP or GIF files.");
}
