import type { Family } from "./infer.ts";
import type { Prediction } from "./prediction.ts";

/** What a model is. "unknown" is what this engine does not run. */
export type ModelKind =
  | "base"
  | "net"
  | "unet"
  | "vae"
  | "tiny-vae"
  | "text-encoder"
  | "lora"
  | "embedding"
  | "unknown";

/** One network of a model, counted. */
export interface InspectedPart {
  readonly part: string;
  readonly tensors: number;
  readonly parameters: number;
  /** How many tensors have each element type. */
  readonly dtypes: Readonly<Record<string, number>>;
  /** Bytes of its tensors. */
  readonly bytes: number;
}

/** What a LoRA changes, and how it is written. */
export interface InspectedLora {
  /** How many layers of each network it changes: "unet", "text encoder"; "network" for a model of another build. */
  readonly networks: Readonly<Record<string, number>>;
  /** The smallest rank of its layers and the largest; null where it has none, as full differences. */
  readonly ranks: readonly [smallest: number, largest: number] | null;
  /** Width of the text states that it reads; null where no layer tells. */
  readonly width: number | null;
  /** Whose names its tensors have: "kohya", "kohya with the original names of blocks", "peft", "diffusers", "LyCORIS". */
  readonly spelling: string;
  /** What its layers are, with how many of each: "LoRA", "LoCon" (convolutions), "LoHa", "LoKr", "full difference". */
  readonly forms: Readonly<Record<string, number>>;
}

/** What an embedding of textual inversion holds. */
export interface InspectedEmbedding {
  /** How many tokens it takes in a prompt. */
  readonly vectors: number;
  /** Numbers in each: the width of the text encoder that it is for. */
  readonly width: number;
  /** The name that its file gives the word; null where it gives none. */
  readonly word: string | null;
}

/** What a model is, as plain data. */
export interface Inspection {
  readonly name: string;
  readonly kind: ModelKind;
  /** The same in words, with its layout: "a ControlNet in the original layout". */
  readonly what: string;
  readonly family: Family | null;
  /** Bytes of its file, or of a folder's weights; null where none was opened. */
  readonly bytes: number | null;
  readonly parts: readonly InspectedPart[];
  /** What it lacks or why it cannot be used, in sentences; empty for a whole model. */
  readonly problems: readonly string[];
  /** What was assumed about it, and what else is worth knowing. */
  readonly warnings: readonly string[];
  /** What its UNet predicts, how that is known, and whether that is no more than a guess; null for other kinds. */
  readonly prediction: Prediction | null;
  /** For a LoRA, null for other kinds. */
  readonly lora: InspectedLora | null;
  /** For an embedding, null for other kinds. */
  readonly embedding: InspectedEmbedding | null;
  /** Whether it fits the base that was given, and why not; null without a base or for other kinds. */
  readonly fit: { readonly fits: boolean; readonly reason: string | null } | null;
}
