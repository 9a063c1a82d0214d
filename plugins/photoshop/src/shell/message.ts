import { z } from "zod/mini";

// What the plugin's UXP side and its page say to each other besides the SDK's bridge, over the same channel: how the panel
// is to look, and what was chosen in Photoshop's menu. The page speaks first. What has no `shell` is the bridge's.

const theme = z.enum(["light", "photoshop", "darkest"]);

/** A command chosen in Photoshop's menu, for the page to carry out. */
const command = z.discriminatedUnion("name", [
  /** Places the map of what is selected as a layer. */
  z.object({ name: z.literal("extract") }),
  /** Shows the recipe of a layer, to draw it again. */
  z.object({ name: z.literal("redraw"), layer: z.string().check(z.maxLength(100)) }),
  /** Tells what this page can do. */
  z.object({ name: z.literal("probe") }),
]);

/** A command chosen in Photoshop's menu. */
export type Command = z.infer<typeof command>;

/** The looks of Photoshop's interface, as the panel names them. */
export type ShellTheme = z.infer<typeof theme>;

/** What the page hears. */
export const toPage = z.discriminatedUnion("shell", [
  z.object({
    shell: z.literal("welcome"),
    /** Absent where it cannot be told. */
    theme: z.optional(theme),
    /** A BCP 47 tag. */
    language: z.string().check(z.maxLength(100)),
  }),
  z.object({ shell: z.literal("theme"), theme }),
  z.object({ shell: z.literal("command"), command }),
]);

/** What the page hears. */
export type ToPage = z.infer<typeof toPage>;

/** What Photoshop's side hears. */
export const toHost = z.discriminatedUnion("shell", [
  /** The page listens. Sent until it is answered. */
  z.object({ shell: z.literal("ready") }),
  /** The panel stands: commands can come. */
  z.object({ shell: z.literal("mounted") }),
  /** What the page can do, as the answer to the command "probe". */
  z.object({ shell: z.literal("report"), report: z.record(z.string(), z.unknown()) }),
]);

/** What Photoshop's side hears. */
export type ToHost = z.infer<typeof toHost>;

/** True for what belongs to this conversation, sound or not, and not to the bridge. */
export function isShell(message: unknown): boolean {
  return typeof message === "object" && message !== null && Object.hasOwn(message, "shell");
}
