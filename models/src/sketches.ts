/** A sketch that the pack draws well, for a first picture before anything is selected. */
export interface MiniSketch {
  readonly name: string;
  readonly prompt: string;
  /** Address of a PNG picture of 256 x 256 pixels: white lines on black, as a map has them. */
  readonly picture: URL;
}

/** Sketches drawn by hand, and what to ask for. */
export const miniSketches: readonly MiniSketch[] = [
  { name: "Cat", prompt: "flat emoji of orange cat", picture: new URL("../sketches/cat.png", import.meta.url) },
  {
    name: "Mushroom",
    prompt: "3d render emoji of red mushroom",
    picture: new URL("../sketches/mushroom.png", import.meta.url),
  },
  { name: "Fish", prompt: "flat emoji of blue fish", picture: new URL("../sketches/fish.png", import.meta.url) },
];
