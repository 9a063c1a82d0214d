import { expect, test } from "vitest";
import { parseObject } from "../../engine/src/models/json.ts";

test("infinity and NaN, as Python writes them, are read as nothing", () => {
  expect(parseObject("x", '{"a": -Infinity, "b": [Infinity, NaN, 1], "c": "NaN, -Infinity \\" Infinity"}')).toEqual({
    a: null,
    b: [null, null, 1],
    c: 'NaN, -Infinity " Infinity',
  });
});

test("what is no JSON is still refused by name", () => {
  expect(() => parseObject("unet/config.json", '{"a": Infinitely}')).toThrow("unet/config.json");
});
