// Older and other spellings of tensor names, as published diffusers folders have them.

/** A text encoder's tensor by its name of today; null for what is no weight of it. */
export function textKey(key: string): string | null {
  if (/(^|\.)position_ids$/.test(key)) return null;
  // What a whole CLIP, or a text encoder with a projection, has beyond the states that a UNet reads.
  if (/^(vision_model|visual_projection|text_projection)\./.test(key) || key === "logit_scale") return null;
  // transformers 5.6 and later leave the inner name out.
  return /^(embeddings|encoder|final_layer_norm)\./.test(key) ? `text_model.${key}` : key;
}

const attention: Readonly<Record<string, string>> = {
  query: "to_q",
  key: "to_k",
  value: "to_v",
  proj_attn: "to_out.0",
};

/** A VAE's tensor by its name of today: diffusers before 0.17 had other names for attention. */
export function vaeKey(key: string): string {
  return key.replace(
    /(\.attentions\.\d+)\.(query|key|value|proj_attn)\./,
    (_, block: string, name: string) => `${block}.${attention[name]}.`,
  );
}
