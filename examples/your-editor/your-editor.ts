import { connectEngine } from "@underdraw/engine/worker";
import { miniSketches, miniVocabulary } from "@underdraw/model-mini";
import { mountPanel } from "@underdraw/sdk/panel";
import { Editor } from "./editor.ts";
import { editorHost } from "./host.ts";
import { showEditor } from "./view.ts";

const editor = new Editor(512, 512);
const place = document.querySelector("aside");
if (place) {
  showEditor(editor);
  // #region mount
  const engine = connectEngine(() => new Worker(new URL("./engine-worker.ts", import.meta.url), { type: "module" }));
  const panel = mountPanel(place, {
    host: editorHost(editor),
    engine,
    vocabulary: await miniVocabulary(),
    examples: miniSketches,
  });
  addEventListener("pagehide", () => void panel.dispose().then(() => engine.dispose()));
  // #endregion
}
