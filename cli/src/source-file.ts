import {
  type Condition,
  type ConditionSource,
  checkSource,
  drawSceneInTurns,
  type Pixels,
  type Pose,
  readPose,
  type SceneSource,
  UnderdrawError,
  type Warning,
} from "@underdraw/engine";
import { maxPixels, readPicture } from "@underdraw/engine/pictures";
import { readSvg, type SvgReport } from "@underdraw/engine/svg";
import { misused } from "./failure.ts";
import { readBytes, readPictureFile } from "./input-picture.ts";

// What a map is drawn from, as a file: a picture, an SVG drawing, or the JSON of a pose. Its content tells which, never its
// name. A drawing goes to a condition that reads drawings as it is; for one that reads pictures it is drawn first.

/** How a source's file is read. */
export interface SourceOptions {
  readonly signal: AbortSignal;
  /**
   * How large a drawing is to be drawn: the box that it has to fit in, in pixels. Its own size without it. For a pose the
   * size of its picture, where the file does not tell it.
   */
  readonly size?: { readonly width: number; readonly height: number };
  /** Files of fonts for the text of a drawing. */
  readonly fonts?: readonly string[];
}

/** A source that was read for a condition. */
export interface SourceFile {
  readonly source: ConditionSource;
  /** What was done on the way, a sentence each. */
  readonly notes: readonly string[];
  /** What is likely to go wrong with it. */
  readonly warnings: readonly Warning[];
}

/** Reads a file as a condition reads it. Rejects with `picture-unreadable` or `file-invalid`, with the path and the reason. */
export async function readSource(path: string, condition: Condition, options: SourceOptions): Promise<SourceFile> {
  const { signal } = options;
  const read = await readPictureFile(path, signal, (bytes) => {
    const kind = kindOfFile(bytes);
    if (kind === "drawing") return readDrawing(path, bytes, condition, options);
    checkFlags(path, kind, options);
    if (kind === "picture") return null;
    return Promise.resolve<SourceFile>({ source: readPoseFile(path, bytes, options), notes: [], warnings: [] });
  });
  if ("source" in read) return read;
  return { source: read.pixels, notes: read.notes, warnings: vanishing(condition, read.pixels) };
}

/** Refuses what only a drawing takes; the size of a picture is also told to a pose. */
function checkFlags(path: string, kind: "picture" | "pose", { size, fonts }: SourceOptions): void {
  const flag = size && kind === "picture" ? "--size" : fonts ? "--font" : null;
  if (flag === null) return;
  throw misused(flag, `${flag} is for SVG drawings, and "${path}" is a ${kind}. Leave it out.`);
}

function readPoseFile(path: string, bytes: Uint8Array, { size }: SourceOptions): Pose {
  const pose = readPose(new TextDecoder().decode(bytes), { name: path, ...size });
  if (size && (size.width !== pose.width || size.height !== pose.height)) {
    const told = `"${path}" tells that its picture is ${pose.width}x${pose.height}`;
    throw misused(
      "--size",
      `--size is for poses that do not tell the size of their picture, and ${told}. Leave it out.`,
    );
  }
  return pose;
}

async function readDrawing(
  path: string,
  bytes: Uint8Array,
  condition: Condition,
  { signal, size, fonts = [] }: SourceOptions,
): Promise<SourceFile> {
  const drawing = await readSvg(bytes, {
    name: path,
    signal,
    fonts: await Promise.all(fonts.map((font) => readBytes(font, signal))),
    pictures: async (picture) => (await readPicture(picture, { name: `a picture in ${path}`, signal })).pixels,
  });
  const { scene } = drawing;
  const { width, height } = size ? fitted(drawing, size) : drawing;
  if (width * height > maxPixels) {
    const reason = `it is ${width}x${height} pixels, and ${maxPixels} pixels are most. Draw it smaller with --size.`;
    throw new UnderdrawError("picture-unreadable", `Cannot read ${path}: ${reason}`, { file: path, reason });
  }
  const notes = notesOf(drawing.report);
  const source: SceneSource = { width, height, scene };
  if (condition.reads !== "picture") return { source, notes, warnings: [] };
  const pixels = await drawn(source, signal);
  return { source: pixels, notes, warnings: vanishing(condition, pixels) };
}

/** How long a drawing may be drawn before a Ctrl-C can be heard, in ms. */
const turn = 40;

async function drawn(source: SceneSource, signal: AbortSignal): Promise<Pixels> {
  const work = drawSceneInTurns(source);
  let since = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - since < turn) continue;
    await new Promise((resolve) => setTimeout(resolve));
    signal.throwIfAborted();
    since = performance.now();
  }
}

/** Warns where a picture cannot be seen on the ground that the condition lays it on. */
function vanishing({ options }: Condition, pixels: Pixels): readonly Warning[] {
  const { matte } = options;
  return matte === "black" || matte === "white" ? checkSource(sampled(pixels), matte) : [];
}

/** About how many pixels of a picture are looked at for a warning. */
const enough = 1 << 20;

/** A picture of pixels that lie evenly apart in a large one, so that looking at it keeps no Ctrl-C waiting. */
function sampled(pixels: Pixels): Pixels {
  const step = Math.floor(Math.sqrt((pixels.width * pixels.height) / enough));
  if (step < 2) return pixels;
  const [across, down] = [Math.min(step, pixels.width), Math.min(step, pixels.height)];
  const [width, height] = [Math.floor(pixels.width / across), Math.floor(pixels.height / down)];
  const data = new Uint8ClampedArray(4 * width * height);
  for (let y = 0, to = 0; y < height; y++) {
    for (let x = 0, from = 4 * y * down * pixels.width; x < width; x++, from += 4 * across, to += 4) {
      for (let channel = 0; channel < 4; channel++) data[to + channel] = pixels.data[from + channel] as number;
    }
  }
  return { width, height, data };
}

/** What of a drawing is not in its map, in sentences. */
function notesOf({ skipped, notes }: SvgReport): readonly string[] {
  if (skipped.length === 0) return notes;
  const list = skipped.map(({ what, count }) => (count === 1 ? what : `${what} (${count} times)`));
  return [`Not drawn, or only nearly so: ${list.join(", ")}.`, ...notes];
}

/** The largest size of a drawing's proportions that fits into a box: at least a pixel each way. */
function fitted(
  { width, height }: { readonly width: number; readonly height: number },
  box: { readonly width: number; readonly height: number },
): { readonly width: number; readonly height: number } {
  const scale = Math.min(box.width / width, box.height / height);
  const side = (own: number): number => Math.max(1, Math.round(own * scale));
  return { width: side(width), height: side(height) };
}

/** Tells by a file's first bytes what it is; what is nothing known here is taken for a picture, whose reader says more. */
function kindOfFile(bytes: Uint8Array): "picture" | "drawing" | "pose" {
  // A .svgz; no other packed file is a source.
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return "drawing";
  // In UTF-16 every other byte of what counts here is 0.
  const start = String.fromCharCode(...bytes.subarray(0, 4096))
    .replace(/^(\xef\xbb\xbf|\xff\xfe|\xfe\xff)/, "")
    .replaceAll("\0", "")
    .trimStart();
  if (/^(<\?xml|<!--|<!DOCTYPE\s+(?!html)|<([\w-]+:)?svg[\s>/])/i.test(start)) return "drawing";
  return /^[{[]/.test(start) ? "pose" : "picture";
}
