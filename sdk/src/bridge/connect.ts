// A host behind a port, made an adapter again: its pictures are pixels on this side, whatever the sandbox gives and takes.
// A host is foreign code: what it returns is checked against what was asked before anybody relies on it. This file knows
// the calls; how they travel stands in line.ts.

import { UnderdrawError } from "@underdraw/engine/core";
import type { Ability, Capture, HostAdapter, HostCallOptions, NewLayer, Picture, StopSignal } from "../host/adapter.ts";
import { limits } from "../host/limits.ts";
import { hostFailed, packPlace } from "../host/packed.ts";
import type { Port } from "../host/port.ts";
import { checked, checkedScene, unpackCapture } from "./answers.ts";
import { stopReason } from "./asked.ts";
import { type Line, openLine } from "./line.ts";
import { encoded, pixelsOf } from "./pictures.ts";

/** How to connect. */
export interface ConnectOptions {
  /** Stops the waiting for the host's answer. */
  readonly signal?: AbortSignal;
  /** How long to wait for the first answer, in milliseconds; the hello is repeated meanwhile. 10,000 without it. */
  readonly timeoutMs?: number;
  /** How long the host may give no sign of life during a call, in milliseconds, before the call ends. 60,000 without it. */
  readonly stallMs?: number;
}

/** A host behind a port: an adapter again, whose pictures are pixels. */
export interface ConnectedHost extends HostAdapter {
  /** What the host can do besides `capture` and `place`. The methods for what it cannot do are absent. */
  readonly abilities: readonly Ability[];
  /** Calls `listener` once when the host is gone: later calls reject with `bridge-closed`. */
  onClose(listener: (reason: string) => void): () => void;
  /** Lets the host and the port go: what is on its way rejects with `bridge-closed`. */
  close(): void;
}

/**
 * Connects to the host at the other end of `port`: says hello, settles version, abilities and pieces. Rejects with
 * `timeout` when nobody answers, with `bridge-protocol` when the versions do not meet, with `bridge-closed` when the port
 * closes, with a RangeError for limits that are none; the port is then left open. Pixels that are being placed must not
 * be changed until the call has ended.
 */
export async function connectHost(port: Port, options: ConnectOptions = {}): Promise<ConnectedHost> {
  const { signal, timeoutMs = 10_000, stallMs = limits.stallMs } = options;
  for (const [name, value] of Object.entries({ timeoutMs, stallMs })) {
    if (!(Number.isFinite(value) && value > 0)) throw new RangeError(`${name}: ${value} is no number above 0.`);
  }
  const line = await openLine(port, { signal, timeoutMs, stallMs });
  const { host: name, exactSize, layerMasks, abilities: said } = line.welcome;
  const can = (ability: Ability): boolean => said.includes(ability);
  const known: readonly Ability[] = ["selection-events", "scene", "recipe"];
  return {
    version: 1,
    name,
    ...(exactSize ? { exactSize } : {}),
    ...(layerMasks ? { layerMasks } : {}),
    abilities: known.filter(can),
    capture: (asked, call = {}) => capture(line, asked.maxSide, call),
    place: (title, layers, call = {}) => place(line, title, layers, call),
    ...(can("selection-events") ? { onSelectionChange: line.onSelectionChange } : {}),
    ...(can("scene")
      ? {
          scene: async ({ signal: stop }: HostCallOptions = {}) => {
            const { value } = await line.ask("scene", { value: null, parts: [] }, stop);
            return checkedScene(name, value);
          },
        }
      : {}),
    ...(can("recipe")
      ? {
          recipe: async (layer: string, { signal: stop }: HostCallOptions = {}) => {
            const { value } = await line.ask("recipe", { value: { layer }, parts: [] }, stop);
            return checked(name, "recipe", value);
          },
        }
      : {}),
    onClose: line.onClose,
    close: line.close,
  };
}

