import { checkPairs } from "@underdraw/engine/training";
import { expect, test } from "vitest";
import { inPageWords } from "../../examples/train/words.ts";
import { lines, madePairs, negative } from "../engine/training-pairs-made.ts";

test.each(["canny", null])("dark lines are told with the page's own control: maps of %s", async (condition) => {
  const pairs = madePairs(6, (number) => ({ map: negative(lines(number)) }), condition);
  const { warnings } = await checkPairs(pairs, { width: 96, height: 96 });
  expect(warnings.join(" ")).toContain("`invert: true`");
  const told = warnings.map(inPageWords).join(" ");
  expect(told).toContain("Tick “Invert” beside your pairs to train on white lines on black.");
  expect(told).not.toContain("`");
});
