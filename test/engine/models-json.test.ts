import { expect, test } from "vitest";
import * as z from "zod/mini";
import { checked, parseObject } from "../../engine/src/models/json.ts";

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

test("no text takes long, and none is nested deeper than anything reads it", () => {
  const started = performance.now();
  // A string that never ends, of quotes that end nothing.
  expect(() => parseObject("x", `{"a": "${'\\"'.repeat(2_000_000)}`)).toThrow(/no JSON/);
  expect(() => parseObject("x", `{"a": ${"NaN".repeat(1_000_000)}}`)).toThrow(/no JSON/);
  expect(() => parseObject("x", `{"a": ${"[".repeat(1_000_000)}`)).toThrow(/nested deeper than 64/);
  expect(() => parseObject("x", `{"a": ${"-".repeat(1_000_000)}}`)).toThrow(/no JSON/);
  expect(performance.now() - started).toBeLessThan(5000);
});

test("a long key and a long value are cut in the message", () => {
  const value = { ["k".repeat(20_000)]: "v".repeat(20_000) };
  let message = "";
  try {
    checked("vocab.json", value, z.record(z.string(), z.number()));
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message).toMatch(/k…? is "v+…/);
  expect(message.length).toBeLessThan(800);
});
