import {
  builtInConditions,
  type ConditionMap,
  type Control,
  type DetectorFiles,
  Engine,
  mask as maskCondition,
  type Pixels,
  type Warning,
} from "@underdraw/engine";
import type { FlagGroup } from "./command.ts";
import { chooseCondition, conditionFrom, detectorsFrom, kindOf } from "./condition-choice.ts";
import { controlSettings } from "./control-flags.ts";
import { misused } from "./failure.ts";
import { inverted, readPictureFile } from "./input-picture.ts";
import { type NetAsked, netName } from "./model-choice.ts";
import type { ProgressBar } from "./progress.ts";
import { readSource } from "./source-file.ts";

/** What planning needs besides the flags. */
export interface Planning {
  readonly bar: ProgressBar;
  readonly signal: AbortSignal;
}

/** One control of a picture that is to be drawn. Its net is not chosen yet. */
export interface PlannedControl extends NetAsked {
  readonly control: Omit<Control, "net">;
  /** Where the map is to be written besides. */
  readonly saveMap?: string;
  /** Files of the models that its map was seen with. */
  readonly detectors?: DetectorFiles;
}

/** The control that a group of flags means. What is likely to go wrong with it goes to `warnings`. */
export async function controlFromFlags(
  group: FlagGroup,
  planning: Planning,
  warnings: Warning[],
): Promise<PlannedControl> {
  const [path, net] = [group.get("map"), group.get("net")];
  const seen =
    path === undefined ? await seenMap(group, planning, warnings) : { map: await givenMap(path, group, planning) };
  const { map } = seen;
  return {
    condition: map.condition,
    readers: map.nets ?? [map.condition],
    ...("detectors" in seen && { detectors: seen.detectors }),
    ...(net !== undefined && { net }),
    ...saveMapOf(group),
    control: { map, ...controlSettings(group), ...(await maskFrom(group, planning, warnings)) },
  };
}

/** Where a group's flags want its map. */
export function saveMapOf(group: FlagGroup): { readonly saveMap?: string } {
  const saveMap = group.get("save-map");
  return saveMap === undefined ? {} : { saveMap };
}

/** A map from a file. Its condition is only a name here: it says which net reads it. */
async function givenMap(path: string, group: FlagGroup, { bar, signal }: Planning): Promise<ConditionMap> {
  const [named, net] = [group.get("condition"), group.get("net")];
  const { id, options } = conditionFrom(named ?? (net === undefined ? "lines" : netName(net)));
  if (named !== undefined && options.size > 0) {
    const message = `--condition ${named} has options, and a map that is given is not drawn anew. Leave them out, or give the picture with --from.`;
    throw misused("--condition", message);
  }
  const { pixels, notes } = await readPictureFile(path, signal);
  for (const note of notes) bar.line(`${path}: ${note}`);
  const kind = builtInConditions.find((candidate) => candidate.id === id);
  return {
    condition: id,
    pixels: group.has("invert") ? inverted(pixels) : pixels,
    ...(kind && { nets: kind.nets, background: kind.convention.background }),
  };
}

/** A map that is seen in a picture, a drawing or a pose. */
async function seenMap(
  group: FlagGroup,
  { bar, signal }: Planning,
  warnings: Warning[],
): Promise<{ readonly map: ConditionMap; readonly detectors: DetectorFiles }> {
  const path = group.get("from") as string;
  const { id, options } = conditionFrom(group.get("condition") as string);
  const kind = kindOf("--condition", id);
  const chosen = chooseCondition(kind, options);
  const detectors = detectorsFrom(kind, chosen.options, group.get("detector"), "--detector");
  const read = await readSource(path, chosen.condition, { signal });
  for (const note of read.notes) bar.line(`${path}: ${note}`);
  await using engine = new Engine();
  const onProgress = bar.part(0, 0.04);
  const map = await engine.extract(chosen.condition, read.source, { signal, onProgress, models: detectors });
  warnings.push(...read.warnings, ...(map.warnings ?? []));
  return { map: group.has("invert") ? { ...map, pixels: inverted(map.pixels) } : map, detectors };
}

/** Where a group's flags let its control act. */
export async function maskFrom(
  group: FlagGroup,
  planning: Planning,
  warnings: Warning[],
): Promise<{ readonly mask?: Pixels }> {
  const path = group.get("mask");
  if (path === undefined) return {};
  const reading = { alpha: group.has("mask-alpha"), acts: "the control acts" };
  return { mask: await maskPixels(path, reading, planning, warnings) };
}

/** A mask from a file: as it is, or by its opacity. `acts` says what happens where it is white, for a line that tells. */
export async function maskPixels(
  path: string,
  { alpha, acts }: { readonly alpha: boolean; readonly acts: string },
  { bar, signal }: Planning,
  warnings: Warning[],
): Promise<Pixels> {
  const { pixels, notes } = await readPictureFile(path, signal);
  for (const note of notes) bar.line(`${path}: ${note}`);
  if (!alpha) {
    if (isBlackWhereSeen(pixels)) {
      warnings.push({
        code: "mask-in-alpha",
        message: `The mask ${path} is black or transparent all over, and its opacity has a shape.`,
        remedy: "White acts in a mask. If what is opaque is to act, add --mask-alpha.",
      });
    }
    bar.line(`${path}: ${acts} where this is white: ${percent(whiteShare(pixels))} of it.`);
    return pixels;
  }
  await using engine = new Engine();
  const mask = (await engine.extract(maskCondition({ soft: true }), pixels, { signal })).pixels;
  bar.line(`${path}: ${acts} where this is opaque: ${percent(whiteShare(mask))} of it.`);
  return mask;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** How much of a mask acts, from 0 to 1. */
function whiteShare({ data }: Pixels): number {
  let sum = 0;
  for (let at = 0; at < data.length; at += 4) {
    const light = (data[at] as number) + (data[at + 1] as number) + (data[at + 2] as number);
    sum += light * (data[at + 3] as number);
  }
  return (4 * sum) / (765 * 255 * data.length);
}

/** Whether a picture shows nothing but black on nothing: a mask that was drawn by opacity. */
function isBlackWhereSeen({ data }: Pixels): boolean {
  let [opaque, clear] = [false, false];
  for (let at = 0; at < data.length; at += 4) {
    const alpha = data[at + 3] as number;
    if (alpha === 0) clear = true;
    else if ((data[at] as number) + (data[at + 1] as number) + (data[at + 2] as number) > 0) return false;
    else opaque = true;
  }
  return opaque && clear;
}
