import { type Bounds, boxOf, heightOf, isEmpty, join, meet, widthOf } from "./bounds.ts";
import { composite } from "./composite.ts";
import { inkWithin } from "./raster.ts";
import { type DocumentState, everyLayer, type LayerState } from "./state.ts";

// What getPixels trims a request to.

/** The smallest box inside `area` around what is not transparent; null when there is nothing. */
export function trimmed(document: DocumentState, layer: LayerState | null, area: Bounds): Bounds | null {
  if (isEmpty(area)) return null;
  if (layer) return layer.background ? area : layer.pixels && inkWithin(layer.pixels, area);
  if (document.layers.some(({ background, visible }) => background && visible)) return area;
  // Masks and opacity can only take away: what is seen lies inside what any layer holds.
  let most: Bounds | null = null;
  for (const { layer: one } of everyLayer(document.layers)) {
    const ink = one.pixels && inkWithin(one.pixels, area);
    if (ink) most = most ? join(most, ink) : ink;
  }
  return most && seen(document, meet(most, area));
}

/** The same for the composite: what surely is seen, and beyond it what a look at it shows. */
function seen(document: DocumentState, area: Bounds): Bounds | null {
  let found: Bounds | null = null;
  for (const { visible, clipped, mask, opacity, fillOpacity, pixels } of document.layers) {
    if (!visible || clipped || mask || opacity < 255 || fillOpacity < 255 || !pixels) continue;
    const ink = inkWithin(pixels, area);
    if (ink) found = found ? join(found, ink) : ink;
  }
  for (const strip of found ? around(area, found) : [area]) {
    const more = looked(document, strip);
    if (more) found = found ? join(found, more) : more;
  }
  return found;
}

/** What of a box lies around another one inside of it. */
const around = (area: Bounds, inner: Bounds): readonly Bounds[] =>
  [
    { ...area, bottom: inner.top },
    { ...area, top: inner.bottom },
    { ...area, right: inner.left },
    { ...area, left: inner.right },
  ].filter((strip) => !isEmpty(strip));

/** Where the composite is not transparent, by looking at it in bands that are never large. */
function looked(document: DocumentState, area: Bounds): Bounds | null {
  const high = Math.max(1, Math.floor(2 ** 20 / widthOf(area)));
  let found: Bounds | null = null;
  for (let top = area.top; top < area.bottom; top += high) {
    const band = boxOf(area.left, top, widthOf(area), Math.min(high, area.bottom - top));
    const { data, channels } = composite(document, band);
    for (let y = 0; y < heightOf(band); y++) {
      for (let x = 0; x < widthOf(band); x++) {
        if (data[(y * widthOf(band) + x) * channels + channels - 1] === 0) continue;
        const pixel = boxOf(band.left + x, band.top + y, 1, 1);
        found = found ? join(found, pixel) : pixel;
      }
    }
  }
  return found;
}
