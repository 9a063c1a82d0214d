import { describe, expect, test } from "vitest";
import { UnderdrawError } from "../../engine/src/core/errors.ts";
import {
  controlNetConfig,
  type RawConfig,
  textConfig,
  unetConfig,
  vaeConfig,
} from "../../engine/src/models/configs.ts";
import { schedulerConfig } from "../../engine/src/models/scheduler-config.ts";
import { clipLarge, sd15Net, sd15Unet, sd21Unet, sdVae } from "./published-configs.ts";

/** What the published config.json of Stable Diffusion 1.5's UNet says beyond the defaults of diffusers. */
const sd15 = { _class_name: "UNet2DConditionModel", attention_head_dim: 8, cross_attention_dim: 768 };
const vae = {
  _class_name: "AutoencoderKL",
  block_out_channels: [128, 256, 512, 512],
  down_block_types: Array(4).fill("DownEncoderBlock2D"),
  up_block_types: Array(4).fill("UpDecoderBlock2D"),
  layers_per_block: 2,
};

function refusal(read: (raw: RawConfig, where: string) => unknown, raw: RawConfig): string {
  try {
    read(raw, "m/config.json");
  } catch (error) {
    if (UnderdrawError.is(error, "model-incompatible") || UnderdrawError.is(error, "file-invalid")) {
      expect(error.message).toContain("m/config.json");
      return `${error.code} ${error.message}`;
    }
    throw error;
  }
  return expect.fail("the config was taken");
}

describe("a UNet's config", () => {
  test("that leaves keys out has diffusers' defaults", () => {
    expect(unetConfig(sd15, "")).toEqual(sd15Unet);
    expect(unetConfig({}, "")).toEqual({ ...sd15Unet, contextWidth: 1280 });
  });

  test("of Stable Diffusion 2 has heads for each level and linear projections", () => {
    const raw = {
      attention_head_dim: [5, 10, 20, 20],
      cross_attention_dim: 1024,
      use_linear_projection: true,
      upcast_attention: true,
      layers_per_block: [2, 2, 2, 2],
      transformer_layers_per_block: [1, 1, 1, 1],
      only_cross_attention: [false, false, false, false],
      dual_cross_attention: false,
      act_fn: "swish",
      num_class_embeds: null,
    };
    expect(unetConfig(raw, "")).toEqual(sd21Unet);
    expect(unetConfig({ ...raw, attention_head_dim: 64, num_attention_heads: [5, 10, 20, 20] }, "")).toEqual(sd21Unet);
  });

  test("may have any number of levels, and three kinds of middle", () => {
    const two = {
      block_out_channels: [32, 64],
      down_block_types: ["DownBlock2D", "CrossAttnDownBlock2D"],
      up_block_types: ["CrossAttnUpBlock2D", "UpBlock2D"],
      layers_per_block: [1, 3],
      transformer_layers_per_block: [1, 2],
    };
    expect(unetConfig(two, "")).toMatchObject({
      channels: [32, 64],
      layers: [1, 3],
      depth: [1, 2],
      downAttention: [false, true],
      upAttention: [true, false],
      middle: "attention",
    });
    expect(unetConfig({ ...two, mid_block_type: "UNetMidBlock2D" }, "").middle).toBe("plain");
    expect(unetConfig({ ...two, mid_block_type: null }, "").middle).toBe("none");
  });

  test.each([
    ["class_embed_type", "timestep", /class_embed_type is "timestep"/],
    ["addition_embed_type", "text_time", /addition_embed_type/],
    ["time_cond_proj_dim", 256, /time_cond_proj_dim/],
    ["conv_in_kernel", 1, /conv_in_kernel/],
    ["resnet_time_scale_shift", "scale_shift", /scale_shift/],
    ["only_cross_attention", true, /only_cross_attention/],
    ["only_cross_attention", [false, true, false, false], /only_cross_attention/],
    ["mid_block_type", "UNetMidBlock2DSimpleCrossAttn", /SimpleCrossAttn/],
    ["mid_block_type", "toString", /toString/],
    ["down_block_types", ["AttnDownBlock2D", "DownBlock2D", "DownBlock2D", "DownBlock2D"], /AttnDownBlock2D/],
    ["down_block_types", ["DownBlock2D"], /4 blocks/],
    ["transformer_layers_per_block", [[1, 2], 1, 1, 1], /transformer_layers_per_block/],
    ["transformer_layers_per_block", [1, 1], /one number or 4/],
    ["attention_head_dim", 7, /attention_head_dim is 7/],
    ["norm_num_groups", null, /norm_num_groups is null/],
    ["norm_num_groups", 48, /norm_num_groups is 48/],
    ["cross_attention_dim", [768, 1024, 768, 768], /cross_attention_dim/],
    ["time_embedding_dim", 1, /time_embedding_dim/],
    ["reverse_transformer_layers_per_block", [2, 1, 1, 1], /reverse_transformer/],
    ["_class_name", "UNet3DConditionModel", /UNet3D/],
  ])("with %s of %j is refused by name", (key, value, wanted) => {
    expect(refusal(unetConfig, { ...sd15, [key]: value })).toMatch(wanted);
    expect(refusal(unetConfig, { ...sd15, [key]: value })).toMatch(/^model-incompatible/);
  });

  test.each([
    ["block_out_channels", [1e9, 640, 1280, 1280]],
    ["block_out_channels", "320"],
    ["block_out_channels", []],
    ["layers_per_block", 0],
    ["layers_per_block", 2.5],
    ["in_channels", -4],
    ["norm_eps", "1e-5"],
    ["act_fn", "gelu"],
    ["transformer_layers_per_block", 1000],
  ])("with %s of %j is no config", (key, value) => {
    expect(refusal(unetConfig, { ...sd15, [key]: value })).toMatch(new RegExp(`^file-invalid.*${key}`));
  });
});

