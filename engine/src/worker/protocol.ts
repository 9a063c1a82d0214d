import * as z from "zod/mini";
import type { Progress } from "../call.ts";
import type { ConditionSource, ModelNeed } from "../conditions/condition.ts";
import type { Pixels } from "../core/pixels.ts";
import type { Tensor } from "../core/tensor.ts";
import type { WireError } from "../core/wire.ts";
import type { Device, Fingerprints, LoraRequest, Pipeline, StoredWeights, TokenCount } from "../engine.ts";
import type { ModelFacts } from "../models/base.ts";
import type { SourceDescription } from "../models/crossing.ts";
import { type Recipe, type RecipeResult, recipeSchema } from "../recipe.ts";
import type {
  GenerateOptions,
  GenerateRequest,
  GenerateResult,
  PromptSyntax,
  RequestChange,
  Warning,
} from "../request.ts";
import { pixels, source } from "./source-schema.ts";

// What a page and the worker of its engine say to each other. The worker speaks first: `ready`, when it listens. Each
// call of the page is answered by any number of `progress` and then by one `result` or `error` with its id; `abort`
// stops it. Both sides check what they hear, and the list of calls is closed. What is not marked as ours belongs to
// somebody else who shares the worker, and passes by.

/** The version of what is said here: page and worker may come from builds of different days. */
export const version = 4;

/** Every message of ours has this. */
export const mark = { underdraw: "engine" } as const;

/** A place among the worker's own models, or a model that came over. */
export type Place = string | SourceDescription;

/** The files of nets that see, by name; one that came over has a number, by which it is the same file the next time. */
export type Files = Readonly<Record<string, string | { readonly key: number; readonly from: SourceDescription }>>;

/** What `Engine.load` takes, as data. Nets and embeddings keep their order. */
export interface LoadInput {
  readonly base?: Place;
  readonly nets?: readonly string[] | readonly (readonly [name: string, place: Place])[];
  readonly facts?: ModelFacts;
  readonly vae?: Place;
  readonly previews?: Place;
  readonly weights?: StoredWeights;
  readonly loras?: readonly (Omit<LoraRequest, "file"> & { readonly file: Place })[];
  readonly embeddings?: readonly (readonly [word: string, place: Place])[];
}

/** What of the options of a generation crosses. */
export type GenerateChoices = Pick<GenerateOptions, "reuse" | "measure" | "influence">;

interface OfPipeline {
  /** The number that `load` gave. */
  readonly pipeline: number;
}

/** How often each graph of a pipeline ran. */
export type Runs = Readonly<Record<string, number>>;

/** What each call takes. */
interface Inputs {
  readonly device: object;
  readonly extract: {
    readonly condition: { readonly id: string; readonly options: Readonly<Record<string, unknown>> };
    readonly source: ConditionSource;
    readonly models?: Files;
  };
  /** Runs a model for a condition that the worker does not know. */
  readonly run: {
    readonly model: string;
    readonly need: ModelNeed | null;
    readonly inputs: Readonly<Record<string, Tensor>>;
    readonly models: Files;
  };
  readonly load: { readonly request: LoadInput };
  readonly generate: OfPipeline & { readonly request: GenerateRequest; readonly options: GenerateChoices };
  /** What the picture of a call looks like, after a step or as soon after it as is still known. */
  readonly preview: { readonly of: number; readonly step: number };
  readonly recipe: OfPipeline & { readonly request: GenerateRequest; readonly result: RecipeResult };
  readonly fingerprints: OfPipeline;
  readonly tokens: OfPipeline & { readonly prompt: string; readonly syntax?: PromptSyntax };
  /** Frees a pipeline. */
  readonly free: OfPipeline;
  /** Frees everything. */
  readonly dispose: object;
}

