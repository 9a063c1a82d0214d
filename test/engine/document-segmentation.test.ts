import { UnderdrawError } from "@underdraw/engine";
import { describe, expect, test } from "vitest";
import { segmentation } from "../../engine/src/conditions/segmentation.ts";
import { ade20k } from "../../engine/src/scene/ade20k.ts";
import { coco } from "../../engine/src/scene/coco.ts";
import { freeColours } from "../../engine/src/scene/free-colours.ts";
import { at, circle, colours, drawing, drawn, landscape, rectangle, shape } from "./document-scene.ts";

const hex = ([red = 0, green = 0, blue = 0]: readonly number[]) =>
  ((red << 16) | (green << 8) | blue).toString(16).padStart(6, "0");

describe("segmentation from layer names", () => {
  test("paints each class in its colour, with hard edges", async () => {
    const source = drawing(64, 64, [
      shape("sky", rectangle(0, 0, 64, 64)),
      shape("나무", circle(30.3, 30.7, 20.1)),
      shape("Car copy 2", "M3.3 50L40.7 44.2L20 60Z"),
    ]);
    const map = await drawn(segmentation(), source);
    expect(colours(map)).toEqual(new Set(["06e6e6", "04c803", "0066c8"]));
    expect(hex(at(await drawn(segmentation({ palette: "coco" }), source), 2, 2))).toBe("4682b4");
  });

  test("lets a layer without a class take its group's, the innermost that has one", async () => {
    const source = drawing(
      20,
      10,
      [
        shape("Rectangle 12", rectangle(0, 0, 10, 10), { group: "b" }),
        shape("door", rectangle(10, 0, 10, 10), { group: "b" }),
      ],
      [
        { id: "a", name: "house" },
        { id: "b", name: "Group 7", group: "a" },
      ],
    );
    const notes: { code: string; message: string; remedy: string }[] = [];
    const map = await drawn(segmentation(), source, notes);
    expect([hex(at(map, 5, 5)), hex(at(map, 15, 5))]).toEqual(["ff09e0", "08ff33"]);
    expect(notes).toEqual([]);
  });

  test("gives unknown names colours of nobody's, the same for the same name, and says which they are", async () => {
    const source = drawing(40, 10, [
      shape("skyline", rectangle(0, 0, 10, 10)),
      shape("blorp", rectangle(10, 0, 10, 10)),
      shape("skyline", rectangle(20, 0, 10, 10)),
    ]);
    const notes: { code: string; message: string; remedy: string }[] = [];
    const map = await drawn(segmentation(), source, notes);
    const found = [5, 15, 25, 35].map((x) => hex(at(map, x, 5)));
    expect(found[0]).toBe(found[2]);
    expect(found[0]).not.toBe(found[1]);
    expect(found[3]).toBe("000000");
    const known = new Set(ade20k.classes.map(({ colour }) => hex(colour)));
    expect(known.has(found[0] as string) || known.has(found[1] as string)).toBe(false);
    expect(notes).toHaveLength(1);
    expect(notes[0]).toMatchObject({
      code: "names-unknown",
      message: 'No class of ade20k is called "skyline", "blorp".',
      remedy: expect.stringContaining('"skyline" may be sky'),
    });
  });

  test("leaves unknown layers out where that is asked for, so that what lies behind shows", async () => {
    const source = drawing(10, 10, [shape("sky", rectangle(0, 0, 10, 10)), shape("blorp", rectangle(2, 2, 6, 6))]);
    const map = await drawn(segmentation({ unknown: "nothing" }), source);
    expect(colours(map)).toEqual(new Set(["06e6e6"]));
  });

  test("fills the empty ground with a class by name, and refuses what is none with suggestions", async () => {
    const source = drawing(10, 10, [shape("tree", rectangle(0, 0, 5, 10))]);
    expect(colours(await drawn(segmentation({ ground: "벽" }), source))).toEqual(new Set(["04c803", "787878"]));
    const failure = await drawn(segmentation({ ground: "skyline" }), source).catch((error: unknown) => error);
    expect(UnderdrawError.is(failure, "request-invalid")).toBe(true);
    expect(String(failure)).toMatch(/"skyline" is no class of the palette ade20k; did you mean sky/);
  });

  test("takes words of interfaces for things only where the document is no design of screens", async () => {
    const source = drawing(10, 10, [shape("box", rectangle(0, 0, 10, 10))]);
    expect(hex(at(await drawn(segmentation({ screenDesign: false }), source), 5, 5))).toBe("00ff14");
    expect(hex(at(await drawn(segmentation(), source), 5, 5))).not.toBe("00ff14");
  });

  test.each(["ade20k", "coco"] as const)(
    "of a whole drawing has only colours of %s and few unknown names",
    async (palette) => {
      const notes: { message: string }[] = [];
      const map = await drawn(segmentation({ palette, unknown: "nothing" }), landscape(513, 381), notes as never);
      const known = new Set((palette === "coco" ? coco : ade20k).classes.map(({ colour }) => hex(colour)));
      for (const colour of colours(map)) expect(known).toContain(colour);
      expect(colours(map).size).toBeGreaterThan(8);
      expect(notes.map(({ message }) => message)).toEqual([
        `No class of ${palette} is called "해", "Vector 14", "Vector 15".`,
      ]);
    },
  );
});

test.each([ade20k, coco])("500 free colours are all different and none of $id's, black or white", (palette) => {
  const free = freeColours(palette, 500).map(hex);
  const taken = ["000000", "ffffff", ...palette.classes.map(({ colour }) => hex(colour))];
  expect(new Set(free).size).toBe(500);
  expect(free.filter((colour) => taken.includes(colour))).toEqual([]);
});
