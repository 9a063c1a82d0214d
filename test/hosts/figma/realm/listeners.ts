// Who listens to what in the plugin's realm.

type Listener = (...args: never[]) => unknown;

const listeners = new Map<string, { readonly listener: Listener; readonly once: boolean }[]>();

/** Adds a listener; the same function may be added twice. */
export function addListener(type: string, listener: Listener, once = false): void {
  if (typeof listener !== "function") throw new Error(`in on: the callback of "${type}" must be a function`);
  listeners.set(type, [...(listeners.get(type) ?? []), { listener, once }]);
}

/** Takes a listener away, if it is there. */
export function removeListener(type: string, listener: Listener): void {
  listeners.set(
    type,
    (listeners.get(type) ?? []).filter((one) => one.listener !== listener),
  );
}

/** Calls the listeners of an event. One that throws, or rejects, is reported and does not keep the others from it. */
export function emit(type: string, args: readonly unknown[], report: (error: unknown) => void): readonly unknown[] {
  const called = listeners.get(type) ?? [];
  listeners.set(
    type,
    called.filter(({ once }) => !once),
  );
  return called.map(({ listener }) => {
    try {
      const result = (listener as (...args: readonly unknown[]) => unknown)(...args);
      if (result instanceof Promise) result.catch(report);
      return result;
    } catch (error) {
      report(error);
      return undefined;
    }
  });
}
