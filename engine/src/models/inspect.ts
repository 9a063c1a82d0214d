import { UnderdrawError } from "../core/errors.ts";
import type { UnetConfig, VaeConfig } from "../graph/config.ts";
import { type BaseModel, type ModelFacts, openBase } from "./base.ts";
import { textConfig, unetConfig, vaeConfig } from "./configs.ts";
import { within } from "./folder.ts";
import { type Family, familyOf } from "./infer.ts";
import { openObject } from "./json.ts";
import { kindOfFile } from "./kinds.ts";
import { textKey, vaeKey } from "./names.ts";
import { fits, openNet } from "./net.ts";
import { openSafetensors, type Safetensors, type TensorEntry } from "./safetensors.ts";
import type { ByteSource, ModelFolder, ModelSource } from "./source.ts";
import { countOf, type Tensors } from "./tensors.ts";
import { openWeightFiles } from "./weight-files.ts";

/** What a model is. "unknown" is what this engine does not run. */
export type ModelKind = "base" | "net" | "unet" | "vae" | "text-encoder" | "lora" | "unknown";

/** One network of a model, counted. */
export interface InspectedPart {
  readonly part: string;
  readonly tensors: number;
  readonly parameters: number;
  /** How many tensors have each element type. */
  readonly dtypes: Readonly<Record<string, number>>;
}

/** What a model is, as plain data. */
export interface Inspection {
  readonly name: string;
  readonly kind: ModelKind;
  readonly family: Family | null;
  readonly parts: readonly InspectedPart[];
  /** What it lacks or why it cannot be used, in sentences; empty for a whole model. */
  readonly problems: readonly string[];
  /** What was assumed about it. */
  readonly warnings: readonly string[];
  /** What its UNet predicts, and how that is known; null for other kinds. */
  readonly prediction: { readonly type: string; readonly evidence: string } | null;
  /** Whether it fits the base that was given, and why not; null without a base or for other kinds. */
  readonly fit: { readonly fits: boolean; readonly reason: string | null } | null;
}

/** The configs of a base that a net is held against: an open `BaseModel` has them. */
export type BaseConfigs = {
  readonly unet: { readonly config: UnetConfig };
  readonly vae: { readonly config: VaeConfig };
};

/** How a model is looked at. */
export interface InspectOptions {
  readonly signal?: AbortSignal;
  /** What a single file cannot tell of itself, as `openBase` takes it; `unet` serves for a net. */
  readonly facts?: ModelFacts;
}

/** What is filled in step by step. */
type Draft = { -readonly [Key in keyof Inspection]: Inspection[Key] };

/**
 * Tells what a model is, without running it: its kind, its parts, what is missing, and with a base (open or not)
 * whether a net fits it. A model that is broken or not whole is described too; only a base that cannot be opened, a
 * stopped call or a place that cannot be read rejects.
 */
export async function inspect(
  source: ModelSource,
  base?: ModelSource | BaseConfigs,
  options: InspectOptions = {},
): Promise<Inspection> {
  const draft: Draft = {
    name: source.name,
    kind: "unknown",
    family: null,
    parts: [],
    problems: [],
    warnings: [],
    prediction: null,
    fit: null,
  };
  const problem = (error: unknown) => {
    if (!UnderdrawError.is(error) || UnderdrawError.is(error, "model-fetch")) throw error;
    if (!draft.problems.includes(error.message)) draft.problems = [...draft.problems, error.message];
  };
  const bytes = source.kind === "file" ? await source.open(options) : null;
  // One open file for all that is asked of it: not every place opens a file twice.
  const read = (into: Uint8Array, at: number) => bytes?.read(into, at);
  const held: ModelSource = bytes
    ? { kind: "file", name: source.name, open: async () => ({ name: bytes.name, size: bytes.size, read, close() {} }) }
    : source;
  try {
    if (bytes) inspectFile(bytes, draft);
    else if (source.kind === "folder") await inspectFolder(source, draft, options, problem);
    if (draft.kind === "base") fill(draft, await openBase(held, options));
    if (draft.kind === "net") await inspectNet(held, draft, base, options);
  } catch (error) {
    problem(error);
    if (source.kind === "folder" && draft.kind === "base") await countWhatIsThere(source, draft, options);
  } finally {
    bytes?.close();
  }
  return draft;
}

function fill(draft: Draft, model: BaseModel): void {
  draft.family = model.family;
  draft.warnings = model.warnings;
  draft.prediction = { type: model.prediction.type, evidence: model.prediction.evidence };
  if (draft.parts.length === 0)
    draft.parts = [
      countTensors("unet", model.unet.tensors),
      countTensors("vae", model.vae.tensors),
      countTensors("text_encoder", model.text.tensors),
    ];
  model.close();
}

/** The networks that a folder has although it is no whole model. */
async function countWhatIsThere(
  folder: ModelFolder,
  draft: Draft,
  { signal }: { readonly signal?: AbortSignal },
): Promise<void> {
  for (const part of ["unet", "vae", "text_encoder"]) {
    const stems = part === "text_encoder" ? ["model"] : ["diffusion_pytorch_model"];
    try {
      const tensors = await openWeightFiles(within(folder, part), { stems, what: part }, signal);
      draft.parts = [...draft.parts, countTensors(part, tensors)];
      tensors.close();
    } catch (error) {
      if (!UnderdrawError.is(error)) throw error; // What is wrong with a model is told already.
    }
  }
}

