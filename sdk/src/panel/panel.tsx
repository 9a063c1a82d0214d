import { builtInConditions } from "@underdraw/engine";
import { render } from "preact";
import { Session } from "../session/session.ts";
import type { Panel, PanelOptions, Theme } from "./options.ts";
import { DrawScreen } from "./state/draw-screen.ts";
import { kindsOf, type Offer, offersOf } from "./state/offers.ts";
import { adoptStyle } from "./style/sheet.ts";
import { readExample, savePicture } from "./view/picture-file.ts";
import { Screen } from "./view/screen.tsx";
import { type Speaker, speakerFor } from "./words/language.ts";

// The panel that every plugin mounts: a session's work as a person sees it. Three layers: state (signals, no page), view
// (components that show it), words (one file a language). It knows an editor only as a `HostAdapter` and the engine only
// as `EngineLike`, so that the same panel stands in Figma's frame, in Photoshop's webview and beside a web editor. It owns
// its session and its place in the page; host and engine stay the caller's.

/** The nets of the pocket model. */
const usualNets: readonly string[] = ["lines", "depth", "colour"];

/** How many bytes of finished pictures are kept: some sixty of 1024 x 1024 pixels with their maps. */
const usualResultBytes = 256 * 2 ** 20;

const themes: readonly Theme[] = ["light", "dark", "photoshop", "darkest"];

let mounted = 0;

/** Puts the panel into `root`. Throws a TypeError for a theme that there is not. */
export function mountPanel(root: HTMLElement, options: PanelOptions): Panel {
  const { host, engine, language = navigator.language, vocabulary, notices } = options;
  if (options.theme !== undefined) checkTheme(options.theme);
  const number = ++mounted;
  const unstyle = adoptStyle(root);
  const frame = root.ownerDocument.createElement("section");
  frame.className = "ud";
  const unfollow = followTheme(frame, options.theme);
  frame.addEventListener("keydown", keepKey);
  frame.addEventListener("keyup", keepKey);
  root.append(frame);

  const session = new Session({ host, engine });
  let speaker: Speaker | null = null;
  const say: Speaker["say"] = (word, values) => speaker?.say(word, values) ?? word;
  const screen = new DrawScreen({
    host,
    session,
    engine,
    offers: offersFor(options),
    follows: options.controls === undefined,
    ...(vocabulary ? { vocabulary } : {}),
    ...(notices ? { notices } : {}),
    resultBytes: options.resultBytes ?? usualResultBytes,
    say,
    read: readExample,
    save: (drawn) => savePicture(drawn, say("file", { seed: String(drawn.result.seed) })),
  });

  let disposed: Promise<void> | null = null;
  const show = (spoken: Speaker): void => {
    if (disposed) return;
    speaker = spoken;
    frame.lang = spoken.tag;
    frame.setAttribute("aria-label", spoken.say("panel"));
    const shown = { screen, speaker: spoken, id: (name: string) => `ud-${number}-${name}` };
    render(<Screen shown={shown} examples={options.examples ?? []} />, frame);
  };
  const spoken = speakerFor(language);
  const ready = spoken instanceof Promise ? spoken.then(show) : show(spoken);
  void Promise.resolve(ready).then(() => (disposed ? undefined : screen.start(options.layer)));
  const ends = [unfollow, unstyle];

  return {
    setTheme(theme) {
      checkTheme(theme);
      unfollow();
      frame.dataset["theme"] = theme;
    },
    showLayer: (layerId) => screen.showLayer(layerId),
    hostLost: (reason) => screen.hostLost(reason),
    dispose() {
      disposed ??= (async () => {
        screen.dispose();
        for (const end of ends) end();
        render(null, frame);
        frame.remove();
        await session.dispose();
      })();
      return disposed;
    },
  };
}

/** What there is to choose from, as the page and its host have it. */
function offersFor({ host, controls, nets, detectors = [] }: PanelOptions): readonly Offer[] {
  const structured = host.scene !== undefined;
  if (controls) return offersOf(controls, { nets, detectors, structured });
  return offersOf(kindsOf(builtInConditions), { nets: nets ?? usualNets, detectors, structured });
}

function checkTheme(theme: Theme): void {
  if (!themes.includes(theme)) throw new TypeError(`theme: "${theme}" is none of ${themes.join(", ")}.`);
}

/** Sets the theme, or follows the system's where none is given; gives back the function that ends the following. */
function followTheme(frame: HTMLElement, theme: Theme | undefined): () => void {
  if (theme !== undefined) {
    frame.dataset["theme"] = theme;
    return () => undefined;
  }
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const follow = (): void => {
    frame.dataset["theme"] = dark.matches ? "dark" : "light";
  };
  follow();
  dark.addEventListener("change", follow);
  return () => dark.removeEventListener("change", follow);
}

/**
 * Keys that are pressed in the panel are not the editor's: many hear every key of their page ("d" would take a tool).
 * Undo and redo go on to it, unless they are meant for the text that is written.
 */
function keepKey(event: KeyboardEvent): void {
  const isChord = (event.ctrlKey || event.metaKey) && !event.altKey && /^[zy]$/i.test(event.key);
  const isText = event.target instanceof Element && event.target.matches("textarea, input:not([type=range])");
  if (!isChord || isText) event.stopPropagation();
}
