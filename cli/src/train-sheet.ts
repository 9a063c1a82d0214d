import { createPixels, type Pixels, type TrainingSample } from "@underdraw/engine";

// What the net draws by held-out maps, as one picture: a row for each pair, of its map, what was drawn, and what was wanted.

/** Pixels between two pictures, and around all. */
const gap = 4;

/** The sheet's file for a step. */
export const sheetName = (step: number): string => `samples-${String(step).padStart(6, "0")}.png`;

/** The sheet of samples, which are all of one size. */
export function sampleSheet(samples: readonly Pick<TrainingSample, "map" | "drawn" | "picture">[]): Pixels {
  const rows = samples.map(({ map, drawn, picture }) => [map, drawn, picture]);
  const all = rows.flat();
  const [width, height] = [Math.max(...all.map((one) => one.width)), Math.max(...all.map((one) => one.height))];
  const sheet = createPixels(3 * (width + gap) + gap, rows.length * (height + gap) + gap);
  // A ground on which neither black maps nor white pictures are lost.
  sheet.data.fill(128);
  for (let at = 3; at < sheet.data.length; at += 4) sheet.data[at] = 255;
  for (const [row, pictures] of rows.entries())
    for (const [column, one] of pictures.entries())
      lay(sheet, one, gap + column * (width + gap), gap + row * (height + gap));
  return sheet;
}

function lay(sheet: Pixels, { width, height, data }: Pixels, left: number, top: number): void {
  for (let y = 0; y < height; y++)
    sheet.data.set(data.subarray(4 * y * width, 4 * (y + 1) * width), 4 * ((top + y) * sheet.width + left));
}
