import type { Pixels } from "../core/pixels.ts";
import type { Tensor } from "../core/tensor.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { DenoiseRequest } from "./denoise.ts";
import { vaeFactor } from "./latent.ts";
import type { LoadedBase } from "./loaded-base.ts";
import type { ScheduleConfig } from "./schedule.ts";
import { createSchedule } from "./scheduler.ts";

// What a generation begins with: noise.

/** What a beginning is made from. */
export interface BeginningRequest {
  /** A picture to begin with, of the size that is drawn, with where it may change: white. */
  readonly init?: { readonly picture: Pixels; readonly strength: number; readonly mask?: Pixels } | undefined;
  readonly config: ScheduleConfig;
  /** Steps of the whole schedule. */
  readonly steps: number;
  readonly size: { readonly drawn: { readonly width: number; readonly height: number } };
  readonly normals: DenoiseRequest["normals"];
  readonly noiseKey: string;
  readonly signal: AbortSignal;
  readonly trace?: (name: string, tensor: Tensor) => void;
}

/** The steps that are executed, and what they begin with. */
export type Beginning = Pick<DenoiseRequest, "schedule" | "start" | "extra" | "repaint" | "normals" | "noiseKey">;

/** Begins a generation. */
export async function beginning(
  _runtime: Runtime,
  base: LoadedBase,
  { config, steps, size, normals, noiseKey }: BeginningRequest,
): Promise<Beginning> {
  const schedule = createSchedule(config, steps);
  const factor = vaeFactor(base.vae.config);
  const { latentChannels } = base.vae.config;
  const length = (latentChannels * size.drawn.width * size.drawn.height) / factor ** 2;
  const latents = normals("initial", length).map((value) => value * schedule.initialNoiseScale);
  return { schedule, start: { key: noiseKey, latents }, normals, noiseKey };
}
