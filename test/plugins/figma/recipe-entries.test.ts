import { describe, expect, test } from "vitest";
import {
  type Entries,
  entryBytes,
  hasRecipe,
  loadRecipe,
  pieces,
  storeRecipe,
  utf8Bytes,
} from "../../../plugins/figma/src/main/recipe-entries.ts";

const pluginId = "1234567890123456789";
const encoder = new TextEncoder();

/** Plugin data that refuses what Figma refuses: an entry above 100 kB, with the plugin's id and the key counted in. */
function data(): Entries & { readonly entries: Map<string, string> } {
  const entries = new Map<string, string>();
  return {
    entries,
    getPluginData: (key) => entries.get(key) ?? "",
    setPluginData: (key, value) => {
      const bytes = encoder.encode(pluginId + key + value).length;
      if (bytes > entryBytes) throw new Error(`in setPluginData: an entry of ${bytes} bytes is too large`);
      if (value === "") entries.delete(key);
      else entries.set(key, value);
    },
  };
}

describe("a recipe comes back as it was", () => {
  const long = "가나다라마바사 🦊 é ".repeat(20_000);
  test.each([
    ["short", '{"version":1}'],
    ["empty", ""],
    ["of plain text over several entries", "a".repeat(350_000)],
    ["of signs of two, three and four bytes", long],
    ["of nothing but pairs", "🦊".repeat(60_000)],
    ["with halves of pairs", `\ud800${"x".repeat(99_990)}\udc00\ud83e`],
  ])("%s", (_, recipe) => {
    const node = data();
    storeRecipe(node, recipe, pluginId);
    expect(loadRecipe(node)).toBe(recipe);
    expect(hasRecipe(node)).toBe(true);
  });

  test("and a shorter one takes the place of a longer one", () => {
    const node = data();
    storeRecipe(node, "a".repeat(250_000), pluginId);
    storeRecipe(node, "short", pluginId);
    expect(loadRecipe(node)).toBe("short");
  });
});

test("a node without a recipe has none", () => {
  expect(loadRecipe(data())).toBeNull();
  expect(hasRecipe(data())).toBe(false);
});

describe("a recipe that was damaged says what is wrong", () => {
  const broken = (change: (entries: Map<string, string>) => void): unknown => {
    const node = data();
    storeRecipe(node, "b".repeat(250_000), pluginId);
    change(node.entries);
    return loadRecipe(node);
  };

  test("when a part is missing", () => {
    expect(broken((entries) => entries.delete("recipe.1"))).toEqual({ broken: "part 2 of 3 is missing" });
  });

  test("when a part was cut", () => {
    expect(broken((entries) => entries.set("recipe.2", "b"))).toEqual({
      broken: "its parts do not add up to the whole",
    });
  });

  test("when the list of parts was changed", () => {
    expect(broken((entries) => entries.set("recipe", "[]"))).toEqual({ broken: "its list of parts was changed" });
    expect(broken((entries) => entries.set("recipe", '{"parts":9999,"length":1}'))).toMatchObject({
      broken: "part 4 of 9999 is missing",
    });
  });
});

describe("a text is cut", () => {
  test("into pieces that are within the limit and as few as can be, never inside a sign", () => {
    for (const text of ["abcdefghij", "é".repeat(11), "한글".repeat(7), "a🦊b🦊🦊c🦊", "🦊".repeat(5)]) {
      for (let limit = 4; limit < 14; limit++) {
        const cut = pieces(text, limit);
        expect(cut.join("")).toBe(text);
        cut.forEach((piece, at) => {
          expect(encoder.encode(piece).length).toBeLessThanOrEqual(limit);
          expect(piece).not.toMatch(/[\ud800-\udbff]$/);
          const next = [...(cut[at + 1] ?? "")][0];
          if (next) expect(encoder.encode(piece + next).length).toBeGreaterThan(limit);
        });
      }
    }
  });

  test("after its bytes were counted as UTF-8 does", () => {
    for (const text of ["", "a~", "\u0080é", "한", "🦊", "\ud83e", "\udd8a\ud83e", "a🦊é한"]) {
      expect(utf8Bytes(text)).toBe(encoder.encode(text).length);
    }
  });
});
