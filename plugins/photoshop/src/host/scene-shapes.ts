import type { Rect, SceneClip, SceneGroup, SceneShape } from "@underdraw/engine/core";
import { alphaOutline } from "./alpha-outline.ts";
import { areaOf, type Part } from "./area.ts";
import type { Area, Cutting, Drawing } from "./layer-drawing.ts";
import type { LayerFacts } from "./layer-facts.ts";
import { formatLayerId } from "./layer-id.ts";
import type { Node, Stack } from "./layer-stack.ts";
import { boxOutline, extentOfOutline, type Outline, pathText } from "./outline.ts";
import { edgesOf } from "./rectangle.ts";

/** What was read of a document, from which its shapes are made without it. */
export interface Reading {
  readonly document: number;
  readonly bounds: Rect;
  readonly canvas: Rect;
  readonly stack: Stack;
  readonly facts: ReadonlyMap<number, LayerFacts>;
  /** What layers show, and what masks of groups let through. */
  readonly drawings: ReadonlyMap<Node, Drawing>;
  readonly cuttings: ReadonlyMap<Node, Cutting>;
}

/** Characters of paths in a scene. What lies behind the layers that have used them up gives its box. */
const MOST_TEXT = 10_000_000;

/** Points of all traced outlines together, and of one at most. */
const MOST_POINTS = { all: 400_000, one: 4000 } as const;

const identity = [1, 0, 0, 1, 0, 0] as const;

/** An outline that was found, and how opaque its inside is. */
interface Found {
  readonly outline: Outline;
  readonly opacity: number;
}

/** Clips, and the opacity that soft masks leave. */
interface Cut {
  readonly clips: readonly SceneClip[];
  readonly opacity: number;
}

/** Makes the shapes of a reading, the foremost first, and their groups. One layer after the other, so that time can pass. */
export class SceneShapes {
  /** The foremost first. */
  readonly shapes: SceneShape[] = [];
  /** Each after the one that it lies in. */
  readonly groups: SceneGroup[] = [];
  readonly #reading: Reading;
  readonly #canvas: Outline;
  readonly #points: number;
  /** Layers and groups that are in the scene, and those among them that others in it are clipped to. */
  readonly #shown = new Set<Node>();
  readonly #clippedTo = new Set<Node>();
  readonly #found = new Map<Area, Found | null>();
  readonly #ownCuts = new Map<Node, Cut | null>();
  readonly #baseCuts = new Map<Node, Cut | null>();
  readonly #made = new Map<Node, string | null>();
  #text = 0;

  constructor(reading: Reading) {
    this.#reading = reading;
    this.#canvas = boxOutline(edgesOf(reading.canvas));
    const { layers } = reading.stack;
    this.#points = Math.min(MOST_POINTS.one, Math.floor(MOST_POINTS.all / Math.max(1, layers.length)));
    for (const layer of layers) {
      for (let at: Node | null = layer; at; at = at.group) {
        this.#shown.add(at);
        if (at.base) this.#clippedTo.add(at.base);
      }
    }
  }

  /** Adds a layer: one shape, two where its stroke lies outside of its fill, none where nothing of it is seen. */
  add(node: Node): void {
    const drawing = this.#reading.drawings.get(node);
    const found = drawing && this.#outline(drawing.area);
    if (!drawing || !found) return;
    const group = this.#groupOf(node);
    const own = this.#cutsOf(node);
    const base = node.base ? this.#baseCut(node.base) : noCut;
    if (group === null || !own || !base) return;
    const facts = this.#reading.facts.get(node.id);
    const shape = {
      id: this.#id(node),
      name: node.name,
      ...(drawing.kind === "path" ? {} : { kind: drawing.kind }),
      ...(group === "" ? {} : { group }),
      matrix: identity,
      opacity: this.#opacity(node) * found.opacity * own.opacity * base.opacity,
      ...(facts?.text ? { text: facts.text.words } : {}),
    };
    this.shapes.push(...this.#drawn(shape, drawing, found.outline, [...own.clips, ...base.clips], facts));
  }

  #drawn(
    shape: Omit<SceneShape, "path" | "fill" | "stroke" | "strokeWidth" | "dash">,
    { fill, strokePaint }: Drawing,
    outline: Outline,
    clips: readonly SceneClip[],
    facts: LayerFacts | undefined,
  ): readonly SceneShape[] {
    const path = this.#pathOf(outline);
    const rule = outline.rule === "evenodd" ? { rule: outline.rule } : {};
    const cut = (all: readonly SceneClip[]) => (all.length > 0 ? { clips: all } : {});
    const bare = { ...shape, path, ...rule, stroke: null, strokeWidth: 0, dash: [], fill };
    const stroke = facts?.style.stroke;
    if (!stroke || strokePaint === null) return [{ ...bare, ...cut(clips) }];
    const { width, dash, dashOffset, cap, join, miterLimit, side } = stroke;
    const line = {
      stroke: strokePaint,
      // A line on one side of the outline is half of one that is twice as wide.
      strokeWidth: side === "centre" ? width : 2 * width,
      dash,
      ...(dashOffset === 0 ? {} : { dashOffset }),
      ...{ cap, join, miterLimit },
    };
    if (side === "centre") return [{ ...bare, ...line, ...cut(clips) }];
    if (side === "inside") return [{ ...bare, ...line, ...cut([...clips, { path, matrix: identity, ...rule }]) }];
    const outside = this.#outside(outline, width * miterLimit);
    const around = { ...bare, ...line, fill: null, ...cut([...clips, outside]) };
    if (fill === null) return [around];
    return [
      { ...around, id: `${shape.id}:stroke` },
      { ...bare, ...cut(clips) },
    ];
  }

