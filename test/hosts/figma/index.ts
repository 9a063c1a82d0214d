// A Figma that runs in Node: the plugin's main in a QuickJS realm with Figma's own globals, over a document with undo.
//
//   const figma = await openFigma({ main, html, manifest });        // the texts of the plugin's files; the manifest is checked
//   const id = await figma.draw({ type: "RECTANGLE", properties: { x: 10, y: 20, width: 64, height: 64,
//     fills: [{ type: "SOLID", color: { r: 1, g: 0, b: 0 } }] } });
//   await figma.select([id]);
//   await figma.runCommand("open");                                 // starts the plugin: figma.command === "open"
//   figma.ui.html                                                   // what main gave showUI
//   await figma.ui.navigate("http://localhost:5173/panel.html");    // the loader's step; refused when the CSP forbids it
//   figma.ui.onmessage = (message, event) => …                      // event.origin is https://www.figma.com
//   figma.ui.send(message);                                         // as the page that is shown (its origin, its pluginId);
//   figma.ui.send(message, { origin: "https://evil.example", pluginId: "x" });   // … or as another
//   await figma.undo(); await figma.redo(); await figma.snapshot();
//   await figma.runCommand("…"); await figma.relaunch("edit"); await figma.closePlugin();
//
// The Chromium shell (`chromium.ts`) gives the same editor with real frames instead of `figma.ui`.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import type { QuickJSWASMModule } from "quickjs-emscripten-core";
import type { FigmaEditor, PluginFiles } from "./contract.ts";
import { Editor } from "./core/editor.ts";
import { readManifest } from "./core/manifest.ts";
import { Pending } from "./core/pending.ts";
import { openQuickjs } from "./core/quickjs.ts";
import { PlayedPage } from "./node-frames.ts";
import { platformFetch } from "./platform.ts";
import { preludeText } from "./prelude.ts";

/** The editor, with the page of the plugin's window as the test plays it. */
export interface NodeFigma extends FigmaEditor {
  readonly ui: PlayedPage;
}

let compiled: Promise<WebAssembly.Module> | undefined;

async function compile(): Promise<WebAssembly.Module> {
  const file = createRequire(import.meta.url).resolve("@jitl/quickjs-ng-wasmfile-release-sync/wasm");
  return WebAssembly.compile(await readFile(file));
}

const newQuickjs = async (): Promise<QuickJSWASMModule> => {
  compiled ??= compile();
  return openQuickjs(await compiled);
};

/** Opens an empty file in an editor that has the plugin. It does not run yet. Rejects when Figma would refuse the manifest. */
export async function openFigma(plugin: PluginFiles): Promise<NodeFigma> {
  const prelude = await preludeText();
  const { id, networkAccess } = readManifest(plugin.manifest);
  const pending = new Pending();
  const ui = new PlayedPage(networkAccess, id, (run) => pending.later(run));
  const editor = new Editor(plugin, {
    openQuickjs: newQuickjs,
    prelude,
    pending,
    openFrames: ui.open,
    fetch: platformFetch,
    // The played page has no style to change.
    setTheme: () => {},
  });
  return Object.assign(editor, { ui });
}

export type { Drawing, FigmaEditor, PluginFiles } from "./contract.ts";
