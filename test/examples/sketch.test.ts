import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import {
  added,
  blank,
  canRedo,
  cleared,
  type Mark,
  redone,
  shown,
  undone,
} from "../../examples/sketch/canvas/history.ts";
import {
  colours,
  grounds,
  inventedPrompt,
  styles,
  subjects,
  suggestionsFor,
} from "../../examples/sketch/vocabulary.ts";
import { say } from "../../examples/sketch/words.ts";

const mark = (x: number): Mark => ({ kind: "stroke", points: [{ x, y: 0, width: 4 }], erases: false });

test("undo and redo walk over strokes and clears, and a new stroke ends what waited for redo", () => {
  const drawn = cleared(added(blank, mark(1), mark(2)));
  expect(shown(drawn)).toEqual([]);
  expect(shown(undone(drawn))).toEqual([mark(1), mark(2)]);
  expect(shown(redone(undone(drawn)))).toEqual([]);
  expect(shown(undone(undone(undone(undone(drawn)))))).toEqual([]);
  const changed = added(undone(undone(drawn)), mark(3));
  expect(shown(changed)).toEqual([mark(1), mark(3)]);
  expect(canRedo(changed)).toBe(false);
  expect(shown(added(drawn, mark(4)))).toEqual([mark(4)]);
});

test("clearing a clear sheet adds nothing to undo", () => {
  expect(cleared(blank)).toBe(blank);
  const drawn = cleared(added(blank, mark(1)));
  expect(cleared(drawn)).toBe(drawn);
});

const titles = (text: string): string[] => suggestionsFor(text).map(({ title }) => title);
const texts = (text: string): string[] => suggestionsFor(text).map((suggestion) => suggestion.text);

test("suggestions follow the sentence: styles, then subjects and colours, then grounds", () => {
  expect(titles("")).toEqual(styles);
  expect(texts("fl")[0]).toBe("flat emoji of ");
  expect(titles("flat emoji of a hou")).toEqual(["house", "house with garden"]);
  expect(texts("Flat emoji of a house w")).toEqual(["Flat emoji of a house with garden"]);
  expect(titles("flat emoji of light")).toEqual(["light bulb", "light blue"]);
  expect(texts("flat emoji of red apple on a lig")).toEqual(["flat emoji of red apple on a light blue background"]);
  expect(titles("flat emoji of red apple on a ")).not.toContain("white");
});

test("what is complete, or unknown, is not suggested", () => {
  expect(titles("flat emoji of penguin")).toEqual([]);
  expect(titles("flat emoji of xyz")).toEqual([]);
  expect(titles("flat emoji of penguin ")).toEqual([]);
});

test("the styles are those that the pack's README names", () => {
  const readme = readFileSync("models/pack/README.md", "utf8");
  expect(/^Styles: (.+)\.$/m.exec(readme)?.[1]?.split(", ")).toEqual(styles);
});

test("invented prompts are sentences of words that the model knows", () => {
  const any = (words: readonly string[]): string => words.map((word) => word.replaceAll(".", "\\.")).join("|");
  const sentence = `^(${any(styles)}) of (${any(colours)}) (${any(subjects)})( on an? (${any(grounds)}) background)?$`;
  const prompts = Array.from({ length: 200 }, () => inventedPrompt());
  expect(prompts.filter((prompt) => !new RegExp(sentence).test(prompt))).toEqual([]);
  expect(prompts.filter((prompt) => prompt.includes(" a orange"))).toEqual([]);
  expect(new Set(prompts).size).toBeGreaterThan(150);
});

test("counted words have their singular", () => {
  expect(say("facts-steps", { n: 1 })).toBe("1 step");
  expect(say("facts-steps", { n: 20 })).toBe("20 steps");
});
