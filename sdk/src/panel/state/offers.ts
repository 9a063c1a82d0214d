import type { ConditionKind } from "@underdraw/engine";
import type { Scene } from "@underdraw/engine/core";
import type { ControlKind } from "../options.ts";

// Which kinds of control there are to choose from, and which of them can be used: a map is of no use without a net that
// reads it, a net that sees is of no use without its file.

/** Where a control's map comes from: the document's own shapes, the pixels of what is selected, or a net that sees them. */
export type Origin = "document" | "picture" | "model";

/** The origins in the order in which they are offered. */
export const origins: readonly Origin[] = ["document", "picture", "model"];

/** What an offer lacks to be used: a net that reads its map, or the file of a net that sees. */
export interface Need {
  readonly what: "net" | "model";
  readonly name: string;
}

/** A kind of control in the list. */
export interface Offer extends ControlKind {
  /** What it lacks; absent for one that can be used. */
  readonly need?: Need;
}

/** What there is for controls to work with. */
export interface Means {
  /** The names of the nets among the engine's models; undefined where nobody says. */
  readonly nets: readonly string[] | undefined;
  /** The names of the nets that see whose files the engine has. */
  readonly detectors: readonly string[];
  /** True where the host tells the structure of what is selected. */
  readonly structured: boolean;
}

/** Where the maps of a kind come from. */
export const originOf = ({ kind }: ControlKind): Origin =>
  kind.reads === "scene" ? "document" : Object.keys(kind.models).length > 0 ? "model" : "picture";

/** Whether a control can be made of an offer here. */
export const isUsable = ({ need }: Offer): boolean => need === undefined;

/**
 * The offers for these kinds, in their order. What nobody could use here is left out: maps of poses, whose source is a
 * file, maps that no net reads, and documents where the host tells nothing of them.
 */
export const offersOf = (kinds: readonly ControlKind[], means: Means): readonly Offer[] =>
  kinds.filter((one) => isPossible(one, means)).map((one) => offerOf(one, means));

function isPossible({ kind, net }: ControlKind, { structured }: Means): boolean {
  if (kind.reads === "pose") return false;
  if (kind.reads === "scene" && !structured) return false;
  return net !== undefined || kind.nets.length > 0;
}

function offerOf(offered: ControlKind, { nets, detectors }: Means): Offer {
  const { kind } = offered;
  const missing = Object.keys(kind.models).find((name) => !detectors.includes(name));
  const wanted = offered.net === undefined ? kind.nets : [offered.net];
  const net = nets ? wanted.find((name) => nets.includes(name)) : offered.net;
  if (nets && net === undefined) return { ...offered, need: { what: "net", name: wanted[0] ?? kind.id } };
  const named = net === undefined ? offered : { ...offered, net };
  return missing === undefined ? named : { ...named, need: { what: "model", name: missing } };
}

/** The kinds without a word of anybody: every condition as a control of its own. */
export const kindsOf = (conditions: readonly ConditionKind[]): readonly ControlKind[] =>
  conditions.map((kind) => ({ kind }));

/**
 * Whether a selection is a drawing rather than a picture: outlines that are painted outnumber pictures. A frame around a
 * photograph is no drawing.
 */
export function isDrawing({ shapes }: Scene): boolean {
  let balance = 0;
  for (const { kind = "path", stroke, fill, opacity } of shapes) {
    if (kind === "picture") balance--;
    else if (kind === "path" && opacity > 0 && (stroke !== null || fill !== null)) balance++;
  }
  return balance > 0;
}
