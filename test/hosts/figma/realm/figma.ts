import type {
  BaseNode,
  DocumentNode,
  Image,
  MessageEventHandler,
  NotificationHandler,
  NotificationOptions,
  PageNode,
  PluginAPI,
  Rect,
  SceneNode,
  User,
  Vector,
} from "../typings.ts";
import { fromBase64, toBase64 } from "./base64.ts";
import { callbacks } from "./callbacks.ts";
import { ask } from "./channel.ts";
import { rgb, rgba, solidPaint } from "./colours.ts";
import { addListener, removeListener } from "./listeners.ts";
import { demandMessage } from "./message.ts";
import { missing } from "./missing.ts";
import { idOf, mixed } from "./nodes.ts";

// The global `figma`: a thin front that checks what only this realm can check, and asks the editor for the rest. What is
// here is held against Figma's typings by the compiler.

/** The members of `figma` that are simulated. */
export type SimulatedApi = Pick<
  PluginAPI,
  | "apiVersion"
  | "base64Decode"
  | "base64Encode"
  | "clientStorage"
  | "closePlugin"
  | "command"
  | "commitUndo"
  | "createComponent"
  | "createEllipse"
  | "createFrame"
  | "createImage"
  | "createImageAsync"
  | "createLine"
  | "createPage"
  | "createPolygon"
  | "createRectangle"
  | "createSection"
  | "createSlice"
  | "createStar"
  | "createText"
  | "createVector"
  | "currentPage"
  | "currentUser"
  | "editorType"
  | "fileKey"
  | "getImageByHash"
  | "getNodeById"
  | "getNodeByIdAsync"
  | "group"
  | "loadAllPagesAsync"
  | "loadFontAsync"
  | "mixed"
  | "mode"
  | "notify"
  | "off"
  | "on"
  | "once"
  | "openExternal"
  | "payments"
  | "pluginId"
  | "root"
  | "setCurrentPageAsync"
  | "showUI"
  | "skipInvisibleInstanceChildren"
  | "triggerUndo"
  | "ungroup"
> & {
  readonly ui: PluginAPI["ui"];
  readonly util: Pick<PluginAPI["util"], "rgb" | "rgba" | "solidPaint">;
  readonly viewport: Pick<PluginAPI["viewport"], "bounds" | "center" | "scrollAndZoomIntoView" | "zoom">;
};

type AnyFunction = (...args: never[]) => unknown;

const create =
  <N extends SceneNode | PageNode>(type: string) =>
  (): N =>
    ask("create", type) as N;

const uiListeners = (name: string, type: string, listener: AnyFunction, how: "on" | "once" | "off"): void => {
  if (type !== "message") throw new Error(`in ${name}: "${type}" is no event of the UI`);
  if (how === "off") removeListener("message", listener);
  else addListener("message", listener, how === "once");
};

/** What `figma.ui.onmessage` holds. */
export const inbox: { handler: MessageEventHandler | undefined } = { handler: undefined };

const ui: PluginAPI["ui"] = {
  show: () => void ask("ui", "show"),
  hide: () => void ask("ui", "hide"),
  close: () => void ask("ui", "close"),
  resize: (width, height) => void ask("ui", "resize", width, height),
  reposition: (x, y) => void ask("ui", "reposition", x, y),
  getPosition: () => ask("ui", "getPosition") as { windowSpace: Vector; canvasSpace: Vector },
  postMessage: (message, options) => {
    demandMessage(message);
    ask("ui", "postMessage", message, options?.origin ?? "*");
  },
  get onmessage() {
    return inbox.handler;
  },
  set onmessage(handler) {
    inbox.handler = handler;
  },
  on: (type, listener) => uiListeners("on", type, listener, "on"),
  once: (type, listener) => uiListeners("once", type, listener, "once"),
  off: (type, listener) => uiListeners("off", type, listener, "off"),
};

function notify(message: string, options: NotificationOptions = {}): NotificationHandler {
  const { timeout, error, onDequeue, button } = options;
  const id = ask("notify", String(message), {
    timeout,
    error,
    button: button?.text,
    onDequeue: onDequeue && callbacks.add(onDequeue as (argument: unknown) => unknown),
    action: button && callbacks.add(button.action),
  }) as number;
  return { cancel: () => void ask("cancelNotice", id) };
}

const viewport: SimulatedApi["viewport"] = {
  get center() {
    return ask("viewport", "center") as Vector;
  },
  set center(value) {
    ask("setViewport", "center", value);
  },
  get zoom() {
    return ask("viewport", "zoom") as number;
  },
  set zoom(value) {
    ask("setViewport", "zoom", value);
  },
  get bounds() {
    return ask("viewport", "bounds") as Rect;
  },
  scrollAndZoomIntoView: (nodes) => void ask("scrollAndZoomIntoView", nodes),
};

const clientStorage: PluginAPI["clientStorage"] = {
  getAsync: (key) => ask("storage", "get", key) as Promise<unknown>,
  setAsync: async (key, value) => {
    demandMessage(value, "setAsync");
    await (ask("storage", "set", key, value) as Promise<void>);
  },
  deleteAsync: (key) => ask("storage", "delete", key) as Promise<void>,
  keysAsync: () => ask("storage", "keys") as Promise<string[]>,
};

