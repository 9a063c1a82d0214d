import type { Manners } from "../application.ts";
import type { Bridge } from "../page.ts";

/** Photoshop's looks, by the names that its style sheets know. */
export type Theme = "darkest" | "dark" | "light" | "lightest";

/** What the shell in the browser is told before it begins. */
export interface ShellConfig {
  /** The plugin's files that a script of it can read, as base64; pages of webviews come from the other server. */
  readonly files: Readonly<Record<string, string>>;
  /** Where local pages of webviews come from. */
  readonly pages: string;
  readonly version: string;
  readonly locale: string;
  readonly bridge: Bridge;
  readonly manners: Partial<Manners>;
  readonly developer: boolean;
}
