import { type ServedHost, serveHost } from "@underdraw/sdk/host";
import { host as uxpHost } from "uxp";
import type { Command, ToHost } from "../shell/message.ts";
import { photoshopHost } from "./host.ts";
import { themeOf } from "./theme.ts";
import { openChannel, type WebViewChannel } from "./webview-port.ts";
import { languageTag, say } from "./words.ts";

/** The panel's page, inside the package. */
const PAGE = "plugin:/webview/index.html";

/** How long the page may be silent before a person is told, in milliseconds. */
const PATIENCE = 20_000;

/** What the plugin's panel is told. */
export interface ShellEvents {
  /** The page's report, as the answer to the command "probe". */
  onReport(report: Readonly<Record<string, unknown>>): void;
}

/**
 * The panel as Photoshop sees it: a webview with the page, and in its place a line and a button while the page is not
 * there. It is made once, when Photoshop first asks for the panel, and lives until the plugin ends: Photoshop tells of
 * the first showing only, and never of a hiding.
 */
export class Shell {
  readonly #events: ShellEvents;
  readonly #webview: HTMLWebViewElement;
  readonly #status: HTMLElement;
  readonly #retry: HTMLElement;
  readonly #mark: HTMLElement | null;
  readonly #language = languageTag(uxpHost.uiLocale);
  readonly #channel: WebViewChannel;
  readonly #served: ServedHost;
  #waiting: ReturnType<typeof setTimeout> | undefined;
  #mounted = false;
  #commands: Command[] = [];

  constructor(root: HTMLElement, events: ShellEvents) {
    this.#events = events;
    const element = (name: string, id: string, parent: HTMLElement = root): HTMLElement => {
      const made = document.createElement(name);
      made.id = id;
      parent.appendChild(made);
      return made;
    };
    root.classList.add("underdraw"); // index.html says how it is laid out
    this.#mark = element("div", "theme-mark");
    const notice = element("div", "notice");
    this.#status = element("div", "status", notice);
    this.#retry = element("button", "retry", notice);
    this.#retry.textContent = say("retry", this.#language);
    this.#retry.addEventListener("click", () => this.#load());
    this.#webview = element("webview", "page") as unknown as HTMLWebViewElement;
    this.#webview.addEventListener("loaderror", (event) => {
      const { message, code } = event as Event & { message?: unknown; code?: unknown };
      this.#say("failed", { why: String(message ?? code ?? "") });
    });
    this.#channel = openChannel(this.#webview, globalThis as unknown as Parameters<typeof openChannel>[1], (message) =>
      this.#hear(message),
    );
    this.#served = serveHost(photoshopHost, this.#channel.port);
    document.theme?.onUpdated?.addListener(() => this.#tellTheme());
    this.#load();
  }

  /** Has the page carry out a command, now or as soon as it is there. */
  run(command: Command): void {
    if (this.#mounted) this.#channel.tell({ shell: "command", command });
    else this.#commands.push(command);
  }

  /** Lets the page go. */
  close(): void {
    clearTimeout(this.#waiting);
    this.#served.close("Photoshop closed the panel.");
    this.#channel.close();
  }

  #load(): void {
    this.#mounted = false;
    this.#say("starting");
    this.#retry.style.display = "none";
    this.#webview.setAttribute("src", PAGE);
    this.#waiting = setTimeout(() => this.#say("silent"), PATIENCE);
  }

  #hear(message: ToHost): void {
    if (message.shell === "report") {
      this.#events.onReport(message.report);
    } else if (message.shell === "ready") {
      // A page that says so again was loaded again.
      this.#mounted = false;
      clearTimeout(this.#waiting);
      this.#status.parentElement?.style.setProperty("display", "none");
      const theme = themeOf(this.#mark);
      this.#channel.tell({ shell: "welcome", ...(theme ? { theme } : {}), language: this.#language });
    } else {
      this.#mounted = true;
      const commands = this.#commands;
      this.#commands = [];
      for (const command of commands) this.run(command);
    }
  }

  #tellTheme(): void {
    const theme = themeOf(this.#mark);
    if (theme) this.#channel.tell({ shell: "theme", theme });
  }

  #say(word: "starting" | "failed" | "silent", values?: Readonly<Record<string, string>>): void {
    clearTimeout(this.#waiting);
    this.#status.textContent = say(word, this.#language, values);
    this.#status.parentElement?.style.setProperty("display", "flex");
    this.#retry.style.display = "flex";
  }
}
