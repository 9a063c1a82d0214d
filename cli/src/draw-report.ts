import type { Device, GenerateResult, Recipe, Warning } from "@underdraw/engine";
import type { ModelChoice, NetChoice } from "./model-choice.ts";
import { plainSeed } from "./values.ts";

// What `draw` tells when it is done: a line for a person, an object for a script.

/** Milliseconds by stage, as they pass. */
export type Clock = Record<"read" | "load" | "encode" | "denoise" | "decode" | "write", number>;

/** A picture that was drawn, and what its recipe and report need. */
export interface Drawn {
  readonly result: GenerateResult;
  readonly recipe: Recipe;
  readonly device: Device;
  readonly warnings: readonly Warning[];
  readonly clock: Omit<Clock, "read" | "write">;
}

/** A warning and the flag that helps. */
export function inWords({ code, message, remedy }: Warning): string {
  const flag: Readonly<Record<string, string>> = {
    "map-inverted": "--invert does that.",
    "map-dark-on-transparent": "--invert does that.",
    "source-vanishes": "Add ,matte=white or ,matte=black to --condition.",
  };
  return [message, remedy, flag[code]].filter((text) => text !== undefined).join(" ");
}

/** What is told in the end. */
export interface Told {
  readonly out: string;
  readonly savedMap: string | undefined;
  readonly drawn: Drawn;
  readonly warnings: readonly Warning[];
  readonly clock: Clock;
  readonly total: number;
  readonly model: ModelChoice;
  readonly nets: readonly NetChoice[];
}

/** Seconds in a second run with everything loaded. */
const warm = ({ encode, denoise, decode }: Clock): number => encode + denoise + decode;

/** The result in a line. */
export function asLine({ out, savedMap, drawn, clock, total }: Told): string {
  const { pixels, seed } = drawn.result;
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const map = savedMap === undefined ? "" : `, map in ${savedMap}`;
  return `${out}: ${pixels.width}x${pixels.height}, seed ${seed}, ${seconds(total)} s cold, ${seconds(warm(clock))} s warm${map}`;
}

/** The result as plain data. */
export function asJson({ out, savedMap, drawn, warnings, clock, total, model, nets }: Told): unknown {
  const { pixels, seed, steps, guidance, scheduler, activeSteps } = drawn.result;
  const rounded = (ms: number): number => Math.round(ms) / 1000;
  return {
    file: out,
    ...(savedMap !== undefined && { map: savedMap }),
    width: pixels.width,
    height: pixels.height,
    seed: plainSeed(seed),
    steps,
    guidance,
    scheduler,
    activeSteps,
    model: model.base.name,
    nets: nets.map(({ name }) => name),
    warnings,
    device: drawn.device,
    seconds: {
      cold: rounded(total),
      warm: rounded(warm(clock)),
      ...Object.fromEntries(Object.entries(clock).map(([stage, ms]) => [stage, rounded(ms)])),
    },
  };
}
