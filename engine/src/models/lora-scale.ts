import * as z from "zod/mini";
import { checked, parseObject } from "./json.ts";
import type { BaseLayer } from "./lora-names.ts";

// How strongly a LoRA acts where its file has no tensor `alpha` for a layer: as its settings say, which diffusers keeps
// in the file's metadata and peft in adapter_config.json; without settings as its numbers are.

/** The key of diffusers' metadata (`loaders/lora_base.py`). */
const METADATA = "lora_adapter_metadata";

const settings = z.looseObject({
  lora_alpha: z.nullish(z.number()),
  alpha_pattern: z.nullish(z.record(z.string(), z.number())),
  use_rslora: z.nullish(z.boolean()),
});
type Settings = z.output<typeof settings>;

/** The factor of a layer of this rank; null where nothing is said of it. */
export type DeclaredScale = (layer: BaseLayer, rank: number) => number | null;

/** What a file's own metadata say. Throws `file-invalid` for settings that are none. */
export function scaleOfMetadata(file: string, metadata: ReadonlyMap<string, string>): DeclaredScale {
  const text = metadata.get(METADATA);
  if (text === undefined) return () => null;
  const name = `${file} (${METADATA})`;
  const all = Object.entries(parseObject(name, text));
  const under = (prefix: string): Settings =>
    checked(
      name,
      Object.fromEntries(
        all.flatMap(([key, value]) => (key.startsWith(prefix) ? [[key.slice(prefix.length), value]] : [])),
      ),
      settings,
    );
  const networks = { unet: under("unet."), text: under("text_encoder.") };
  return (layer, rank) => scaleBy(networks[layer.network], layer, rank);
}

/** What a folder's adapter_config.json says. Throws `file-invalid` for settings that are none. */
export function scaleOfConfig(name: string, config: Record<string, unknown>): DeclaredScale {
  const own = checked(name, config, settings);
  return (layer, rank) => scaleBy(own, layer, rank);
}

function scaleBy(
  { lora_alpha, alpha_pattern, use_rslora }: Settings,
  { name }: BaseLayer,
  rank: number,
): number | null {
  // peft takes the first pattern that is the layer's name, or its end behind a dot.
  const pattern = Object.entries(alpha_pattern ?? {}).find(([end]) =>
    end.startsWith("^") ? name === end.slice(1) : `.${name}`.endsWith(`.${end}`),
  );
  const alpha = pattern?.[1] ?? lora_alpha;
  if (alpha === undefined || alpha === null) return null;
  return alpha / (use_rslora ? Math.sqrt(rank) : rank);
}
