import type { ExportSettingsImage, NodeType, Rect, Transform } from "./typings.ts";

// What a test holds of the simulated editor: the person's hands and eyes. The Node shell (`openFigma`) and the Chromium
// shell (`openFigmaPage`) give the same object, so that one test can drive both. All of it is plain data and promises.

/** A plugin as Figma loads it: the texts of its files. */
export interface PluginFiles {
  /** The text of the manifest's `main`. */
  readonly main: string;
  /** The text of the manifest's `ui`, or of each when it names several. */
  readonly html?: string | Readonly<Record<string, string>>;
  /** What manifest.json says, parsed; it is checked. */
  readonly manifest: unknown;
}

/** A node to be drawn by a person: its type, Figma's own property names, and its children. */
export interface Drawing {
  readonly type: NodeType;
  /** Set in this order after the node was made: name, size, transform (or x, y, rotation), then the rest. */
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly children?: readonly Drawing[];
}

/** A node as a person sees it. */
export interface SeenNode {
  readonly id: string;
  readonly type: NodeType;
  readonly name: string;
  readonly parent: string | null;
  readonly children: readonly string[];
  readonly visible: boolean;
  readonly locked: boolean;
  readonly width: number;
  readonly height: number;
  readonly absoluteTransform: Transform;
  readonly absoluteBoundingBox: Rect | null;
  readonly absoluteRenderBounds: Rect | null;
  /** The stored properties: fills, strokes, opacity, clipsContent … */
  readonly properties: Readonly<Record<string, unknown>>;
  /** Key -> value of the plugin under test. */
  readonly pluginData: Readonly<Record<string, string>>;
  /** Command -> description of the plugin under test. */
  readonly relaunch: Readonly<Record<string, string>>;
}

/** A notice at the bottom of the editor. */
export interface SeenNotice {
  readonly id: number;
  readonly message: string;
  readonly error: boolean;
  readonly button: string | null;
}

/** The plugin's window. */
export interface SeenWindow {
  readonly visible: boolean;
  readonly width: number;
  readonly height: number;
  readonly title: string;
}

/** Who changes the document: the person whose editor this is, or another one in the same file. */
export type Hand = "me" | "another";

/** The simulated editor. */
export interface FigmaEditor {
  /** Draws below `parent` (the current page without it), as one undo step, and gives the ids, the drawing's own first. */
  draw(
    drawing: Drawing,
    options?: { readonly parent?: string; readonly index?: number; readonly by?: Hand },
  ): Promise<string>;
  /** Adds an image (PNG, JPEG, GIF) to the file and gives its hash, for an image fill. */
  addImage(bytes: Uint8Array): Promise<string>;
  /** The bytes of an image of the file. */
  image(hash: string): Promise<Uint8Array | null>;
  /** Sets properties of a node, as one undo step. */
  edit(id: string, properties: Readonly<Record<string, unknown>>, by?: Hand): Promise<void>;
  /** Moves a node to another place in the tree, as one undo step. */
  move(id: string, parent: string, index: number, by?: Hand): Promise<void>;
  /** Deletes nodes, as one undo step. */
  remove(ids: readonly string[], by?: Hand): Promise<void>;
  /** Selects nodes of the current page. */
  select(ids: readonly string[]): Promise<void>;
  selection(): Promise<readonly string[]>;
  /** Adds a page after the others and gives its id. */
  addPage(name: string): Promise<string>;
  /** Goes to a page. */
  openPage(id: string): Promise<void>;
  currentPage(): Promise<string>;
  /** The pages' ids. */
  pages(): Promise<readonly string[]>;
  node(id: string): Promise<SeenNode | null>;
  /** What Figma's own export gives, as a PNG or JPEG file. */
  export(id: string, settings?: Partial<ExportSettingsImage>): Promise<Uint8Array>;

  /** What the current page shows in an area, a pixel a unit, as a PNG file on transparent ground. */
  picture(area: Rect): Promise<Uint8Array>;

  undo(): Promise<void>;
  redo(): Promise<void>;
  /** How many steps can be undone; what a plugin has not committed yet counts as one. */
  undoSteps(): Promise<number>;
  /** The whole document as canonical JSON with the SHA-1 of each image in it: equal texts are equal documents. */
  snapshot(): Promise<string>;

  /** Starts the plugin by a command of its menu ("" for a plugin without one); one that runs is closed first. */
  runCommand(command?: string): Promise<void>;
  /** Starts the plugin by the relaunch button of a selected node. */
  relaunch(command: string): Promise<void>;
  /** The relaunch buttons that the selection shows, in the manifest's order. */
  relaunchButtons(): Promise<
    readonly { readonly command: string; readonly name: string; readonly description: string }[]
  >;
  /** Closes the plugin as its window's cross does. */
  closePlugin(): Promise<void>;
  isRunning(): Promise<boolean>;
  window(): Promise<SeenWindow | null>;
  /** Chooses the editor's theme. */
  setTheme(theme: "light" | "dark"): Promise<void>;
  notices(): Promise<readonly SeenNotice[]>;
  pressNotice(id: number): Promise<void>;
  dismissNotice(id: number): Promise<void>;
  /** What the plugin wrote with `console`, and what it threw and nobody caught. */
  log(): Promise<readonly { readonly level: string; readonly text: string }[]>;
  /** Resolves when no event, message or call of the plugin is on its way any more. */
  settled(): Promise<void>;
  /** Closes plugin and editor. */
  close(): Promise<void>;
}
