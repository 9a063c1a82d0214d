import {
  CaptureUpdateAction,
  convertToExcalidrawElements,
  exportToCanvas,
  getCommonBounds,
} from "@excalidraw/excalidraw";
import type { ExcalidrawElement, ExcalidrawFrameElement, FileId } from "@excalidraw/excalidraw/element/types";
import type { BinaryFileData, DataURL, ExcalidrawImperativeAPI } from "@excalidraw/excalidraw/types";
import type { Rect } from "@underdraw/engine/core";
import { writePicture } from "@underdraw/engine/pictures";
import type { HostAdapter, NewLayer } from "@underdraw/sdk";
import { excalidrawScene, type FrameElement } from "./scene.ts";

// Excalidraw, seen from Underdraw: what is selected comes out as pixels with their place, layers go in as images.

/** Makes a host of a mounted Excalidraw. */
export function excalidrawHost(api: ExcalidrawImperativeAPI): HostAdapter {
  return {
    version: 1,
    name: "excalidraw",

    async capture({ maxSide }) {
      const { elements, frame } = selection(api);
      if (elements.length === 0 && !frame) return null;
      const bounds = boundsOf(elements, frame);
      const scale = Math.min(1, maxSide / Math.max(bounds.width, bounds.height));
      const width = Math.max(1, Math.round(bounds.width * scale));
      const height = Math.max(1, Math.round(bounds.height * scale));
      const canvas = await exportToCanvas({
        // Out of their frames, else they would be left out. Nothing is clipped but by the canvas' edge.
        elements: elements.map((element) => ({ ...element, frameId: null })),
        files: api.getFiles(),
        appState: { exportBackground: false, exportWithDarkMode: false },
        exportingFrame: region(bounds),
        getDimensions: () => ({ width, height, scale }),
      });
      const drawing = canvas.getContext("2d");
      if (!drawing) throw new Error("No 2D canvas here.");
      const [only] = elements;
      const layer = elements.length === 1 && only && recipeOf(only) !== null ? { layer: only.id } : {};
      const anchor = JSON.stringify(elements.map(({ id }) => id));
      return { pixels: drawing.getImageData(0, 0, width, height), bounds, name: title(elements), anchor, ...layer };
    },

    async place(_title, layers) {
      const made = await Promise.all(layers.map(image));
      // From here on nothing is asynchronous: the scene is read and written in one go, as one step.
      const scene = api.getSceneElementsIncludingDeleted(); // the deleted ones too: undo needs them
      const over = new Set(anchored(layers));
      const sources = scene.filter(({ id, isDeleted }) => over.has(id) && !isDeleted);
      const frameId = sameFrame(sources);
      const elements = made.map(({ element }) => ({ ...element, frameId }));
      const last = scene.findLastIndex(({ id, isDeleted }) => over.has(id) && !isDeleted);
      const at = last < 0 ? scene.length : last + 1;
      api.updateScene({
        elements: [...scene.slice(0, at), ...elements, ...scene.slice(at)],
        captureUpdate: CaptureUpdateAction.IMMEDIATELY,
      });
      api.addFiles(made.map(({ file }) => file)); // after: only files that elements ask for are decoded and shown
      return elements.map(({ id }) => id);
    },

    onSelectionChange(listener) {
      let before = mark(api);
      return api.onChange(() => {
        const now = mark(api);
        if (now === before) return; // most changes are pointer moves
        before = now;
        listener();
      });
    },

    async scene() {
      const { elements, frame, frames } = selection(api);
      if (elements.length === 0 && !frame) return null;
      return excalidrawScene(elements, frames, boundsOf(elements, frame));
    },

    async recipe(layerId) {
      const element = api.getSceneElements().find(({ id }) => id === layerId);
      return element ? recipeOf(element) : null;
    },
  };
}

interface Selection {
  /** In drawing order, with the text bound to it and the children of selected frames; no frames. */
  readonly elements: readonly ExcalidrawElement[];
  /** The frame, when one frame and nothing outside it is selected. */
  readonly frame: FrameElement | null;
  /** The frames that are selected. */
  readonly frames: readonly FrameElement[];
}

const isFrame = (element: ExcalidrawElement): element is FrameElement =>
  element.type === "frame" || element.type === "magicframe";

function selection(api: ExcalidrawImperativeAPI): Selection {
  const { selectedElementIds: ids } = api.getAppState();
  const scene = api.getSceneElements();
  const frames = scene.flatMap((element) => (isFrame(element) && ids[element.id] ? [element] : []));
  const elements = scene.filter((element) => {
    if (isFrame(element)) return false;
    if (ids[element.id] || (element.frameId !== null && ids[element.frameId])) return true;
    return element.type === "text" && element.containerId !== null && ids[element.containerId] === true;
  });
  const [frame] = frames;
  const alone = frames.length === 1 && elements.every(({ frameId }) => frameId === frame?.id);
  return { elements, frame: frame && alone ? frame : null, frames };
}

