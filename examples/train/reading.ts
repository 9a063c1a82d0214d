import { builtInConditions, type ConditionKind, canny, type ModelFolder, type Pixels } from "@underdraw/engine";
import { openPairs, openPictures, type PairSource } from "@underdraw/engine/training";
import type { Reading, ShownPair } from "./protocol.ts";

/** Pairs, and how their files were understood. */
export interface OpenedPairs {
  readonly source: PairSource;
  readonly reading: Reading;
}

/** Conditions that see their map in a picture without a file of the user's: they draw maps, and see them again. */
export const seeingConditions: readonly ConditionKind[] = builtInConditions.filter(
  ({ reads, models, nets }) => reads === "picture" && nets.length > 0 && Object.keys(models).length === 0,
);

/**
 * Opens files as they are said to be. Where nobody says (null), pairs are looked for first, and pictures whose edges are
 * their maps where there are none; then what is wrong with the pairs is told if there are no pictures either.
 */
export async function openReading(
  folder: ModelFolder,
  reading: Reading | null,
  signal: AbortSignal,
): Promise<OpenedPairs> {
  if (reading?.kind === "pictures") return pictures(folder, reading.condition, signal);
  const { condition = null, invert = false } = reading ?? {};
  try {
    const source = await openPairs(folder, { signal, invert, ...(condition === null ? {} : { condition }) });
    return { source, reading: { kind: "pairs", condition, invert } };
  } catch (error) {
    if (reading || signal.aborted) throw error;
    return pictures(folder, canny.id, signal).catch(() => {
      throw error;
    });
  }
}

async function pictures(folder: ModelFolder, id: string, signal: AbortSignal): Promise<OpenedPairs> {
  const kind = seeingConditions.find((condition) => condition.id === id) ?? canny;
  return {
    source: await openPictures(folder, kind.choose(), { signal }),
    reading: { kind: "pictures", condition: kind.id },
  };
}

/** The same pairs; each one that is read is shown, small. */
export function watched(source: PairSource, side: number, show: (pair: ShownPair) => void): PairSource {
  return {
    ...source,
    nameOf: (at) => source.nameOf(at),
    async read(at, options) {
      const pair = await source.read(at, options);
      const { name, prompt } = pair;
      show({ at, name, prompt, map: small(pair.map, side), picture: small(pair.picture, side) });
      return pair;
    },
  };
}

/** A picture no larger than a side. */
function small({ width, height, data }: Pixels, most: number): Pixels {
  const scale = Math.min(1, most / Math.max(width, height));
  const [w, h] = [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
  const [whole, less] = [new OffscreenCanvas(width, height), new OffscreenCanvas(w, h)];
  const [from, to] = [whole.getContext("2d"), less.getContext("2d")];
  if (!from || !to) throw new Error("This browser gives no 2D canvas. Use a current Chrome, Edge, Firefox or Safari.");
  from.putImageData(new ImageData(data, width, height), 0, 0);
  to.imageSmoothingQuality = "high";
  to.drawImage(whole, 0, 0, w, h);
  return to.getImageData(0, 0, w, h) as Pixels;
}
