import type { EngineLike } from "@underdraw/engine";
import type { HostAdapter } from "../host/adapter.ts";

/** The looks that the panel comes in; a host changes tokens, never components. */
export type Theme = "light" | "dark" | "photoshop" | "darkest";

/** What the loaded model was taught: for suggestions while typing. */
export interface Vocabulary {
  /** What the model is called and is good for: "Pocket model", "icons and emoji". */
  readonly model: { readonly name: string; readonly about: string };
  /** Sentences with {style}, {colour}, {subject} and {ground} in them, the usual one first. */
  readonly phrases: readonly string[];
  readonly styles: readonly string[];
  readonly subjects: readonly string[];
  readonly colours: readonly string[];
  readonly grounds: readonly string[];
}

/** A sketch to try before anything is selected. */
export interface Example {
  readonly name: string;
  readonly prompt: string;
  /** Address of the picture: dark lines on white. */
  readonly picture: string | URL;
}

/** What a panel is made of. */
export interface PanelOptions {
  readonly host: HostAdapter;
  readonly engine: EngineLike;
  readonly vocabulary?: Vocabulary;
  /** Sketches for the first run. */
  readonly examples?: readonly Example[];
  /** "light" or "dark" as the system says, without it. */
  readonly theme?: Theme;
  /** A BCP 47 tag: "en", "ko". The browser's without it; English for what is not spoken. */
  readonly language?: string;
  /** The id of a placed layer to begin with: its recipe is shown. */
  readonly layer?: string;
  /** What could not be had, found before the panel was mounted: shown with what it means and what to do. */
  readonly notices?: readonly ("storage-blocked" | "storage-absent" | "insecure-page" | "host-lost")[];
}

/** A mounted panel. */
export interface Panel {
  /** Changes the look. */
  setTheme(theme: Theme): void;
  /** Shows the recipe of a placed layer, ready to be drawn again. */
  showLayer(layerId: string): Promise<void>;
  /** Says that the host is gone: finished pictures stay and can be saved. */
  hostLost(reason: string): void;
  /** Stops what runs and takes the panel out of the page. The engine and the host stay the caller's. */
  dispose(): Promise<void>;
}

/** Puts the panel into `root`. */
export function mountPanel(root: HTMLElement, options: PanelOptions): Panel {
  void [root, options];
  throw new Error("being written");
}
