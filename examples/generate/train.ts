import {
  type Engine,
  type ModelFolder,
  type Pixels,
  silhouette,
  type TrainingReport,
  type TrainingRun,
  type TrainRequest,
} from "@underdraw/engine";
import { checkPairs, openPairs, type PairSource, type TrainingPlace } from "@underdraw/engine/training";

// A net of one's own: pairs are looked at, a net learns from them, and draws.

// #region look
/** What to know of a folder of pairs before a minute is spent on it. */
export async function lookAt(pairs: PairSource): Promise<readonly string[]> {
  const { sound, faulty, warnings } = await checkPairs(pairs, { width: 256, height: 256 });
  const count = `${sound.length} of ${pairs.count} pairs can be learnt from.`;
  return [count, ...faulty.map(({ pair, problem }) => `${pair}: ${problem}`), ...warnings];
}
// #endregion

// #region train
/** How a net is trained, and who is told. */
export interface NetTraining {
  readonly request?: TrainRequest;
  readonly settings?: TrainingRun;
  readonly onText: (text: string) => void;
}

/** Trains a net on a folder of pictures and their silhouettes, and writes it. */
export async function trainNet(
  engine: Engine,
  folder: ModelFolder,
  place: TrainingPlace,
  { request = {}, settings = { minutes: 30 }, onText }: NetTraining,
): Promise<TrainingReport | null> {
  const pairs = await openPairs(folder, { condition: "silhouette" });
  await using trainer = await engine.train(request);
  onText(`It takes ${Math.round(trainer.plan.bytes / 1e6)} MB.`);
  let report: TrainingReport | null = null;
  for await (const moment of trainer.run(pairs, { ...settings, place })) {
    if (moment.kind === "note") onText(moment.text);
    else if (moment.kind === "step") onText(`step ${moment.step}: loss ${moment.meanLoss.toFixed(3)}`);
    else if (moment.kind === "measure" && moment.fidelity) {
      const { value, chance } = moment.fidelity;
      onText(`follows by ${value.toFixed(2)}, chance gives ${chance.toFixed(2)}`);
    } else if (moment.kind === "end") report = moment.report;
  }
  await trainer.write(place, { name: "icons by silhouette", licence: "MIT" });
  return report;
}
// #endregion

// #region draw
/** Draws a thing in the outline of another. */
export async function drawWith(
  engine: Engine,
  net: ModelFolder,
  shape: Pixels,
  { prompt, ...load }: { readonly prompt: string; readonly base?: ModelFolder },
): Promise<Pixels> {
  await using pipeline = await engine.load({ ...load, nets: { mine: net } });
  const map = await engine.extract(silhouette(), shape);
  const { pixels } = await pipeline.generate({ prompt, controls: [{ net: "mine", map }], seed: 7 });
  return pixels;
}
// #endregion
