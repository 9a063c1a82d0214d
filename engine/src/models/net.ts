import type { CallOptions } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { ControlNetConfig, UnetConfig, VaeConfig } from "../graph/config.ts";
import { addedTensors } from "./added.ts";
import type { ModelPart } from "./base.ts";
import { controlNetConfig, type RawConfig } from "./configs.ts";
import { type Family, familyOf, inferControlNet } from "./infer.ts";
import { openObject } from "./json.ts";
import { type FileKind, kindOfFile } from "./kinds.ts";
import { entriesUnder, renamedTensors, unetRename } from "./ldm.ts";
import { incompatible, quoted } from "./refusal.ts";
import { openSafetensors, type Safetensors } from "./safetensors.ts";
import type { ModelFile, ModelFolder, ModelSource } from "./source.ts";
import type { Tensors } from "./tensors.ts";
import { openWeightFiles } from "./weight-files.ts";
import { sameShape } from "./weights.ts";

/** An open ControlNet. */
export interface NetModel extends ModelPart<ControlNetConfig> {
  readonly name: string;
  readonly family: Family;
  /** Its weights are differences to a base's UNet: `onBase` makes them whole. */
  readonly difference: boolean;
  /** What was assumed, in sentences for a person. */
  readonly warnings: readonly string[];
  /** Closes its files. May be called twice. */
  close(): void;
}

/** How a ControlNet is opened. */
export interface NetOptions extends CallOptions {
  /** Settings in diffusers' terms that overrule those of the files, and tell what a single file cannot. */
  readonly facts?: RawConfig;
  /** The UNet that the net is for: what a single file cannot tell (heads, groups) follows it where channels agree. */
  readonly like?: UnetConfig;
}

const files = { stems: ["diffusion_pytorch_model"], what: "ControlNet" } as const;

/**
 * Opens a ControlNet: a folder with config.json as diffusers lays it out, or one .safetensors file with the names of
 * diffusers or the original ones. Throws `model-unknown` for what is no ControlNet, `model-incompatible` for one of
 * another kind and `file-invalid` for a file that is not sound; nothing stays open then.
 */
export async function openNet(source: ModelSource, options: NetOptions = {}): Promise<NetModel> {
  options.signal?.throwIfAborted();
  return source.kind === "file" ? openFile(source, options) : openFolder(source, options);
}

async function openFolder(folder: ModelFolder, { facts, signal }: NetOptions): Promise<NetModel> {
  const raw = await openObject(folder, "config.json", signal);
  if (!raw) {
    const isBase = (await openObject(folder, "model_index.json", signal)) !== null;
    const looked = isBase
      ? "it is a base model. Give the folder of a ControlNet"
      : "it has no config.json, which every ControlNet in diffusers' layout has";
    const message = `${quoted(folder.name)} is no ControlNet: ${looked}.`;
    throw new UnderdrawError("model-unknown", message, { id: folder.name, known: [] });
  }
  const config = controlNetConfig({ ...raw.value, ...facts }, raw.name);
  const tensors = await openWeightFiles(folder, files, signal);
  return netOf(folder.name, config, tensors, { difference: false, warnings: [] });
}

function netOf(
  name: string,
  config: ControlNetConfig,
  tensors: Tensors,
  about: Pick<NetModel, "difference" | "warnings">,
): NetModel {
  const family = familyOf(config.contextWidth);
  return { name, family, config, tensors, ...about, close: () => tensors.close() };
}

/** A file's name without what people separate words by. */
const plainName = (name: string): string => name.toLowerCase().replace(/[^a-z0-9]/g, "");

/**
 * What a file's name tells, which no tensor does. The published shuffle net of ControlNet 1.1 averages its residuals
 * (`control_v11e_sd15_shuffle.yaml`: global_average_pooling), and the first depth net of 1.1 was withdrawn for a fault in
 * its training (`f1` stands for the repaired one; both by the README of ControlNet-v1-1-nightly).
 */
function toldByName(name: string, kind: FileKind): { readonly facts: RawConfig; readonly warnings: readonly string[] } {
  const plain = plainName(name);
  if (kind === "ldm-net" && plain.includes("sd15shuffle"))
    return {
      facts: { global_pool_conditions: true },
      warnings: [
        `${name}: by its name it is the shuffle net of ControlNet 1.1, so its residuals are averaged over the picture.`,
      ],
    };
  if (/v11p(sd15)?depth/.test(plain))
    return {
      facts: {},
      warnings: [`${name}: by its name it is the depth net that its authors withdrew. Take control_v11f1p_sd15_depth.`],
    };
  return { facts: {}, warnings: [] };
}

