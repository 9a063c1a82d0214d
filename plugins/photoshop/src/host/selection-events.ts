import { action, core } from "photoshop";
import { frontDocument } from "./document.ts";

// Tells when what is selected has changed. Photoshop has no such event: it tells of commands, by names that are written
// down nowhere in full, and is silent during other plugins' modal scopes. So a command is only a hint, and so is the
// clock; what is selected is read again each time, and compared.

/** The commands that change what is selected, its pixels, or the document in front. */
const hints = [
  ..."select selectNoLayers set addTo subtractFrom intersectWith inverse deselect move transform".split(" "),
  ..."make delete hide show open close newDocument convertMode imageSize canvasSize historyStateChanged".split(" "),
];

/** Milliseconds without a command after which several have ended. */
const CALM = 300;

/** Milliseconds between two looks without a hint. */
const SLOW = 5000;

/** What is selected, in short: another text whenever it changed. */
function signature(): string {
  const document = frontDocument();
  if (!document) return "";
  const { id, width, height, mode, selection, activeLayers } = document;
  const { bounds, solid } = selection;
  const edges = bounds && [bounds.left, bounds.top, bounds.right, bounds.bottom, solid];
  const layers = [...activeLayers].map((layer) => [layer.id, layer.visible]);
  return JSON.stringify([id, width, height, mode, edges, layers, document.activeHistoryState?.id]);
}

/** Calls `listener` whenever the selection, or what is selected, has changed, until the function it gives back is called. */
export function onSelectionChange(listener: () => void): () => void {
  let stopped = false;
  let known: string | null = null;
  let soon: ReturnType<typeof setTimeout> | undefined;
  let waiting: ReturnType<typeof setTimeout> | undefined;
  // A command after calm is looked at right away, and what follows it once more when it has ended.
  const hint = (): void => {
    if (waiting === undefined) soon = setTimeout(look);
    clearTimeout(waiting);
    waiting = setTimeout(() => {
      waiting = undefined;
      look();
    }, CALM);
  };
  function look(): void {
    if (stopped) return;
    // In somebody's modal scope, ours included, the document is half changed.
    if (core.isModal()) {
      hint();
      return;
    }
    let now: string;
    try {
      now = signature();
    } catch {
      return; // between two documents nothing can be read; the next look will
    }
    const before = known;
    known = now;
    if (before !== null && before !== now) listener();
  }
  look();
  const clock = setInterval(look, SLOW);
  // Without hints the clock alone still tells.
  void Promise.resolve(action.addNotificationListener(hints, hint)).catch(console.warn);
  return () => {
    if (stopped) return;
    stopped = true;
    clearTimeout(soon);
    clearTimeout(waiting);
    clearInterval(clock);
    void Promise.resolve(action.removeNotificationListener(hints, hint)).catch(console.warn);
  };
}
