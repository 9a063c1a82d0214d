// Brackets that weight parts of a prompt, by the rules of AUTOMATIC1111's web UI (github.com/AUTOMATIC1111/
// stable-diffusion-webui, wiki page "Features", and what its prompt_parser.py does where the page is silent).

/** A part of a prompt of one weight, as text without the signs that weight it. */
export interface WeightedText {
  readonly text: string;
  readonly weight: number;
  /** Where the prompt has each sign of the text. */
  readonly places: Int32Array;
  /** Where the prompt has it; where it would be, for an empty one. */
  readonly at: number;
}

// Python's white space: Unicode's, and four separators of ASCII.
const white = "[\\p{White_Space}\\x1c-\\x1f]";
const space = new RegExp(white, "u");
// A backslash with what it frees, a bracket, a weight with its bracket, and text up to the next of these. White space
// beside the number is Forge's rule (lllyasviel/stable-diffusion-webui-forge); the web UI once took such a number for text.
const signs = new RegExp(String.raw`\\[()[\]\\]?|[([\])]|:${white}*([+-]?[.\p{Nd}]+)${white}*\)|[^\\()[\]:]+|:`, "gu");
const breaks = /(?<![\p{L}\p{N}_])BREAK(?![\p{L}\p{N}_])/gu;

/** What a pair of round brackets multiplies by, and a pair of square ones divides by. */
const factor = 1.1;
/** Brackets that are open inside so many others weight no more: beyond it a weight is nothing or without end anyway. */
const deepest = 1000;

/** The word that begins another chunk, and the weight that marks it. */
const chunkBreak = { text: "BREAK", weight: -1 };

/** Whether a part is no text but begins another chunk. */
export const isBreak = ({ text, weight }: WeightedText): boolean =>
  text === chunkBreak.text && weight === chunkBreak.weight;

interface Part {
  readonly from: number;
  readonly to: number;
  weight: number;
}

/**
 * Reads a prompt's weights: `(a)` times 1.1, `[a]` divided by 1.1, `(a:1.3)` times 1.3, nested ones multiplied, `\(` the
 * sign itself, brackets that nobody closes act to the end, those that nobody opened are text. Neighbours of one weight
 * are one text; at least one is there, be it empty. Time grows with the prompt's length and no faster. A weight may be of any size, infinite too.
 *
 * BREAK inside brackets is weighted as all that is in them is: it breaks where their weights come to 1, and is a word of
 * negative weight elsewhere. That is what the web UI does, and pictures made there depend on it.
 */
export function readWeights(prompt: string): WeightedText[] {
  const parts: Part[] = [];
  const [round, square]: [number[], number[]] = [[], []];
  const multiply = (open: number[], by: number) => {
    const from = open.pop() as number;
    if (open.length < deepest) for (let n = from; n < parts.length; n++) (parts[n] as Part).weight *= by;
  };
  for (const { 0: sign, 1: number, index } of prompt.matchAll(signs)) {
    const end = index + sign.length;
    const weight = number === undefined ? Number.NaN : numberOf(number);
    if (sign.startsWith("\\")) parts.push({ from: index + 1, to: end, weight: 1 });
    else if (sign === "(") round.push(parts.length);
    else if (sign === "[") square.push(parts.length);
    else if (sign === ")" && round.length > 0) multiply(round, factor);
    else if (sign === "]" && square.length > 0) multiply(square, 1 / factor);
    else if (number === undefined || round.length === 0) parts.push(...partsAt(prompt, index, end));
    else if (!Number.isNaN(weight)) multiply(round, weight);
    else {
      // "1.2.3" is no number, so it is text, and its bracket is one without a number.
      parts.push({ from: index, to: end - 1, weight: 1 });
      multiply(round, factor);
    }
  }
  for (const [open, by] of [
    [round, factor],
    [square, 1 / factor],
  ] as const)
    for (const from of open.slice(0, deepest))
      for (let n = from; n < parts.length; n++) (parts[n] as Part).weight *= by;
  if (parts.length === 0) parts.push({ from: 0, to: 0, weight: 1 });
  return merged(prompt, parts);
}

/** A number as Python reads it, which knows the digits of every script. NaN for what is none. */
function numberOf(text: string): number {
  const digits = text.replace(/\p{Nd}/gu, (digit) => {
    // Digits of a script stand in a row from its zero on, and rows may follow each other.
    const point = digit.codePointAt(0) as number;
    let zero = point;
    while (/\p{Nd}/u.test(String.fromCodePoint(zero - 1))) zero--;
    return String((point - zero) % 10);
  });
  return Number(digits);
}

/** Text with its BREAKs by themselves, and without the white space around those. */
function partsAt(prompt: string, from: number, to: number): Part[] {
  const parts: Part[] = [];
  const isSpace = (at: number) => space.test(prompt[at] as string);
  let at = from;
  for (const { index } of prompt.slice(from, to).matchAll(breaks)) {
    const begin = from + index;
    let end = begin;
    while (end > at && isSpace(end - 1)) end--;
    parts.push({ from: at, to: end, weight: 1 });
    at = begin + chunkBreak.text.length;
    parts.push({ from: begin, to: at, weight: chunkBreak.weight });
    while (at < to && isSpace(at)) at++;
  }
  parts.push({ from: at, to, weight: 1 });
  return parts;
}

/** Neighbours of one weight as one text. */
function merged(prompt: string, parts: readonly Part[]): WeightedText[] {
  const texts: WeightedText[] = [];
  for (let n = 0; n < parts.length; ) {
    const first = n++;
    const { weight, from: at } = parts[first] as Part;
    while (parts[n]?.weight === weight) n++;
    const same = parts.slice(first, n);
    const text = same.map(({ from, to }) => prompt.slice(from, to)).join("");
    const places = new Int32Array(text.length);
    let filled = 0;
    for (const { from, to } of same) for (let at = from; at < to; at++) places[filled++] = at;
    texts.push({ text, weight, places, at });
  }
  return texts;
}
