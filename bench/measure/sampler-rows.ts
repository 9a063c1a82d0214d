import { createSchedule, noMemory, samplerConfig, step } from "@underdraw/engine";
import { median } from "./report.ts";

/**
 * Milliseconds that a sampler's own arithmetic takes of a step of a latent with so many values: the net's input is scaled,
 * the next latent summed. The median of many steps, nets and random numbers left out.
 */
export function rowMilliseconds(sampler: string, count: number): number {
  const trained = { beta_schedule: "scaled_linear", beta_start: 0.00085, beta_end: 0.012, steps_offset: 1 };
  const schedule = createSchedule(samplerConfig(sampler, trained), 20);
  const wave = (phase: number) => Float32Array.from({ length: count }, (_, i) => Math.sin(i + phase));
  const [start, output, noise] = [wave(0), wave(1), wave(2)];
  const times: number[] = [];
  for (let round = 0; round < 20; round++) {
    let latents: Float32Array = start;
    let memory = noMemory;
    for (const [i, { inputScale }] of schedule.steps.entries()) {
      const before = performance.now();
      latents.map((value) => value * inputScale);
      ({ latents, memory } = step(schedule, i, { latents, output, noise, memory }));
      times.push(performance.now() - before);
    }
  }
  return median(times);
}
