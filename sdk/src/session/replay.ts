import type { Device, Pipeline, Recipe, Warning } from "@underdraw/engine";
import { UnderdrawError } from "@underdraw/engine/core";

/** Rejects with `model-incompatible` when a pipeline's models are not the ones that a recipe was made with. */
export async function holdSameModel(
  { model, vae, loras, embeddings, controls }: Recipe,
  pipeline: Pipeline,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { base, nets, ...added } = await pipeline.fingerprints({ signal });
  if (base !== model.fingerprint) throw otherModel(model, { name: pipeline.name, fingerprint: base }, "model");
  for (const { net } of controls) {
    const fingerprint = nets[net.name] ?? "none";
    if (fingerprint !== net.fingerprint) throw otherModel(net, { name: net.name, fingerprint }, "net");
  }
  const files = [
    { what: "VAE", was: vae ? [vae] : [], is: added.vae === null ? [] : [added.vae] },
    { what: "LoRA", was: loras, is: added.loras },
    { what: "embedding", was: embeddings, is: Object.values(added.embeddings) },
  ];
  for (const { what, was, is } of files) holdSameFiles(what, was, is);
}

/** Refuses files that a model was loaded with besides, where they are not the same ones. */
function holdSameFiles(what: string, was: readonly Model[], is: readonly string[]): void {
  const missing = was.find(({ fingerprint }) => !is.includes(fingerprint));
  const more = is.find((fingerprint) => !was.some((one) => one.fingerprint === fingerprint));
  if (!missing && more === undefined) return;
  const message = missing
    ? `The layer was drawn with the ${what} "${missing.name}" (${missing.fingerprint.slice(0, 12)}), which is not loaded. Load it with the model again`
    : `The layer was drawn without the ${what} (${more?.slice(0, 12)}) that is loaded. Load the model without it`;
  throw new UnderdrawError("model-incompatible", `${message}, or draw anew with what is there.`, {
    id: missing?.name ?? what,
    expected: missing?.fingerprint ?? "none",
    actual: missing ? "none" : (more as string),
  });
}

type Model = Pick<Recipe["model"], "name" | "fingerprint">;

function otherModel(was: Model, is: Model, what: "model" | "net"): UnderdrawError<"model-incompatible"> {
  const short = ({ name, fingerprint }: Model) => `"${name}" (${fingerprint.slice(0, 12)})`;
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
