import type { Pixels, TrainingSample } from "@underdraw/engine";
import { find, make, shownPixels } from "./element.ts";
import { Pad } from "./pad.ts";
import type { AskProgress } from "./protocol.ts";
import { figure, say } from "./words.ts";

/** What the net of now made of a map. */
export interface Tried {
  readonly pixels: Pixels;
  readonly seconds: number;
  readonly step: number;
}

/** What trying asks of the page. */
export interface TryEvents {
  /** Draws, after the step that is being made where one is. */
  draw(map: Pixels, prompt: string, onProgress: (progress: AskProgress) => void): Promise<Tried>;
  /** There is no map. */
  onEmpty(): void;
  onFailure(error: unknown): void;
  announce(text: string): void;
}

/** Where the net is tried on a map. */
export interface TryView {
  /** There is a net for maps of this side; held-out maps to choose from. */
  show(side: number, samples: readonly TrainingSample[]): void;
  hide(): void;
}

/** Joins the elements to a view. */
export function tryView({ draw, onEmpty, onFailure, announce }: TryEvents): TryView {
  const [section, maps, hint, facts] = [find("try"), find("maps"), find("pad-hint"), find("drawn-facts")];
  const [prompt, button, text] = [find<HTMLInputElement>("prompt"), find<HTMLButtonElement>("draw"), find("draw-text")];
  const result = find<HTMLCanvasElement>("drawn");
  let offered = "";
  let isDrawing = false;

  const pad = new Pad(find<HTMLCanvasElement>("pad"), () => {
    hint.hidden = !pad.isClear;
  });
  find("use-undo").onclick = () => pad.undo();
  find("use-clear").onclick = () => pad.clear();

  async function tryNet(): Promise<void> {
    if (isDrawing) return;
    if (pad.isClear) return onEmpty();
    isDrawing = true;
    button.ariaDisabled = "true";
    text.textContent = say("draw-waits");
    try {
      const words = prompt.value.trim();
      const { pixels, seconds, step } = await draw(pad.map(), words, ({ done }) => {
        text.textContent = say("drawing", { n: Math.round(100 * done) });
      });
      Object.assign(result, { width: pixels.width, height: pixels.height, hidden: false });
      result.getContext("2d")?.putImageData(new ImageData(pixels.data, pixels.width, pixels.height), 0, 0);
      result.ariaLabel = words === "" ? say("drawn-plain") : say("drawn-said", { prompt: words });
      find("drawn-empty").hidden = true;
      facts.textContent = say("drawn-facts", { step: String(step), n: figure(seconds) });
      announce(result.ariaLabel);
    } catch (error) {
      onFailure(error);
    } finally {
      isDrawing = false;
      button.ariaDisabled = null;
      text.textContent = say("draw");
    }
  }
  find<HTMLFormElement>("ask").onsubmit = (event) => {
    event.preventDefault();
    void tryNet();
  };

  return {
    show(side, samples) {
      section.hidden = false;
      pad.resize(side);
      const names = samples.map(({ name }) => name).join("\n");
      if (names === offered) return;
      offered = names;
      maps.replaceChildren(
        ...samples.map(({ name, map }) => {
          const label = say("held-map", { name });
          const one = make("button", { type: "button", title: label, ariaLabel: label }, shownPixels(map, ""));
          one.firstElementChild?.removeAttribute("role");
          one.firstElementChild?.setAttribute("aria-hidden", "true");
          one.onclick = () => pad.lay(map);
          return one;
        }),
      );
    },
    hide() {
      section.hidden = true;
      offered = "";
    },
  };
}
