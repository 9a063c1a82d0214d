import {
  canny,
  formatRecipe,
  inWords,
  parseRecipe,
  type Recipe,
  recipeSchema,
  UnderdrawError,
} from "@underdraw/engine";
import { beforeEach, expect, test } from "vitest";
import * as z from "zod/mini";
import { checkRequest } from "../../engine/src/request-check.ts";

// Only zod/mini is here, which has no words of its own: a file that imports zod gives them to all of a realm.

beforeEach(() => {
  z.config({ localeError: undefined, customError: undefined });
});

/** What a call throws. */
function fault(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return error;
  }
  throw new Error("It went well.");
}

const words = (call: () => unknown): string => (fault(call) as Error).message;

test("what cannot be drawn is told in words", () => {
  expect(words(() => checkRequest({ prompt: 5, controls: [], steps: 0, width: 1.5 } as never))).toBe(
    "This cannot be drawn: prompt: Invalid input: expected string, received number; width: Invalid input: expected int, received number; steps: Too small: expected number to be >=1. Correct what is named and ask again.",
  );
});

test("so are a condition's options, whole and one by one", () => {
  expect(words(() => canny({ low: -1 }))).toContain("canny.low: Too small: expected number to be >=0");
  expect(words(() => canny.choose({ aperture: 4 }))).toContain("canny.aperture: Invalid option: expected one of 3|5|7");
  expect(words(() => canny.choose({ matte: "red" }))).toContain('expected one of "black"|"white"');
  expect(words(() => canny.choose("low"))).toContain("canny: Invalid input: expected object, received string");
});

test("so is a recipe, read, written or checked by whom it pleases", () => {
  expect(words(() => parseRecipe('{"version":1,"prompt":""}', "a.png"))).toContain(
    "model: Invalid input: expected object, received undefined",
  );
  expect(words(() => formatRecipe({} as Recipe))).toContain("Invalid input: expected string, received undefined");
  const found = recipeSchema.safeParse({ version: 1 }, inWords);
  expect(found.error?.issues[0]?.message).toBe("Invalid input: expected 3");
});

test("what a schema says itself comes first", () => {
  const range = [1, 0];
  const control = {
    map: { condition: "canny", pixels: { width: 1, height: 1, data: new Uint8ClampedArray(3) } },
    range,
  };
  const error = fault(() => checkRequest({ prompt: "", controls: [control] } as never));
  expect(UnderdrawError.is(error, "request-invalid") && error.details.issues).toEqual([
    { path: "controls.0.map.pixels", message: "has not four bytes for each pixel" },
    { path: "controls.0.range", message: "must not end before it starts" },
  ]);
});

test("a page's own words win, in its language or one by one, and nobody else's are changed", () => {
  const say = () => words(() => canny({ low: -1, high: Number.NaN }));
  z.config({ localeError: () => "너무 작음" });
  expect(say()).toContain("canny.low: 너무 작음; canny.high: 너무 작음");
  z.config({ localeError: undefined, customError: ({ code }) => (code === "too_small" ? "more, please" : undefined) });
  expect(say()).toContain("canny.low: more, please; canny.high: Invalid input: expected number, received NaN");
  z.config({ customError: undefined });
  expect(z.number().safeParse("5").error?.issues[0]?.message).toBe("Invalid input");
});
