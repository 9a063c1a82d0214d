import type { BaseModel } from "./base.ts";
import type { LoraKeys } from "./lora-file.ts";
import { incompatible } from "./refusal.ts";
import { countOf } from "./tensors.ts";

// Which Stable Diffusion a LoRA was made for. Names are much the same in all of them, so that what tells is the width of
// the text states; models of another build are told by kinds.ts.

/** Stable Diffusions by the width of their text states. */
const byWidth: Readonly<Record<number, string>> = {
  768: "Stable Diffusion 1",
  1024: "Stable Diffusion 2",
  2048: "Stable Diffusion XL",
};

/** Layers that read text states or are as wide, in the UNet's and the text encoder's spellings. */
const readers = {
  unet: /attn2[._](processor[._])?to_[kv]$/,
  text: /self_attn[._](processor[._])?([qkv]_proj|to_[qkv])$/,
} as const;

/** How wide what such a layer reads is; null where no layer tells. */
function widthRead({ layers }: LoraKeys, reader: RegExp): number | null {
  for (const [layer, tensors] of layers) {
    if (!reader.test(layer)) continue;
    const entry = tensors.get("down") ?? tensors.get("hada_w1_b") ?? tensors.get("diff");
    const [first = 0, ...rest] = entry?.shape ?? [];
    if (first > 0) return countOf(rest);
  }
  return null;
}

/** Refuses a LoRA for another family than the base's, by name. */
export function checkFamily(lora: { readonly name: string; readonly keys: LoraKeys }, base: BaseModel): void {
  const compared = [
    ["unet", base.unet.config.contextWidth],
    ["text", base.text.config.width],
  ] as const;
  for (const [network, wanted] of compared) {
    const width = widthRead(lora.keys, readers[network]);
    if (width === null || width === wanted) continue;
    const named = (of: number) => (byWidth[of] ? ` (${byWidth[of]})` : "");
    const problem = `it was made for text states of width ${width}${named(width)}, and ${base.name} has ${wanted}${named(wanted)}. Take a LoRA for the same family.`;
    throw incompatible(lora.name, problem, { expected: `text width ${wanted}`, actual: String(width) });
  }
}
