import * as z from "zod/mini";

/** Sizes of the plugin's window, in CSS pixels. The panel needs 230 px; Figma keeps the window inside its own. */
export const windowSize = { width: 360, height: 640 } as const;
const smallest = { width: 230, height: 240 };
const largest = { width: 1200, height: 2000 };

const length = z.custom<number>((value) => Number.isFinite(value));
const asked = z.object({ window: z.custom((value) => value === "resize"), width: length, height: length });

/** Does what the panel asks of its window. False for what is no such message. */
export function turnWindow(message: unknown): boolean {
  const found = asked.safeParse(message);
  if (!found.success) return false;
  const clamped = (side: "width" | "height"): number =>
    Math.round(Math.min(largest[side], Math.max(smallest[side], found.data[side])));
  figma.ui.resize(clamped("width"), clamped("height"));
  return true;
}
