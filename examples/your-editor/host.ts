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
      const { selection, layers, width, height } = editor;
      if (!selection) return null;
      // What lies outside the canvas is not there: the rest is captured.
      const x = Math.max(0, selection.x);
      const y = Math.max(0, selection.y);
      const right = Math.min(width, selection.x + selection.width);
      const bottom = Math.min(height, selection.y + selection.height);
      if (right <= x || bottom <= y) return null;
      const bounds = { x, y, width: right - x, height: bottom - y };
      const scale = Math.min(1, maxSide / Math.max(bounds.width, bounds.height));
      const picture = new OffscreenCanvas(
        Math.max(1, Math.round(bounds.width * scale)),
        Math.max(1, Math.round(bounds.height * scale)),
      );
      const drawing = picture.getContext("2d", { willReadFrequently: true });
      if (!drawing) throw new Error("No 2D canvas here.");
      for (const { canvas } of layers) {
        drawing.drawImage(canvas, x, y, bounds.width, bounds.height, 0, 0, picture.width, picture.height);
      }
      const top = layers.at(-1);
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
        const layer = editor.createLayer(name);
        layer.canvas.getContext("2d")?.putImageData(new ImageData(pixels.data, pixels.width), bounds.x, bounds.y);
        if (recipe !== undefined) layer.notes.set("underdraw", recipe);
        return layer;
      });
      editor.insert(title, made, layers[0]?.anchor);
      return made.map(({ id }) => id);
    },
    // #endregion

    // #region more
    onSelectionChange: (listener) => editor.onChange(listener),
    recipe: async (layerId) => editor.layers.find(({ id }) => id === layerId)?.notes.get("underdraw") ?? null,
    // #endregion
  };
}
