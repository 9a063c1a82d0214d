import { type Rect, UnderdrawError } from "@underdraw/engine/core";
import * as z from "zod/mini";
import type { Footprint } from "./footprint.ts";
import { determinant, type Matrix } from "./matrix.ts";

/** The place of a capture, found again when a picture comes back for it. */
export interface Anchor {
  /** The id of the page that it lies on. */
  readonly page: string;
  /** The id of the node that pictures go directly above. */
  readonly source: string;
  /** Where the captured picture lay on the page. */
  readonly footprint: Footprint;
  /** What the capture gave for its bounds. */
  readonly bounds: Rect;
}

const within = (least: number, most: number) =>
  z.custom<number>((value) => typeof value === "number" && value >= least && value <= most);

/** Figma's pages reach some hundred thousand points: what lies further out was not written here. */
const furthest = 1e8;
const coordinate = within(-furthest, furthest);
const length = within(1e-6, furthest);
/** The id of a node in nested instances names each of them: "I12:3;4:5;6:7". */
const id = z.custom<string>((value) => typeof value === "string" && value.length > 0 && value.length <= 4000);

/** A matrix with numbers in reach, which flattens nothing. */
const matrix = z.custom<Matrix>(
  (value) =>
    Array.isArray(value) &&
    value.length === 2 &&
    value.every(
      (row) => Array.isArray(row) && row.length === 3 && row.every((number) => coordinate.safeParse(number).success),
    ) &&
    Math.abs(determinant(value as Matrix)) > 1e-6,
);

const schema = z.object({
  version: within(1, 1),
  page: id,
  source: id,
  footprint: z.object({ matrix, width: length, height: length }),
  bounds: z.object({ x: coordinate, y: coordinate, width: length, height: length }),
});

/** Writes an anchor as text. */
export function formatAnchor(anchor: Anchor): string {
  return JSON.stringify({ version: 1, ...anchor });
}

/** Reads an anchor that came back, checked like anything foreign. Throws `request-invalid` for what no capture here gave. */
export function parseAnchor(text: string): Anchor {
  const found = schema.safeParse(text.length > 20_000 ? null : parsed(text));
  if (found.success) {
    const { page, source, footprint, bounds } = found.data;
    return { page, source, footprint, bounds };
  }
  const message = "it is none that a capture in Figma gave. Capture the selection again.";
  throw new UnderdrawError("request-invalid", `The layer's anchor cannot be used: ${message}`, {
    issues: [{ path: "anchor", message }],
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
