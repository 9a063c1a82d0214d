// What a network's builder must know, already resolved from diffusers' spellings by `models`. One entry a level where
// levels may differ. No default stands here: a config says everything.

/** A denoising UNet (Stable Diffusion 1.x and 2.x, and smaller kin). */
export interface UnetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  /** Channels of each level, widest latent first. */
  readonly channels: readonly number[];
  /** ResBlocks of each level of the encoder; the decoder has one more. */
  readonly layers: readonly number[];
  /** Whether each encoder level has transformers, then the same for the decoder in its own order (deepest first). */
  readonly downAttention: readonly boolean[];
  readonly upAttention: readonly boolean[];
  /** The middle: ResBlock, transformer, ResBlock; one ResBlock alone; or none. */
  readonly middle: "attention" | "plain" | "none";
  /** Attention heads of each level. */
  readonly heads: readonly number[];
  /** Transformer blocks in each transformer of a level. */
  readonly depth: readonly number[];
  /** Width of the text states that cross-attention reads. */
  readonly contextWidth: number;
  readonly normGroups: number;
  readonly normEpsilon: number;
  /** Whether a transformer's projections are linear layers on tokens (SD2) or 1x1 convolutions before (SD1). */
  readonly linearProjection: boolean;
  /** Sinusoid of the timestep: cosines first or not, and diffusers' `freq_shift`. */
  readonly cosineFirst: boolean;
  readonly frequencyShift: number;
  /** The middle block divides its residual sums by this (diffusers `mid_block_scale_factor`). */
  readonly middleScale: number;
}

/** A ControlNet: a copy of a UNet's encoder and middle, a hint block and zero convolutions. */
export interface ControlNetConfig extends Omit<UnetConfig, "outChannels" | "upAttention"> {
  /** Channels of the hint block; all but the first step halve the side. */
  readonly hintChannels: readonly number[];
  readonly mapChannels: number;
  /** The net reads its map as blue, green, red. */
  readonly bgr: boolean;
  /** Residuals are averaged over the picture before use ("shuffle" nets). */
  readonly globalPool: boolean;
}

/** A variational autoencoder (AutoencoderKL). */
export interface VaeConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  /** Channels of each level, largest picture first. Each level but the last halves the side. */
  readonly channels: readonly number[];
  readonly layers: number;
  readonly normGroups: number;
  readonly middleAttention: boolean;
  readonly quantConv: boolean;
  readonly postQuantConv: boolean;
  readonly scalingFactor: number;
  readonly shiftFactor: number;
}

/** The decoder of a tiny autoencoder (TAESD's layout, diffusers' AutoencoderTiny): it draws previews. */
export interface TinyVaeConfig {
  readonly latentChannels: number;
  readonly outChannels: number;
  /** Channels of all layers between. */
  readonly channels: number;
  /** Blocks of each stage, smallest picture first. Between two stages the sides double. */
  readonly blocks: readonly number[];
  /** What latents as a UNet sees them are divided by; 1 in all that are published. */
  readonly scalingFactor: number;
}

/** A CLIP text encoder. */
export interface TextConfig {
  readonly vocabulary: number;
  readonly width: number;
  readonly hiddenWidth: number;
  readonly layers: number;
  readonly heads: number;
  /** Tokens at most, start and end included. */
  readonly length: number;
  readonly activation: "quick-gelu" | "gelu" | "gelu-tanh";
  readonly normEpsilon: number;
}
