import type { Editor } from "./editor.ts";

/** Shows the paint program on the page's canvas: drag to draw, drag with Shift to select. */
export function showEditor(editor: Editor): void {
  const canvas = document.querySelector("canvas");
  const drawing = canvas?.getContext("2d");
  if (!canvas || !drawing) throw new Error("The page has no canvas to paint on.");
  canvas.width = editor.width;
  canvas.height = editor.height;

  const paint = (): void => {
    drawing.fillStyle = "#fff";
    drawing.fillRect(0, 0, canvas.width, canvas.height);
    editor.render(drawing);
    if (!editor.selection) return;
    const { x, y, width, height } = editor.selection;
    drawing.lineWidth = 1;
    drawing.setLineDash([6, 4]);
    drawing.strokeStyle = "#0b6fd6";
    drawing.strokeRect(x + 0.5, y + 0.5, width - 1, height - 1);
  };
  editor.onChange(paint);
  paint();

  const at = ({ offsetX, offsetY }: PointerEvent): readonly [number, number] => [
    Math.round((offsetX * canvas.width) / canvas.clientWidth),
    Math.round((offsetY * canvas.height) / canvas.clientHeight),
  ];
  let begin: readonly [number, number] | null = null;
  let stroke: (readonly [number, number])[] = [];

  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    begin = at(event);
    stroke = [begin];
  };
  canvas.onpointermove = (event) => {
    if (!begin) return;
    const point = at(event);
    stroke.push(point);
    if (event.shiftKey) {
      const [x, y] = [Math.min(begin[0], point[0]), Math.min(begin[1], point[1])];
      editor.select({ x, y, width: Math.abs(point[0] - begin[0]), height: Math.abs(point[1] - begin[1]) });
      stroke = [];
    } else {
      line(drawing, stroke.slice(-2));
    }
  };
  canvas.onpointerup = () => {
    const points = stroke;
    begin = null;
    stroke = [];
    if (points.length > 1) editor.paint("Stroke", (layer) => line(layer, points));
  };
  addEventListener("keydown", ({ key, ctrlKey, metaKey, shiftKey }) => {
    if (!(ctrlKey || metaKey) || key.toLowerCase() !== "z") return;
    if (shiftKey) editor.redo();
    else editor.undo();
  });
}

function line(
  drawing: OffscreenCanvasRenderingContext2D | CanvasRenderingContext2D,
  points: readonly (readonly [number, number])[],
): void {
  drawing.lineWidth = 5;
  drawing.lineCap = "round";
  drawing.lineJoin = "round";
  drawing.setLineDash([]);
  drawing.strokeStyle = "#000";
  drawing.beginPath();
  for (const [x, y] of points) drawing.lineTo(x, y);
  drawing.stroke();
}
