import type { Application } from "./application.ts";
import { boxOf } from "./bounds.ts";
import { isProfile, profileNames, working } from "./color.ts";
import type { Document, DocumentHome } from "./document-dom.ts";
import { HostError } from "./failure.ts";
import type { ImageStore } from "./image-data.ts";
import { type Collection, collection } from "./layer-dom.ts";
import { newLayer } from "./layer-edit.ts";
import type { ModalOptions } from "./modality.ts";
import type { Listener } from "./notifications.ts";
import { pause } from "./pause.ts";
import { type Depth, emptyRaster, fill, full } from "./raster.ts";
import { type DocumentState, type LayerState, layerChannels, type Mode, spaceOf } from "./state.ts";

// `require("photoshop").app` and `.core`.

interface DocumentOptions {
  readonly name?: string;
  readonly width?: number;
  readonly height?: number;
  readonly resolution?: number;
  readonly mode?: Mode;
  readonly depth?: Depth;
  readonly fill?: string;
  readonly profile?: string;
}

/** A document as File > New makes it: it is never without a layer. */
export function blankDocument(app: Application, options: DocumentOptions): DocumentState {
  const mode = options.mode ?? "RGBColorMode";
  const space = spaceOf(mode) ?? "RGB";
  const profile = options.profile ?? working[space];
  const bare = profile.replace(" (Linear RGB Profile)", "");
  if (profile !== "None" && !isProfile(space, bare))
    throw new HostError(`The profile "${profile}" is not known for ${space}`);
  const state: DocumentState = {
    width: options.width ?? 2100,
    height: options.height ?? 1500,
    resolution: options.resolution ?? 300,
    mode,
    depth: options.depth ?? 8,
    profile,
    layers: [],
    selection: null,
    channels: [],
    active: [],
    quickMask: false,
    settings: {},
    xmp: "",
  };
  if (options.fill === "transparent") {
    const layer = newLayer(app, state, { name: "Layer 1" });
    return { ...state, layers: [layer], active: [layer.id] };
  }
  const blank = emptyRaster(layerChannels(state), state.depth);
  const most = full(state.depth);
  const light = options.fill === "black" ? 0 : most;
  const color = Array.from({ length: blank.channels - 1 }, () => (space === "CMYK" ? most - light : light));
  // In Lab, a colour is its lightness; a and b are at their middle.
  if (space === "Lab") color.splice(1, 2, ...Array(2).fill(state.depth === 8 ? 128 : most / 2));
  const pixels = fill(blank, boxOf(0, 0, state.width, state.height), [...color, most]);
  const layer = newLayer(app, state, { name: "Background", background: true, pixels });
  return { ...state, layers: [layer], active: [layer.id] };
}

/** Makes `app`. */
export function appModule(
  home: DocumentHome,
  play: (commands: unknown, options?: object) => Promise<unknown>,
  openFile: (entry: unknown) => Promise<Document>,
) {
  const { app } = home;
  return {
    get typename(): string {
      return "Photoshop";
    },
    get activeDocument(): Document | null {
      return app.activeDocument && home.documentOf(app.activeDocument.id);
    },
    set activeDocument(document: Document | null) {
      app.callNow("app.activeDocument", () => {
        app.activeDocument = app.document(document?.id);
        app.notifications.tell("select", {
          _obj: "select",
          _target: [{ _ref: "document", _id: app.activeDocument.id }],
        });
      });
    },
    get documents(): Collection<Document> {
      return collection(app.documents.filter(({ temporary }) => !temporary).map(({ id }) => home.documentOf(id)));
    },
    foregroundColor: { rgb: { red: 0, green: 0, blue: 0 } },
    backgroundColor: { rgb: { red: 255, green: 255, blue: 255 } },
    createDocument: (options: DocumentOptions = {}): Promise<Document> =>
      app.call("app.createDocument", () =>
        home.documentOf(app.open(options.name ?? "Untitled-1", blankDocument(app, options)).id),
      ),
    open: (entry: unknown): Promise<Document> => app.call("app.open", () => openFile(entry)),
    showAlert: async (message: unknown): Promise<void> => void app.alerts.push(String(message)),
    getColorProfiles: (mode: string = "RGB"): string[] => profileNames(mode === "Gray" ? "Gray" : "RGB"),
    convertUnits: (value: number, from: string, to: string, resolution = 72): number => {
      const inches = { in: 1, px: 1 / resolution, pt: 1 / 72, cm: 1 / 2.54, mm: 1 / 25.4, pc: 1 / 6 } as const;
      const [a, b] = [inches[from as keyof typeof inches], inches[to as keyof typeof inches]];
      if (a === undefined || b === undefined) throw new HostError(`There is no unit "${a === undefined ? from : to}"`);
      return (value * a) / b;
    },
    bringToFront: (): void => {},
    updateUI: async (): Promise<void> => {},
    batchPlay: play,
  };
}

