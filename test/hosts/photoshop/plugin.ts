import { actionModule } from "./action.ts";
import { appModule, coreModule } from "./app-dom.ts";
import { Application, type Manners } from "./application.ts";
import { constants } from "./constants.ts";
import type { Disk } from "./disk.ts";
import { Document, type DocumentHome } from "./document-dom.ts";
import { Entrypoints } from "./entrypoints.ts";
import { HostError } from "./failure.ts";
import { ImageStore } from "./image-data.ts";
import { type EncodeJpeg, imagingModule } from "./imaging.ts";
import type { Manifest } from "./manifest.ts";
import { nodeModules } from "./node-modules.ts";
import type { FilePicture } from "./placing.ts";
import type { DocumentState } from "./state.ts";
import { type PickerAnswers, storageModule } from "./storage.ts";
import { isAtLeast, uxpOf } from "./version.ts";

// One plugin inside Photoshop: the modules that it may require. It knows neither Node nor a browser: what only those can
// do (pictures as files, a document's elements) comes in from the shell around it.

/** What a shell lends. */
export interface Lent {
  /** Writes RGB bytes as a JPEG file. */
  encodeJpeg: EncodeJpeg;
  /** Reads a picture file. */
  readPicture(bytes: Uint8Array): Promise<Omit<FilePicture, "name">>;
  /** Writes a document as a PSD file. */
  writePsd(state: DocumentState): Promise<Uint8Array>;
  /** Reads one. */
  readPsd(app: Application, bytes: Uint8Array): Promise<DocumentState>;
  /** Makes the element that a panel's contents go into. */
  panelRoot(id: string): object;
}

/** How a plugin is started. */
export interface PluginSettings {
  readonly manifest: Manifest;
  readonly disk: Disk;
  readonly version: string;
  readonly locale: string;
  readonly developer: boolean;
  readonly manners: Partial<Manners>;
  readonly pickers: PickerAnswers;
  /** What a person answers when a plugin wants to open an address outside. */
  readonly consent: (url: string) => boolean;
}

/** A plugin that runs. */
export class Plugin {
  readonly app: Application;
  readonly images: ImageStore;
  readonly entrypoints: Entrypoints;
  readonly problems: string[] = [];
  readonly console: { readonly level: string; readonly text: string }[] = [];
  /** Addresses that were opened outside of Photoshop. */
  readonly opened: string[] = [];
  readonly manifest: Manifest;
  readonly disk: Disk;
  readonly version: string;
  /** What lies on the clipboard. */
  clipboard = "";
  readonly #modules: Readonly<Record<string, object>>;
  readonly #documents = new Map<number, Document>();

  constructor(settings: PluginSettings, lent: Lent) {
    const { manifest, disk, version } = settings;
    this.manifest = manifest;
    this.disk = disk;
    this.version = version;
    this.app = new Application(manifest.id, settings.manners, this.problems);
    this.images = new ImageStore((text) => void this.console.push({ level: "warn", text }));
    this.entrypoints = new Entrypoints(manifest, this.problems, lent.panelRoot);
    const storage = storageModule(disk, manifest, settings.pickers);
    this.app.readPicture = async (token) => {
      const path = storage.pathOf(token);
      const name = (path.split("/").at(-1) ?? "").replace(/\.\w+$/, "");
      return { name, ...(await lent.readPicture(disk.read(path))) };
    };
    const home: DocumentHome = {
      app: this.app,
      documentOf: (id) => this.documentOf(id),
      atLeast: (least) => isAtLeast(version, least),
      saveAs: async (open, entry) => {
        disk.write(storage.pathOfEntry(entry), await lent.writePsd(open.state));
        open.path = storage.pathOfEntry(entry);
        open.markSaved();
      },
    };
    this.#home = home;
    const action = actionModule(this.app, settings.developer);
    const openFile = async (entry: unknown): Promise<Document> => {
      const path = storage.pathOfEntry(entry);
      const state = await lent.readPsd(this.app, disk.read(path));
      return this.documentOf(this.app.open(path.split("/").at(-1) ?? path, state).id);
    };
    this.#modules = {
      photoshop: {
        app: appModule(home, action.batchPlay, openFile),
        core: coreModule(home, this.images, manifest),
        action,
        imaging: imagingModule(this.app, this.images, lent.encodeJpeg),
        constants,
      },
      uxp: this.#uxp(settings, storage.module),
      ...nodeModules(disk, version),
    };
  }

  readonly #home: DocumentHome;

  documentOf(id: number): Document {
    const known = this.#documents.get(id);
    if (known) return known;
    const made = new Document(this.#home, this.app.document(id));
    this.#documents.set(id, made);
    return made;
  }

  #uxp({ manifest, version, locale, consent }: PluginSettings, storage: object): object {
    const launch = async (url: string, scheme: string): Promise<string> => {
      if (!manifest.mayLaunch(scheme)) {
        throw new HostError(`The manifest does not permit to open '${url}': launchProcess has no scheme "${scheme}"`);
      }
      if (!consent(url)) return "The person declined";
      this.opened.push(url);
      return "";
    };
    const own = {
      id: manifest.id,
      name: manifest.name,
      version: manifest.version,
      enabled: true,
      showPanel: async (id: string): Promise<void> => void (await this.entrypoints.showPanel(id)),
      invokeCommand: (id: string, ...given: unknown[]): Promise<void> => this.entrypoints.run(id, ...given),
    };
    return {
      entrypoints: this.entrypoints.module,
      host: { name: "photoshop", version: `${version}.0`, uiLocale: locale },
      versions: { uxp: `uxp-${uxpOf(version)}`, plugin: manifest.version },
      shell: {
        openExternal: (url: unknown) => launch(String(url), new URL(String(url)).protocol.replace(":", "")),
        openPath: (path: unknown) => launch(String(path), "file"),
      },
      pluginManager: { plugins: new Set([own]) },
      storage,
    };
  }

  /** `require`, which looks from the plugin's root, whichever file asks. `evaluate` runs a file's text as CommonJS. */
  requireWith(evaluate: (code: string, path: string) => unknown): (name: string) => unknown {
    const files = new Map<string, unknown>();
    return (name) => {
      const known = this.#modules[name];
      if (known) return known;
      const path = `plugin:/${name.replace(/^\.?\//, "")}`;
      const found = [path, `${path}.js`].find((one) => this.disk.files.has(one));
      if (!/^\.{0,2}\//.test(name) || !found) throw new HostError(`Module not found: "${name}"`);
      if (!files.has(found)) {
        const text = new TextDecoder().decode(this.disk.read(found));
        files.set(found, found.endsWith(".json") ? JSON.parse(text) : evaluate(text, found));
      }
      return files.get(found);
    };
  }
}
