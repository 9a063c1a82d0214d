import type { Scene, SceneGroup, SceneShape, SceneSource } from "../core/scene.ts";
import { collect, createNames } from "./collection.ts";
import { readDocument } from "./document.ts";
import { attribute, elementsIn, type SvgDocument, type SvgElement } from "./element.ts";
import { textOf } from "./file-text.ts";
import { readFaces } from "./font.ts";
import { lengthFrom, type Measures } from "./length.ts";
import { limitsFrom, type SvgLimits } from "./limits.ts";
import { type ReadSvgPicture, readPictures } from "./picture.ts";
import type { Place } from "./place.ts";
import { createBudget, createKept, type Reading } from "./reading.ts";
import { unreadable } from "./refusal.ts";
import { createReport, type Reporter, type SvgReport } from "./report.ts";
import { createCascade, type Declared, styleOf } from "./style.ts";
import { initialStyle } from "./style-record.ts";
import { readStyleSheets } from "./stylesheet.ts";
import { identity } from "./transform.ts";
import { fit, viewBoxOf } from "./view-box.ts";
import { walk } from "./walk.ts";

// SVG files as scenes: outlines, paint, names and order, as a drawing program wrote them. The tree is read first, then
// walked over once with all styles and references resolved. Nothing is drawn here and nothing is fetched; what is not
// understood is counted in the report, so that no map is wrong without a word.

/** How a file is read. */
export interface SvgOptions {
  /** What to call the file in messages. @default "the drawing" */
  readonly name?: string;
  /** Stops the reading: it then rejects with the signal's reason, untouched. */
  readonly signal?: AbortSignal;
  /** Reads the pictures inside the file; without it each is its box. */
  readonly pictures?: ReadSvgPicture;
  /** TTF, OTF or WOFF files: text becomes outlines by them; without any it is its box. Needs the package opentype.js. */
  readonly fonts?: readonly Uint8Array[];
  /** The language that a file chooses by where it holds several, such as `ko`. @default "en" */
  readonly language?: string;
  readonly limits?: Partial<SvgLimits>;
}

/** A file as a scene, at its own size in pixels: 96 to the inch. */
export interface SvgDrawing extends SceneSource {
  readonly report: SvgReport;
}

/** How long others wait for their turn, in ms. */
const turn = 40;

/**
 * Reads an SVG file, plain or packed with gzip, in UTF-8, UTF-16 or the encoding that it names; or its text. Rejects with
 * `picture-unreadable` for what is no sound SVG or beyond a limit, and with a RangeError for a limit that is none.
 */
export async function readSvg(source: Uint8Array | string, options: SvgOptions = {}): Promise<SvgDrawing> {
  const { name: file = "the drawing", signal, language = "en" } = options;
  const limits = limitsFrom(options.limits);
  signal?.throwIfAborted();
  const report = createReport();
  if (typeof source === "string" && source.length > limits.bytes) {
    throw unreadable(file, "it is longer than limits.bytes allows. Simplify the drawing, or raise the limit.");
  }
  const text = typeof source === "string" ? source : await textOf(source, file, limits.bytes, signal);
  const document = await inTurns(readDocument(text, file, limits, report), signal);
  const pictures = await readPictures(document, options.pictures, limits, report, signal);
  const faces = await readFaces(options.fonts ?? []);
  const declared = createCascade(readStyleSheets(document.styles, file, limits.rules, report), report);
  const size = sizeOf(document.root, declared(document.root), file);
  const [width, height] = [Math.max(1, Math.round(size.width)), Math.max(1, Math.round(size.height))];
  const reading: Reading = {
    file,
    document,
    limits,
    report,
    language: language.toLowerCase(),
    measures: size.measures,
    pictures,
    faces,
    declared,
    walk,
    size: { width, height },
    kept: createKept(),
    ...createBudget(file, limits, report),
  };
  const shapes: SceneShape[] = [];
  const groups: SceneGroup[] = [];
  const [elements, place] = begin(reading, size);
  await inTurns(walk(reading, elements, place, createNames(), collect(shapes, groups)), signal);
  tellSkipped(document, report);
  if (shapes.length === 0) report.note("Nothing in the file can be seen.");
  const scene: Scene = { bounds: { x: 0, y: 0, width, height }, shapes, ...(groups.length > 0 ? { groups } : {}) };
  return { width, height, scene, report: report.done() };
}

/** Works on, and lets others have their turn: only then can an abort be heard. */
async function inTurns<T>(work: Generator<unknown, T, void>, signal?: AbortSignal): Promise<T> {
  let since = performance.now();
  for (;;) {
    const step = work.next();
    if (step.done) return step.value;
    if (performance.now() - since < turn) continue;
    await new Promise<void>((resolve) => setTimeout(resolve));
    signal?.throwIfAborted();
    since = performance.now();
  }
}

/** The size of the whole in px, and what percentages inside are of. */
interface Size {
  readonly width: number;
  readonly height: number;
  readonly measures: Measures;
}

/** The size of a file: its own, else that of its view box, else CSS's for what has none. */
function sizeOf(root: SvgElement, declared: Declared, file: string): Size {
  const box = viewBoxOf(root);
  const whole: Measures = { width: box?.width ?? 300, height: box?.height ?? 150, fontSize: 16 };
  const { fontSize } = styleOf(initialStyle, declared, root, whole);
  const side = (name: "width" | "height"): number => {
    const text = declared.get(name) ?? attribute(root, name);
    // A percentage is of a page that is not there.
    const value = text?.endsWith("%") ? undefined : lengthFrom(text, name, { ...whole, fontSize });
    if (value === undefined || value < 0) return whole[name];
    if (value > 0) return value;
    throw unreadable(file, `its ${name} is 0, so that there is nothing to draw. Give it a size in the file.`);
  };
  const [width, height] = [side("width"), side("height")];
  return { width, height, measures: box ? whole : { width, height, fontSize: 16 } };
}

/** Properties of the outermost element that act on all of it as on a group. */
const wholes = ["opacity", "clip-path", "mask", "filter", "display", "mix-blend-mode"];

/** What is walked over, and where it stands: what lies in the outermost element, or that element like a group. */
function begin(
  reading: Reading,
  { width, height, measures }: Size,
): readonly [elements: readonly SvgElement[], place: Place] {
  const { root } = reading.document;
  const declared = reading.declared(root);
  for (const name of ["background", "background-color"]) if (declared.has(name)) reading.report.skip(name);
  const outside: Place = {
    matrix: identity,
    style: initialStyle,
    group: null,
    measures: { width, height, fontSize: 16 },
    depth: 0,
    uses: [],
  };
  if (wholes.some((name) => declared.has(name))) return [[root], outside];
  const box = viewBoxOf(root);
  const into = { x: 0, y: 0, width, height };
  const style = styleOf(initialStyle, declared, root, measures);
  const matrix = box ? fit(box, into, attribute(root, "preserveAspectRatio")).matrix : identity;
  const inside = { ...measures, fontSize: style.fontSize };
  return [elementsIn(root), { ...outside, matrix, style, measures: inside, uses: [root] }];
}

/** Elements that change a drawing over time or by a program: it is drawn as it stands without them. */
const moving: ReadonlySet<string> = new Set([
  "script",
  "animate",
  "animateTransform",
  "animateMotion",
  "animateColor",
  "set",
]);

function tellSkipped({ root }: SvgDocument, report: Reporter): void {
  const waiting: SvgElement[] = [root];
  for (let element = waiting.pop(); element; element = waiting.pop()) {
    if (moving.has(element.name)) report.skip(element.name);
    for (const child of element.children) if (typeof child !== "string") waiting.push(child);
  }
}
