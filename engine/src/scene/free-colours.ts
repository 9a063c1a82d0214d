import type { Palette } from "./palette.ts";

/** Levels that the colours are made of: a lattice that no palette uses. */
const levels = [16, 48, 80, 112, 144, 176, 208, 240];

type Colour = readonly [red: number, green: number, blue: number];

/**
 * Colours that are none of the palette's, nor black nor white: up to 512, each as far as can be from the palette's and
 * from those before it, so that a net cannot take one for a class.
 */
export function freeColours({ classes }: Palette, count: number): readonly Colour[] {
  const lattice = levels.flatMap((red) => levels.flatMap((green) => levels.map((blue): Colour => [red, green, blue])));
  const taken: readonly Colour[] = [[0, 0, 0], [255, 255, 255], ...classes.map(({ colour }) => colour)];
  const room = Float64Array.from(lattice, (colour) => Math.min(...taken.map((other) => apart(colour, other))));
  const found: Colour[] = [];
  while (found.length < Math.min(count, lattice.length)) {
    let best = 0;
    for (let at = 1; at < room.length; at++) if ((room[at] as number) > (room[best] as number)) best = at;
    const colour = lattice[best] as Colour;
    found.push(colour);
    for (const [at, other] of lattice.entries()) room[at] = Math.min(room[at] as number, apart(colour, other));
  }
  return found;
}

/** The square of the distance of two colours. */
function apart([r, g, b]: Colour, [red, green, blue]: Colour): number {
  return (r - red) * (r - red) + (g - green) * (g - green) + (b - blue) * (b - blue);
}
