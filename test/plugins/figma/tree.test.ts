import { describe, expect, test } from "vitest";
import {
  type Branch,
  frameOf,
  inDocumentOrder,
  pageOf,
  slotAbove,
  topOf,
} from "../../../plugins/figma/src/main/tree.ts";

type Sketch = readonly [type: string, id: string, ...children: Sketch[]];

/** Builds nodes from a nested sketch, and finds them by their ids. */
function grown(sketch: Sketch): (id: string) => Branch {
  const found = new Map<string, Branch>();
  const grow = ([type, id, ...children]: Sketch, parent: Branch | null): Branch => {
    const node = { id, type, parent, ...(type === "RECTANGLE" ? {} : { children: [] as Branch[] }) };
    found.set(id, node);
    node.children?.push(...children.map((child) => grow(child, node)));
    return node;
  };
  grow(sketch, null);
  return (id) => found.get(id) as Branch;
}

const node = grown([
  "DOCUMENT",
  "0:0",
  [
    "PAGE",
    "page",
    ["RECTANGLE", "low"],
    [
      "FRAME",
      "frame",
      ["GROUP", "group", ["RECTANGLE", "in-group"], ["RECTANGLE", "in-group-2"]],
      ["INSTANCE", "instance", ["FRAME", "inner", ["RECTANGLE", "deep"]]],
      ["BOOLEAN_OPERATION", "union", ["RECTANGLE", "operand"]],
    ],
    ["COMPONENT_SET", "set", ["COMPONENT", "variant", ["RECTANGLE", "in-variant"]]],
    ["SECTION", "section"],
  ],
  ["PAGE", "other"],
]);
const ids = (nodes: readonly Branch[]): readonly string[] => nodes.map(({ id }) => id);

describe("a selection", () => {
  test("is put into the order of the document, whatever the order it was made in", () => {
    const nodes = ["section", "deep", "in-group-2", "low", "in-group", "operand"].map(node);
    expect(ids(inDocumentOrder(nodes))).toEqual(["low", "in-group", "in-group-2", "deep", "operand", "section"]);
  });

  test("lies on a page, or on none when it was deleted", () => {
    expect(pageOf(node("deep"))?.id).toBe("page");
    expect(pageOf({ id: "lost", type: "RECTANGLE", parent: null })).toBeNull();
  });

  test("of several parents is covered from the parent that holds all of it", () => {
    expect(topOf([node("low")]).id).toBe("low");
    expect(topOf([node("in-group"), node("in-group-2")]).id).toBe("in-group-2");
    expect(topOf([node("in-group"), node("operand")]).id).toBe("union");
    expect(topOf([node("low"), node("in-group")]).id).toBe("frame");
    expect(topOf([node("frame"), node("section")]).id).toBe("section");
  });
});

describe("a picture goes directly above its source", () => {
  const slot = (id: string): readonly [string | undefined, string | undefined] => {
    const found = slotAbove(node(id));
    return [found?.parent.id, found?.above?.id];
  };

  test("beside it in a page, a frame, a group or a component", () => {
    expect(slot("low")).toEqual(["page", "low"]);
    expect(slot("group")).toEqual(["frame", "group"]);
    expect(slot("in-group")).toEqual(["group", "in-group"]);
    expect(slot("in-variant")).toEqual(["variant", "in-variant"]);
    expect(slot("section")).toEqual(["page", "section"]);
  });

  test("beside the whole instance, whose inside cannot be changed at any depth", () => {
    expect(slot("deep")).toEqual(["frame", "instance"]);
    expect(slot("instance")).toEqual(["frame", "instance"]);
  });

  test("beside what takes no pictures as children", () => {
    expect(slot("operand")).toEqual(["frame", "union"]);
    expect(slot("variant")).toEqual(["page", "set"]);
  });

  test("and nowhere for a node that lies in nothing", () => {
    expect(slotAbove({ id: "lost", type: "RECTANGLE", parent: null })).toBeNull();
    expect(slotAbove(node("page"))).toBeNull();
  });
});

test("a group is no frame of reference for what lies in it", () => {
  expect(frameOf(node("group")).id).toBe("frame");
  expect(frameOf(node("frame")).id).toBe("frame");
  expect(frameOf(node("page")).id).toBe("page");
  const nested = grown(["FRAME", "f", ["GROUP", "g", ["BOOLEAN_OPERATION", "b"]]]);
  expect(frameOf(nested("b")).id).toBe("f");
});
