import { UnderdrawError } from "@underdraw/engine/core";
import { describe, expect, test } from "vitest";
import { type Anchor, formatAnchor, parseAnchor } from "../../../plugins/figma/src/main/anchor.ts";

const anchor: Anchor = {
  page: "0:1",
  source: "I12:3;4:5",
  footprint: {
    matrix: [
      [0.8, -0.6, 10.25],
      [0.6, 0.8, -4],
    ],
    width: 64.5,
    height: 32,
  },
  bounds: { x: 3, y: 1, width: 65, height: 32 },
};

test("an anchor comes back as it was", () => {
  expect(parseAnchor(formatAnchor(anchor))).toEqual(anchor);
});

describe("what no capture here gave is refused", () => {
  const whole = JSON.parse(formatAnchor(anchor));
  const flat = {
    ...anchor.footprint,
    matrix: [
      [1, 1, 0],
      [1, 1, 0],
    ],
  };
  test.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["another version", JSON.stringify({ ...whole, version: 2 })],
    ["something less", JSON.stringify({ ...whole, page: undefined })],
    ["an empty id", JSON.stringify({ ...whole, source: "" })],
    ["a matrix of text", JSON.stringify({ ...whole, footprint: { ...anchor.footprint, matrix: "m" } })],
    ["a matrix that flattens", JSON.stringify({ ...whole, footprint: flat })],
    ["a number without end", formatAnchor(anchor).replace("10.25", "1e999")],
    ["a width of nothing", JSON.stringify({ ...whole, bounds: { ...anchor.bounds, width: 0 } })],
    ["a long text", formatAnchor({ ...anchor, source: "x".repeat(30_000) })],
  ])("%s", (_, text) => {
    try {
      parseAnchor(text);
      expect.unreachable();
    } catch (error) {
      expect(UnderdrawError.is(error, "request-invalid")).toBe(true);
    }
  });
});
