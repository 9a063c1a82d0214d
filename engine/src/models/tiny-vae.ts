import * as z from "zod/mini";
import type { CallOptions } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import { type TinyVaeConfig, tinyVaeLayers } from "../graph/index.ts";
import type { ModelPart } from "./base.ts";
import type { RawConfig } from "./configs.ts";
import { checked, openObject } from "./json.ts";
import { kindOfFile } from "./kinds.ts";
import { renamedTensors } from "./ldm.ts";
import { incompatible, quoted } from "./refusal.ts";
import { openSafetensors, type Safetensors, type TensorEntry } from "./safetensors.ts";
import type { ModelFile, ModelFolder, ModelSource } from "./source.ts";
import type { Tensors } from "./tensors.ts";
import { openWeightFiles } from "./weight-files.ts";

/** An open tiny VAE: its decoder. */
export interface TinyVaeModel extends ModelPart<TinyVaeConfig> {
  readonly name: string;
  /** Closes its files. May be called twice. */
  close(): void;
}

/** A list of layers in a file: where it begins, and the number of its first convolution. */
interface LayerList {
  readonly prefix: string;
  readonly first: number;
}

// The original files count the clamp at the decoder's beginning as a layer; diffusers' do not.
const diffusers: LayerList = { prefix: "decoder.layers.", first: 0 };
const lists: readonly LayerList[] = [
  diffusers,
  ...["decoder.layers.", "decoder.", "taesd_decoder.", ""].map((prefix) => ({ prefix, first: 1 })),
];
/** An encoder begins with the convolution itself in both. */
const encoders = ["encoder.layers.", "encoder.", "taesd_encoder.", ""];

const listOf = ({ tensors }: Pick<Safetensors, "tensors">): LayerList | undefined =>
  lists.find(
    ({ prefix, first }) =>
      tensors.get(`${prefix}${first}.weight`)?.shape.length === 4 &&
      tensors.has(`${prefix}${first + 2}.conv.0.weight`) &&
      // An encoder's second layer is a block.
      !tensors.has(`${prefix}${first}.conv.0.weight`),
  );

const encoderAlone = ({ tensors }: Safetensors): boolean =>
  encoders.some((prefix) => tensors.has(`${prefix}0.weight`) && tensors.has(`${prefix}1.conv.0.weight`));

/** Whether a file holds a tiny VAE, or a half of one. */
export const isTinyVae = (file: Safetensors): boolean => listOf(file) !== undefined || encoderAlone(file);

/**
 * Opens a tiny VAE in TAESD's layout for its decoder: diffusers' AutoencoderTiny as a folder with config.json, or one
 * .safetensors file, with diffusers' names or the original ones ("1.weight", with or without a prefix). Throws
 * `model-unknown` for a folder that is none, `model-incompatible` for a file of another kind or an encoder alone,
 * `file-invalid` for one that is not sound; nothing stays open then.
 */
export async function openTinyVae(source: ModelSource, options: CallOptions = {}): Promise<TinyVaeModel> {
  options.signal?.throwIfAborted();
  return source.kind === "file" ? openFile(source, options) : openFolder(source, options);
}

const side = z.int().check(z.minimum(1), z.maximum(4096));
const configSchema = z.looseObject({
  out_channels: z._default(side, 3),
  latent_channels: z._default(side, 4),
  decoder_block_out_channels: z._default(z.array(side).check(z.minLength(1), z.maxLength(10)), [64, 64, 64, 64]),
  num_decoder_blocks: z._default(z.array(z.int().check(z.minimum(1), z.maximum(64))), [3, 3, 3, 1]),
  scaling_factor: z._default(z.number().check(z.minimum(1e-6), z.maximum(1e6)), 1),
});

/** Settings that would need other layers. */
const plain: Readonly<Record<string, unknown>> = {
  act_fn: "relu",
  upsample_fn: "nearest",
  upsampling_scaling_factor: 2,
  shift_factor: 0,
};

