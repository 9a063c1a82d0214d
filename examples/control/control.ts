import {
  autoWeight,
  bestOf,
  type Control,
  canny,
  changeRequest,
  colourGrid,
  Engine,
  type GenerateRequest,
  type GenerateResult,
  mask,
  type Pipeline,
  type Pixels,
  strengthPad,
  strengthPresets,
} from "@underdraw/engine";
import { openMini } from "@underdraw/model-mini";

// Every way to set a control against a prompt, on the pack that comes along.

/** A picture that takes its outline from one picture and its colours from another. */
export async function outlineAndColours(shape: Pixels, colours: Pixels): Promise<GenerateResult> {
  // #region several
  await using engine = new Engine({ models: openMini });
  await using pipeline = await engine.load({ nets: ["lines", "colour"] });
  const lines = await engine.extract(canny({ low: 80 }), shape);
  const grid = await engine.extract(colourGrid(), colours);
  const request: GenerateRequest = {
    prompt: "flat emoji of a red apple",
    controls: [{ map: lines }, { map: grid, weight: 0.6, range: [0, 0.5] }],
    seed: 7,
  };
  const result = await pipeline.generate(request);
  // #endregion
  return result;
}

/** The same control in every strength that it can have. */
export async function strengths(engine: Engine, control: Control, layer: Pixels): Promise<readonly Control[]> {
  // #region strengths
  const weaker: Control = { ...control, weight: 0.5 };
  const early: Control = { ...control, range: [0, 0.4] };
  const fading: Control = {
    ...control,
    curve: [
      [0, 1],
      [0.7, 1],
      [1, 0.2],
    ],
  };
  const deep: Control = { ...control, layers: "soft" };
  const promptHalf: Control = { ...control, halves: [1, 0] };
  const where: Control = { ...control, mask: (await engine.extract(mask(), layer)).pixels };
  // #endregion
  // #region presets
  const promptMatters: Control = { ...control, ...strengthPresets.prompt };
  const controlMatters: Control = { ...control, ...strengthPresets.control };
  const between: Control = { ...control, ...strengthPad(0.4, 0.5) };
  // #endregion
  return [weaker, early, fading, deep, promptHalf, where, promptMatters, controlMatters, between];
}

/** What a result says of its controls. */
export async function proof(pipeline: Pipeline, request: GenerateRequest): Promise<string[]> {
  // #region proof
  const { fidelity, influence, activeSteps, reused } = await pipeline.generate(request, { influence: true });
  const said: string[] = [];
  for (const [n, one] of fidelity.entries())
    if (one) said.push(`${one.condition}: ${one.measure} ${one.value.toFixed(2)}, by chance ${one.chance.toFixed(2)}`);
    else said.push(`control ${n + 1} cannot be seen in a picture, or did not act`);
  for (const { message } of influence?.conflicts ?? []) if (message) said.push(message);
  // #endregion
  said.push(`${activeSteps.length} controls, ${reused.steps} steps were known`);
  return said;
}

/** The picture that follows its maps best, and the weight that is enough. */
export async function better(pipeline: Pipeline, request: GenerateRequest): Promise<readonly GenerateResult[]> {
  // #region better
  const [best, ...others] = await bestOf(pipeline, request, { count: 4 });
  const { result, weight, reached, trail } = await autoWeight(pipeline, request, { control: 0, target: 0.8 });
  // #endregion
  if (!best) return [];
  return reached && trail.length > 1 && weight > 1 ? [result, best, ...others] : [best, ...others, result];
}

/** Draws again with the first thing changed that a warning asks for. */
export async function mended(pipeline: Pipeline, request: GenerateRequest): Promise<GenerateResult> {
  // #region mended
  const result = await pipeline.generate(request);
  const change = result.warnings.find((warning) => warning.change)?.change;
  const again = change ? await pipeline.generate(changeRequest(request, change)) : result;
  // #endregion
  return again;
}
