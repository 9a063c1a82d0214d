import type { Device, Pipeline, Recipe, Warning } from "@underdraw/engine";
import { UnderdrawError } from "@underdraw/engine/core";

/**
 * Rejects with `model-incompatible` when a pipeline would not draw what a recipe tells: other models, other files beside
 * them, at other weights or under other words, or another prediction. Gives what is to be said of the rest.
 */
export async function holdSameModel(
  recipe: Recipe,
  pipeline: Pipeline,
  options: { readonly signal: AbortSignal },
): Promise<readonly Warning[]> {
  const { nets } = await pipeline.fingerprints(options);
  // The recipe of a picture without controls tells what the pipeline is made of, and encodes no map for it.
  const { width, height, steps, guidance } = recipe;
  const blank = { pixels: { width, height }, seed: 0n, steps, guidance };
  const now = await pipeline.recipe({ prompt: "", controls: [] }, blank, options);
  if (now.model.fingerprint !== recipe.model.fingerprint) throw otherModel(recipe.model, now.model, "model");
  for (const { net } of recipe.controls) {
    const fingerprint = nets[net.name] ?? "none";
    if (fingerprint !== net.fingerprint) throw otherModel(net, { name: net.name, fingerprint }, "net");
  }
  const [was, is] = [recipe, now];
  holdSameFiles("VAE", was.vae ? [was.vae] : [], is.vae ? [is.vae] : [], () => "");
  holdSameFiles("LoRA", was.loras, is.loras, ({ weight, textWeight }) =>
    weight === textWeight ? ` at ${weight}` : ` at ${weight}, ${textWeight} on the text encoder`,
  );
  holdSameFiles("embedding", was.embeddings, is.embeddings, ({ word }) => ` for the word "${word}"`);
  holdSamePrediction(was, is);
  return was.weights === is.weights ? [] : [otherWeights(was, is)];
}

/** Refuses files that a model was loaded with besides, where they are not the same ones or used in another way. */
function holdSameFiles<File extends Model>(
  what: string,
  was: readonly File[],
  is: readonly File[],
  use: (file: File) => string,
): void {
  const rest = [...is];
  const take = (same: (file: File) => boolean): File | undefined => {
    const at = rest.findIndex(same);
    return at < 0 ? undefined : rest.splice(at, 1)[0];
  };
  // One file may be there twice, used in two ways: what is used alike goes first.
  const unlike = was.filter((one) => !take((file) => file.fingerprint === one.fingerprint && use(file) === use(one)));
  for (const one of unlike) {
    const { name, fingerprint } = one;
    const other = take((file) => file.fingerprint === fingerprint);
    const drawn = `The layer was drawn with the ${what} ${short(one)}${use(one)}`;
    const [actual, message] = other
      ? [use(other).trim(), `${drawn}, which is loaded${use(other)}. Load it as it was`]
      : ["none", `${drawn}, which is not loaded. Load it with the model again`];
    throw different(message, { id: name, expected: other ? use(one).trim() : fingerprint, actual });
  }
  const [more] = rest;
  if (!more) return;
  const message = `The layer was drawn without the ${what} ${short(more)} that is loaded. Load the model without it`;
  throw different(message, { id: more.name, expected: "none", actual: more.fingerprint });
}

/** Refuses a model that is taken to predict something else. Recipes of before version 3 do not tell. */
function holdSamePrediction({ model, prediction: was }: Recipe, { prediction: is }: Recipe): void {
  if (was === null || is === null || was === is) return;
  const message = `The layer was drawn with the model ${short(model)} taken to predict ${was}, and it is loaded to predict ${is}. Load it with that prediction`;
  throw different(message, { id: model.name, expected: was, actual: is });
}

/** Weights that are stored in fewer bits are nearly the same weights, as another device's numbers are. */
const otherWeights = ({ weights: was }: Recipe, { weights: is }: Recipe): Warning => ({
  code: "weights-differ",
  message: `The layer was drawn with weights stored as ${was}, this picture with weights stored as ${is}: they are nearly the same, not in every byte.`,
  remedy: `Load the model with its weights as ${was} to get the same picture.`,
});

const different = (
  message: string,
  details: { readonly id: string; readonly expected: string; readonly actual: string },
): UnderdrawError<"model-incompatible"> =>
  new UnderdrawError("model-incompatible", `${message}, or draw anew with what is there.`, details);

type Model = Pick<Recipe["model"], "name" | "fingerprint">;

/** A model in words. */
const short = ({ name, fingerprint }: Model): string => `"${name}" (${fingerprint.slice(0, 12)})`;

function otherModel(was: Model, is: Model, what: "model" | "net"): UnderdrawError<"model-incompatible"> {
  return new UnderdrawError(
    "model-incompatible",
    `The layer was drawn with the ${what} ${short(was)}, and ${short(is)} is loaded, which would draw another picture. Load the ${what} it was drawn with, or draw anew with this one.`,
    { id: was.name, expected: short(was), actual: short(is) },
  );
}

/** What is to be said when another kind of device computes than the one of a recipe. */
export function deviceWarnings(
  { device: was }: Recipe,
  is: Pick<Device, "provider" | "precision">,
): readonly Warning[] {
  if (was.provider === is.provider && was.precision === is.precision) return [];
  const inWords = ({ provider, precision }: Recipe["device"]) => `${provider} in ${precision}`;
  return [
    {
      code: "device-differs",
      message: `The layer was drawn on ${inWords(was)}, this picture on ${inWords(is)}: they are nearly the same, not in every byte.`,
    },
  ];
}
