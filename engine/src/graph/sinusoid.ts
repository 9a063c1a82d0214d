import type { UnetConfig } from "./config.ts";

/**
 * The sinusoids of timesteps, [steps, c] in rows: what `temb` reads. Computed here because sines of large arguments are
 * wrong by 2e-4 and more on some GPUs. Each product is rounded to float32 as PyTorch does it, since the argument of a
 * sine near 999 shows its rounding. Source of the formula: diffusers' `get_timestep_embedding`.
 */
export function sinusoids(
  timesteps: ArrayLike<number>,
  config: Pick<UnetConfig, "channels" | "cosineFirst" | "frequencyShift">,
): Float32Array {
  const width = config.channels[0] ?? 0;
  const half = width >> 1;
  const rows = new Float32Array(timesteps.length * width);
  for (let i = 0; i < half; i++) {
    const power = Math.fround(Math.fround(-Math.log(10000)) * i);
    const frequency = Math.fround(Math.exp(Math.fround(power / (half - config.frequencyShift))));
    for (let n = 0; n < timesteps.length; n++) {
      const angle = Math.fround(Math.fround(timesteps[n] ?? 0) * frequency);
      const [first, second] = config.cosineFirst
        ? [Math.cos(angle), Math.sin(angle)]
        : [Math.sin(angle), Math.cos(angle)];
      rows[n * width + i] = first;
      rows[n * width + half + i] = second;
    }
  }
  return rows;
}
