import { type Application, boundsFrom } from "./application.ts";
import { type Bounds, heightOf, widthOf } from "./bounds.ts";
import { HostError } from "./failure.ts";
import type { OpenDocument } from "./history.ts";
import { emptyRaster, full, inkBounds, mapped, type Raster, shifted } from "./raster.ts";
import {
  combined,
  ellipse,
  feathered,
  inverted,
  isSolid,
  polygon,
  rectangle,
  type SelectionMode,
  spread,
} from "./selection.ts";
import { canvasOf, everyLayer } from "./state.ts";

/** `document.selection`: read at any time, changed in a modal scope. In Quick Mask mode it tells nothing. */
export class Selection {
  readonly #app: Application;
  readonly #open: OpenDocument;

  constructor(app: Application, open: OpenDocument) {
    this.#app = app;
    this.#open = open;
  }

  get #mask(): Raster | null {
    return this.#open.state.quickMask ? null : this.#open.state.selection;
  }

  get typename(): string {
    return "Selection";
  }
  get docId(): number {
    return this.#open.id;
  }
  get bounds(): (Bounds & { readonly width: number; readonly height: number }) | null {
    const box = this.#mask && inkBounds(this.#mask);
    return box && { ...box, width: widthOf(box), height: heightOf(box) };
  }
  get solid(): boolean {
    return this.#mask !== null && isSolid(this.#mask);
  }

  async #set(call: string, name: string, make: (old: Raster | null) => Raster | null, obj = "set"): Promise<void> {
    await this.#app.call(`selection.${call}`, () => {
      if (this.#open.state.quickMask) throw new HostError("The selection cannot be changed in Quick Mask mode");
      const state = { ...this.#open.state, selection: make(this.#open.state.selection) };
      this.#app.change(this.#open, name, state, selectionEvent(obj));
    });
  }

  async #shape(call: string, name: string, shape: Raster, mode: SelectionMode = "set", feather = 0): Promise<void> {
    await this.#set(call, name, (old) => combined(old, feathered(shape, feather), mode), mode);
  }

  /** All of the canvas, or of the artboard that the active layer is in. */
  async selectAll(): Promise<void> {
    const { state } = this.#open;
    const board = [...everyLayer(state.layers)].find(
      ({ layer }) => layer.artboard && [...everyLayer([layer])].some((one) => state.active.includes(one.layer.id)),
    );
    await this.#set("selectAll", "Select All", () => rectangle(board?.layer.artboard ?? canvasOf(state)));
  }
  async deselect(): Promise<void> {
    await this.#set("deselect", "Deselect", () => null);
  }
  async inverse(): Promise<void> {
    await this.#set("inverse", "Inverse", (old) => inverted(old, canvasOf(this.#open.state)), "inverse");
  }
  async selectRectangle(bounds: unknown, mode?: SelectionMode, feather?: number): Promise<void> {
    await this.#shape("selectRectangle", "Rectangular Marquee", rectangle(boundsFrom(bounds, "bounds")), mode, feather);
  }
  async selectEllipse(bounds: unknown, mode?: SelectionMode, feather?: number, smooth = true): Promise<void> {
    await this.#shape(
      "selectEllipse",
      "Elliptical Marquee",
      ellipse(boundsFrom(bounds, "bounds"), smooth),
      mode,
      feather,
    );
  }
  async selectPolygon(
    points: readonly { readonly x: number; readonly y: number }[],
    mode?: SelectionMode,
    feather?: number,
    smooth = true,
  ): Promise<void> {
    await this.#shape("selectPolygon", "Polygonal Lasso", polygon(points, smooth), mode, feather);
  }
  async expand(by: number): Promise<void> {
    await this.#set("expand", "Expand", (old) => spread(needed(old), amount(by)), "expand");
  }
  async contract(by: number): Promise<void> {
    await this.#set("contract", "Contract", (old) => spread(needed(old), -amount(by)), "contract");
  }
  async feather(by: number): Promise<void> {
    await this.#set("feather", "Feather", (old) => feathered(needed(old), by), "feather");
  }
  async translateBoundary(x: number, y: number): Promise<void> {
    await this.#set("translateBoundary", "Move Selection", (old) => shifted(needed(old), Math.round(x), Math.round(y)));
  }

  /** Keeps the selection as an alpha channel. */
  async save(name?: string): Promise<void> {
    await this.#app.call("selection.save", () => {
      const { state } = this.#open;
      const raster = needed(state.selection);
      const channel = { name: name ?? `Alpha ${state.channels.length + 1}`, raster };
      this.#app.change(this.#open, "Save Selection", { ...state, channels: [...state.channels, channel] });
    });
  }

  /** Takes an alpha channel, or what a layer covers. */
  async load(from: { readonly name: string; readonly id?: number }, mode: SelectionMode = "set"): Promise<void> {
    await this.#set("load", "Load Selection", (old) => {
      const { state, id } = this.#open;
      const channel = state.channels.find(({ name }) => name === from.name && from.id === undefined);
      if (channel) return combined(old, channel.raster, mode);
      if (from.id === undefined) throw new HostError(`Document ${id} has no channel "${from.name}"`);
      const { layer } = this.#app.layer(this.#open, from.id);
      return combined(old, layer.pixels ? coverageOf(layer.pixels) : emptyRaster(1, 8), mode);
    });
  }
}

/** What a listener hears when the selection changes. */
export const selectionEvent = (obj: string): Readonly<Record<string, unknown>> => ({
  _obj: obj,
  _target: [{ _ref: "channel", _property: "selection" }],
});

/** What a layer covers, as a selection. */
export function coverageOf(pixels: Raster): Raster {
  const { channels, depth } = pixels;
  return mapped(pixels, 1, 8, (values) =>
    Uint8Array.from({ length: values.length / channels }, (_, i) =>
      Math.round(((values[(i + 1) * channels - 1] as number) * 255) / full(depth)),
    ),
  );
}

function needed(selection: Raster | null): Raster {
  if (!selection) throw new HostError("There is no selection");
  return selection;
}

function amount(by: number): number {
  if (!(by >= 1 && by <= 500)) throw new HostError(`The amount is from 1 to 500, and not ${by}`);
  return Math.round(by);
}
