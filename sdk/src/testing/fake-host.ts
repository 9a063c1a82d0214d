import { type Pixels, type Rect, type Scene, UnderdrawError } from "@underdraw/engine/core";
import type { Ability, Capture, HostAdapter, NewLayer } from "../host/adapter.ts";
import { masked } from "../session/mask.ts";
import { scaled } from "../session/scale.ts";
import { FakeDocument, type FakeLayer } from "./fake-document.ts";
import type { HostKit } from "./host-kit.ts";
import { around, common, cutOut } from "./raster.ts";

// An editor of pixels in memory, for tests and documentation: layers, a selection, a document and recipes, no window. It
// keeps the whole host contract and shows no mercy: what an editor may refuse, it refuses.

/** How a fake editor is made. */
export interface FakeHostOptions {
  /** "fake" without it. */
  readonly name?: string;
  /** The size of a document; 320 x 240 without it. */
  readonly width?: number;
  readonly height?: number;
  /** Whether its layers have masks; true without it. */
  readonly layerMasks?: boolean;
  /** What it can do besides `capture` and `place`; all of it without this. */
  readonly abilities?: readonly Ability[];
}

/** The hand and the eye of a fake editor, whole: all that the contract can ask for, and a few things for tests of panels. */
export interface FakeKit extends Required<Omit<HostKit, "fractions" | "patienceMs">> {
  /** From now on the editor is in a dialog of that owner, and refuses calls with `host-busy`; null ends it. */
  busy(owner: string | null): void;
  /** The titles of the steps that can be undone, the newest last. */
  steps(): readonly string[];
  /** The layers as they are, the lowest first. */
  document(): readonly FakeLayer[];
}

/** A host of pixels in memory. */
export interface FakeHost extends HostAdapter {
  /** What drives the editor: opens documents, draws, selects, presses undo. */
  readonly kit: FakeKit;
}

/** Makes a fake editor with an empty document in it. */
export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  const { name = "fake", width = 320, height = 240, layerMasks = true } = options;
  const abilities = options.abilities ?? ["selection-events", "scene", "recipe"];
  const canvas: Rect = { x: 0, y: 0, width, height };
  const document = new FakeDocument();
  const listeners = new Set<{ readonly tell: () => void }>();
  let owner: string | null = null;

  const changed = () => {
    // In a turn of its own, as editors do: whoever hears it finds the selection changed.
    queueMicrotask(() => {
      for (const { tell } of [...listeners]) tell();
    });
  };
  const ready = () => {
    if (owner === null) return;
    throw new UnderdrawError("host-busy", `The editor is busy with "${owner}". Close its dialog and try again.`, {
      host: name,
      owner,
    });
  };
  const unusable = (reason: "hidden" | "outside", message: string): never => {
    throw new UnderdrawError("selection-unusable", message, { host: name, reason });
  };
  const selected = (): { readonly layers: readonly FakeLayer[]; readonly box: Rect; readonly mask?: Pixels } | null => {
    const { area, chosen, layers } = document.now;
    if (area) {
      const box = common(area.box, canvas);
      if (!box) return unusable("outside", "The selected area lies outside the canvas. Select something on it.");
      return { layers: layers.filter(({ hidden }) => !hidden), box, mask: cutOut(area.mask, area.box, box) };
    }
    const found = layers.filter(({ id }) => chosen.includes(id));
    const whole = around(found.map(({ bounds }) => bounds));
    if (!whole) return null;
    const seen = found.filter(({ hidden }) => !hidden);
    if (seen.length === 0) return unusable("hidden", "What is selected is hidden. Show it and try again.");
    const box = common(whole, canvas);
    if (!box) return unusable("outside", "What is selected lies outside the canvas. Move it onto it.");
    return { layers: seen, box };
  };

  const host: HostAdapter = {
    version: 1,
    name,
    exactSize: true,
    layerMasks,
    async capture({ maxSide }) {
      ready();
      const found = selected();
      if (!found) return null;
      const { box, layers, mask } = found;
      const scale = Math.min(1, maxSide / Math.max(box.width, box.height));
      const side = (length: number) => Math.max(1, Math.round(length * scale));
      const size = [side(box.width), side(box.height)] as const;
      const top = layers.at(-1);
      const only = document.now.chosen.length === 1 && top?.recipe !== undefined ? top.id : undefined;
      const anchor = { document: document.number, layer: top?.id ?? null };
      const capture: Capture = {
        pixels: await scaled(document.drawn(layers, box), ...size),
        bounds: box,
        ...(mask && { mask: await scaled(mask, ...size) }),
        ...(top && { name: layers.length === 1 ? top.name : `${layers.length} layers` }),
        ...(only !== undefined && !mask && { layer: only }),
        anchor: JSON.stringify(anchor),
      };
      return capture;
    },
    async place(title, layers, call = {}) {
      ready();
      for (const layer of layers) holdLayer(name, layer, layerMasks);
      const made: FakeLayer[] = [];
      for (const { pixels, mask, bounds, recipe, name: layerName } of layers) {
        made.push({
          id: document.newId(),
          name: layerName,
          bounds,
          pixels: await scaled(copyOf(pixels), bounds.width, bounds.height),
          ...(mask && { mask: await scaled(copyOf(mask), bounds.width, bounds.height) }),
          ...(recipe !== undefined && { recipe }),
          hidden: false,
        });
      }
      // Nothing is asynchronous from here on: the document is read and written in one go.
      if (call.signal?.aborted) throw call.signal.reason;
      const anchors = layers.flatMap(({ anchor }) => (anchor === undefined ? [] : [anchor]));
      const places = anchors.map((anchor) => placeAbove(name, anchor, document));
      const order = [...document.now.layers];
      order.splice(places[0] ?? order.length, 0, ...made);
      document.step(title, { ...document.now, layers: order });
      return made.map(({ id }) => id);
    },
  };
  const optional: Required<Pick<HostAdapter, "onSelectionChange" | "recipe" | "scene">> = {
    onSelectionChange(listener) {
      const entry = { tell: listener };
      listeners.add(entry);
      return () => listeners.delete(entry);
    },
    async recipe(layerId) {
      ready();
      return document.now.layers.find(({ id }) => id === layerId)?.recipe ?? null;
    },
    async scene() {
      ready();
      const found = selected();
      if (!found) return null;
      const { layers, box } = found;
      return sceneOf(
        layers.filter(({ bounds }) => common(bounds, box)),
        box,
      );
    },
  };

  const kit: FakeKit = {
    get host() {
      return made;
    },
    canvas,
    async open() {
      owner = null;
      document.open();
      changed();
    },
    async leave() {
      await kit.open();
    },
    async select(picture, bounds) {
      const id = document.newId();
      const layer: FakeLayer = { id, name: `Layer ${id}`, bounds, pixels: copyOf(picture), hidden: false };
      document.step("Paste", { layers: [...document.now.layers, layer], chosen: [id] });
      changed();
    },
    async choose(id) {
      document.select({ chosen: [id] });
      changed();
    },
    async selectArea(box, mask) {
      document.select({ chosen: document.now.chosen, area: { box, mask: copyOf(mask) } });
      changed();
    },
    async selectAll() {
      document.select({ chosen: document.now.layers.map(({ id }) => id) });
      changed();
    },
    async deselect() {
      document.select({ chosen: [] });
      changed();
    },
    async hide() {
      const { layers, chosen } = document.now;
      const hidden = layers.map((layer) => (chosen.includes(layer.id) ? { ...layer, hidden: true } : layer));
      document.step("Hide", { ...document.now, layers: hidden });
      changed();
    },
    async undo() {
      if (document.undo()) changed();
    },
    async redo() {
      if (document.redo()) changed();
    },
    snapshot: async () => document.snapshot(),
    layers: async () => document.now.layers.map(({ id }) => id),
    async layer(id) {
      const layer = document.now.layers.find((each) => each.id === id);
      if (!layer) throw new RangeError(`There is no layer "${id}".`);
      return { bounds: layer.bounds, pixels: layer.mask ? masked(layer.pixels, layer.mask) : layer.pixels };
    },
    render: async (area) =>
      document.drawn(
        document.now.layers.filter(({ hidden }) => !hidden),
        area,
      ),
    busy: (by) => {
      owner = by;
    },
    steps: () => document.steps(),
    document: () => document.now.layers,
  };
  const made: FakeHost = {
    ...host,
    ...(abilities.includes("selection-events") && { onSelectionChange: optional.onSelectionChange }),
    ...(abilities.includes("recipe") && { recipe: optional.recipe }),
    ...(abilities.includes("scene") && { scene: optional.scene }),
    kit,
  };
  return made;
}

