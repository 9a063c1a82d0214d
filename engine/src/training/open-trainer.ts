import type { CallOptions } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import { vaeFactor } from "../diffusion/latent.ts";
import type { LoadRequest, Pipeline } from "../engine.ts";
import type { ControlNetConfig } from "../graph/config.ts";
import { CONTROL_PREFIX } from "../graph/index.ts";
import { netKey } from "../graph/training-step.ts";
import { wholeStep } from "../graph/whole.ts";
import { type LoadingParts, openNetModel, takeBase } from "../loading.ts";
import { fingerprintOf } from "../model-fingerprint.ts";
import type { BaseModel } from "../models/base.ts";
import { openDefaults } from "../models/defaults.ts";
import { joinTensors } from "../models/tensors.ts";
import { drawingMemory } from "./drawing-memory.ts";
import { freshNetConfig, freshNetTensors } from "./fresh-net.ts";
import { NetTrainer } from "./net-trainer.ts";
import type { Trainer, TrainRequest } from "./training.ts";
import { planStep, preparingBytes } from "./training-plan.ts";

// Opens what a training needs and checks that it belongs together, before anything is loaded.

/** What a trainer has from the engine that makes it. */
export interface TrainingParts extends Pick<LoadingParts, "shared" | "source" | "runtime" | "memory"> {
  /** Loads what draws samples. */
  load(request: LoadRequest, options: CallOptions): Promise<Pipeline>;
  /** Told of a trainer that was disposed. */
  onDispose(trainer: Trainer): void;
}

const whole = (name: string, value: number, least: number, most: number): number => {
  if (Number.isInteger(value) && value >= least && value <= most) return value;
  throw new RangeError(`request.${name} is ${value}; it must be a whole number from ${least} to ${most}.`);
};

/**
 * Opens a trainer. Raises as `Engine.load` for base and net, `model-incompatible` for a base that cannot be trained on,
 * `out-of-memory` where no way of computing a step fits, TypeError or RangeError for a request out of range.
 */
export async function openTrainer(request: TrainRequest, parts: TrainingParts, options: CallOptions): Promise<Trainer> {
  const { mode = "whole", rank = 16, batch = 4 } = request;
  if (mode !== "whole" && mode !== "light")
    throw new TypeError(`request.mode is ${JSON.stringify(mode)}; it must be "whole" or "light".`);
  whole("rank", rank, 1, 128);
  whole("batch", batch, 1, 1024);
  const { base: asked, facts } = request;
  const load: LoadRequest = { ...(asked === undefined ? {} : { base: asked }), ...(facts ? { facts } : {}) };
  const holds: (() => Promise<void>)[] = [];
  const letGo = async (): Promise<void> => {
    for (const release of holds.toReversed()) await release();
  };
  try {
    const { model: opened, release } = await takeBase(load, parts, options);
    holds.push(release);
    const base = opened.model;
    const { unet, vae } = base;
    if (unet.config.inChannels !== unet.config.outChannels) throw notTrainable(base);
    const from = request.from === undefined ? null : parts.source(request.from, "net");
    const net = from && (await openNetModel(from.name, from, base, options));
    if (net) holds.push(() => net.close());
    const config = net?.model.config ?? freshNetConfig(unet.config, vae.config);
    if (config.globalPool) throw pooled(net?.model.name ?? "");
    const shapes = shapesOf(base, config);
    const before = net?.model.tensors ?? freshNetTensors(unet.tensors, shapes, 0);
    const { canvas, ...defaults } = await openDefaults(opened.source, base, options);
    const factor = vaeFactor(vae.config);
    const multiple = factor * 2 ** (unet.config.channels.length - 1);
    const side = (name: "width" | "height"): number => {
      const value = whole(name, request[name] ?? canvas, multiple, 4096);
      if (value % multiple === 0) return value;
      throw new RangeError(`request.${name} is ${value}; for this base it must be a multiple of ${multiple}.`);
    };
    const [width, height] = [side("width"), side("height")];
    const runtime = await parts.runtime();
    const context = base.text.config.length;
    const extent = { batch, height: height / factor, width: width / factor, context };
    const planned = planStep(runtime, unet.config, config, {
      extent,
      device: runtime.provider === "webgpu" ? "gpu" : "cpu",
      rank: mode === "light" ? rank : null,
      preparing: preparingBytes(runtime, base, { width, height }),
      drawing: drawingMemory(runtime, base, config, { ...defaults, width, height }),
      budget: request.memory ?? parts.memory ?? runtime.memory.total,
    });
    return new NetTrainer({
      ...planned,
      load: (nets, loading) => parts.load({ ...load, nets }, loading),
      runtime: parts.runtime,
      base: opened,
      config,
      shapes,
      before,
      weights: joinTensors(`${base.name} and its net`, [
        [CONTROL_PREFIX, before],
        ["", unet.tensors],
      ]),
      isFresh: net === null,
      prints: {
        base: await fingerprintOf(opened.source, options),
        from: net ? await fingerprintOf(net.source, options) : null,
      },
      mode,
      rank: mode === "light" ? rank : null,
      extent,
      width,
      height,
      batch,
      latent: { channels: vae.config.latentChannels, height: extent.height, width: extent.width },
      onDispose: async (trainer) => {
        await letGo();
        parts.onDispose(trainer);
      },
    });
  } catch (error) {
    await letGo();
    throw error;
  }
}

/** The tensors of a net by the keys of its own files, in the shapes that its graphs ask for. */
function shapesOf(base: BaseModel, net: ControlNetConfig): ReadonlyMap<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>();
  for (const weight of wholeStep(base.unet.config, net, "float32").weights) {
    const key = netKey(weight);
    const [part] = weight.parts;
    if (key !== null && part) shapes.set(key, part.shape);
  }
  return shapes;
}

function notTrainable({ name, unet }: BaseModel): UnderdrawError {
  const { inChannels, outChannels } = unet.config;
  const [expected, actual] = [`latents of ${outChannels} channels`, `${inChannels} channels`];
  const message = `No net can be trained on ${name}: it reads ${actual} and draws ${outChannels}, as models for inpainting do. Train on the model that it was made from; the net runs on both.`;
  return new UnderdrawError("model-incompatible", message, { id: name, expected, actual });
}

function pooled(name: string): UnderdrawError {
  const message = `The net ${name} averages its residuals over the picture, and such nets are not trained here. Begin with another, or with a fresh copy.`;
  return new UnderdrawError("model-incompatible", message, {
    id: name,
    expected: "residuals for each place",
    actual: "residuals that are averaged",
  });
}
