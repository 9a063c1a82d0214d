import { callbacks } from "./callbacks.ts";
import { listen } from "./channel.ts";
import { guarded, inbox } from "./figma.ts";
import { makeGlobals, report, timers } from "./globals.ts";
import { emit } from "./listeners.ts";

// The plugin's side of the simulator: what is evaluated in a bare QuickJS before the plugin's own main. It gives the realm
// Figma's globals and no others. The document lies with the editor, outside; what is here are its shadows.

makeGlobals(guarded);

listen((told) => {
  switch (told.kind) {
    case "message": {
      const props = { origin: told.origin };
      if (inbox.handler) call(() => inbox.handler?.(told.message, props));
      return void emit("message", [told.message, props], report);
    }
    case "event":
      return emit(
        told.page === undefined ? told.type : `${told.type} ${told.page}`,
        told.event === undefined ? [] : [told.event],
        report,
      ).map((result) => result === true);
    case "timer":
      return void call(() => timers.run(told.timer));
    case "callback":
      return call(() => callbacks.call(told.callback, told.argument)) === false ? false : null;
  }
});

/** Runs a function of the plugin's. What it throws, or rejects with, is told on the console. */
function call(run: () => unknown): unknown {
  try {
    const result = run();
    if (result instanceof Promise) result.catch(report);
    return result instanceof Promise ? undefined : result;
  } catch (error) {
    report(error);
    return undefined;
  }
}