  /** All but the inside of an outline, as far as a line around it reaches. */
  #outside(outline: Outline, reach: number): SceneClip {
    const box = extentOfOutline(outline.rings) ?? { left: 0, top: 0, right: 0, bottom: 0 };
    const far = Math.min(reach, 10_000) + 1;
    const all = boxOutline({
      left: box.left - far,
      top: box.top - far,
      right: box.right + far,
      bottom: box.bottom + far,
    });
    return this.#clip(areaOf([part(all), { operation: "subtract", outline }], this.#canvas));
  }

  #clip(outline: Outline): SceneClip {
    return { path: this.#pathOf(outline), matrix: identity, rule: outline.rule };
  }

  #pathOf(outline: Outline): string {
    const path = pathText(outline.rings);
    if (this.#text + path.length <= MOST_TEXT) {
      this.#text += path.length;
      return path;
    }
    return pathText(boxOutline(extentOfOutline(outline.rings) ?? { left: 0, top: 0, right: 0, bottom: 0 }).rings);
  }

  #id({ id }: Node): string {
    return formatLayerId({ document: this.#reading.document, layer: id });
  }

  #outline(area: Area): Found | null {
    const known = this.#found.get(area);
    if (known !== undefined) return known;
    let found: Found | null;
    if ("box" in area) {
      const traced = alphaOutline(area, this.#points);
      found = traced && { outline: { rings: traced.rings, rule: "nonzero" }, opacity: traced.opacity };
    } else {
      const outline = areaOf(area, this.#canvas);
      found = outline.rings.length > 0 ? { outline, opacity: 1 } : null;
    }
    this.#found.set(area, found);
    return found;
  }

  /** What the masks of a layer or group leave; null for nothing. */
  #cutsOf(node: Node): Cut | null {
    const known = this.#ownCuts.get(node);
    if (known !== undefined) return known;
    const { drawings, cuttings } = this.#reading;
    const clips: SceneClip[] = [];
    let opacity = 1;
    let isSeen = true;
    for (const area of (drawings.get(node) ?? cuttings.get(node))?.cuts ?? []) {
      const found = this.#outline(area);
      if (!found) isSeen = false;
      else {
        opacity *= found.opacity;
        clips.push(this.#clip(found.outline));
      }
    }
    const cut = isSeen ? { clips, opacity } : null;
    this.#ownCuts.set(node, cut);
    return cut;
  }

  /** What is left of what is clipped to a layer or group; null for nothing. */
  #baseCut(base: Node): Cut | null {
    const known = this.#baseCuts.get(base);
    if (known !== undefined) return known;
    const own = this.#cutsOf(base);
    const outlines: Outline[] = [];
    let most = 0;
    for (const node of this.#reading.stack.bases.get(base) ?? []) {
      const drawing = this.#reading.drawings.get(node);
      const found = drawing && this.#outline(drawing.area);
      if (!found) continue;
      outlines.push(found.outline);
      most = Math.max(most, found.opacity);
    }
    let cut: Cut | null = null;
    if (own && outlines.length > 0) {
      // A scene knows the base's opacity where the base is in it: then both are in a group of that opacity.
      const rest = this.#clippedTo.has(base) && this.#shown.has(base) ? 1 : base.opacity;
      const clip = this.#clip(areaOf(outlines.map(part), this.#canvas));
      cut = { clips: [clip, ...own.clips], opacity: rest * most * own.opacity };
    }
    this.#baseCuts.set(base, cut);
    return cut;
  }

  /** A base's opacity is its group's, in which what is clipped to it lies too. */
  #opacity(node: Node): number {
    return this.#isWrapped(node) ? 1 : node.opacity;
  }

  #isWrapped(node: Node): boolean {
    return node.opacity < 1 && this.#clippedTo.has(node) && this.#shown.has(node);
  }

  /** The id of the group that a layer or group lies in; empty for none, null where nothing is seen of that group. */
  #groupOf(node: Node): string | null {
    const group = node.group ? this.#group(node.group) : "";
    const base = this.#isWrapped(node) ? node : node.base && this.#isWrapped(node.base) ? node.base : null;
    if (!base || group === null) return group;
    const id = `${this.#id(base)}:clipping`;
    if (!this.groups.some((one) => one.id === id)) {
      this.groups.push({ id, name: base.name, ...(group === "" ? {} : { group }), opacity: base.opacity });
    }
    return id;
  }

  #group(node: Node): string | null {
    const known = this.#made.get(node);
    if (known !== undefined) return known;
    const group = this.#groupOf(node);
    const own = this.#cutsOf(node);
    const base = node.base ? this.#baseCut(node.base) : noCut;
    let id: string | null = null;
    if (group !== null && own && base) {
      id = this.#id(node);
      const clips = [...own.clips, ...base.clips];
      const opacity = this.#opacity(node) * own.opacity * base.opacity;
      this.groups.push({
        id,
        name: node.name,
        ...(group === "" ? {} : { group }),
        ...(opacity < 1 ? { opacity } : {}),
        ...(clips.length > 0 ? { clips } : {}),
      });
    }
    this.#made.set(node, id);
    return id;
  }
}

const noCut: Cut = { clips: [], opacity: 1 };
const part = (outline: Outline): Part => ({ operation: "add", outline });
