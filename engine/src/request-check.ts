import * as z from "zod/mini";
import { UnderdrawError } from "./core/errors.ts";
import type { GenerateRequest } from "./request.ts";
import { inWords } from "./wording.ts";

// What a request may hold. A host or a script hands it over, so it is checked by schema and not by trust.

/** The longest side of a picture in one piece; its latents and maps would not fit a device far below this. */
const MOST_PIXELS = 8192;

const side = z.optional(z.int().check(z.minimum(1), z.maximum(MOST_PIXELS)));
const count = z.int().check(z.minimum(1));
const between = (least: number, most: number) => z.number().check(z.minimum(least), z.maximum(most));
const fraction = between(0, 1);
const pixels = z
  .object({ width: count, height: count, data: z.instanceof(Uint8ClampedArray) })
  .check(
    z.refine(({ width, height, data }) => data.length === 4 * width * height, "has not four bytes for each pixel"),
  );
const resize = z.enum(["content", "thin", "binary", "nearest", "linear", "cubic", "area", "lanczos4"]);

/** Strengths of single layers: the resolution weighting gives the innermost 8, and so may a list. */
const layers = z.union([
  z.array(between(0, 16)),
  z.enum(["soft", "logspace", "resolution"]),
  z.object({ softness: fraction }),
]);
const curve = z
  .array(z.tuple([fraction, between(0, 2)]))
  .check(
    z.refine(
      (points) => points.every(([at], n) => n === 0 || at >= (points[n - 1]?.[0] ?? 0)),
      "must not go back in time",
    ),
  );
const control = z.object({
  map: z.object({ condition: z.string(), pixels }),
  net: z.optional(z.string()),
  weight: z.optional(between(0, 2)),
  range: z.optional(
    z.tuple([fraction, fraction]).check(z.refine(([start, end]) => start <= end, "must not end before it starts")),
  ),
  layers: z.optional(layers),
  curve: z.optional(curve),
  halves: z.optional(z.tuple([fraction, fraction])),
  mask: z.optional(pixels),
  resize: z.optional(resize),
});
const init = z.object({
  picture: pixels,
  strength: z.optional(between(0, 1).check(z.gt(0))),
  mask: z.optional(pixels),
});
const request = z.object({
  prompt: z.string(),
  negativePrompt: z.optional(z.string()),
  controls: z.array(control),
  width: side,
  height: side,
  seed: z.optional(z.union([z.int().check(z.minimum(0)), z.bigint().check(z.minimum(0n), z.maximum(2n ** 64n - 1n))])),
  steps: z.optional(z.int().check(z.minimum(1), z.maximum(1000))),
  guidance: z.optional(between(0, 100)),
  guidanceRescale: z.optional(fraction),
  init: z.optional(init),
  sampler: z.optional(z.union([z.string(), z.looseObject({ _class_name: z.string() })])),
});

/** Throws `request-invalid` with every fault and where it is. */
export function checkRequest(asked: GenerateRequest): void {
  const found = request.safeParse(asked, inWords);
  if (found.success) return;
  const issues = found.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  const list = issues.map(({ path, message }) => `${path || "request"}: ${message}`).join("; ");
  throw new UnderdrawError("request-invalid", `This cannot be drawn: ${list}. Correct what is named and ask again.`, {
    issues,
  });
}
