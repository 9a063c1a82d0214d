import type { CallOptions } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import { addedTensors } from "./added.ts";
import type { BaseModel, ModelPart } from "./base.ts";
import { openObject } from "./json.ts";
import { kindOfFile } from "./kinds.ts";
import { checkFamily } from "./lora-family.ts";
import { changesLayer, type LoraKeys, type LoraRole, loraKeys, putOnce } from "./lora-file.ts";
import type { Change } from "./lora-forms.ts";
import { changesOf } from "./lora-layer.ts";
import { type BaseLayer, layerNames } from "./lora-names.ts";
import { type DeclaredScale, scaleOfConfig, scaleOfMetadata } from "./lora-scale.ts";
import { loraKin } from "./other-families.ts";
import { incompatible, listed, quoted } from "./refusal.ts";
import { openSafetensors, type Safetensors, type TensorEntry } from "./safetensors.ts";
import type { ByteSource, ModelFolder, ModelSource } from "./source.ts";
import { countOf } from "./tensors.ts";

/** An open LoRA. */
export interface Lora {
  readonly name: string;
  readonly file: Safetensors;
  readonly keys: LoraKeys;
  /** How strongly it acts where no tensor says it. */
  readonly scale: DeclaredScale;
  /** Closes its file. May be called twice. */
  close(): void;
}

/** A LoRA and how strongly it acts on the UNet and on the text encoder. */
export interface LoraUse {
  readonly lora: Lora;
  readonly weight: number;
  readonly textWeight: number;
}

/**
 * Opens a LoRA: a .safetensors file in any spelling (kohya, peft, diffusers old and new, LyCORIS), or a folder as diffusers
 * or peft write it. Throws `model-unknown` for a folder without one, `model-incompatible` for a file that is none, is for a
 * model of another build or of a form that is not run (DoRA), and `file-invalid`; nothing stays open then.
 */
