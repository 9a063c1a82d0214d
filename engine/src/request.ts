import type { CallOptions } from "./call.ts";
import type { Fidelity } from "./conditions/fidelity.ts";
import type { Influence } from "./controlnet/influence.ts";
import type { LayerWeights } from "./controlnet/strength.ts";
import type { Pixels } from "./core/pixels.ts";
import type { Tensor } from "./core/tensor.ts";
import type { MapResize } from "./vision/resize.ts";

// A generation as plain data: what is asked, and what comes back. A request can be stored with the layer it made.

/** The map that a condition drew. One that comes from elsewhere needs only a name and its pixels. */
export interface ConditionMap<Id extends string = string> {
  readonly condition: Id;
  readonly pixels: Pixels;
  /** The options that it was drawn with, by which the same condition is seen in a result. */
  readonly options?: Readonly<Record<string, unknown>>;
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
  /** How strongly it steers, from 0 to 2; 1 without it. 0 is the same as no control. */
  readonly weight?: number;
  /**
   * The part of the denoising in which it steers, from 0 to 1; all of it without one. Step i of the N steps that are
   * executed is in it where `i / N >= start` and `(i + 1) / N <= end`, as in diffusers.
   */
  readonly range?: readonly [start: number, end: number];
  /** How strongly each of the net's residuals acts, times the weight: see `LayerWeights`. All alike without it. */
  readonly layers?: LayerWeights;
  /**
   * The weight's course: points [place in the denoising, factor], places from 0 to 1 and rising, factors from 0 to 2. Step
   * i of N takes the factor at `i / N`, straight lines between points, the nearest point's beyond them. 1 without it.
   */
  readonly curve?: readonly (readonly [at: number, factor: number])[];
  /**
   * How much of the strength acts on each half of guidance, from 0 to 1; the model's own without it, which is [1, 1] where
   * the model says nothing. [1, 0] is the prompt's half
   * alone, at half the net's cost. A net that pools its residuals acts there alone by itself.
   */
  readonly halves?: readonly [conditional: number, unconditional: number];
  /**
   * Where it steers: fully where this is white, not at all where it is black or transparent. Scaled to the picture as the
   * map is. The `mask` condition makes one of a layer's own alpha.
   */
  readonly mask?: Pixels;
  /** How map and mask are scaled to the picture; the map's own rule without it. */
  readonly resize?: MapResize;
}

/** A picture to begin with instead of noise alone. */
export interface Init {
  /** Scaled to the size that is drawn; what is transparent counts as white. */
  readonly picture: Pixels;
  /**
   * How much of it may change, above 0 to 1: only the last `floor(steps x strength)` steps are executed, at least one.
   * At 1 all of them are: what begins with a mask begins with noise alone then. 0.6 without it.
   */
  readonly strength?: number;
  /** Where it may change: white; black and transparent places keep the picture's latents. Everywhere without it. */
  readonly mask?: Pixels;
  /**
   * What grays of the mask mean. "blend": how much of the new latents is taken in each step. "when": from which share of
   * the steps on a place may change (differential diffusion), so that soft edges grow together. "blend" without it.
   */
  readonly grays?: "blend" | "when";
  /** Pixels over which the mask's edge is softened outwards before it is used; 0 without it. */
  readonly feather?: number;
  /** Whether what the mask leaves black comes back byte for byte from the picture; true without it. */
  readonly keepOutside?: boolean;
  /** Which latents the picture has: a "sample" of what the encoder says of it, or its "mean". "sample" without it. */
  readonly encoding?: "sample" | "mean";
}

/** A sampler by name, or a scheduler's config as diffusers writes it (`_class_name` and its settings). */
export type Sampler = string | { readonly _class_name: string; readonly [setting: string]: unknown };

/** What to draw. */
export interface GenerateRequest {
  readonly prompt: string;
  /** What to keep away from; has no say where guidance is 1 or less. */
  readonly negativePrompt?: string;
  readonly controls: readonly Control[];
  /**
   * Pixels. Without both, the size of the picture to begin with where that has a mask; else its proportions, or the first
   * map's, at the model's own size. Any size: see `GenerateResult.warnings`.
   */
  readonly width?: number;
  readonly height?: number;
  /** A whole number from 0 to 2^64 - 1; a random one without it. */
  readonly seed?: number | bigint;
  /** Denoising steps, 1 to 1000; the model's own default without it. */
  readonly steps?: number;
  /** Strength of classifier-free guidance; acts above 1. The model's own default without it. */
  readonly guidance?: number;
  /** Share of the guided prediction that is brought back to the deviation of the unguided one, 0 to 1; 0 without it. */
  readonly guidanceRescale?: number;
  /**
   * How a prompt is read. "plain": every sign is text, and what does not fit is cut, as in diffusers. "weighted": A1111's
   * signs are read, `(word:1.2)`, `[less]`, `BREAK`, and a long prompt goes on in further chunks. "plain" without it.
   */
  readonly promptSyntax?: PromptSyntax;
  /** How many of the text encoder's last layers are left out, from 0; the final norm stays. A1111's "clip skip" less 1. */
  readonly clipSkip?: number;
  /** What to begin with; noise alone without it. */
  readonly init?: Init;
  /** The checkpoint's own scheduler without it. */
  readonly sampler?: Sampler;
  /**
   * Whether the autoencoder codes the picture in tiles, which takes less memory and gives slightly other pixels. "auto":
   * where the whole does not fit the memory or the device's largest tensor. "auto" without it.
   */
  readonly tiles?: VaeTiling;
  /**
   * Whose random numbers a seed gives: "torch" of torch on the CPU, as diffusers and ComfyUI begin; "cuda" of torch on an
   * NVIDIA card, as A1111 does. "torch" without it.
   */
  readonly rng?: RandomNumbers;
  /** A second seed whose noise the first one's is turned towards, and how far: 0 not at all, 1 wholly. */
  readonly variation?: { readonly seed: number | bigint; readonly strength: number };
  /**
   * Which picture of a batch of how many this is, as diffusers draws them: one tensor of random numbers for all, of which
   * this picture takes its part. A picture alone without it. (A1111's picture i of seed s is simply seed s + i.)
   */
  readonly batch?: { readonly index: number; readonly size: number };
}

