import { type ErrorDetails, UnderdrawError } from "@underdraw/engine";
import { misused } from "./failure.ts";
import type { TrainAsked } from "./train-asked.ts";

/** What a failure of a training is told with. */
export interface FailureWords {
  readonly asked: TrainAsked;
  /** The command line that goes on. */
  readonly again: string;
}

/** A failure with the flags that help; what needs no words of ours is as it was. */
export function inTrainingWords(error: unknown, { asked, again }: FailureWords): unknown {
  if (error instanceof RangeError || error instanceof TypeError) return flagged(error);
  if (!UnderdrawError.is(error)) return error;
  const hint = hintFor(error, asked, again);
  if (hint === null) return error;
  return new UnderdrawError(error.code, `${error.message} ${hint}`, error.details, { cause: error });
}

function hintFor(error: UnderdrawError, { data, out }: TrainAsked, again: string): string | null {
  switch (error.code) {
    case "out-of-memory":
      return "--batch, --size and --mode light say so.";
    case "storage-full":
      return `Then go on with: ${again}`;
    case "training-diverged": {
      const { checkpoint } = error.details as ErrorDetails["training-diverged"];
      const own = `Another --learning-rate is another training, and wants an --out of its own`;
      return checkpoint === null ? "--learning-rate sets it." : `${own}; what was learnt until then is in ${out}.`;
    }
    case "training-data":
    case "file-invalid":
      return data.kind === "pairs" && /condition that draws/.test(error.message)
        ? "Here that is --pictures DIR --condition canny."
        : null;
    default:
      return null;
  }
}

const flags: Readonly<Record<string, readonly [flag: string, what: string]>> = {
  width: ["--size", "the width of --size"],
  height: ["--size", "the height of --size"],
  heldOut: ["--held-out", "--held-out"],
  shift: ["--shift", "--shift"],
};

/** What the engine calls by its own names, as the flag that said it. An error that is no flag's stays one. */
function flagged(error: Error): Error {
  const [, name = "", rest = ""] = /^(?:request|settings)\.(\w+)( .*)$/s.exec(error.message) ?? [];
  const known = flags[name];
  if (!known) return error;
  const [flag, what] = known;
  return misused(flag, `${what.replace(/^t/, "T")}${rest}`);
}
