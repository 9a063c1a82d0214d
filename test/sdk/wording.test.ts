import { expect, test } from "vitest";
import * as z from "zod/mini";
import { checked, checkedScene } from "../../sdk/src/bridge/answers.ts";
import { parseLayerRecipe } from "../../sdk/src/session/layer-recipe.ts";

// Only zod/mini is here, which has no words of its own.

test("what a host answers wrongly is told in words", async () => {
  expect(z.config().localeError).toBeUndefined();
  expect(() => checked("tiny", "place", ["", 5])).toThrow(
    "(0: Too small: expected string to have >=1 characters; 1: Invalid input: expected string, received number)",
  );
  const bounds = { x: 0, y: 0, width: 0, height: 1.5 };
  await expect(checkedScene("tiny", { bounds, shapes: [] })).rejects.toThrow(
    "(scene.bounds.width: Too small: expected number to be >0)",
  );
  await expect(checkedScene("tiny", { bounds: { ...bounds, width: 1 }, shapes: [] })).rejects.toThrow(
    "(scene.bounds: must be whole)",
  );
});

test("so is what a layer holds", async () => {
  await expect(parseLayerRecipe('{"layer":1,"bounds":5,"more":1}')).rejects.toThrow(
    'bounds: Invalid input: expected object, received number; picture: Invalid input: expected object, received undefined; recipe: Unrecognized key: "more"',
  );
});
