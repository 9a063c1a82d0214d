import * as z from "zod/mini";
import type { Pixels } from "../core/pixels.ts";
import type { Gradient, Matrix, Paint, Scene, SceneClip, SceneGroup, SceneShape } from "../core/scene.ts";
import { sceneLimits } from "./scene-limits.ts";

// What a scene from outside must be: a host's, a file's or another thread's. Types and sizes alone; whether a path is well
// written or a colour known is for the drawing, which draws what it can.

const name = z.string().check(z.maxLength(sceneLimits.name));
const share = z.number().check(z.minimum(0), z.maximum(1));
const matrix = z.tuple([z.number(), z.number(), z.number(), z.number(), z.number(), z.number()]);
const rule = z.exactOptional(z.enum(["nonzero", "evenodd"]));
const colour = z.string().check(z.maxLength(sceneLimits.colour));
const path = z.string().check(z.maxLength(sceneLimits.pathText));

const gradient: z.ZodMiniType<Gradient> = z
  .object({
    type: z.enum(["linear", "radial"]),
    from: z.array(z.number()).check(z.maxLength(6)),
    matrix: z.exactOptional(matrix),
    spread: z.exactOptional(z.enum(["pad", "reflect", "repeat"])),
    stops: z.array(z.object({ offset: share, colour })).check(z.minLength(1), z.maxLength(sceneLimits.stops)),
  })
  .check(
    z.refine(({ type, from }) => from.length === (type === "linear" ? 4 : 6), {
      path: ["from"],
      error: "must be 4 numbers for a linear gradient (x1, y1, x2, y2) and 6 for a radial one (two circles)",
    }),
    z.refine(({ stops }) => stops.every(({ offset }, n) => n === 0 || offset >= (stops[n - 1]?.offset ?? 0)), {
      path: ["stops"],
      error: "must rise in their offsets",
    }),
  );
const paint: z.ZodMiniType<Paint | null> = z.nullable(z.union([colour, gradient]));

const side = z.int().check(z.minimum(1));
const picture: z.ZodMiniType<Pixels> = z
  .object({
    width: side,
    height: side,
    data: z.instanceof(Uint8ClampedArray) as unknown as z.ZodMiniType<Uint8ClampedArray<ArrayBuffer>>,
  })
  .check(
    z.refine(({ width, height }) => width * height <= sceneLimits.picturePixels, {
      error: `must have at most ${sceneLimits.picturePixels} pixels`,
    }),
    z.refine(({ width, height, data }) => data.length === width * height * 4, {
      path: ["data"],
      error: "must have four bytes for each pixel",
    }),
  );

const clip: z.ZodMiniType<SceneClip> = z.object({ path, matrix, rule, picture: z.exactOptional(picture) });
const clips = z.exactOptional(z.array(clip).check(z.maxLength(sceneLimits.clips)));

const shape: z.ZodMiniType<SceneShape> = z.object({
  id: name,
  name,
  kind: z.exactOptional(z.enum(["path", "text", "picture", "effect"])),
  group: z.exactOptional(name),
  path,
  matrix: matrix as z.ZodMiniType<Matrix>,
  rule,
  stroke: paint,
  strokeWidth: z.number().check(z.minimum(0)),
  dash: z.array(z.number().check(z.minimum(0))).check(z.maxLength(sceneLimits.dashes)),
  dashOffset: z.exactOptional(z.number()),
  cap: z.exactOptional(z.enum(["butt", "round", "square"])),
  join: z.exactOptional(z.enum(["miter", "round", "bevel"])),
  miterLimit: z.exactOptional(z.number().check(z.minimum(0))),
  fill: paint,
  opacity: share,
  clips,
  text: z.exactOptional(z.string().check(z.maxLength(sceneLimits.text))),
  picture: z.exactOptional(picture),
});

const group: z.ZodMiniType<SceneGroup> = z.object({
  id: name,
  name,
  group: z.exactOptional(name),
  opacity: z.exactOptional(share),
  clips,
});

const extent = z.number().check(z.positive());

/** A scene as data from outside, with the limits of `sceneLimits`: its groups are there, each once, and lie in no circle. */
export const sceneSchema: z.ZodMiniType<Scene> = z
  .object({
    bounds: z.object({ x: z.number(), y: z.number(), width: extent, height: extent }),
    shapes: z.array(shape).check(z.maxLength(sceneLimits.shapes)),
    groups: z.exactOptional(z.array(group).check(z.maxLength(sceneLimits.groups))),
  })
  .check((found) => {
    for (const { path: at, message } of faults(found.value)) {
      found.issues.push({ code: "custom", input: found.value, path: [...at], message, continue: true });
    }
  });

interface Fault {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

/** What is wrong with a scene whose parts are sound by themselves. The first fault of each kind: the others are like it. */
function faults({ shapes, groups = [] }: Scene): readonly Fault[] {
  const found: Fault[] = [];
  const places = new Map<string, number>();
  for (const [n, { id }] of groups.entries()) {
    if (places.has(id)) {
      found.push({ path: ["groups", n, "id"], message: `is the id of an earlier group too: ${JSON.stringify(id)}` });
      break;
    }
    places.set(id, n);
  }
  const missing = (id: string | undefined): boolean => id !== undefined && !places.has(id);
  const sayMissing = (id = ""): string => `names a group that is not in groups: ${JSON.stringify(id)}`;
  const shapeAt = shapes.findIndex((one) => missing(one.group));
  if (shapeAt >= 0) found.push({ path: ["shapes", shapeAt, "group"], message: sayMissing(shapes[shapeAt]?.group) });
  const groupAt = groups.findIndex((one) => missing(one.group));
  if (groupAt >= 0) found.push({ path: ["groups", groupAt, "group"], message: sayMissing(groups[groupAt]?.group) });
  else found.push(...nesting(groups, places));
  let text = 0;
  for (const { path } of shapes) text += path.length;
  for (const { clips = [] } of [...groups, ...shapes]) for (const { path } of clips) text += path.length;
  if (text > sceneLimits.pathText) {
    found.push({
      path: ["shapes"],
      message: `must have at most ${sceneLimits.pathText} characters of paths, not ${text}`,
    });
  }
  return found;
}

/** The first circle of groups, or the first group that lies too deep. */
function nesting(groups: readonly SceneGroup[], places: ReadonlyMap<string, number>): readonly Fault[] {
  // How many groups lie around each, itself counted; 0 for one that was not looked at, -1 for one that is on the way.
  const depths = new Int32Array(groups.length);
  for (let start = 0; start < groups.length; start++) {
    const way: number[] = [];
    let at: number | undefined = start;
    while (at !== undefined && depths[at] === 0) {
      depths[at] = -1;
      way.push(at);
      const outer: string | undefined = groups[at]?.group;
      at = outer === undefined ? undefined : places.get(outer);
    }
    if (at !== undefined && depths[at] === -1) {
      return [{ path: ["groups", at, "group"], message: "lies in a circle: a group cannot lie in itself" }];
    }
    let depth = at === undefined ? 0 : (depths[at] as number);
    for (const inner of way.reverse()) {
      depth++;
      if (depth > sceneLimits.depth) {
        return [
          { path: ["groups", inner, "group"], message: `lies deeper than ${sceneLimits.depth} groups in each other` },
        ];
      }
      depths[inner] = depth;
    }
  }
  return [];
}
