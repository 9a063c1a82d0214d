import { describe, expect, test } from "vitest";
import { type FrameMessage, figmaPort } from "../../../plugins/figma/src/panel/figma-port.ts";
import { findLacks } from "../../../plugins/figma/src/panel/lacks.ts";
import { readStart } from "../../../plugins/figma/src/panel/start.ts";

const editor = "https://www.figma.com";

/** A window whose parent writes down what is posted to it, and which can be sent messages. */
function frame() {
  const posted: (readonly [message: unknown, origin: string])[] = [];
  const listeners = new Set<(event: FrameMessage) => void>();
  return {
    posted,
    listeners,
    parent: { postMessage: (message: unknown, origin: string) => void posted.push([message, origin]) },
    addEventListener: (_: "message", listener: (event: FrameMessage) => void) => void listeners.add(listener),
    removeEventListener: (_: "message", listener: (event: FrameMessage) => void) => void listeners.delete(listener),
    deliver: (event: FrameMessage) => {
      for (const listener of listeners) listener(event);
    },
  };
}

describe("the panel's end of the channel", () => {
  test("names the plugin in every message, and the editor as who may read it", () => {
    const window = frame();
    const port = figmaPort("42", editor, window);
    port.send({ underdraw: "hello" });
    port.resize(320, 480);
    expect(window.posted).toEqual([
      [{ pluginMessage: { underdraw: "hello" }, pluginId: "42" }, editor],
      [{ pluginMessage: { window: "resize", width: 320, height: 480 }, pluginId: "42" }, editor],
    ]);
  });

  test("hears the editor's origin only, whatever the shape of what others send", () => {
    const window = frame();
    const heard: unknown[] = [];
    figmaPort("42", editor, window).receive((message) => heard.push(message));
    for (const origin of [
      "https://figma.com",
      "https://www.figma.com.evil.example",
      "null",
      "",
      "http://www.figma.com",
    ]) {
      window.deliver({ origin, data: { pluginMessage: origin } });
    }
    for (const data of [null, undefined, "pluginMessage", 7, [], { other: 1 }])
      window.deliver({ origin: editor, data });
    window.deliver({ origin: editor, data: { pluginMessage: "welcome" } });
    expect(heard).toEqual(["welcome"]);
  });

  test("has one receiver, and none after it was closed", () => {
    const window = frame();
    const port = figmaPort("42", editor, window);
    const heard: string[] = [];
    port.receive(() => heard.push("first"));
    port.receive(() => heard.push("second"));
    window.deliver({ origin: editor, data: { pluginMessage: 1 } });
    port.close();
    window.deliver({ origin: editor, data: { pluginMessage: 2 } });
    expect(heard).toEqual(["second"]);
    expect(window.listeners.size).toBe(0);
  });

  test("tells of another theme when Figma does", () => {
    const window = frame();
    const themes: string[] = [];
    figmaPort("42", editor, window).onTheme((theme) => themes.push(theme));
    const tell = (origin: string, figmaMessage: unknown): void => window.deliver({ origin, data: { figmaMessage } });
    tell(editor, { type: "THEME", payload: { name: "figma-dark", variables: "" } });
    tell(editor, { type: "THEME", payload: { name: "light" } });
    tell("https://evil.example", { type: "THEME", payload: { name: "dark" } });
    for (const odd of [
      null,
      "THEME",
      { type: "THEME" },
      { type: "THEME", payload: null },
      { type: "OTHER", payload: {} },
    ]) {
      tell(editor, odd);
    }
    expect(themes).toEqual(["dark", "light"]);
  });
});

describe("the address says", () => {
  test("which plugin, which theme and which layer", () => {
    expect(readStart("#plugin=42&theme=dark&layer=I1%3A2%3B3%3A4")).toEqual({
      plugin: "42",
      theme: "dark",
      layer: "I1:2;3:4",
    });
    expect(readStart("#plugin=42&theme=blue")).toEqual({ plugin: "42", theme: "light", layer: null });
  });

  test("nothing when the loader did not write it", () => {
    for (const hash of ["", "#", "#theme=dark", "#plugin="]) expect(readStart(hash)).toBeNull();
  });
});

describe("what the page lacks", () => {
  const secure = { isSecureContext: true };
  const getDirectory = async (): Promise<unknown> => ({});

  test("is nothing in a page of its own site", async () => {
    expect(await findLacks({ ...secure, navigator: { storage: { getDirectory } } })).toEqual([]);
  });

  test("is named, the worst alone", async () => {
    const refuse = (): Promise<never> => Promise.reject(new Error("Storage directory access is denied."));
    expect(await findLacks({ isSecureContext: false, navigator: {} })).toEqual(["insecure-page"]);
    expect(await findLacks({ ...secure, navigator: {} })).toEqual(["storage-absent"]);
    expect(await findLacks({ ...secure, navigator: { storage: {} } })).toEqual(["storage-absent"]);
    expect(await findLacks({ ...secure, navigator: { storage: { getDirectory: refuse } } })).toEqual([
      "storage-blocked",
    ]);
  });
});
