import { createPixels } from "@underdraw/engine/core";
import { writePicture } from "@underdraw/engine/pictures";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { inPlugin, openBare } from "./bare.ts";
import type { NodePhotoshop } from "./index.ts";

const box = (left: number, top: number, right: number, bottom: number) => ({ left, top, right, bottom });

let ps: NodePhotoshop;
beforeEach(async () => {
  ps = await openBare();
  ps.open({
    width: 40,
    height: 30,
    layers: [
      { name: "Fox", bounds: box(10, 8, 20, 14), fill: [255, 0, 0, 255] },
      { name: "Group", kind: "group", layers: [{ name: "Inside", fill: [0, 0, 255, 255] }] },
      { name: "Background", kind: "background", fill: [255, 255, 255] },
    ],
  });
});
afterEach(() => ps.quit());

const play = <T = Record<string, unknown>[]>(commands: string, options = "{}") =>
  inPlugin<T>(
    ps,
    `const doc = app.activeDocument;
    const [fox, group] = doc.layers.map(({ id }) => id);
    return modal(() => action.batchPlay(${commands}, ${options}))`,
  );

describe("batchPlay", () => {
  test.each([
    ["true", "Argument 1 has an invalid type. Expected type: array actual type: boolean"],
    ["{}", "Argument 1 has an invalid type. Expected type: array actual type: object"],
    ["[{}]", '"_obj"'],
    ["[null]", '"_obj"'],
  ])("rejects the arguments %s", async (argument, words) => {
    const code = `return failure(() => modal(() => action.batchPlay(${argument}, {})))`;
    expect(await inPlugin(ps, code)).toMatchObject({ message: expect.stringContaining(words) });
  });

  const hide = '{ _obj: "hide", null: [{ _ref: "layer", _id: fox }] }';
  const missing = '{ _obj: "select", _target: [{ _ref: "layer", _id: 9999 }] }';

  test("resolves with an error descriptor where a command fails, and stops there", async () => {
    const answers = await play(`[${missing}, ${hide}]`);
    expect(answers).toEqual([{ _obj: "error", message: expect.any(String), result: -25922 }]);
    expect(ps.layer("Fox").visible).toBe(true);
  });

  test("goes on with continueOnError", async () => {
    const answers = await play(`[${missing}, ${hide}]`, "{ continueOnError: true }");
    expect(answers.map(({ _obj }) => _obj)).toEqual(["error", "hide"]);
    expect(ps.layer("Fox").visible).toBe(false);
  });

  test("answers a command that it does not know with an error, and remembers it", async () => {
    expect(await play('[{ _obj: "warpDrive" }]')).toMatchObject([{ _obj: "error" }]);
    expect(ps.problems).toEqual(['batchPlay: the simulator knows no command "warpDrive"']);
  });

  test("selects and adds layers without a history state, and shows them unless told not to", async () => {
    ps.show("Fox", false);
    await play('[{ _obj: "select", _target: [{ _ref: "layer", _id: fox }], makeVisible: false }]');
    expect([ps.active, ps.layer("Fox").visible]).toEqual([["Fox"], false]);
    await play(`[{ _obj: "select", _target: [{ _ref: "layer", _id: group }],
      selectionModifier: { _enum: "selectionModifierType", _value: "addToSelection" } }]`);
    expect(ps.active).toEqual(["Fox", "Group"]);
    await play('[{ _obj: "select", _target: [{ _ref: "layer", _id: fox }] }]');
    expect([ps.active, ps.layer("Fox").visible]).toEqual([["Fox"], true]);
    expect(ps.history.names).toEqual(["Open"]);
  });

  test("counts opacity to 255 where the DOM counts to 100", async () => {
    const code = `const [layer] = app.activeDocument.layers;
      return modal(async () => {
        layer.opacity = 40;
        const [answer] = await action.batchPlay([{ _obj: "get", _target: { _ref: [{ _property: "opacity" },
          { _ref: "layer", _id: layer.id }] } }], {});
        return [layer.opacity, answer.opacity];
      })`;
    expect(await inPlugin(ps, code)).toEqual([40, 102]);
  });

  test("renames, deletes, duplicates, makes masks of the selection and takes selections from masks", async () => {
    await play(`[{ _obj: "set", _target: [{ _ref: "layer", _id: fox }, { _ref: "document", _id: doc.id }],
      to: { _obj: "layer", name: "Dog" } }]`);
    ps.activate("Dog");
    ps.select(box(12, 8, 15, 10));
    const mask = `[{ _obj: "make", new: { _class: "channel" }, at: { _ref: "channel", _enum: "channel", _value: "mask" },
      using: { _enum: "userMaskEnabled", _value: "revealSelection" } }]`;
    expect(await play(mask)).toMatchObject([{ _obj: "make" }]);
    expect([ps.layer("Dog").mask, ps.selection]).toMatchObject([box(12, 8, 15, 10), null]);
    expect(await play(mask)).toMatchObject([{ _obj: "error" }]);
    await play(`[{ _obj: "set", _target: [{ _ref: "channel", _property: "selection" }],
      to: { _ref: [{ _ref: "channel", _enum: "channel", _value: "mask" }, { _ref: "layer", _id: fox }] } }]`);
    expect(ps.selection).toMatchObject(box(12, 8, 15, 10));
    await play(`[{ _obj: "set", _target: [{ _ref: "channel", _property: "selection" }],
      to: { _ref: "channel", _enum: "channel", _value: "transparencyEnum" } }]`);
    expect(ps.selection).toMatchObject(box(10, 8, 20, 14));
    await play(`[{ _obj: "set", _target: [{ _ref: "channel", _property: "selection" }],
      to: { _enum: "ordinal", _value: "none" } }, { _obj: "duplicate", _target: [{ _ref: "layer", _id: fox }] },
      { _obj: "delete", _target: [{ _ref: "layer", _id: fox }] }]`);
    expect([ps.selection, ps.layers[0]?.name]).toEqual([null, "Dog copy"]);
  });

  test("goes through the history", async () => {
    const before = ps.snapshot();
    await play('[{ _obj: "make", _target: [{ _ref: "layer" }] }]');
    const after = ps.snapshot();
    await play('[{ _obj: "select", _target: [{ _ref: "historyState", _enum: "ordinal", _value: "previous" }] }]');
    expect(ps.snapshot()).toBe(before);
    await play('[{ _obj: "redo" }]');
    expect(ps.snapshot()).toBe(after);
    expect(await play('[{ _obj: "redo" }]')).toMatchObject([{ _obj: "error" }]);
  });

  test("multiGet lists layers from the lowest", async () => {
    const [answer] = await play(`[{ _obj: "multiGet", _target: { _ref: [{ _ref: "document", _id: doc.id }] },
      extendedReference: [["name", "parentLayerID", "hasUserMask"], { _obj: "layer", index: 1, count: -1 }] }]`);
    expect(answer?.["list"]).toMatchObject([
      { name: "Background", parentLayerID: -1, hasUserMask: false },
      { name: "Inside", parentLayerID: ps.layer("Group").id },
      { name: "Group" },
      { name: "Fox" },
    ]);
  });

  test("validateReference tells whether something is there still", async () => {
    const ask =
      "return [action.validateReference([{ _ref: 'layer', _id: app.activeDocument.layers[0].id }]), action.validateReference([{ _ref: 'document', _id: 4711 }])]";
    expect(await inPlugin(ps, ask)).toEqual([true, false]);
  });
});

