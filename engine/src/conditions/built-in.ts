import { blur } from "./blur.ts";
import { canny } from "./canny.ts";
import { colourAreas } from "./colour-areas.ts";
import { colourGrid } from "./colour-grid.ts";
import type { ConditionKind } from "./condition.ts";
import { depthAnything } from "./depth-anything.ts";
import { depthModel } from "./depth-model.ts";
import { depthOrder } from "./depth-order.ts";
import { depthSilhouette } from "./depth-silhouette.ts";
import { edgesModel } from "./edges-model.ts";
import { inpaint } from "./inpaint.ts";
import { invert } from "./invert.ts";
import { lineart } from "./lineart.ts";
import { lineartRealistic } from "./lineart-realistic.ts";
import { lineartStandard } from "./lineart-standard.ts";
import { mask } from "./mask.ts";
import { maskLayers } from "./mask-layers.ts";
import { normalDepth } from "./normal-depth.ts";
import { normalLayers } from "./normal-layers.ts";
import { palette } from "./palette.ts";
import { pose } from "./pose.ts";
import { poseDw } from "./pose-dw.ts";
import { poseLayers } from "./pose-layers.ts";
import { poseMovenet } from "./pose-movenet.ts";
import { recolour } from "./recolour.ts";
import { scribble } from "./scribble.ts";
import { scribbleLines } from "./scribble-lines.ts";
import { scribbleSoftedge } from "./scribble-softedge.ts";
import { scribbleXdog } from "./scribble-xdog.ts";
import { segmentation } from "./segmentation.ts";
import { shuffle } from "./shuffle.ts";
import { silhouette } from "./silhouette.ts";
import { softedgeGradient } from "./softedge-gradient.ts";
import { softedgeHed } from "./softedge-hed.ts";
import { softedgePidinet } from "./softedge-pidinet.ts";
import { softedgeTeed } from "./softedge-teed.ts";
import { straightLines } from "./straight-lines.ts";
import { threshold } from "./threshold.ts";
import { tile } from "./tile.ts";

/** The conditions that come with the engine, for menus and command lines. */
export const builtInConditions: readonly ConditionKind[] = [
  canny,
  lineartStandard,
  scribble,
  scribbleXdog,
  scribbleSoftedge,
  invert,
  threshold,
  tile,
  blur,
  recolour,
  colourGrid,
  shuffle,
  lineart,
  scribbleLines,
  depthOrder,
  segmentation,
  colourAreas,
  maskLayers,
  normalLayers,
  softedgeGradient,
  straightLines,
  normalDepth,
  depthSilhouette,
  silhouette,
  palette,
  mask,
  inpaint,
  pose,
  poseLayers,
  poseMovenet,
  poseDw,
  softedgeHed,
  softedgePidinet,
  softedgeTeed,
  edgesModel,
  lineartRealistic,
  depthAnything,
  depthModel,
];
