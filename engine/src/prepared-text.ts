import type { CallOptions } from "./call.ts";
import { contentKey } from "./core/content-key.ts";
import { UnderdrawError } from "./core/errors.ts";
import type { TextStates } from "./diffusion/denoise.ts";
import type { Kept } from "./diffusion/kept.ts";
import type { LoadedBase } from "./diffusion/loaded-base.ts";
import {
  checkChunks,
  type PromptReader,
  padded,
  type ReadPrompt,
  readPlain,
  readWeighted,
} from "./diffusion/prompt.ts";
import { encodeChunk, weighted } from "./diffusion/text.ts";
import type { PipelineDefaults, TokenCount } from "./engine.ts";
import type { GenerateOptions, GenerateRequest, PromptSyntax, Reused, Warning } from "./request.ts";
import { negativeUnused, promptCut } from "./request-warnings.ts";
import type { Runtime } from "./runtime/runtime.ts";

// A request's prompts: read before anything runs, for what they take of memory depends on their chunks; then encoded.

const readers: Readonly<Record<PromptSyntax, (text: PromptReader, prompt: string) => ReadPrompt>> = {
  plain: readPlain,
  weighted: readWeighted,
};

const readPrompt = (text: PromptReader, prompt: string, syntax: PromptSyntax = "plain"): ReadPrompt =>
  readers[syntax](text, prompt);

/** Counts a prompt's tokens; "plain" without a syntax. Throws `request-invalid` for what is no text or another syntax. */
export function countTokens(text: PromptReader, prompt: string, syntax: PromptSyntax = "plain"): TokenCount {
  if (typeof prompt !== "string") throw uncounted("prompt", `must be a text, not ${typeof prompt}`);
  if (!Object.hasOwn(readers, syntax))
    throw uncounted("syntax", `must be one of ${Object.keys(readers).join(", ")}, not ${JSON.stringify(syntax)}`);
  const { used, cut, chunks } = readPrompt(text, prompt, syntax);
  return {
    used,
    limit: chunks.length * (text.length - 2),
    cut,
    chunks: chunks.map(({ start, end, used }) => ({ start, end, used })),
  };
}

function uncounted(path: string, message: string): UnderdrawError<"request-invalid"> {
  const whole = `Tokens cannot be counted: ${path} ${message}. Correct what is named.`;
  return new UnderdrawError("request-invalid", whole, { issues: [{ path, message }] });
}

/** A request's prompts, read: both of as many chunks. */
export interface ReadPrompts {
  readonly prompt: ReadPrompt;
  /** Null where guidance does not act. */
  readonly negativePrompt: ReadPrompt | null;
  /** Tokens that cross-attention reads, those of all chunks. */
  readonly context: number;
}

/** Reads a request's prompts. Throws `request-invalid` for one of too many chunks. */
export function readPrompts(
  text: PromptReader,
  { prompt, negativePrompt = "", promptSyntax }: GenerateRequest,
  guided: boolean,
): ReadPrompts {
  const read = readPrompt(text, prompt, promptSyntax);
  checkChunks(text, read, "prompt");
  const negative = guided ? readPrompt(text, negativePrompt, promptSyntax) : null;
  if (negative) checkChunks(text, negative, "negativePrompt");
  const count = Math.max(read.chunks.length, negative?.chunks.length ?? 0);
  return {
    prompt: padded(text, read, count),
    negativePrompt: negative && padded(text, negative, count),
    context: count * text.length,
  };
}

/** What prompts are encoded by. */
interface TextParts {
  readonly runtime: Runtime;
  readonly base: Pick<LoadedBase, "text" | "textWithout">;
  readonly defaults: Pick<PipelineDefaults, "guidance">;
  readonly kept: Kept;
}

/** Prompts as cross-attention reads them. */
export interface PreparedText {
  readonly conditional: TextStates;
  /** Null where guidance does not act. */
  readonly unconditional: TextStates | null;
  /** Those of which every chunk was known from an earlier generation. */
  readonly known: Reused["text"];
}

/** Encodes prompts, each chunk by itself. A chunk that an earlier generation encoded is not encoded again. */
export async function prepareText(
  { runtime, base, defaults, kept }: TextParts,
  request: GenerateRequest,
  read: ReadPrompts,
  warnings: Warning[],
  { signal, trace }: Pick<GenerateOptions, "trace"> & Pick<CallOptions, "signal">,
): Promise<PreparedText> {
  const known: Reused["text"][number][] = [];
  const options = signal ? { signal } : {};
  const skip = request.clipSkip ?? 0;
  const encoder = await base.textWithout(skip, options);
  const { length } = base.text;
  const { width } = base.text.config;
  const encode = async (half: "cond" | "uncond", { chunks, cut }: ReadPrompt): Promise<TextStates> => {
    const path = half === "cond" ? "prompt" : "negativePrompt";
    const states = new Float32Array(chunks.length * length * width);
    const keys: string[] = [];
    let isKnown = true;
    for (const [n, { ids, weights }] of chunks.entries()) {
      const key = `${skip} ${contentKey(ids)}`;
      const found = await kept.take(`text ${key}`, async () => {
        const value = await encodeChunk(runtime, encoder, ids, options);
        return { value, bytes: value.byteLength };
      });
      isKnown &&= found.known;
      states.set(weights ? weighted(found.value, weights, path) : found.value, n * length * width);
      keys.push(weights ? `${key} ${contentKey(weights)}` : key);
    }
    if (isKnown) known.push(path);
    if (cut !== "") warnings.push(promptCut(half, cut, length));
    const ids = Int32Array.from(chunks.flatMap(({ ids }) => [...ids]));
    trace?.(`text.${half}.ids`, { dims: [chunks.length, length], values: ids });
    trace?.(`text.${half}.states`, { dims: [chunks.length, length, width], values: states });
    return { key: keys.join(", "), states };
  };
  const conditional = await encode("cond", read.prompt);
  const unconditional = read.negativePrompt && (await encode("uncond", read.negativePrompt));
  if (!unconditional && request.negativePrompt)
    warnings.push(negativeUnused(request.guidance ?? defaults.guidance, defaults.guidance));
  return { conditional, unconditional, known };
}
