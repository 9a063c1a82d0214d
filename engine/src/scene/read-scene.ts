import { UnderdrawError } from "../core/errors.ts";
import type { Scene } from "../core/scene.ts";
import { inWords } from "../wording.ts";

/** How many wrong places an error names. */
const mostIssues = 20;

/**
 * A scene as data from outside, checked: its types, sizes, limits and groups; nothing else is left in it. Rejects with
 * `request-invalid`, which names each wrong place. The rules are loaded when they are needed first.
 */
export async function readScene(value: unknown): Promise<Scene> {
  const { sceneSchema } = await import("./schema.ts");
  const read = sceneSchema.safeParse(value, inWords);
  if (read.success) return read.data;
  const issues = read.error.issues
    .slice(0, mostIssues)
    .map(({ path, message }) => ({ path: ["scene", ...path].map(String).join("."), message }));
  const list = issues.slice(0, 4).map(({ path, message }) => `${path}: ${message}`);
  const message = `The scene cannot be used: ${list.join("; ")}. Correct what gave it.`;
  throw new UnderdrawError("request-invalid", message, { issues }, { cause: read.error });
}
