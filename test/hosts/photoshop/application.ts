import { type Bounds, boxOf } from "./bounds.ts";
import { HostError } from "./failure.ts";
import { OpenDocument } from "./history.ts";
import { Modality, type Scope } from "./modality.ts";
import { Notifications } from "./notifications.ts";
import { pause } from "./pause.ts";
import type { FilePicture } from "./placing.ts";
import { type DocumentState, everyLayer, type Found, findLayer, type LayerState } from "./state.ts";

// The running Photoshop: open documents, who may change them, who is told. The modules that a plugin requires and the
// test's own hands both work on this, and on nothing else.

/** What no document of Adobe's settles, and a test may turn. */
export interface Manners {
  /** What getPixels trims to: every transparent edge of the request, or only the layer's own bounds. */
  readonly trim: "ink" | "layer";
  /** What reading an area without any pixel gives: image data of 0 x 0, or an error. */
  readonly blank: "empty" | "throw";
  /** What putPixels does with RGB data in a CMYK document. */
  readonly cmyk: "refuse" | "convert";
  /** The gray working space: what masks and selections are in. */
  readonly grayProfile: string;
  /** What a new layer mask holds around the data that was put: 255 shows, 0 hides. */
  readonly maskOutside: 0 | 255;
  /** Cache levels in Preferences > Performance. */
  readonly cacheLevels: number;
  /** True where layers' metadata cannot be kept: setting generatorSettings answers with an error. */
  readonly noSettings: boolean;
}

/** What Photoshop does unless a test says otherwise: the reading that asks most of a plugin. */
const manners: Manners = {
  trim: "ink",
  blank: "empty",
  cmyk: "refuse",
  grayProfile: "Gray Gamma 2.2",
  maskOutside: 0,
  cacheLevels: 4,
  noSettings: false,
};

/** The id that history has while an Action plays: it cannot be resumed. */
const actionSuspension = 4294967295;

/** Photoshop, as far as a plugin can reach it. */
export class Application {
  readonly manners: Manners;
  readonly modality: Modality;
  readonly notifications: Notifications;
  readonly documents: OpenDocument[] = [];
  readonly problems: string[];
  readonly alerts: string[] = [];
  readonly counts = { batchPlay: 0 };
  activeDocument: OpenDocument | null = null;
  /** True while an Action with a held history of its own plays. */
  actionPlays = false;
  /** Reads the file behind a session token; set by what owns the disk. */
  readPicture: (token: unknown) => Promise<FilePicture> = async () => {
    throw new HostError("There is no file system");
  };
  #lastId = 0;
  #lastSuspension = 0;
  readonly #failures = new Map<string, string>();

  constructor(owner: string, given: Partial<Manners>, problems: string[]) {
    this.manners = { ...manners, ...given };
    this.problems = problems;
    const problem = (text: string): void => void problems.push(text);
    this.notifications = new Notifications(() => this.modality.muted, problem);
    this.modality = new Modality(owner, {
      context: (scope) => this.#context(scope),
      entered: (scope) => this.notifications.tell("modalJavaScriptScopeEnter", { name: scope.commandName }, true),
      left: (scope, failed) => this.#left(scope, failed),
      problem,
    });
  }

  /** Ids are never given twice while Photoshop runs. */
  readonly nextId = (): number => ++this.#lastId;

  /** The next call of that name throws. */
  fail(call: string, message: string): void {
    this.#failures.set(call, message);
  }

  /** Throws what a test has set for the next call of a name. */
  trip(call: string): void {
    const message = this.#failures.get(call);
    this.#failures.delete(call);
    if (message !== undefined) throw new HostError(message);
  }

  /** A host call that changes something or reads pixels: in a modal scope or not at all, and done a turn later. */
  async call<T>(name: string, body: () => T | Promise<T>): Promise<T> {
    const scope = this.modality.check();
    await pause();
    this.modality.still(scope);
    this.trip(name);
    return await body();
  }

  /** A setter: at once, but in a modal scope or not at all. */
  callNow<T>(name: string, body: () => T): T {
    this.modality.check();
    this.trip(name);
    return body();
  }

  /** The open document of an id; without one, or with a negative one, the active document. */
  document(id: number | undefined): OpenDocument {
    const found = id === undefined || id < 0 ? this.activeDocument : this.documents.find((one) => one.id === id);
    if (!found) throw new HostError(id === undefined ? "There is no active document" : `There is no document ${id}`);
    return found;
  }

  layer(document: OpenDocument, id: number): Found {
    const found = findLayer(document.state, id);
    if (!found) throw new HostError(`The layer ${id} does not exist in document ${document.id}`);
    return found;
  }

  /** Every layer of a document from the top, each group before what is in it. */
  allLayers(document: OpenDocument): readonly LayerState[] {
    return [...everyLayer(document.state.layers)].map(({ layer }) => layer);
  }

  open(name: string, state: DocumentState, temporary = false): OpenDocument {
    const document = new OpenDocument(this.nextId(), name, state, this.nextId, temporary);
    this.documents.push(document);
    if (temporary) return document;
    this.activeDocument = document;
    this.notifications.tell("open", { documentID: document.id });
    return document;
  }

