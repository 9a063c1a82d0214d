import type { ControlNetConfig, UnetConfig } from "./config.ts";

// What blocks a UNet has, in the order in which they run, with diffusers' names. All graphs of a UNet follow one plan,
// so that the n-th time projection and the n-th attention mean the same block in each of them.

/** A residual block; `time` counts the blocks of the whole network. */
export interface ResnetStep {
  readonly kind: "resnet";
  readonly key: string;
  readonly from: number;
  readonly to: number;
  readonly level: number;
  readonly time: number;
}

/** A transformer of `depth` blocks; `attention` is the number of its first block in the whole network. */
export interface TransformerStep {
  readonly kind: "transformer";
  readonly key: string;
  readonly channels: number;
  readonly heads: number;
  readonly depth: number;
  readonly level: number;
  readonly attention: number;
}

/** The way to the next deeper level ("down") or the next wider one ("up"); `level` is where it starts. */
export interface MoveStep {
  readonly kind: "down" | "up";
  readonly key: string;
  readonly channels: number;
  readonly level: number;
}

/** A skip is kept here ("save"), or taken up again and joined ("join"). */
export interface SkipStep {
  readonly kind: "save" | "join";
  readonly channels: number;
  readonly level: number;
}

/** One step of a plan. */
export type Step = ResnetStep | TransformerStep | MoveStep | SkipStep;

/** The three parts of a UNet. A ControlNet has no decoder. */
export interface UnetPlan {
  readonly encoder: readonly Step[];
  readonly middle: readonly Step[];
  readonly decoder: readonly Step[];
  /** The skips in the order in which they are saved. */
  readonly skips: readonly SkipStep[];
  /** Channels and level of the deepest feature map. */
  readonly bottom: { readonly channels: number; readonly level: number };
}

/** Plans a UNet, or a ControlNet's copy of its encoder and middle. */
export function planUnet(config: UnetConfig | ControlNetConfig): UnetPlan {
  const { channels, layers, heads, depth } = config;
  const at = <T>(list: readonly T[], level: number): T => {
    const value = list[level];
    if (value === undefined) throw new RangeError(`The config says nothing about level ${level}.`);
    return value;
  };
  const last = channels.length - 1;
  const skips: SkipStep[] = [];
  let time = 0;
  let attention = 0;
  const resnet = (key: string, from: number, to: number, level: number): ResnetStep => ({
    kind: "resnet",
    key,
    from,
    to,
    level,
    time: time++,
  });
  const transformer = (key: string, level: number): TransformerStep => {
    const step = { channels: at(channels, level), heads: at(heads, level), depth: at(depth, level), level };
    const first = attention;
    attention += step.depth;
    return { kind: "transformer", key, ...step, attention: first };
  };
  const save = (width: number, level: number): SkipStep => {
    const step = { kind: "save", channels: width, level } as const;
    skips.push(step);
    return step;
  };

  let width = at(channels, 0);
  const encoder: Step[] = [save(width, 0)];
  for (let level = 0; level <= last; level++) {
    for (let n = 0; n < at(layers, level); n++) {
      encoder.push(resnet(`down_blocks.${level}.resnets.${n}`, width, at(channels, level), level));
      width = at(channels, level);
      if (config.downAttention[level]) encoder.push(transformer(`down_blocks.${level}.attentions.${n}`, level));
      encoder.push(save(width, level));
    }
    if (level === last) continue;
    encoder.push({ kind: "down", key: `down_blocks.${level}.downsamplers.0.conv`, channels: width, level });
    encoder.push(save(width, level + 1));
  }

  const middle: Step[] = [];
  if (config.middle !== "none") middle.push(resnet("mid_block.resnets.0", width, width, last));
  if (config.middle === "attention") {
    middle.push(transformer("mid_block.attentions.0", last));
    middle.push(resnet("mid_block.resnets.1", width, width, last));
  }

  const decoder: Step[] = [];
  const stack = [...skips];
  if ("upAttention" in config)
    for (let block = 0; block <= last; block++) {
      const level = last - block;
      for (let n = 0; n <= at(layers, level); n++) {
        const skip = stack.pop();
        if (!skip) throw new RangeError("The decoder has more blocks than the encoder has skips.");
        decoder.push({ kind: "join", channels: skip.channels, level });
        decoder.push(resnet(`up_blocks.${block}.resnets.${n}`, width + skip.channels, at(channels, level), level));
        width = at(channels, level);
        if (config.upAttention[block]) decoder.push(transformer(`up_blocks.${block}.attentions.${n}`, level));
      }
      if (level > 0) decoder.push({ kind: "up", key: `up_blocks.${block}.upsamplers.0.conv`, channels: width, level });
    }
  return { encoder, middle, decoder, skips, bottom: { channels: at(channels, last), level: last } };
}

/** The residual blocks of a plan, in order. */
export const resnetsOf = (plan: UnetPlan): ResnetStep[] =>
  [...plan.encoder, ...plan.middle, ...plan.decoder].filter((step) => step.kind === "resnet");

/** The transformers of a plan, in order. */
export const transformersOf = (plan: UnetPlan): TransformerStep[] =>
  [...plan.encoder, ...plan.middle, ...plan.decoder].filter((step) => step.kind === "transformer");
