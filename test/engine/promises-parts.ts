import {
  type Control,
  createPixels,
  type GenerateOptions,
  type GenerateRequest,
  type GenerateResult,
  type Pipeline,
  type Pixels,
} from "@underdraw/engine";
import { nodeModel } from "@underdraw/engine/node";

// Small random models, maps and requests for the tests of what controls promise, and a count of what ran.

const parity = "test/golden/parity";

/** A small base with the shape of Stable Diffusion 1.5. */
export const smallBase = () => nodeModel(`${parity}/sd15-tiny/base`);

/** Two nets for it. */
export const smallNets = () => ({
  canny: nodeModel(`${parity}/sd15-tiny/controlnets/canny`),
  depth: nodeModel(`${parity}/two-controls/controlnets/depth`),
});

/** A map with a few white bars; `seed` moves them. */
export function bars(seed: number, width = 64, height = 48): Pixels {
  return painted(width, height, (x, y) => ((x + seed * 7) % 16 < 2 || (y + seed * 3) % 20 < 2 ? 255 : 0));
}

/** A gray opaque picture. */
export function painted(width: number, height: number, at: (x: number, y: number) => number): Pixels {
  const pixels = createPixels(width, height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < width; x++) {
      const value = at(x, y);
      pixels.data.set([value, value, value, 255], 4 * (y * width + x));
    }
  return pixels;
}

/** A control of a net with a map of its own. */
export const control = (net: string, more: Partial<Control> = {}): Control => ({
  map: { condition: net, pixels: bars(net.length) },
  net,
  ...more,
});

/** A request of a small picture. */
export const request = (controls: readonly Control[], more: Partial<GenerateRequest> = {}): GenerateRequest => ({
  prompt: "a small boat",
  negativePrompt: "fog",
  width: 64,
  height: 48,
  steps: 4,
  guidance: 4,
  seed: 11,
  controls,
  ...more,
});

/** A result, and how often each graph ran for it; what did not run is left out. */
export interface Counted {
  readonly result: GenerateResult;
  readonly ran: Readonly<Record<string, number>>;
}

/** Generates and counts. */
export async function counted(
  pipeline: Pipeline,
  asked: GenerateRequest,
  options: GenerateOptions = {},
): Promise<Counted> {
  const before = pipeline.runs();
  const result = await pipeline.generate(asked, { measure: false, ...options });
  return { result, ran: difference(before, pipeline.runs()) };
}

/** What ran between two counts. */
export const difference = (
  before: Readonly<Record<string, number>>,
  after: Readonly<Record<string, number>>,
): Readonly<Record<string, number>> =>
  Object.fromEntries(
    Object.entries(after).flatMap(([name, count]) =>
      count === before[name] ? [] : [[name, count - (before[name] ?? 0)]],
    ),
  );