/** What each call gives. */
interface Results {
  readonly device: Device;
  readonly extract: { readonly pixels: Pixels; readonly warnings: readonly Warning[] };
  readonly run: { readonly outputs: Readonly<Record<string, Tensor>>; readonly warnings: readonly Warning[] };
  readonly load: OfPipeline & Pick<Pipeline, "name" | "nets" | "defaults"> & { readonly runs: Runs };
  readonly generate: GenerateResult;
  readonly preview: Pixels;
  readonly recipe: Recipe;
  readonly fingerprints: Fingerprints;
  readonly tokens: TokenCount;
  readonly free: undefined;
  readonly dispose: undefined;
}

/** The name of a call. */
export type CallName = keyof Inputs;
/** What a call takes. */
export type CallInput<Name extends CallName> = Inputs[Name];
/** What a call gives. */
export type CallResult<Name extends CallName> = Results[Name];
/** A call on its way to the worker. */
export type Call<Name extends CallName = CallName> = {
  [Each in CallName]: typeof mark & { readonly id: number; readonly call: Each } & Inputs[Each];
}[Name];

const id = z.int().check(z.minimum(0));
const name = z.string();
const handle = <Handle extends FileSystemHandle>(kind: FileSystemHandle["kind"]) =>
  z.custom<Handle>((value) => typeof value === "object" && value !== null && "kind" in value && value.kind === kind);
const description: z.ZodMiniType<SourceDescription> = z.discriminatedUnion("from", [
  z.object({ from: z.literal("file"), file: z.instanceof(File) }),
  z.object({ from: z.literal("files"), name, files: z.array(z.tuple([name, z.instanceof(Blob)])) }),
  z.object({ from: z.literal("handle"), name, handle: handle<FileSystemFileHandle>("file") }),
  z.object({
    from: z.literal("handles"),
    name,
    handles: z.array(z.tuple([name, handle<FileSystemFileHandle>("file")])),
  }),
  z.object({ from: z.literal("directory"), name, handle: handle<FileSystemDirectoryHandle>("directory") }),
  z.object({ from: z.literal("address"), name, address: z.url() }),
  z.object({ from: z.literal("within"), folder: z.lazy(() => description), path: name }),
]);
const place = z.union([name, description]);
const files = z.record(name, z.union([name, z.object({ key: id, from: description })]));

const tensor: z.ZodMiniType<Tensor> = z.object({
  dims: z.array(id),
  values: z.union([
    z.custom<Float32Array>((value) => value instanceof Float32Array),
    z.custom<Int32Array>((value) => value instanceof Int32Array),
  ]),
});
const tensors = z.record(name, tensor);
const need: z.ZodMiniType<ModelNeed> = z.object({
  about: z.string(),
  address: z.string(),
  sha256: z.exactOptional(z.array(z.string())),
});
/** A change is judged where it is made: `changeRequest` gives a request that is checked as any. */
const change = z.union([
  z.looseObject({ set: z.looseObject({}) }),
  z.looseObject({ control: id, invert: z.literal(true) }),
  z.looseObject({ control: id, remove: z.literal(true) }),
]) as z.ZodMiniType<RequestChange>;
const warnings: z.ZodMiniType<Warning[]> = z.array(
  z.object({
    code: z.string(),
    message: z.string(),
    remedy: z.exactOptional(z.string()),
    change: z.exactOptional(change),
  }),
);

/** Looked at for its pictures; the pipeline judges the rest. */
const request = z.looseObject({
  prompt: z.string(),
  controls: z.array(z.looseObject({ map: z.looseObject({ condition: name, pixels }), mask: z.optional(pixels) })),
  init: z.optional(z.looseObject({ picture: pixels, mask: z.optional(pixels) })),
}) as z.ZodMiniType<GenerateRequest>;

/** Any number: how large a weight may be is the engine's to say. */
const weight = z.exactOptional(z.custom<number>((value) => typeof value === "number"));

