import type { Control } from "@underdraw/engine";
import type { ControlKind } from "../options.ts";
import type { Need } from "../state/offers.ts";
import type { Word } from "../words/en.ts";
import type { Speaker } from "../words/language.ts";

/** Nets that have a word of their own: what a control that feeds them is called. */
const nets: Readonly<Record<string, Word>> = {
  lines: "lines",
  lineart: "lines",
  canny: "net-edges",
  scribble: "net-scribble",
  softedge: "net-softedge",
  depth: "net-depth",
  colour: "net-colour",
  segmentation: "net-segmentation",
  seg: "net-segmentation",
  normal: "net-normal",
  normalbae: "net-normal",
  openpose: "net-pose",
  pose: "net-pose",
};

/** What a control is called: after what its net follows, where that net has a word. */
export function titleOf({ title, net, kind }: ControlKind, speaker: Speaker): string {
  const word = net !== undefined && Object.hasOwn(nets, net) ? nets[net] : undefined;
  return title ?? (word ? speaker.say(word) : speaker.term(kind.id, kind.title));
}

/** What a picture follows by a control of its request, within a sentence. */
export function followedName({ net, map }: Pick<Control, "net" | "map">, speaker: Speaker): string {
  const word = net !== undefined && Object.hasOwn(nets, net) ? nets[net] : undefined;
  const name = word
    ? speaker.say(word)
    : speaker.term(`${map.condition}.short`, speaker.term(map.condition, map.condition));
  return name.toLocaleLowerCase(speaker.tag);
}

/** What a kind of control is called in a list whose heading says what its maps come from. */
export const kindName = ({ title, kind }: ControlKind, speaker: Speaker): string =>
  title ?? speaker.term(`${kind.id}.listed`, conditionName(kind, speaker));

/** What a condition is called beside what it is drawn of. */
export const conditionName = ({ id, title }: ControlKind["kind"], speaker: Speaker): string =>
  speaker.term(`${id}.short`, speaker.term(id, title));

/** What a kind of control lacks, in words. */
export const needName = ({ what, name }: Need, speaker: Speaker): string => speaker.say(`needs-${what}`, { name });
