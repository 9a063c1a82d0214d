import type { LayerWeights } from "@underdraw/engine";
import { misused } from "./failure.ts";

// Turns the text of flags into values. Each throws `request-invalid` that names the flag, what was given and what is
// wanted.

/** The largest seed: 2^64 - 1. */
const largestSeed = 18_446_744_073_709_551_615n;

/** The longest side of a picture that the engine draws. Pixels. */
const longestSide = 8192;

/** A number with limits, both included. */
export function numberFrom(
  flag: string,
  text: string,
  { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, whole = false } = {},
): number {
  const value = readNumber(text);
  if (value !== undefined && value >= least && value <= most && (!whole || Number.isInteger(value))) return value;
  const kind = whole ? "a whole number" : "a number";
  const limits = Number.isFinite(most)
    ? ` from ${least} to ${most}`
    : Number.isFinite(least)
      ? `, ${least} or more`
      : "";
  throw misused(flag, `${flag} must be ${kind}${limits}, not "${text}".`);
}

/** A seed, exactly: 0 to 2^64 - 1. */
export function seedFrom(text: string): bigint {
  const seed = readSeed(text);
  if (seed !== undefined) return seed;
  throw misused("--seed", `--seed must be a whole number from 0 to ${largestSeed} (2^64 - 1), not "${text}".`);
}

function readSeed(text: string): bigint | undefined {
  const seed = /^\s*\+?\d+\s*$/.test(text) ? BigInt(text.trim().replace("+", "")) : undefined;
  return seed !== undefined && seed <= largestSeed ? seed : undefined;
}

/** A second seed and how far to turn towards it, as "SEED=STRENGTH". */
export function variationFrom(text: string): { readonly seed: bigint; readonly strength: number } {
  const [, first = "", second = ""] = /^([^=]*)=([^=]*)$/.exec(text) ?? [];
  const [seed, strength] = [readSeed(first), readNumber(second)];
  if (seed !== undefined && strength !== undefined && strength >= 0 && strength <= 1) return { seed, strength };
  const wanted = "a seed and how far to turn towards it, from 0 to 1, such as 8=0.2";
  throw misused("--variation", `--variation must be ${wanted}, not "${text}".`);
}

/** A seed as plain data: a number where a number is exact, text above. */
export function plainSeed(seed: bigint): number | string {
  return seed <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(seed) : String(seed);
}

/** A size as "WxH", or one side for a square. Pixels. */
export function sizeFrom(text: string): { readonly width: number; readonly height: number } {
  const [, width, height = width] = /^\s*(\d+)(?:\s*[x×*]\s*(\d+))?\s*$/i.exec(text) ?? [];
  const size = { width: Number(width), height: Number(height) };
  if (Math.max(size.width, size.height) > longestSide) {
    throw misused(
      "--size",
      `--size ${text} is too large: a side has ${longestSide} pixels at most, for lack of memory. Enlarge the picture afterwards.`,
    );
  }
  if (width !== undefined && size.width >= 1 && size.height >= 1) return size;
  throw misused("--size", `--size must be a width and a height in pixels such as 512x384, not "${text}".`);
}

/** A part of the denoising as "START,END", from 0 to 1. */
export function rangeFrom(text: string): readonly [start: number, end: number] {
  const parts = text.split(/[,:]|\.\.|(?<=[\d.])-/).map(readNumber);
  const [start, end] = parts;
  if (parts.length === 2 && start !== undefined && end !== undefined && start >= 0 && start <= end && end <= 1) {
    return [start, end];
  }
  throw misused("--range", `--range must be where control begins and ends, from 0 to 1, such as 0,0.8, not "${text}".`);
}

/** The course of a weight as "AT:FACTOR,AT:FACTOR": places from 0 to 1 in order, factors from 0 to 2. */
export function curveFrom(text: string): readonly (readonly [at: number, factor: number])[] {
  const points = text.split(",").map((point) => point.split(":").map(readNumber));
  const curve = points.flatMap(([at, factor, more]) =>
    at !== undefined && factor !== undefined && more === undefined ? [[at, factor] as const] : [],
  );
  const inOrder = curve.every(
    ([at, factor], n) => at >= (curve[n - 1]?.[0] ?? 0) && at <= 1 && factor >= 0 && factor <= 2,
  );
  if (points.every(({ length }) => length === 2) && curve.length === points.length && inOrder) return curve;
  const wanted = "points PLACE:FACTOR, places from 0 to 1 in order, factors from 0 to 2, such as 0:1,0.5:0.3";
  throw misused("--curve", `--curve must be ${wanted}, not "${text}".`);
}

/** Shares of the two halves of guidance as "PROMPT,OTHER", each from 0 to 1. */
export function halvesFrom(text: string): readonly [conditional: number, unconditional: number] {
  const parts = text.split(",").map(readNumber);
  const [one, other] = parts;
  const isShare = (value: number | undefined): value is number => value !== undefined && value >= 0 && value <= 1;
  if (parts.length === 2 && isShare(one) && isShare(other)) return [one, other];
  const wanted = "two shares from 0 to 1, for the half with the prompt and the half without, such as 1,0";
  throw misused("--halves", `--halves must be ${wanted}, not "${text}".`);
}

/** Factors of a net's residuals: numbers from 0 to 16, the name of a curve, or "softness=0.5". */
export function layersFrom(text: string): LayerWeights {
  const word = text.trim().toLowerCase();
  if (word === "soft" || word === "logspace" || word === "resolution") return word;
  const softness = readNumber(/^softness[=:](.*)$/.exec(word)?.[1] ?? "");
  if (softness !== undefined && softness >= 0 && softness <= 1) return { softness };
  const factors = text.split(",").map(readNumber);
  const numbers = factors.filter((factor) => factor !== undefined && factor >= 0 && factor <= 16) as number[];
  if (numbers.length === factors.length) return numbers;
  const wanted = "soft, logspace, resolution, softness=0.5, or a number from 0 to 16 for each residual of the net";
  throw misused("--layers", `--layers must be ${wanted}, with commas between, not "${text}".`);
}

/** One of several words. */
export function choiceFrom<const Word extends string>(flag: string, text: string, words: readonly Word[]): Word {
  const word = words.find((candidate) => candidate === text.trim().toLowerCase());
  if (word !== undefined) return word;
  throw misused(flag, `${flag} must be ${words.join(" or ")}, not "${text}".`);
}

/** A number in plain writing; undefined for anything else. */
export function readNumber(text: string): number | undefined {
  return /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(text) && Number.isFinite(Number(text))
    ? Number(text)
    : undefined;
}
