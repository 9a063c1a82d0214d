export type { SvgLimits } from "./limits.ts";
export type { ReadSvgPicture } from "./picture.ts";
export { readSvg, type SvgDrawing, type SvgOptions } from "./read-svg.ts";
export type { SvgReport, SvgSkipped } from "./report.ts";
