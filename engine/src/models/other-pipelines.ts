import type { RawConfig } from "./configs.ts";
import { incompatible } from "./refusal.ts";

/** Pipelines of other families, by the class that model_index.json names. */
const otherPipelines: readonly (readonly [name: RegExp, family: string])[] = [
  [/XL/, "Stable Diffusion XL"],
  [/StableDiffusion3/, "Stable Diffusion 3"],
  [/Flux/, "FLUX"],
  [/UnCLIP/i, "Stable unCLIP"],
  [/Cascade|Wuerstchen/, "Stable Cascade"],
  [/Video|Wan|LTX|CogVideo|Mochi|Cosmos|AnimateDiff|Allegro|Latte|SkyReels|I2VGen/, "another family, for video"],
  [/Upscale/, "Stable Diffusion's upscalers"],
  [
    /PixArt|Sana|HunyuanDiT|AuraFlow|Lumina|Kandinsky|QwenImage|CogView|Kolors|Chroma|HiDream|ZImage|OmniGen|^IF/,
    "another family",
  ],
];

/** Refuses a folder of another family, by the class or the parts that its model_index.json names. */
export function refuseOtherPipelines(name: string, index: RawConfig): void {
  const className = index["_class_name"];
  const refuse = (actual: string): never => {
    const problem = `it is ${actual}, and this engine runs Stable Diffusion 1 and 2 and smaller models of the same build.`;
    throw incompatible(name, problem, { expected: "StableDiffusionPipeline", actual });
  };
  if (typeof className === "string")
    for (const [pattern, family] of otherPipelines)
      if (pattern.test(className)) refuse(`a model of ${family} (${className.slice(0, 80)})`);
  for (const key of ["text_encoder_2", "text_encoder_3", "transformer", "prior", "decoder"]) {
    const part = index[key];
    if (Array.isArray(part) && part.some((value) => value !== null)) refuse(`a model with a part "${key}"`);
  }
}
