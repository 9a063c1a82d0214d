import { diffRecipes } from "@underdraw/engine";
import type { Arguments, Command, Surroundings } from "../command.ts";
import { exitCodes, misused } from "../failure.ts";
import { readRecipe } from "../recipe-file.ts";

/** `underdraw diff`: what differs between the recipes of two pictures. */
export const diff: Command = {
  name: "diff",
  about: "Tell what differs between the recipes of two pictures.",
  usage: ["diff BEFORE.png AFTER.png [--json]"],
  flags: { Flags: [{ name: "json", help: "one JSON object on stdout" }] },
  notes: [
    "Recipes are compared and not pixels: the same recipe draws the same picture. It exits with 0 when nothing differs, and with 1 when something does or a picture holds no recipe.",
  ],
  examples: ["diff apple.png another.png"],
  run: diffPictures,
};

async function diffPictures({ flags, words }: Arguments, { stdout, signal }: Surroundings): Promise<number> {
  const [before, after, ...more] = words;
  if (before === undefined || after === undefined) {
    throw misused("diff", "diff needs two pictures: underdraw diff BEFORE.png AFTER.png.");
  }
  if (more.length > 0) throw misused(more[0] as string, `diff compares two pictures, and "${more[0]}" is one more.`);
  const what = "tell the recipe of";
  const changes = diffRecipes(await readRecipe(before, what, signal), await readRecipe(after, what, signal));
  const lines = changes.length === 0 ? ["The recipes are the same."] : changes.map(({ sentence }) => sentence);
  stdout.write(flags.has("json") ? `${JSON.stringify({ changes })}\n` : `${lines.join("\n")}\n`);
  return changes.length === 0 ? exitCodes.done : exitCodes.failed;
}
