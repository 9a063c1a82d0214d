import type { ShellTheme } from "../shell/message.ts";

// Photoshop's four looks reach only style sheets of UXP documents, and scripts have no matchMedia there. An element whose
// width differs with each look tells which it is. (index.html has its rules.)

const byWidth: Readonly<Record<number, ShellTheme>> = { 1: "darkest", 2: "photoshop", 3: "light", 4: "light" };

/** Photoshop's look, from the width of the element that tells it; null where it tells nothing. */
export function themeOf(mark: { readonly offsetWidth?: number } | null): ShellTheme | null {
  return byWidth[mark?.offsetWidth ?? 0] ?? null;
}
