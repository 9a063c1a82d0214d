import { describe, expect, test } from "vitest";
import { openBase } from "../../engine/src/models/base.ts";
import { inspect } from "../../engine/src/models/inspect.ts";
import { kindOfFile } from "../../engine/src/models/kinds.ts";
import { openLora } from "../../engine/src/models/lora.ts";
import { memorySource } from "../../engine/src/models/memory.ts";
import { openNet } from "../../engine/src/models/net.ts";
import { openSafetensors } from "../../engine/src/models/safetensors.ts";
import { openVae } from "../../engine/src/models/vae.ts";
import { fileOf } from "./original-checkpoint.ts";
import { safetensorsFile, type Written } from "./safetensors-file.ts";

// What a file is, by names and shapes as published files have them. Each list is a few tensors of the real table.

const half = (...shape: number[]): Written => ({ dtype: "F16", shape });
const named = (...keys: string[]): Record<string, Written> => Object.fromEntries(keys.map((key) => [key, half(1)]));

const UNET = "model.diffusion_model.";
const base = named(`${UNET}input_blocks.0.0.weight`, "first_stage_model.decoder.conv_in.weight");

const refused: readonly (readonly [what: RegExp, tensors: Record<string, Written>])[] = [
  [
    /Stable Diffusion XL$/,
    { ...base, ...named("conditioner.embedders.0.transformer.text_model.embeddings.position_ids") },
  ],
  [/Stable Diffusion XL$/, { ...base, [`${UNET}label_emb.0.0.weight`]: half(2, 2816) }],
  [/Stable Diffusion XL's refiner$/, { ...base, ...named("conditioner.embedders.0.model.ln_final.weight") }],
  [/Stable Diffusion XL's refiner$/, { ...base, [`${UNET}label_emb.0.0.weight`]: half(2, 2560) }],
  [/Stable unCLIP$/, { ...base, [`${UNET}label_emb.0.0.weight`]: half(2, 1536) }],
  [/Stable Diffusion's x4 upscaler$/, { ...base, [`${UNET}label_emb.weight`]: half(2, 2) }],
  [/Stable Video Diffusion$/, { ...base, ...named(`${UNET}input_blocks.1.1.time_stack.0.norm1.bias`) }],
  [/text to video by ModelScope$/, { ...base, ...named(`${UNET}input_blocks.1.1.temopral_conv.conv1.0.bias`) }],
  [
    /Stable Diffusion 3$/,
    named(
      `${UNET}joint_blocks.0.context_block.adaLN_modulation.1.bias`,
      "text_encoders.t5xxl.transformer.encoder.block.0.layer.0.SelfAttention.q.weight",
    ),
  ],
  [/Stable Diffusion 3$/, named("transformer_blocks.0.attn.add_k_proj.weight", "pos_embed.proj.weight")],
  [/FLUX$/, named("double_blocks.0.img_attn.norm.key_norm.scale", "single_blocks.0.linear1.weight")],
  [/FLUX$/, named(`${UNET}double_blocks.0.img_attn.norm.key_norm.scale`)],
  [/FLUX$/, named("single_transformer_blocks.0.attn.to_q.weight", "transformer_blocks.0.attn.add_k_proj.weight")],
  [/FLUX\.2$/, named("double_blocks.0.img_attn.qkv.weight", "single_stream_modulation.lin.weight")],
  [/Chroma$/, named("double_blocks.0.img_attn.qkv.weight", "distilled_guidance_layer.in_proj.bias")],
  [
    /HunyuanVideo$/,
    named("double_blocks.0.img_attn_qkv.weight", "txt_in.individual_token_refiner.blocks.0.norm1.bias"),
  ],
  [/HiDream$/, named("double_stream_blocks.0.block.adaLN_modulation.1.bias")],
  [/AuraFlow$/, named("double_layers.0.attn.w1q.weight")],
  [/AuraFlow$/, named("joint_transformer_blocks.0.attn.to_q.weight", "single_transformer_blocks.0.attn.to_q.weight")],
  [/Wan$/, named("blocks.0.cross_attn.norm_k.weight", "head.modulation")],
  [/Wan$/, named("condition_embedder.text_embedder.linear_1.bias", "blocks.0.attn2.to_k.weight")],
  [/Wan$/, named("decoder.middle.0.residual.0.gamma")],
  [/LTX-Video$/, named(`${UNET}patchify_proj.weight`, `${UNET}adaln_single.linear.bias`)],
  [/CogVideoX$/, named("patch_embed.text_proj.weight", "transformer_blocks.0.attn1.to_k.weight")],
  [/Mochi$/, named("blocks.0.attn.qkv_x.weight")],
  [/Cosmos$/, named("net.x_embedder.proj.1.weight")],
  [/PixArt$/, named("adaln_single.emb.timestep_embedder.linear_1.bias", "pos_embed.proj.bias")],
  [/PixArt$/, named("blocks.0.cross_attn.q_linear.weight", "y_embedder.y_embedding")],
  [/Sana$/, named("blocks.0.mlp.inverted_conv.conv.weight", "y_embedder.y_embedding")],
  [/Stable Cascade$/, named("clip_txt_mapper.weight")],
  [/Stable Cascade$/, named("down_blocks.1.0.channelwise.0.weight")],
  [/Lumina or Z-Image$/, named("cap_embedder.0.weight", "layers.0.attention.qkv.weight")],
  [/Hunyuan-DiT$/, named("text_embedding_padding", "blocks.0.attn1.Wqkv.weight")],
  [/Qwen-Image$/, named("transformer_blocks.0.img_mlp.net.0.proj.bias", "transformer_blocks.0.attn.add_k_proj.bias")],
  [/Kandinsky$/, named("add_embedding.image_proj.weight")],
  [/a video model$/, { "blocks.0.conv.weight": half(1, 1, 3, 3, 3) }],
  [
    /ControlNet for Stable Diffusion XL$/,
    named("controlnet_cond_embedding.conv_in.weight", "add_embedding.linear_1.weight"),
  ],
  [
    /ControlNet for Stable Diffusion XL$/,
    { ...named("control_model.zero_convs.0.0.weight"), "control_model.label_emb.0.0.weight": half(1, 2816) },
  ],
  [
    /ControlNet for Stable Diffusion 3$/,
    named("controlnet_blocks.0.weight", "transformer_blocks.0.attn.add_k_proj.weight"),
  ],
  [/ControlNet for FLUX$/, named("controlnet_x_embedder.weight", "single_transformer_blocks.0.attn.to_q.weight")],
  [
    /union ControlNet for Stable Diffusion XL$/,
    named("controlnet_cond_embedding.conv_in.weight", "task_embedding", "control_add_embedding.linear_1.bias"),
  ],
  [/Control-LoRA$/, named("lora_controlnet", "input_blocks.1.0.in_layers.2.up")],
  [/ControlNet-XS$/, named("down_blocks.0.ctrl_to_base.0.weight")],
  [/ControlNet-LLLite/, named("lllite_unet_input_blocks_4_1_transformer_blocks_0_attn1_to_q.conditioning1.0.weight")],
  [/T2I-Adapter$/, named("adapter.body.0.resnets.0.block1.weight")],
  [/T2I-Adapter$/, named("body.0.block1.weight", "conv_in.weight")],
  [/IP-Adapter$/, named("image_proj.proj.weight", "ip_adapter.1.to_k_ip.weight")],
  [
    /video model \(SparseCtrl or AnimateDiff\)$/,
    named("down_blocks.0.motion_modules.0.temporal_transformer.norm.weight"),
  ],
  [
    /SparseCtrl/,
    named(
      "controlnet_cond_embedding.conv_in.weight",
      "down_blocks.0.motion_modules.0.temporal_transformer.norm.weight",
    ),
  ],
  [/GLIGEN/, { ...base, ...named("position_net.linears.0.weight") }],
  [/upscaler/, named("conv_first.weight", "body.0.rdb1.conv1.weight")],
  [/upscaler/, named("model.0.weight", "model.1.sub.0.RDB1.conv1.0.weight")],
  [/upscaler/, named("RRDB_trunk.0.RDB1.conv1.weight")],
  [/upscaler/, named("body.0.weight", "body.1.weight", "body.2.weight")],
  [/quantised model/, { ...base, ...named(`${UNET}input_blocks.1.1.proj_in.weight.absmax`) }],
  [/scaled FP8/, { ...base, ...named(`${UNET}scaled_fp8`) }],
  [/T5 text encoder$/, named("encoder.block.0.layer.0.SelfAttention.q.weight", "shared.weight")],
  [/language model$/, named("model.layers.0.self_attn.q_proj.weight")],
  [/CLIP vision encoder$/, named("vision_model.embeddings.patch_embedding.weight")],
  [/safety checker$/, named("concept_embeds", "vision_model.vision_model.post_layernorm.bias")],
];

describe("what this engine does not run is refused by name, whatever it is given as", () => {
  test.each(refused)("%s", async (what, tensors) => {
    const file = fileOf({ ...tensors, "some.other.weight": half(1), "and.one.more": half(1) });
    for (const open of [openBase, openNet]) {
      const error = await open(file).then(
        () => null,
        (error: unknown) => error,
      );
      expect(error).toMatchObject({ code: "model-incompatible", details: { actual: expect.stringMatching(what) } });
    }
    await expect(openVae(file)).rejects.toMatchObject({ code: "model-incompatible" });
    await expect(openLora(file)).rejects.toMatchObject({ code: "model-incompatible" });
    const seen = await inspect(file);
    expect(seen).toMatchObject({ kind: "unknown", what: expect.stringMatching(what) });
    expect(seen.problems).toHaveLength(1);
    expect(seen.problems[0]).toMatch(/^It is .+, which this engine does not run\.$/);
  });
});

const layer = "down_blocks_0_attentions_0_transformer_blocks_0_attn2_to_k";
const dotted = layer
  .replaceAll("_", ".")
  .replace("down.blocks", "down_blocks")
  .replace("transformer.blocks", "transformer_blocks")
  .replace("to.k", "to_k");

describe("a LoRA of another family is told by name", () => {
  test.each([
    [/Stable Diffusion XL$/, { [`lora_unet_${layer}.lora_down.weight`]: half(4, 2048) }],
    [
      /Stable Diffusion XL$/,
      { "lora_te2_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight": half(4, 1280) },
    ],
    [/Stable Diffusion XL$/, { [`unet.${dotted}.lora_A.weight`]: half(4, 2048) }],
    [/refiner$/, { [`lora_unet_${layer}.lora_down.weight`]: half(4, 1280) }],
    [/Stable Diffusion 3$/, { "lora_unet_joint_blocks_0_context_block_attn_qkv.lora_down.weight": half(4, 8) }],
    [/Stable Diffusion 3$/, { "transformer.transformer_blocks.0.attn.add_k_proj.lora_A.weight": half(4, 8) }],
    [/FLUX/, { "lora_unet_double_blocks_0_img_attn_proj.lora_down.weight": half(4, 8) }],
    [/FLUX/, { "transformer.single_transformer_blocks.0.attn.to_k.lora_A.weight": half(4, 8) }],
    [/Wan$/, { "diffusion_model.blocks.0.cross_attn.k.lora_A.weight": half(4, 8) }],
    [/Qwen-Image$/, { "transformer_blocks.0.img_mlp.net.2.lora_A.weight": half(4, 8) }],
    [/LTX-Video/, { "transformer.transformer_blocks.0.attn1.to_k.lora_A.weight": half(4, 8) }],
    [/Lumina or Z-Image$/, { "diffusion_model.layers.0.attention.to_q.lora_A.weight": half(4, 8) }],
    [/AnimateDiff$/, { "down_blocks.0.motion_modules.0.temporal_transformer.x.to_q_lora.down.weight": half(4, 8) }],
  ])("%s", async (what, tensors) => {
    const file = fileOf(tensors);
    const seen = await inspect(file);
    expect(seen).toMatchObject({ kind: "lora", family: "other", what: expect.stringMatching(what) });
    expect(seen.problems[0]).toMatch(/^It is a LoRA for .+, which this engine does not run\.$/);
    await expect(openLora(file)).rejects.toThrow(/this engine runs Stable Diffusion 1 and 2/);
  });
});

describe("what is told apart although it looks alike", () => {
  const kind = (tensors: Record<string, Written>) =>
    kindOfFile(openSafetensors(memorySource("x", safetensorsFile(tensors)))).kind;
  test("an embedding, by its shape alone", () => {
    expect(kind({ emb_params: half(3, 768) })).toBe("embedding");
    expect(kind({ "<cat-toy>": half(768) })).toBe("embedding");
    expect(kind({ "<cat-toy>": half(1, 4, 768) })).toBe("embedding");
    expect(kind({ "*": half(2, 1024) })).toBe("embedding");
    expect(kind({ clip_l: half(2, 768), clip_g: half(2, 1280) })).toBe("embedding");
    expect(kind({ "<one>": half(2, 768), "<two>": half(768) })).toBe("embedding");
    expect(kind({ emb_params: half(2, 768), step: { dtype: "I64", shape: [1] } })).toBe("embedding");
    expect(kind({ "<one>": half(2, 768), "<two>": half(1024) })).toBe("unknown");
    expect(kind({ "layer.weight": half(2, 768) })).toBe("unknown");
    expect(kind({ "*": half(40_000, 768) })).toBe("unknown");
    expect(kind({ "*": half(3, 3, 3, 3) })).toBe("unknown");
    expect(kind({ "*": half(3, 3, 768) })).toBe("unknown");
    expect(kind({ "*": { dtype: "I64", shape: [2, 768] } })).toBe("unknown");
    expect(kind({})).toBe("unknown");
  });
  test("a checkpoint with what merging left in it, and a LoRA", () => {
    const extra = named("lora_te_text_model_encoder_layers_0_mlp_fc1.alpha", "embedding_manager.lora_up.weight");
    expect(kind({ ...base, ...extra })).toBe("ldm-base");
    expect(kind({ ...named("cond_stage_model.transformer.vision_model.x"), ...base })).toBe("ldm-base");
    expect(kind(named("lora_unet_x.alpha"))).toBe("lora");
    expect(kind(named("unet.down_blocks.0.attentions.0.proj_in.lora_A.default.weight"))).toBe("lora");
    expect(kind(named("unet.down_blocks.0.attentions.0.proj_in.lora_layer.down.weight"))).toBe("lora");
    expect(kind(named("lycoris_down_blocks_0_attentions_0_proj_in.lokr_w1"))).toBe("lora");
    expect(kind(named("down_blocks.0.attentions.0.transformer_blocks.0.attn1.processor.to_q_lora.down.weight"))).toBe(
      "lora",
    );
  });
  test("a whole CLIP is a text encoder, and a net in a dump goes before its base", () => {
    expect(kind(named("text_model.embeddings.token_embedding.weight", "vision_model.x", "logit_scale"))).toBe(
      "text-encoder",
    );
    expect(kind({ ...base, ...named("control_model.zero_convs.0.0.weight") })).toBe("ldm-net");
  });
});
