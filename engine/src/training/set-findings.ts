import type { Colour } from "../conditions/condition.ts";
import type { MapKind, MapWarning } from "../conditions/map-check.ts";
import { quoted } from "../models/refusal.ts";
import type { PairLook } from "./pair-look.ts";
import { sure } from "./seen-kind.ts";

/** What a set is looked at for. */
export interface SetQuestions {
  readonly width: number;
  readonly height: number;
  readonly kind: MapKind | null;
  readonly background: Colour;
  readonly nameOf: (at: number) => string;
  readonly countTokens: ((prompt: string) => number) | undefined;
  readonly mostTokens: number;
}

/** What is to be said of pairs that can be learnt from, in sentences; each thing once, with how many it is true of. */
export function setFindings(looks: readonly PairLook[], questions: SetQuestions): string[] {
  return [
    ...sizes(looks, questions),
    ...transparency(looks, questions),
    ...maps(looks, questions),
    ...sameHalves(looks, questions),
    ...captions(looks, questions),
  ];
}

/** Pairs with the same picture, by their numbers. */
export function alikeOf(looks: readonly PairLook[]): number[][] {
  const groups = new Map<string, number[]>();
  for (const { at, picture } of looks) groups.set(picture, [...(groups.get(picture) ?? []), at]);
  return [...groups.values()].filter((group) => group.length > 1);
}

/** What is to be said of pairs with the same picture. */
export function duplicates(looks: readonly PairLook[], { nameOf }: SetQuestions): string[] {
  const mapOf = new Map(looks.map(({ at, map }) => [at, map]));
  const groups = alikeOf(looks);
  const same = groups.filter((group) => new Set(group.map((at) => mapOf.get(at))).size < group.length);
  const count = groups.reduce((sum, group) => sum + group.length, 0);
  if (count === 0) return [];
  const [one = 0, other = 0] = same[0] ?? groups[0] ?? [];
  const example = `${quoted(nameOf(one))} and ${quoted(nameOf(other))}`;
  const whole = same.length > 0 ? ", some of them with the same map" : "";
  return [
    `Duplicates: ${count} pairs show ${groups.length} pictures${whole} (${example}). They count as often, and are never on both sides when pairs are held out.`,
  ];
}

/** "3 of 50 pictures (the first is "a.png")" */
function some(found: readonly PairLook[], all: readonly PairLook[], what: string, nameOf: SetQuestions["nameOf"]) {
  const [first] = found;
  return `${found.length} of ${all.length} ${what} (the first is that of ${quoted(nameOf(first?.at ?? 0))})`;
}

function sizes(looks: readonly PairLook[], { width, height, nameOf }: SetQuestions): string[] {
  const small = looks.filter((look) => look.width < width || look.height < height);
  const cut = looks.filter((look) => {
    const [across, along] = [look.width * height, look.height * width];
    return 4 * Math.min(across, along) < 3 * Math.max(across, along);
  });
  return [
    ...(small.length > 0
      ? [`${some(small, looks, "pictures", nameOf)} are smaller than ${width}x${height}: they are enlarged.`]
      : []),
    ...(cut.length > 0
      ? [
          `${some(cut, looks, "pictures", nameOf)} have other proportions than ${width}x${height}: more than a quarter of each is cut off on both sides of its middle.`,
        ]
      : []),
  ];
}

function transparency(looks: readonly PairLook[], { background, nameOf }: SetQuestions): string[] {
  const pictures = looks.filter(({ isPictureClear }) => isPictureClear);
  const clear = looks.filter(({ isMapClear }) => isMapClear);
  const named = { "0,0,0": "black", "255,255,255": "white" }[background.join()] ?? `rgb(${background.join(", ")})`;
  return [
    ...(pictures.length > 0
      ? [`${some(pictures, looks, "pictures", nameOf)} are transparent in places: they are laid on white.`]
      : []),
    ...(clear.length > 0
      ? [`${some(clear, looks, "maps", nameOf)} are transparent in places: they are laid on ${named}.`]
      : []),
  ];
}

/** What the nets' own check says of the maps, each thing once. Polarity is told elsewhere. */
function maps(looks: readonly PairLook[], { kind, nameOf }: SetQuestions): string[] {
  const found = new Map<string, { readonly warning: MapWarning; readonly looks: PairLook[] }>();
  for (const look of looks) {
    for (const warning of look.warnings) {
      if (warning.code === "map-inverted") continue;
      const before = found.get(warning.code);
      if (before) before.looks.push(look);
      else found.set(warning.code, { warning, looks: [look] });
    }
  }
  const said = [...found.values()].map(
    ({ warning, looks: those }) => `${some(those, looks, "maps", nameOf)}: ${warning.message} ${warning.remedy}`,
  );
  if (kind !== null) return said;
  const photographs = looks.filter(({ guess }) => guess?.kind === "photograph" && guess.confidence >= sure);
  if (photographs.length === 0) return said;
  const all = some(photographs, looks, "maps", nameOf);
  return [...said, `${all} look like photographs. If maps and pictures were exchanged, exchange them back.`];
}

function sameHalves(looks: readonly PairLook[], { kind, nameOf }: SetQuestions): string[] {
  const same = looks.filter(({ map, picture }) => map === picture);
  if (same.length === 0 || kind === "colour") return [];
  return [`${some(same, looks, "maps", nameOf)} are the pictures themselves: there is nothing to learn from those.`];
}

function captions(looks: readonly PairLook[], { countTokens, mostTokens, nameOf }: SetQuestions): string[] {
  const mute = looks.filter(({ prompt }) => prompt.trim() === "");
  if (looks.length > 0 && mute.length === looks.length)
    return ["No pair has a caption: the net learns from maps alone, and says nothing of how words go with them."];
  const said: string[] = [];
  if (mute.length > 0) said.push(`${some(mute, looks, "captions", nameOf)} are empty.`);
  const [first] = looks;
  if (looks.length > 1 && looks.every(({ prompt }) => prompt === first?.prompt))
    said.push(`All captions are the same: ${quoted(first?.prompt)}. Words that differ tell the net what maps do not.`);
  const long = countTokens ? looks.filter(({ prompt }) => countTokens(prompt) > mostTokens) : [];
  if (long.length > 0)
    said.push(
      `${some(long, looks, "captions", nameOf)} are longer than the ${mostTokens} tokens that the text encoder reads at once: what stands behind is not learnt.`,
    );
  return said;
}
