import type { ConditionKind, EngineLike } from "@underdraw/engine";
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
  /** Subjects to offer before a letter was typed; the first subjects without them. */
  readonly favourites?: readonly string[];
  /** The best known first. */
  readonly subjects: readonly string[];
  /** Other words by which a subject is known: its name -> the words. */
  readonly synonyms?: Readonly<Record<string, readonly string[]>>;
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

/** A kind of control that the panel offers. */
export interface ControlKind {
  readonly kind: ConditionKind;
  /** The net that reads the map, by its name among the engine's models; the first that reads such maps without it. */
  readonly net?: string;
  /** What a person reads in the list; "Lines" for the net of that name, else the condition's own title without it. */
  readonly title?: string;
}

/** Something that could not be had, found before the panel was mounted. */
export type Lack = "storage-blocked" | "storage-absent" | "insecure-page" | "host-lost";

/** What a panel is made of. */
export interface PanelOptions {
  readonly host: HostAdapter;
  readonly engine: EngineLike;
  readonly vocabulary?: Vocabulary;
  /**
   * The kinds of control that can be added; every built-in condition without it. The first is there from the start;
   * without this, the document's line art for a drawing and canny's edges for a picture.
   */
  readonly controls?: readonly ControlKind[];
  /**
   * The names of the nets among the engine's models. A kind of control whose maps none of them reads is listed with the
   * net that it lacks. Without it `controls` are taken to be readable, and the built-in ones to be read by the pocket
   * model's nets: lines, depth, colour.
   */
  readonly nets?: readonly string[];
  /** The names of `EngineOptions.detectors`: files of nets that see, which some kinds of control need. None without it. */
  readonly detectors?: readonly string[];
  /** Sketches for the first run. */
  readonly examples?: readonly Example[];
  /** "light" or "dark" as the system says, without it. */
  readonly theme?: Theme;
  /** A BCP 47 tag: "en", "ko". The browser's without it; English for what is not spoken. */
  readonly language?: string;
  /** The id of a placed layer to begin with: its recipe is shown. */
  readonly layer?: string;
  /** What could not be had, found before the panel was mounted: shown with what it means and what to do. */
  readonly notices?: readonly Lack[];
  /** How many bytes of finished pictures are kept at most, 256 MiB without it; the oldest are let go first. */
  readonly resultBytes?: number;
}

/** A mounted panel. */
export interface Panel {
  /** Changes the look. */
  setTheme(theme: Theme): void;
  /** Shows the recipe of a placed layer, ready to be drawn again. */
  showLayer(layerId: string): Promise<void>;
  /** Says that the host is gone: finished pictures stay and can be saved. */
  hostLost(reason: string): void;
  /** Stops what runs and takes the panel out of the page. The engine and the host stay the caller's. May be called twice. */
  dispose(): Promise<void>;
}