const copyOf = (pixels: Pixels): Pixels => ({ ...pixels, data: new Uint8ClampedArray(pixels.data) });

/** Refuses what is no layer, with words. */
function holdLayer(host: string, { pixels, bounds, mask }: NewLayer, layerMasks: boolean): void {
  const refuse = (what: string): never => {
    throw new UnderdrawError("host-failed", `A layer cannot be placed: ${what}. Nothing was placed.`, {
      host,
      call: "place",
    });
  };
  const { width, height, data } = pixels;
  if (!(width >= 1 && height >= 1) || data.length !== 4 * width * height) refuse("its pixels do not fit their size");
  if (mask && (mask.width !== width || mask.height !== height || mask.data.length !== data.length))
    refuse("its mask has another size than its pixels");
  if (mask && !layerMasks) refuse("it has a mask, and layers here have none");
  if (!Object.values(bounds).every(Number.isInteger) || bounds.width < 1 || bounds.height < 1)
    refuse("its bounds are no whole box");
}

/** Where in the order what belongs above an anchor goes. Throws `document-changed` when the anchor names nothing here. */
function placeAbove(host: string, anchor: string, { number, now }: FakeDocument): number {
  const gone = (change: "switched" | "source-gone", what: string): never => {
    throw new UnderdrawError("document-changed", `${what} Select where the picture belongs and place it again.`, {
      host,
      change,
    });
  };
  const found = readAnchor(anchor);
  if (!found || found.document !== number) return gone("switched", "The document is not in front any more.");
  if (found.layer === null) return now.layers.length;
  const at = now.layers.findIndex(({ id }) => id === found.layer);
  return at < 0 ? gone("source-gone", "What was selected is not in the document any more.") : at + 1;
}

function readAnchor(text: string): { readonly document: unknown; readonly layer: unknown } | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "document" in value && "layer" in value ? value : null;
  } catch {
    return null;
  }
}

/** Layers of pixels have no outline: each is a picture in the path of its box. */
function sceneOf(layers: readonly FakeLayer[], bounds: Rect): Scene {
  return {
    bounds,
    shapes: layers.map(({ id, name, bounds: { x, y, width, height }, pixels, mask }) => ({
      id,
      name,
      kind: "picture",
      path: `M0 0H${width}V${height}H0Z`,
      matrix: [1, 0, 0, 1, x, y],
      stroke: null,
      strokeWidth: 0,
      dash: [],
      fill: null,
      opacity: 1,
      picture: mask ? masked(pixels, mask) : pixels,
    })),
  };
}
