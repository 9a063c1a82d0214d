import type { Matrix, SceneClip, SceneGroup } from "../core/scene.ts";
import { isOpaque } from "../vision/matte.ts";
import { type Clip, EdgeList, filled } from "./edges.ts";
import { flatten } from "./flatten.ts";
import { times } from "./matrix.ts";
import { readPathData } from "./path-data.ts";
import { type PicturePaint, picturePaint } from "./picture-paint.ts";

/** Groups further out than this are not looked at: documents are not so deep, and circles end. */
const deepest = 256;

/** Lists of clips are known again by their text, which is no longer than this, and so many of them. */
const [longestKey, mostLists] = [10_000, 1000] as const;

/** What a group's shapes inherit. */
interface Inherited {
  readonly opacity: number;
  readonly clips: readonly Clip[];
}

const nothing: Inherited = { opacity: 1, clips: [] };

/** The groups of a scene by their ids: what they lie in, how opaque they are and what cuts them, in pixels of the map. */
export class GroupTree {
  readonly #groups: ReadonlyMap<string, SceneGroup>;
  readonly #matrix: Matrix;
  readonly #tolerance: number;
  readonly #inherited = new Map<string, Inherited>();
  readonly #lists = new Map<string, readonly Clip[]>();
  readonly #edges = new EdgeList();

  constructor(groups: readonly SceneGroup[], matrix: Matrix, tolerance: number) {
    this.#groups = new Map(groups.map((group) => [group.id, group]));
    this.#matrix = matrix;
    this.#tolerance = tolerance;
  }

  /** The groups around what lies in the one of this id, the outermost first. One that is not there ends the way out. */
  around(id: string | undefined): readonly SceneGroup[] {
    const found: SceneGroup[] = [];
    for (let next = id; next !== undefined && found.length < deepest; ) {
      const group = this.#groups.get(next);
      if (!group || found.includes(group)) break;
      found.push(group);
      next = group.group;
    }
    return found.reverse();
  }

  /** The opacity of what lies in a group, but for its own. */
  opacity(id: string | undefined): number {
    return this.#of(id).opacity;
  }

  /** The clips of what lies in a group and has these of its own. */
  clips(id: string | undefined, own: readonly SceneClip[] | undefined): readonly Clip[] {
    const inherited = this.#of(id).clips;
    if (!own || own.length === 0) return inherited;
    // Files write the same clip to shape after shape: one list for all of them, so that its mask is made once.
    const key = own.some(({ picture }) => picture) ? null : JSON.stringify([id, own]);
    if (key === null || key.length > longestKey) return [...inherited, ...own.map((clip) => this.#clip(clip))];
    const known = this.#lists.get(key);
    if (known) return known;
    const list = [...inherited, ...own.map((clip) => this.#clip(clip))];
    if (this.#lists.size >= mostLists) this.#lists.delete(this.#lists.keys().next().value as string);
    this.#lists.set(key, list);
    return list;
  }

  #of(id: string | undefined): Inherited {
    const known = id === undefined ? nothing : this.#inherited.get(id);
    if (known) return known;
    let inherited = nothing;
    for (const group of this.around(id)) {
      const { opacity = 1, clips = [] } = group;
      const found = this.#inherited.get(group.id);
      inherited = found ?? {
        opacity: inherited.opacity * bounded(opacity),
        // Groups that cut nothing themselves share the list of those around them.
        clips: clips.length > 0 ? [...inherited.clips, ...clips.map((clip) => this.#clip(clip))] : inherited.clips,
      };
      if (!found) this.#inherited.set(group.id, inherited);
    }
    return inherited;
  }

  #clip(of: SceneClip): Clip {
    const { path, matrix, rule = "nonzero", picture } = of;
    const data = readPathData(path);
    const placed = times(this.#matrix, matrix);
    const runs = flatten(data, { matrix: placed, tolerance: this.#tolerance });
    const clip = filled(runs, rule, this.#edges) ?? { data: new Float32Array(), rule, box: empty };
    if (!picture || isOpaque(picture)) return { ...clip, runs };
    // What fades has no border that could be seen as a line, and lets all through nowhere for sure.
    const { inside: _, ...soft } = clip;
    let paint: PicturePaint | null | undefined;
    return {
      ...soft,
      of,
      runs: [],
      soft: (box) => {
        if (paint === undefined) paint = picturePaint(picture, data, placed);
        return paint?.alpha(box) ?? null;
      },
    };
  }
}

/** What cuts everything away. */
const empty = { left: 0, top: 0, right: 0, bottom: 0 };

/** An opacity as it counts: from 0 to 1, and 1 for what is no number. */
export function bounded(opacity: number): number {
  return opacity >= 0 && opacity <= 1 ? opacity : opacity < 0 ? 0 : 1;
}
