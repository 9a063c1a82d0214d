import * as z from "zod/mini";
import type { LayerWeights } from "./controlnet/strength.ts";
import { UnderdrawError } from "./core/errors.ts";
import type { StoredWeights } from "./engine.ts";
import type { RecipeEmbedding, RecipeLora, RecipeModel } from "./recipe-model.ts";
import { toBase64 } from "./recipe-picture.ts";
import { recipeSchemas, VERSION } from "./recipe-schema.ts";
import { migrated } from "./recipe-versions.ts";
import type {
  Control,
  GenerateRequest,
  GenerateResult,
  Init,
  PromptSyntax,
  RandomNumbers,
  Sampler,
  VaeTiling,
} from "./request.ts";
import { usualInitStrength } from "./request-schema.ts";
import type { MapResize } from "./vision/resize.ts";
import { inWords } from "./wording.ts";

// The recipe: a request with everything it left open filled in, as plain data that is stored with the picture and makes
// it again. It holds its maps, so that it needs no other file, and no time and no path, so that the same request gives
// the same recipe, byte for byte. It knows neither where models lie nor how pictures are encoded: its maps are PNG
// files in base64 that whoever stores it made. What a newer Underdraw adds without raising the version is kept.

/** The keyword under which a PNG file holds its recipe. */
export const recipeKeyword = "underdraw";

/** One control, with nothing left open. Fingerprints of pictures are absent in recipes that were made before version 2. */
export interface RecipeControl {
  /** What the map shows: the condition's name. */
  readonly condition: string;
  /** The map as it was given, a PNG file in base64. */
  readonly map: string;
  /** SHA-256 of the map's pixels: see `recipePicture`. */
  readonly mapFingerprint?: string;
  /** The options that the map was drawn with; null where they are not known. */
  readonly mapOptions: Readonly<Record<string, unknown>> | null;
  /** The map's own rule of scaling; null: what is in it decides. */
  readonly mapResize: MapResize | null;
  /** The colour of empty area; null: the condition's own. */
  readonly background: readonly [red: number, green: number, blue: number] | null;
  readonly net: RecipeModel;
  readonly weight: number;
  readonly range: readonly [start: number, end: number];
  /** null: all alike. */
  readonly layers: LayerWeights | null;
  /** null: the same all along. */
  readonly curve: NonNullable<Control["curve"]> | null;
  readonly halves: readonly [conditional: number, unconditional: number];
  /** Where it steers, a PNG file in base64; null: everywhere. */
  readonly mask: string | null;
  readonly maskFingerprint?: string;
  /** How map and mask are scaled; null: the map's own rule. */
  readonly resize: MapResize | null;
}

/** What a picture began with. */
export interface RecipeInit {
  /** A PNG file in base64. */
  readonly picture: string;
  readonly pictureFingerprint?: string;
  readonly strength: number;
  /** Where it may change, a PNG file in base64; null: everywhere. */
  readonly mask: string | null;
  readonly maskFingerprint?: string;
  readonly grays: NonNullable<Init["grays"]>;
  /** Pixels. */
  readonly feather: number;
  readonly keepOutside: boolean;
  readonly encoding: NonNullable<Init["encoding"]>;
}

/** A request with nothing left open, to be stored with the picture it made. */
export interface Recipe {
  readonly version: typeof VERSION;
  readonly model: RecipeModel;
  /** What took the place of the model's own VAE; null: nothing. */
  readonly vae: RecipeModel | null;
  readonly loras: readonly RecipeLora[];
  readonly embeddings: readonly RecipeEmbedding[];
  /** How the weights of linear layers were stored: see `LoadRequest.weights`. */
  readonly weights: StoredWeights;
  /** What the UNet was taken to predict; null in recipes that were made before version 3, for what the model says. */
  readonly prediction: "epsilon" | "v_prediction" | "sample" | null;
  readonly prompt: string;
  readonly negativePrompt: string;
  readonly promptSyntax: PromptSyntax;
  readonly controls: readonly RecipeControl[];
  /** null: noise alone. */
  readonly init: RecipeInit | null;
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** Whole numbers up to 2^53 - 1 as numbers, larger ones as text: JSON's numbers are not exact there. */
  readonly seed: number | string;
  readonly rng: RandomNumbers;
  /** null: the seed's noise alone. */
  readonly variation: { readonly seed: number | string; readonly strength: number } | null;
  /** null: a picture alone. */
  readonly batch: { readonly index: number; readonly size: number } | null;
  readonly steps: number;
  readonly guidance: number;
  readonly guidanceRescale: number;
  readonly clipSkip: number;
  /** null: the model's own. */
  readonly sampler: Sampler | null;
  readonly tiles: VaeTiling;
  /** What computed it: another provider or precision gives nearly the same picture, not the same bytes. */
  readonly device: {
    readonly provider: "cpu" | "wasm" | "webgpu";
    readonly precision: "float16" | "float32";
  };
}

