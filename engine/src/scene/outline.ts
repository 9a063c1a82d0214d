import type { Matrix, SceneGroup, SceneShape, SceneSource } from "../core/scene.ts";
import { isOpaque } from "../vision/matte.ts";
import { withoutBorder } from "./border.ts";
import { type Box, contains, grown, intersection, isEmpty, union } from "./box.ts";
import { dashed } from "./dash.ts";
import { type Clip, EdgeList, type Edges, filled } from "./edges.ts";
import { flatten, hull, type Run } from "./flatten.ts";
import { bounded, type GroupTree } from "./group-tree.ts";
import type { Mask } from "./mask.ts";
import { identity, keepsCircles, scale, stretch, times } from "./matrix.ts";
import type { OutlinedShape } from "./outlined.ts";
import { alphaOf } from "./paint.ts";
import { type PathData, readPathData } from "./path-data.ts";
import { type PicturePaint, picturePaint } from "./picture-paint.ts";
import { type Pen, strokeRun } from "./stroke.ts";

/** What is the same for all shapes of a scene. */
export interface OutlineStyle {
  readonly line: "own" | number;
  readonly outlineUnstroked: boolean;
  readonly tolerance: number;
  /** The size of the map. */
  readonly width: number;
  readonly height: number;
}

/** From a scene's document to the pixels of its map. */
export function mapMatrix({ width, height, scene: { bounds } }: SceneSource): Matrix {
  const [x, y] = [width / bounds.width, height / bounds.height];
  return [x, 0, 0, y, -bounds.x * x, -bounds.y * y];
}

const list = new EdgeList();
const nowhere: Box = { left: 0, top: 0, right: 0, bottom: 0 };

/** A shape's geometry, each part made when it is first asked for. */
export class Outline implements OutlinedShape {
  readonly shape: SceneShape;
  readonly opacity: number;
  readonly solidity: number;
  readonly #tree: GroupTree;
  readonly #matrix: Matrix;
  readonly #style: OutlineStyle;
  /** The width of its line in pixels, in the mean; 0 without one. */
  readonly #width: number;
  readonly #isFilled: boolean;
  #path: PathData | undefined;
  #flat: readonly Run[] | undefined;
  #runs: readonly Run[] | undefined;
  #area: Edges | null | undefined;
  #line: Edges | null | undefined;
  #reach: Box | undefined;
  /** Its pixels, where they let anything through. */
  #picture: PicturePaint | null | undefined;
  #clips: readonly Clip[] | undefined;
  #lineClips: readonly Edges[] | undefined;

  /** `matrix` leads from the document to the map. */
  constructor(shape: SceneShape, tree: GroupTree, matrix: Matrix, style: OutlineStyle) {
    this.shape = shape;
    this.#tree = tree;
    this.#matrix = times(matrix, shape.matrix);
    this.#style = style;
    const { kind, fill, picture } = shape;
    const paint = kind === "effect" ? 0 : alphaOf(fill);
    const alpha = kind === "picture" && picture ? 1 : paint > 0 ? paint : kind === "text" || kind === "picture" ? 1 : 0;
    this.opacity = bounded(shape.opacity) * tree.opacity(shape.group);
    this.solidity = alpha * this.opacity;
    this.#isFilled = alpha > 0;
    this.#width = this.#lineWidth();
  }

  get groups(): readonly SceneGroup[] {
    return this.#tree.around(this.shape.group);
  }

  get clips(): readonly Clip[] {
    this.#clips ??= this.#tree.clips(this.shape.group, this.shape.clips);
    return this.#clips;
  }

  get lineClips(): readonly Edges[] {
    this.#lineClips ??= this.#makeLineClips();
    return this.#lineClips;
  }

  get reach(): Box {
    this.#reach ??= this.#makeReach();
    return this.#reach;
  }

  get area(): Edges | null {
    if (this.#area === undefined) {
      const { fill, kind, rule = "nonzero" } = this.shape;
      const whole = fill !== null || kind === "text" || kind === "picture";
      const runs = whole ? this.#mapRuns() : this.#mapRuns().filter(({ closed }) => closed);
      this.#area = filled(runs, rule, list);
    }
    return this.#area;
  }

  get body(): Edges | null {
    return this.#isFilled ? this.area : null;
  }

  get runs(): readonly Run[] {
    this.#runs ??= this.#makeRuns();
    return this.#runs;
  }

