import { type Mark, type Point, sheetSide } from "./history.ts";

/** A 2D context of a canvas in the page or beside it. */
export type Context = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** Paints marks over a whole canvas, in one colour on transparent ground. */
export function paint(context: Context, marks: readonly Mark[], colour: string): void {
  const { width, height } = context.canvas;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, width, height);
  for (const mark of marks) {
    prepare(context, colour);
    if (mark.kind === "stroke") paintStroke(context, mark.points, mark.erases);
    if (mark.kind === "path") {
      context.lineWidth = mark.width;
      context.stroke(new Path2D(mark.path));
    }
    if (mark.kind === "lines") context.drawImage(coloured(mark.lines, colour), 0, 0, sheetSide, sheetSide);
  }
}

/** Sets a context up to paint in sheet units. */
export function prepare(context: Context, colour: string): void {
  context.setTransform(context.canvas.width / sheetSide, 0, 0, context.canvas.height / sheetSide, 0, 0);
  context.globalCompositeOperation = "source-over";
  context.lineCap = context.lineJoin = "round";
  context.strokeStyle = context.fillStyle = colour;
}

/**
 * Paints a stroke, or its part from point `from` on: curves from the middle of one pair of points to the middle of the
 * next, so that a fast hand leaves no corners. Each piece has the width of its point.
 */
export function paintStroke(context: Context, points: readonly Point[], erases: boolean, from = 0): void {
  context.globalCompositeOperation = erases ? "destination-out" : "source-over";
  const [first] = points;
  if (!first) return;
  if (points.length === 1) {
    context.beginPath();
    context.arc(first.x, first.y, first.width / 2, 0, 2 * Math.PI);
    context.fill();
    return;
  }
  for (let i = Math.max(0, from - 1); i < points.length; i++) {
    const point = points[i] as Point;
    const start = i === 0 ? point : middle(points[i - 1] as Point, point);
    const end = i === points.length - 1 ? point : middle(point, points[i + 1] as Point);
    context.lineWidth = point.width;
    context.beginPath();
    context.moveTo(start.x, start.y);
    context.quadraticCurveTo(point.x, point.y, end.x, end.y);
    context.stroke();
  }
}

const middle = (a: Point, b: Point): { x: number; y: number } => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });

/** The lines of a picture, in a colour. */
function coloured(lines: OffscreenCanvas, colour: string): OffscreenCanvas {
  const context = sheet(lines.width);
  context.drawImage(lines, 0, 0);
  context.globalCompositeOperation = "source-in";
  context.fillStyle = colour;
  context.fillRect(0, 0, lines.width, lines.height);
  return context.canvas;
}

/** The map of marks, as a control net reads it: white lines on black, opaque, `side` pixels wide and high. */
export function mapOf(marks: readonly Mark[], side: number): ImageData {
  const context = sheet(side);
  paint(context, marks, "#fff");
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.globalCompositeOperation = "destination-over";
  context.fillStyle = "#000";
  context.fillRect(0, 0, side, side);
  return context.getImageData(0, 0, side, side);
}

/** Makes a mark of a picture's edges: a square map, white on black. */
export function linesOf(map: ImageData): Mark {
  const lines = sheet(map.width);
  const opaque = new ImageData(map.width, map.height);
  // The brightness of the map becomes the cover of ink of any colour.
  for (let i = 0; i < map.data.length; i += 4) opaque.data[i + 3] = map.data[i] as number;
  lines.putImageData(opaque, 0, 0);
  return { kind: "lines", lines: lines.canvas };
}

/** True when a map has no line at all: nothing was drawn, or all of it was rubbed out. */
export function isBlank({ data }: ImageData): boolean {
  for (let i = 0; i < data.length; i += 4) if ((data[i] as number) > 32) return false;
  return true;
}

/** A square canvas beside the page. */
export function sheet(side: number): OffscreenCanvasRenderingContext2D {
  const context = new OffscreenCanvas(side, side).getContext("2d", { willReadFrequently: true });
  if (!context) throw new Error("This browser gives no 2D canvas. Use a current Chrome, Edge, Firefox or Safari.");
  return context;
}
