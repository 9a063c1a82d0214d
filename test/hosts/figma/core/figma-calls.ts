import { rootId } from "./document.ts";
import { allows } from "./network.ts";
import { idIn, referenceTo } from "./node-calls.ts";
import { ImageReference } from "./references.ts";
import type { FetchInit, PluginRun } from "./run.ts";
import { isSimulated } from "./surface.ts";
import { create, group, inInstance, ungroup } from "./tree.ts";
import type { PluginWindow, WindowOptions } from "./window.ts";

// What a plugin may do with the global `figma`. The names are those that realm/figma.ts asks by: a closed list.

type Call = (run: PluginRun, args: readonly unknown[]) => unknown;

/** The calls, by name. */
export const figmaCalls: Readonly<Record<string, Call>> = {
  about: ({ parts: { command, manifest } }, [what]) => {
    switch (what) {
      case "command":
        return command;
      case "pluginId":
        return manifest.id;
      case "editorType":
        return "figma";
      default:
        return currentUser(manifest.permissions);
    }
  },
  root: ({ document }) => referenceTo(document, rootId),
  currentPage: ({ document }) => referenceTo(document, document.currentPage),
  setCurrentPage: () => {
    throw new Error(
      "in set_currentPage: Cannot call with documentAccess: dynamic-page. Use figma.setCurrentPageAsync instead.",
    );
  },
  setCurrentPageAsync: async (run, [page]) => {
    const id = idIn(page, "setCurrentPageAsync");
    if (run.document.store.at(id).type !== "PAGE") throw new Error("in setCurrentPageAsync: Expected a page node");
    run.load(id);
    run.document.currentPage = id;
  },
  loadAllPagesAsync: async (run) => run.loadAll(),
  getNodeById: () => {
    throw new Error(
      "in getNodeById: Cannot call with documentAccess: dynamic-page. Use figma.getNodeByIdAsync instead.",
    );
  },
  getNodeByIdAsync: async (run, [id]) => {
    const { document } = run;
    if (typeof id !== "string") throw new Error("in getNodeByIdAsync: Expected id to be a string");
    const node = document.store.find(id);
    if (!node) return null;
    // To reach a node is to load its page; to reach a page is not.
    const page = node.type === "PAGE" ? null : document.store.pageOf(id);
    if (page !== null) run.load(page);
    return referenceTo(document, id);
  },
  listen: (run, [type]) => {
    if ((type === "documentchange" || type === "stylechange") && !run.hasAllLoaded) {
      throw new Error(
        `in on: Cannot register ${type} handler in incremental mode without calling figma.loadAllPagesAsync first.`,
      );
    }
  },
  create: ({ document }, [type]) => {
    if (type === "PAGE") {
      const count = document.store.children(rootId).length + 1;
      return referenceTo(document, document.addPage(`Page ${count}`, "LOCAL"));
    }
    if (!isSimulated(type as string)) throw new Error(`The simulator has no nodes of type ${type}.`);
    return referenceTo(document, create(document.store, type as "RECTANGLE", document.currentPage, "LOCAL"));
  },
  group: (run, [nodes, parent, index]) => {
    const { document } = run;
    const ids = (nodes as readonly unknown[]).map((node) => idIn(node, "group"));
    return referenceTo(document, group(document.store, ids, parent as string, index as number | undefined, "LOCAL"));
  },
  ungroup: ({ document }, [id]) => {
    if (inInstance(document.store, id as string))
      throw new Error("in ungroup: Cannot move node. Node is inside of an instance");
    return ungroup(document.store, id as string, "LOCAL").map((child) => referenceTo(document, child));
  },
  createImage: ({ document }, [bytes]) => new ImageReference(document.images.add(bytes as Uint8Array, "createImage")),
  createImageAsync: async (run, [url]) => {
    const { body } = await fetched(run, url as string, {});
    return new ImageReference(run.document.images.add(body, "createImageAsync"));
  },
  getImageByHash: ({ document }, [hash]) =>
    document.images.bytes(hash as string) ? new ImageReference(hash as string) : null,
  imageBytes: async ({ document }, [hash]) => document.images.bytes(hash as string),
  imageSize: async ({ document }, [hash]) => document.images.size(hash as string),
  loadFontAsync: async (run, [font]) => {
    const { family, style } = font as { readonly family: string; readonly style: string };
    run.addFont({ family, style });
  },
  viewport: ({ document }, [what]) => {
    if (what === "bounds") return document.viewBounds;
    return what === "zoom" ? document.zoom : document.center;
  },
  setViewport: ({ document }, [what, value]) => {
    if (what === "zoom") document.zoom = value as number;
    else document.center = value as { x: number; y: number };
  },
  scrollAndZoomIntoView: ({ document }, [nodes]) =>
    document.zoomTo((nodes as readonly unknown[]).map((node) => idIn(node, "scrollAndZoomIntoView"))),
  commitUndo: ({ document }) => document.history.commit(),
  triggerUndo: ({ document }) => document.history.undo(),
  showUI: (run, [html, options]) => {
    if (typeof html !== "string") throw new Error("in showUI: Expected html to be a string");
    const { position, ...others } = options as WindowOptions;
    run.showUI(html, position ? { ...others, position: onScreen(run, position.x, position.y) } : others);
  },
  ui: (run, [what, ...args]) => {
    if (what === "close") return run.closeUI();
    const { window } = run;
    if (!window) {
      const verbs: Readonly<Record<string, string>> = {
        postMessage: "send a message to",
        hide: "hide",
        resize: "resize",
      };
      const verb = verbs[what as string] ?? (what === "getPosition" || what === "reposition" ? "position" : "show");
      throw new Error(`in ${what}: No UI to ${verb}. Did you forget to create a UI by calling showUI?`);
    }
    return windowCall(run, window, what as string, args);
  },
  notify: (run, [message, options]) => {
    const { timeout, error, button, onDequeue, action } = options as Readonly<Record<string, unknown>>;
    return run.parts.notices.add({
      message: message as string,
      timeout: timeout as number | undefined,
      error: error as boolean | undefined,
      button: button as string | undefined,
      onPress: action === undefined ? undefined : () => run.callBack(action as number),
      onDequeue: onDequeue === undefined ? undefined : (reason) => run.callBack(onDequeue as number, reason),
    });
  },
  cancelNotice: (run, [id]) => run.parts.notices.remove(id as number, "dismiss"),
  closePlugin: (run, [message]) => {
    if (typeof message === "string") run.parts.notices.add({ message });
    run.close();
  },
  openExternal: (run, [url]) => run.parts.log("info", `opened ${url}`),
  storage: async (run, [what, key, value]) => {
    const { storage } = run.parts;
    switch (what) {
      case "get":
        return storage.get(key as string);
      case "set":
        return storage.set(key as string, value);
      case "delete":
        return storage.delete(key as string);
      default:
        return storage.keys();
    }
  },
  fetch: (run, [url, init]) => fetched(run, url as string, init as FetchInit),
};

