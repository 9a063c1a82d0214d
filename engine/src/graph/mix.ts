import { GraphBuilder, mapDims } from "./builder.ts";
import type { UnetConfig } from "./config.ts";
import type { Graph, Precision } from "./graph.ts";
import { sumNames } from "./unet.ts";
import { planUnet } from "./unet-plan.ts";

// Where the control comes in: skip + sum of scale x residual. It has no weights, so that a strength is an input of it
// and never touches a session of a network.

/** What one control of a mix is. */
export interface MixedControl {
  /** Residuals become their mean over the picture first. */
  readonly globalPool: boolean;
}

/**
 * Inputs `skip.n` and `middle` of the encoder, for control k `control.k.skip.n` and `control.k.middle` and its `scale.k`
 * [batch, 1, 1, 1] (one for each half of guidance); outputs `sum.skip.n` and `sum.middle`. With `scaled`, the products
 * leave too, as `scaled.k.skip.n`.
 */
export function mix(
  config: UnetConfig,
  controls: readonly MixedControl[],
  precision: Precision,
  { scaled = false }: { readonly scaled?: boolean } = {},
): Graph {
  const b = new GraphBuilder("mix", precision);
  const { skips, bottom } = planUnet(config);
  const names = sumNames(config);
  const outputs: [string, string][] = [];
  [...skips, bottom].forEach(({ channels, level }, n) => {
    const name = names[n] ?? "";
    let sum = b.input(name, mapDims(channels, level));
    controls.forEach(({ globalPool }, k) => {
      const raw = b.input(`control.${k}.${name}`, mapDims(channels, level));
      const used = globalPool ? b.node("GlobalAveragePool", [raw], ["batch", channels, 1, 1]) : raw;
      const product = b.mul(used, b.input(`scale.${k}`, ["batch", 1, 1, 1]));
      if (scaled) outputs.push([`scaled.${k}.${name}`, product]);
      sum = b.add(sum, product);
    });
    outputs.push([`sum.${name}`, sum]);
  });
  return b.finish(outputs);
}
