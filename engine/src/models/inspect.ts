import { UnderdrawError } from "../core/errors.ts";
import type { UnetConfig, VaeConfig } from "../graph/config.ts";
import { type BaseModel, type ModelFacts, openBase } from "./base.ts";
import { type Draft, inspectFile } from "./inspect-file.ts";
import { countWhatIsThere, inspectFolder } from "./inspect-folder.ts";
import { countTensors } from "./inspected-parts.ts";
import type { Inspection } from "./inspection.ts";
import { fits, openNet } from "./net.ts";
import type { ModelSource } from "./source.ts";
import { openVae } from "./vae.ts";

/** The configs of a base that a net is held against: an open `BaseModel` has them. */
export type BaseConfigs = {
  readonly unet: { readonly config: UnetConfig };
  readonly vae: { readonly config: VaeConfig };
};

/** How a model is looked at. */
export interface InspectOptions {
  readonly signal?: AbortSignal;
  /** What a single file cannot tell of itself, as `openBase` takes it; `unet` serves for a net, `vae` for a VAE. */
  readonly facts?: ModelFacts;
}

/**
 * Tells what a model is, without running it: its kind, its parts, what is missing, and with a base (open or not)
 * whether a net, a LoRA or an embedding fits it. A model that is broken or not whole is described too; only a base that
 * cannot be opened, a stopped call or a place that cannot be read rejects.
 */
export async function inspect(
  source: ModelSource,
  base?: ModelSource | BaseConfigs,
  options: InspectOptions = {},
): Promise<Inspection> {
  const draft: Draft = {
    name: source.name,
    kind: "unknown",
    what: source.kind === "file" ? "a file of no known kind" : "a folder of no known kind",
    family: null,
    bytes: null,
    parts: [],
    problems: [],
    warnings: [],
    prediction: null,
    lora: null,
    embedding: null,
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
    if (draft.kind === "base") fillBase(draft, await openBase(held, options));
    if (draft.kind === "net") await fillNet(held, draft, options, base);
    if (draft.kind === "vae" && bytes) await fillVae(held, draft, options);
    if (draft.kind === "lora" || draft.kind === "embedding") await fillFit(draft, options, base);
  } catch (error) {
    problem(error);
    if (source.kind === "folder" && draft.kind === "base") await countWhatIsThere(source, draft, options);
  } finally {
    bytes?.close();
  }
  if (!bytes && draft.parts.length > 0) draft.bytes ??= draft.parts.reduce((sum, part) => sum + part.bytes, 0);
  return draft;
}

function fillBase(draft: Draft, model: BaseModel): void {
  draft.family = model.family;
  draft.warnings = model.warnings;
  draft.prediction = model.prediction;
  if (draft.parts.length === 0)
    draft.parts = [
      countTensors("unet", model.unet.tensors),
      countTensors("vae", model.vae.tensors),
      countTensors("text_encoder", model.text.tensors),
    ];
  model.close();
}

/** Works with the configs of a base, which is opened and closed where it is not open. */
async function withConfigs<T>(
  base: ModelSource | BaseConfigs | undefined,
  { signal }: InspectOptions,
  work: (configs: BaseConfigs | undefined) => T | Promise<T>,
): Promise<T> {
  if (!base || !("kind" in base)) return await work(base);
  const open = await openBase(base, signal ? { signal } : {});
  try {
    return await work(open);
  } finally {
    open.close();
  }
}

async function fillNet(
  source: ModelSource,
  draft: Draft,
  options: InspectOptions,
  base?: ModelSource | BaseConfigs,
): Promise<void> {
  const { facts, signal } = options;
  await withConfigs(base, options, async (configs) => {
    const net = await openNet(source, {
      ...(signal && { signal }),
      ...(configs && { like: configs.unet.config }),
      ...(facts?.unet && { facts: facts.unet }),
    });
    draft.family = net.family;
    if (draft.parts.length === 0) draft.parts = [countTensors("controlnet", net.tensors)];
    draft.warnings = [...draft.warnings, ...net.warnings];
    if (net.difference)
      draft.warnings = [...draft.warnings, "It holds differences to a base's UNet and needs that base."];
    net.close();
    if (!configs) return;
    const reason = fits(net.config, configs.unet.config, configs.vae.config);
    draft.fit = { fits: reason === null, reason };
  });
}

async function fillVae(source: ModelSource, draft: Draft, { facts, signal }: InspectOptions): Promise<void> {
  const vae = await openVae(source, { ...(signal && { signal }), ...(facts?.vae && { facts: facts.vae }) });
  draft.warnings = vae.warnings;
  vae.close();
}

/** Whether vectors or a LoRA are as wide as the text states of a base. */
async function fillFit(draft: Draft, options: InspectOptions, base?: ModelSource | BaseConfigs): Promise<void> {
  const width = draft.embedding?.width ?? draft.lora?.width ?? null;
  if (!base || width === null) return;
  await withConfigs(base, options, (configs) => {
    const wanted = configs?.unet.config.contextWidth ?? width;
    const reason = `It is for text states of width ${width}, and the base has ${wanted}.`;
    draft.fit = wanted === width ? { fits: true, reason: null } : { fits: false, reason };
  });
}
