import * as z from "zod/mini";

// The form of a condition's options, made from its schema: what a panel draws as sliders, switches and choices. Read
// through zod's core, so that it works for any schema of `zod` and of `zod/mini`.

/** One field of the form. */
export interface OptionField {
  readonly name: string;
  /** What a person reads: the name in words. */
  readonly label: string;
  /** What the option does; empty where the schema does not say. */
  readonly help: string;
  readonly input:
    | {
        readonly type: "number";
        readonly min: number;
        /** What the slider ends at; the option itself may allow more. */
        readonly max: number;
        readonly step: number;
        /** True where only whole numbers are taken. */
        readonly whole: boolean;
      }
    | { readonly type: "switch" }
    | { readonly type: "choice"; readonly values: readonly (string | number | boolean)[] }
    | { readonly type: "text" };
  /** What holds when nothing is chosen; undefined where the schema has no default. */
  readonly preset: unknown;
}

/**
 * The form of a condition's options, in the order of its schema. What no form can hold (lists, objects, null) keeps its
 * default.
 */
export function optionForm(options: z.core.$ZodObject): readonly OptionField[] {
  return Object.entries(options._zod.def.shape).flatMap(([name, schema]) => {
    const layers = peeled(schema);
    const preset = presetOf(layers);
    const input = inputOf(layers, preset);
    if (!input) return [];
    const help = layers.map((layer) => z.globalRegistry.get(layer)?.description).find((text) => text !== undefined);
    return [{ name, label: labelOf(name), help: help ?? "", input, preset }];
  });
}

/** A schema and all it wraps, the outermost first. Of what turns one value into another it is the side that is given. */
function peeled(schema: z.core.$ZodType): readonly z.core.$ZodTypes[] {
  const outer = schema as z.core.$ZodTypes;
  const { def } = outer._zod;
  if ("innerType" in def) return [outer, ...peeled(def.innerType)];
  if (def.type === "lazy") return [outer, ...peeled(def.getter())];
  if (def.type === "pipe") return [outer, ...peeled(def.in._zod.def.type === "transform" ? def.out : def.in)];
  return [outer];
}

/** What holds when nothing is chosen: the schema takes it as it gives it, since options are stored and taken again. */
function presetOf(layers: readonly z.core.$ZodTypes[]): unknown {
  for (const layer of layers) {
    const { def } = layer._zod;
    if (def.type === "default" || def.type === "prefault") return def.defaultValue;
    if (def.type === "catch") return z.safeParse(layer, undefined).data;
  }
  return undefined;
}

function inputOf(layers: readonly z.core.$ZodTypes[], preset: unknown): OptionField["input"] | null {
  const inner = layers[layers.length - 1];
  if (!inner || layers.some(({ _zod }) => _zod.def.type === "nullable")) return null;
  const values = [...(inner._zod.values ?? [])];
  if (values.length > 0) return values.every(isPlain) ? { type: "choice", values } : null;
  const { def } = inner._zod;
  switch (def.type) {
    case "boolean":
      return { type: "switch" };
    case "number":
      return numberOf(def, typeof preset === "number" ? preset : 0);
    case "string":
    case "template_literal":
      return { type: "text" };
    default:
      return null;
  }
}

const isPlain = (value: unknown): value is string | number | boolean =>
  typeof value === "string" || typeof value === "number" || typeof value === "boolean";

/** The limits of zod's formats of whole numbers that have some. */
const formats: Readonly<Record<string, readonly [min: number, max: number]>> = {
  int32: [-(2 ** 31), 2 ** 31 - 1],
  uint32: [0, 2 ** 32 - 1],
};

function numberOf(def: z.core.$ZodNumberDef, preset: number): OptionField["input"] {
  let [low, high, whole] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, false];
  let divisor: number | undefined;
  // A schema of a format is itself the check that says so.
  const rules = [
    def as object,
    ...(def.checks ?? []).map(({ _zod }) => _zod.def),
  ] as readonly z.core.$ZodChecks["_zod"]["def"][];
  for (const rule of rules) {
    if (rule.check === "greater_than") low = Math.max(low, Number(rule.value));
    if (rule.check === "less_than") high = Math.min(high, Number(rule.value));
    if (rule.check === "multiple_of") divisor ||= Math.abs(Number(rule.value));
    if (rule.check !== "number_format") continue;
    whole ||= rule.format.includes("int");
    const [min = low, max = high] = formats[rule.format] ?? [];
    [low, high] = [Math.max(low, min), Math.min(high, max)];
  }
  const isLimit = (value: number) => Math.abs(value) < Number.MAX_SAFE_INTEGER;
  const min = isLimit(low) ? low : Math.min(0, roundUp(4 * preset));
  const max = isLimit(high) ? high : Math.max(min + 1, roundUp(4 * preset));
  return { type: "number", min, max, step: divisor || (whole ? 1 : fineStep(max - min)), whole };
}

/** A number away from zero to the next 1, 2 or 5 with zeros: an end for a slider that has none. */
function roundUp(value: number): number {
  if (value === 0) return 0;
  const power = 10 ** Math.floor(Math.log10(Math.abs(value)));
  const lead = [1, 2, 5, 10].find((digit) => digit * power >= Math.abs(value) - 1e-9) ?? 10;
  return Math.sign(value) * lead * power;
}

/** A step of about a hundredth of a span: 0.01, 0.1, 1 … */
const fineStep = (span: number): number => Math.min(1, 10 ** Math.floor(Math.log10(span / 100) + 1e-9));

/** "lowThreshold" as "Low threshold". */
function labelOf(name: string): string {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1 $2").replace(/[-_]/g, " ");
  return words.charAt(0).toUpperCase() + words.slice(1).toLowerCase();
}
