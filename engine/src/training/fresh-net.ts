import { vaeFactor } from "../diffusion/latent.ts";
import type { ControlNetConfig, UnetConfig, VaeConfig } from "../graph/config.ts";
import { isOwnKey } from "../graph/training-step.ts";
import { countOf, type Tensors, withRead } from "../models/tensors.ts";
import { uniformsAt } from "./random-stream.ts";

// A net before its first step: the base's own encoder, copied, a hint block that knows nothing yet, and convolutions that
// are zero, so that it changes nothing (controlnet.md 2).

/** The hint block's channels where a picture is 8 times as large as its latent, as in the paper's code. */
const usual = [16, 32, 96, 256];

/** The shape of a fresh net for a base. */
export function freshNetConfig(unet: UnetConfig, vae: VaeConfig): ControlNetConfig {
  const { outChannels, upAttention: _, ...copied } = unet;
  const halvings = Math.round(Math.log2(vaeFactor(vae)));
  const hintChannels =
    halvings + 1 === usual.length ? usual : Array.from({ length: halvings + 1 }, (_, n) => 8 * 2 ** n);
  return { ...copied, inChannels: outChannels, hintChannels, mapChannels: 3, bgr: false, globalPool: false };
}

/**
 * The tensors of a fresh net. `shapes` are those that its graphs ask for. What it copies stays in the base's files; its own
 * are made: zeros for what ends in the base, PyTorch's usual uniform numbers for the rest of the hint block.
 */
export function freshNetTensors(unet: Tensors, shapes: ReadonlyMap<string, readonly number[]>, seed: number): Tensors {
  const own = new Map<string, Float32Array>();
  for (const [key, shape] of shapes) if (isOwnKey(key)) own.set(key, ownValues(key, shape, shapes, seed));
  const shapeOf = (key: string): readonly number[] => (own.has(key) ? shapes.get(key) : null) ?? unet.shape(key);
  return withRead({
    label: "a fresh net",
    keys: () => shapes.keys(),
    has: (key) => own.has(key) || (shapes.has(key) && unet.has(key)),
    shape: shapeOf,
    dtype: (key) => (own.has(key) ? "F32" : unet.dtype(key)),
    file: (key) => (own.has(key) ? "a fresh net" : unet.file(key)),
    nameInFile: (key) => (own.has(key) ? key : unet.nameInFile(key)),
    place: (key) => (own.has(key) ? null : unet.place(key)),
    bytes(key, into, at) {
      const values = own.get(key);
      if (!values) return unet.bytes(key, into, at);
      into.set(new Uint8Array(values.buffer, values.byteOffset + at, into.length));
    },
    floats(key, into, from) {
      const values = own.get(key);
      if (!values) return unet.floats(key, into, from);
      into.set(values.subarray(from, from + into.length));
    },
    close() {},
  });
}

/** PyTorch's own beginning of a convolution: uniform within 1 / sqrt(numbers that go into a place). */
function ownValues(
  key: string,
  shape: readonly number[],
  shapes: ReadonlyMap<string, readonly number[]>,
  seed: number,
): Float32Array {
  const values = new Float32Array(countOf(shape));
  if (!key.startsWith("controlnet_cond_embedding.") || key.includes(".conv_out.")) return values;
  const weight = shapes.get(key.replace(/\.bias$/, ".weight")) ?? shape;
  const bound = 1 / Math.sqrt(countOf(weight.slice(1)));
  const next = uniformsAt(seed, key);
  return values.map(() => (2 * next() - 1) * bound);
}
