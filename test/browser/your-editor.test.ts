import { type HostKit, hostContract } from "@underdraw/sdk/testing";
import { expect, test } from "vitest";
import { Editor } from "../../examples/your-editor/editor.ts";
import { editorHost } from "../../examples/your-editor/host.ts";

// The guide's paint program at the hands of the contract.

const canvas = { width: 320, height: 240 };
let editor = new Editor(canvas.width, canvas.height);

const kit: HostKit = {
  get host() {
    return editorHost(editor);
  },
  canvas,
  async open() {
    editor = new Editor(canvas.width, canvas.height);
  },
  async select({ data, width }, bounds) {
    editor.insert("Picture", [editor.createLayer("Picture", new ImageData(data, width), bounds.x, bounds.y)]);
    editor.select(bounds);
  },
  async deselect() {
    editor.select(null);
  },
  async selectAll() {
    editor.select({ x: 0, y: 0, ...canvas });
  },
  async snapshot() {
    const layers = editor.layers.map(({ image, notes, ...rest }) => ({
      ...rest,
      data: [...image.data],
      notes: [...notes],
    }));
    return JSON.stringify(layers);
  },
  async undo() {
    editor.undo();
  },
  async redo() {
    editor.redo();
  },
  async layers() {
    return editor.layers.map(({ id }) => id);
  },
  async layer(wanted) {
    const layer = editor.layers.find(({ id }) => id === wanted);
    if (!layer) throw new Error(`There is no layer ${wanted}.`);
    const { image, x, y } = layer;
    return { bounds: { x, y, width: image.width, height: image.height }, pixels: image };
  },
  async render({ x, y, width, height }) {
    const drawing = new OffscreenCanvas(width, height).getContext("2d");
    if (!drawing) throw new Error("No 2D canvas here.");
    drawing.translate(-x, -y);
    editor.render(drawing);
    return drawing.getImageData(0, 0, width, height);
  },
};

/** What this editor has not. */
const absent = [
  "rounds bounds that are not whole outward",
  "says that what is hidden cannot be seen",
  "gives a selected area with its mask, soft edge and all",
  "scales a layer to its bounds",
  "shows of a layer what its mask shows",
  "says when what is selected is a layer of ours",
  "places nothing when the document is gone",
];

test.each(hostContract)("the guide's editor $name", async ({ name, run }) => {
  const outcome = await run(kit);
  if (absent.includes(name)) expect(outcome).toEqual({ skipped: expect.any(String) });
  else expect(outcome).toBe("passed");
});
