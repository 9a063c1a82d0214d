import { vectorSides } from "./added-word.ts";
import type { InspectedEmbedding, InspectedLora } from "./inspection.ts";
import { changesLayer, type LoraTensors, loraKeys } from "./lora-file.ts";
import { loraKin } from "./other-families.ts";
import type { Safetensors } from "./safetensors.ts";

const ofText =
  /^(lora_te\d?_|lycoris_text|(base_model\.model\.)?text_(encoder|model)|text_encoders?\.|clip_[a-z]\.|cond_stage)/;

/** Whose names a LoRA's tensors have. The first that fits counts. */
const spellings: readonly (readonly [spelling: string, mark: RegExp])[] = [
  ["kohya with the original names of blocks", /^lora_unet_(input|output|middle)_block/],
  ["kohya", /^lora_(unet|te)/],
  ["LyCORIS", /^lycoris_/],
  ["peft", /\.lora_[AB]\./],
  ["diffusers", /lora\.(down|up)\.|lora_(linear_)?layer\./],
];

/**
 * What a LoRA changes, and how it is written. Throws `model-incompatible` for a form that is not run (DoRA) and
 * `file-invalid`.
 */
export function inspectLora(file: Safetensors): InspectedLora {
  const { other, width } = loraKin(file.tensors);
  const networks: Record<string, number> = {};
  const forms: Record<string, number> = {};
  const ranks: number[] = [];
  for (const [layer, tensors] of loraKeys(file).layers) {
    const form = formOf(tensors);
    if (form === null) continue;
    // Models of another build have no UNet.
    const network = ofText.test(layer) ? "text encoder" : other !== null ? "network" : "unet";
    networks[network] = (networks[network] ?? 0) + 1;
    forms[form] = (forms[form] ?? 0) + 1;
    const rank = rankOf(tensors);
    if (rank !== null) ranks.push(rank);
  }
  const keys = [...file.tensors.keys()];
  const spelling = spellings.find(([, mark]) => keys.some((key) => mark.test(key)))?.[0] ?? "a spelling of its own";
  const ends = ranks.reduce<readonly [number, number] | null>(
    (found, rank) => (found ? [Math.min(found[0], rank), Math.max(found[1], rank)] : [rank, rank]),
    null,
  );
  return { networks, ranks: ends, width, spelling, forms };
}

/** What a layer's change is; null for one that holds a strength alone. */
function formOf(tensors: LoraTensors): string | null {
  const roles = [...tensors.keys()];
  if (roles.some((role) => role.startsWith("hada_"))) return "LoHa";
  if (roles.some((role) => role.startsWith("lokr_"))) return "LoKr";
  const down = tensors.get("down");
  const sides = [down, tensors.get("up")].flatMap((entry) => entry?.shape.slice(2) ?? []);
  if (down) return tensors.has("mid") || sides.some((side) => side > 1) ? "LoCon" : "LoRA";
  return changesLayer(tensors) ? "full difference" : null;
}

function rankOf(tensors: LoraTensors): number | null {
  const [rows, columns] = [
    tensors.get("down") ?? tensors.get("hada_w1_b"),
    tensors.get("lokr_w2_a") ?? tensors.get("lokr_w1_a"),
  ];
  return rows?.shape[0] ?? columns?.shape[1] ?? null;
}

/** What an embedding of textual inversion holds. */
export function inspectEmbedding({ tensors }: Safetensors): InspectedEmbedding {
  const usual = tensors.get("emb_params");
  const [first] = tensors.values();
  const entry = usual ?? first;
  const [vectors, width] = vectorSides(entry?.shape ?? []) ?? [0, 0];
  return { vectors, width, word: usual || tensors.size !== 1 ? null : (entry?.name ?? null) };
}
