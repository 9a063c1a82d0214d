import { expect, test } from "vitest";
import * as z from "zod/mini";
import { checked } from "../../sdk/src/bridge/answers.ts";
import { parseLayerRecipe } from "../../sdk/src/session/layer-recipe.ts";

// Only zod/mini is here, which has no words of its own.

test("what a host answers wrongly is told in words", () => {
  expect(z.config().localeError).toBeUndefined();
  const bounds = { x: 0, y: 0, width: 0, height: 1.5 };
  expect(() => checked("tiny", "scene", { bounds, shapes: [] })).toThrow(
    "(bounds.width: Too small: expected number to be >=1; bounds.height: Invalid input: expected int, received number)",
  );
});

test("so is what a layer holds", async () => {
  await expect(parseLayerRecipe('{"layer":1,"bounds":5,"more":1}')).rejects.toThrow(
    'bounds: Invalid input: expected object, received number; picture: Invalid input: expected object, received undefined; recipe: Unrecognized key: "more"',
  );
});
