import type { RecipeModel } from "./recipe-model.ts";

/** One thing in which a recipe differs from an earlier one. */
export interface RecipeChange {
  /** Where in the later recipe ("controls.1.weight"); in the earlier one, for what was taken away. */
  readonly path: string;
  /** What it is, for a person: "Weight of control 1 (lines)". */
  readonly label: string;
  /** What it was and what it is, as text; null for what was not there, and for pictures. */
  readonly before: string | null;
  readonly after: string | null;
  /** All of it in a line: "Weight of control 1 (lines): 1 → 0.6". */
  readonly sentence: string;
}

/** A setting with a short name: "Seed 7 → 8". Nothing where it is the same. */
export function valueChange(
  path: string,
  label: string,
  before: string,
  after: string,
  colon = "",
): readonly RecipeChange[] {
  if (before === after) return [];
  return [{ path, label, before, after, sentence: `${label}${colon} ${before} → ${after}` }];
}

/** Another model. The same one by another name is the same. */
export function modelChange(
  path: string,
  label: string,
  before: RecipeModel,
  after: RecipeModel,
): readonly RecipeChange[] {
  if (before.fingerprint === after.fingerprint) return [];
  return valueChange(path, label, modelText(before), modelText(after), label === "Model" ? "" : ":");
}

/** Something that was added, taken away or changed as a whole. */
export const wholeChange = (
  path: string,
  label: string,
  before: string | null,
  after: string | null,
  what: string,
): RecipeChange => ({ path, label, before, after, sentence: `${label} ${what}` });

/** A model by its name and the beginning of its fingerprint. */
export const modelText = ({ name, fingerprint }: RecipeModel): string =>
  `${quoted(name)} (${fingerprint.slice(0, 12)})`;

/** Text in quotes. */
export const quoted = (text: string): string => JSON.stringify(text);

/** Data as text, its keys in order, so that the same data has the same text. */
export function inText(data: unknown, nothing: string): string {
  if (data === undefined || data === null) return nothing;
  return JSON.stringify(data, (_, found: unknown) =>
    typeof found === "object" && found !== null && !Array.isArray(found)
      ? Object.fromEntries(Object.entries(found).sort(([one], [other]) => (one < other ? -1 : 1)))
      : found,
  );
}
