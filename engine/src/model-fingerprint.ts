import { UnderdrawError } from "./core/errors.ts";
import type { ModelFolder, ModelSource } from "./models/source.ts";
import { hex, sha256 } from "./sha256.ts";

/** How many places of a weights file are looked at, besides its table, and how many bytes at each. */
const samples = { places: 64, bytes: 1024 };

/** Read whole, since the same weights draw another picture with another schedule. */
const scheduler = "scheduler/scheduler_config.json";

/** The folders of a checkpoint whose weights make its pictures, and the names that weights may have there. */
const weightFolders = ["", "text_encoder/", "unet/", "vae/"];
const weightNames = ["diffusion_pytorch_model", "model", "pytorch_model"];
/** The names that LoRAs and embeddings have in folders of their own. */
const addedNames = ["pytorch_lora_weights", "adapter_model", "learned_embeds"];

/**
 * What tells a model from others without reading all of it: SHA-256, in hex, over each weights file's name, size, table
 * of tensors and 64 KiB spread over its numbers, and over the scheduler's config. A checkpoint and a control net are
 * fingerprinted alike; the nets inside a checkpoint's folder do not count for it. Rejects with `model-incompatible` when no weights are there, with
 * `feature-missing` in a page that is no secure context: browsers have no SHA-256 there.
 */
export async function fingerprintOf(
  source: ModelSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<string> {
  const digests: Uint8Array[] = [];
  const add = async (path: string, opened: Awaited<ReturnType<ModelFolder["open"]>>): Promise<void> => {
    if (!opened) return;
    try {
      const { size } = opened;
      const take = (at: number, length: number): Uint8Array => {
        const into = new Uint8Array(Math.max(0, Math.min(length, size - at)));
        opened.read(into, at);
        return into;
      };
      if (path === scheduler) {
        digests.push(await sha256([take(0, 1e6)]));
        return;
      }
      const start = take(0, 8);
      // A table longer than the format allows is cut: such a file is refused by its reader anyway.
      const table = start.length < 8 ? 0 : Math.min(1e8, Number(new DataView(start.buffer).getBigUint64(0, true)));
      const pieces = [new TextEncoder().encode(`${path}\n${size}\n`), take(0, 8 + table)];
      const stride = (size - 8 - table) / samples.places;
      for (let n = 0; n < samples.places && stride > 0; n++) {
        pieces.push(take(8 + table + Math.floor(n * stride), Math.min(samples.bytes, Math.ceil(stride))));
      }
      digests.push(await sha256(pieces));
    } finally {
      opened.close();
    }
  };
  if (source.kind === "file") await add("", await source.open(options));
  else {
    for (const path of await weightPaths(source)) {
      options.signal?.throwIfAborted();
      await add(path, await source.open(path, options));
    }
    if (digests.length > 0) await add(scheduler, await source.open(scheduler, options));
  }
  if (digests.length === 0) {
    const message = `${JSON.stringify(source.name)} holds no .safetensors weights. Name the folder of a model.`;
    const details = { id: source.name, expected: "weights", actual: "none" };
    throw new UnderdrawError("model-incompatible", message, details);
  }
  return hex(await sha256(digests));
}

/** The weights files that may lie in a model's folder. Where it can be listed, sharded ones and variants too. */
async function weightPaths(folder: ModelFolder): Promise<readonly string[]> {
  if (!folder.list) {
    const stems = [...addedNames, ...weightFolders.flatMap((at) => weightNames.map((stem) => `${at}${stem}`))];
    return stems.map((stem) => `${stem}.safetensors`);
  }
  const isWeights = (path: string) =>
    weightFolders.includes(path.slice(0, path.lastIndexOf("/") + 1)) && path.endsWith(".safetensors");
  return (await folder.list()).filter(isWeights).sort();
}
