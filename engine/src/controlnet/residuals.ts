import { type MixedControl, mix, type UnetConfig } from "../graph/index.ts";
import { disposeAll, type Network, openNetwork } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";

// Where controls meet the locked network: each residual times its strength, added to the encoder's skips and middle.
// The sum is a graph without weights, one for each number of controls, so that a strength is an input of it.

/** The residuals of one control in one step. */
export interface ControlResiduals extends MixedControl {
  readonly residuals: Readonly<Record<string, Tensor>>;
  /** Strength for each row of the batch. */
  readonly scales: Float32Array;
}

/** Adds controls to what an encoder gave. */
export interface Mixer {
  /**
   * Gives the sums by the encoder's own names, and with `scaled` each product as `scaled.k.NAME`. All tensors that come
   * back are the caller's.
   */
  add(
    skips: Readonly<Record<string, Tensor>>,
    controls: readonly ControlResiduals[],
    extent: { readonly batch: number; readonly height: number; readonly width: number },
    options: { readonly scaled: boolean; readonly signal?: AbortSignal },
  ): Promise<{ readonly sums: Record<string, Tensor>; readonly scaled: Record<string, Tensor> }>;
  release(): Promise<void>;
}

/** Makes the mixer of a UNet. */
export function createMixer(runtime: Runtime, config: UnetConfig): Mixer {
  const open = new Map<string, Promise<Network>>();
  const none = {
    read: () => {
      throw new RangeError("A mix has no weights.");
    },
  };
  return {
    async add(skips, controls, extent, { scaled, signal }) {
      const key = `${scaled} ${controls.map(({ globalPool }) => globalPool)}`;
      let network = open.get(key);
      if (!network) {
        network = openNetwork(runtime, mix(config, controls, runtime.precision, { scaled }), none);
        open.set(key, network);
      }
      const inputs: Record<string, Tensor> = { ...skips };
      const own: Tensor[] = [];
      controls.forEach(({ residuals, scales }, k) => {
        for (const [name, tensor] of Object.entries(residuals)) inputs[`control.${k}.${name}`] = tensor;
        const scale = runtime.tensor(runtime.precision, [scales.length, 1, 1, 1], scales);
        own.push(scale);
        inputs[`scale.${k}`] = scale;
      });
      try {
        const found = await (await network).run(inputs, extent, signal ? { signal } : {});
        const named = (prefix: string) =>
          Object.entries(found).filter(([name]) => name.startsWith(prefix)) as [string, Tensor][];
        return {
          sums: Object.fromEntries(named("sum.").map(([name, tensor]) => [name.slice(4), tensor])),
          scaled: Object.fromEntries(named("scaled.")),
        };
      } finally {
        disposeAll(own);
      }
    },
    async release() {
      for (const network of open.values()) await (await network).release();
      open.clear();
    },
  };
}
