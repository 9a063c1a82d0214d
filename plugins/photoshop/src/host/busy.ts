import { UnderdrawError } from "@underdraw/engine/core";
import { hostName } from "./identity.ts";

/** Who holds Photoshop, from its own message: "Plugin: com.example.thing is running a modal command". */
export function ownerIn(message: string): string | null {
  return /Plugin:\s*(.+?)\s+is running/i.exec(message)?.[1] ?? null;
}

/** Photoshop is held by somebody else: a plugin by name, or a dialog or tool of its own. */
export function busy(owner: string | null, cause?: unknown): UnderdrawError<"host-busy"> {
  const who = owner === null ? "a dialog, a transformation or a text is open" : `${owner} is at work`;
  return new UnderdrawError(
    "host-busy",
    `Photoshop is busy: ${who}. Finish or close that, then try again.`,
    { host: hostName, ...(owner === null ? {} : { owner }) },
    { cause },
  );
}
