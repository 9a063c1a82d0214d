import { type Control, strengthPresets } from "@underdraw/engine";
import type { Flag, FlagGroup } from "./command.ts";
import { misused } from "./failure.ts";
import { choiceFrom, curveFrom, halvesFrom, layersFrom, numberFrom, rangeFrom } from "./values.ts";

// The flags of one control. Each --control begins another one; what comes before the first belongs to the first.

const presets = Object.keys(strengthPresets) as (keyof typeof strengthPresets)[];
const resizes = ["content", "thin", "binary", "nearest", "linear", "cubic", "area", "lanczos4"] as const;

const inside = (flag: Omit<Flag, "group">): Flag => ({ ...flag, group: "inside" });

/** What a control follows. */
export const mapFlags: readonly Flag[] = [
  {
    name: "control",
    group: "begins",
    help: "begin the next control: the flags of this part that follow are its own. One control needs no --control",
  },
  inside({ name: "map", value: "FILE", help: "the map: white lines on black for the net that reads lines" }),
  inside({ name: "from", value: "FILE", help: "a picture in which a map is seen first, by --condition" }),
  inside({
    name: "condition",
    value: "NAME[,…]",
    help: "what to see in it, with options: canny,low=100,high=200 (underdraw map --list tells all); beside --map only the name of what the map shows",
  }),
  inside({
    name: "detector",
    value: "FILE",
    many: true,
    help: "the file of the model that the condition looks with, as --model of underdraw map",
  }),
  inside({ name: "invert", help: "exchange light and dark in the map: for dark lines on white or on nothing" }),
  inside({ name: "net", value: "PATH|NAME", help: "a control net, or the name of one in the model's folder" }),
  inside({ name: "save-map", value: "FILE.png", help: "write the map as well" }),
];

/** How strongly a control acts, when and where. */
export const strengthFlags: readonly Flag[] = [
  inside({
    name: "weight",
    value: "NUMBER",
    help: "how strongly to follow the map, 0 to 2; 1 without this, 0 is not at all",
  }),
  inside({
    name: "range",
    value: "START,END",
    help: "the part of the drawing in which to follow it; 0,1 without this",
  }),
  inside({
    name: "curve",
    value: "AT:FACTOR,…",
    help: "the weight's course over the drawing: 0:1,0.5:0.3 falls to 0.3 of it by the middle",
  }),
  inside({
    name: "preset",
    value: "NAME",
    help: `a known mode, which sets --layers and --halves: ${presets.join(", ")}. prompt: the prompt matters more; control: the map does`,
  }),
  inside({
    name: "layers",
    value: "LAYERS",
    help: "a factor for each residual of the net: 13 numbers with commas between for Stable Diffusion 1.5, or soft, logspace, resolution, softness=0.5",
  }),
  inside({
    name: "halves",
    value: "ONE,OTHER",
    help: "how much acts on the half of guidance with the prompt and on the half without; 1,0 halves the net's work",
  }),
  inside({ name: "mask", value: "FILE", help: "where to follow it: white acts, black and transparent do not" }),
  inside({ name: "mask-alpha", help: "take the mask from the file's opacity instead: opaque acts" }),
  inside({ name: "resize", value: "RULE", help: `how map and mask are scaled: ${resizes.join(", ")}` }),
  inside({
    name: "target",
    value: "NUMBER",
    help: "raise the weight until the picture has gone this share of the way from chance to the map, 0 to 1, in four tries at most",
  }),
];

/** What flags say of a control's strength. */
export type ControlSettings = Partial<Pick<Control, "weight" | "range" | "layers" | "curve" | "halves" | "resize">>;

/** The strength that flags give, each checked. Throws `request-invalid` for the first that cannot be meant. */
export function controlSettings(group: FlagGroup): ControlSettings {
  const read = <Key extends string, Value>(name: Key, turn: (text: string) => Value): { [key in Key]?: Value } => {
    const text = group.get(name);
    return text === undefined ? {} : ({ [name]: turn(text) } as { [key in Key]: Value });
  };
  const preset = group.get("preset");
  return {
    ...(preset !== undefined && strengthPresets[choiceFrom("--preset", preset, presets)]),
    ...read("weight", (text) => numberFrom("--weight", text, { least: 0, most: 2 })),
    ...read("range", rangeFrom),
    ...read("curve", curveFrom),
    ...read("layers", layersFrom),
    ...read("halves", halvesFrom),
    ...read("resize", (text) => choiceFrom("--resize", text, resizes)),
  };
}

/** The control with what flags say in place of its own. */
export function withSettings<Settings extends ControlSettings>(control: Settings, group: FlagGroup): Settings {
  const { layers: _layers, halves: _halves, ...others } = control;
  // A preset says everything of layers and halves, also where it says nothing.
  return { ...((group.has("preset") ? others : control) as Settings), ...controlSettings(group) };
}

/** The control whose weight is to be raised, and how well it is to be followed; null where no flag asks for it. */
export function targetFrom(groups: readonly FlagGroup[]): { readonly control: number; readonly gain: number } | null {
  const asked = groups.flatMap((group, control) => {
    const text = group.get("target");
    return text === undefined ? [] : [{ control, gain: numberFrom("--target", text, { least: 0, most: 1 }) }];
  });
  if (asked.length > 1) {
    const message = "--target is for one control, since one weight is raised at a time. Leave out all but one.";
    throw misused("--target", message);
  }
  return asked[0] ?? null;
}

/** Refuses flags that have no meaning beside each other, before any file is opened. `hasMap`: a recipe gives it. */
export function checkControl(group: FlagGroup, at: number, { hasMap }: { readonly hasMap: boolean }): void {
  controlSettings(group);
  if (group.has("mask-alpha") && !group.has("mask")) {
    throw misused("--mask-alpha", "--mask-alpha says how a mask is read, and there is none: add --mask FILE.");
  }
  if (hasMap) {
    for (const name of ["map", "from", "condition", "detector", "invert"]) {
      if (!group.has(name)) continue;
      const message = `--recipe holds its own map, so that --${name} has no place beside it. Leave one of them out.`;
      throw misused(`--${name}`, message);
    }
    return;
  }
  const [map, from] = [group.has("map"), group.has("from")];
  if (map && from) {
    throw misused("--map", "--map and --from exclude each other: give the map, or the picture to see one in.");
  }
  if (!map && !from) {
    const which = at === 0 ? "There is no map" : `Control ${at + 1} has no map`;
    const how = "Give one with --map FILE, or a picture to see one in with --from FILE --condition canny";
    throw misused("--map", `${which}. ${how}.`);
  }
  if (from && !group.has("condition")) {
    const message = `--from needs to know what to see in ${group.get("from")}: add --condition canny.`;
    throw misused("--condition", message);
  }
  if (map && group.has("detector")) {
    throw misused("--detector", "--detector looks for a map in a picture, and --map is one already. Leave it out.");
  }
}
