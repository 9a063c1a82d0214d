import type { Warning } from "@underdraw/engine";
import type { Drawn, Stages } from "./drawing.ts";
import { fidelityInWords } from "./fidelity-words.ts";
import type { ModelChoice, NetChoice } from "./model-choice.ts";
import type { ModelFiles } from "./model-flags.ts";
import { plainSeed } from "./values.ts";

// What `draw` tells when it is done: lines for a person, an object for a script.

/** Milliseconds by stage, as they pass. */
export type Clock = Stages & Record<"read" | "load" | "write", number>;

/** A warning and the flag that helps. */
export function inWords({ code, message, remedy }: Warning): string {
  const flag: Readonly<Record<string, string>> = {
    "map-inverted": "--invert does that.",
    "map-dark-on-transparent": "--invert does that.",
    "map-flipped": "--invert does that.",
    "source-vanishes": "Add ,matte=white or ,matte=black to --condition.",
  };
  return [message, remedy, flag[code]].filter((text) => text !== undefined).join(" ");
}

/** What is told in the end. */
export interface Told {
  readonly out: string;
  /** For each control, what its map shows and where its map and its influence were written. */
  readonly controls: readonly { readonly condition: string; readonly map?: string; readonly influence?: string }[];
  readonly drawn: Drawn;
  readonly warnings: readonly Warning[];
  readonly clock: Clock;
  readonly total: number;
  readonly model: ModelChoice;
  readonly nets: readonly NetChoice[];
  /** What the model was loaded with. */
  readonly files: ModelFiles;
  /** Whether the picture was held against its maps. */
  readonly measured: boolean;
}

/** Seconds in a second run with everything loaded. */
const warm = ({ encode, denoise, decode, measure }: Clock): number => encode + denoise + decode + measure;

/** The result in lines. */
export function asLines(told: Told): readonly string[] {
  const { out, controls, drawn, clock, total, measured } = told;
  const { pixels, seed, fidelity, activeSteps, influence } = drawn.result;
  const seconds = (ms: number): string => (ms / 1000).toFixed(1);
  const maps = controls.flatMap(({ map }) => (map === undefined ? [] : [map]));
  const saved = maps.length === 0 ? "" : `, ${maps.length === 1 ? "map" : "maps"} in ${maps.join(" and ")}`;
  const name = (at: number): string =>
    controls.length === 1 ? (controls[at]?.condition ?? "") : `${at + 1} ${controls[at]?.condition}`;
  return [
    `${out}: ${pixels.width}x${pixels.height}, seed ${seed}, ${seconds(total)} s cold, ${seconds(warm(clock))} s warm${saved}`,
    ...(measured
      ? fidelity.map((one, at) => {
          const acted = (activeSteps[at] ?? []).length > 0;
          const unseen = acted ? "cannot be measured in a picture" : "did not act";
          return `${name(at)}: ${one ? fidelityInWords(one) : unseen}`;
        })
      : []),
    ...(influence?.controls ?? []).flatMap((one, at) => {
      const file = controls[at]?.influence;
      if (!one || file === undefined) return [];
      const [mean, white] = [one.mean, one.most].map((ratio) => ratio.toFixed(2));
      return [`${name(at)}: added ${mean} of what was there, by place in ${file} (white is ${white})`];
    }),
    ...triesInWords(drawn),
  ];
}

function triesInWords({ tries, result }: Drawn): readonly string[] {
  if (tries.length === 0) return [];
  if (tries[0]?.weight !== undefined) {
    const list = tries.map(({ weight = 1, gain }) => `${Number(weight.toFixed(2))} reached ${gain.toFixed(2)}`);
    return [`weights tried: ${list.join(", ")}`];
  }
  const list = tries.map(({ seed, gain }) => `${seed} reached ${gain.toFixed(2)}`);
  return [`best of ${tries.length}: seed ${result.seed}; ${list.join(", ")}`];
}

/** The result as plain data. */
export function asJson({ out, controls, drawn, warnings, clock, total, model, nets, files }: Told): unknown {
  const { loras, embeddings, vae } = files;
  const { pixels, seed, steps, guidance, scheduler, activeSteps, fidelity, reused, influence } = drawn.result;
  const rounded = (ms: number): number => Math.round(ms) / 1000;
  return {
    file: out,
    ...(controls.some(({ map }) => map !== undefined) && { maps: controls.map(({ map = null }) => map) }),
    width: pixels.width,
    height: pixels.height,
    seed: plainSeed(seed),
    steps,
    guidance,
    scheduler,
    activeSteps,
    model: model.base.name,
    conditions: controls.map(({ condition }) => condition),
    nets: nets.map(({ name }) => name),
    ...(loras.length > 0 && { loras: loras.map(({ file, weight = 1 }) => ({ name: file.name, weight })) }),
    ...(Object.keys(embeddings).length > 0 && { embeddings: Object.keys(embeddings) }),
    ...(vae && { vae: vae.name }),
    fidelity,
    ...(influence && {
      influence: {
        controls: influence.controls.map(
          (one, at) => one && { file: controls[at]?.influence, mean: one.mean, most: one.most, steps: one.steps },
        ),
        conflicts: influence.conflicts,
      },
    }),
    ...(drawn.tries.length > 0 && { tries: drawn.tries.map((one) => ({ ...one, seed: plainSeed(one.seed) })) }),
    reused,
    warnings,
    device: drawn.device,
    seconds: {
      cold: rounded(total),
      warm: rounded(warm(clock)),
      ...Object.fromEntries(Object.entries(clock).map(([stage, ms]) => [stage, rounded(ms)])),
    },
  };
}
