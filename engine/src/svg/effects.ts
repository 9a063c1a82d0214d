import type { Pixels, SceneGroup, SceneShape } from "../core/index.ts";
import { drawSceneInTurns } from "../scene/draw.ts";
import { type Cut, referred } from "./clip.ts";
import { collect } from "./collection.ts";
import { effectPicture } from "./effect-picture.ts";
import { attribute, nameOf } from "./element.ts";
import { type Effect, layersOf } from "./filter.ts";
import type { Met, Sink } from "./place.ts";
import { ownValue, type Reading } from "./reading.ts";
import { frameOf, regionOf } from "./region.ts";
import { silent } from "./report.ts";
import { rectangle } from "./shape.ts";
import { multiply } from "./transform.ts";

/** What the filter of an element lays below and above it. */
export interface Effects {
  readonly below: Omit<SceneShape, "id"> | null;
  readonly above: Omit<SceneShape, "id"> | null;
}

/** The most pixels of one effect. */
const mostPixels = 2_000_000;
/** What lies so far outside of the document still throws its shadow into it. */
const near = 200;

/**
 * The effects of an element, drawn; null for one without, and for a filter that changes the element itself, which is told.
 * `draw` draws the element without its filter, clips and opacity.
 */
export function* effectsOf(
  reading: Reading,
  met: Met,
  cut: Cut,
  draw: (reading: Reading, met: Met, sink: Sink) => Generator<void, void, void>,
): Generator<void, Effects | null, void> {
  const value = ownValue(reading, met.element, "filter", met.style);
  if (reading.isForEffects || reading.report === silent) return null;
  const filter = referred(reading, value, "filter");
  if (!filter) return null;
  const layers = filter.name === "filter" && !cut.isTemplate ? layersOf(reading, filter) : null;
  const region = layers && regionOf(filter, "filterUnits", cut);
  const frame = region && frameOf(reading, region, near);
  if (!layers) reading.report.skip("filter");
  if (!layers || !frame || layers.below.length + layers.above.length === 0) return null;
  const scale = Math.min(2, Math.sqrt(mostPixels / (frame.width * frame.height)));
  const [width, height] = [Math.ceil(frame.width * scale), Math.ceil(frame.height * scale)];
  if (!reading.spendPixels(width * height)) {
    reading.report.skip("filter");
    return null;
  }
  const shapes: SceneShape[] = [];
  const groups: SceneGroup[] = [];
  const quiet: Reading = {
    ...reading,
    isForEffects: true,
    report: { ...silent },
    spendElement: (weight = 1) => reading.spendElement(weight / 10),
  };
  yield* draw(quiet, { ...met, opacity: 1, clips: [], place: { ...met.place, group: null } }, collect(shapes, groups));
  const work = drawSceneInTurns({ width, height, scene: { bounds: frame, shapes, groups } });
  let source: Pixels | null = null;
  while (source === null) {
    const step = work.next();
    if (step.done) source = step.value;
    else yield;
  }
  const pixels = multiply([width / frame.width, 0, 0, height / frame.height, 0, 0], met.matrix);
  const path = rectangle(frame.x, frame.y, frame.width, frame.height) as string;
  const shape: Omit<SceneShape, "id"> = {
    name: nameOf(met.element) ?? (attribute(met.element, "id") || met.element.name),
    kind: "effect",
    path,
    matrix: [1, 0, 0, 1, 0, 0],
    stroke: null,
    strokeWidth: 0,
    dash: [],
    fill: null,
    opacity: 1,
    ...(region ? { clips: [region] } : {}),
  };
  const drawn = function* (effects: readonly Effect[]): Generator<void, Omit<SceneShape, "id"> | null, void> {
    if (effects.length === 0) return null;
    return { ...shape, picture: yield* effectPicture(effects, source, pixels, layers.linear) };
  };
  return { below: yield* drawn(layers.below), above: yield* drawn(layers.above) };
}