/** A place of the canvas, on the screen. */
function onScreen({ document }: PluginRun, x: number, y: number): { readonly x: number; readonly y: number } {
  const { viewBounds, zoom } = document;
  return { x: (x - viewBounds.x) * zoom, y: (y - viewBounds.y) * zoom };
}

function windowCall(run: PluginRun, window: PluginWindow, what: string, args: readonly unknown[]): unknown {
  const [first, second] = args;
  switch (what) {
    case "postMessage":
      return window.post(first, second as string);
    case "show":
      return window.show(true);
    case "hide":
      return window.show(false);
    case "resize":
      return window.resize(first as number, second as number);
    case "reposition": {
      const { x, y } = onScreen(run, first as number, second as number);
      return window.reposition(x, y);
    }
    default: {
      const { x, y } = window.placement;
      const { viewBounds, zoom } = run.document;
      return { windowSpace: { x, y }, canvasSpace: { x: viewBounds.x + x / zoom, y: viewBounds.y + y / zoom } };
    }
  }
}

function currentUser(permissions: readonly string[]): unknown {
  if (!permissions.includes("currentuser")) {
    throw new Error('in get_currentUser: The "currentuser" permission must be in the manifest');
  }
  return { id: "1", name: "Person", photoUrl: null, color: "#7b61ff", sessionId: 1 };
}

/** Main's requests go by the manifest's list, as the window's do. */
async function fetched(run: PluginRun, url: string, init: FetchInit): ReturnType<PluginRun["parts"]["fetch"]> {
  const { manifest, fetch, log } = run.parts;
  if (!allows(manifest.networkAccess, url)) {
    log("error", `Refused to connect to '${url}' because it violates the plugin's networkAccess.`);
    throw new TypeError("Failed to fetch");
  }
  return fetch(url, init);
}
