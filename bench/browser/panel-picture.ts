import { createPixels, type Pixels } from "@underdraw/engine/core";

/** What is selected: a picture full of texture, or dark strokes on a transparent ground. */
export type Subject = "photo" | "strokes";

/** A picture of a side, another one for each number and the same one for the same. */
export function subject(kind: Subject, side: number, number: number): Pixels {
  return kind === "photo" ? photo(side, number) : strokes(side, number);
}

/** Waves of several lengths in each colour, with grain over them: edges everywhere, as in foliage. */
function photo(side: number, number: number): Pixels {
  const pixels = createPixels(side, side);
  const next = numbers(number);
  const waves = Array.from({ length: 9 }, (_, n) => {
    const length = side / 2 ** (1 + n / 2);
    return { across: (next() - 0.5) * 2, down: (next() - 0.5) * 2, turn: (2 * Math.PI) / length, phase: 7 * next() };
  });
  for (let y = 0; y < side; y++)
    for (let x = 0; x < side; x++) {
      const at = 4 * (y * side + x);
      for (const [n, { across, down, turn, phase }] of waves.entries()) {
        const wave = Math.sin((x * across + y * down) * turn + phase);
        pixels.data[at + (n % 3)] = (pixels.data[at + (n % 3)] ?? 0) + 42 * (1 + wave);
      }
      for (let k = 0; k < 3; k++) pixels.data[at + k] = (pixels.data[at + k] ?? 0) + 24 * (next() - 0.5);
      pixels.data[at + 3] = 255;
    }
  return pixels;
}

/** Forty curves as a pen draws them. */
function strokes(side: number, number: number): Pixels {
  const drawing = new OffscreenCanvas(side, side).getContext("2d");
  if (!drawing) throw new Error("No 2D canvas here.");
  const next = numbers(number);
  drawing.lineWidth = side / 128;
  drawing.strokeStyle = "#202124";
  const place = (): readonly [number, number] => [side * next(), side * next()];
  for (let n = 0; n < 40; n++) {
    drawing.beginPath();
    drawing.moveTo(...place());
    drawing.bezierCurveTo(...place(), ...place(), ...place());
    drawing.stroke();
  }
  const { width, height, data } = drawing.getImageData(0, 0, side, side);
  return { width, height, data };
}

/** Numbers from 0 to 1 (a linear congruential generator; constants of Numerical Recipes). */
function numbers(seed: number): () => number {
  let state = Math.imul(seed + 1, 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
