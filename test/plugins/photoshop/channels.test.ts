import { expect, test } from "vitest";
import { openChannel } from "../../../plugins/photoshop/src/host/webview-port.ts";
import { openUxpChannel } from "../../../plugins/photoshop/src/panel/uxp-channel.ts";
import type { ToHost, ToPage } from "../../../plugins/photoshop/src/shell/message.ts";

type Heard = (event: { data?: unknown; message?: unknown; source?: unknown }) => void;

/** A window as far as messages go. */
function fakeWindow() {
  const listeners = new Set<Heard>();
  return {
    addEventListener: (_: "message", listener: Heard) => void listeners.add(listener),
    removeEventListener: (_: "message", listener: Heard) => void listeners.delete(listener),
    say: (event: { data?: unknown; message?: unknown; source?: unknown }) => {
      for (const listener of [...listeners]) listener(event);
    },
    get listening() {
      return listeners.size;
    },
  };
}

/** Photoshop's window with a webview in it, and the window of the page in that: JSON crosses, and nothing else. */
function joined(field: "data" | "message" = "data") {
  const host = fakeWindow();
  const page = fakeWindow();
  const uxpHost = {
    postMessage: (message: unknown) => host.say({ [field]: JSON.parse(JSON.stringify(message)), source: webview }),
  };
  const webview = {
    postMessage: (message: unknown) => page.say({ [field]: JSON.parse(JSON.stringify(message)), source: uxpHost }),
  };
  return { host, page: Object.assign(page, { uxpHost }), webview, uxpHost };
}

test.each(["data", "message"] as const)("the bridge's messages cross both ways, carried as %s", (field) => {
  const { host, page, webview } = joined(field);
  const ours = openChannel(webview, host, () => {});
  const theirs = openUxpChannel(page);
  const [atHost, atPage]: unknown[][] = [[], []];
  ours.port.receive((message) => atHost?.push(message));
  theirs?.port.receive((message) => atPage?.push(message));
  theirs?.port.send({ underdraw: "hello" });
  ours.port.send({ underdraw: "welcome" });
  expect([atHost, atPage]).toEqual([[{ underdraw: "hello" }], [{ underdraw: "welcome" }]]);
  expect([ours.port.carries, theirs?.port.carries]).toEqual(["json", "json"]);
});

test("what another window says is not heard, whatever its origin", () => {
  const { host, page, webview } = joined();
  const ours = openChannel(webview, host, () => expect.unreachable());
  const theirs = openUxpChannel(page);
  ours.port.receive(() => expect.unreachable());
  theirs?.port.receive(() => expect.unreachable());
  for (const source of [null, undefined, {}, page]) {
    host.say({ data: { underdraw: "hello" }, source });
    host.say({ data: { shell: "ready" }, source });
    page.say({ data: { underdraw: "welcome" }, source });
  }
});

test("the page says that it listens until it is welcomed", async () => {
  const { host, page, webview } = joined();
  const theirs = openUxpChannel(page);
  const greeting = theirs?.greet(5000);
  const heard: ToHost[] = [];
  const ours = openChannel(webview, host, (message) => {
    heard.push(message);
    ours.tell({ shell: "welcome", theme: "darkest", language: "ko-KR" });
  });
  expect(await greeting).toEqual({ shell: "welcome", theme: "darkest", language: "ko-KR" });
  expect(heard).toEqual([{ shell: "ready" }]);
});

test("a greeting that nobody answers ends with words", async () => {
  await expect(openUxpChannel(joined().page)?.greet(20)).rejects.toThrow(/does not answer/);
});

test("commands and looks reach the page, and malformed ones do not", () => {
  const { host, page, webview } = joined();
  const ours = openChannel(webview, host, () => {});
  const theirs = openUxpChannel(page);
  const heard: ToPage[] = [];
  theirs?.listen((message) => heard.push(message));
  theirs?.port.receive(() => expect.unreachable());
  ours.tell({ shell: "command", command: { name: "redraw", layer: "219:7" } });
  ours.tell({ shell: "theme", theme: "light" });
  for (const message of [{ shell: "command", command: { name: "format" } }, { shell: "theme" }, { shell: 7 }]) {
    webview.postMessage(message);
  }
  expect(heard).toEqual([
    { shell: "command", command: { name: "redraw", layer: "219:7" } },
    { shell: "theme", theme: "light" },
  ]);
});

test("a closed channel tells its bridge and hears no more", () => {
  const { host, webview, uxpHost } = joined();
  const ours = openChannel(webview, host, () => {});
  const reasons: string[] = [];
  ours.port.onClose?.((reason) => reasons.push(reason));
  ours.port.receive(() => expect.unreachable());
  ours.close();
  uxpHost.postMessage({ underdraw: "hello" });
  expect(reasons).toHaveLength(1);
  expect(host.listening).toBe(0);
});

test("a page outside a webview has no channel", () => {
  expect(openUxpChannel(fakeWindow())).toBeNull();
});