interface TreeNode {
  readonly name: string;
  readonly layerID: number;
  readonly kind: string;
  readonly layers?: TreeNode[];
}

const tree = (layers: readonly LayerState[]): TreeNode[] =>
  layers.map(({ name, id, kind, layers: inside }) => ({
    name,
    layerID: id,
    kind,
    ...(inside ? { layers: tree(inside) } : {}),
  }));

/** Menu commands that a plugin may invoke here, by Photoshop's ids. */
const menu: Readonly<Record<number, (document: Document) => Promise<void>>> = {
  1017: (document) => document.selection.selectAll(),
  1018: (document) => document.selection.deselect(),
};

/** Makes `core`. */
export function coreModule(
  home: DocumentHome,
  store: ImageStore,
  plugin: { readonly name: string; readonly version: string },
) {
  const { app } = home;
  const listen = (groups: readonly string[]) => (group: string, names: readonly string[], listener: Listener) => {
    if (!groups.includes(group)) throw new HostError(`There is no notification group "${group}"`);
    return names.map((name) => `${group}:${name}`).map((name) => [name, listener] as const);
  };
  const known = listen(["UI", "OS"]);
  return {
    apiVersion: 2,
    executeAsModal: (body: unknown, options?: ModalOptions): Promise<unknown> => app.modality.execute(body, options),
    isModal: (): boolean => app.modality.scope !== null,
    historySuspended: ({ documentID }: { readonly documentID: number }): boolean => app.document(documentID).suspended,
    showAlert: async (given: string | { readonly message: string }): Promise<void> =>
      void app.alerts.push(typeof given === "string" ? given : given.message),
    getLayerTree: async ({ documentID }: { readonly documentID: number }): Promise<{ list: TreeNode[] }> => {
      await pause();
      return { list: tree(app.document(documentID).state.layers) };
    },
    createTemporaryDocument: ({ documentID }: { readonly documentID: number }): Promise<{ documentID: number }> =>
      app.call("core.createTemporaryDocument", () => {
        const { name, state } = app.document(documentID);
        return { documentID: app.open(name, state, true).id };
      }),
    deleteTemporaryDocument: ({ documentID }: { readonly documentID: number }): Promise<void> =>
      app.call("core.deleteTemporaryDocument", () => {
        const document = app.document(documentID);
        if (!document.temporary) throw new HostError(`Document ${documentID} is no temporary document`);
        app.close(document);
      }),
    performMenuCommand: ({ commandID }: { readonly commandID: number }) =>
      app.call("core.performMenuCommand", async () => {
        const command = menu[commandID];
        const { activeDocument } = app;
        if (command && activeDocument) await command(home.documentOf(activeDocument.id));
        return { available: command !== undefined && activeDocument !== null, userCancelled: false };
      }),
    suppressResizeGripper: async (): Promise<void> => {},
    redrawDocument: async ({ documentID }: { readonly documentID: number }): Promise<number> => {
      app.document(documentID);
      await pause();
      return 0.01;
    },
    getPluginInfo: async () => ({
      _obj: "pluginInfo",
      batchPlayCount: app.counts.batchPlay,
      name: plugin.name,
      version: plugin.version,
      v8HeapSize: store.bytes,
    }),
    getGPUInfo: () => ({
      gpuInfoList: [{ version: "4.1", memoryMB: 4096, name: "Simulated GPU", vendor: "simulator" }],
      clgpuInfoList: [],
    }),
    endModalToolState: async (commit: boolean): Promise<void> => {
      void commit;
      app.modality.release("The editor");
      await pause();
    },
    setUserIdleTime: async (): Promise<void> => {},
    addNotificationListener: async (group: string, names: readonly string[], listener: Listener): Promise<void> => {
      for (const [name] of known(group, names, listener)) app.notifications.add([name], listener);
    },
    removeNotificationListener: async (group: string, names: readonly string[], listener: Listener): Promise<void> => {
      for (const [name] of known(group, names, listener)) app.notifications.remove([name], listener);
    },
    translateUIString: (text: string): string => text.replace(/^\$\$\$\/[^=]*=/, ""),
  };
}
