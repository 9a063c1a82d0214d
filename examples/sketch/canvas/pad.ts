import {
  added,
  blank,
  canRedo,
  canUndo,
  cleared,
  type History,
  type Mark,
  type Point,
  redone,
  sheetSide,
  shown,
  undone,
} from "./history.ts";
import { mapOf, paint, paintStroke, prepare } from "./paint.ts";

// The pad joins a canvas element to the history of its marks: it hears mouse, pen and touch, paints what they draw, and
// gives the map for the net. It knows nothing of prompts, pictures or the engine.

/** Ink on the screen. The map is painted anew in white. */
const ink = "#17181c";

/** Places nearer than this to the last one add nothing to a stroke, in sheet units. */
const nearest = 0.6;

/** What the pad tells its page. */
export interface PadEvents {
  /** The marks changed, or a stroke began. */
  onChange(): void;
}

/** A canvas to draw on. */
export class Pad {
  /** How wide a line is, in sheet units. */
  width = 4;
  /** Whether the pointer rubs out. */
  erases = false;
  /** True while a pointer draws. */
  drawing = false;

  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #events: PadEvents;
  readonly #listening = new AbortController();
  readonly #resizing: ResizeObserver;
  #history: History = blank;

  constructor(canvas: HTMLCanvasElement, events: PadEvents) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("This browser gives no 2D canvas. Use a current Chrome, Edge, Firefox or Safari.");
    this.#canvas = canvas;
    this.#context = context;
    this.#events = events;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event), { signal: this.#listening.signal });
    this.#resizing = new ResizeObserver(() => this.#fit());
    this.#resizing.observe(canvas);
    this.#fit();
  }

  get canUndo(): boolean {
    return canUndo(this.#history);
  }

  get canRedo(): boolean {
    return canRedo(this.#history);
  }

  /** True when nothing was drawn since the beginning or the last clear. */
  get isClear(): boolean {
    return shown(this.#history).length === 0;
  }

  undo(): void {
    this.#become(undone(this.#history));
  }

  redo(): void {
    this.#become(redone(this.#history));
  }

  clear(): void {
    this.#become(cleared(this.#history));
  }

  /** Puts a mark on a clear sheet; undo brings back what was there. */
  replace(mark: Mark): void {
    this.#become(added(cleared(this.#history), mark));
  }

  /** The map for the net: white on black, square. */
  map(side: number): ImageData {
    return mapOf(shown(this.#history), side);
  }

  /** Stops listening. May be called twice. */
  dispose(): void {
    this.#listening.abort();
    this.#resizing.disconnect();
  }

  #become(history: History): void {
    // A history that changes under a moving pointer would be overwritten when the pointer lifts.
    if (history === this.#history || this.drawing) return;
    this.#history = history;
    this.#repaint();
    this.#events.onChange();
  }

  #repaint(): void {
    paint(this.#context, shown(this.#history), ink);
  }

  /** Gives the canvas one pixel for each of the screen's. */
  #fit(): void {
    const { width } = this.#canvas.getBoundingClientRect();
    const side = Math.max(1, Math.round(width * devicePixelRatio));
    if (side === this.#canvas.width && side === this.#canvas.height) return;
    this.#canvas.width = this.#canvas.height = side;
    this.#repaint();
  }

  #begin(event: PointerEvent): void {
    // A pen's other end, and a few pens' button, rub out: they come as button 5.
    const turned = event.button === 5;
    // Only the first finger draws: a second one, or the ball of the hand, does not.
    if (this.drawing || !event.isPrimary || (event.button > 0 && !turned)) return;
    event.preventDefault();
    const canvas = this.#canvas;
    const erases = this.erases || turned;
    const points: Point[] = [];
    const stop = new AbortController();
    const { pointerId } = event;
    const mine = (handle: (event: PointerEvent) => void) => (event: PointerEvent) => {
      if (event.pointerId === pointerId) handle(event);
    };

    const draw = (event: PointerEvent): void => {
      const from = points.length;
      const all = event.getCoalescedEvents?.() ?? [];
      for (const one of all.length > 0 ? all : [event]) {
        const point = this.#pointOf(one);
        const last = points.at(-1);
        if (!last || Math.hypot(point.x - last.x, point.y - last.y) >= nearest) points.push(point);
      }
      if (points.length === from) return;
      prepare(this.#context, ink);
      paintStroke(this.#context, points, erases, Math.max(0, from - 1));
    };
    const end = (kept: boolean): void => {
      stop.abort();
      this.drawing = false;
      if (kept) this.#history = added(this.#history, { kind: "stroke", points, erases });
      // What was painted under the moving pointer ends in straight pieces: paint it as the map will have it.
      this.#repaint();
      this.#events.onChange();
    };

    canvas.setPointerCapture(pointerId);
    canvas.addEventListener("pointermove", mine(draw), { signal: stop.signal });
    canvas.addEventListener(
      "pointerup",
      mine(() => end(true)),
      { signal: stop.signal },
    );
    canvas.addEventListener(
      "pointercancel",
      mine(() => end(false)),
      { signal: stop.signal },
    );
    canvas.addEventListener(
      "lostpointercapture",
      mine(() => end(true)),
      { signal: stop.signal },
    );
    this.drawing = true;
    draw(event);
    this.#events.onChange();
  }

  #pointOf(event: PointerEvent): Point {
    const { left, top, width, height } = this.#canvas.getBoundingClientRect();
    // A mouse and most fingers have no pressure. A pen's middle pressure is the width that was chosen.
    const pressed = event.pointerType === "pen" && event.pressure > 0 ? 0.35 + 1.3 * event.pressure : 1;
    return {
      x: ((event.clientX - left) / width) * sheetSide,
      y: ((event.clientY - top) / height) * sheetSide,
      width: this.width * pressed,
    };
  }
}