/** How a prompt is read: see `GenerateRequest.promptSyntax`. */
export type PromptSyntax = "plain" | "weighted";

/** Whether a picture is coded in tiles: see `GenerateRequest.tiles`. */
export type VaeTiling = "auto" | "always" | "never";

/** Whose random numbers a seed gives: see `GenerateRequest.rng`. */
export type RandomNumbers = "torch" | "cuda";

/** Something that was ignored or changed, and what can be done about it. Not an error. */
export interface Warning {
  /** In kebab case: "prompt-cut", "size-rounded", "map-resized", "control-inactive", "map-inverted" … */
  readonly code: string;
  /** One sentence for a person. */
  readonly message: string;
  /** What to do, where something can be done. */
  readonly remedy?: string;
  /** The remedy as a change of the request, where one click can do it: see `changeRequest`. */
  readonly change?: RequestChange;
}

/** A change of a request, as data. `control` is the number of a control. */
export type RequestChange =
  | { readonly set: Partial<Pick<GenerateRequest, "width" | "height" | "steps" | "guidance">> }
  | { readonly control: number; readonly set: Partial<Omit<Control, "map" | "mask">> }
  /** Exchanges black and white in the control's map. */
  | { readonly control: number; readonly invert: true }
  | { readonly control: number; readonly remove: true };

/** What a generation takes besides `CallOptions`. */
export interface GenerateOptions extends CallOptions {
  /**
   * Sees the numbers on the way, by the names of `docs/trace.md` ("text.cond.states", "control.0.raw.3", "latents.2").
   * Costs a copy from the device for each; nothing when absent.
   */
  readonly trace?: (name: string, tensor: Tensor) => void;
  /** Random numbers to take in place of the seed's: "initial" is the start of the latents, "step.3" what step 3 draws. */
  readonly noise?: (name: string, length: number) => Float32Array | undefined;
  /**
   * Whether what an earlier generation of this pipeline computed may be taken; true without it. The picture is the same
   * either way. With `trace`, `noise` or `influence` every step is computed.
   */
  readonly reuse?: boolean;
  /** Whether each control's condition is seen in the result and compared with its map; true without it. */
  readonly measure?: boolean;
  /** Whether it is measured where and how strongly each control acts; false without it. */
  readonly influence?: boolean;
}

/** What of a generation was known from earlier ones. */
export interface Reused {
  /** The texts that were known. */
  readonly text: readonly ("prompt" | "negativePrompt")[];
  /** The numbers of the controls that act and whose map's features were known, or not needed since the steps were. */
  readonly maps: readonly number[];
  /** How many steps, from the first on, were known. */
  readonly steps: number;
  /** Whether the picture was known, so that nothing was decoded. */
  readonly picture: boolean;
}

/** How well a result follows a control's map. */
export interface ControlFidelity extends Fidelity {
  /** The condition that was seen in the result: the map's own, or one that sees the same in pictures. */
  readonly condition: string;
  /** The share of what lies between chance and full agreement that was reached: 0 is chance, 1 is all; below 0 is worse. */
  readonly gain: number;
}

/** What was drawn, and all it takes to draw it again. */
export interface GenerateResult {
  readonly pixels: Pixels;
  readonly seed: bigint;
  readonly steps: number;
  readonly guidance: number;
  /** The scheduler that ran, as diffusers names it. */
  readonly scheduler: string;
  /** For each control, the numbers of the executed steps in which it steered. */
  readonly activeSteps: readonly (readonly number[])[];
  /** For each control, how well the result follows its map; null where that was not measured, or cannot be. */
  readonly fidelity: readonly (ControlFidelity | null)[];
  /** Where and how strongly each control acted, when it was asked for. */
  readonly influence?: Influence;
  readonly reused: Reused;
  readonly warnings: readonly Warning[];
}