async function capture(line: Line, maxSide: number, { signal }: HostCallOptions): Promise<Capture | null> {
  const { host } = line.welcome;
  if (!(Number.isSafeInteger(maxSide) && maxSide >= 1 && maxSide <= limits.side)) {
    throw new RangeError(`maxSide: ${maxSide} is no whole number within 1..${limits.side}.`);
  }
  const { value, parts } = await line.ask("capture", { value: { maxSide }, parts: [] }, signal);
  const packed = checked(host, "capture", value);
  if (!packed) return null;
  const refuse = (what: string, cause?: unknown): UnderdrawError => hostFailed(host, "capture", what, cause);
  const checkSides = ({ width, height }: { readonly width: number; readonly height: number }): void => {
    if (width <= maxSide && height <= maxSide) return;
    throw refuse(`gave ${width} x ${height} pixels where ${maxSide} a side were asked for.`);
  };
  try {
    const { pixels: picture, mask: cover, ...rest } = unpackCapture(packed, parts);
    // Before memory is taken for it, where the size is known.
    for (const given of [picture, cover ?? picture]) if ("width" in given) checkSides(given);
    const pixels = await pixelsOf(picture, signal);
    checkSides(pixels);
    const { width, height } = pixels;
    const mask = cover && (await pixelsOf(cover, signal));
    if (mask && (mask.width !== width || mask.height !== height)) {
      throw refuse(`gave a mask of ${mask.width} x ${mask.height} for ${width} x ${height} pixels.`);
    }
    return { pixels, ...(mask ? { mask } : {}), ...rest };
  } catch (error) {
    if (signal?.aborted) throw stopReason(signal);
    if (UnderdrawError.is(error, "host-failed")) throw error;
    throw refuse("gave a picture that cannot be read.", error);
  }
}

async function place(
  line: Line,
  title: string,
  layers: readonly NewLayer[],
  { signal }: HostCallOptions,
): Promise<readonly string[]> {
  const { host, pictures } = line.welcome;
  if (layers.length > limits.layers) throw new RangeError(`layers: ${layers.length}; ${limits.layers} at most.`);
  layers.forEach(checkLayer);
  const packed = packPlace(title, pictures === "png" ? await inPng(layers, signal) : layers);
  const { value } = await line.ask("place", packed, signal);
  const ids = checked(host, "place", value);
  if (ids.length === layers.length) return ids;
  throw hostFailed(host, "place", `gave ${ids.length} ids for ${layers.length} layers. Look at the document first.`);
}

function checkLayer({ pixels, bounds, mask, recipe = "", anchor = "" }: NewLayer, at: number): void {
  const path = `layers[${at}]`;
  for (const [name, { width, height, data }] of Object.entries(mask ? { pixels, mask } : { pixels })) {
    const sound = [width, height].every((side) => Number.isInteger(side) && side >= 1 && side <= limits.side);
    if (!sound || data.length !== width * height * 4) {
      throw new RangeError(`${path}.${name}: ${width} x ${height} does not go with ${data.length} bytes of RGBA.`);
    }
  }
  const { x, y, width, height } = bounds;
  if (![x, y, width, height].every(Number.isFinite) || !(width > 0 && height > 0)) {
    throw new RangeError(`${path}.bounds: ${width} x ${height} at ${x}, ${y} is no area.`);
  }
  if (recipe.length > limits.recipe) throw new RangeError(`${path}.recipe: ${limits.recipe} characters at most.`);
  if (anchor.length > limits.anchor) throw new RangeError(`${path}.anchor: ${limits.anchor} characters at most.`);
}

async function inPng(
  layers: readonly NewLayer[],
  signal: StopSignal | undefined,
): Promise<readonly NewLayer<Picture>[]> {
  const made: NewLayer<Picture>[] = [];
  for (const { pixels, mask, ...rest } of layers) {
    const picture = await encoded(pixels, signal);
    made.push({ ...rest, pixels: picture, ...(mask ? { mask: await encoded(mask, signal) } : {}) });
  }
  return made;
}
