import { UnderdrawError } from "../core/errors.ts";
import type { Pixels, Rect } from "../core/pixels.ts";
import type { Pose } from "../core/pose.ts";
import type { Scene, SceneSource } from "../core/scene.ts";
import type { ConditionSource, Reads } from "./condition.ts";

/** The most pixels that a drawing or a pose may ask for: a map of 1 GiB. Whoever has more pixels has them already. */
const mostPixels = 2 ** 28;

/** What each kind of source is called in a message. */
const called = { picture: "a picture", scene: "a drawing", pose: "a pose" } as const;

/** Where what a condition reads comes from. */
const remedies = {
  picture: "Give pixels, or a drawing, which is drawn first.",
  scene: "Give a scene: an SVG file, or what is selected in an editor of vectors.",
  pose: "Give a pose: joints, or a file of OpenPose's layout.",
} as const;

/**
 * A source as its condition reads it, its size and its bytes checked: a drawing becomes a picture, by work that `finish`
 * does in turns. Throws a `RangeError` for a wrong size, a `TypeError` for what is no source, `request-invalid` for a
 * source that the condition cannot read, and for a scene or a pose that is not sound.
 */
export async function readable(
  condition: string,
  wanted: Reads,
  source: ConditionSource,
  finish: (work: Generator<number, Pixels, void>) => Promise<Pixels>,
): Promise<ConditionSource> {
  const given = kindOf(source);
  checkSize(source, given);
  if (given === "scene") await checkDrawing((source as SceneSource).scene);
  if (given === "pose") await checkJoints(source as Pose);
  if (given === "picture") {
    const pixels = checkedPixels(source as Pixels);
    if (wanted === "picture") return pixels;
  }
  if (given === wanted) return source;
  if (wanted === "picture" && given === "scene")
    return finish((await import("../scene/draw.ts")).drawSceneInTurns(source as SceneSource));
  const message = `the condition reads ${called[wanted]}, and ${called[given]} was given. ${remedies[wanted]}`;
  throw new UnderdrawError("request-invalid", `The condition "${condition}" cannot be drawn: ${message}`, {
    issues: [{ path: "source", message }],
  });
}

function kindOf(source: unknown): Reads {
  if (typeof source === "object" && source !== null) {
    if ("data" in source) return "picture";
    if ("scene" in source) return "scene";
    if ("people" in source) return "pose";
  }
  const what = typeof source === "object" && source !== null ? named(source) : String(source);
  throw new TypeError(
    `source: ${what} is nothing that a map can be drawn from. Give pixels ({ width, height, data }, as ImageData has them), a scene with its size ({ width, height, scene }) or a pose ({ width, height, people }).`,
  );
}

function checkSize({ width, height }: ConditionSource, kind: Reads): void {
  if (!Number.isInteger(width) || !Number.isInteger(height) || width < 1 || height < 1) {
    throw new RangeError(`source: ${called[kind]} has at least 1x1 whole pixels, not ${width}x${height}.`);
  }
  if (kind !== "picture" && width * height > mostPixels) {
    throw new RangeError(
      `source: a map of ${width}x${height} pixels has more than the ${mostPixels} that can be drawn. Ask for a smaller one.`,
    );
  }
}

function checkBounds(scene: Scene | null): void {
  const { x, y, width, height }: Partial<Rect> = scene?.bounds ?? {};
  if ([x, y, width, height].every(Number.isFinite) && Number(width) > 0 && Number(height) > 0) return;
  const message = `source.scene.bounds: the part of the drawing that counts has a place and a size above 0, not ${width}x${height} at ${x}, ${y}.`;
  throw new UnderdrawError("request-invalid", message, { issues: [{ path: "source.scene.bounds", message }] });
}

async function checkDrawing(scene: Scene): Promise<void> {
  checkBounds(scene);
  await (await import("../scene/read-scene.ts")).checkScene(scene);
}

async function checkJoints(pose: Pose): Promise<void> {
  const { checkPose } = await import("../pose/check.ts");
  try {
    checkPose(pose);
  } catch (error) {
    const message = (error as Error).message;
    const issues = [{ path: "source", message }];
    throw new UnderdrawError(
      "request-invalid",
      `The pose cannot be drawn: ${message} Correct what gave it.`,
      { issues },
      { cause: error },
    );
  }
}

/** Pixels whose bytes are what they should be; those of Node's codecs, which do not clamp, are looked at as if they did. */
export function checkedPixels(pixels: Pixels, what = "source"): Pixels {
  const { width, height, data } = pixels as { width: number; height: number; data: unknown };
  const is = named(data);
  if (is !== "Uint8ClampedArray" && is !== "Uint8Array") {
    const deep = /^(Uint16|Int16|Uint32|Int32|Float)/.test(is);
    const remedy = deep
      ? "Bring the values to 0 to 255 first: 16 bits are divided by 257 and rounded."
      : "Give what ImageData, or a decoder's RGBA, has there.";
    throw new TypeError(
      `${what}.data: pixels are 8 bits a channel in a Uint8ClampedArray, with straight alpha, not ${is}. ${remedy}`,
    );
  }
  const bytes = data as Uint8Array<ArrayBuffer>;
  if (bytes.length !== width * height * 4) {
    const gone = bytes.length === 0 ? " They may have been handed over to a worker." : "";
    throw new RangeError(
      `${what}.data: ${width}x${height} pixels take ${width * height * 4} bytes, not ${bytes.length}.${gone}`,
    );
  }
  if (is === "Uint8ClampedArray") return pixels;
  return { width, height, data: new Uint8ClampedArray(bytes.buffer, bytes.byteOffset, bytes.length) };
}

/** The name of a value's class, also of another realm's. */
function named(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  return Object.prototype.toString.call(value).slice(8, -1);
}
