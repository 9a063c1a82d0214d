import { UnderdrawError } from "@underdraw/engine/core";
import { describe, expect, test } from "vitest";
import { checkAnchor, formatAnchor, parseAnchor } from "../../../plugins/photoshop/src/host/anchor.ts";
import { busy, ownerIn } from "../../../plugins/photoshop/src/host/busy.ts";
import { groupName } from "../../../plugins/photoshop/src/host/group-name.ts";
import { formatLayerId, parseLayerId } from "../../../plugins/photoshop/src/host/layer-id.ts";
import { themeOf } from "../../../plugins/photoshop/src/host/theme.ts";
import { languageTag, say } from "../../../plugins/photoshop/src/host/words.ts";

const anchor = {
  document: 219,
  title: "Fox.psd",
  width: 640,
  height: 480,
  mode: "RGBColorMode",
  depth: "bitDepth8",
  layer: 7,
} as const;

const thrown = (work: () => unknown): unknown => {
  try {
    work();
  } catch (error) {
    return error;
  }
  return null;
};

describe("anchors", () => {
  const { layer: _, ...facts } = anchor;
  const other = { ...facts, document: 220, title: "Other.psd" };

  test("an anchor comes back as it was", () => {
    expect(parseAnchor(formatAnchor(anchor))).toMatchObject(anchor);
    expect(parseAnchor(formatAnchor({ ...anchor, layer: null })).layer).toBeNull();
  });

  test.each([
    "",
    "{}",
    "null",
    "[1]",
    '{"version":2,"document":219}',
    formatAnchor(anchor).replace("219", '"219"'),
    formatAnchor({ ...anchor, title: "x".repeat(2000) }),
  ])("the note %j is refused with words", (text) => {
    const error = thrown(() => parseAnchor(text));
    expect(UnderdrawError.is(error, "host-failed") && error.message).toMatch(/Capture the selection again/);
  });

  test("an unchanged document passes", () => {
    expect(thrown(() => checkAnchor(anchor, [other, facts], 219))).toBeNull();
  });

  test.each([
    ["closed", [other], 220],
    ["closed", [], null],
    ["switched", [facts, other], 220],
    ["resized", [{ ...facts, height: 481 }], 219],
    ["mode", [{ ...facts, mode: "CMYKColorMode" }], 219],
    ["mode", [{ ...facts, depth: "bitDepth16" }], 219],
  ] as const)("a document that is %s is told", (change, open, active) => {
    const error = thrown(() => checkAnchor(anchor, open, active));
    expect(UnderdrawError.is(error, "document-changed") && error.details).toEqual({ host: "photoshop", change });
    expect((error as Error).message).toContain('"Fox.psd"');
    expect((error as Error).message).toContain("Nothing was placed");
  });
});

describe("a busy Photoshop", () => {
  test("the other plugin is named", () => {
    const message = "The host is in a modal state. Plugin: com.adobe.testPlugin is running a modal command";
    expect(ownerIn(message)).toBe("com.adobe.testPlugin");
    const error = busy(ownerIn(message));
    expect(error.details).toEqual({ host: "photoshop", owner: "com.adobe.testPlugin" });
    expect(error.message).toContain("com.adobe.testPlugin");
  });

  test("a dialog of Photoshop's own has no name", () => {
    expect(ownerIn("The host is in a modal state.")).toBeNull();
    expect(busy(null).details).toEqual({ host: "photoshop" });
  });
});

describe("names", () => {
  test("a group is called after what was drawn, in one line that fits", () => {
    expect(groupName([{ name: "a red fox\n in the snow " }])).toBe("Underdraw - a red fox in the snow");
    expect(groupName([{ name: "" }])).toBe("Underdraw");
    const long = groupName([{ name: "🦊".repeat(300) }]);
    expect([...long]).toHaveLength("Underdraw - ".length + 101);
    expect(long.endsWith("🦊…")).toBe(true);
  });

  test("a layer's id names its document too", () => {
    expect(formatLayerId({ document: 219, layer: 7 })).toBe("219:7");
    expect(parseLayerId("219:7")).toEqual({ document: 219, layer: 7 });
    for (const id of [
      "",
      "7",
      "219:",
      ":7",
      "219:7:1",
      "219:-7",
      "219:7.5",
      "219:7 ",
      "9e9:1",
      `${"9".repeat(20)}:1`,
    ]) {
      expect(parseLayerId(id)).toBeNull();
    }
  });

  test("the look is told by a width, and an unknown one is no look", () => {
    expect([1, 2, 3, 4].map((offsetWidth) => themeOf({ offsetWidth }))).toEqual([
      "darkest",
      "photoshop",
      "light",
      "light",
    ]);
    expect(themeOf({ offsetWidth: 0 })).toBeNull();
    expect(themeOf(null)).toBeNull();
  });

  test("Photoshop's language is spoken where it is known", () => {
    expect(languageTag("ko_KR")).toBe("ko-KR");
    expect(say("retry", "ko-KR")).toBe("다시 시도");
    expect(say("retry", "de-DE")).toBe("Try again");
    expect(say("failed", "en", { why: "no $& network" })).toContain("no $& network");
  });
});