async function openFile(source: ModelFile, { facts = {}, like, signal }: NetOptions): Promise<NetModel> {
  const bytes = await source.open(signal ? { signal } : {});
  try {
    const file = openSafetensors(bytes);
    const { tensors, kind, difference } = netTensors(file);
    const told = toldByName(file.name, kind);
    const config = controlNetConfig(inferControlNet(tensors, { ...told.facts, ...facts }, like), file.name);
    return netOf(file.name, config, tensors, { difference, warnings: told.warnings });
  } catch (error) {
    bytes.close();
    throw error;
  }
}

function netTensors(file: Safetensors): {
  readonly tensors: Tensors;
  readonly kind: FileKind;
  readonly difference: boolean;
} {
  const { kind, prefix, what } = kindOfFile(file);
  if (kind !== "ldm-net" && kind !== "diffusers-net") {
    const problem = `it is ${what} and no ControlNet for Stable Diffusion 1 or 2.`;
    throw incompatible(file.name, problem, { expected: "a ControlNet", actual: what });
  }
  const entries = entriesUnder(file, prefix);
  // An empty tensor says that the others are differences.
  const difference = entries.delete("difference") || file.tensors.has("difference");
  const rename = kind === "ldm-net" ? unetRename(new Set(entries.keys())) : (key: string) => key;
  return { tensors: renamedTensors(file, file.name, entries, rename), kind, difference };
}

/**
 * A net whose weights are whole: of one that holds differences, each tensor that the UNet has too is the sum of both.
 * Other nets come back as they are. The UNet's tensors must stay open.
 */
export function onBase(net: NetModel, unet: Tensors): NetModel {
  if (!net.difference) return net;
  const own = net.tensors;
  for (const key of own.keys()) {
    if (!unet.has(key) || sameShape(unet.shape(key), own.shape(key))) continue;
    const [expected, actual] = [`[${own.shape(key).join(", ")}]`, `[${unet.shape(key).join(", ")}]`];
    const problem = `it holds differences to a UNet whose tensor "${key}" is ${expected}, and this base has ${actual}.`;
    throw incompatible(net.name, problem, { expected: `${key} ${expected}`, actual });
  }
  const tensors = addedTensors(
    own,
    (key) => unet.has(key),
    (key, into, from) => {
      const base = new Float32Array(into.length);
      unet.floats(key, base, from);
      for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + (base[i] as number);
    },
  );
  return { ...net, tensors, difference: false };
}

/**
 * Why a ControlNet does not fit a base, in one sentence; null when it does. With the base's VAE, the steps by which
 * the hint block makes the map smaller are compared too.
 */
export function fits(net: ControlNetConfig, unet: UnetConfig, vae?: VaeConfig): string | null {
  const differs = (what: string, of: readonly number[], wanted: readonly number[]): string | null =>
    of.length === wanted.length && of.every((value, n) => value === wanted[n])
      ? null
      : `The net has ${what} ${of.join(", ")}, and the base has ${wanted.join(", ")}.`;
  const family: Record<number, string> = {
    768: " (Stable Diffusion 1)",
    1024: " (Stable Diffusion 2)",
    2048: " (SDXL)",
  };
  const width = (value: number) => `${value}${family[value] ?? ""}`;
  if (net.contextWidth !== unet.contextWidth)
    return `The net reads text states of width ${width(net.contextWidth)}, and the base has ${width(unet.contextWidth)}.`;
  if (net.inChannels !== unet.outChannels)
    return `The net reads latents of ${net.inChannels} channels, and those of the base have ${unet.outChannels}.`;
  if (net.mapChannels !== 3) return `The net reads maps of ${net.mapChannels} channels, and maps have 3.`;
  const factor = 2 ** (net.hintChannels.length - 1);
  const shrinks = vae ? 2 ** (vae.channels.length - 1) : factor;
  if (factor !== shrinks)
    return `The net's map is ${factor} times as large as its latent, and the base's pictures are ${shrinks} times as large.`;
  if ((unet.middle === "none") !== (net.middle === "none")) return "Only one of net and base has a middle block.";
  return (
    differs("levels of the channels", net.channels, unet.channels) ??
    differs("layers a level of", net.layers, unet.layers)
  );
}