async function openFolder(folder: ModelFolder, { signal }: CallOptions): Promise<TinyVaeModel> {
  const raw = await openObject(folder, "config.json", signal);
  if (!raw) {
    const message = `${quoted(folder.name)} is no tiny VAE: it has no config.json. Give that folder of diffusers' AutoencoderTiny, or TAESD's file itself.`;
    throw new UnderdrawError("model-unknown", message, { id: folder.name, known: [] });
  }
  const config = configOf(raw.value, raw.name);
  const rename = (key: string) => (key.startsWith("decoder.") ? key : null);
  const found = { stems: ["diffusion_pytorch_model"], what: "tiny VAE", rename };
  const tensors = await openWeightFiles(folder, found, signal);
  return { name: folder.name, config, tensors, close: () => tensors.close() };
}

function configOf(raw: RawConfig, where: string): TinyVaeConfig {
  const refuse = (key: string, expected: string): never => {
    const problem = `${key} is ${quoted(raw[key])}, and previews are drawn by models with ${expected} only.`;
    throw incompatible(where, problem, { expected: `${key} ${expected}`, actual: quoted(raw[key]) });
  };
  const className = raw["_class_name"];
  if (className !== undefined && className !== "AutoencoderTiny") refuse("_class_name", "AutoencoderTiny");
  for (const [key, value] of Object.entries(plain))
    if (raw[key] !== undefined && raw[key] !== null && raw[key] !== value) refuse(key, quoted(value));
  const config = checked(where, raw, configSchema);
  const [channels = 64, ...others] = config.decoder_block_out_channels;
  if (others.some((other) => other !== channels)) refuse("decoder_block_out_channels", "as many channels everywhere");
  if (config.num_decoder_blocks.length !== 1 + others.length)
    refuse("num_decoder_blocks", `${1 + others.length} stages`);
  return {
    latentChannels: config.latent_channels,
    outChannels: config.out_channels,
    channels,
    blocks: config.num_decoder_blocks,
    scalingFactor: config.scaling_factor,
  };
}

async function openFile(source: ModelFile, { signal }: CallOptions): Promise<TinyVaeModel> {
  const bytes = await source.open(signal ? { signal } : {});
  try {
    const file = openSafetensors(bytes);
    const list = listOf(file);
    if (!list) {
      const alone = encoderAlone(file);
      const what = alone ? "the encoder of a tiny VAE" : kindOfFile(file).what;
      const advice = alone ? "Give the file of its decoder (taesd_decoder.safetensors)" : "Give TAESD's file";
      const problem = `it is ${what}, and previews are drawn by a tiny VAE's decoder. ${advice}.`;
      throw incompatible(file.name, problem, { expected: "a tiny VAE", actual: what });
    }
    const entries = layersOf(file, list);
    const tensors = renamedTensors(file, file.name, entries, (key) => diffusers.prefix + key);
    const config = inferred(tensors, entries);
    return { name: file.name, config, tensors, close: () => tensors.close() };
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/** The decoder's tensors by the numbers that diffusers gives the layers. */
function layersOf(file: Safetensors, { prefix, first }: LayerList): Map<string, TensorEntry> {
  const entries = new Map<string, TensorEntry>();
  for (const entry of file.tensors.values()) {
    const [, number, rest] = /^(\d{1,4})(\..+)$/.exec(
      entry.name.startsWith(prefix) ? entry.name.slice(prefix.length) : "",
    ) ?? [null, null, null];
    if (number !== null) entries.set(`${Number(number) - first}${rest}`, entry);
  }
  return entries;
}

/** What names and shapes tell: convolutions without a bias stand between stages. */
function inferred(tensors: Tensors, entries: ReadonlyMap<string, TensorEntry>): TinyVaeConfig {
  const blocks: number[] = [0];
  const last = Math.max(...Array.from(entries.keys(), (key) => Number.parseInt(key, 10)));
  for (let n = 2; n <= last; n++) {
    if (entries.has(`${n}.conv.0.weight`)) blocks.push((blocks.pop() ?? 0) + 1);
    else if (entries.has(`${n}.weight`) && n < last) blocks.push(0);
  }
  const [channels = 0, latentChannels = 0] = tensors.shape("decoder.layers.0.weight");
  const end = `decoder.layers.${tinyVaeLayers({ blocks }).length - 1}.weight`;
  const [outChannels = 0] = tensors.shape(end);
  return { latentChannels, outChannels, channels, blocks, scalingFactor: 1 };
}
