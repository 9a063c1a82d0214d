import { UnderdrawError } from "@underdraw/engine";

// What went wrong, as one sentence for a person and one number for a script.

/** The numbers that the command ends with. */
export const exitCodes = { done: 0, failed: 1, misused: 2, stopped: 130 } as const;

/** A failure, told. */
export interface Failure {
  readonly exitCode: number;
  /** The error's code, or "stopped", or "unexpected". */
  readonly code: string;
  readonly message: string;
}

/** The error for a command line that cannot be carried out as it is written. `path` is the flag or word at fault. */
export function misused(path: string, message: string): UnderdrawError<"request-invalid"> {
  return new UnderdrawError("request-invalid", message, { issues: [{ path, message }] });
}

/** Tells an error in words. An aborted signal makes every error a stop: what breaks off then breaks because of it. */
export function failureOf(error: unknown, signal: AbortSignal): Failure {
  if (signal.aborted) return { exitCode: exitCodes.stopped, code: "stopped", message: "Stopped. Nothing was written." };
  if (UnderdrawError.is(error)) {
    const exitCode = UnderdrawError.is(error, "request-invalid") ? exitCodes.misused : exitCodes.failed;
    return { exitCode, code: error.code, message: oneLine(error.message) };
  }
  const reason = oneLine(error instanceof Error ? error.message : String(error)) || "no reason was given";
  // Text from another library may end without a stop.
  const sentence = /[.!?]$/.test(reason) ? reason : `${reason}.`;
  return {
    exitCode: exitCodes.failed,
    code: "unexpected",
    message: `Something failed that should not: ${sentence} Run it again with UNDERDRAW_DEBUG=1 and report what it says.`,
  };
}

/** An error with its stack and causes, for UNDERDRAW_DEBUG=1. */
export function stackOf(error: unknown): string {
  const lines: string[] = [];
  for (let cause = error, depth = 0; cause !== undefined && cause !== null && depth < 8; depth++) {
    const text = cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
    lines.push(depth === 0 ? text : `Caused by: ${text}`);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines.join("\n");
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, " ").trim();
}
