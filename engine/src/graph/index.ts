export { GraphBuilder, sideAt } from "./builder.ts";
export type { ControlNetConfig, TextConfig, UnetConfig, VaeConfig } from "./config.ts";
export { control, hint } from "./controlnet.ts";
export type {
  Attribute,
  Constant,
  Dim,
  ElementType,
  Graph,
  Node,
  Part,
  Precision,
  Value,
  Weight,
  Weights,
} from "./graph.ts";
export { elements } from "./graph.ts";
export { kv, temb } from "./hoisted.ts";
export { lint } from "./lint.ts";
export { type MixedControl, mix } from "./mix.ts";
export { type Extent, shapeInputs } from "./shape-inputs.ts";
export { sinusoids } from "./sinusoid.ts";
export { textEncoder } from "./text-encoder.ts";
export { sumNames, unetDecoder, unetEncoder } from "./unet.ts";
export { planUnet } from "./unet-plan.ts";
export { vaeDecoder, vaeEncoder } from "./vae.ts";
export { CONTROL_PREFIX, wholeStep } from "./whole.ts";
