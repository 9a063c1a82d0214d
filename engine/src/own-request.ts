import type { Pixels } from "./core/pixels.ts";
import type { GenerateRequest } from "./request.ts";

/** A request that nobody else can change: its pictures and lists are its own. */
export function ownRequest(request: GenerateRequest): GenerateRequest {
  const copy = (pixels: Pixels): Pixels => ({ ...pixels, data: pixels.data.slice() });
  const { init, sampler, variation, batch } = request;
  return {
    ...request,
    controls: request.controls.map(({ map, mask, range, layers, curve, halves, ...control }) => ({
      ...control,
      ...structuredClone({
        ...(range ? { range } : {}),
        ...(layers ? { layers } : {}),
        ...(curve ? { curve } : {}),
        ...(halves ? { halves } : {}),
      }),
      map: { ...map, pixels: copy(map.pixels) },
      ...(mask ? { mask: copy(mask) } : {}),
    })),
    ...(init
      ? { init: { ...init, picture: copy(init.picture), ...(init.mask ? { mask: copy(init.mask) } : {}) } }
      : {}),
    ...(variation ? { variation: { ...variation } } : {}),
    ...(batch ? { batch: { ...batch } } : {}),
    ...(sampler === undefined ? {} : { sampler: typeof sampler === "string" ? sampler : { ...sampler } }),
  };
}
