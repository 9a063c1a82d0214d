import { z } from "zod";
import { UnderdrawError } from "./core/errors.ts";
import type { GenerateRequest } from "./request.ts";

// What a request may hold. A host or a script hands it over, so it is checked by schema and not by trust.

/** The longest side of a picture in one piece; its latents and maps would not fit a device far below this. */
const MOST_PIXELS = 8192;

const side = z.int().min(1).max(MOST_PIXELS).optional();
const control = z.object({
  map: z.object({
    condition: z.string(),
    pixels: z
      .object({ width: z.int().min(1), height: z.int().min(1), data: z.instanceof(Uint8ClampedArray) })
      .refine(({ width, height, data }) => data.length === 4 * width * height, "has not four bytes for each pixel"),
  }),
  net: z.string().optional(),
  weight: z.number().min(0).max(10).optional(),
  range: z
    .tuple([z.number().min(0).max(1), z.number().min(0).max(1)])
    .refine(([start, end]) => start <= end, "must not end before it starts")
    .optional(),
});
const request = z.object({
  prompt: z.string(),
  negativePrompt: z.string().optional(),
  controls: z.array(control),
  width: side,
  height: side,
  seed: z
    .union([
      z.int().min(0),
      z
        .bigint()
        .min(0n)
        .max(2n ** 64n - 1n),
    ])
    .optional(),
  steps: z.int().min(1).max(1000).optional(),
  guidance: z.number().min(0).max(100).optional(),
  sampler: z.union([z.string(), z.looseObject({ _class_name: z.string() })]).optional(),
});

/** Throws `request-invalid` with every fault and where it is. */
export function checkRequest(asked: GenerateRequest): void {
  const found = request.safeParse(asked);
  if (found.success) return;
  const issues = found.error.issues.map(({ path, message }) => ({ path: path.join("."), message }));
  const list = issues.map(({ path, message }) => `${path || "request"}: ${message}`).join("; ");
  throw new UnderdrawError("request-invalid", `This cannot be drawn: ${list}. Correct what is named and ask again.`, {
    issues,
  });
}
