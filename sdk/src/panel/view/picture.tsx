import type { Pixels } from "@underdraw/engine/core";
import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

// Drawn before the browser paints, so that no frame is empty; cleaned up in the same turn as what it stood in.

/** A picture as it is, on a canvas of its own size that CSS fits into its place. */
export function Picture({ pixels, name }: { readonly pixels: Pixels; readonly name: string }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    element.width = pixels.width;
    element.height = pixels.height;
    element.getContext("2d")?.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
  }, [pixels]);
  useFreed(canvas);
  return <canvas ref={canvas} class="ud-picture" role="img" aria-label={name} />;
}

/** A small picture of one, for what says its name elsewhere; `side` is its longest side in CSS pixels. */
export function Thumbnail({ pixels, side }: { readonly pixels: Pixels; readonly side: number }): JSX.Element {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const element = canvas.current;
    if (!element) return;
    let wanted = true;
    void drawSmall(element, pixels, side, () => wanted);
    return () => {
      wanted = false;
    };
  }, [pixels, side]);
  useFreed(canvas);
  return (
    <span class="ud-small-picture" aria-hidden="true">
      <canvas ref={canvas} class="ud-picture" />
    </span>
  );
}

/** Scaled down away from the page's thread, so that a strip of large pictures does not hold it up. */
async function drawSmall(
  canvas: HTMLCanvasElement,
  pixels: Pixels,
  side: number,
  isWanted: () => boolean,
): Promise<void> {
  const { width, height, data } = pixels;
  const scale = Math.min(1, (side * 2) / Math.max(width, height)); // sharp on dense screens too
  const resize = {
    resizeWidth: Math.max(1, Math.round(width * scale)),
    resizeHeight: Math.max(1, Math.round(height * scale)),
  };
  const bitmap = await createImageBitmap(new ImageData(data, width, height), {
    ...resize,
    resizeQuality: "high",
  }).catch(
    () => null, // no memory for it: the strip's place stays empty, the picture itself is not touched
  );
  if (!bitmap) return;
  if (isWanted()) {
    canvas.width = bitmap.width;
    canvas.height = bitmap.height;
    canvas.getContext("2d")?.drawImage(bitmap, 0, 0);
  }
  bitmap.close();
}

/** A canvas that left the page holds its pixels until it is collected; without a size it holds none. */
function useFreed(canvas: { readonly current: HTMLCanvasElement | null }): void {
  useLayoutEffect(() => {
    const element = canvas.current;
    return () => {
      if (element) element.width = element.height = 0;
    };
  }, [canvas]);
}
