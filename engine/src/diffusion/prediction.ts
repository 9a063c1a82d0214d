import type { ControlResiduals } from "../controlnet/residuals.ts";
import { disposeAll } from "../runtime/network.ts";
import type { Runtime, Tensor } from "../runtime/runtime.ts";
import type { DenoiseOptions, DenoiseRequest, LoadedUnet } from "./denoise.ts";
import type { HoistedRun, RunningControl } from "./hoisted-run.ts";

// One step of the networks: each ControlNet that is active, the encoder, the sum, the decoder.

/** The UNet's prediction for a latent that is scaled as the schedule wants it, [batch, channels, height, width]. */
export async function predict(
  runtime: Runtime,
  unet: LoadedUnet,
  hoisted: HoistedRun,
  { step, latent, request }: { readonly step: number; readonly latent: Float32Array; readonly request: DenoiseRequest },
  options: DenoiseOptions,
): Promise<Float32Array> {
  const { channels, height, width } = request.shape;
  const run = options.signal ? { signal: options.signal } : {};
  const batch = request.unconditional ? 2 : 1;
  const extent = { batch, height, width, context: request.context };
  const ours: Tensor[] = [];
  const own = <T extends Record<string, Tensor>>(tensors: T): T => {
    ours.push(...Object.values(tensors));
    return tensors;
  };
  try {
    const input = own({ latent: runtime.tensor(runtime.precision, [batch, channels, height, width], latent) });
    const active: RunningControl[] = hoisted.controls.filter(({ control }) => control.active.includes(step));
    const residuals: ControlResiduals[] = [];
    for (const { index, control, features, text, times } of active) {
      const { net, weight } = control;
      const found = own(
        await net.pieces.control.run({ ...input, features, ...text, ...own(times.row(step)) }, extent, run),
      );
      if (options.trace && control.active[0] === step)
        for (const [j, name] of net.names.entries()) await options.trace(`control.${index}.raw.${j}`, found[name]);
      const scales = new Float32Array(batch).fill(weight);
      residuals.push({ residuals: found, scales, globalPool: net.config.globalPool });
    }
    const shared = { ...hoisted.text, ...own(hoisted.times.row(step)) };
    let sums = own(await unet.pieces.encoder.run({ ...input, ...shared }, extent, run));
    if (residuals.length > 0) {
      const firsts = options.trace ? active.filter(({ control }) => control.active[0] === step) : [];
      const mixed = await unet.mixer.add(sums, residuals, extent, { scaled: firsts.length > 0, ...run });
      sums = own(mixed.sums);
      own(mixed.scaled);
      for (const one of firsts)
        for (const [j, name] of one.control.net.names.entries())
          await options.trace?.(
            `control.${one.index}.scaled.${j}`,
            mixed.scaled[`scaled.${active.indexOf(one)}.${name}`],
          );
    }
    const { prediction } = own(await unet.pieces.decoder.run({ ...sums, ...shared }, extent, run));
    if (!prediction) throw new RangeError("The decoder gave no prediction.");
    return await runtime.read(prediction);
  } finally {
    disposeAll(ours);
  }
}
