import type { Rect } from "../core/index.ts";
import { type Clips, type Cut, clipsOf } from "./clip.ts";
import { createNames } from "./collection.ts";
import { effectsOf } from "./effects.ts";
import { attribute, elementsIn, hrefOf, nameOf, type SvgElement } from "./element.ts";
import { suits } from "./language.ts";
import { shareFrom } from "./length.ts";
import { masksOf } from "./mask.ts";
import { boxOf, joined } from "./outline.ts";
import { transformOf } from "./own-transform.ts";
import type { Met, Names, OpenGroup, Place, Sink } from "./place.ts";
import { ownValue, type Reading, target } from "./reading.ts";
import { silent } from "./report.ts";
import { geometry, shapeNames } from "./shape.ts";
import { shapesOf } from "./shapes.ts";
import { styleOf } from "./style.ts";
import { identity, inverse, moved, multiply } from "./transform.ts";
import { type Given, viewOf } from "./viewport.ts";

// The second walk over the tree: styles, places and references are resolved on the way, and shapes come out from the back
// to the front. A stack of its own stands in for recursion, so that depth costs no stack and the walk can rest anywhere.

/** Elements that are waiting, with the place that they stand in. */
interface Frame {
  readonly elements: readonly SvgElement[];
  at: number;
  readonly place: Place;
  /** Present where `use` refers to the elements: a symbol is drawn only so. */
  readonly given?: Given;
  /** What comes above all of the elements. */
  readonly after?: () => void;
}

/** What holds other elements to be drawn. */
const containers: ReadonlySet<string> = new Set(["g", "a", "svg", "switch", "symbol", "use"]);

/** What is drawn only where something refers to it, or is no part of the drawing. Counted elsewhere, where at all. */
const unseen: ReadonlySet<string> = new Set([
  ...["defs", "clipPath", "mask", "linearGradient", "radialGradient", "pattern", "marker", "filter", "style", "title"],
  ...[
    "desc",
    "metadata",
    "view",
    "script",
    "animate",
    "animateTransform",
    "animateMotion",
    "animateColor",
    "set",
    "mpath",
  ],
  ...["solidColor", "solidcolor", "font", "font-face", "color-profile", "cursor"],
]);

/** How many elements are met between two rests. */
const stride = 1000;

/** Walks over elements, and hands each shape to the sink. Yields now and then. */
export function* walk(
  reading: Reading,
  elements: readonly SvgElement[],
  place: Place,
  names: Names,
  sink: Sink,
): Generator<void, void, void> {
  yield* walkFrame(reading, { elements, at: 0, place }, names, sink);
}

function* walkFrame(reading: Reading, first: Frame, names: Names, sink: Sink): Generator<void, void, void> {
  const frames: Frame[] = [first];
  let met = 0;
  for (let frame = frames.at(-1); frame; frame = frames.at(-1)) {
    const element = frame.elements[frame.at++];
    if (!element) {
      frame.after?.();
      frames.pop();
      continue;
    }
    if (++met % stride === 0) yield;
    const inner = yield* visit(reading, element, frame, names, sink);
    if (inner) frames.push(inner);
  }
}

/** Draws an element, or gives what is to be visited inside of it. */
function* visit(
  reading: Reading,
  element: SvgElement,
  frame: Frame,
  names: Names,
  sink: Sink,
): Generator<void, Frame | null, void> {
  const { name } = element;
  if (name.includes(":") || unseen.has(name) || (name === "symbol" && !frame.given)) return null;
  reading.spendElement(reading.report === silent ? 0.1 : 1);
  if (!isShapeName(name) && !containers.has(name)) {
    reading.report.skip(name);
    return null;
  }
  if (!suits(element, reading.language)) return null;
  const found = yield* meet(reading, element, frame.place);
  if (!found) return null;
  const effects = yield* effectsOf(reading, found, cutOf(reading, found), (own, alone, into) =>
    drawAlone(own, alone, frame.given, into),
  );
  if (!effects) return yield* drawOrEnter(reading, found, frame.given, names, sink);
  const id = attribute(element, "id") || name;
  const { opacity, clips, place } = found;
  const group: OpenGroup = { id: names(id), name: nameOf(element) ?? name, outer: place.group, opacity, clips };
  const { below, above } = effects;
  if (below) sink({ id: names(id), ...below }, group);
  const after = above ? (): void => sink({ id: names(id), ...above }, group) : undefined;
  const bare: Met = { ...found, opacity: 1, clips: [], place: { ...place, group } };
  const inner = yield* drawOrEnter(reading, bare, frame.given, names, sink);
  if (inner && after) return { ...inner, after };
  after?.();
  return inner;
}

const isShapeName = (name: string): boolean => shapeNames.has(name) || name === "text" || name === "image";

/** Draws a shape, or gives what is to be visited inside of a container. */
function* drawOrEnter(
  reading: Reading,
  met: Met,
  given: Given | undefined,
  names: Names,
  sink: Sink,
): Generator<void, Frame | null, void> {
  if (!isShapeName(met.element.name)) return enter(reading, met, names, given);
  yield* shapesOf(reading, met, names, sink);
  return null;
}

