import type { Rect, SceneClip, SceneGroup, SceneShape } from "@underdraw/engine/core";
import { unusable } from "./failure.ts";
import { around } from "./footprint.ts";
import { identity, type Matrix, product } from "./matrix.ts";
import { stencils } from "./scene-mask.ts";
import { bodyOf, movedPath, type Outline, sixOf } from "./scene-path.ts";
import { nameOf, ownShapes, partsOf } from "./scene-shape.ts";
import { pageOf } from "./tree.ts";
import { boxOf, drawnBox } from "./visible.ts";

/** Characters of paths that a scene may have: the bridge carries twice as many in all, and main has little memory. */
const mostPaths = 8e6;

/** From so many characters of paths on, texts are their boxes: a page of letters weighs as much as a thousand drawings. */
const mostOutlines = 4e6;

/** Nodes of one parent, on the way through them. */
interface Level {
  readonly nodes: readonly SceneNode[];
  at: number;
  /** The group that they lie in: the parent's, or that of a mask below them. Null for what is selected. */
  group: string | null;
  /** Draws what lies in front of all of them. */
  leave(): void;
}

/** A way through nodes and all below them, from the back to the front. */
interface SceneWalk {
  /** What was found so far. */
  readonly shapes: readonly SceneShape[];
  readonly groups: readonly SceneGroup[];
  /**
   * Goes on by one node; false at the end. Between two steps anything may happen to the document: what was deleted
   * meanwhile is left out. Throws `selection-unusable` for more than a scene can hold.
   */
  step(): boolean;
}

/** A way through selected nodes, each as if nothing were around it. `toScene` leads from their page to the scene. */
export function walkScene(selected: readonly SceneNode[], toScene: Matrix): SceneWalk {
  const shapes: SceneShape[] = [];
  const groups: SceneGroup[] = [];
  const ids = new Set<string>();
  const levels: Level[] = [];
  let length = 0;

  const enter = (nodes: readonly SceneNode[], group: string | null, leave = (): void => {}): void => {
    levels.push({ nodes, at: 0, group, leave });
  };
  const onScene = (matrix: Matrix): SceneShape["matrix"] => sixOf(product(toScene, matrix));
  const add = (found: readonly SceneShape[], group: string | null, opacity = 1): void => {
    for (const shape of found) {
      length += shape.path.length;
      if (length > mostPaths)
        throw unusable(shape.name, "too-large", "there is too much of it. Select something else.");
      shapes.push({ ...shape, opacity, ...(group !== null && { group }) });
    }
  };
  /** Adds a group and gives its id: the node's, or one like it where that is taken. */
  const surround = (node: SceneNode, group: string | null, opacity: number, clip: SceneClip | null): string => {
    let { id } = node;
    while (ids.has(id)) id += "'";
    ids.add(id);
    groups.push({
      id,
      name: nameOf(node),
      ...(group !== null && { group }),
      opacity,
      clips: clip ? [clip] : [],
    });
    return id;
  };
  const frameOf = (node: SceneNode): SceneClip => ({
    ...(bodyOf(node) as Outline), // it has a box
    matrix: onScene(node.absoluteTransform),
  });
  const maskOf = (node: SceneNode): SceneClip => {
    const parts = stencils(node);
    const [part] = parts;
    if (part && parts.length === 1) return { ...part.outline, matrix: onScene(part.node.absoluteTransform) };
    const path = parts.map((one) => movedPath(one.outline.path, one.node.absoluteTransform)).join("");
    return { path, matrix: onScene(identity) };
  };

  const visit = (node: SceneNode, around: string | null): void => {
    const opacity = opacityOf(node);
    const { behind, front } = ownShapes(node, onScene(node.absoluteTransform), length < mostOutlines);
    const parts = partsOf(node);
    const own = behind.length + front.length;
    if (!parts && (own < 2 || opacity === 1)) {
      add([...behind, ...front], around, opacity);
      return;
    }
    const clip = parts && "clipsContent" in node && node.clipsContent ? frameOf(node) : null;
    // A frame's own lines are not cut at its edge.
    const group = surround(node, around, opacity, own > 0 ? null : clip);
    add(behind, group);
    enter(parts ?? [], own > 0 && clip ? surround(node, group, 1, clip) : group, () => add(front, group));
  };
  const select = (node: SceneNode): void => {
    if (node.type !== "SLICE") {
      visit(node, null);
      return;
    }
    // It draws nothing and shows what lies under it.
    const box = boxOf(node);
    const { children } = pageOf(node) as PageNode;
    const under = children.filter((child) => meet(drawnBox(child) ?? boxOf(child), box));
    enter(under, surround(node, null, 1, frameOf(node)));
  };

  enter(selected, null);
  return {
    shapes,
    groups,
    step() {
      const level = levels[levels.length - 1];
      if (!level) return false;
      const node = level.nodes[level.at++];
      if (!node) {
        levels.pop();
        level.leave();
      } else if (node.removed) return true;
      else if (level.group === null) select(node);
      else if (!node.visible) return true;
      // A mask hides what of its siblings above it lies outside of it.
      else if (isMask(node)) {
        const opacity = "maskType" in node && node.maskType === "VECTOR" ? 1 : opacityOf(node);
        level.group = surround(node, level.group, opacity, maskOf(node));
      } else visit(node, level.group);
      return true;
    },
  };
}

const opacityOf = (node: SceneNode): number => ("opacity" in node ? node.opacity : 1);

const isMask = (node: SceneNode): boolean => "isMask" in node && node.isMask;

/** True for boxes that have an area in common: the box around both is smaller than the two side by side. */
function meet(one: Rect, other: Rect): boolean {
  const { width, height } = around([one, other]);
  return width < one.width + other.width && height < one.height + other.height;
}
