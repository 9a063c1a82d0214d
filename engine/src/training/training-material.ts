import { readPlain } from "../diffusion/prompt.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { type BatchSource, trainedNoiseOf } from "./batch.ts";
import { checkPairs } from "./check-pairs.ts";
import type { CheckpointRun } from "./checkpoint.ts";
import type { TrainerParts } from "./net-trainer.ts";
import type { PairSource } from "./pair.ts";
import type { PairFault } from "./pair-fault.ts";
import { fullSettings } from "./settings.ts";
import { splitPairs } from "./split-pairs.ts";
import type { TrainingSettings } from "./training.ts";
import { TrainingData } from "./training-data.ts";

/** What a run learns from: pairs that were looked at, and what steps read of them. */
export interface TrainingMaterial {
  readonly data: TrainingData;
  readonly source: BatchSource;
  /** The numbers of the pairs that are learnt from, and of those that are kept aside. */
  readonly learnt: readonly number[];
  readonly heldOut: readonly number[];
  /** What tells the run from others, its full settings among it. */
  readonly identity: CheckpointRun;
  readonly warnings: readonly string[];
}

/** Bytes of prepared pairs that are kept. */
export const keptPairs = 2 ** 29;

/**
 * Looks at pairs, and opens what prepares them. Nothing is prepared yet. Rejects as `checkPairs`; with a RangeError for
 * settings out of range.
 */
export async function openMaterial(
  parts: TrainerParts,
  pairs: PairSource,
  asked: TrainingSettings & { readonly signal: AbortSignal },
  runtime: Runtime,
): Promise<TrainingMaterial> {
  const { signal } = asked;
  const { base, config, latent, extent, mode, rank, width, height, batch, prints } = parts;
  const { unet, vae } = base.model;
  const loaded = await base.networks(runtime, { parked: true, signal });
  const checked = await checkPairs(pairs, {
    ...{ width, height, signal },
    countTokens: (prompt) => readPlain(loaded.text, prompt).used,
    mostTokens: loaded.text.length - 2,
  });
  const channels = unet.config.channels[0] ?? 0;
  const settings = fullSettings(asked, { channels, pairs: checked.sound.length, width, height });
  const names = Array.from({ length: pairs.count }, (_, at) => pairs.nameOf(at));
  const { learnt, heldOut } = splitPairs(names, settings.heldOut, settings.seed, checked);
  const { mirror, shift, seed } = settings;
  const data = new TrainingData(runtime, loaded, config, pairs, {
    ...{ width, height, mirror, shift, seed, keep: keptPairs, groups: [learnt, heldOut] },
  });
  return {
    ...{ data, learnt, heldOut, warnings: [...checked.warnings, ...named(checked.faulty)] },
    source: {
      ...{ runtime, data, noise: trainedNoiseOf(base.model), latent, context: extent.context },
      ...{ unet: unet.config, vae: vae.config, width, height },
    },
    identity: {
      ...{ settings, mode, rank, width, height, batch },
      ...{ data: checked.sha256, base: prints.base, from: prints.from, condition: pairs.condition },
    },
  };
}

/** Faulty pairs that are named. */
const most = 5;

const named = (faulty: readonly PairFault[]): string[] =>
  faulty.slice(0, most).map(({ pair, problem }) => `${JSON.stringify(pair)} is left out: ${problem}`);