/** The events that `figma.on` takes here. Styles are not simulated, so that theirs never comes; drops are refused by name. */
const events = ["run", "close", "selectionchange", "currentpagechange", "documentchange", "stylechange"];

function listenTo(how: "on" | "once" | "off", type: string, listener: AnyFunction): void {
  if (!events.includes(type)) throw new Error(`in ${how}: The simulator has no event "${type}"`);
  if (how === "off") {
    removeListener(type, listener);
    return;
  }
  ask("listen", type);
  addListener(type, listener, how === "once");
}

const parentOf = (parent: unknown): string => idOf(parent, "group");

/** The global. */
const figma: SimulatedApi = {
  apiVersion: "1.0.0",
  get command() {
    return ask("about", "command") as string;
  },
  get editorType() {
    return ask("about", "editorType") as "figma";
  },
  mode: "default",
  get pluginId() {
    return ask("about", "pluginId") as string;
  },
  fileKey: undefined,
  get currentUser() {
    return ask("about", "currentUser") as User;
  },
  // The permission is never asked for, so that Figma has no such object here.
  payments: undefined as unknown as NonNullable<PluginAPI["payments"]>,
  skipInvisibleInstanceChildren: false,
  // TypeScript cannot tell two unique symbols apart by value; this is the one that the realm gives out everywhere.
  mixed: mixed as unknown as PluginAPI["mixed"],
  get root() {
    return ask("root") as DocumentNode;
  },
  get currentPage() {
    return ask("currentPage") as PageNode;
  },
  set currentPage(page) {
    ask("setCurrentPage", page);
  },
  setCurrentPageAsync: (page) => ask("setCurrentPageAsync", page) as Promise<void>,
  loadAllPagesAsync: () => ask("loadAllPagesAsync") as Promise<void>,
  getNodeByIdAsync: (id) => ask("getNodeByIdAsync", id) as Promise<BaseNode | null>,
  getNodeById: (id) => ask("getNodeById", id) as BaseNode | null,
  on: (type: string, listener: AnyFunction) => listenTo("on", type, listener),
  once: (type: string, listener: AnyFunction) => listenTo("once", type, listener),
  off: (type: string, listener: AnyFunction) => listenTo("off", type, listener),
  viewport,
  ui,
  showUI: (html, options = {}) => {
    inbox.handler = undefined;
    ask("showUI", html, options);
  },
  notify,
  closePlugin: (message) => void ask("closePlugin", message),
  commitUndo: () => void ask("commitUndo"),
  triggerUndo: () => void ask("triggerUndo"),
  openExternal: (url) => void ask("openExternal", url),
  clientStorage,
  createRectangle: create("RECTANGLE"),
  createLine: create("LINE"),
  createEllipse: create("ELLIPSE"),
  createPolygon: create("POLYGON"),
  createStar: create("STAR"),
  createVector: create("VECTOR"),
  createText: create("TEXT"),
  createFrame: create("FRAME"),
  createComponent: create("COMPONENT"),
  createPage: create("PAGE"),
  createSlice: create("SLICE"),
  createSection: create("SECTION"),
  createImage: (data) => {
    if (!(data instanceof Uint8Array)) throw new Error("in createImage: Expected Uint8Array");
    return ask("createImage", data) as Image;
  },
  createImageAsync: (src) => ask("createImageAsync", src) as Promise<Image>,
  getImageByHash: (hash) => ask("getImageByHash", hash) as Image | null,
  group: (nodes, parent, index) => ask("group", nodes, parentOf(parent), index) as ReturnType<PluginAPI["group"]>,
  ungroup: (node) => ask("ungroup", idOf(node, "ungroup")) as SceneNode[],
  loadFontAsync: (font) => ask("loadFontAsync", font) as Promise<void>,
  base64Encode: toBase64,
  base64Decode: fromBase64,
  util: Object.freeze({ rgb, rgba, solidPaint }),
};

/** The global as a plugin gets it: what Figma does not have is told as Figma does, what the simulator does not have by name. */
export const guarded: SimulatedApi = new Proxy(Object.freeze(figma), {
  get: (target, key) => {
    if (typeof key === "symbol" || key in target || key in Object.prototype || key === "then" || key === "toJSON") {
      return Reflect.get(target, key);
    }
    if (Object.hasOwn(missing, key)) throw new Error(`The simulator does not have figma.${key} of Figma's API.`);
    throw new TypeError(`figma.${key} no such property '${key}' on the figma global object`);
  },
  set: (target, key, value) => {
    const setter = Object.getOwnPropertyDescriptor(target, key)?.set;
    if (!setter && !(key in target))
      throw new TypeError(`Cannot add property ${String(key)}, object is not extensible`);
    if (!setter && key !== "skipInvisibleInstanceChildren") throw new TypeError("no setter for property");
    setter?.call(target, value);
    return true;
  },
});
