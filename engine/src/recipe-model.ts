// The files that a recipe names. It holds none of them: whoever draws again must have them, and their fingerprints tell
// whether they are the same.

/** A model as a recipe names it. */
export interface RecipeModel {
  readonly name: string;
  /** What tells it from others: see `fingerprintOf`. */
  readonly fingerprint: string;
}

/** A LoRA as a recipe names it. */
export interface RecipeLora extends RecipeModel {
  /** On the UNet, from -10 to 10. */
  readonly weight: number;
  /** On the text encoder, from -10 to 10. */
  readonly textWeight: number;
}

/** An embedding of textual inversion as a recipe names it. */
export interface RecipeEmbedding extends RecipeModel {
  /** What stands for it in prompts. */
  readonly word: string;
}
