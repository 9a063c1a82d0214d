import type { ControlNetConfig, UnetConfig } from "../../engine/src/graph/index.ts";
import { controlNetConfig, unetConfig } from "../../engine/src/models/configs.ts";

// The shape of Stable Diffusion 1.5 and its ControlNets, whole or narrower, as diffusers' configs say it
// (runwayml/stable-diffusion-v1-5, lllyasviel/sd-controlnet-canny).

/** A config.json. */
export type Raw = Readonly<Record<string, unknown>>;

/** Group norms of 32 groups, and eight heads, ask for channels in steps of 32. */
const STEP = 32;

/** The UNet's config at a share of its width: 1 is Stable Diffusion 1.5, 0.5 half of its channels. */
export function unetShape(scale: number): Raw {
  const width = STEP * Math.max(1, Math.round((320 * scale) / STEP));
  return {
    _class_name: "UNet2DConditionModel",
    act_fn: "silu",
    attention_head_dim: 8,
    block_out_channels: [width, 2 * width, 4 * width, 4 * width],
    cross_attention_dim: 768,
    down_block_types: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    flip_sin_to_cos: true,
    freq_shift: 0,
    in_channels: 4,
    layers_per_block: 2,
    mid_block_scale_factor: 1,
    norm_eps: 1e-5,
    norm_num_groups: 32,
    out_channels: 4,
    sample_size: 64,
    up_block_types: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
  };
}

/** A UNet and a ControlNet of that shape, resolved. */
export function stableDiffusion(scale: number): { readonly unet: UnetConfig; readonly net: ControlNetConfig } {
  const unet = unetShape(scale);
  const { _class_name: _, out_channels: __, up_block_types: ___, sample_size: ____, ...shared } = unet;
  const hint = { conditioning_embedding_out_channels: [16, 32, 96, 256], conditioning_channels: 3 };
  return {
    unet: unetConfig(unet, "unet"),
    net: controlNetConfig({ ...shared, ...hint, _class_name: "ControlNetModel" }, "controlnet"),
  };
}
