import { type ActionDescriptor, action } from "photoshop";

/** Photoshop's number for "the person stopped it". */
const CANCELLED = -128;

/** The error of a call that the person stopped in Photoshop, as the platform names such. */
export const stoppedByPerson = (): Error => Object.assign(new Error("Stopped in Photoshop."), { name: "AbortError" });

/**
 * Plays commands and gives their answers. A command that fails does not reject in Photoshop but answers with an error
 * descriptor: every one of them is looked at, and the first is thrown.
 */
export async function play(commands: readonly ActionDescriptor[]): Promise<ActionDescriptor[]> {
  if (commands.length === 0) return [];
  const answers = await action.batchPlay([...commands], {});
  for (const [at, { _obj, message, result }] of answers.entries()) {
    if (_obj !== "error") continue;
    if (result === CANCELLED) throw stoppedByPerson();
    throw new Error(`Photoshop refused the command "${commands[at]?._obj}": ${message} (${result})`);
  }
  if (answers.length < commands.length) {
    throw new Error(`Photoshop stopped after ${answers.length} of ${commands.length} commands.`);
  }
  return answers;
}

/** Asks for values that may not be there, in one go: null for each that is not. Changes nothing. */
export async function ask(commands: readonly ActionDescriptor[]): Promise<(ActionDescriptor | null)[]> {
  if (commands.length === 0) return [];
  const answers = await action.batchPlay([...commands], { continueOnError: true });
  return commands.map((_, at) => {
    const answer = answers[at];
    return answer === undefined || answer._obj === "error" ? null : answer;
  });
}
