import { type LiveDrawing, liveDrawing, type Pipeline, type Pixels, UnderdrawError } from "@underdraw/engine";

/** A program to sketch in, as far as this example needs one. */
export interface Sketchpad {
  readonly prompt: string;
  /** The sketch as it is now: white lines on black. */
  lines(): Pixels;
  /** Hears each time that the sketch or the prompt changed. */
  onChange(listener: () => void): void;
  /** Hears when the pointer goes down on the sketch, and when it goes up. */
  onPointer(listener: (isDown: boolean) => void): void;
  /** Shows a picture beside the sketch. */
  show(picture: Pixels): void;
  showBusy(isBusy: boolean): void;
  showError(message: string): void;
}

// #region follow
/** Shows a picture beside a sketch that follows it while it is drawn. Dispose what it returns when the page closes. */
export function followSketch(pipeline: Pipeline, pad: Sketchpad): LiveDrawing {
  const live = liveDrawing(pipeline, {
    onStart: () => pad.showBusy(true),
    onFrame: ({ result }) => pad.show(result.pixels),
    onFinish: () => pad.showBusy(false),
    onError: (error) => pad.showError(UnderdrawError.is(error) ? error.message : String(error)),
  });
  pad.onChange(() => {
    live.update({
      prompt: pad.prompt,
      controls: [{ map: { condition: "lines", pixels: pad.lines() }, net: "lines" }],
    });
  });
  return live;
}
// #endregion

// #region hold
/** Begins nothing while the pointer is down, for a device that draws the sketch and the picture with the same processor. */
export function restInStrokes(live: LiveDrawing, pad: Sketchpad): void {
  pad.onPointer((isDown) => (isDown ? live.hold() : live.release()));
}
// #endregion

// #region keep
/** Draws the picture that the sketch now shows as well as the model can: all its steps. */
export async function keepPicture(pipeline: Pipeline, live: LiveDrawing, pad: Sketchpad): Promise<Pixels> {
  live.stop();
  const { pixels } = await pipeline.generate({
    prompt: pad.prompt,
    controls: [{ map: { condition: "lines", pixels: pad.lines() }, net: "lines" }],
    seed: live.seed, // the frames' own, so that it is the same picture
  });
  return pixels;
}
// #endregion