describe("a ControlNet's config", () => {
  test("has a hint block and its own defaults", () => {
    expect(controlNetConfig({ cross_attention_dim: 768 }, "")).toEqual(sd15Net);
    const raw = {
      conditioning_embedding_out_channels: [8, 16],
      controlnet_conditioning_channel_order: "bgr",
      global_pool_conditions: true,
      conditioning_channels: 1,
    };
    expect(controlNetConfig(raw, "")).toMatchObject({
      hintChannels: [8, 16],
      bgr: true,
      globalPool: true,
      mapChannels: 1,
    });
  });
  test("of another class, or without a middle, is refused", () => {
    expect(refusal(controlNetConfig, { _class_name: "ControlNetUnionModel" })).toMatch(/ControlNetUnionModel/);
    expect(refusal(controlNetConfig, { mid_block_type: null })).toMatch(/mid_block_type/);
    expect(refusal(controlNetConfig, { controlnet_conditioning_channel_order: "gbr" })).toMatch(/channel_order/);
  });
});

describe("a VAE's config", () => {
  test("has attention in the middle and both quantisation convolutions unless it says otherwise", () => {
    expect(vaeConfig(vae, "")).toEqual(sdVae);
    const other = { mid_block_add_attention: false, use_quant_conv: false, shift_factor: 0.1, scaling_factor: 1 };
    expect(vaeConfig({ ...vae, ...other }, "")).toMatchObject({
      middleAttention: false,
      quantConv: false,
      postQuantConv: true,
      shiftFactor: 0.1,
      scalingFactor: 1,
    });
  });
  test.each([
    ["down_block_types", Array(4).fill("AttnDownEncoderBlock2D"), /AttnDownEncoderBlock2D/],
    ["latents_mean", [0, 0, 0, 0], /latents_mean/],
    ["_class_name", "AutoencoderTiny", /AutoencoderTiny/],
    ["block_out_channels", [128], /down_block_types/],
  ])("with %s of %j is refused by name", (key, value, wanted) => {
    expect(refusal(vaeConfig, { ...vae, [key]: value })).toMatch(wanted);
  });
});

describe("a text encoder's config", () => {
  const clip = { hidden_size: 768, intermediate_size: 3072, num_hidden_layers: 12, num_attention_heads: 12 };
  test("may stand alone or inside that of a whole CLIP", () => {
    expect(textConfig({ model_type: "clip_text_model", ...clip }, "")).toEqual(clipLarge);
    expect(textConfig({ model_type: "clip", hidden_size: 1, text_config: clip }, "")).toEqual(clipLarge);
  });
  test("knows the activations by all their names", () => {
    const act = (hidden_act: string) => textConfig({ ...clip, hidden_act }, "").activation;
    expect(["quick_gelu", "gelu", "gelu_new", "gelu_pytorch_tanh"].map(act)).toEqual([
      "quick-gelu",
      "gelu",
      "gelu-tanh",
      "gelu-tanh",
    ]);
    expect(refusal(textConfig, { ...clip, hidden_act: "relu" })).toMatch(/relu/);
  });
  test("of another model, or with heads that do not divide it, is refused", () => {
    expect(refusal(textConfig, { model_type: "t5" })).toMatch(/t5/);
    expect(refusal(textConfig, { ...clip, num_attention_heads: 7 })).toMatch(/num_attention_heads/);
    expect(refusal(textConfig, { ...clip, vocab_size: 1e12 })).toMatch(/vocab_size/);
  });
});

test("a scheduler's config is checked where it is known and keeps what is not", () => {
  const raw = {
    _class_name: "PNDMScheduler",
    beta_schedule: "scaled_linear",
    trained_betas: null,
    skip_prk_steps: true,
    later: [1],
  };
  expect(schedulerConfig(raw, "")).toEqual(raw);
  const read = (value: RawConfig, where: string) => schedulerConfig(value, where);
  expect(refusal(read, { prediction_type: "flow" })).toMatch(/prediction_type is "flow"/);
  expect(refusal(read, { num_train_timesteps: 1e12 })).toMatch(/num_train_timesteps/);
  expect(refusal(read, { trained_betas: ["0.1"] })).toMatch(/trained_betas\.0/);
});
