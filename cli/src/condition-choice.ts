import {
  builtInConditions,
  type Condition,
  type ConditionKind,
  type DetectorFiles,
  parseOptions,
  UnderdrawError,
} from "@underdraw/engine";
import { type ModelSource, nodeModel } from "@underdraw/engine/node";
import { nearest } from "./arguments.ts";
import { misused } from "./failure.ts";

/** A condition as it was named, with its options as text. */
export interface ConditionText {
  readonly id: string;
  readonly options: ReadonlyMap<string, string>;
}

/** Reads "canny,low=100,l2": a name, then options. An option without a value is switched on. */
export function conditionFrom(text: string): ConditionText {
  const [id = "", ...rest] = text.split(",").map((part) => part.trim());
  const options = new Map<string, string>();
  for (const part of rest) {
    const [name = "", value = ""] = part.split(/=(.*)/s).map((word) => word.trim());
    if (name === "" || options.has(name)) {
      const problem = name === "" ? "an option without a name" : `"${name}" twice`;
      throw misused("--condition", `--condition "${text}" has ${problem}. Write it like canny,low=100,high=200.`);
    }
    options.set(name, value);
  }
  if (id === "") throw misused("--condition", "--condition needs a name. Write it like canny,low=100,high=200.");
  return { id, options };
}

/** The kind of condition of a name. Throws `request-invalid` for one that nobody knows. */
export function kindOf(flag: string, id: string): ConditionKind {
  const found = builtInConditions.find((kind) => kind.id === id);
  if (found) return found;
  const names = builtInConditions.map((kind) => kind.id);
  const near = nearest(id, names);
  const hint = near === undefined ? "" : `Did you mean ${near}? `;
  throw misused(flag, `There is no condition "${id}". ${hint}There are: ${names.join(", ")}.`);
}

/** A condition ready to be drawn, with its options as they were understood. */
export function chooseCondition(
  kind: ConditionKind,
  options: ReadonlyMap<string, string>,
): { readonly condition: Condition; readonly options: Readonly<Record<string, unknown>> } {
  const typed = parseOptions(kind, options);
  return { condition: kind.choose(typed), options: typed };
}

/** The names of the models that a condition needs with these options. */
function neededModels(
  { models }: Pick<ConditionKind, "models">,
  options: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(models)
    .filter(([, { when = {} }]) => Object.entries(when).every(([name, value]) => options[name] === value))
    .map(([name]) => name);
}

/**
 * The files of a condition's models, as "PATH" where it needs one with these options, as "NAME=PATH,NAME=PATH" always.
 * `flag` is the one that gave them. Throws `request-invalid` for a name that it does not know.
 */
function modelsFrom(
  kind: ConditionKind,
  options: Readonly<Record<string, unknown>>,
  text: string,
  flag: string,
): Readonly<Record<string, ModelSource>> {
  const known = Object.keys(kind.models);
  if (known.length === 0) {
    throw misused(flag, `${flag} has no place here: ${kind.id} needs no model. Leave it out.`);
  }
  const [only, ...others] = neededModels(kind, options);
  const parts = text.split(",");
  const models: Record<string, ModelSource> = {};
  for (const part of parts) {
    const equals = part.indexOf("=");
    const bare = equals < 0 && others.length === 0 && parts.length === 1;
    const name = bare && only !== undefined ? only : part.slice(0, Math.max(0, equals)).trim();
    if (!known.includes(name)) {
      const how = known.map((one) => `${one}=PATH`).join(",");
      throw misused(flag, `${flag} "${part}" names no model of ${kind.id}. Write it like ${how}.`);
    }
    models[name] = nodeModel(part.slice(equals + 1).trim());
  }
  return models;
}

/**
 * The files of the models that a condition looks with, which `flag` gave. Throws `model-unknown` for one that is not given,
 * with that flag.
 */
export function detectorsFrom(
  kind: ConditionKind,
  options: Condition["options"],
  given: string | undefined,
  flag: "--model" | "--detector",
): DetectorFiles {
  const files = given === undefined ? {} : modelsFrom(kind, options, given, flag);
  const needed = neededModels(kind, options);
  const missing = needed.find((name) => !Object.hasOwn(files, name));
  if (missing === undefined) return files;
  const { about, address } = kind.models[missing] as ConditionKind["models"][string];
  const how = needed.length > 1 ? `${missing}=FILE` : "FILE";
  const message = `${kind.id} looks with a model whose file is missing. It is ${about} It can be had at ${address}; nothing is fetched from there by itself. Give its file with ${flag} ${how}.`;
  throw new UnderdrawError("model-unknown", message, { id: missing, known: Object.keys(files) });
}
