import { type ErrorDetails, UnderdrawError } from "@underdraw/engine/core";

/** What this host is called in messages. */
export const hostName = "figma";

/** The words of something that was thrown: Figma's own calls often reject with a plain text. */
export function wordsOf(reason: unknown): string {
  if (typeof reason === "string") return reason;
  if (typeof reason === "object" && reason !== null && "message" in reason) return String(reason.message);
  return String(reason);
}

/** What a call of Figma threw, as an error of ours; one of ours stays as it is. */
export function failed(reason: unknown, call: string): UnderdrawError {
  if (UnderdrawError.is(reason)) return reason;
  const words = wordsOf(reason).replace(/\.?$/, ".");
  return new UnderdrawError(
    "host-failed",
    `Figma could not ${call}: ${words} Try again.`,
    { host: hostName, call },
    {
      cause: reason,
    },
  );
}

/** A selection of which nothing can be read, for a reason that a person can do something about. */
export function unusable(
  name: string,
  reason: ErrorDetails["selection-unusable"]["reason"],
  remedy: string,
): UnderdrawError<"selection-unusable"> {
  const details = { host: hostName, reason };
  return new UnderdrawError("selection-unusable", `"${name}" cannot be read: ${remedy}`, details);
}

/** The node that has an id, or null for one that is gone or never was. */
export async function nodeWith(id: string): Promise<BaseNode | null> {
  try {
    const node = await figma.getNodeByIdAsync(id);
    return node && !node.removed ? node : null;
  } catch (reason) {
    throw failed(reason, "look a layer up");
  }
}
