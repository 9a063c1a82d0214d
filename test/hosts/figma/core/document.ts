import { exportPicture, pagePicture } from "../render/export.ts";
import type { ExportSettingsImage, Rect, Vector } from "../typings.ts";
import { defaultsOf } from "./defaults.ts";
import { absoluteBoundingBox } from "./geometry.ts";
import { History } from "./history.ts";
import { Images } from "./images.ts";
import { identity, unite } from "./matrix.ts";
import { type Change, type Origin, Store } from "./store.ts";
import { inDocumentOrder } from "./tree.ts";
import { screen } from "./window.ts";

// The open file, as this editor's person has it: the nodes with their history, the images, the page that is shown, what is
// selected on each, and where the view is. Selection and view are the person's own and no part of the document.

/** The document node's id. */
export const rootId = "0:0";

/** An open file. */
export class FigmaDocument {
  readonly store = new Store();
  readonly images = new Images();
  readonly history = new History(this.store);
  center: Vector = { x: 0, y: 0 };
  zoom = 1;
  readonly #selections = new Map<string, readonly string[]>();
  readonly #selectionListeners = new Set<() => void>();
  readonly #pageListeners = new Set<() => void>();
  readonly #changeListeners = new Set<(change: Change) => void>();
  #currentPage: string;

  constructor() {
    const fields = { name: "Untitled", parent: null, order: 0 };
    const root = { ...defaultsOf("DOCUMENT", fields), ...fields, width: 0, height: 0, transform: identity };
    this.store.write(rootId, { id: rootId, type: "DOCUMENT", fields: root }, "LOCAL");
    this.#currentPage = this.addPage("Page 1", "LOCAL", "0:1");
    this.history.forget();
    this.store.onChange((change) => this.#changed(change));
  }

  get currentPage(): string {
    return this.#currentPage;
  }

  /** Shows another page. */
  set currentPage(id: string) {
    if (id === this.#currentPage) return;
    this.#currentPage = id;
    for (const listener of this.#pageListeners) listener();
    for (const listener of this.#selectionListeners) listener();
  }

  /** Calls `listener` when something else is selected, or another page is shown; gives the way to stop. */
  onSelectionChange = (listener: () => void): (() => void) => added(this.#selectionListeners, listener);
  /** Calls `listener` when another page is shown. */
  onPageChange = (listener: () => void): (() => void) => added(this.#pageListeners, listener);
  /** Calls `listener` after each change of the document. */
  onChange = (listener: (change: Change) => void): (() => void) => added(this.#changeListeners, listener);

  /** Makes a page behind the others. */
  addPage(name: string, origin: Origin, id = this.store.newId(origin)): string {
    const order = this.store.orderAt(rootId, this.store.children(rootId).length, origin);
    const fields = { ...defaultsOf("PAGE", { parent: rootId, order }), name, width: 0, height: 0 };
    this.store.write(id, { id, type: "PAGE", fields }, origin);
    return id;
  }

  /** What is selected on a page, in no order that means anything: never the document's when there are two or more. */
  selection(page = this.#currentPage): readonly string[] {
    return [...inDocumentOrder(this.store, this.#selections.get(page) ?? [])].reverse();
  }

  /** Selects nodes of a page; throws, in the name of `where`, for others. What lies in another selected node is left out. */
  select(ids: readonly string[], page = this.#currentPage, where = "set_selection"): void {
    for (const id of ids) {
      const { type } = this.store.at(id);
      if (type === "DOCUMENT" || type === "PAGE") {
        throw new Error(`in ${where}: Cannot select the ${type.toLowerCase()} node`);
      }
      if (this.store.pageOf(id) !== page) {
        throw new Error(`in ${where}: The selection of a page can only include nodes in that page`);
      }
    }
    const chosen = new Set(ids);
    const kept = [...chosen].filter((id) => ![...this.store.ancestors(id)].some((above) => chosen.has(above.id)));
    const before = new Set(this.#selections.get(page));
    this.#selections.set(page, kept);
    if (page !== this.#currentPage || (kept.length === before.size && kept.every((id) => before.has(id)))) return;
    for (const listener of this.#selectionListeners) listener();
  }

  /** What of the page is seen. */
  get viewBounds(): Rect {
    const [width, height] = [screen.width / this.zoom, screen.height / this.zoom];
    return { x: this.center.x - width / 2, y: this.center.y - height / 2, width, height };
  }

  /** Moves the view so that nodes fill it. */
  zoomTo(ids: readonly string[]): void {
    const box = unite(ids.map((id) => absoluteBoundingBox(this.store, id)));
    if (!box) return;
    this.center = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    this.zoom = Math.min(1, screen.width / (box.width || 1), screen.height / (box.height || 1));
  }

  /** Draws a node into a picture file. */
  export(id: string, settings: ExportSettingsImage): Promise<Uint8Array> {
    return exportPicture(this.store, id, settings, (hash) => this.images.bytes(hash));
  }

  /** What a page shows in an area, a pixel a unit. */
  picture(area: Rect): Promise<Uint8Array> {
    return pagePicture(this.store, this.#currentPage, area, (hash) => this.images.bytes(hash));
  }

  #changed(change: Change): void {
    for (const listener of this.#changeListeners) listener(change);
    if (change.after === null) this.#forget(change.id);
  }

  /** A deleted node is not selected any more, and a deleted page not shown. */
  #forget(id: string): void {
    for (const [page, ids] of this.#selections) {
      if (!ids.includes(id)) continue;
      this.#selections.set(
        page,
        ids.filter((one) => one !== id),
      );
      if (page === this.#currentPage) for (const listener of this.#selectionListeners) listener();
    }
    if (id === this.#currentPage) this.currentPage = this.store.children(rootId)[0] as string;
  }
}

function added<T>(set: Set<T>, listener: T): () => void {
  set.add(listener);
  return () => set.delete(listener);
}