export async function openLora(source: ModelSource, { signal }: CallOptions = {}): Promise<Lora> {
  signal?.throwIfAborted();
  if (source.kind === "file") return loraOf(await source.open(signal ? { signal } : {}));
  const bytes = await openWeights(source, signal);
  try {
    const config = await openObject(source, "adapter_config.json", signal);
    return loraOf(bytes, config ? scaleOfConfig(config.name, config.value) : undefined);
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/** What the file is called in a folder: by diffusers, and by peft. */
const fileNames = ["pytorch_lora_weights.safetensors", "adapter_model.safetensors"];

async function openWeights(folder: ModelFolder, signal?: AbortSignal): Promise<ByteSource> {
  for (const name of fileNames) {
    const bytes = await folder.open(name, signal ? { signal } : {});
    if (bytes) return bytes;
  }
  const looked = `it has neither ${fileNames.join(" nor ")}`;
  const message = `${quoted(folder.name)} is no folder of a LoRA: ${looked}. Give the LoRA's file itself.`;
  throw new UnderdrawError("model-unknown", message, { id: folder.name, known: [] });
}

function loraOf(bytes: ByteSource, scale?: DeclaredScale): Lora {
  try {
    const file = openSafetensors(bytes);
    const { kind, what } = kindOfFile(file);
    const { other } = loraKin(file.tensors);
    if (other !== null) {
      const actual = `a LoRA for ${other}`;
      const problem = `it is ${actual}, and this engine runs Stable Diffusion 1 and 2. Take a LoRA for the base's family.`;
      throw incompatible(file.name, problem, { expected: "a LoRA for Stable Diffusion 1 or 2", actual });
    }
    const keys = kind === "lora" || kind === "unknown" ? loraKeys(file) : { layers: new Map(), others: [] };
    if (![...keys.layers.values()].some(changesLayer)) {
      const problem = `it is ${what} and no LoRA. Give it as what it is, or take another file.`;
      throw incompatible(file.name, problem, { expected: "a LoRA", actual: what });
    }
    const declared = scale ?? scaleOfMetadata(file.name, file.metadata);
    return { name: file.name, file, keys, scale: declared, close: () => file.close() };
  } catch (error) {
    bytes.close();
    throw error;
  }
}

/**
 * The base with LoRAs added while its weights are read, from the files each time. Both must stay open. What fits no layer
 * becomes a warning of the base; `model-incompatible` is thrown where nothing fits, a shape differs or the family is
 * another one, and `weights-not-finite` for a strength that is no number. Numbers of the files that are none are found when they are read.
 */
export function withLoras(base: BaseModel, uses: readonly LoraUse[]): BaseModel {
  if (uses.length === 0) return base;
  const names = layerNames(base.unet.tensors, base.text.tensors);
  const warnings: string[] = [];
  const changes: Changes = { unet: new Map(), text: new Map() };
  for (const use of uses) {
    checkFamily(use.lora, base);
    const { layers, left } = matched(use.lora, names);
    if (layers.size === 0) throw noneFits(use.lora, base);
    if (left.length > 0) warnings.push(leftOut(use.lora, base, left));
    addChanges(changes, use, base, layers);
  }
  const label = uses.map(({ lora }) => lora.name).join(" and ");
  return {
    ...base,
    unet: changed(base.unet, changes.unet, label),
    text: changed(base.text, changes.text, label),
    warnings: [...base.warnings, ...warnings],
  };
}

type Changes = Readonly<Record<BaseLayer["network"], Map<string, Change[]>>>;

/** The base's layers that a LoRA changes, with its tensors for each, and the keys that are for none. */
function matched(
  { file, keys }: Lora,
  names: ReadonlyMap<string, BaseLayer>,
): { readonly layers: ReadonlyMap<BaseLayer, Map<LoraRole, TensorEntry>>; readonly left: readonly string[] } {
  const layers = new Map<BaseLayer, Map<LoraRole, TensorEntry>>();
  const left = [...keys.others];
  for (const [name, tensors] of keys.layers) {
    const layer = names.get(name);
    if (!layer) {
      left.push(...Array.from(tensors.values(), (entry) => entry.name));
      continue;
    }
    const all = layers.get(layer) ?? new Map<LoraRole, TensorEntry>();
    for (const [role, entry] of tensors) putOnce(file, all, role, entry);
    layers.set(layer, all);
  }
  for (const [layer, tensors] of layers) {
    if (changesLayer(tensors)) continue;
    left.push(...Array.from(tensors.values(), (entry) => entry.name));
    layers.delete(layer);
  }
  return { layers, left };
}

function addChanges(
  changes: Changes,
  { lora, weight, textWeight }: LoraUse,
  base: BaseModel,
  layers: ReadonlyMap<BaseLayer, ReadonlyMap<LoraRole, TensorEntry>>,
): void {
  for (const [layer, tensors] of layers) {
    const times = layer.network === "unet" ? weight : textWeight;
    for (const [key, change] of changesOf({ lora, layer, tensors, part: base[layer.network], times })) {
      const all = changes[layer.network].get(key) ?? [];
      changes[layer.network].set(key, [...all, change]);
    }
  }
}

function changed<Config>(
  { config, tensors, plain = tensors }: ModelPart<Config>,
  changes: ReadonlyMap<string, readonly Change[]>,
  label: string,
): ModelPart<Config> {
  if (changes.size === 0) return { config, tensors, plain };
  const added = addedTensors(
    tensors,
    (key) => changes.has(key),
    (key, into, from) => {
      const isLast = from + into.length >= countOf(tensors.shape(key));
      for (const change of changes.get(key) ?? []) {
        change.add(into, from);
        // Tensors are read from their beginning to their end: what was decoded for this one is not needed for the next.
        if (isLast) change.release();
      }
    },
  );
  const file = (key: string) => tensors.file(key) + (changes.has(key) ? ` with ${label}` : "");
  return { config, tensors: { ...added, file }, plain };
}

function noneFits({ name, file }: Lora, base: BaseModel): Error {
  const keys = [...file.tensors.keys()];
  const problem = `none of its ${keys.length} keys is for a layer of ${base.name}: ${listed(keys)}. It was made for a model of another build: take a LoRA for the same family.`;
  return incompatible(name, problem, { expected: "keys of this base's layers", actual: listed(keys) });
}

const leftOut = ({ name, file }: Lora, base: BaseModel, left: readonly string[]): string =>
  `${name}: ${left.length} of its ${file.tensors.size} keys are for no layer of ${base.name} and were left out: ${listed(left)}. The LoRA acts in part; it may have been made for another model.`;