const calls: { readonly [Name in CallName]: z.ZodMiniType<Inputs[Name]> } = {
  device: z.object({}),
  extract: z.object({
    condition: z.object({ id: name, options: z.record(name, z.unknown()) }),
    source,
    models: z.exactOptional(files),
  }),
  run: z.object({ model: name, need: z.nullable(need), inputs: tensors, models: files }),
  load: z.object({
    request: z.object({
      base: z.exactOptional(place),
      nets: z.exactOptional(z.union([z.array(name), z.array(z.tuple([name, place]))])),
      facts: z.exactOptional(z.looseObject({}) as z.ZodMiniType<ModelFacts>),
      vae: z.exactOptional(place),
      previews: z.exactOptional(place),
      weights: z.exactOptional(z.enum(["full", "half", "int8", "int4"])),
      loras: z.exactOptional(z.array(z.object({ file: place, weight, textWeight: weight }))),
      embeddings: z.exactOptional(z.array(z.tuple([name, place]))),
    }),
  }),
  generate: z.object({
    pipeline: id,
    request,
    options: z.object({
      reuse: z.exactOptional(z.boolean()),
      measure: z.exactOptional(z.boolean()),
      influence: z.exactOptional(z.boolean()),
    }),
  }),
  preview: z.object({ of: id, step: z.int() }),
  recipe: z.object({
    pipeline: id,
    request,
    result: z.object({
      pixels: z.object({ width: z.number(), height: z.number() }),
      seed: z.bigint(),
      steps: z.number(),
      guidance: z.number(),
    }),
  }),
  fingerprints: z.object({ pipeline: id }),
  /** The pipeline judges the syntax. */
  tokens: z.object({
    pipeline: id,
    prompt: z.string(),
    syntax: z.exactOptional(z.string() as z.ZodMiniType<PromptSyntax>),
  }),
  free: z.object({ pipeline: id }),
  dispose: z.object({}),
};

const runs = z.record(name, z.int());
const results: { readonly [Name in CallName]: z.ZodMiniType<Results[Name]> } = {
  device: z.object({
    provider: z.enum(["cpu", "wasm", "webgpu"]),
    precision: z.enum(["float32", "float16"]),
    about: z.string(),
    fallback: z.nullable(z.string()),
  }),
  extract: z.object({ pixels, warnings }),
  run: z.object({ outputs: tensors, warnings }),
  load: z.object({
    pipeline: id,
    name,
    nets: z.array(name),
    defaults: z.object({
      width: z.number(),
      height: z.number(),
      steps: z.number(),
      guidance: z.number(),
      halves: z.tuple([z.number(), z.number()]),
      multiple: z.number(),
    }),
    runs,
  }),
  generate: z.object({
    pixels,
    seed: z.bigint(),
    steps: z.int(),
    guidance: z.number(),
    scheduler: z.string(),
    activeSteps: z.array(z.array(z.int())),
    fidelity: z.array(
      z.nullable(
        z.object({
          condition: name,
          measure: z.string(),
          value: z.number(),
          chance: z.number(),
          better: z.enum(["higher", "lower"]),
          gain: z.number(),
        }),
      ),
    ),
    influence: z.exactOptional(
      z.object({
        controls: z.array(
          z.nullable(z.object({ steps: z.array(z.number()), mean: z.number(), map: pixels, most: z.number() })),
        ),
        conflicts: z.array(
          z.object({ controls: z.tuple([id, id]), cosine: z.number(), message: z.exactOptional(z.string()) }),
        ),
      }),
    ),
    reused: z.object({
      text: z.array(z.enum(["prompt", "negativePrompt"])),
      maps: z.array(id),
      steps: z.int(),
      picture: z.boolean(),
    }),
    warnings,
  }),
  preview: pixels,
  recipe: recipeSchema,
  fingerprints: z.object({
    base: z.string(),
    nets: z.record(name, z.string()),
    vae: z.nullable(z.string()),
    loras: z.array(z.string()),
    embeddings: z.record(name, z.string()),
  }),
  tokens: z.object({
    used: z.int(),
    limit: z.int(),
    cut: z.string(),
    chunks: z.array(z.object({ start: z.int(), end: z.int(), used: z.int() })),
  }),
  free: z.undefined(),
  dispose: z.undefined(),
};

