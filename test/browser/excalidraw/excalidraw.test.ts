import { CaptureUpdateAction, convertToExcalidrawElements, Excalidraw, exportToCanvas } from "@excalidraw/excalidraw";
import type { ExcalidrawElement, FileId } from "@excalidraw/excalidraw/element/types";
import type { DataURL, ExcalidrawImperativeAPI } from "@excalidraw/excalidraw/types";
import type { Pixels, Rect } from "@underdraw/engine/core";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { type HostKit, hostContract } from "@underdraw/sdk/testing";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { beforeAll, expect, test } from "vitest";
import { excalidrawHost } from "../../../examples/playground/host.ts";

// Excalidraw itself, mounted in the page, at the hands of the contract.

let api: ExcalidrawImperativeAPI;
let files = 0;

const settle = (): Promise<void> => new Promise((done) => setTimeout(done, 60));
const alive = (): readonly ExcalidrawElement[] => api.getSceneElements();

/** Presses keys that Excalidraw hears wherever the focus is. */
async function press(key: string, shiftKey = false): Promise<void> {
  document.dispatchEvent(new KeyboardEvent("keydown", { key, code: "KeyZ", ctrlKey: true, shiftKey, bubbles: true }));
  await settle();
}

async function choose(ids: readonly string[]): Promise<void> {
  api.updateScene({ appState: { selectedElementIds: Object.fromEntries(ids.map((id) => [id, true as const])) } });
  await settle();
}

async function dataUrl(pixels: Pixels): Promise<DataURL> {
  const png = await writePicture(pixels, { format: "png" });
  return `data:image/png;base64,${btoa(Array.from(png, (byte) => String.fromCharCode(byte)).join(""))}` as DataURL;
}

function find(id: string): ExcalidrawElement {
  const element = alive().find((one) => one.id === id);
  if (!element) throw new Error(`There is no element ${id}.`);
  return element;
}

const kit: HostKit = {
  get host() {
    return excalidrawHost(api);
  },
  fractions: true,
  async open() {
    api.updateScene({ elements: [], captureUpdate: CaptureUpdateAction.NEVER });
    await choose([]);
    api.history.clear();
  },
  async select(picture, bounds) {
    const id = `picture-${files++}` as FileId;
    const [made] = convertToExcalidrawElements([{ type: "image", fileId: id, status: "saved", ...bounds }]);
    if (!made) throw new Error("Excalidraw made no image element.");
    api.updateScene({
      elements: [...api.getSceneElementsIncludingDeleted(), { ...made, ...bounds }],
      captureUpdate: CaptureUpdateAction.IMMEDIATELY,
    });
    api.addFiles([{ id, mimeType: "image/png", dataURL: await dataUrl(picture), created: 1 }]);
    await choose([made.id]);
  },
  deselect: () => choose([]),
  selectAll: () => choose(alive().map(({ id }) => id)),
  async snapshot() {
    // Redo counts versions up: those are of collaboration, not of the picture.
    return JSON.stringify(alive().map((element) => ({ ...element, version: 0, versionNonce: 0, updated: 0 })));
  },
  undo: () => press("z"),
  redo: () => press("z", true),
  async layers() {
    return alive().map(({ id }) => id);
  },
  async layer(id) {
    const { x, y, width, height, ...rest } = find(id);
    const file = "fileId" in rest && rest.fileId ? api.getFiles()[rest.fileId] : undefined;
    if (!file) throw new Error(`The element ${id} has no picture.`);
    const bytes = new Uint8Array(await (await fetch(file.dataURL)).arrayBuffer());
    return { bounds: { x, y, width, height }, pixels: (await readPicture(bytes)).pixels };
  },
  async render(area: Rect) {
    const [frame] = convertToExcalidrawElements([{ type: "frame", children: [], ...area }]);
    const canvas = await exportToCanvas({
      elements: alive(),
      files: api.getFiles(),
      appState: { exportBackground: false },
      exportingFrame: { ...frame, ...area } as never,
      getDimensions: () => ({ width: area.width, height: area.height, scale: 1 }),
    });
    const drawing = canvas.getContext("2d");
    if (!drawing) throw new Error("No 2D canvas here.");
    return drawing.getImageData(0, 0, area.width, area.height);
  },
  choose: (id) => choose([id]),
};

beforeAll(async () => {
  const place = document.createElement("main");
  Object.assign(place.style, { width: "800px", height: "600px" });
  document.body.append(place);
  api = await new Promise((resolve) => {
    createRoot(place).render(createElement(Excalidraw, { excalidrawAPI: resolve, handleKeyboardGlobally: true }));
  });
  await settle();
});

/** What this editor has not. */
const absent = [
  "clips a selection that reaches over the canvas",
  "gives nothing for a selection off the canvas",
  "says that what is hidden cannot be seen",
  "gives a selected area with its mask, soft edge and all",
  "shows of a layer what its mask shows",
  "places nothing when the document is gone",
];

test.each(hostContract)("Excalidraw $name", async ({ name, run }) => {
  const outcome = await run(kit);
  if (absent.includes(name)) expect(outcome).toEqual({ skipped: expect.any(String) });
  else expect(outcome).toBe("passed");
});
