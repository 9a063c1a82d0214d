import type { SceneShape } from "@underdraw/engine/core";
import { looksOf } from "./scene-paint.ts";
import { bodyOf, boxOutline } from "./scene-path.ts";
import { lineOf, type Stroked } from "./scene-stroke.ts";

/** What is drawn of a node itself: behind what it holds, and in front of that. */
interface OwnShapes {
  readonly behind: readonly SceneShape[];
  readonly front: readonly SceneShape[];
}

/** A node's name, no longer than names cross the bridge. */
export const nameOf = ({ name }: SceneNode): string => name.slice(0, 1000);

/** What a node holds; null for one that holds nothing. The parts of a boolean operation are no layers of their own. */
export const partsOf = (node: SceneNode): readonly SceneNode[] | null =>
  "children" in node && node.type !== "BOOLEAN_OPERATION" ? node.children : null;

/** The shapes of a node itself. `matrix` leads from it to the scene; without `outlined` a text is its box. */
export function ownShapes(node: SceneNode, matrix: SceneShape["matrix"], outlined: boolean): OwnShapes {
  const looks = "fills" in node ? looksOf(fillsOf(node), node) : [];
  const edges = "strokes" in node ? looksOf(node.strokes, node) : [];
  const text = "characters" in node ? node.characters : null;
  if (looks.length + edges.length === 0 || text?.trim() === "") return { behind: [], front: [] };
  const base: SceneShape = {
    id: node.id,
    name: nameOf(node),
    path: "",
    matrix,
    stroke: null,
    strokeWidth: 0,
    dash: [],
    fill: null,
    opacity: 1,
  };
  const isBox = "characters" in node && !(outlined && node.fillGeometry.length > 0);
  const body = isBox ? boxOutline(node) : looks.length > 0 ? bodyOf(node) : null;
  // A move that draws nothing tells the outline of an "l" from a text's box.
  const path = `${body?.path}${isBox ? "" : "M0 0"}`;
  const behind = (body ? looks : []).map(
    (look): SceneShape => ({
      ...base,
      ...(look === "picture" ? { kind: "picture" } : { fill: look }),
      ...body,
      ...(text !== null && { kind: "text", text, path }),
    }),
  );
  // Of an image along a line nobody but the export knows the colours: grey stands for them.
  const lines = (isBox ? [] : edges).flatMap(
    (edge) => lineOf(node as Stroked, edge === "picture" ? "#808080" : edge, matrix) ?? [],
  );
  const [line] = lines;
  const top = behind[behind.length - 1];
  // One shape holds a body and the line along it.
  if (top && line?.stroke && lines.length === 1 && line.path === body?.path && !line.clips && !partsOf(node)) {
    return { behind: [...behind.slice(0, -1), { ...top, ...line, path: top.path }], front: [] };
  }
  return { behind, front: lines.map((line) => ({ ...base, ...line })) };
}

/** A node's fills; where its parts have fills of their own, those of the first. */
export function fillsOf(node: Extract<SceneNode, MinimalFillsMixin>): readonly Paint[] {
  const { fills } = node;
  if (fills !== figma.mixed) return fills;
  if (node.type === "TEXT") return node.getRangeFills(0, 1) as readonly Paint[];
  const regions = "vectorNetwork" in node ? node.vectorNetwork.regions : [];
  return regions?.find((region) => region.fills)?.fills ?? [];
}
