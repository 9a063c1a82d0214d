import type { Pixels } from "../core/pixels.ts";
import { fileInvalid } from "../models/refusal.ts";
import type { ModelFolder } from "../models/source.ts";
import { flattened, inverse } from "../vision/matte.ts";
import type { PairReading, PairSource, TrainingPair } from "./pair.ts";
import { unfit } from "./pair-fault.ts";
import { captionText, filesOf, halfMissing, halfOf } from "./pair-files.ts";
import { columnsOf } from "./pair-lines.ts";
import { openList, type PairList } from "./pair-list.ts";
import { caseHints, isPicture, namedAmong, stemOf } from "./pair-path.ts";
import { type PairedFolders, pairedFolders } from "./paired-folders.ts";

/** How pairs are opened. */
export interface OpenPairsOptions extends PairReading {
  /** The list's path inside the folder, where there are several. */
  readonly list?: string;
  /** The id of the condition that the maps are of. It says how they are scaled and checked. */
  readonly condition?: string;
  /** Takes the negative of each map, laid on white: for dark lines on a bright ground. @default false */
  readonly invert?: boolean;
}

/** Where the halves of a pair and its words lie. */
interface PairPlace {
  readonly map: string | null;
  readonly picture: string | null;
  /** Where the half that is not there should be. */
  readonly missing: string | null;
  /** Words, or null where they lie in a file beside the picture, if anywhere. */
  readonly prompt: string | null;
}

/**
 * Opens the pairs of a folder, found by themselves: a list of `source`, `target` and `prompt` as in the paper's repository
 * (`prompt.json`, `*.jsonl`), one of `image` or `file_name`, `conditioning_image` and `text` as Hugging Face keeps them
 * (`metadata.jsonl`, `metadata.csv`), or two folders of maps and pictures with equal names (`source` and `target`,
 * `conditioning_images` and `images`, `maps` and `pictures`) and captions in `NAME.txt` beside the pictures. No picture
 * is read yet. Rejects with `file-invalid` for a list that cannot be read or that leads out of the folder, naming lines,
 * and with `training-data` for a folder without pairs.
 */
export async function openPairs(folder: ModelFolder, options: OpenPairsOptions = {}): Promise<PairSource> {
  const { list: wanted, condition = null, invert = false, signal } = options;
  const reading: PairReading = signal ? { signal } : {};
  signal?.throwIfAborted();
  const files = await filesOf(folder);
  const list = await openList(folder, files, { wanted, ...reading });
  const paired = list || !files ? null : pairedFolders(files);
  if (!list && !paired) throw nothing(folder, files);
  const named = namedAmong(files);
  const places = list ? listed(list, `${folder.name}/${list.path}`) : inFolders(paired as PairedFolders);
  if (places.length === 0) throw nothing(folder, files, list?.path);
  const warnings = [
    ...(list?.warnings ?? paired?.warnings ?? []),
    ...(files ? caseHints(wantedBy(places).map(named), files) : []),
  ];
  const placeOf = (at: number): PairPlace => {
    const place = places[at];
    if (!place) throw new RangeError(`at: ${folder.name} has the pairs 0 to ${places.length - 1}, not ${at}.`);
    return place;
  };
  const nameOf = (at: number): string => {
    const { picture, map } = placeOf(at);
    return picture ?? map ?? "";
  };
  return {
    name: folder.name,
    count: places.length,
    condition,
    warnings: invert ? [...warnings, "The maps are inverted as they are read."] : warnings,
    nameOf,
    async read(at, given = {}): Promise<TrainingPair> {
      given.signal?.throwIfAborted();
      const { map, picture, missing, prompt } = placeOf(at);
      if (map === null || picture === null) throw halfMissing(missing ?? "", map === null ? "map" : "picture");
      const drawn = await halfOf(folder, { what: "map", path: named(map) }, given);
      return {
        name: nameOf(at),
        map: invert ? turned(drawn) : drawn,
        picture: await halfOf(folder, { what: "picture", path: named(picture) }, given),
        prompt: prompt ?? (await captionText(folder, named(`${stemOf(picture)}.txt`), given)) ?? "",
      };
    },
  };
}

const turned = (map: Pixels): Pixels => inverse(flattened(map, "white"));

/** The files that pairs look for: their halves, and the words beside their pictures. */
const wantedBy = (places: readonly PairPlace[]): string[] =>
  places.flatMap(({ map, picture, prompt }) => [
    ...(map === null ? [] : [map]),
    ...(picture === null ? [] : [picture, ...(prompt === null ? [`${stemOf(picture)}.txt`] : [])]),
  ]);

/** The pairs of a list. A line that names one half alone is a fault of the list. */
function listed({ lines }: PairList, name: string): PairPlace[] {
  const faults: string[] = [];
  const places = lines.map(({ place, map, picture, prompt }): PairPlace => {
    if (picture === null) faults.push(`${place} names no picture: ${columnsOf("picture")} is missing`);
    else if (map === null) faults.push(`${place} names no map: ${columnsOf("map")} is missing`);
    return { map, picture, missing: null, prompt };
  });
  if (faults.length === 0) return places;
  const more = faults.length > 3 ? `; and ${faults.length - 3} more` : "";
  const alone = lines.every(({ map }) => map === null)
    ? " Pictures alone can be learnt from as well: open them with a condition that draws their maps."
    : "";
  throw fileInvalid(name, `${faults.slice(0, 3).join("; ")}${more}.${alone}`);
}

/** The pairs of two folders, those without one half too: whoever checks them says so. */
const inFolders = ({ pairs }: PairedFolders): PairPlace[] => pairs.map((pair) => ({ ...pair, prompt: null }));

function nothing(folder: ModelFolder, files: readonly string[] | null, list?: string): Error {
  const pictures = files?.filter(isPicture).length ?? 0;
  const problem = list
    ? `the list ${list} is empty`
    : files === null
      ? "it cannot say which files it has, and there is no prompt.json, metadata.jsonl or metadata.csv"
      : files.length === 0
        ? "the folder is empty"
        : pictures > 0
          ? `it has pictures (${pictures}), and nothing says which are maps`
          : "it has no pictures";
  const remedy =
    "Give a prompt.json with source, target and prompt, or the folders source and target with files of equal names; pictures alone are opened with a condition that draws their maps.";
  return unfit("There are no pairs to learn from.", [{ pair: folder.name, problem: `${problem}.` }], remedy);
}
