import { UnderdrawError } from "@underdraw/engine/core";
import { z } from "zod/mini";
import { hostName } from "./identity.ts";

/** Where a capture was taken: what must still be so when its picture comes back. */
export interface Anchor {
  /** Photoshop's id of the document, good until Photoshop ends. */
  readonly document: number;
  /** What a person calls the document. */
  readonly title: string;
  readonly width: number;
  readonly height: number;
  /** Photoshop's names: "RGBColorMode", "bitDepth8". */
  readonly mode: string;
  readonly depth: string;
  /** The layer above which the picture belongs; null for the top. */
  readonly layer: number | null;
}

const anchorSchema = z.object({
  version: z.literal(1),
  document: z.int(),
  title: z.string().check(z.maxLength(1000)),
  width: z.number(),
  height: z.number(),
  mode: z.string().check(z.maxLength(100)),
  depth: z.string().check(z.maxLength(100)),
  layer: z.nullable(z.int()),
});

/** An anchor as the text that travels with a capture. */
export function formatAnchor(anchor: Anchor): string {
  return JSON.stringify({ version: 1, ...anchor });
}

/** Reads an anchor; throws `host-failed` for a text that is none of ours. */
export function parseAnchor(text: string): Anchor {
  let data: unknown;
  try {
    data = JSON.parse(text);
  } catch {
    data = undefined;
  }
  const found = anchorSchema.safeParse(data);
  if (found.success) return found.data;
  throw new UnderdrawError(
    "host-failed",
    "Photoshop did not place the picture: the note of where it belongs is damaged. Capture the selection again.",
    { host: hostName, call: "place" },
  );
}

/** What is known of a document that is open now. */
export type DocumentFacts = Omit<Anchor, "layer">;

/** Throws `document-changed` when the open documents are no longer as the anchor says; `active` is in front, or null. */
export function checkAnchor(anchor: Anchor, open: readonly DocumentFacts[], active: number | null): void {
  const found = changeSince(anchor, open, active);
  if (!found) return;
  const [change, what, remedy] = found;
  const message = `"${anchor.title}" ${what}. Nothing was placed, and the picture is kept. ${remedy}`;
  throw new UnderdrawError("document-changed", message, { host: hostName, change });
}

type Change = UnderdrawError<"document-changed">["details"]["change"];

function changeSince(
  anchor: Anchor,
  open: readonly DocumentFacts[],
  active: number | null,
): [change: Change, what: string, remedy: string] | null {
  const now = open.find(({ document }) => document === anchor.document);
  if (!now) return ["closed", "was closed", "Open it and capture again, or save the picture."];
  if (active !== now.document) {
    return ["switched", "is not the document in front", "Bring it to the front and place again."];
  }
  const undone = "Undo that, or capture again.";
  if (now.width !== anchor.width || now.height !== anchor.height) {
    const sizes = `${anchor.width} × ${anchor.height} to ${now.width} × ${now.height} pixels`;
    return ["resized", `changed its size from ${sizes}`, undone];
  }
  if (now.mode !== anchor.mode) return ["mode", `changed from ${anchor.mode} to ${now.mode}`, undone];
  if (now.depth !== anchor.depth) return ["mode", `changed from ${anchor.depth} to ${now.depth}`, undone];
  return null;
}
