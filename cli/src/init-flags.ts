import type { Init, Pixels, Warning } from "@underdraw/engine";
import type { Arguments, Flag, FlagGroup } from "./command.ts";
import { maskPixels, type Planning } from "./control-plan.ts";
import { misused } from "./failure.ts";
import { readPictureFile } from "./input-picture.ts";
import { choiceFrom, numberFrom } from "./values.ts";

// What a picture begins with. A --mask is a control's; beside a picture to begin with, one that stands before every
// --control says where that picture may change.

/** The flags of a picture to begin with, its mask aside, which is among those of controls. */
export const initFlags: readonly Flag[] = [
  {
    name: "init",
    value: "FILE",
    help: "a picture to begin with instead of noise alone; --mask FILE then says where it may change (white is repainted), unless a --control stands before it",
  },
  { name: "strength", value: "NUMBER", help: "how much of it may change, above 0 to 1; 0.6 without this" },
  { name: "feather", value: "PIXELS", help: "soften the mask's edge outwards over so many, 0 to 512; 0 without this" },
  {
    name: "grays",
    value: "blend|when",
    help: "what grays of the mask mean: how much is new in each step, or from which step on; blend without this",
  },
];

type Given = Pick<Arguments, "flags" | "groups" | "loose">;

/** The flags of a whole picture and of its controls, with the mask where it belongs. */
export interface Sorted {
  readonly flags: Arguments["flags"];
  readonly groups: readonly FlagGroup[];
}

/** Gives the picture to begin with, where there is one, the mask that stands before every --control. */
export function withInitMask({ flags, groups, loose }: Given, hasInit: boolean): Sorted {
  const [first, ...others] = groups;
  if (!hasInit || !loose || !first) return { flags, groups };
  const isInits = ([name]: readonly [string, string]): boolean => name === "mask" || name === "mask-alpha";
  const rest = [...first].filter((flag) => !isInits(flag));
  return {
    flags: new Map([...flags, ...[...first].filter(isInits)]),
    // What is left says something of a control, or nothing at all.
    groups: rest.length > 0 ? [new Map(rest), ...others] : others,
  };
}

/** Refuses values that cannot be meant, and flags of a picture to begin with where there is none. */
export function checkInit(
  flags: Arguments["flags"],
  { hasInit, hasMask }: { readonly hasInit: boolean; readonly hasMask: boolean },
): void {
  settingsFrom(flags);
  if (flags.has("mask-alpha") && !flags.has("mask")) {
    throw misused("--mask-alpha", "--mask-alpha says how a mask is read, and there is none: add --mask FILE.");
  }
  for (const name of ["strength", "feather", "grays"]) {
    if (!flags.has(name)) continue;
    const flag = `--${name}`;
    if (!hasInit) throw misused(flag, `${flag} says how to begin with a picture, and there is none: add --init FILE.`);
    if (!hasMask && name !== "strength")
      throw misused(flag, `${flag} is for a mask, and there is none: add --mask FILE.`);
  }
}

function settingsFrom(flags: Arguments["flags"]): Pick<Init, "strength" | "feather" | "grays"> {
  const [feather, grays] = [flags.get("feather"), flags.get("grays")];
  return {
    ...strengthFrom(flags),
    ...(feather !== undefined && { feather: numberFrom("--feather", feather, { least: 0, most: 512 }) }),
    ...(grays !== undefined && { grays: choiceFrom("--grays", grays, ["blend", "when"]) }),
  };
}

function strengthFrom(flags: Arguments["flags"]): { readonly strength?: number } {
  const text = flags.get("strength");
  if (text === undefined) return {};
  const strength = numberFrom("--strength", text, { least: 0, most: 1 });
  if (strength > 0) return { strength };
  const message = `--strength must be above 0, not "${text}": at 0 nothing may change, and the picture is there already.`;
  throw misused("--strength", message);
}

/** What is begun with: as flags say, in place of what a recipe does. */
export async function initFrom(
  flags: Arguments["flags"],
  before: Init | undefined,
  planning: Planning,
  warnings: Warning[],
): Promise<{ readonly init?: Init }> {
  const picture = (await pictureFrom(flags.get("init"), planning)) ?? before?.picture;
  const path = flags.get("mask");
  checkInit(flags, { hasInit: picture !== undefined, hasMask: path !== undefined || before?.mask !== undefined });
  if (!picture) return {};
  const mask =
    path === undefined
      ? undefined
      : await maskPixels(
          path,
          { alpha: flags.has("mask-alpha"), acts: "the picture is repainted" },
          planning,
          warnings,
        );
  return { init: { ...before, picture, ...settingsFrom(flags), ...(mask && { mask }) } };
}

async function pictureFrom(path: string | undefined, { bar, signal }: Planning): Promise<Pixels | undefined> {
  if (path === undefined) return undefined;
  const { pixels, notes } = await readPictureFile(path, signal);
  for (const note of notes) bar.line(`${path}: ${note}`);
  return pixels;
}
