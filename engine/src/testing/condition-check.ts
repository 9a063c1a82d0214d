import type { Condition, ConditionContext, ConditionKind, ConditionSource } from "../conditions/condition.ts";
import type { Pixels } from "../core/pixels.ts";
import { madeSource, type SampleLook } from "./sample-sources.ts";

/** What a condition's author gives to the contract where it cannot help itself. */
export interface ConditionKit {
  /** The options to draw with, where the schema has some without a default. */
  readonly options?: Readonly<Record<string, unknown>>;
  /** Runs the condition's models, or something that answers in their shape. Without it nothing of them can be checked. */
  readonly run?: ConditionContext["run"];
  /** More sources to draw, each of which must go as the contract's own do. */
  readonly sources?: readonly ConditionSource[];
  /** How long a stopped drawing may go on, in ms; 1000 without it. */
  readonly patienceMs?: number;
}

/** What came of a check that was not broken: it held, or it could not be asked, and why. */
export type CheckOutcome = "passed" | { readonly skipped: string };

/** One promise that every condition keeps. */
export interface ConditionCheck {
  /** The promise, as a sentence about the condition. */
  readonly name: string;
  /** Tries the promise. Rejects, saying what was found, when it is broken. */
  run(kind: ConditionKind, kit?: ConditionKit): Promise<CheckOutcome>;
}

/** What a check has at hand. */
export class Bench {
  readonly kind: ConditionKind;
  readonly kit: ConditionKit;

  constructor(kind: ConditionKind, kit: ConditionKit) {
    this.kind = kind;
    this.kit = kit;
  }

  /** The condition with the kit's options, and others over them. */
  condition(options: Readonly<Record<string, unknown>> = {}): Condition {
    return this.kind.choose({ ...this.kit.options, ...options });
  }

  /** A source of the kind that the condition reads. */
  source(width: number, height: number, look: SampleLook = "full"): ConditionSource {
    return madeSource(this.kind.reads, width, height, look);
  }

  /** What a drawing gets besides its source. */
  context(options: Omit<ConditionContext, "run"> = {}): ConditionContext {
    return {
      ...options,
      run: this.kit.run ?? ((model) => Promise.reject(new Error(`The kit has no run, and "${model}" was asked for.`))),
    };
  }

  /** Draws with the kit's options. */
  draw(source: ConditionSource, options: Readonly<Record<string, unknown>> = {}): Promise<Pixels> {
    return this.condition(options).extract(source, this.context());
  }
}

/** Makes a check out of what it tries. */
export function check(name: string, attempt: (bench: Bench) => void | Promise<void>): ConditionCheck {
  return {
    name,
    async run(kind, kit = {}) {
      try {
        await attempt(new Bench(kind, kit));
      } catch (error) {
        if (error instanceof Skipped) return { skipped: error.message };
        throw error;
      }
      return "passed";
    },
  };
}

/** Makes a check that draws: it is skipped where the condition needs models that the kit does not run. */
export function drawingCheck(name: string, attempt: (bench: Bench) => void | Promise<void>): ConditionCheck {
  return check(name, async (bench) => {
    const models = Object.keys(bench.kind.models);
    if (models.length > 0 && !bench.kit.run) skip(`The kit has no run for ${models.join(", ")}.`);
    await attempt(bench);
  });
}

class Skipped extends Error {}

/** Ends a check that cannot be asked of this condition or with this kit. */
export function skip(reason: string): never {
  throw new Skipped(reason);
}

/** Throws when a promise is broken. */
export function hold(condition: boolean, broken: string): asserts condition {
  if (!condition) throw new Error(broken);
}

/** What a call throws or rejects with, which it must. */
export async function refusal(call: () => unknown, what: string): Promise<unknown> {
  try {
    await call();
  } catch (error) {
    return error;
  }
  throw new Error(`${what} should be refused, and it was taken.`);
}

/** A value in few words, for messages. */
export function inWords(value: unknown): string {
  if (value instanceof Error) return `${value.name} (${value.message})`;
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 200 ? `${text.slice(0, 200)}…` : text;
}

/** Requires two maps to be the same, byte for byte. */
export function holdSame(found: Pixels, wanted: Pixels, what: string): void {
  const at = found.data.findIndex((value, i) => value !== wanted.data[i]);
  const place = Math.floor(at / 4);
  hold(
    at < 0 && found.data.length === wanted.data.length,
    `${what}: at ${place % wanted.width}, ${Math.floor(place / wanted.width)} it is ${found.data[at]} where ${wanted.data[at]} was.`,
  );
}
