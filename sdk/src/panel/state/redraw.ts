import { effect, type Signal, signal } from "@preact/signals";
import { type Control, requestOfRecipe } from "@underdraw/engine";
import { createPixels } from "@underdraw/engine/core";
import type { Capture } from "../../host/adapter.ts";
import type { LayerRecipe } from "../../session/layer-recipe.ts";
import type { Session } from "../../session/session.ts";
import type { Cards } from "./cards.ts";
import type { ControlList } from "./control-list.ts";
import { failureCard, isStop } from "./failure.ts";
import type { Settings } from "./settings.ts";
import type { SourceReader } from "./source.ts";

/** What showing a layer's recipe needs. */
export interface RedrawParts {
  readonly session: Pick<Session, "recipe">;
  readonly reader: SourceReader;
  readonly controls: ControlList;
  readonly prompt: Signal<string>;
  readonly settings: Settings;
  readonly cards: Cards;
}

/** Layers that were drawn here: which is selected or shown, and its recipe as the panel's own settings. */
export class Redraw {
  /** The id of the layer that can be drawn again; null when there is none. */
  readonly layer: Signal<string | null> = signal(null);
  readonly #parts: RedrawParts;
  readonly #end: () => void;
  #stopping: AbortController | null = null;

  constructor(parts: RedrawParts) {
    this.#parts = parts;
    this.#end = effect(() => {
      this.layer.value = parts.reader.source.value?.capture.layer ?? null;
    });
  }

  /**
   * Shows what a layer's recipe says: prompt, settings, controls with their maps. Gives the recipe; null where there is
   * none that can be read, which is told on a card.
   */
  async show(layerId: string): Promise<string | null> {
    const { session, cards } = this.#parts;
    this.#stopping?.abort();
    const stopping = new AbortController();
    this.#stopping = stopping;
    const { signal } = stopping;
    try {
      const text = await session.recipe(layerId, { signal });
      if (signal.aborted) return null;
      if (text === null) {
        cards.replace("layer", [{ topic: "layer-unknown", tone: "warn", place: "layer" }]);
        return null;
      }
      const [{ parseLayerRecipe }, { unframedRequest }] = await Promise.all([
        import("../../session/layer-recipe.ts"),
        import("../../session/map-frame.ts"),
      ]);
      const recipe = await parseLayerRecipe(text, { signal });
      const request = await requestOfRecipe(recipe.recipe, { name: "the layer", signal });
      if (signal.aborted) return null;
      cards.replace("layer", []);
      this.#take(layerId, recipe, unframedRequest(request, recipe.picture).controls);
      return text;
    } catch (error) {
      if (!isStop(error, signal)) cards.replace("layer", [failureCard(error, "layer", () => void this.show(layerId))]);
      return null;
    }
  }

  #take(layerId: string, { recipe, bounds, picture, mask }: LayerRecipe, kept: readonly Control[]): void {
    const { reader, controls, prompt, settings, cards } = this.#parts;
    const selected = reader.source.peek()?.capture;
    const here = selected?.layer === layerId ? selected : undefined;
    const capture: Capture = {
      // Its place is what counts: what is drawn follows the maps.
      pixels: createPixels(picture.width, picture.height),
      bounds,
      layer: layerId,
      ...(mask ? { mask } : {}),
      ...(here?.name === undefined ? {} : { name: here.name }),
      ...(here?.anchor === undefined ? {} : { anchor: here.anchor }),
    };
    reader.show({ kind: "recipe", name: here?.name ?? null, capture });
    prompt.value = recipe.prompt;
    settings.negative.value = recipe.negativePrompt;
    settings.steps.value = recipe.steps;
    settings.guidance.value = recipe.guidance;
    settings.seed.value = String(recipe.seed);
    settings.fixed.value = true;
    const isWhole = controls.take(
      kept.map(({ map, net, weight = 1, range = [0, 1], ...steering }) => ({
        map,
        ...(net !== undefined && { net }),
        strength: { weight, range },
        steering,
      })),
    );
    if (!isWhole) cards.replace("layer", [{ topic: "controls-unknown", tone: "warn", place: "layer" }]);
  }

  /** Follows the selection no more. */
  dispose(): void {
    this.#stopping?.abort();
    this.#end();
  }
}
