import { type CallOptions, type Progress, tell, unlessAborted } from "../call.ts";
import { UnderdrawError } from "../core/errors.ts";
import type { Pixels } from "../core/pixels.ts";
import { flattening, isOpaque } from "../vision/matte.ts";
import type { ConditionContext, ConditionSource, Drawing, Reads } from "./condition.ts";
import { checkedPixels, readable } from "./source.ts";

/** How long a map may be drawn before others get a turn, in ms: an abort can only be heard then. */
const turn = 40;

/** What is used of a recipe to draw its map. */
interface Recipe {
  readonly id: string;
  readonly reads: Reads;
  extract(source: ConditionSource, context: ConditionContext): Drawing | Promise<Drawing>;
}

/**
 * Draws a map by a condition's recipe: the source checked and laid on its ground, others let in between, the map checked.
 * What was stopped rejects at once with the signal's reason, whatever the recipe does.
 */
export async function drawn(
  recipe: Recipe,
  source: ConditionSource,
  matte: "black" | "white" | null,
  context: ConditionContext,
): Promise<Pixels> {
  const { id } = recipe;
  const { signal } = context;
  signal?.throwIfAborted();
  // Drawing what is to be looked at is no share of the map: only a stop is heard.
  const unheard: CallOptions = signal ? { signal } : {};
  const read = await readable(id, recipe.reads, source, (work) => inTurns(work, id, unheard));
  const { width, height } = read;
  const heard: ConditionContext = { ...context, onProgress: rising(context) };
  let map: Pixels;
  try {
    const isSeen = matte && "data" in read && !isOpaque(read);
    const laid = isSeen ? await inTurns(flattening(read, matte), id, unheard) : read;
    const drawing = await unlessAborted(Promise.resolve(recipe.extract(laid, heard)), signal);
    map = isWork(drawing) ? await inTurns(drawing, id, heard) : drawing;
  } catch (error) {
    signal?.throwIfAborted();
    if (UnderdrawError.is(error)) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw failed(id, `The condition "${id}" failed on a source of ${width}x${height} pixels: ${reason}`, error);
  }
  signal?.throwIfAborted();
  map = soundMap(id, map, width, height);
  // A recipe may give its source back as it is; the map is the caller's own all the same.
  return "data" in source && map.data.buffer === source.data.buffer ? { ...map, data: map.data.slice() } : map;
}

/** Tells on of progress that rises from 0 to 1, whatever a recipe says; of what is no share of anything it says nothing. */
function rising(context: CallOptions): (progress: Progress) => void {
  let reached = 0;
  return (progress) => {
    if (!(progress.fraction >= reached)) return;
    reached = Math.min(progress.fraction, 1);
    tell(context, { ...progress, fraction: reached });
  };
}

function soundMap(id: string, map: Pixels, width: number, height: number): Pixels {
  let pixels: Pixels;
  try {
    pixels = checkedPixels(map, "map");
  } catch (error) {
    const reason = typeof map === "object" && map !== null ? (error as Error).message : `it gave ${map}.`;
    throw failed(id, `The condition "${id}" must draw pixels: ${reason} Correct its extract function.`, error);
  }
  if (pixels.width === width && pixels.height === height && isOpaque(pixels)) return pixels;
  throw failed(
    id,
    `The condition "${id}" must draw an opaque map of ${width}x${height} pixels, as large as its source; it gave ${map.width}x${map.height} pixels${isOpaque(map) ? "" : " with transparency"}. Correct its extract function.`,
  );
}

function failed(condition: string, message: string, cause?: unknown): UnderdrawError<"condition-failed"> {
  return new UnderdrawError("condition-failed", message, { condition }, cause === undefined ? {} : { cause });
}

type Work = Exclude<Drawing, Pixels>;

const isWork = (drawing: Drawing): drawing is Work =>
  typeof drawing === "object" && drawing !== null && "next" in drawing;

/** Draws on, and lets others have their turn. Work that is left is told so, that it may put away what it holds. */
export async function inTurns(work: Work, condition: string, context: CallOptions): Promise<Pixels> {
  let since = performance.now();
  let ended = false;
  try {
    for (;;) {
      const next = work.next();
      const step = "then" in next ? await unlessAborted(next, context.signal) : next;
      if (step.done) {
        ended = true;
        return step.value;
      }
      if (performance.now() - since < turn) continue;
      tell(context, { phase: "extract", fraction: step.value, condition });
      await new Promise<void>((resolve) => setTimeout(resolve));
      context.signal?.throwIfAborted();
      since = performance.now();
    }
  } finally {
    // Nobody waits for what it still has to do, nor hears what goes wrong with that.
    if (!ended) void Promise.resolve(work.return(undefined as never)).catch(() => undefined);
  }
}
