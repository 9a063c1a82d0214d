import { canny, type EngineLike } from "@underdraw/engine";
import { readVocabulary } from "@underdraw/model-mini";
import { type ConnectedHost, connectHost, Session } from "@underdraw/sdk";
import { mountPanel, type Panel } from "@underdraw/sdk/panel";
import type { Command, ShellTheme } from "../shell/message.ts";
import { startEngine } from "./engine.ts";
import { type PackedIndex, packedFiles, scriptLoader } from "./packed-files.ts";
import { probePage } from "./probe.ts";
import { openUxpChannel, type UxpChannel } from "./uxp-channel.ts";
import { say, type Word } from "./words.ts";

/** How long Photoshop's side may take to answer, in milliseconds: it may be starting. */
const PATIENCE = 15_000;

/** The longest side of a map that is placed by itself, in pixels; larger ones are drawn at this and scaled. */
const LARGEST_MAP = 4096;

/** How long good news stays, in milliseconds. */
const NEWS = 6000;

/** Starts the page: connects to Photoshop, starts the engine and mounts the panel. `script` is the page's own. */
export async function startPage(script: string, index: PackedIndex): Promise<void> {
  const said = document.getElementById("said") as HTMLElement;
  let language = navigator.language;
  let ending: ReturnType<typeof setTimeout> | undefined;
  const tell = (word: Word, values?: Readonly<Record<string, string>>): void => {
    clearTimeout(ending);
    said.textContent = say(word, language, values);
    said.hidden = false;
    if (word !== "extracted") return;
    ending = setTimeout(() => {
      said.hidden = true;
    }, NEWS);
  };
  const look = (theme: ShellTheme): void => {
    document.documentElement.dataset["theme"] = theme;
  };
  const channel = openUxpChannel(window as never);
  if (!channel) return tell("not-photoshop");
  try {
    const welcome = await channel.greet(PATIENCE);
    const { theme = "photoshop" } = welcome;
    language = document.documentElement.lang = welcome.language;
    look(theme);
    const load = scriptLoader(document);
    const open = packedFiles(index, load);
    const [host, { engine, onPage }, vocabulary] = await Promise.all([
      connectHost(channel.port, { timeoutMs: PATIENCE }),
      startEngine(script, index, load),
      open("knows.json").then(readVocabulary),
    ]);
    const panel = mountPanel(document.getElementById("panel") as HTMLElement, {
      host,
      engine,
      vocabulary,
      language,
      theme,
      notices: isSecureContext ? [] : ["insecure-page"],
    });
    host.onClose((reason) => panel.hostLost(reason));
    if (onPage) tell("on-page");
    channel.listen((message) => {
      if (message.shell === "theme") {
        look(message.theme);
        panel.setTheme(message.theme);
      } else if (message.shell === "command") {
        const parts = { host, engine, panel, tell, probe: () => probePage(open) };
        run(message.command, channel, parts).catch((error: unknown) => {
          console.error(error);
          tell("failed-command", { why: wordsOf(error) });
        });
      }
    });
    channel.tell({ shell: "mounted" });
  } catch (error) {
    console.error(error);
    tell("failed", { why: wordsOf(error) });
  }
}

const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/** What commands work with. */
interface Parts {
  readonly host: ConnectedHost;
  readonly engine: EngineLike;
  readonly panel: Panel;
  tell(word: Word): void;
  probe(): Promise<Record<string, unknown>>;
}

async function run(command: Command, channel: UxpChannel, { host, engine, panel, tell, probe }: Parts): Promise<void> {
  if (command.name === "redraw") return panel.showLayer(command.layer);
  if (command.name === "probe") return channel.tell({ shell: "report", report: await probe() });
  tell("extracting");
  tell((await placeMap(host, engine)) ? "extracted" : "nothing-selected");
}

/** Places the edges of what is selected as a layer over it; false when nothing is selected. */
async function placeMap(host: ConnectedHost, engine: EngineLike): Promise<boolean> {
  const session = new Session({ host, engine });
  try {
    const capture = await session.capture({ maxSide: LARGEST_MAP });
    if (!capture) return false;
    const { bounds, mask, anchor } = capture;
    const { pixels } = await session.extract(canny(), capture);
    const place = { ...(mask ? { mask } : {}), ...(anchor === undefined ? {} : { anchor }) };
    await host.place(`Underdraw: ${canny.title}`, [{ name: canny.title, pixels, bounds, ...place }]);
    return true;
  } finally {
    await session.dispose();
  }
}