/** What a recipe holds, as a schema of zod/mini. Read with `inWords`, it says what is wrong. */
export const recipeSchema = recipeSchemas.recipe as unknown as z.ZodMiniType<Recipe>;

/** What a recipe takes of a result: all but its pixels. A `GenerateResult` is one. */
export interface RecipeResult extends Pick<GenerateResult, "seed" | "steps" | "guidance"> {
  readonly pixels: Pick<GenerateResult["pixels"], "width" | "height">;
}

/** A picture as a recipe holds it: see `recipePicture`. */
export interface RecipePicture {
  /** A PNG file. */
  readonly png: Uint8Array;
  /** SHA-256 of its pixels, in hex. */
  readonly fingerprint?: string;
}

/** What a recipe needs to know besides request and result. */
export interface RecipeParts {
  readonly model: RecipeModel;
  /** What the model was loaded with besides. Nothing without them. */
  readonly vae?: RecipeModel | null;
  readonly loras?: readonly RecipeLora[];
  readonly embeddings?: readonly RecipeEmbedding[];
  /** "full" without it. */
  readonly weights?: Recipe["weights"];
  /** What its UNet predicts. What the model says without it. */
  readonly prediction?: Recipe["prediction"];
  /** For each control of the request: its net, its map, and its mask where it has one. */
  readonly controls: readonly (RecipePicture & { readonly net: RecipeModel; readonly mask?: RecipePicture })[];
  /** What is begun with, where the request has it. */
  readonly init?: { readonly picture: RecipePicture; readonly mask?: RecipePicture };
  readonly device: Recipe["device"];
  /** What the model likes best for controls that do not say: `PipelineDefaults.halves`. Both alike without it. */
  readonly halves?: RecipeControl["halves"];
}

/** The recipe of a picture that was drawn. Throws a `RangeError` where `parts` lacks a picture that the request has. */
export function recipeOf(request: GenerateRequest, result: RecipeResult, parts: RecipeParts): Recipe {
  const { init, sampler, variation, batch } = request;
  const { model, vae = null, loras = [], embeddings = [], prediction = null, weights = "full", device } = parts;
  return {
    version: VERSION,
    model,
    vae,
    loras: [...loras],
    embeddings: [...embeddings],
    weights,
    prediction,
    prompt: request.prompt,
    negativePrompt: request.negativePrompt ?? "",
    promptSyntax: request.promptSyntax ?? "plain",
    controls: request.controls.map((control, at) => {
      const part = parts.controls[at];
      if (!part) throw new RangeError(`parts.controls: ${request.controls.length} are needed, one for each control.`);
      return controlOf(parts.halves ? { halves: parts.halves, ...control } : control, part, at);
    }),
    init: init ? initOf(init, parts.init) : null,
    width: result.pixels.width,
    height: result.pixels.height,
    seed: plainSeed(result.seed),
    rng: request.rng ?? "torch",
    variation: variation ? { seed: plainSeed(BigInt(variation.seed)), strength: variation.strength } : null,
    batch: batch ? { index: batch.index, size: batch.size } : null,
    steps: result.steps,
    guidance: result.guidance,
    guidanceRescale: request.guidanceRescale ?? 0,
    clipSkip: request.clipSkip ?? 0,
    sampler: sampler === undefined ? null : typeof sampler === "string" ? sampler : { ...sampler },
    tiles: request.tiles ?? "auto",
    device: { provider: device.provider, precision: device.precision },
  };
}

