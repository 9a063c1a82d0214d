import * as z from "zod/mini";
import { UnderdrawError } from "./core/errors.ts";
import type { GenerateRequest } from "./request.ts";
import * as parts from "./request-schema.ts";
import { inWords } from "./wording.ts";

// What a request may hold. A host or a script hands it over, so it is checked by schema and not by trust.

/** The longest side of a picture in one piece; its latents and maps would not fit a device far below this. */
export const MOST_PIXELS = 8192;

const side = z.optional(z.int().check(z.minimum(1), z.maximum(MOST_PIXELS)));
const count = z.int().check(z.minimum(1));
const name = z.string().check(z.minLength(1));
const pixels = z
  .object({ width: count, height: count, data: z.instanceof(Uint8ClampedArray) })
  .check(
    z.refine(({ width, height, data }) => data.length === 4 * width * height, "has not four bytes for each pixel"),
  );
const map = z.object({
  condition: name,
  pixels,
  options: z.optional(z.record(z.string(), z.unknown())),
  nets: z.optional(z.array(z.string())),
  background: z.optional(parts.colour),
  resize: z.optional(parts.resize),
});
const control = z.object({
  map,
  net: z.optional(z.string()),
  weight: z.optional(parts.weight),
  range: z.optional(parts.range),
  layers: z.optional(parts.layers),
  curve: z.optional(parts.curve),
  halves: z.optional(parts.halves),
  mask: z.optional(pixels),
  resize: z.optional(parts.resize),
});
const init = z.object({
  picture: pixels,
  strength: z.optional(parts.initStrength),
  mask: z.optional(pixels),
  grays: z.optional(parts.grays),
  feather: z.optional(parts.feather),
  keepOutside: z.optional(z.boolean()),
  encoding: z.optional(parts.encoding),
});
const request = z.object({
  prompt: z.string(),
  negativePrompt: z.optional(z.string()),
  controls: z.array(control),
  width: side,
  height: side,
  seed: z.optional(parts.seed),
  steps: z.optional(parts.steps),
  guidance: z.optional(parts.between(0, 100)),
  guidanceRescale: z.optional(parts.fraction),
  clipSkip: z.optional(parts.clipSkip),
  init: z.optional(init),
  sampler: z.optional(parts.sampler),
  tiles: z.optional(parts.tiles),
  promptSyntax: z.optional(parts.promptSyntax),
  rng: z.optional(parts.rng),
  variation: z.optional(z.object({ seed: parts.seed, strength: parts.fraction })),
  batch: z.optional(parts.batch),
});

/** Throws `request-invalid` with every fault and where it is. */
export function checkRequest(asked: GenerateRequest): void {
  const issues = issuesOf(asked);
  if (issues.length > 0) throw refusal(issues);
}

type Issue = { readonly path: string; readonly message: string };

function issuesOf(asked: unknown): readonly Issue[] {
  try {
    const found = request.safeParse(asked, inWords);
    if (found.success) return [];
    return found.error.issues.map(({ path, message }) => ({ path: path.map(String).join("."), message }));
  } catch (error) {
    // An object whose own code runs when it is read, and fails.
    return [{ path: "", message: `cannot be read (${String(error)}): give plain data` }];
  }
}

/**
 * Throws `request-invalid` where weights for single layers are not as many as a net has residuals. `residuals` says how
 * many the net of a control has.
 */
export function checkLayers(
  { controls }: GenerateRequest,
  residuals: (control: GenerateRequest["controls"][number]) => number,
): void {
  const issues = controls.flatMap((control, at): Issue[] => {
    const { layers } = control;
    if (typeof layers !== "object" || "softness" in layers) return [];
    const needed = residuals(control);
    if (layers.length === needed) return [];
    return [{ path: `controls.${at}.layers`, message: `its net has ${needed} residuals, not ${layers.length}` }];
  });
  if (issues.length > 0) throw refusal(issues);
}

function refusal(issues: readonly Issue[]): UnderdrawError<"request-invalid"> {
  const list = issues.map(({ path, message }) => `${path || "request"}: ${message}`).join("; ");
  const message = `This cannot be drawn: ${list}. Correct what is named and ask again.`;
  return new UnderdrawError("request-invalid", message, { issues });
}
