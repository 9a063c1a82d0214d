import {
  type CallOptions,
  type ConditionMap,
  type Control,
  checkSource,
  type EngineLike,
  type GenerateRequest,
  type GenerateResult,
  type Pipeline,
  type Progress,
  requestOfRecipe,
  share,
  type Warning,
} from "@underdraw/engine";
import type { Pixels, Rect } from "@underdraw/engine/core";
import type { Capture, HostAdapter } from "../host/adapter.ts";
import { type DocumentCapture, documentSource, structureOf } from "./document.ts";
import type { DrawControl, Drawn, DrawRequest } from "./drawn.ts";
import { formatLayerRecipe, type LayerRecipe } from "./layer-recipe.ts";
import type { LoadedModel, NeededNet } from "./loaded-model.ts";
import { framed, framedOverlays, part, unframedRequest } from "./map-frame.ts";
import { notesOf } from "./map-notes.ts";
import { maskOf, maskPixels } from "./mask.ts";
import { deviceWarnings, holdSameModel } from "./replay.ts";
import { limitsOf, type Size, samplingPlan } from "./resolution.ts";
import { scaled } from "./scale.ts";

/** Who draws, and for whom. */
export interface Studio {
  readonly host: HostAdapter;
  readonly engine: EngineLike;
  readonly model: LoadedModel;
}

/** The options of a call that can be stopped, as each that draws can. */
export interface Stoppable extends CallOptions {
  readonly signal: AbortSignal;
}

/** The parts of the whole that loading, maps and drawing take. */
const shares = { load: 0.3, maps: 0.05, drawing: 0.97 } as const;

/** Draws a picture over a capture. */
export async function drawOver(
  studio: Studio,
  request: DrawRequest,
  capture: DocumentCapture,
  options: Stoppable,
): Promise<Drawn> {
  const { controls, init, ...rest } = request;
  // Before a model is loaded: that takes long enough to select something else.
  const readsDocument = controls.some((control) => "from" in control && control.from.reads === "scene");
  const scene = capture.scene ?? (readsDocument ? await structureOf(studio.host, capture, options) : null);
  const { pipeline, names, loaded } = await load(studio, controls.map(neededNet), options);
  const { initial, sampled } = samplingPlan(capture.bounds, limitsOf(pipeline.defaults));
  const warnings: Warning[] = [];
  const asked: Control[] = [];
  const shown: Control[] = [];
  let source: Pixels | null = null;
  for (const [at, control] of controls.entries()) {
    const step = shares.maps / controls.length;
    const along = { ...options, ...share(options, loaded + at * step, loaded + (at + 1) * step) };
    let map: ConditionMap;
    if ("map" in control) map = control.map;
    else if (control.from.reads === "scene") {
      const drawing = documentSource(control.from, studio.host, scene, initial);
      map = await studio.engine.extract(control.from, drawing, along);
    } else {
      // At the size that is drawn: a line one pixel wide stays one.
      source ??= await scaled(capture.pixels, initial.width, initial.height, options);
      const matte = control.from.options["matte"];
      if (matte === "black" || matte === "white") warnings.push(...checkSource(source, matte));
      map = await studio.engine.extract(control.from, source, along);
    }
    warnings.push(...notesOf(map));
    const frame = framed(map, initial, sampled);
    if (frame.cut) warnings.push(mapCut(map, initial));
    const { mask, ...steering } = steeringOf(control);
    const over = framedOverlays(mask ? { mask } : {}, initial, sampled);
    const own = { ...steering, net: names[at] as string };
    asked.push({ ...own, ...over.asked, map: frame.map });
    shown.push({ ...own, ...over.shown, map: frame.shown });
  }
  const begin = framedOverlays(init ? { init } : {}, initial, sampled);
  const { bounds, mask, anchor } = capture;
  const over: Over = {
    bounds,
    ...(mask && { mask: maskPixels(maskOf(mask)) }),
    ...(anchor !== undefined && { anchor }),
    warnings,
  };
  return draw(
    studio,
    pipeline,
    { ...rest, ...begin.asked, controls: asked, ...sampled },
    { ...rest, ...begin.shown, controls: shown, ...initial },
    over,
    { ...options, ...share(options, loaded + shares.maps, 1) },
  );
}

/**
 * Draws what a layer holds again, over a capture or where the layer was. Rejects with `model-incompatible` when another
 * model is loaded than the one that drew it.
 */
