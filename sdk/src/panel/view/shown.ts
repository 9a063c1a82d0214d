import { createContext } from "preact";
import { useContext } from "preact/hooks";
import type { DrawScreen } from "../state/draw-screen.ts";
import type { Speaker } from "../words/language.ts";

/** What every component is given: the screen's state, and the language that it is shown in. */
export interface Shown {
  readonly screen: DrawScreen;
  readonly speaker: Speaker;
  /** Makes an id that no other panel on the page has. */
  readonly id: (name: string) => string;
}

/** Carries what is shown to every component. */
export const ShownContext = createContext<Shown | null>(null);

/** What is shown, in a component of the panel. */
export function useShown(): Shown {
  const shown = useContext(ShownContext);
  if (!shown) throw new Error("A component of the panel stands outside of it.");
  return shown;
}
