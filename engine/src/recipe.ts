import * as z from "zod/mini";
import { UnderdrawError } from "./core/errors.ts";
import type { ModelFolder, ModelSource } from "./models/source.ts";
import type { GenerateRequest, GenerateResult } from "./request.ts";
import { inWords } from "./wording.ts";

// The recipe: a request with everything it left open filled in, as plain data that is stored with the picture and makes
// it again. It holds its maps, so that it needs no other file, and no time and no path, so that the same request gives
// the same recipe, byte for byte. It knows neither where models lie nor how pictures are encoded: its maps are PNG
// files in base64 that whoever stores it made.

/** The keyword under which a PNG file holds its recipe. */
export const recipeKeyword = "underdraw";

/** The version of the recipe's shape. Raised when a reader of the old shape would draw another picture. */
const VERSION = 1;

const text = z.string();
const name = z.string().check(z.minLength(1));
const fingerprint = z.string().check(z.regex(/^[0-9a-f]{64}$/, "must be a SHA-256 in 64 hex digits"));
const model = z.strictObject({ name, fingerprint });

const largestSeed = 2n ** 64n - 1n;
/** Whole numbers up to 2^53 - 1 as numbers, larger ones as text: JSON's numbers are not exact there. */
const seed = z.union([
  z.int().check(z.minimum(0)),
  z.string().check(
    z.regex(/^[1-9]\d{0,19}$/),
    z.refine((digits) => BigInt(digits) <= largestSeed),
  ),
]);

const side = z.int().check(z.minimum(1));
const fraction = z.number().check(z.minimum(0), z.maximum(1));
const control = z.strictObject({
  /** What the map shows: the condition's name. */
  condition: name,
  /** The map as it was given, a PNG file in base64. */
  map: z.string().check(z.minLength(1), z.regex(/^[A-Za-z0-9+/]+={0,2}$/, "must be base64")),
  net: model,
  weight: z.number().check(z.minimum(0)),
  range: z.tuple([fraction, fraction]).check(z.refine(([start, end]) => start <= end, "must not end before it starts")),
});

/** What a recipe holds, as a schema of zod/mini. Read with `inWords`, it says what is wrong. */
export const recipeSchema = z.strictObject({
  version: z.literal(VERSION),
  model,
  prompt: text,
  negativePrompt: text,
  controls: z.array(control),
  /** Pixels. */
  width: side,
  height: side,
  seed,
  steps: z.int().check(z.minimum(1), z.maximum(1000)),
  guidance: z.number(),
  /** null: the model's own. */
  sampler: z.nullable(z.union([z.string(), z.looseObject({ _class_name: z.string() })])),
  /** What computed it: another provider or precision gives nearly the same picture, not the same bytes. */
  device: z.strictObject({
    provider: z.enum(["cpu", "wasm", "webgpu"]),
    precision: z.enum(["float16", "float32"]),
  }),
});

/** A request with nothing left open, to be stored with the picture it made. */
export type Recipe = z.output<typeof recipeSchema>;

/** What a recipe takes of a result: all but its pixels. A `GenerateResult` is one. */
export interface RecipeResult extends Pick<GenerateResult, "seed" | "steps" | "guidance"> {
  readonly pixels: Pick<GenerateResult["pixels"], "width" | "height">;
}

/** What a recipe needs to know besides request and result. */
export interface RecipeParts {
  readonly model: Recipe["model"];
  /** For each control of the request: its net, and its map as a PNG file. */
  readonly controls: readonly { readonly net: Recipe["model"]; readonly png: Uint8Array }[];
  readonly device: Recipe["device"];
}

/** The recipe of a picture that was drawn. */
export function recipeOf(request: GenerateRequest, result: RecipeResult, parts: RecipeParts): Recipe {
  return {
    version: VERSION,
    model: parts.model,
    prompt: request.prompt,
    negativePrompt: request.negativePrompt ?? "",
    controls: request.controls.map(({ map, weight, range }, at) => {
      const part = parts.controls[at];
      if (!part) throw new RangeError(`parts.controls: ${request.controls.length} are needed, one for each control.`);
      const [start, end] = range ?? [0, 1];
      return {
        condition: map.condition,
        map: toBase64(part.png),
        net: part.net,
        weight: weight ?? 1,
        range: [start, end],
      };
    }),
    width: result.pixels.width,
    height: result.pixels.height,
    seed: result.seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(result.seed) : String(result.seed),
    steps: result.steps,
    guidance: result.guidance,
    sampler:
      request.sampler === undefined
        ? null
        : typeof request.sampler === "string"
          ? request.sampler
          : { ...request.sampler },
    device: { provider: parts.device.provider, precision: parts.device.precision },
  };
}

