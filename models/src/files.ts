// Written by scripts/pack-files.mjs: `npm run pack:files` after the pack was made anew.

/** Where each file of the pack lies: written in full, so that bundlers see the files and carry them along. */
export const files: Readonly<Record<string, URL>> = {
  "NOTICE.txt": new URL("../pack/NOTICE.txt", import.meta.url),
  "README.md": new URL("../pack/README.md", import.meta.url),
  "controlnet/colour/config.json": new URL("../pack/controlnet/colour/config.json", import.meta.url),
  "controlnet/colour/diffusion_pytorch_model.safetensors": new URL(
    "../pack/controlnet/colour/diffusion_pytorch_model.safetensors",
    import.meta.url,
  ),
  "controlnet/depth/config.json": new URL("../pack/controlnet/depth/config.json", import.meta.url),
  "controlnet/depth/diffusion_pytorch_model.safetensors": new URL(
    "../pack/controlnet/depth/diffusion_pytorch_model.safetensors",
    import.meta.url,
  ),
  "controlnet/lines/config.json": new URL("../pack/controlnet/lines/config.json", import.meta.url),
  "controlnet/lines/diffusion_pytorch_model.safetensors": new URL(
    "../pack/controlnet/lines/diffusion_pytorch_model.safetensors",
    import.meta.url,
  ),
  "knows.json": new URL("../pack/knows.json", import.meta.url),
  "manifest.json": new URL("../pack/manifest.json", import.meta.url),
  "model_index.json": new URL("../pack/model_index.json", import.meta.url),
  "scheduler/scheduler_config.json": new URL("../pack/scheduler/scheduler_config.json", import.meta.url),
  "text_encoder/config.json": new URL("../pack/text_encoder/config.json", import.meta.url),
  "text_encoder/model.safetensors": new URL("../pack/text_encoder/model.safetensors", import.meta.url),
  "tokenizer/merges.txt": new URL("../pack/tokenizer/merges.txt", import.meta.url),
  "tokenizer/special_tokens_map.json": new URL("../pack/tokenizer/special_tokens_map.json", import.meta.url),
  "tokenizer/tokenizer_config.json": new URL("../pack/tokenizer/tokenizer_config.json", import.meta.url),
  "tokenizer/vocab.json": new URL("../pack/tokenizer/vocab.json", import.meta.url),
  "unet/config.json": new URL("../pack/unet/config.json", import.meta.url),
  "unet/diffusion_pytorch_model.safetensors": new URL(
    "../pack/unet/diffusion_pytorch_model.safetensors",
    import.meta.url,
  ),
  "vae/config.json": new URL("../pack/vae/config.json", import.meta.url),
  "vae/diffusion_pytorch_model.safetensors": new URL(
    "../pack/vae/diffusion_pytorch_model.safetensors",
    import.meta.url,
  ),
};
