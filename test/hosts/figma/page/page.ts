import { Editor } from "../core/editor.ts";
import { readManifest } from "../core/manifest.ts";
import { Pending } from "../core/pending.ts";
import { openQuickjs } from "../core/quickjs.ts";
import { platformFetch } from "../platform.ts";
import { answerCalls } from "./calls.ts";
import { layDesk } from "./desk.ts";
import { FrameHost } from "./frames.ts";
import type { ServedPlugin } from "./served.ts";

// The page that stands for figma.com: the same editor as in Node, with real frames for the plugin's window.

const served: ServedPlugin = await (await fetch("/plugin.json")).json();
const wasm = await WebAssembly.compileStreaming(fetch("/quickjs.wasm"));
const frames = new FrameHost(readManifest(served.plugin.manifest).networkAccess);

const editor = new Editor(served.plugin, {
  openQuickjs: () => openQuickjs(wasm),
  prelude: served.prelude,
  pending: new Pending(),
  openFrames: frames.open,
  fetch: platformFetch,
  setTheme: (theme) => frames.setTheme(theme),
});

layDesk(editor);
answerCalls(editor);
