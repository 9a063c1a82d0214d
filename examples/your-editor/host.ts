import { type Rect, UnderdrawError } from "@underdraw/engine/core";
import type { HostAdapter } from "@underdraw/sdk";
import type { Editor } from "./editor.ts";

// The paint program, seen from Underdraw: the whole adapter.

/** Brings Underdraw to the paint program. */
export function editorHost(editor: Editor): HostAdapter {
  return {
    version: 1,
    name: "your-editor",
    exactSize: true, // an editor of pixels: layers come in the size of their bounds

    // #region capture
    async capture({ maxSide }) {
      const bounds = boundsOf(editor);
      if (!bounds) return null;
      const { x, y, width, height } = bounds;
      const scale = Math.min(1, maxSide / Math.max(width, height));
      const picture = new OffscreenCanvas(
        Math.max(1, Math.round(width * scale)),
        Math.max(1, Math.round(height * scale)),
      );
      const drawing = picture.getContext("2d", { willReadFrequently: true });
      if (!drawing) throw new Error("No 2D canvas here.");
      drawing.scale(picture.width / width, picture.height / height);
      drawing.translate(-x, -y);
      editor.render(drawing);
      const top = editor.layers.at(-1);
      return {
        pixels: drawing.getImageData(0, 0, picture.width, picture.height),
        bounds,
        ...(top && { anchor: top.id, ...(top.notes.has("underdraw") && { layer: top.id }) }),
      };
    },
    // #endregion

    // #region place
    async place(title, layers) {
      const made = layers.map(({ name, pixels, bounds, recipe }) => {
        const image = new ImageData(pixels.data, pixels.width);
        if (image.width !== bounds.width || image.height !== bounds.height) {
          throw new RangeError(`The layer "${name}" must have the size of its bounds.`);
        }
        const notes = recipe === undefined ? [] : ([["underdraw", recipe]] as const);
        return editor.createLayer(name, image, bounds.x, bounds.y, new Map(notes));
      });
      editor.insert(title, made, layers[0]?.anchor);
      return made.map(({ id }) => id);
    },
    // #endregion

    // #region more
    onSelectionChange: (listener) => editor.onChange(listener),
    recipe: async (layerId) => editor.layers.find(({ id }) => id === layerId)?.notes.get("underdraw") ?? null,
    // #endregion

    // #region scene
    async scene() {
      const bounds = boundsOf(editor);
      if (!bounds) return null;
      const shapes = editor.layers.map(({ id, name, image, x, y }) => ({
        id,
        name,
        kind: "picture" as const,
        path: `M0 0H${image.width}V${image.height}H0Z`,
        matrix: [1, 0, 0, 1, x, y] as const,
        stroke: null,
        strokeWidth: 0,
        dash: [],
        fill: null,
        opacity: 1,
        picture: image,
      }));
      return { bounds, shapes };
    },
    // #endregion
  };
}

// #region bounds
/** What is selected of the canvas: what lies outside of it is not there. */
function boundsOf({ selection, width, height }: Editor): Rect | null {
  if (!selection) return null;
  const [x, y] = [Math.max(0, selection.x), Math.max(0, selection.y)];
  const bounds = {
    x,
    y,
    width: Math.min(width, selection.x + selection.width) - x,
    height: Math.min(height, selection.y + selection.height) - y,
  };
  if (bounds.width > 0 && bounds.height > 0) return bounds;
  const message = "The selection lies outside the canvas. Move it inside.";
  throw new UnderdrawError("selection-unusable", message, { host: "your-editor", reason: "outside" });
}
// #endregion