  close(document: OpenDocument): void {
    document.closed = true;
    this.documents.splice(this.documents.indexOf(document), 1);
    if (this.activeDocument === document) {
      this.activeDocument = this.documents.filter(({ temporary }) => !temporary).at(-1) ?? null;
    }
    this.notifications.tell("close", { documentID: document.id, _isCommand: false });
  }

  /** A change with its history state, and what listeners hear of it. */
  change(document: OpenDocument, name: string, state: DocumentState, event?: Readonly<Record<string, unknown>>): void {
    document.change(name, state);
    if (event) this.notifications.tell(String(event["_obj"]), event);
    if (!document.suspended) this.notifications.tell("historyStateChanged", { documentID: document.id, name });
  }

  /** A change that makes no history state. */
  note(document: OpenDocument, state: DocumentState, event?: Readonly<Record<string, unknown>>): void {
    document.note(state);
    if (event) this.notifications.tell(String(event["_obj"]), event);
  }

  suspend(documentID: number, name: string, scope: Scope): { historySuspensionID: number; finalName?: string } {
    const document = this.document(documentID);
    if (this.actionPlays) return { historySuspensionID: actionSuspension };
    if (document.suspended) throw new HostError(`The history of document ${documentID} is already suspended`);
    document.suspend(++this.#lastSuspension, name);
    scope.suspended.add(documentID);
    return { historySuspensionID: this.#lastSuspension };
  }

  resume(id: number, commit: boolean, finalName: string | undefined, scope: Scope): void {
    const document = this.documents.find(({ suspension }) => suspension?.id === id);
    if (!document) throw new HostError(`There is no history suspension ${id}`);
    scope.suspended.delete(document.id);
    this.#resume(document, commit, finalName);
  }

  #resume(document: OpenDocument, commit: boolean, name?: string): void {
    document.resume(commit, name);
    this.notifications.tell("historyStateChanged", { documentID: document.id });
  }

  #left(scope: Scope, failed: boolean): void {
    for (const id of scope.suspended) {
      const document = this.documents.find((one) => one.id === id);
      if (document) this.#resume(document, !failed);
    }
    for (const id of scope.autoClose) {
      const document = this.documents.find((one) => one.id === id);
      if (document) this.close(document);
    }
    this.notifications.tell("modalJavaScriptScopeExit", { name: scope.commandName }, true);
  }

  /** What the plugin's function gets. Nothing of it can be enumerated, and `isCancelled` is asked anew each time. */
  #context(scope: Scope): object {
    const hostControl = hidden({
      suspendHistory: { value: async (info: unknown) => this.#suspendFor(scope, info) },
      resumeHistory: { value: async (token: unknown, commit = true) => this.#resumeFor(scope, token, commit) },
      registerAutoCloseDocument: { value: async (id: number) => void scope.autoClose.add(this.document(id).id) },
      unregisterAutoCloseDocument: { value: async (id: number) => void scope.autoClose.delete(id) },
    });
    return hidden({
      isCancelled: { get: () => scope.root.cancelled },
      onCancel: {
        get: () => scope.onCancel,
        set: (handler: Scope["onCancel"]) => {
          scope.onCancel = handler;
        },
      },
      reportProgress: {
        value: ({ value, commandName }: { value?: number; commandName?: string }) => {
          this.modality.progress.push({
            ...(value === undefined ? {} : { value }),
            ...(commandName === undefined ? {} : { commandName }),
          });
        },
      },
      hostControl: { value: hostControl },
    });
  }

  async #suspendFor(scope: Scope, info: unknown): Promise<object> {
    this.modality.still(scope);
    await pause();
    const { documentID, name } = (info ?? {}) as { documentID?: unknown; name?: unknown };
    if (typeof documentID !== "number" || typeof name !== "string") {
      throw new HostError("suspendHistory needs { documentID: number, name: string }");
    }
    return this.suspend(documentID, name, scope);
  }

  async #resumeFor(scope: Scope, token: unknown, commit: boolean): Promise<void> {
    if (commit) this.modality.still(scope);
    await pause();
    const { historySuspensionID, finalName } = (token ?? {}) as { historySuspensionID?: unknown; finalName?: unknown };
    if (typeof historySuspensionID !== "number") throw new HostError("resumeHistory needs what suspendHistory gave");
    this.resume(historySuspensionID, commit, typeof finalName === "string" ? finalName : undefined, scope);
  }
}

/** An object whose members a spread does not see. */
const hidden = (members: PropertyDescriptorMap): object =>
  Object.defineProperties(
    {},
    Object.fromEntries(Object.entries(members).map(([name, one]) => [name, { ...one, enumerable: false }])),
  );

/** The bounds of a descriptor of the DOM: left, top, right, bottom, or left, top, width, height. */
export function boundsFrom(given: unknown, what: string): Bounds {
  const { left, top, right, bottom, width, height } = (given ?? {}) as Record<string, number>;
  const numbers = (...list: unknown[]): boolean => list.every((one) => Number.isFinite(one));
  if (numbers(left, top, right, bottom)) return { left, top, right, bottom } as Bounds;
  if (numbers(left, top, width, height)) {
    return boxOf(left as number, top as number, width as number, height as number);
  }
  throw new HostError(`${what} needs left, top, right and bottom`);
}
