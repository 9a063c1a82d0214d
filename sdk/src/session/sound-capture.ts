import { type Pixels, UnderdrawError } from "@underdraw/engine/core";
import type { Capture, HostAdapter } from "../host/adapter.ts";

/**
 * A capture as a host gave it, if it is what `HostAdapter.capture` promises. Throws `host-failed`, which says what is
 * not: adapters are written by others.
 */
export function soundCapture(capture: Capture, host: HostAdapter, maxSide: number): Capture {
  const { pixels, bounds, mask } = capture;
  const size = ({ width, height }: Pixels) => `${width} x ${height}`;
  if (!isPicture(pixels)) throw failed(host, "pixels whose bytes do not fit their size");
  if (Math.max(pixels.width, pixels.height) > maxSide)
    throw failed(host, `${size(pixels)} pixels, and ${maxSide} a side were asked for`);
  const { x, y, width, height } = bounds;
  if (![x, y, width, height].every(Number.isSafeInteger) || width < 1 || height < 1)
    throw failed(host, `bounds that are no whole box: ${width} x ${height} at ${x}, ${y}`);
  if (mask && (!isPicture(mask) || mask.width !== pixels.width || mask.height !== pixels.height))
    throw failed(host, `a mask of ${size(mask)} for ${size(pixels)} pixels`);
  return capture;
}

const isPicture = ({ width, height, data }: Pixels): boolean =>
  Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0 && data.length === 4 * width * height;

function failed({ name }: HostAdapter, what: string): UnderdrawError<"host-failed"> {
  const message = `The editor "${name}" gave a capture with ${what}. Update its plugin, or tell its makers.`;
  return new UnderdrawError("host-failed", message, { host: name, call: "capture" });
}