/** A recipe as text: JSON in one line, its keys always in the same order. */
export function formatRecipe(recipe: Recipe): string {
  return JSON.stringify(recipeSchema.parse(recipe, inWords));
}

/** Reads a recipe from text. Throws `file-invalid`, with `file` as its name, for one that is damaged or too new. */
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
  const found = recipeSchema.safeParse(data, inWords);
  if (found.success) return found.data;
  const issues = found.error.issues.map(({ path, message }) => `${path.join(".") || "recipe"}: ${message}`);
  throw refuse(
    `${issues.slice(0, 4).join("; ")}. The file was changed: take the one that was written first.`,
    found.error,
  );
}

function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (let at = 0; at < bytes.length; at += 8192) binary += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(binary);
}

/** How many places of a weights file are looked at, besides its table, and how many bytes at each. */
const samples = { places: 64, bytes: 1024 };

/** Read whole, since the same weights draw another picture with another schedule. */
const scheduler = "scheduler/scheduler_config.json";

/** The folders of a checkpoint whose weights make its pictures, and the names that weights may have there. */
const weightFolders = ["", "text_encoder/", "unet/", "vae/"];
const weightNames = ["diffusion_pytorch_model", "model", "pytorch_model"];

/**
 * What tells a model from others without reading all of it: SHA-256, in hex, over each weights file's name, size, table
 * of tensors and 64 KiB spread over its numbers, and over the scheduler's config. A checkpoint and a control net are fingerprinted alike; the nets inside
 * a checkpoint's folder do not count for it. Rejects with `model-incompatible` when no weights are there, with
 * `feature-missing` in a page that is no secure context: browsers have no SHA-256 there.
 */
export async function fingerprintOf(
  source: ModelSource,
  options: { readonly signal?: AbortSignal } = {},
): Promise<string> {
  const digests: Uint8Array[] = [];
  const add = async (path: string, opened: Awaited<ReturnType<ModelFolder["open"]>>): Promise<void> => {
    if (!opened) return;
    try {
      const { size } = opened;
      const take = (at: number, length: number): Uint8Array => {
        const into = new Uint8Array(Math.max(0, Math.min(length, size - at)));
        opened.read(into, at);
        return into;
      };
      if (path === scheduler) {
        digests.push(await sha256([take(0, 1e6)]));
        return;
      }
      const start = take(0, 8);
      // A table longer than the format allows is cut: such a file is refused by its reader anyway.
      const table = start.length < 8 ? 0 : Math.min(1e8, Number(new DataView(start.buffer).getBigUint64(0, true)));
      const pieces = [new TextEncoder().encode(`${path}\n${size}\n`), take(0, 8 + table)];
      const stride = (size - 8 - table) / samples.places;
      for (let n = 0; n < samples.places && stride > 0; n++) {
        pieces.push(take(8 + table + Math.floor(n * stride), Math.min(samples.bytes, Math.ceil(stride))));
      }
      digests.push(await sha256(pieces));
    } finally {
      opened.close();
    }
  };
  if (source.kind === "file") await add("", await source.open(options));
  else {
    for (const path of await weightPaths(source)) {
      options.signal?.throwIfAborted();
      await add(path, await source.open(path, options));
    }
    if (digests.length > 0) await add(scheduler, await source.open(scheduler, options));
  }
  if (digests.length === 0) {
    const message = `${JSON.stringify(source.name)} holds no .safetensors weights. Name the folder of a model.`;
    const details = { id: source.name, expected: "weights", actual: "none" };
    throw new UnderdrawError("model-incompatible", message, details);
  }
  return Array.from(await sha256(digests), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The weights files that may lie in a model's folder. Where it can be listed, sharded ones and variants too. */
async function weightPaths(folder: ModelFolder): Promise<readonly string[]> {
  if (!folder.list) return weightFolders.flatMap((at) => weightNames.map((stem) => `${at}${stem}.safetensors`));
  const isWeights = (path: string) =>
    weightFolders.includes(path.slice(0, path.lastIndexOf("/") + 1)) && path.endsWith(".safetensors");
  return (await folder.list()).filter(isWeights).sort();
}

async function sha256(pieces: readonly Uint8Array[]): Promise<Uint8Array> {
  const { subtle } = crypto as { subtle?: SubtleCrypto };
  if (!subtle) {
    const feature = "crypto.subtle";
    const message = `A model's fingerprint is a SHA-256, and this page has no ${feature}: it is neither https nor localhost. Open it at such an address.`;
    throw new UnderdrawError("feature-missing", message, { feature });
  }
  return new Uint8Array(await subtle.digest("SHA-256", await new Blob([...pieces] as BlobPart[]).arrayBuffer()));
}
