import type { EncodedPicture } from "@underdraw/sdk/host";
import { failed, unusable, wordsOf } from "./failure.ts";

/** Figma neither exports nor takes pictures with a longer side, in pixels. */
export const longestSide = 4096;

/** A size in which the longer side of a box has `length` pixels. */
export function longer({ width, height }: { readonly width: number; readonly height: number }, length: number) {
  return { type: width >= height ? "WIDTH" : "HEIGHT", value: length } as const;
}

/**
 * Exports a node as a PNG file: its whole box, whatever covers it or cuts it off, in sRGB; with `trimmed`, the box of what
 * is drawn of it.
 */
export async function pngOf(
  node: SceneNode,
  constraint: ExportSettingsConstraints,
  { trimmed = false }: { readonly trimmed?: boolean } = {},
): Promise<EncodedPicture> {
  if (node.removed) throw gone("The selection");
  const { name } = node;
  try {
    const bytes = await node.exportAsync({
      format: "PNG",
      useAbsoluteBounds: !trimmed,
      contentsOnly: true,
      colorProfile: "SRGB",
      constraint,
    });
    return { type: "image/png", bytes };
  } catch (reason) {
    if (node.removed) throw gone(name);
    if (/visible layers/i.test(wordsOf(reason))) {
      throw unusable(name, "empty", "nothing of it is visible. Give it a fill or some content.");
    }
    throw failed(reason, "export the selection");
  }
}

/** The error for a node that was deleted under our hands. */
export function gone(name: string): Error {
  return unusable(name, "empty", "it was deleted meanwhile. Select something else.");
}
