import { UnderdrawError } from "../core/errors.ts";
import { quoted } from "../models/refusal.ts";

/** A pair that cannot be learnt from, by its name, and why, as a clause or sentences. */
export interface PairFault {
  readonly pair: string;
  readonly problem: string;
}

/** How many faults a message names; the error's details hold all of them. */
const told = 3;

/** The error for data that cannot be learnt from. The message is a sentence; the first few faults stand behind it. */
export function unfit(message: string, issues: readonly PairFault[], remedy: string): UnderdrawError<"training-data"> {
  const first = issues.slice(0, told).map(({ pair, problem }) => `${quoted(pair)}: ${problem}`);
  const more = issues.length > told ? [`And ${issues.length - told} more.`] : [];
  return new UnderdrawError("training-data", [message, ...first, ...more, remedy].join(" "), { issues });
}

/**
 * Why the pair of a name could not be read, as a clause; null where the fault is not the pair's and no other would be read
 * either.
 */
export function faultOf(error: unknown, name: string): string | null {
  if (UnderdrawError.is(error, "picture-unreadable")) {
    const { file, reason } = error.details;
    return file === name ? reason : `${quoted(file)}: ${reason}`;
  }
  if (UnderdrawError.is(error, "file-invalid")) return error.details.reason;
  if (UnderdrawError.is(error, "condition-failed")) return error.message;
  return null;
}
