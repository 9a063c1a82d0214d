import { getFreeDrawSvgPath } from "@excalidraw/excalidraw";
import type {
  ExcalidrawElement,
  ExcalidrawFrameElement,
  ExcalidrawFreeDrawElement,
  ExcalidrawLinearElement,
  ExcalidrawMagicFrameElement,
} from "@excalidraw/excalidraw/element/types";
import type { Rect, Scene, SceneGroup, SceneShape } from "@underdraw/engine/core";

// Excalidraw's elements as plain paths, without the hand-drawn wobble. The numbers (corner radii, sizes of arrow heads,
// dashes) are Excalidraw's own, read in its 0.18.1; test/browser/excalidraw/scene.test.ts holds them against its pixels.

type Point = readonly [x: number, y: number];
type Box = readonly [left: number, top: number, right: number, bottom: number];

/** The structure of elements in their drawing order, in the part of the document that counts. */
export function excalidrawScene(
  elements: readonly ExcalidrawElement[],
  frames: readonly FrameElement[],
  bounds: Rect,
): Scene {
  const labels = new Map(
    elements.flatMap((one) => (one.type === "text" && one.containerId !== null ? [[one.containerId, one.text]] : [])),
  );
  const groups = new Map<string, SceneGroup>();
  const shapes = elements.flatMap((element) => {
    const group = groupOf(element, frames, groups);
    const name = nameOf(element, labels.get(element.id));
    return elementShapes(element).map((shape) => ({ ...shape, name, ...(group === undefined ? {} : { group }) }));
  });
  return { bounds, shapes, groups: [...groups.values()] };
}

/** A frame: what lies in it is cut at its edge. */
export type FrameElement = ExcalidrawFrameElement | ExcalidrawMagicFrameElement;

/** The innermost group of an element; it and those around it are added to `groups`, the outer ones first. */
function groupOf(
  { groupIds, frameId }: ExcalidrawElement,
  frames: readonly FrameElement[],
  groups: Map<string, SceneGroup>,
): string | undefined {
  let outer: string | undefined;
  const frame = frames.find(({ id }) => id === frameId);
  if (frame) {
    outer = frame.id;
    const { x, y, width: w, height: h } = frame;
    const clips = [{ path: `M0 0H${w}V${h}H0Z`, matrix: [1, 0, 0, 1, x, y] as const }];
    groups.set(frame.id, { id: frame.id, name: frame.name ?? "frame", clips });
  }
  // Excalidraw names the innermost group first.
  for (const id of groupIds.toReversed()) {
    if (!groups.has(id)) groups.set(id, { id, name: "group", ...(outer === undefined ? {} : { group: outer }) });
    outer = id;
  }
  return outer;
}

/** What stands for a name: one that a person gave, what is written in the element, else what it is. */
function nameOf({ customData, type, ...rest }: ExcalidrawElement, label: string | undefined): string {
  const given: unknown = customData?.["underdraw"]?.name;
  if (typeof given === "string") return given;
  const written = type === "text" && "text" in rest ? rest.text : label;
  const line = written?.replace(/\s+/g, " ").trim().slice(0, 200) ?? "";
  return line === "" ? type : line;
}

/** The shapes of one element, from the back to the front. */
function elementShapes(element: ExcalidrawElement): readonly SceneShape[] {
  const { width: w, height: h } = element;
  const whole: Box = [0, 0, w, h];
  switch (element.type) {
    case "diamond":
      return [shape(element, diamond(element), whole)];
    case "ellipse":
      return [
        shape(element, `M0 ${h / 2}A${w / 2} ${h / 2} 0 1 1 ${w} ${h / 2}A${w / 2} ${h / 2} 0 1 1 0 ${h / 2}Z`, whole),
      ];
    case "line":
    case "arrow": {
      const { points } = element;
      const path = element.roundness ? curve(points) : `M${points.map((point) => point.join(" ")).join("L")}`;
      const filled = element.type === "line" && isLoop(points);
      return [shape(element, path, boxOf(points), filled), ...heads(element)];
    }
    case "freedraw": {
      // The line that the pen went along, in its mean width: one line, where its outline would be two.
      const line = shape(element, curve(element.points), boxOf(element.points), isLoop(element.points));
      return [{ ...line, strokeWidth: penWidth(element), dash: [] }];
    }
    case "text":
      return [{ ...boxed(element), kind: "text", text: element.text }];
    case "image":
      return [{ ...boxed(element), kind: "picture" }];
    case "rectangle":
    case "iframe":
    case "embeddable":
      return [shape(element, rectangle(element), whole)];
    default:
      return [];
  }
}

/** What has no outline of its own: its box. */
function boxed(element: ExcalidrawElement): SceneShape {
  const { width: w, height: h } = element;
  const box = shape(element, `M0 0H${w}V${h}H0Z`, [0, 0, w, h], false);
  return { ...box, stroke: null, strokeWidth: 0, dash: [] };
}

/** How wide a pen's line is in the mean: the area of its outline for each unit of its length. */
function penWidth(element: ExcalidrawFreeDrawElement): number {
  const numbers =
    getFreeDrawSvgPath(element)
      .match(/-?\d+(\.\d+)?/g)
      ?.map(Number) ?? [];
  const outline = Array.from(
    { length: numbers.length >> 1 },
    (_, n) => [numbers[2 * n] ?? 0, numbers[2 * n + 1] ?? 0] as const,
  );
  let doubled = 0;
  let [x, y] = outline.at(-1) ?? [0, 0];
  for (const [nextX, nextY] of outline) {
    doubled += x * nextY - nextX * y;
    [x, y] = [nextX, nextY];
  }
  const { points } = element;
  let length = 0;
  for (const [n, [toX, toY]] of points.entries()) {
    const [fromX, fromY] = points[Math.max(0, n - 1)] ?? [toX, toY];
    length += Math.hypot(toX - fromX, toY - fromY);
  }
  const usual = element.strokeWidth * 2;
  const mean = Math.abs(doubled) / 2 / (length + usual); // its round ends reach beyond
  return Number.isFinite(mean) && mean > 0 ? mean : usual;
}