const fraction = z.number();
const progress = z.discriminatedUnion("phase", [
  z.object({
    phase: z.literal("download"),
    fraction,
    file: z.string(),
    loaded: z.number(),
    total: z.exactOptional(z.number()),
  }),
  z.object({ phase: z.literal("compile"), fraction, model: z.string() }),
  z.object({ phase: z.literal("extract"), fraction, condition: z.string() }),
  z.object({ phase: z.literal("encode"), fraction, what: z.string() }),
  z.object({ phase: z.literal("denoise"), fraction, step: z.int(), steps: z.int(), preview: z.boolean() }),
  z.object({ phase: z.literal("decode"), fraction }),
]);

/** Where a call stands, as it crosses: the engine's `Progress`, its preview a yes or no. */
export type ProgressFacts = z.output<typeof progress>;

const error: z.ZodMiniType<WireError> = z.object({
  name: z.string(),
  message: z.string(),
  code: z.exactOptional(z.string()),
  details: z.optional(z.unknown()),
});

/** Comes with all that is said of a pipeline. */
const ran = z.exactOptional(runs);
const ours = { underdraw: z.literal(mark.underdraw) };
const replies = z.union([
  z.object({
    ...ours,
    ready: z.object({
      version: z.int(),
      /** The ids of the conditions that the worker knows. */
      conditions: z.array(name),
      /** The name of a lock that the worker holds as long as it lives, where the browser has such. */
      lock: z.nullable(z.string()),
    }),
  }),
  z.object({ ...ours, id, progress, runs: ran }),
  z.object({ ...ours, id, error, runs: ran }),
  z.object({ ...ours, id, result: z.unknown(), runs: ran }),
]);

/** A message on its way to the page. */
export type Reply = z.output<typeof replies>;

/** Whether a message is one of ours, sound or not. */
export const isOurs = (data: unknown): data is typeof mark =>
  typeof data === "object" && data !== null && "underdraw" in data && data.underdraw === mark.underdraw;

/** Reads a message of ours to the page; null where it is none that is known. */
export const readReply = (data: typeof mark): Reply | null => replies.safeParse(data).data ?? null;

/** Reads the result of a call; null where it is none of that call's. */
export function readResult<Name extends CallName>(
  call: Name,
  result: unknown,
): { readonly value: CallResult<Name> } | null {
  const found = results[call].safeParse(result);
  return found.success ? { value: found.data } : null;
}

const envelope = z.object({ id, call: z.enum(Object.keys(calls) as CallName[]) });
const abort = z.object({ abort: id });

/**
 * Reads a message of ours to the worker. What is wrong comes with the id of the call, where there is one that can be
 * answered.
 */
export function readCall(
  data: typeof mark,
): Call | { readonly abort: number } | { readonly wrong: string; readonly id: number | null } {
  const stop = abort.safeParse(data);
  if (stop.success) return stop.data;
  const about = envelope.safeParse(data);
  if (!about.success)
    return { wrong: "a call that is not known", id: id.safeParse((data as { id?: unknown }).id).data ?? null };
  const input = calls[about.data.call].safeParse(data);
  if (input.success) return { ...mark, ...about.data, ...input.data } as Call;
  const path = input.error.issues[0]?.path.join(".") ?? "";
  return { wrong: `a call "${about.data.call}" whose "${path}" is wrong`, id: about.data.id };
}

/** The progress that crosses for one of the engine; null for what is none, as somebody's condition may tell. */
export function progressFacts(given: Progress): ProgressFacts | null {
  const facts = given.phase === "denoise" ? { ...given, preview: given.preview !== undefined } : given;
  return progress.safeParse(facts).data ?? null;
}
