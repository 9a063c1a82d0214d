import type { Gradient, Scene, SceneClip, SceneGroup, SceneShape } from "../core/scene.ts";
import { sceneLimits } from "./scene-limits.ts";

// A quick look at a scene before the rules of schema.ts, which take tens of milliseconds for thousands of shapes the first
// time. Most scenes are sound, and so is each that this one takes; what it does not take the rules judge, and put in words.

/** True for a scene that `sceneSchema` takes for sure: nothing that it refuses is taken here. */
export function isSound(scene: Scene): boolean {
  try {
    const { bounds, shapes, groups = [] } = scene;
    const { x, y, width, height } = bounds;
    if (!(areNumbers([x, y, width, height]) && width > 0 && height > 0)) return false;
    if (!Array.isArray(shapes) || shapes.length > sceneLimits.shapes) return false;
    if (!Array.isArray(groups) || groups.length > sceneLimits.groups) return false;
    const known = areGroups(groups);
    if (known === null || !haveNoHoles(scene)) return false;
    let { text } = known;
    for (const shape of shapes) {
      if (!isShape(shape)) return false;
      if (shape.group !== undefined && !known.depths.has(shape.group)) return false;
      text += shape.path.length + textOf(shape.clips);
      if (text > sceneLimits.pathText) return false;
    }
    return true;
  } catch {
    // What has getters that throw, or lists without an end.
    return false;
  }
}

/** The depth of each group by its id, and the characters of their paths; null where one is not sound for sure. */
function areGroups(
  groups: readonly SceneGroup[],
): { readonly depths: ReadonlyMap<string, number>; readonly text: number } | null {
  const depths = new Map<string, number>();
  let text = 0;
  for (const one of groups) {
    const { id, name, group, opacity, clips } = one;
    if (!isName(id) || !isName(name) || depths.has(id)) return null;
    // Programs write a group after the one that it lies in; any other order is for the rules to follow.
    const outer = group === undefined ? 0 : depths.get(group);
    if (outer === undefined || outer >= sceneLimits.depth) return null;
    if (!(opacity === undefined || isShare(opacity)) || !areClips(clips) || !haveNoHoles(one)) return null;
    depths.set(id, outer + 1);
    text += textOf(clips);
  }
  return { depths, text };
}

const caps: ReadonlySet<unknown> = new Set([undefined, "butt", "round", "square"]);
const joins: ReadonlySet<unknown> = new Set([undefined, "miter", "round", "bevel"]);
const rules: ReadonlySet<unknown> = new Set([undefined, "nonzero", "evenodd"]);
const kinds: ReadonlySet<unknown> = new Set([undefined, "path", "text", "picture", "effect"]);
const spreads: ReadonlySet<unknown> = new Set([undefined, "pad", "reflect", "repeat"]);

function isShape(shape: SceneShape): boolean {
  const { id, name, kind, path, matrix, rule, stroke, strokeWidth, dash, dashOffset, cap, join } = shape;
  const { miterLimit, fill, opacity, clips, text, picture } = shape;
  return (
    isName(id) &&
    isName(name) &&
    kinds.has(kind) &&
    (picture === undefined || isPicture(picture)) &&
    typeof path === "string" &&
    isMatrix(matrix) &&
    rules.has(rule) &&
    isPaint(stroke) &&
    isPaint(fill) &&
    isSize(strokeWidth) &&
    isList(dash, sceneLimits.dashes, isSize) &&
    (dashOffset === undefined || Number.isFinite(dashOffset)) &&
    caps.has(cap) &&
    joins.has(join) &&
    (miterLimit === undefined || isSize(miterLimit)) &&
    isShare(opacity) &&
    areClips(clips) &&
    (text === undefined || (typeof text === "string" && text.length <= sceneLimits.text)) &&
    haveNoHoles(shape)
  );
}

/** Of what may be absent nothing stands there as undefined, which the rules do not take. */
function haveNoHoles(part: object): boolean {
  for (const key in part) if ((part as Record<string, unknown>)[key] === undefined) return false;
  return true;
}

function areClips(clips: readonly SceneClip[] | undefined): boolean {
  return clips === undefined || isList(clips, sceneLimits.clips, isClip);
}

function isClip(clip: SceneClip): boolean {
  if (!(clip.picture === undefined || isPicture(clip.picture))) return false;
  return typeof clip.path === "string" && isMatrix(clip.matrix) && rules.has(clip.rule) && haveNoHoles(clip);
}

function isPicture({ width, height, data }: NonNullable<SceneShape["picture"]>): boolean {
  if (!(Number.isInteger(width) && Number.isInteger(height) && width >= 1 && height >= 1)) return false;
  if (width * height > sceneLimits.picturePixels) return false;
  return data instanceof Uint8ClampedArray && data.length === width * height * 4;
}

function isPaint(paint: SceneShape["fill"]): boolean {
  if (paint === null || typeof paint === "string") return paint === null || isColour(paint);
  return isGradient(paint);
}

function isGradient(gradient: Gradient): boolean {
  const { type, from, matrix, spread, stops } = gradient;
  const count = type === "linear" ? 4 : type === "radial" ? 6 : -1;
  if (!isList(from, 6, Number.isFinite) || from.length !== count) return false;
  if (!(matrix === undefined || isMatrix(matrix)) || !spreads.has(spread) || !haveNoHoles(gradient)) return false;
  if (!Array.isArray(stops) || stops.length < 1 || stops.length > sceneLimits.stops) return false;
  let last = 0;
  for (const { offset, colour } of stops) {
    if (!(isShare(offset) && offset >= last && isColour(colour))) return false;
    last = offset;
  }
  return true;
}

function textOf(clips: readonly SceneClip[] = []): number {
  let text = 0;
  for (const { path } of clips) text += path.length;
  return text;
}

const isName = (value: unknown): boolean => typeof value === "string" && value.length <= sceneLimits.name;
const isSize = (value: unknown): boolean => Number.isFinite(value) && (value as number) >= 0;
const isShare = (value: unknown): boolean => isSize(value) && (value as number) <= 1;
const isColour = (value: unknown): boolean => typeof value === "string" && value.length <= sceneLimits.colour;
const areNumbers = (values: readonly unknown[]): boolean => isList(values, values.length, Number.isFinite);
const isMatrix = (value: unknown): boolean => isList(value, 6, Number.isFinite) && (value as unknown[]).length === 6;

/** Not `every`, which does not look at the places of a list that were never written. */
function isList<T>(list: unknown, most: number, is: (value: T) => boolean): boolean {
  if (!Array.isArray(list) || list.length > most) return false;
  for (let n = 0; n < list.length; n++) if (!is(list[n] as T)) return false;
  return true;
}
