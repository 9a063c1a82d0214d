import { type ControlNetConfig, sinusoids, type UnetConfig } from "../graph/index.ts";
import { disposeAll, type Network } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";

/** A table of time projections, read back once: row i is what step i needs. */
export interface TimeTable {
  /** The tensors of one step; the caller disposes them. */
  row(step: number): Record<string, Tensor>;
  /** What it takes of the process's memory. */
  readonly bytes: number;
}

/** Runs `temb` for all timesteps of a schedule. */
export async function timeTable(
  runtime: Runtime,
  network: Network,
  config: UnetConfig | ControlNetConfig,
  timesteps: ArrayLike<number>,
  options: { readonly signal?: AbortSignal } = {},
): Promise<TimeTable> {
  const steps = timesteps.length;
  const sinusoid = runtime.tensor(runtime.precision, [steps, config.channels[0] ?? 0], sinusoids(timesteps, config));
  const tables = new Map<string, { values: Float32Array; width: number }>();
  try {
    const found = await network.run({ sinusoid }, { batch: 1, height: 1, width: 1 }, options);
    for (const [name, tensor] of Object.entries(found))
      tables.set(name, { values: await runtime.read(tensor), width: tensor.dims[1] ?? 0 });
    disposeAll(found);
  } finally {
    sinusoid.dispose();
  }
  return {
    bytes: [...tables.values()].reduce((sum, { values }) => sum + values.byteLength, 0),
    row: (step) =>
      Object.fromEntries(
        [...tables].map(([name, { values, width }]) => [
          name,
          runtime.tensor(runtime.precision, [1, width, 1, 1], values.subarray(step * width, (step + 1) * width)),
        ]),
      ),
  };
}
