import { z } from "zod";

// The form of a condition's options, made from its schema: what a panel draws as sliders, switches and choices. Read
// through the schema's JSON Schema, so that it works for any schema of zod.

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

/** The part of JSON Schema that is looked at. */
interface Described {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly anyOf?: readonly Described[];
  readonly allOf?: readonly Described[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly exclusiveMaximum?: number;
  readonly multipleOf?: number;
  readonly properties?: Readonly<Record<string, Described>>;
}

/** The form of a condition's options, in the order of its schema. What no form can hold (lists, objects) keeps its default. */
export function optionForm(options: z.ZodObject): readonly OptionField[] {
  const described = z.toJSONSchema(options, { io: "input", unrepresentable: "any" }) as Described;
  return Object.entries(described.properties ?? {}).flatMap(([name, property]) => {
    const input = inputOf(property);
    if (!input) return [];
    return [{ name, label: labelOf(name), help: property.description ?? "", input, preset: property.default }];
  });
}

function inputOf(property: Described): OptionField["input"] | null {
  const values = valuesOf(property);
  if (values && values.length > 0) return { type: "choice", values };
  switch (property.type) {
    case "boolean":
      return { type: "switch" };
    case "number":
    case "integer":
      return numberOf(property);
    case "string":
      return { type: "text" };
    default:
      return null;
  }
}

/** The values of a closed list; null for what is none. */
function valuesOf({ enum: listed, const: only, anyOf }: Described): readonly (string | number | boolean)[] | null {
  const plain = (value: unknown): value is string | number | boolean =>
    typeof value === "string" || typeof value === "number" || typeof value === "boolean";
  if (listed) return listed.filter(plain);
  if (only !== undefined) return [only].filter(plain);
  if (!anyOf) return null;
  const all = anyOf.map(valuesOf);
  return all.every((one) => one !== null) ? all.flat() : null;
}

function numberOf(property: Described): OptionField["input"] {
  const whole = property.type === "integer";
  const preset = typeof property.default === "number" ? property.default : 0;
  // zod writes the safe integers as the limits of an integer without any.
  const bound = (value: number | undefined) =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER ? value : undefined;
  const min = bound(property.minimum) ?? bound(property.exclusiveMinimum) ?? Math.min(0, roundUp(4 * preset));
  const max = bound(property.maximum) ?? bound(property.exclusiveMaximum) ?? Math.max(min + 1, roundUp(4 * preset));
  const step = property.multipleOf ?? (whole ? 1 : fineStep(max - min));
  return { type: "number", min, max, step, whole };
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
