import { parseRecipe, type Recipe, recipeKeyword, UnderdrawError } from "@underdraw/engine";
import { readPictureFile } from "./input-picture.ts";

/**
 * The recipe that a PNG file of ours holds. `what` cannot be done without it ("draw it again"). Rejects with
 * `file-invalid` for a picture without one, or with one that is damaged or too new.
 */
export async function readRecipe(path: string, what: string, signal: AbortSignal): Promise<Recipe> {
  const { text, format } = await readPictureFile(path, signal);
  const json = text.get(recipeKeyword);
  if (json !== undefined) return parseRecipe(json, path);
  const why =
    format === "png"
      ? "it was not drawn by underdraw, or a program that saved it since left it out"
      : "only PNG files keep one";
  const reason = `it holds no recipe: ${why}`;
  const message = `Cannot ${what} ${path}: ${reason}. Give a PNG file as underdraw draw wrote it.`;
  throw new UnderdrawError("file-invalid", message, { file: path, reason });
}
