import type { LoadedBase } from "./diffusion/loaded-base.ts";
import type { Fingerprints, StoredWeights } from "./engine.ts";
import { fingerprintOf } from "./model-fingerprint.ts";
import type { BaseModel } from "./models/base.ts";
import type { ModelSource } from "./models/source.ts";
import { OpenedModel } from "./opened-model.ts";
import type { RecipeParts } from "./recipe.ts";
import type { RecipeModel } from "./recipe-model.ts";

// A checkpoint that is open, and the files that it was loaded with: a VAE of its own, LoRAs, embeddings. What they are is
// part of every picture, so that recipes name them by their fingerprints.

/** What a checkpoint is loaded with: files, and how its weights are stored. */
export interface AddedSources {
  readonly weights: StoredWeights;
  readonly vae: ModelSource | null;
  readonly loras: readonly { readonly source: ModelSource; readonly weight: number; readonly textWeight: number }[];
  readonly embeddings: readonly { readonly word: string; readonly source: ModelSource }[];
}

/** A checkpoint whose files are open. */
export class OpenedBase extends OpenedModel<BaseModel, LoadedBase> {
  /** Open as long as it is. */
  readonly added: AddedSources;

  constructor(
    model: BaseModel,
    source: ModelSource,
    {
      added,
      ...parts
    }: { readonly added: AddedSources } & ConstructorParameters<typeof OpenedModel<BaseModel, LoadedBase>>[2],
  ) {
    super(model, source, parts);
    this.added = added;
  }
}

/** The fingerprints of a checkpoint, of all that it was loaded with, and of nets by their names. */
export async function findFingerprints(
  { source, added }: OpenedBase,
  nets: ReadonlyMap<string, { readonly source: ModelSource }>,
  signal: AbortSignal,
): Promise<Fingerprints> {
  const find = (of: ModelSource): Promise<string> => fingerprintOf(of, { signal });
  const base = await find(source);
  const found: [name: string, fingerprint: string][] = [];
  for (const [name, net] of nets) found.push([name, await find(net.source)]);
  const loras: string[] = [];
  for (const lora of added.loras) loras.push(await find(lora.source));
  const words: [word: string, fingerprint: string][] = [];
  for (const { word, source } of added.embeddings) words.push([word, await find(source)]);
  return {
    base,
    nets: Object.fromEntries(found),
    vae: added.vae && (await find(added.vae)),
    loras,
    embeddings: Object.fromEntries(words),
  };
}

/** What a checkpoint was loaded with, as its pictures' recipes name it. */
export function addedModels(
  { vae, loras, embeddings, weights }: AddedSources,
  prints: Fingerprints,
): Pick<Required<RecipeParts>, "vae" | "loras" | "embeddings" | "weights"> {
  const named = (source: ModelSource, fingerprint: string | null | undefined): RecipeModel => ({
    name: source.name,
    fingerprint: fingerprint as string,
  });
  return {
    weights,
    vae: vae && named(vae, prints.vae),
    loras: loras.map(({ source, weight, textWeight }, at) => ({
      ...named(source, prints.loras[at]),
      weight,
      textWeight,
    })),
    embeddings: embeddings.map(({ word, source }) => ({ word, ...named(source, prints.embeddings[word]) })),
  };
}
