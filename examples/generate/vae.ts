import type { Engine, ModelSource, Pipeline } from "@underdraw/engine";

// #region load
/** Loads a checkpoint with another VAE, and a tiny one that draws the previews. */
export function loadWithVae(
  engine: Engine,
  base: ModelSource,
  { vae, taesd }: { readonly vae: ModelSource; readonly taesd: ModelSource },
): Promise<Pipeline> {
  return engine.load({ base, vae, previews: taesd });
}
// #endregion