describe("generatorSettings", () => {
  const set = (json: string, key = "com.example") => `{ _obj: "set", _target: [{ _ref: "property",
    _property: "generatorSettings" }, { _ref: "layer", _id: fox }, { _ref: "document", _id: doc.id }],
    to: { _obj: "generatorSettings", json: ${JSON.stringify(json)} }, property: "${key}" }`;
  const get = (key = "com.example") => `{ _obj: "get", _target: { _ref: [{ _property: "generatorSettings" },
    { _ref: "layer", _id: fox }, { _ref: "document", _id: doc.id }] }, property: "${key}" }`;

  test("keep text by key on a layer, through history", async () => {
    expect(await play(`[${get()}]`)).toEqual([{}]);
    await play(`[${set("여우 {}")}, ${set("other", "com.other")}]`);
    expect(await play(`[${get()}, ${get("com.other")}, ${get("none")}]`)).toEqual([
      { generatorSettings: { _obj: "com.example", json: "여우 {}" } },
      { generatorSettings: { _obj: "com.other", json: "other" } },
      {},
    ]);
    expect(ps.history.names).toHaveLength(3);
    ps.undo();
    ps.undo();
    expect(ps.layer("Fox").settings).toEqual({});
  });

  test("hold strings only, want the property first, and may be unavailable", async () => {
    const numbers = set("1").replace('json: "1"', "json: 1");
    expect(await play(`[${numbers}]`)).toMatchObject([{ _obj: "error" }]);
    const turned = `{ _obj: "set", _target: [{ _ref: "layer", _id: fox }, { _ref: "property",
      _property: "generatorSettings" }], to: { _obj: "generatorSettings", json: "1" }, property: "a" }`;
    expect(await play(`[${turned}]`)).toMatchObject([{ _obj: "error" }]);
    await ps.quit();
    ps = await openBare({ manners: { noSettings: true } });
    ps.open({ width: 4, height: 4, layers: [{ name: "Fox" }] });
    expect(await play(`[${set("1")}]`)).toMatchObject([{ _obj: "error" }]);
  });

  test("a document has its own, and its XMP", async () => {
    await play(`[{ _obj: "set", _target: [{ _ref: "property", _property: "XMPMetadataAsUTF8" },
      { _ref: "document", _id: doc.id }], to: { _obj: "document", XMPMetadataAsUTF8: "<x/>" } }]`);
    const get =
      '[{ _obj: "get", _target: { _ref: [{ _property: "XMPMetadataAsUTF8" }, { _ref: "document", _id: doc.id }] } }]';
    expect(await play(get)).toEqual([{ XMPMetadataAsUTF8: "<x/>" }]);
  });
});

