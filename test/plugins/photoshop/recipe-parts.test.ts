import { UnderdrawError } from "@underdraw/engine/core";
import { expect, test } from "vitest";
import {
  countParts,
  joinRecipe,
  partProperty,
  recipeProperty,
  splitRecipe,
} from "../../../plugins/photoshop/src/host/recipe-parts.ts";
import { recipeInXmp, withRecipe } from "../../../plugins/photoshop/src/host/recipe-xmp.ts";

function roundTrip(recipe: string): string {
  const kept = new Map(splitRecipe(recipe).map(({ property, json }) => [property, json]));
  const head = kept.get(recipeProperty) ?? "";
  const parts = Array.from({ length: countParts(head) }, (_, at) => kept.get(partProperty(at + 1)) ?? null);
  expect(kept.size).toBe(parts.length + 1);
  return joinRecipe(head, parts);
}

const unicode = '{"prompt":"여우 \u2028 \u0000 \ud83e\udd8a \\" \ud800 lone"}';

test.each([
  ["nothing", ""],
  ["a short one", '{"version":1,"prompt":"a fox"}'],
  ["other scripts, controls and lone surrogates", unicode],
  ["200 kB", "QUJD".repeat(50_000)],
  ["200 kB of other scripts", unicode.repeat(5_000)],
])("a recipe comes back exactly: %s", (_, recipe) => {
  expect(roundTrip(recipe)).toBe(recipe);
});

test("every part is ASCII and shorter than 32 KiB", () => {
  for (const { json } of splitRecipe(unicode.repeat(5_000))) {
    expect(json.length).toBeLessThan(32_768);
    expect(json).toMatch(/^[ -~]*$/);
    expect(() => JSON.parse(json)).not.toThrow();
  }
});

test.each([
  ["a missing part", (parts: (string | null)[]) => [parts[0] ?? null, null]],
  ["a part cut short", (parts: (string | null)[]) => [parts[0] ?? null, parts[1]?.slice(0, -10) ?? null]],
  ["a part that is another's", () => ['{"text":"a"}', '{"text":"b"}']],
  ["a part of another shape", () => ['{"words":"a"}', '{"text":"b"}']],
])("a damaged recipe is refused: %s", (_, damage) => {
  const [head, ...parts] = splitRecipe("x".repeat(40_000)).map(({ json }) => json);
  expect(parts).toHaveLength(2);
  let error: unknown;
  try {
    joinRecipe(head ?? "", damage(parts));
  } catch (caught) {
    error = caught;
  }
  expect(UnderdrawError.is(error, "file-invalid") && error.message).toMatch(/cannot be used/);
});

test.each([
  "",
  "{}",
  '{"version":1}',
  '{"version":1,"parts":0,"length":0}',
  '{"version":1,"parts":1e9,"length":0}',
  "7",
])("the first property %j is refused", (head) => {
  expect(() => countParts(head)).toThrow(/cannot be used/);
});

const packet = `<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>Fox</dc:title></rdf:Description></rdf:RDF></x:xmpmeta>`;

test.each([
  ["a document without XMP", ""],
  ["a document with XMP of its own", packet],
])("a recipe comes back from XMP, beside others: %s", (_, xmp) => {
  const both = withRecipe(withRecipe(xmp, 7, unicode), 77, 'it\'s <&> "quoted"');
  expect(recipeInXmp(both, 7)).toBe(unicode);
  expect(recipeInXmp(both, 77)).toBe('it\'s <&> "quoted"');
  expect(recipeInXmp(both, 8)).toBeNull();
  expect(both.match(/<rdf:RDF/g)).toHaveLength(1);
  if (xmp) expect(both).toContain("<dc:title>Fox</dc:title>");
});

test("a newer recipe takes the older one's place, and one written as an attribute is found", () => {
  const first = withRecipe(packet, 7, "first");
  const attribute = first.replace(
    /<rdf:Description([^>]*xmlns:underdraw[^>]*)><underdraw:layer7>(.*?)<\/underdraw:layer7><\/rdf:Description>/,
    '<rdf:Description$1 underdraw:layer7="$2"/>',
  );
  expect(attribute).toContain('underdraw:layer7="');
  expect(recipeInXmp(attribute, 7)).toBe("first");
  const second = withRecipe(attribute, 7, "second");
  expect(recipeInXmp(second, 7)).toBe("second");
  expect(second.match(/layer7(>|=")/g)).toHaveLength(2);
});

test("a recipe that somebody damaged in XMP is none", () => {
  const damaged = withRecipe("", 7, "a").replace("%22a%22", "%2");
  expect(recipeInXmp(damaged, 7)).toBeNull();
});
