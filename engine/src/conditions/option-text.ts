import * as z from "zod/mini";
import type { ConditionKind } from "./condition.ts";
import { known, optionsRefused } from "./option-check.ts";

/** One option of a condition in words, for a command line's help. */
export interface OptionDescription {
  /** The option's name as a flag writes it, in kebab case, without dashes: `low`. */
  readonly name: string;
  /** What may be given: `number, 0 or more`, `3 | 5 | 7`, `list as JSON, each: number`. */
  readonly values: string;
  /** What holds when nothing is given, as text; absent where the option must be given. */
  readonly default?: string;
  /** What the option does. */
  readonly help: string;
}

/** Describes the options of a condition, in the order of its schema. */
export function describeOptions(kind: ConditionKind): readonly OptionDescription[] {
  return Object.entries(kind.options._zod.def.shape).map(([key, schema]) => {
    const layers = peeled(schema);
    const preset = layers
      .map(({ _zod }) => _zod.def as Partial<z.core.$ZodDefaultDef>)
      .find((def) => def.type === "default" || (def.type as string | undefined) === "prefault");
    const help = layers.map((layer) => z.globalRegistry.get(layer)?.description).find((text) => text !== undefined);
    return {
      name: kebab(key),
      values: valuesOf(schema),
      help: help ?? "",
      ...(preset && {
        default: inText(preset.defaultValue),
      }),
    };
  });
}

/**
 * Turns options written as text into typed ones, checked by the condition's schema, with its defaults filled in. Names
 * may be in camel or kebab case; an empty text switches a yes-or-no option on; lists and the like are written as JSON.
 * Throws `request-invalid`, which names every option that is unknown or wrong.
 */
export function parseOptions(kind: ConditionKind, entries: ReadonlyMap<string, string>): Record<string, unknown> {
  const { shape } = kind.options._zod.def;
  const issues: { path: string; message: string }[] = [];
  const typed: Record<string, unknown> = {};
  for (const [name, text] of entries) {
    const key = Object.keys(shape).find((key) => key === name || kebab(key) === name);
    const path = `${kind.id}.${name}`;
    if (key === undefined) issues.push({ path, message: `there is no such option; ${known(kind.options)}` });
    else if (key in typed) issues.push({ path, message: "the option is given twice, in two spellings" });
    else {
      const schema = shape[key] as z.core.$ZodType;
      const value = valueFrom(schema, text.trim());
      if (value === undefined) issues.push({ path, message: `"${text}" is not ${article(valuesOf(schema))}` });
      else typed[key] = value;
    }
  }
  if (issues.length > 0) throw optionsRefused(kind.id, issues);
  return { ...kind.choose(typed).options };
}

/** A schema and all it wraps, the outermost first: defaults and optionality around what says the type. */
function peeled(schema: z.core.$ZodType): readonly z.core.$ZodType[] {
  const def = schema._zod.def as { readonly innerType?: z.core.$ZodType; readonly in?: z.core.$ZodType };
  const inner = def.innerType ?? def.in;
  return inner ? [schema, ...peeled(inner)] : [schema];
}

function innermost(schema: z.core.$ZodType): z.core.$ZodTypes {
  return peeled(schema).at(-1) as z.core.$ZodTypes;
}

/** True where `null` is a value: "none" in words. */
const isNullable = (schema: z.core.$ZodType): boolean =>
  peeled(schema).some(({ _zod }) => (_zod.def.type as string) === "nullable");

/** The value that a text stands for; undefined if it can stand for none of this type. */
function valueFrom(schema: z.core.$ZodType, text: string): unknown {
  const value = plainFrom(innermost(schema), text);
  if (value === undefined || typeof value === "string") {
    // A text that says nothing else may be the word for nothing.
    if (isNullable(schema) && ["null", "none"].includes(text.toLowerCase())) return null;
  }
  return value;
}

function plainFrom(schema: z.core.$ZodTypes, text: string): unknown {
  const { def } = schema._zod;
  switch (def.type) {
    case "number":
      return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(text) && Number.isFinite(Number(text))
        ? Number(text)
        : undefined;
    case "boolean":
      if (["", "true", "yes", "on", "1"].includes(text.toLowerCase())) return true;
      return ["false", "no", "off", "0"].includes(text.toLowerCase()) ? false : undefined;
    case "enum":
      return Object.values(def.entries).find((value) => String(value) === text);
    case "literal":
      return def.values.find((value) => String(value) === text);
    case "null":
      return text === "null" ? null : undefined;
    case "union": {
      // What is exact comes before what takes any text.
      const loose = (option: z.core.$ZodType) => innermost(option)._zod.def.type === "string";
      for (const option of [...def.options].sort((a, b) => Number(loose(a)) - Number(loose(b)))) {
        const value = valueFrom(option, text);
        if (value !== undefined) return value;
      }
      return undefined;
    }
    case "string":
    case "template_literal":
      return text;
    default:
      // Lists and the like are written as JSON.
      try {
        return JSON.parse(text);
      } catch {
        return undefined;
      }
  }
}

/** What values a type takes, in words. */
function valuesOf(schema: z.core.$ZodType): string {
  const plain = plainValues(innermost(schema));
  return isNullable(schema) ? `${plain} | none` : plain;
}

function plainValues(schema: z.core.$ZodTypes): string {
  const { def } = schema._zod;
  switch (def.type) {
    case "number":
      return numbersOf(def);
    case "boolean":
      return "true | false";
    case "enum":
      return Object.values(def.entries).join(" | ");
    case "literal":
      return def.values.map(String).join(" | ");
    case "union":
      return def.options.map((option) => valuesOf(option)).join(" | ");
    case "string":
    case "template_literal":
      return "text";
    case "array":
      return `list as JSON, each: ${valuesOf(def.element)}`;
    case "tuple":
      return `list as JSON: ${def.items.map((item) => valuesOf(item)).join("; ")}`;
    default:
      return `${def.type} as JSON`;
  }
}

/** What numbers a type takes, in words: `number, 0 or more`, `whole number from 1 to 9`. */
function numbersOf(def: z.core.$ZodNumberDef): string {
  // A schema of whole numbers is itself the check that says so.
  const rules = [
    def as object,
    ...(def.checks ?? []).map(({ _zod }) => _zod.def),
  ] as readonly z.core.$ZodChecks["_zod"]["def"][];
  const low = rules.find((rule) => rule.check === "greater_than");
  const high = rules.find((rule) => rule.check === "less_than");
  const isWhole = rules.some(
    (rule) =>
      (rule.check === "number_format" && rule.format.includes("int")) ||
      (rule.check === "multiple_of" && Number.isSafeInteger(rule.value)),
  );
  const name = isWhole ? "whole number" : "number";
  if (low?.inclusive && high?.inclusive) return `${name} from ${low.value} to ${high.value}`;
  const least = low && (low.inclusive ? `${low.value} or more` : `above ${low.value}`);
  const most = high && (high.inclusive ? `${high.value} or less` : `below ${high.value}`);
  return [name, least, most].filter((text) => text !== undefined).join(", ");
}

/** A value as it is written. */
function inText(value: unknown): string {
  if (value === null) return "none";
  return typeof value === "string" ? value : JSON.stringify(value);
}

function kebab(key: string): string {
  return key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function article(values: string): string {
  return values.includes("|") ? `one of ${values}` : values === "text" ? values : `a ${values}`;
}
