import { createPixels } from "../core/pixels.ts";
import { vaeFactor } from "../diffusion/latent.ts";
import type { ControlNetConfig } from "../graph/config.ts";
import { elements } from "../graph/graph.ts";
import { controlMemory } from "../memory-controls.ts";
import { graphsToLoad } from "../memory-graphs.ts";
import { type MemoryPlan, planMemory } from "../memory-plan.ts";
import type { BaseModel } from "../models/base.ts";
import type { ModelDefaults } from "../models/defaults.ts";
import type { Runtime } from "../runtime/runtime.ts";

/** What drawing held-out pairs takes: the provider's own part, what prepares pairs and what draws them. Bytes. */
export type DrawingMemory = Pick<MemoryPlan, "needed" | "models">;

/** Bytes of a net's number as it is handed to what draws: in float32 out of the training, and in half of that as a file. */
const handed = 4 + 2;

/**
 * Counts what draws a held-out pair with the net, as a picture of its own would be counted. The base's networks are the
 * trainer's too, so that they stay from the first look on.
 */
export function drawingMemory(
  runtime: Pick<Runtime, "provider" | "precision" | "memory">,
  base: Pick<BaseModel, "text" | "unet" | "vae">,
  net: ControlNetConfig,
  {
    width,
    height,
    guidance,
    halves,
  }: Pick<ModelDefaults, "guidance" | "halves"> & { readonly width: number; readonly height: number },
): DrawingMemory {
  const graphs = graphsToLoad(base, new Map([["net", { config: net }]]), { precision: runtime.precision, bits: null });
  const factor = vaeFactor(base.vae.config);
  const extent = {
    pixels: { width, height },
    cells: { width: width / factor, height: height / factor },
    ...{ steps: 1, guided: guidance > 1, begins: true, context: base.text.config.length },
  };
  const control = { map: { condition: "trained", pixels: createPixels(width, height) }, halves };
  const { needed, models } = planMemory(graphs, extent, [controlMemory(graphs, control, "net", extent)], {
    runtime,
    budget: null,
  });
  const weights = Object.values(graphs.nets.get("net")?.graphs ?? {}).flatMap((graph) => graph.weights);
  const held = handed * weights.reduce((sum, { dims }) => sum + elements(dims), 0);
  return { needed: needed + held, models: models + held };
}
