import type { CallOptions } from "./call.ts";
import type { Pixels } from "./core/pixels.ts";
import type { Tensor } from "./core/tensor.ts";
import type { MapResize } from "./vision/resize.ts";

// A generation as plain data: what is asked, and what comes back. A request can be stored with the layer it made.

/** The map that a condition drew. One that comes from elsewhere needs only a name and its pixels. */
export interface ConditionMap<Id extends string = string> {
  readonly condition: Id;
  readonly pixels: Pixels;
  /** The names of the nets that read such a map, the best first; the condition's own name without it. */
  readonly nets?: readonly string[];
  /** The colour of empty area, which a map gets where a picture is larger; black without it. */
  readonly background?: readonly [red: number, green: number, blue: number];
  /** How it is scaled to the size that a net reads; what is in it decides without it. */
  readonly resize?: MapResize;
}

/** One control net's part in a generation. */
export interface Control {
  readonly map: ConditionMap;
  /** The net that reads the map, by the name it was loaded with. Without one, the net for the map's condition. */
  readonly net?: string;
  /** How strongly it steers; 1 without it. 0 is the same as no control. */
  readonly weight?: number;
  /** The part of the denoising in which it steers, from 0 to 1; all of it without one. */
  readonly range?: readonly [start: number, end: number];
}

/** A sampler by name, or a scheduler's config as diffusers writes it (`_class_name` and its settings). */
export type Sampler = string | { readonly _class_name: string; readonly [setting: string]: unknown };

/** What to draw. */
export interface GenerateRequest {
  readonly prompt: string;
  /** What to keep away from; has no say where guidance is 1 or less. */
  readonly negativePrompt?: string;
  readonly controls: readonly Control[];
  /** Pixels. Without them, the first map's proportions at the model's own size. Any size: see `GenerateResult.warnings`. */
  readonly width?: number;
  readonly height?: number;
  /** A whole number from 0 to 2^64 - 1; a random one without it. */
  readonly seed?: number | bigint;
  /** Denoising steps, 1 to 1000; the model's own default without it. */
  readonly steps?: number;
  /** Strength of classifier-free guidance; acts above 1. The model's own default without it. */
  readonly guidance?: number;
  /** The checkpoint's own scheduler without it. */
  readonly sampler?: Sampler;
}

/** Something that was ignored or changed, and what can be done about it. Not an error. */
export interface Warning {
  /** In kebab case: "prompt-cut", "size-rounded", "map-resized", "control-inactive", "map-inverted" … */
  readonly code: string;
  /** One sentence for a person. */
  readonly message: string;
  /** What to do, where something can be done. */
  readonly remedy?: string;
}

/** What a generation takes besides `CallOptions`. */
export interface GenerateOptions extends CallOptions {
  /**
   * Sees the numbers on the way, by the names of `docs/trace.md` ("text.cond.states", "control.0.raw.3", "latents.2").
   * Costs a copy from the device for each; nothing when absent.
   */
  readonly trace?: (name: string, tensor: Tensor) => void;
  /** Random numbers to take in place of the seed's: "initial" is the start of the latents, "step.3" what step 3 draws. */
  readonly noise?: (name: string, length: number) => Float32Array | undefined;
}

/** What was drawn, and all it takes to draw it again. */
export interface GenerateResult {
  readonly pixels: Pixels;
  readonly seed: bigint;
  readonly steps: number;
  readonly guidance: number;
  /** The scheduler that ran, as diffusers names it. */
  readonly scheduler: string;
  /** For each control, the numbers of the steps in which it steered. */
  readonly activeSteps: readonly (readonly number[])[];
  readonly warnings: readonly Warning[];
}
