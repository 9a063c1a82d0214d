import { createHash } from "node:crypto";
import { createPixels, type Pixels } from "@underdraw/engine";
import { memoryFolder } from "../../engine/src/models/memory.ts";
import type { ModelFolder } from "../../engine/src/models/source.ts";
import { writePicture } from "../../engine/src/pictures/index.ts";
import type { PairSource, TrainingPair } from "../../engine/src/training/pair.ts";

type Colour = readonly [red: number, green: number, blue: number, alpha?: number];

/** A picture whose pixels are what a function says of their places. */
export function drawn(width: number, height: number, colour: (x: number, y: number) => Colour): Pixels {
  const pixels = createPixels(width, height);
  for (let y = 0, to = 0; y < height; y++)
    for (let x = 0; x < width; x++, to += 4) {
      const [red, green, blue, alpha = 255] = colour(x, y);
      pixels.data[to] = red;
      pixels.data[to + 1] = green;
      pixels.data[to + 2] = blue;
      pixels.data[to + 3] = alpha;
    }
  return pixels;
}

/** Red, green and blue of a place. */
export const at = ({ width, data }: Pixels, x: number, y: number): number[] => [
  ...data.subarray(4 * (y * width + x), 4 * (y * width + x) + 3),
];

/** What a picture shows, as a short text that others of the same size and pixels have too. */
export const shown = ({ width, height, data }: Pixels): string =>
  `${width}x${height} ${createHash("sha256").update(data).digest("hex")}`;

/** A square's outline, one pixel wide, white on black; another one for each number. */
export function lines(number: number, side = 96): Pixels {
  const from = 8 + (number % 20);
  const to = side - 12;
  const isOn = (x: number, y: number) =>
    x >= from && y >= from && x <= to && y <= to && (x === from || y === from || x === to || y === to);
  return drawn(side, side, (x, y) => (isOn(x, y) ? [255, 255, 255] : [0, 0, 0]));
}

/** A picture of that square, of a colour of its own. */
export function square(number: number, side = 96): Pixels {
  const from = 8 + (number % 20);
  const to = side - 12;
  return drawn(side, side, (x, y) =>
    x >= from && y >= from && x <= to && y <= to ? [(number * 37) % 256, 90, number % 256] : [230, 230, 220],
  );
}

/** The negative of an opaque map. */
export const negative = (map: Pixels): Pixels =>
  drawn(map.width, map.height, (x, y) => at(map, x, y).map((value) => 255 - value) as unknown as Colour);

/** A picture as the bytes of a PNG file. */
export const png = (pixels: Pixels): Promise<Uint8Array> => writePicture(pixels, { format: "png" });

/** A folder in memory of pictures and texts. */
export async function folderOf(
  files: Readonly<Record<string, Pixels | string | Uint8Array>>,
  name = "data",
): Promise<ModelFolder> {
  const entries = Object.entries(files).map(
    async ([path, file]) =>
      [path, typeof file === "string" || file instanceof Uint8Array ? file : await png(file)] as const,
  );
  return memoryFolder(name, Object.fromEntries(await Promise.all(entries)));
}

/** Pairs that nobody stores: what `pair` makes of a number, or throws. Tells which were read. */
export function madePairs(
  count: number,
  pair: (number: number) => Partial<TrainingPair> = () => ({}),
  condition: string | null = "canny",
): PairSource & { readonly reads: number[] } {
  const reads: number[] = [];
  const nameOf = (number: number) => `${String(number).padStart(6, "0")}.png`;
  return {
    ...{ name: "made", count, condition, warnings: [], reads, nameOf },
    async read(number) {
      reads.push(number);
      return {
        name: nameOf(number),
        map: lines(number),
        picture: square(number),
        prompt: `square ${number}`,
        ...pair(number),
      };
    },
  };
}