/** The ids in the layers' anchors, which come back from outside: anything but a list of texts names nothing. */
function anchored(layers: readonly NewLayer[]): readonly string[] {
  return layers.flatMap(({ anchor }) => {
    try {
      const ids: unknown = JSON.parse(anchor ?? "[]");
      return Array.isArray(ids) ? ids.filter((id): id is string => typeof id === "string") : [];
    } catch {
      return [];
    }
  });
}

function sameFrame([first, ...rest]: readonly ExcalidrawElement[]): string | null {
  const frameId = first?.frameId ?? null;
  return rest.every((element) => element.frameId === frameId) ? frameId : null;
}

function recipeOf({ customData }: ExcalidrawElement): string | null {
  const recipe: unknown = customData?.["underdraw"]?.recipe;
  return typeof recipe === "string" ? recipe : null;
}

function title(elements: readonly ExcalidrawElement[]): string {
  const name: unknown = elements.length === 1 ? elements[0]?.customData?.["underdraw"]?.name : undefined;
  return typeof name === "string" ? name : elements.length === 1 ? "1 element" : `${elements.length} elements`;
}

/** Whole units around a frame, or around the ink: Excalidraw's bounds leave out stroke width, wobble and arrow heads. */
function boundsOf(elements: readonly ExcalidrawElement[], frame: ExcalidrawElement | null): Rect {
  if (frame) return whole(frame.x, frame.y, frame.x + frame.width, frame.y + frame.height);
  const boxes = elements.map((element) => {
    const [left, top, right, bottom] = getCommonBounds([element]);
    const ink = margin(element);
    return [left - ink, top - ink, right + ink, bottom + ink] as const;
  });
  const side = (index: 0 | 1 | 2 | 3) => boxes.map((box) => box[index]);
  return whole(Math.min(...side(0)), Math.min(...side(1)), Math.max(...side(2)), Math.max(...side(3)));
}

/** How far ink may stand out of an element's box, as measured over many seeds. */
function margin(element: ExcalidrawElement): number {
  const { type, strokeWidth, roughness } = element;
  if (type === "image") return 0;
  if (type === "text") return element.fontSize / 4; // glyphs stand out of their line box
  if (type === "freedraw") return strokeWidth * 4.25; // the pen at full pressure
  return strokeWidth / 2 + roughness * 4 + (type === "arrow" ? 18 : 2);
}

function whole(left: number, top: number, right: number, bottom: number): Rect {
  const x = Math.floor(left);
  const y = Math.floor(top);
  return { x, y, width: Math.max(1, Math.ceil(right) - x), height: Math.max(1, Math.ceil(bottom) - y) };
}

/** A frame that is in no scene. "Exporting" it exports this rectangle: the only way to an exact region. */
function region(bounds: Rect): ExcalidrawFrameElement {
  const [frame] = convertToExcalidrawElements([{ type: "frame", children: [], ...bounds }]);
  return { ...(frame as ExcalidrawFrameElement), ...bounds }; // the conversion moves it, so say it again
}

async function image(layer: NewLayer): Promise<{ file: BinaryFileData; element: ExcalidrawElement }> {
  const { x, y, width, height } = layer.bounds;
  if (!Number.isFinite(x + y) || !(width > 0 && height > 0))
    throw new RangeError(`"${layer.name}" has no place to go to.`);
  const png = await writePicture(layer.pixels, { format: "png" });
  const dataURL = `data:image/png;base64,${base64(png)}` as DataURL;
  // Not randomUUID: that is only there in secure contexts.
  const id = Array.from(crypto.getRandomValues(new Uint32Array(4)), (part) => part.toString(36)).join("") as FileId;
  const file: BinaryFileData = { id, mimeType: "image/png", dataURL, created: Date.now() };
  const [element] = convertToExcalidrawElements([{ type: "image", fileId: id, status: "saved", ...layer.bounds }]);
  if (!element) throw new Error("Excalidraw made no image element.");
  const underdraw = { name: layer.name, ...(layer.recipe === undefined ? {} : { recipe: layer.recipe }) };
  return { file, element: { ...element, ...layer.bounds, customData: { underdraw } } };
}

function base64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let at = 0; at < bytes.length; at += 0x8000)
    pieces.push(String.fromCharCode(...bytes.subarray(at, at + 0x8000)));
  return btoa(pieces.join(""));
}

/** Changes when the selection or a selected element does. */
function mark(api: ExcalidrawImperativeAPI): string {
  const { elements, frame } = selection(api);
  return [...elements, ...(frame ? [frame] : [])].map(({ id, version }) => `${id}:${version}`).join();
}
