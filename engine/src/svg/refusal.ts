import { UnderdrawError } from "../core/errors.ts";

/** The error for a file that cannot be read: `reason` is a clause and says what to do. */
export function unreadable(file: string, reason: string, cause?: unknown): UnderdrawError<"picture-unreadable"> {
  const message = `Cannot read ${file}: ${reason}`;
  return new UnderdrawError("picture-unreadable", message, { file, reason }, cause === undefined ? {} : { cause });
}
