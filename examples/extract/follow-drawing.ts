import { liveLineart, type Scene, type SceneShape } from "@underdraw/engine";

/** An editor of vectors, as far as this example needs one. */
export interface Editor {
  readonly scene: Scene;
  /** Hears each time that a shape was moved or changed while it is dragged. */
  onShape(listener: (index: number, shape: SceneShape) => void): void;
  /** Hears when the drawing is another one: after undo, paste or a new order of layers. */
  onScene(listener: (scene: Scene) => void): void;
}

// #region follow
/** Shows the lines of an editor's drawing on a canvas, and keeps them as the drawing is now. */
export async function followDrawing(editor: Editor, canvas: HTMLCanvasElement, signal: AbortSignal): Promise<void> {
  const { width, height } = canvas;
  const context = canvas.getContext("2d");
  if (!context) throw new Error("No 2D canvas here.");

  const live = await liveLineart({ width, height, scene: editor.scene }, { widths: "unified", width: 3, signal });
  const image = new ImageData(live.map.data, width); // the same bytes, and so always as they are now
  context.putImageData(image, 0, 0);

  editor.onShape((index, shape) => {
    for (const area of live.replace(index, shape)) {
      context.putImageData(image, 0, 0, area.x, area.y, area.width, area.height);
    }
  });
  editor.onScene((scene) => {
    for (const area of live.update(scene)) {
      context.putImageData(image, 0, 0, area.x, area.y, area.width, area.height);
    }
  });
}
// #endregion
