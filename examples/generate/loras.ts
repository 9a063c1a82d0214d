import type { Engine, GenerateRequest, ModelSource, Pipeline } from "@underdraw/engine";

// A checkpoint with LoRAs, and the settings that those for few steps need.

/** Files of a designer's own: a checkpoint, a LoRA of a style, and one that draws in few steps. */
export interface StyleFiles {
  readonly base: ModelSource;
  readonly style: ModelSource;
  readonly fewSteps: ModelSource;
}

/** A checkpoint with a style, once as it is and once with an LCM-LoRA for drafts. */
export async function loadStyles(engine: Engine, { base, style, fewSteps }: StyleFiles): Promise<readonly Pipeline[]> {
  // #region load
  const whole = await engine.load({ base, nets: [], loras: [{ file: style, weight: 0.8 }] });
  const drafts = await engine.load({
    base,
    nets: [],
    loras: [{ file: style, weight: 0.8, textWeight: 0.5 }, { file: fewSteps }],
  });
  // #endregion
  return [whole, drafts];
}

// #region few-steps
/** The same request for a checkpoint with an LCM-LoRA. */
export const asDraft = (request: GenerateRequest): GenerateRequest => ({
  ...request,
  sampler: "lcm",
  steps: 6,
  guidance: 1.5,
});
// #endregion
