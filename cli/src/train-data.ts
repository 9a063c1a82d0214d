import { stat } from "node:fs/promises";
import { type DetectorFiles, type Engine, UnderdrawError } from "@underdraw/engine";
import { nodeFolder } from "@underdraw/engine/node";
import { openPairs, openPictures, type PairSource } from "@underdraw/engine/training";
import { type ConditionText, chooseCondition, detectorsFrom, kindOf } from "./condition-choice.ts";
import type { TrainAsked } from "./train-asked.ts";

/**
 * The files of the models that the condition of pictures looks with; none for pairs. Throws `request-invalid` for options
 * that it does not take, and `model-unknown` for a file that is missing.
 */
export function detectorsOf({ data, condition, detector }: TrainAsked): DetectorFiles {
  if (data.kind === "pairs" || !condition) return {};
  const kind = kindOf("--condition", condition.id);
  return detectorsFrom(kind, chooseCondition(kind, condition.options).options, detector, "--detector");
}

/** Opens what a net is to learn from. Rejects as `openPairs` and `openPictures`; `engine` draws maps. */
export async function openData(
  { data, condition }: TrainAsked,
  engine: Pick<Engine, "extract">,
  signal: AbortSignal,
): Promise<PairSource> {
  const { kind, folder, invert } = data;
  const facts = await stat(folder).catch(() => null);
  if (!facts?.isDirectory()) {
    const problem = facts
      ? "it is a file. Name the folder that it lies in."
      : "there is no such folder. Check the path.";
    const message = `Cannot read the ${kind} of "${folder}": ${problem}`;
    throw new UnderdrawError("training-data", message, { issues: [{ pair: folder, problem }] });
  }
  const source = nodeFolder(folder);
  if (kind === "pairs") return openPairs(source, { signal, invert, ...(condition && { condition: condition.id }) });
  const { id, options } = condition as ConditionText;
  const chosen = chooseCondition(kindOf("--condition", id), options).condition;
  return openPictures(source, chosen, { signal, extract: (one, picture, how) => engine.extract(one, picture, how) });
}
