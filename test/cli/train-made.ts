import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Pixels } from "@underdraw/engine";
import { lines, negative, png, square } from "../engine/training-pairs-made.ts";
import { tinyModel } from "./command.ts";

/** A base of random weights and settings with which a step takes a second. */
export const tiny = ["--model", tinyModel.base, "--size", "64", "--batch", "2"];

/** Writes pairs in the layout of two folders, and gives the folder. */
export async function pairsIn(
  folder: string,
  count: number,
  map: (number: number) => Pixels = (number) => lines(number),
): Promise<string> {
  for (const name of ["source", "target"]) mkdirSync(join(folder, name), { recursive: true });
  for (let number = 0; number < count; number++) {
    const name = `${String(number).padStart(2, "0")}.png`;
    writeFileSync(join(folder, "source", name), await png(map(number)));
    writeFileSync(join(folder, "target", name), await png(square(number)));
    writeFileSync(join(folder, "target", name.replace("png", "txt")), `a square, number ${number}`);
  }
  return folder;
}

/** Pairs whose maps are dark lines on white. */
export const darkPairsIn = (folder: string, count: number): Promise<string> =>
  pairsIn(folder, count, (number) => negative(lines(number)));

/** Writes pictures alone, and gives the folder. */
export async function picturesIn(folder: string, count: number): Promise<string> {
  mkdirSync(folder, { recursive: true });
  for (let number = 0; number < count; number++)
    writeFileSync(join(folder, `square-${number}.png`), await png(square(number)));
  return folder;
}
