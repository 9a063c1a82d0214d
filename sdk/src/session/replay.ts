import type { Device, Pipeline, Recipe, Warning } from "@underdraw/engine";
import { UnderdrawError } from "@underdraw/engine/core";

/** Rejects with `model-incompatible` when a pipeline's models are not the ones that a recipe was made with. */
export async function holdSameModel(
  { model, controls }: Recipe,
  pipeline: Pipeline,
  { signal }: { readonly signal: AbortSignal },
): Promise<void> {
  const { base, nets } = await pipeline.fingerprints({ signal });
  if (base !== model.fingerprint) throw otherModel(model, { name: pipeline.name, fingerprint: base }, "model");
  for (const { net } of controls) {
    const fingerprint = nets[net.name] ?? "none";
    if (fingerprint !== net.fingerprint) throw otherModel(net, { name: net.name, fingerprint }, "net");
  }
}

type Model = Recipe["model"];

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
