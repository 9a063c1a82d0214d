import type * as z from "zod/mini";
import { describeOptions, parseOptions } from "../conditions/option-text.ts";
import { UnderdrawError } from "../core/errors.ts";
import { type Bench, type ConditionCheck, check, drawingCheck, hold, inWords, refusal } from "./condition-check.ts";

/** An option that takes numbers or one of some values, without what is wrapped around it. */
interface PlainOption {
  readonly name: string;
  readonly type: string;
  /** The least and the greatest value, where they are among the values. */
  readonly least?: number;
  readonly most?: number;
  readonly whole: boolean;
  /** All values, where they can be listed. */
  readonly values?: readonly unknown[];
}

function plainOptions(bench: Bench): readonly PlainOption[] {
  return Object.entries(bench.kind.options._zod.def.shape).map(([name, schema]) => plainOption(name, schema));
}

function plainOption(name: string, schema: z.core.$ZodType): PlainOption {
  let def = schema._zod.def as z.core.$ZodTypes["_zod"]["def"];
  while ("innerType" in def) def = (def.innerType as z.core.$ZodType)._zod.def as typeof def;
  if (def.type === "boolean") return { name, type: "boolean", whole: false, values: [true, false] };
  if (def.type === "enum") return { name, type: "enum", whole: false, values: Object.values(def.entries) };
  if (def.type === "literal") return { name, type: "literal", whole: false, values: def.values };
  if (def.type === "union") {
    const parts = def.options.map((option) => plainOption(name, option).values);
    return parts.every((values) => values !== undefined)
      ? { name, type: "union", whole: false, values: parts.flat() }
      : { name, type: "union", whole: false };
  }
  if (def.type !== "number") return { name, type: def.type, whole: false };
  const rules = [def as object, ...(def.checks ?? []).map(({ _zod }) => _zod.def)] as readonly {
    readonly check?: string;
    readonly value?: number;
    readonly inclusive?: boolean;
    readonly format?: string;
  }[];
  const low = rules.find((rule) => rule.check === "greater_than" && rule.inclusive)?.value;
  const high = rules.find((rule) => rule.check === "less_than" && rule.inclusive)?.value;
  const whole = rules.some((rule) => rule.check === "number_format" && rule.format?.includes("int"));
  return {
    name,
    type: "number",
    whole,
    ...(low === undefined ? {} : { least: low }),
    ...(high === undefined ? {} : { most: high }),
  };
}

async function holdRefused(bench: Bench, options: unknown, name: string | null, what: string): Promise<void> {
  const error = await refusal(() => bench.kind.choose(options), what);
  hold(
    UnderdrawError.is(error, "request-invalid"),
    `${what} is refused with "request-invalid", not with ${inWords(error)}.`,
  );
  const path = name === null ? bench.kind.id : `${bench.kind.id}.${name}`;
  hold(
    error.details.issues.some((issue) => issue.path === path || issue.path.startsWith(`${path}.`)),
    `${what} is refused at ${error.details.issues.map((issue) => issue.path).join(", ")}, not at ${path}.`,
  );
}

/** What holds of a condition's name and options. */
export const optionChecks: readonly ConditionCheck[] = [
  check("has an id in kebab case, a title, and names for nets and models", ({ kind }) => {
    hold(/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(kind.id), `Its id "${kind.id}" is not in kebab case.`);
    hold(kind.title.trim() !== "", "It has no title.");
    hold(
      kind.nets.every((net) => net.trim() !== ""),
      "A net that reads its map has no name.",
    );
    for (const [name, { about, address }] of Object.entries(kind.models)) {
      hold(/\.$/.test(about.trim()), `What the model "${name}" is should be said in a sentence.`);
      hold(URL.canParse(address), `The model "${name}" can be had at "${address}", which is no address.`);
    }
  }),
  check("says what each option does, in a sentence", ({ kind }) => {
    for (const { name, help } of describeOptions(kind))
      hold(/^\S.*[.?!]$/s.test(help), `The option ${name} says "${help}" of itself, which is no sentence.`);
  }),
  check("takes its own options again, also after they were JSON", (bench) => {
    const { options } = bench.condition();
    const text = JSON.stringify(options);
    for (const [copy, how] of [
      [options, "as they are"],
      [JSON.parse(text) as unknown, "after they were JSON"],
      [structuredClone(options), "after they were sent to a worker"],
    ] as const) {
      const again = JSON.stringify(bench.kind.choose(copy).options);
      hold(again === text, `Its options ${text}, taken ${how}, are ${again}.`);
    }
  }),
  drawingCheck("draws with its options at every limit and with each of their values", async (bench) => {
    const source = bench.source(24, 20);
    for (const { name, values, least, most } of plainOptions(bench)) {
      const tried = values ?? [least, most].filter((limit) => limit !== undefined);
      for (const value of tried) {
        try {
          const { width, height } = await bench.draw(source, { [name]: value });
          hold(width === 24 && height === 20, `the map is ${width}x${height}`);
        } catch (error) {
          throw new Error(`With ${name} ${inWords(value)} it draws nothing: ${inWords(error)}`, { cause: error });
        }
      }
    }
  }),
  check("refuses what lies beyond an option's limits, by the option's name", async (bench) => {
    for (const { name, type, values, least, most, whole } of plainOptions(bench)) {
      const beyond: unknown[] = [];
      if (type === "number") beyond.push(Number.NaN, Number.POSITIVE_INFINITY, "1px");
      if (least !== undefined) beyond.push(least - 1);
      if (most !== undefined) beyond.push(most + 1);
      if (whole) beyond.push((least ?? 0) + 0.5);
      if (values) beyond.push("none of these", { no: "value" });
      for (const value of beyond)
        await holdRefused(
          bench,
          { ...bench.kit.options, [name]: value },
          name,
          `The option ${name} of ${inWords(value)}`,
        );
    }
  }),
  check("refuses options that it does not have, and what are no options at all", async (bench) => {
    if (bench.kind.options._zod.def.catchall === undefined)
      await holdRefused(
        bench,
        { ...bench.kit.options, noSuchOption: 1 },
        "noSuchOption",
        "An option that it does not have",
      );
    for (const nothing of ["text", 5, [1]])
      await holdRefused(bench, nothing, null, `${inWords(nothing)} in place of options`);
  }),
  check("reads its options from text as a command line writes them", (bench) => {
    const { options } = bench.condition();
    const entries = Object.entries(options).map(([name, value]): [string, string] => [
      name,
      typeof value === "string" ? value : value === null ? "none" : JSON.stringify(value),
    ]);
    const read = JSON.stringify(parseOptions(bench.kind, new Map(entries)));
    hold(read === JSON.stringify(options), `Written as text and read again, ${inWords(options)} became ${read}.`);
  }),
];
