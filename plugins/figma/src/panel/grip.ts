/** How far an arrow key moves the corner, in CSS pixels. */
const stride = 16;

/** Makes a corner into a grip of the plugin's window, which Figma gives none: by pointer, and by arrow keys. */
export function makeGrip(corner: HTMLElement, resize: (width: number, height: number) => void): void {
  let from: { readonly x: number; readonly y: number; readonly width: number; readonly height: number } | null = null;
  corner.addEventListener("pointerdown", (event) => {
    corner.setPointerCapture(event.pointerId);
    from = { x: event.screenX, y: event.screenY, width: innerWidth, height: innerHeight };
  });
  // On the screen, not in the window: the window moves under the pointer.
  corner.addEventListener("pointermove", ({ screenX, screenY }) => {
    if (from) resize(from.width + screenX - from.x, from.height + screenY - from.y);
  });
  corner.addEventListener("lostpointercapture", () => {
    from = null;
  });
  const steps: Readonly<Record<string, readonly [x: number, y: number]>> = {
    ArrowLeft: [-stride, 0],
    ArrowRight: [stride, 0],
    ArrowUp: [0, -stride],
    ArrowDown: [0, stride],
  };
  corner.addEventListener("keydown", (event) => {
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    resize(innerWidth + step[0], innerHeight + step[1]);
  });
}