async function inspectNet(
  source: ModelSource,
  draft: Draft,
  base: ModelSource | BaseConfigs | undefined,
  { facts, signal }: InspectOptions,
): Promise<void> {
  const options = signal ? { signal } : {};
  const open = base && "kind" in base ? await openBase(base, options) : null;
  try {
    const configs = open ?? (base as BaseConfigs | undefined);
    const net = await openNet(source, {
      ...options,
      ...(configs && { like: configs.unet.config }),
      ...(facts?.unet && { facts: facts.unet }),
    });
    draft.family = net.family;
    draft.parts = [countTensors("controlnet", net.tensors)];
    if (net.difference) draft.warnings = ["It holds differences to a base's UNet and needs that base."];
    net.close();
    if (!configs) return;
    const reason = fits(net.config, configs.unet.config, configs.vae.config);
    draft.fit = { fits: reason === null, reason };
  } finally {
    open?.close();
  }
}

function inspectFile(bytes: ByteSource, draft: Draft): void {
  const file = openSafetensors(bytes);
  const { kind, what } = kindOfFile(file);
  draft.kind = fileKinds[kind] ?? "unknown";
  draft.parts = partsOfFile(file);
  if (draft.kind === "unknown") draft.problems = [`It is ${what}, which this engine does not run.`];
  if (kind === "unet") draft.problems = ["It is a UNet without a VAE and a text encoder: give the whole model."];
}

const fileKinds: Readonly<Record<string, ModelKind>> = {
  "ldm-base": "base",
  "ldm-net": "net",
  "diffusers-net": "net",
  unet: "unet",
  "ldm-vae": "vae",
  "diffusers-vae": "vae",
  "text-encoder": "text-encoder",
  lora: "lora",
};

/** The networks of a single file, by the beginnings of their tensors' names. */
function partsOfFile(file: Safetensors): InspectedPart[] {
  const begins: Readonly<Record<string, string>> = {
    "model.diffusion_model.": "unet",
    "first_stage_model.": "vae",
    "vae.": "vae",
    "cond_stage_model.": "text_encoder",
    "control_model.": "controlnet",
    "model_ema.": "averaged unet",
  };
  const parts = new Map<string, TensorEntry[]>();
  for (const entry of file.tensors.values()) {
    const begin = Object.keys(begins).find((prefix) => entry.name.startsWith(prefix));
    const part = (begin && begins[begin]) ?? "other";
    const entries = parts.get(part) ?? [];
    entries.push(entry);
    parts.set(part, entries);
  }
  return [...parts].map(([part, entries]) => counted(part, entries));
}

function counted(part: string, entries: readonly Pick<TensorEntry, "dtype" | "shape">[]): InspectedPart {
  const dtypes: Record<string, number> = {};
  let parameters = 0;
  for (const { dtype, shape } of entries) {
    dtypes[dtype] = (dtypes[dtype] ?? 0) + 1;
    parameters += countOf(shape);
  }
  return { part, tensors: entries.length, parameters, dtypes };
}

const countTensors = (part: string, tensors: Tensors): InspectedPart =>
  counted(
    part,
    Array.from(tensors.keys(), (key) => ({ dtype: tensors.dtype(key), shape: tensors.shape(key) })),
  );

/** A folder that is one network alone, by the class in its config. */
const lone: Readonly<Record<string, ModelKind>> = {
  ControlNetModel: "net",
  UNet2DConditionModel: "unet",
  AutoencoderKL: "vae",
  CLIPTextModel: "text-encoder",
};

async function inspectFolder(
  folder: ModelFolder,
  draft: Draft,
  { signal }: { readonly signal?: AbortSignal },
  problem: (error: unknown) => void,
): Promise<void> {
  if (await openObject(folder, "model_index.json", signal)) {
    draft.kind = "base";
    return;
  }
  const config = await openObject(folder, "config.json", signal);
  if (!config) {
    draft.problems = ["It holds neither model_index.json (a base model) nor config.json (one network)."];
    return;
  }
  const { value, name } = config;
  const architecture = Array.isArray(value["architectures"]) ? value["architectures"][0] : undefined;
  const className = String(value["_class_name"] ?? architecture ?? value["model_type"] ?? "a network without a name");
  draft.kind =
    lone[className] ?? (className.startsWith("clip") || className.startsWith("CLIPText") ? "text-encoder" : "unknown");
  const read = { unet: unetConfig, vae: vaeConfig, "text-encoder": textConfig }[draft.kind as "unet"];
  if (draft.kind === "unknown") draft.problems = [`It is ${className.slice(0, 80)}, which this engine does not run.`];
  if (!read) return;
  try {
    const resolved = read(value, name);
    if ("contextWidth" in resolved) draft.family = familyOf(resolved.contextWidth);
  } catch (error) {
    problem(error);
  }
  const rename = { vae: vaeKey, "text-encoder": textKey }[draft.kind as string];
  const stems = ["diffusion_pytorch_model", "model"];
  const tensors = await openWeightFiles(folder, { stems, what: draft.kind, ...(rename && { rename }) }, signal);
  draft.parts = [countTensors(draft.kind, tensors)];
  tensors.close();
}
