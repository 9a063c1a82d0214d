import type { Pixels } from "@underdraw/engine";

// A surface for a map: white lines on black, as a net of lines reads them, or a map that was there before.

type Point = readonly [x: number, y: number];

/** A surface to draw a map on. */
export class Pad {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #onChange: () => void;
  #ground: Pixels | null = null;
  #strokes: (readonly Point[])[] = [];

  constructor(canvas: HTMLCanvasElement, onChange: () => void) {
    const context = canvas.getContext("2d", { willReadFrequently: true });
    if (!context) throw new Error("This browser gives no 2D canvas. Use a current Chrome, Edge, Firefox or Safari.");
    this.#canvas = canvas;
    this.#context = context;
    this.#onChange = onChange;
    canvas.addEventListener("pointerdown", (event) => this.#begin(event));
    this.#paint();
  }

  /** Nothing was drawn, and no map chosen. */
  get isClear(): boolean {
    return this.#ground === null && this.#strokes.length === 0;
  }

  /** The map, of the side that the net reads. Pixels. */
  map(): Pixels {
    const { width, height } = this.#canvas;
    return this.#context.getImageData(0, 0, width, height) as Pixels;
  }

  /** Takes another size; what was drawn goes. */
  resize(side: number): void {
    if (this.#canvas.width === side) return;
    this.#canvas.width = this.#canvas.height = side;
    this.clear();
  }

  /** Lays a map down; lines can be drawn on it. */
  lay(map: Pixels): void {
    this.#ground = map;
    this.#strokes = [];
    this.#paint();
    this.#onChange();
  }

  undo(): void {
    if (this.#strokes.length > 0) this.#strokes.pop();
    else this.#ground = null;
    this.#paint();
    this.#onChange();
  }

  clear(): void {
    this.#ground = null;
    this.#strokes = [];
    this.#paint();
    this.#onChange();
  }

  #paint(): void {
    const { width, height } = this.#canvas;
    const context = this.#context;
    context.fillStyle = "#000";
    context.fillRect(0, 0, width, height);
    const ground = this.#ground;
    if (ground) context.putImageData(new ImageData(ground.data, ground.width, ground.height), 0, 0);
    Object.assign(context, { strokeStyle: "#fff", lineCap: "round", lineJoin: "round" });
    context.lineWidth = Math.max(1.5, width / 64);
    for (const points of this.#strokes) {
      context.beginPath();
      for (const [x, y] of points) context.lineTo(x, y);
      // A point alone is a dot.
      if (points.length === 1) context.lineTo(...(points[0] as [number, number]));
      context.stroke();
    }
  }

  #begin(event: PointerEvent): void {
    if (!event.isPrimary || event.button > 0) return;
    event.preventDefault();
    const canvas = this.#canvas;
    const points: Point[] = [];
    const over = new AbortController();
    const { signal } = over;
    const draw = (at: PointerEvent): void => {
      const { left, top, width } = canvas.getBoundingClientRect();
      const scale = canvas.width / width;
      points.push([(at.clientX - left) * scale, (at.clientY - top) * scale]);
      this.#paint();
    };
    this.#strokes.push(points);
    canvas.setPointerCapture(event.pointerId);
    canvas.addEventListener("pointermove", draw, { signal });
    for (const end of ["pointerup", "pointercancel"]) canvas.addEventListener(end, () => over.abort(), { signal });
    draw(event);
    this.#onChange();
  }
}
