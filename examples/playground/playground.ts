import { Excalidraw } from "@excalidraw/excalidraw";
import "@excalidraw/excalidraw/index.css";
import type { ExcalidrawImperativeAPI } from "@excalidraw/excalidraw/types";
import { connectEngine } from "@underdraw/engine/worker";
import { miniSketches, miniVocabulary } from "@underdraw/model-mini";
import { mountPanel } from "@underdraw/sdk/panel";
import { createElement } from "react";
import { createRoot } from "react-dom/client";
import { excalidrawHost } from "./host.ts";

// Excalidraw with Underdraw docked beside it: what a third party writes to bring the panel into an editor.

const place = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no element "${id}".`);
  return found;
};

const dark = matchMedia("(prefers-color-scheme: dark)");

async function mount(api: ExcalidrawImperativeAPI): Promise<void> {
  Object.assign(globalThis, { excalidraw: api }); // at hand in the browser's console
  const engine = connectEngine(() => new Worker(new URL("./engine-worker.ts", import.meta.url), { type: "module" }));
  const panel = mountPanel(place("panel"), {
    host: excalidrawHost(api),
    engine,
    vocabulary: await miniVocabulary(),
    examples: miniSketches,
    theme: dark.matches ? "dark" : "light",
  });
  api.refresh(); // the panel took some of the editor's width
  api.onChange((_, { theme }) => panel.setTheme(theme));
  addEventListener("pagehide", () => void panel.dispose().then(() => engine.dispose()));
}

let mounted = false;
createRoot(place("editor")).render(
  createElement(Excalidraw, {
    excalidrawAPI: (api) => {
      if (mounted) return;
      mounted = true;
      void mount(api);
    },
    aiEnabled: false,
    handleKeyboardGlobally: true,
    theme: dark.matches ? "dark" : "light",
    initialData: { appState: { currentItemRoughness: 0, currentItemStrokeWidth: 2 } },
  }),
);
