import type { ControlNetConfig } from "../graph/config.ts";
import type { Precision } from "../graph/graph.ts";
import { control, hint, kv, planUnet, temb } from "../graph/index.ts";
import { fixedNames, resnetNames } from "../models/ldm.ts";
import { memoryFolder } from "../models/memory.ts";
import type { ModelFolder } from "../models/source.ts";
import { sameShape } from "../models/weights.ts";
import { writeSafetensors } from "../models/write-safetensors.ts";
import { diffusersConfig } from "./net-config.ts";

/** A tensor of a net, under the name that diffusers gives it. */
export interface NetTensor {
  readonly key: string;
  /** As the checkpoint's; sides of 1 may be left out. */
  readonly shape: readonly number[];
  /** Its numbers in float32. Asked for each file that holds them. */
  read(): Float32Array | Promise<Float32Array>;
}

/** A file of a net, not written yet. */
export interface NetFile {
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  /** Its bytes in order; a piece is good until the next is asked for. Throws `weights-not-finite`. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** A net as files for others. */
export interface NetFiles {
  /** diffusers' folder: config.json and the weights. */
  readonly folder: readonly NetFile[];
  /** All of it but the config under the original names, for programs that take one file. */
  readonly single: NetFile;
}

/**
 * A net in diffusers' layout, and as one file with the original names. `name` is what the single file is called, for a
 * person; letters and digits of it are kept. Throws `model-incompatible` for a net that diffusers cannot build, and a
 * RangeError for tensors that are not the config's.
 */
export function netFiles(
  config: ControlNetConfig,
  tensors: Iterable<NetTensor>,
  { precision = "float16", name = "net" }: { readonly precision?: Precision; readonly name?: string } = {},
): NetFiles {
  const whole = checkedTensors(config, tensors).map(({ key, ...tensor }) => ({ ...tensor, name: key, precision }));
  const original = originalNames(config);
  const [weights, single] = ["diffusion_pytorch_model.safetensors", `control-${plainName(name)}.safetensors`];
  const settings = new TextEncoder().encode(`${JSON.stringify(diffusersConfig(config), null, 2)}\n`);
  const renamed = whole.map((tensor) => ({ ...tensor, name: `control_model.${original(tensor.name)}` }));
  return {
    folder: [
      {
        path: "config.json",
        size: settings.length,
        async *pieces() {
          yield settings;
        },
      },
      { path: weights, ...writeSafetensors(weights, whole) },
    ],
    single: { path: single, ...writeSafetensors(single, renamed) },
  };
}

/** Files as a folder in memory, which the engine loads like one on disk. */
export async function netFolder(name: string, files: readonly NetFile[]): Promise<ModelFolder> {
  const held: Record<string, Uint8Array> = {};
  for (const file of files) {
    const bytes = new Uint8Array(file.size);
    let at = 0;
    for await (const piece of file.pieces()) {
      bytes.set(piece, at);
      at += piece.length;
    }
    held[file.path] = bytes;
  }
  return memoryFolder(name, held);
}

/** A name for a file from one for a person. */
function plainName(name: string): string {
  // Accents go, since not every program finds a file by them; letters of every script stay.
  const letters = name
    .normalize("NFKD")
    .toLowerCase()
    .replace(/\p{M}+/gu, "")
    .normalize("NFC");
  const plain = letters.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 60);
  return plain.replace(/^-|-$/g, "") || "net";
}

/** The tensors in the shapes that diffusers stores, which are those that our graphs ask for. */
function checkedTensors(config: ControlNetConfig, tensors: Iterable<NetTensor>): readonly NetTensor[] {
  const graphs = [hint, kv, temb, control].map((build) => build(config, "float32"));
  const parts = graphs.flatMap(({ weights }) => weights.flatMap((weight) => weight.parts));
  const wanted = new Map(parts.map(({ key, shape }) => [key, shape]));
  const given = new Map([...tensors].map((tensor) => [tensor.key, tensor]));
  for (const key of given.keys())
    if (!wanted.has(key)) throw new RangeError(`The net's config has no tensor "${key}".`);
  return [...wanted].map(([key, shape]) => {
    const tensor = given.get(key);
    if (tensor && sameShape(tensor.shape, shape)) return { key, shape, read: () => tensor.read() };
    const found = tensor ? `[${tensor.shape.join(", ")}]` : "missing";
    throw new RangeError(`The tensor "${key}" is ${found}, and the net's config needs [${shape.join(", ")}].`);
  });
}

/** The original names of a net's tensors: the opposite way of `unetRename`. Blocks are counted as they run. */
function originalNames(config: ControlNetConfig): (key: string) => string {
  const table = new Map(Object.entries(fixedNames).map(([old, name]) => [name, old]));
  const addResnet = (key: string, to: string) => {
    for (const [old, name] of Object.entries(resnetNames)) table.set(`${key}.${name}`, `${to}.${old}`);
  };
  const { encoder, middle, skips } = planUnet(config);
  // The first block is the convolution that takes the latent.
  let block = 0;
  for (const step of encoder) {
    if (step.kind === "resnet") addResnet(step.key, `input_blocks.${++block}.0`);
    else if (step.kind === "transformer") table.set(step.key, `input_blocks.${block}.1`);
    else if (step.kind === "down") table.set(step.key, `input_blocks.${++block}.0.op`);
  }
  middle.forEach((step, n) => {
    if (step.kind === "resnet") addResnet(step.key, `middle_block.${n}`);
    else if (step.kind === "transformer") table.set(step.key, `middle_block.${n}`);
  });
  skips.forEach((_, n) => {
    table.set(`controlnet_down_blocks.${n}`, `zero_convs.${n}.0`);
  });
  const hints = 2 * (config.hintChannels.length - 1);
  // An activation stands between two convolutions, and has a number too.
  const hintNames = ["conv_in", ...Array.from({ length: hints }, (_, n) => `blocks.${n}`), "conv_out"];
  hintNames.forEach((name, n) => {
    table.set(`controlnet_cond_embedding.${name}`, `input_hint_block.${2 * n}`);
  });
  return (key) => {
    for (let end = key.length; end > 0; end = key.lastIndexOf(".", end - 1)) {
      const found = table.get(key.slice(0, end));
      if (found !== undefined) return found + key.slice(end);
    }
    throw new RangeError(`The tensor "${key}" has no original name.`);
  };
}