  get line(): Edges | null {
    if (this.#line === undefined) this.#line = this.#makeLine();
    return this.#line;
  }

  cut(box: Box): Mask | null {
    const { kind, picture } = this.shape;
    if (kind !== "picture" || !picture || isEmpty(box)) return null;
    if (this.#picture === undefined) {
      this.#picture = isOpaque(picture) ? null : picturePaint(picture, this.#data(), this.#matrix);
    }
    return this.#picture?.alpha(box) ?? null;
  }

  get isTextBox(): boolean {
    return this.shape.kind === "text" && isBox(this.#data());
  }

  get #isStroked(): boolean {
    const { stroke, strokeWidth, kind } = this.shape;
    return kind !== "effect" && strokeWidth > 0 && strokeWidth < Infinity && alphaOf(stroke) > 0;
  }

  #lineWidth(): number {
    const { line, outlineUnstroked, width, height } = this.#style;
    if (this.#isStroked) return line === "own" ? this.shape.strokeWidth * scale(this.#matrix) : line;
    if (!outlineUnstroked || !this.#isFilled || this.isTextBox) return 0;
    // As wide as line maps are drawn: a pixel for 512.
    return line === "own" ? Math.max(1, Math.min(width, height) / 512) : line;
  }

  #data(): PathData {
    this.#path ??= readPathData(this.shape.path);
    return this.#path;
  }

  /** The path in pixels of the map. Bodies and lines of one shape, and of its neighbours, share these points. */
  #mapRuns(): readonly Run[] {
    this.#flat ??= flatten(this.#data(), { matrix: this.#matrix, tolerance: this.#style.tolerance });
    return this.#flat;
  }

  #makeRuns(): readonly Run[] {
    if (!(this.#width > 0)) return [];
    const { dash, dashOffset = 0 } = this.shape;
    const { width, height } = this.#style;
    if (!this.#isStroked)
      return withoutBorder([...this.#mapRuns(), ...this.#cutting().flatMap(({ runs }) => runs)], width, height);
    const unit = scale(this.#matrix);
    const inPixels = dash.map((length) => length * unit);
    return dashed(this.#mapRuns(), inPixels, dashOffset * unit);
  }

  #makeLine(): Edges | null {
    if (!(this.#width > 0)) return null;
    const matrix = this.#matrix;
    if (!this.#isStroked || this.#style.line !== "own" || keepsCircles(matrix)) return this.#stroke(this.runs);
    const { strokeWidth, dash, dashOffset = 0 } = this.shape;
    // A pen that is round before the matrix is an ellipse after it.
    const own = flatten(this.#data(), { matrix: identity, pixels: matrix, tolerance: this.#style.tolerance });
    list.begin(matrix);
    const pen = { ...this.#ends(), width: strokeWidth, unit: stretch(matrix) };
    for (const run of dashed(own, dash, dashOffset)) strokeRun(run, pen, list);
    return list.end("nonzero");
  }

  /** Runs in pixels drawn with a round pen. */
  #stroke(runs: readonly Run[]): Edges | null {
    const pen = { ...this.#ends(), width: this.#width, unit: 1 };
    list.begin();
    for (const run of runs) strokeRun(run, pen, list);
    return list.end("nonzero");
  }

  #ends(): Pick<Pen, "join" | "cap" | "miterLimit"> {
    const { join = "miter", cap = "butt", miterLimit = 4 } = this.#isStroked ? this.shape : {};
    return { join, cap, miterLimit };
  }

  /** The clips whose border is seen where they cut a shape that is outlined without a stroke of its own. */
  #cutting(): readonly Clip[] {
    if (!(this.#width > 0) || this.#isStroked || this.clips.length === 0) return [];
    const box = hull(this.#data(), this.#matrix) ?? nowhere;
    return this.clips.filter(({ inside, soft }) => !soft && !(inside && contains(inside, box)));
  }

  /** Lines along a clip lie half outside of it: there it lets them through, as the shape does that ends their way. */
  #makeLineClips(): readonly Edges[] {
    const cutting = this.#cutting();
    if (cutting.length === 0) return this.clips;
    const rimmed = ({ inside: _, ...edges }: Edges, runs: readonly Run[]): Edges => {
      const rim = this.#stroke(runs);
      return rim ? { ...edges, rim, box: union(edges.box, rim.box) } : edges;
    };
    const clips = cutting.map((clip) => rimmed(clip, clip.runs));
    return this.area ? [...clips, rimmed(this.area, this.#mapRuns())] : clips;
  }

  #makeReach(): Box {
    const box = hull(this.#data(), this.#matrix);
    if (!box) return nowhere;
    const { strokeWidth, join = "miter", miterLimit = 4 } = this.shape;
    // Square ends stand out by the square root of 2, corners by their limit.
    const out = this.#isStroked && join !== "miter" ? 1.5 : Math.max(1.5, Math.min(1e6, miterLimit) || 4);
    const wide = this.#style.line === "own" && this.#isStroked ? strokeWidth * stretch(this.#matrix) : this.#width;
    const margin = wide > 0 ? Math.ceil((wide / 2) * out) + 1 : 0;
    return this.clips.reduce((rest, clip) => intersection(rest, grown(clip.box, margin)), grown(box, margin));
  }
}

/** True for four straight sides, each along an axis. */
function isBox({ kinds, numbers }: PathData): boolean {
  if (kinds.length < 4 || kinds.length > 6 || kinds.includes(2) || kinds.indexOf(0, 1) > 0) return false;
  for (let n = 2; n < numbers.length; n += 2) {
    if (numbers[n] !== numbers[n - 2] && numbers[n + 1] !== numbers[n - 1]) return false;
  }
  return true;
}