describe("placeEvent", () => {
  /** A PNG of 10 x 10 that says how many pixels there are in a metre. */
  async function png(perMetre: number): Promise<Uint8Array> {
    const picture = createPixels(10, 10);
    picture.data.fill(255);
    const bytes = await writePicture(picture, { format: "png" });
    const chunk = new Uint8Array(21);
    const view = new DataView(chunk.buffer);
    view.setUint32(0, 9);
    chunk.set(new TextEncoder().encode("pHYs"), 4);
    view.setUint32(8, perMetre);
    view.setUint32(12, perMetre);
    chunk[16] = 1;
    // Nobody here checks the CRC of this chunk but the reader: it has to be right.
    view.setUint32(17, crc(chunk.subarray(4, 17)));
    return Uint8Array.from([...bytes.subarray(0, 33), ...chunk, ...bytes.subarray(33)]);
  }

  function crc(bytes: Uint8Array): number {
    let value = 0xffffffff;
    for (const byte of bytes) {
      value ^= byte;
      for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    }
    return ~value >>> 0;
  }

  const place = (more = "") => `const { localFileSystem } = require("uxp").storage;
    const file = await localFileSystem.getEntryWithUrl("plugin-temp:/fox.png");
    const [placed] = await modal(() => action.batchPlay([{ _obj: "placeEvent",
      null: { _path: localFileSystem.createSessionToken(file), _kind: "local" } ${more} }], {}));
    return placed;`;

  test("honours the file's resolution, and lands in the middle of the canvas", async () => {
    ps.disk.files.set("plugin-temp:/fox.png", await png(Math.round(144 / 0.0254)));
    expect(await inPlugin(ps, place())).toMatchObject({ _obj: "placeEvent", ID: expect.any(Number) });
    expect(ps.layer("fox")).toMatchObject({ kind: "smartObject", bounds: box(18, 13, 23, 18) });
  });

  test("lands in the middle of the selection, and shrinks to the canvas", async () => {
    ps.disk.files.set("plugin-temp:/fox.png", await png(Math.round(72 / 0.0254)));
    ps.select(box(0, 0, 12, 10));
    await inPlugin(ps, place());
    expect(ps.layer("fox").bounds).toEqual(box(1, 0, 11, 10));
    const small = ps.open({ width: 5, height: 4, layers: [] });
    await inPlugin(ps, place());
    expect(ps.layer("fox").bounds).toEqual(box(1, 0, 5, 4));
    ps.close(small);
  });

  test("is followed by transform to the exact place", async () => {
    ps.disk.files.set("plugin-temp:/fox.png", await png(Math.round(72 / 0.0254)));
    await inPlugin(ps, place());
    const unit = (name: string, value: number) => `${name}: { _unit: "pixelsUnit", _value: ${value} }`;
    await play(`[{ _obj: "transform", _target: [{ _ref: "layer", _enum: "ordinal", _value: "targetEnum" }],
      offset: { _obj: "offset", ${unit("horizontal", -15)}, ${unit("vertical", -10)} },
      width: { _unit: "percentUnit", _value: 200 }, height: { _unit: "percentUnit", _value: 50 } }]`);
    expect(ps.layer("fox").bounds).toEqual(box(-5, 3, 15, 8));
  });

  test("takes a session token of this run only", async () => {
    const code =
      'return modal(() => action.batchPlay([{ _obj: "placeEvent", null: { _path: "token", _kind: "local" } }], {}))';
    expect(await inPlugin(ps, code)).toMatchObject([{ _obj: "error" }]);
  });
});