export async function drawAgain(
  studio: Studio,
  layer: LayerRecipe,
  capture: Capture | undefined,
  options: Stoppable,
): Promise<Drawn> {
  const { recipe, picture, mask } = layer;
  const needed = recipe.controls.map(({ condition, net }) => ({ what: `a map of "${condition}"`, names: [net.name] }));
  const { pipeline, loaded } = await load(studio, needed, options);
  const warnings = [
    ...(await holdSameModel(recipe, pipeline, options)),
    ...deviceWarnings(recipe, await studio.engine.device()),
  ];
  const asked = await requestOfRecipe(recipe, { name: "the layer", signal: options.signal });
  const shown = { ...asked, ...unframedRequest(asked, picture) };
  const bounds = capture?.bounds ?? layer.bounds;
  const anchor = capture?.anchor;
  const over: Over = { bounds, ...(mask && { mask }), ...(anchor !== undefined && { anchor }), warnings };
  const drawing = { ...options, ...share(options, loaded, 1) };
  return draw(studio, pipeline, asked, { ...shown, ...picture }, over, drawing);
}

async function load({ model }: Studio, needed: readonly NeededNet[], options: Stoppable) {
  const loaded = model.has(needed) ? 0 : shares.load;
  return { ...(await model.load(needed, { ...options, ...share(options, 0, loaded) })), loaded };
}

/** Where a picture goes, the mask in the size it was captured in, and what is to be said of it already. */
type Over = Pick<Drawn, "bounds" | "mask" | "anchor"> & { readonly warnings: readonly Warning[] };

/** Draws what is asked, of which the picture is the top left part, and makes a layer of it. */
async function draw(
  { host }: Studio,
  pipeline: Pipeline,
  asked: GenerateRequest,
  shown: GenerateRequest & Size,
  over: Over,
  options: Stoppable,
): Promise<Drawn> {
  const { bounds, anchor } = over;
  const area: Rect = { x: 0, y: 0, width: shown.width, height: shown.height };
  const drawing = share(options, 0, shares.drawing);
  const result = await pipeline.generate(asked, {
    signal: options.signal,
    onProgress: (progress) => drawing.onProgress?.(cutPreview(progress, area)),
  });
  const picture = part(result.pixels, area);
  const size = host.exactSize ? bounds : picture;
  const pixels = await scaled(picture, size.width, size.height, options);
  const mask = over.mask && (await scaled(over.mask, size.width, size.height, options));
  // The session chose the map's size: nothing that a person could do anything about.
  const warnings = [...over.warnings, ...result.warnings.filter(({ code }) => code !== "map-resized")];
  const layer = { bounds, picture: area, ...(over.mask && { mask: over.mask }) };
  const { recipe, warning } = await recipeText(pipeline, asked, result, layer, options);
  if (warning) warnings.push(warning);
  return {
    pixels,
    bounds,
    ...(mask && { mask }),
    ...(anchor !== undefined && { anchor }),
    recipe,
    request: shown,
    result: { ...result, pixels: picture, warnings },
  };
}

/** The recipe of what was drawn. A picture that is there is not lost because its recipe cannot be made. */
async function recipeText(
  pipeline: Pipeline,
  asked: GenerateRequest,
  result: GenerateResult,
  layer: Omit<LayerRecipe, "recipe">,
  { signal }: Stoppable,
): Promise<{ readonly recipe: string; readonly warning?: Warning }> {
  try {
    const recipe = await pipeline.recipe(asked, result, { signal });
    return { recipe: await formatLayerRecipe({ ...layer, recipe }) };
  } catch (error) {
    if (signal.aborted) throw error;
    const why = error instanceof Error ? error.message : String(error);
    const message = `The picture is there, and no recipe could be made to draw it again: ${why}`;
    return { recipe: "", warning: { code: "recipe-missing", message } };
  }
}

/** Progress whose preview shows the picture alone. */
function cutPreview(progress: Progress, area: Rect): Progress {
  if (progress.phase !== "denoise" || !progress.preview) return progress;
  const { preview } = progress;
  return { ...progress, preview: async () => part(await preview(), area) };
}

/** All that a control says but what it follows. */
function steeringOf(control: DrawControl): Omit<Control, "map"> {
  if ("from" in control) {
    const { from: _, ...steering } = control;
    return steering;
  }
  const { map: _, ...steering } = control;
  return steering;
}

function neededNet(control: DrawControl): NeededNet {
  const { id, nets } = "from" in control ? control.from : { id: control.map.condition, nets: control.map.nets };
  return { what: `a map of "${id}"`, names: control.net !== undefined ? [control.net] : (nets ?? [id]) };
}

const mapCut = ({ condition, pixels }: ConditionMap, { width, height }: Size): Warning => ({
  code: "map-cut",
  message: `The map of "${condition}" has ${pixels.width} x ${pixels.height} pixels, and what is selected has the proportions of ${width} x ${height}: the middle of the map was taken.`,
  remedy: "Draw the map from what is selected now.",
});