function rectangle(element: ExcalidrawElement): string {
  const { width: w, height: h } = element;
  const r = radius(Math.min(w, h), element);
  if (r === 0) return `M0 0H${w}V${h}H0Z`;
  return `M${r} 0L${w - r} 0Q${w} 0 ${w} ${r}L${w} ${h - r}Q${w} ${h} ${w - r} ${h}L${r} ${h}Q0 ${h} 0 ${h - r}L0 ${r}Q0 0 ${r} 0Z`;
}

function diamond(element: ExcalidrawElement): string {
  const { width: w, height: h } = element;
  const x = Math.floor(w / 2) + 1; // as Excalidraw rounds it
  const y = Math.floor(h / 2) + 1;
  const a = radius(x, element);
  const b = radius(y, element);
  return (
    `M${x + a} ${b}L${w - a} ${y - b}C${w} ${y} ${w} ${y} ${w - a} ${y + b}` +
    `L${x + a} ${h - b}C${x} ${h} ${x} ${h} ${x - a} ${h - b}L${a} ${y + b}C0 ${y} 0 ${y} ${a} ${y - b}` +
    `L${x - a} ${b}C${x} 0 ${x} 0 ${x + a} ${b}Z`
  );
}

/** The heads of an arrow. Those drawn as circles, diamonds and crow's feet are left out: their lines carry no structure. */
function heads(arrow: ExcalidrawLinearElement): readonly SceneShape[] {
  const { points, startArrowhead, endArrowhead } = arrow;
  const ends = [
    [startArrowhead, points[1], points[0]],
    [endArrowhead, points.at(-2), points.at(-1)],
  ] as const;
  return ends.flatMap(([kind, from, tip]) => {
    if (!kind || !from || !tip || !/^(arrow|bar|triangle)/.test(kind)) return [];
    const length = Math.hypot(tip[0] - from[0], tip[1] - from[1]);
    const size = Math.min(kind === "arrow" ? 25 : 15, length / 2);
    const turn = kind === "bar" ? Math.PI / 2 : kind === "arrow" ? Math.PI / 9 : (25 * Math.PI) / 180;
    const back = Math.atan2(from[1] - tip[1], from[0] - tip[0]);
    const wing = (by: number): string =>
      `${tip[0] + size * Math.cos(back + by)} ${tip[1] + size * Math.sin(back + by)}`;
    const path = `M${wing(turn)}L${tip.join(" ")}L${wing(-turn)}${kind.startsWith("triangle") ? "Z" : ""}`;
    return [{ ...shape(arrow, path, boxOf(points), false), dash: [] }];
  });
}

function shape(of: ExcalidrawElement, path: string, [left, top, right, bottom]: Box, filled = true): SceneShape {
  const [cos, sin] = [Math.cos(of.angle), Math.sin(of.angle)];
  const [cx, cy] = [(left + right) / 2, (top + bottom) / 2]; // it turns about the middle of its box
  const { strokeWidth: width, strokeStyle } = of;
  return {
    id: of.id,
    name: of.type,
    path,
    matrix: [cos, sin, -sin, cos, of.x + cx - cos * cx + sin * cy, of.y + cy - sin * cx - cos * cy],
    stroke: of.strokeColor === "transparent" ? null : of.strokeColor,
    strokeWidth: strokeStyle === "solid" ? width : width + 0.5,
    dash: strokeStyle === "solid" ? [] : strokeStyle === "dashed" ? [8, 8 + width] : [1.5, 6 + width],
    cap: "round",
    join: "round",
    fill: filled && of.backgroundColor !== "transparent" ? of.backgroundColor : null,
    opacity: of.opacity / 100,
  };
}

/** The radius of a corner: of the kind "adaptive" a quarter of the side, up to a fixed size. */
function radius(side: number, { roundness }: ExcalidrawElement): number {
  if (!roundness) return 0;
  const fixed = roundness.type === 3 ? (roundness.value ?? 32) : Number.POSITIVE_INFINITY;
  return Math.min(side * 0.25, fixed);
}

/** The curve through the points that Excalidraw draws: Catmull-Rom as cubic Béziers. */
function curve(points: readonly Point[]): string {
  const at = (index: number): Point => points[Math.min(points.length - 1, Math.max(0, index))] ?? [0, 0];
  let path = `M${at(0).join(" ")}`;
  for (let i = 0; i + 1 < points.length; i++) {
    const [a, b, c, d] = [at(i - 1), at(i), at(i + 1), at(i + 2)];
    path += `C${b[0] + (c[0] - a[0]) / 6} ${b[1] + (c[1] - a[1]) / 6} `;
    path += `${c[0] - (d[0] - b[0]) / 6} ${c[1] - (d[1] - b[1]) / 6} ${c.join(" ")}`;
  }
  return path;
}

/** Excalidraw fills a line whose ends are within 8 units of each other. */
function isLoop(points: readonly Point[]): boolean {
  const [first, last] = [points[0], points.at(-1)];
  return points.length >= 3 && !!first && !!last && Math.hypot(first[0] - last[0], first[1] - last[1]) <= 8;
}

function boxOf(points: readonly Point[]): Box {
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  return [Math.min(...xs), Math.min(...ys), Math.max(...xs), Math.max(...ys)];
}