/** Exact in JSON, whose numbers are exact to 2^53 - 1. */
const plainSeed = (seed: bigint): number | string =>
  seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seed) : String(seed);

function controlOf(control: Control, part: RecipeParts["controls"][number], at: number): RecipeControl {
  const { map, weight = 1, range = [0, 1], layers = null, curve = null, halves = [1, 1], resize = null } = control;
  return {
    condition: map.condition,
    map: toBase64(part.png),
    ...(part.fingerprint !== undefined && { mapFingerprint: part.fingerprint }),
    mapOptions: map.options ? { ...map.options } : null,
    mapResize: map.resize ?? null,
    background: map.background ?? [0, 0, 0],
    net: part.net,
    weight,
    range: [...range],
    layers,
    curve: curve?.map(([place, factor]) => [place, factor] as const) ?? null,
    halves: [...halves],
    ...maskOf(control.mask, part.mask, `parts.controls.${at}.mask`),
    resize,
  };
}

function initOf(init: NonNullable<GenerateRequest["init"]>, part: RecipeParts["init"]): RecipeInit {
  if (!part) throw new RangeError("parts.init: is needed, since the request begins with a picture.");
  return {
    picture: toBase64(part.picture.png),
    ...(part.picture.fingerprint !== undefined && { pictureFingerprint: part.picture.fingerprint }),
    strength: init.strength ?? usualInitStrength,
    ...maskOf(init.mask, part.mask, "parts.init.mask"),
    grays: init.grays ?? "blend",
    feather: init.feather ?? 0,
    keepOutside: init.keepOutside ?? true,
    encoding: init.encoding ?? "sample",
  };
}

function maskOf(mask: unknown, part: RecipePicture | undefined, path: string) {
  if (mask === undefined) return { mask: null };
  if (!part) throw new RangeError(`${path}: is needed, since the request has a mask there.`);
  return { mask: toBase64(part.png), ...(part.fingerprint !== undefined && { maskFingerprint: part.fingerprint }) };
}

/** A recipe as text: JSON in one line, its keys always in the same order. */
export function formatRecipe(recipe: Recipe): string {
  const known = new Set(Object.values(recipeSchemas).flatMap(({ shape }) => Object.keys(shape)));
  // Known keys come in the schema's order; of the others, a sampler's settings among them, the names decide.
  return JSON.stringify(recipeSchema.parse(recipe, inWords), (_, value: unknown) => {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
    const entries = Object.entries(value);
    const others = entries.filter(([key]) => !known.has(key)).sort(([one], [other]) => (one < other ? -1 : 1));
    return Object.fromEntries([...entries.filter(([key]) => known.has(key)), ...others]);
  });
}

/**
 * Reads a recipe from text, one of an older version as the newest. Throws `file-invalid`, with `file` as its name, for
 * one that is damaged or too new.
 */
export function parseRecipe(json: string, file: string): Recipe {
  const refuse = (reason: string, cause?: unknown): UnderdrawError<"file-invalid"> =>
    new UnderdrawError("file-invalid", `The recipe in ${file} cannot be used: ${reason}`, { file, reason }, { cause });
  let data: unknown;
  try {
    data = JSON.parse(json);
  } catch (cause) {
    throw refuse("it is no JSON. The file was damaged or changed: take the one that was written first.", cause);
  }
  const version = z.looseObject({ version: z.int() }).safeParse(data);
  if (version.success && version.data.version > VERSION) {
    throw refuse(`it has version ${version.data.version}, and ${VERSION} is the newest known here. Update Underdraw.`);
  }
  const found = migrated(data) ?? recipeSchema.safeParse(data, inWords);
  if (!found.success) {
    const issues = found.error.issues.map(({ path, message }) => `${path.join(".") || "recipe"}: ${message}`);
    throw refuse(
      `${issues.slice(0, 4).join("; ")}. The file was changed: take the one that was written first.`,
      found.error,
    );
  }
  try {
    JSON.stringify(found.data); // what is not known is kept, and must be written again
  } catch (cause) {
    throw refuse("it is nested too deep. The file was made by something else: take the one written first.", cause);
  }
  return found.data;
}
