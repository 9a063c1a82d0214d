import type { Pixels } from "@underdraw/engine/core";
import { mountPanel, type Panel, type PanelOptions } from "@underdraw/sdk/panel";
import { type FakeHost, fakeHost } from "@underdraw/sdk/testing";
import { type StageEngine, stageEngine, vocabulary } from "./stage-engine.ts";

// The stage for the panel in Chromium: an editor in memory, an engine in the test's hands, and pictures that the pocket
// model drew after cat.png (`underdraw draw --from cat.png --condition canny`).

/** Reads one of the stage's pictures. */
export async function picture(name: string): Promise<Pixels> {
  const image = new Image();
  image.src = address(name);
  await image.decode();
  const canvas = new OffscreenCanvas(image.naturalWidth, image.naturalHeight);
  const drawing = canvas.getContext("2d");
  if (!drawing) throw new Error("No 2D canvas here.");
  drawing.drawImage(image, 0, 0);
  const { width, height, data } = drawing.getImageData(0, 0, canvas.width, canvas.height);
  return { width, height, data };
}

const files: Readonly<Record<string, URL>> = {
  cat: new URL("./cat.png", import.meta.url),
  fish: new URL("./fish.png", import.meta.url),
  mushroom: new URL("./mushroom.png", import.meta.url),
  "cat-1": new URL("./cat-1.png", import.meta.url),
  "cat-2": new URL("./cat-2.png", import.meta.url),
  "cat-3": new URL("./cat-3.png", import.meta.url),
  "cat-4": new URL("./cat-4.png", import.meta.url),
};

/** The address of one of the stage's pictures. */
function address(name: string): string {
  const file = files[name];
  if (!file) throw new RangeError(`The stage has no picture "${name}".`);
  return file.href;
}

/** The three sketches of the first run. */
export const examples = [
  { name: "Cat", prompt: "3d render emoji of orange cat face", picture: address("cat") },
  { name: "Fish", prompt: "flat emoji of blue fish", picture: address("fish") },
  { name: "Mushroom", prompt: "3d render emoji of red mushroom", picture: address("mushroom") },
];

/** A mounted panel with all that it stands on. */
export interface Stage {
  readonly panel: Panel;
  readonly root: HTMLElement;
  /** The panel's own element. */
  readonly frame: HTMLElement;
  readonly host: FakeHost;
  readonly engine: StageEngine;
}

/** How a stage is set. */
export interface StageOptions extends Partial<Omit<PanelOptions, "host" | "engine">> {
  /** In CSS pixels: 320 x 720 without them. */
  readonly width?: number;
  readonly height?: number;
  readonly parent?: HTMLElement;
  readonly host?: FakeHost;
  readonly engine?: StageEngine;
}

/** Mounts a panel on the page. */
export function mount(options: StageOptions = {}): Stage {
  const {
    parent = document.body,
    width = 320,
    height = 720,
    host = fakeHost({ width: 640, height: 480 }),
    engine = stageEngine(),
    ...rest
  } = options;
  const root = document.createElement("main");
  root.style.width = `${width}px`;
  root.style.height = `${height}px`;
  parent.append(root);
  const panel = mountPanel(root, { host, engine, theme: "light", language: "en", vocabulary, examples, ...rest });
  const frame = root.querySelector<HTMLElement>(".ud");
  if (!frame) throw new Error("The panel put nothing into the page.");
  return { panel, root, frame, host, engine };
}