/** Draws an element and all that lies in it for itself. */
function* drawAlone(reading: Reading, met: Met, given: Given | undefined, sink: Sink): Generator<void, void, void> {
  const names = createNames();
  const inner = yield* drawOrEnter(reading, met, given, names, sink);
  if (inner) yield* walkFrame(reading, inner, names, sink);
}

/** Resolves an element's style and place; null for one that is not seen. */
function* meet(reading: Reading, element: SvgElement, place: Place): Generator<void, Met | null, void> {
  const { report } = reading;
  const declared = reading.declared(element);
  const style = styleOf(place.style, declared, element, place.measures);
  const own = (name: string): string | undefined => ownValue(reading, element, name, style);
  if (own("display")?.toLowerCase() === "none") return null;
  const measures = { ...place.measures, fontSize: style.fontSize };
  const turned = multiply(place.matrix, transformOf(reading, element, declared, style, measures));
  if (!inverse(turned)) return null;
  // The x and y of `use` move all of it, what cuts it included.
  const at = (name: "x" | "y", side: "width" | "height"): number =>
    geometry(element, declared, name, side, measures) ?? 0;
  const matrix = element.name === "use" ? multiply(turned, moved(at("x", "width"), at("y", "height"))) : turned;
  if (!/^(normal)?$/i.test(own("mix-blend-mode") ?? "")) report.skip("mix-blend-mode");
  const met = {
    element,
    declared,
    style,
    matrix,
    place: { ...place, measures },
    opacity: shareFrom(own("opacity")) ?? 1,
  };
  const clips = yield* cutsOf(reading, { ...met, clips: [] });
  return clips && { ...met, clips };
}

/** What is cut by the properties of an element. */
function cutOf(reading: Reading, met: Met): Cut {
  const { matrix, style, place } = met;
  let known: Rect | null | undefined;
  return {
    matrix,
    style,
    measures: place.measures,
    uses: place.uses,
    depth: place.depth,
    isTemplate: place.isTemplate === true,
    box() {
      if (known === undefined) known = measured(reading, met);
      return known;
    },
  };
}

/** All that cuts an element by its own properties; null where nothing is left of it. */
function* cutsOf(reading: Reading, met: Met): Generator<void, Clips, void> {
  // What is only measured is not cut: boxes are those of outlines.
  if (reading.report === silent) return [];
  const cut = cutOf(reading, met);
  const clips = clipsOf(reading, met.element, cut);
  const masks = clips && (yield* masksOf(reading, met.element, cut));
  return clips && masks && [...clips, ...masks];
}

/** The box of an element in its own coordinates, without lines and clips; null for one without an area or a line. */
function measured(reading: Reading, met: Met): Rect | null {
  let box: Rect | null = null;
  const quiet: Reading = { ...reading, report: silent };
  const sink: Sink = (shape) => {
    box = joined(box, boxOf(shape.path, shape.matrix));
  };
  const place: Place = { ...met.place, matrix: identity, group: null };
  const bare: Met = { ...met, matrix: identity, place, clips: [] };
  finish(drawAlone(quiet, bare, undefined, sink));
  return box;
}

function finish(work: Generator<void, void, void>): void {
  while (!work.next().done);
}

/** What is to be visited inside of a container. */
function enter(reading: Reading, met: Met, names: Names, given: Given | undefined): Frame | null {
  const { element, place, style, matrix } = met;
  if (place.depth >= reading.limits.depth) {
    reading.report.skip("element that lies too deep");
    return null;
  }
  const { name } = element;
  const view = name === "svg" || name === "symbol" ? viewOf(reading, met, given) : null;
  if (view === "empty") return null;
  const group: OpenGroup = {
    id: names(attribute(element, "id") || name),
    name: nameOf(element) ?? name,
    outer: place.group,
    opacity: met.opacity,
    clips: view ? [...met.clips, ...view.clips] : met.clips,
  };
  const inner: Place = {
    ...place,
    matrix: view?.matrix ?? matrix,
    measures: view ? { ...view.measures, fontSize: place.measures.fontSize } : place.measures,
    style,
    group,
    depth: place.depth + 1,
    // What lies in it may not draw it again.
    uses: attribute(element, "id") && !place.uses.includes(element) ? [...place.uses, element] : place.uses,
  };
  if (name === "use") return used(reading, met, inner);
  if (name === "switch") {
    const chosen = elementsIn(element).find((child) => {
      const fits = suits(child, reading.language) && !child.name.includes(":");
      return fits && (containers.has(child.name) || shapeNames.has(child.name) || /^(text|image)$/.test(child.name));
    });
    return chosen ? { elements: [chosen], at: 0, place: inner } : null;
  }
  return { elements: elementsIn(element), at: 0, place: inner };
}

/** What `use` repeats. */
function used(reading: Reading, { element, declared, place }: Met, inner: Place): Frame | null {
  const href = hrefOf(element);
  const found = href === undefined ? null : target(reading, href);
  if (!found) {
    if (found === null && href) reading.report.skip("use of an element that is not there");
    return null;
  }
  if (place.uses.includes(found)) {
    reading.report.skip("use of an element inside of itself");
    return null;
  }
  const length = (name: "width" | "height"): string | undefined => declared.get(name) ?? attribute(element, name);
  return {
    elements: [found],
    at: 0,
    place: { ...inner, uses: [...inner.uses, found] },
    given: { width: length("width"), height: length("height") },
  };
}
