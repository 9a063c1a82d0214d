import type { Application } from "./application.ts";
import { commands } from "./descriptors.ts";
import { HostError } from "./failure.ts";
import { answers } from "./getting.ts";
import type { Listener } from "./notifications.ts";
import { pause } from "./pause.ts";
import { type Descriptor, isThere } from "./reference.ts";

// `require("photoshop").action`. What is wrong with the arguments rejects; a command that fails resolves, as a descriptor
// of an error in its place, and the rest of the batch is left out.

interface PlayOptions {
  readonly continueOnError?: boolean;
  readonly synchronousExecution?: boolean;
}

const typeOf = (given: unknown): string => (Array.isArray(given) ? "array" : given === null ? "null" : typeof given);

/** Makes the action module. */
export function actionModule(app: Application, developer: boolean) {
  function checked(given: unknown): readonly Descriptor[] {
    if (!Array.isArray(given)) {
      throw new HostError(`Argument 1 has an invalid type. Expected type: array actual type: ${typeOf(given)}`);
    }
    for (const [index, command] of given.entries()) {
      if (typeOf(command) !== "object" || typeof command._obj !== "string") {
        throw new HostError(`Argument 1 has an invalid value at index ${index}: a descriptor needs "_obj"`);
      }
    }
    return given as Descriptor[];
  }

  async function batchPlay(given: unknown, options: PlayOptions = {}): Promise<Descriptor[]> {
    const list = checked(given);
    if (typeOf(options) !== "object") {
      throw new HostError(`Argument 2 has an invalid type. Expected type: object actual type: ${typeOf(options)}`);
    }
    app.counts.batchPlay++;
    const results: Descriptor[] = [];
    // What only reads may be asked at any time.
    const scope = list.every(({ _obj }) => isRead(_obj)) && !app.modality.scope ? null : app.modality.check();
    await pause();
    app.trip("batchPlay");
    for (const command of list) {
      if (scope) app.modality.still(scope);
      const result = await play(command);
      results.push(result);
      if (result["_obj"] === "error" && options.continueOnError !== true) break;
    }
    return JSON.parse(JSON.stringify(results));
  }

  async function play(command: Descriptor): Promise<Descriptor> {
    const name = String(command["_obj"]);
    try {
      const answer = answers[name];
      if (answer) return answer(app, command);
      const known = commands[name];
      if (!known) {
        app.problems.push(`batchPlay: the simulator knows no command "${name}"`);
        throw new HostError(`The command "${name}" is not currently available.`, -25922);
      }
      const result = await known.run(app, command);
      app.notifications.tell(name, command);
      return { _obj: name, ...result };
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      return { _obj: "error", message: error.message, result: error.number ?? -25922 };
    }
  }

  const named = (names: readonly string[]): readonly string[] => {
    if (!Array.isArray(names)) throw new HostError("addNotificationListener needs an array of event names");
    if (names.includes("all") && !developer) {
      throw new HostError('The event "all" can be heard in developer mode only');
    }
    return names;
  };

  return {
    batchPlay,
    validateReference: (target: unknown): boolean => isThere(app, target),
    addNotificationListener: async (names: readonly string[], listener: Listener): Promise<void> =>
      app.notifications.add(named(names), listener),
    removeNotificationListener: async (names: readonly string[], listener: Listener): Promise<void> =>
      app.notifications.remove(named(names), listener),
  };
}

const isRead = (name: unknown): boolean => typeof name === "string" && Object.hasOwn(answers, name);
