import type { JSX } from "preact";
import { useShown } from "./shown.ts";

/** Offers to draw a selected layer again that was made here. */
export function LayerOffer(): JSX.Element | null {
  const { screen, speaker } = useShown();
  const layer = screen.redraw.layer.value;
  if (layer === null) return null;
  const isBusy = screen.generation.job.busy.value;
  return (
    <div class="ud-layer">
      <span>{speaker.say("drawn-here")}</span>
      <button type="button" class="ud-link" aria-disabled={isBusy} onClick={() => void screen.redrawLayer(layer)}>
        {speaker.say("redraw")}
      </button>
    </div>
  );
}
