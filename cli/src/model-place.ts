import { UnderdrawError } from "@underdraw/engine";
import { type ModelFile, type ModelSource, type ModelStore, nodeModel, nodeStore } from "@underdraw/engine/node";

// Where a model lies that a person names: a path, or an address whose model the store keeps. An address is never fetched
// by drawing: what is not in the store is refused with the command that fetches it.

/** Whether a place is an address and no path. */
export const isAddress = (place: string): boolean => /^(hf:|https?:\/\/)/i.test(place);

/** The model at a path or of an address. Rejects with `model-unknown` where nothing is there. */
export async function openPlace(place: string): Promise<ModelSource> {
  return isAddress(place) ? openStored(place) : nodeModel(place);
}

/**
 * The same without waiting, for what is one file or a folder on disk. Of an address it is found when it is opened; a
 * folder in the store is then refused.
 */
export function placedModel(place: string): ModelSource {
  if (!isAddress(place)) return nodeModel(place);
  const file: ModelFile = {
    kind: "file",
    name: place.split(/[?#]/)[0]?.split("/").at(-1) || place,
    async open(options) {
      const found = await openStored(place);
      if (found.kind === "file") return found.open(options);
      const message = `${place} is a model of several files in the store, and one file is needed. Name the file: ${place}/FILE.safetensors.`;
      throw new UnderdrawError("model-incompatible", message, { id: place, expected: "a file", actual: "a folder" });
    },
  };
  return file;
}

async function openStored(address: string): Promise<ModelSource> {
  const store: ModelStore = await nodeStore();
  try {
    return await store.open(address);
  } catch (cause) {
    if (!UnderdrawError.is(cause, "model-unknown")) throw cause;
    const message = `${address} is not in the store, and nothing is downloaded by drawing. Fetch it first: underdraw fetch ${address}`;
    throw new UnderdrawError("model-unknown", message, cause.details, { cause });
  }
}
