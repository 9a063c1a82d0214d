import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "vitest";
import { allows, policyOf } from "./core/network.ts";
import { manifestWith, run, said, scripted } from "./scripted.ts";

// What the simulator refuses of windows, messages and addresses.

const echo = `
  figma.showUI(__html__, { width: 320, height: 560, title: "Panel" });
  figma.ui.onmessage = (message, { origin }) => { tell(origin + " " + JSON.stringify(message)); figma.ui.postMessage(message); };
`;

describe("messages", () => {
  test("carry plain data, dates and Uint8Array both ways, as copies", async () => {
    const figma = await scripted(`
      figma.showUI(__html__);
      figma.ui.onmessage = ({ bytes, date, holes, odd }) => {
        tell([bytes instanceof Uint8Array, date instanceof Date, "missing" in holes, odd.map(String)]);
        figma.ui.postMessage({ bytes, date, holes, odd });
      };
    `);
    await figma.runCommand();
    await figma.settled();
    const got: unknown[] = [];
    figma.ui.onmessage = (message) => got.push(message);
    const sent = {
      bytes: new Uint8Array([0, 255, 7]).subarray(1),
      date: new Date(5),
      holes: { missing: undefined, $bytes: 0, __proto__: null },
      odd: [Number.NaN, -0, Number.POSITIVE_INFINITY],
    };
    figma.ui.send(sent);
    expect(await said(figma)).toEqual(['[true,true,true,["NaN","0","Infinity"]]']);
    expect(got).toEqual([{ ...sent, holes: { missing: undefined, $bytes: 0 }, bytes: new Uint8Array([255, 7]) }]);
  });

  test("with anything else are refused where they are sent", async () => {
    const texts = await run(`
      figma.showUI(__html__);
      say(() => figma.ui.postMessage({ value: figma.mixed }));
      say(() => figma.ui.postMessage([() => 1]));
      say(() => figma.ui.postMessage(new Uint8Array(4).buffer));
      say(() => figma.ui.postMessage(new Float32Array(4)));
      say(() => figma.ui.postMessage(new Uint8ClampedArray(4)));
      say(() => figma.ui.postMessage(new Map()));
      say(() => figma.ui.postMessage(figma.currentPage));
    `);
    expect(texts.slice(0, 6)).toEqual([
      "Error: in postMessage: Cannot unwrap symbol",
      "Error: in postMessage: Cannot unwrap function",
      "Error: in postMessage: Cannot unwrap ArrayBuffer",
      "Error: in postMessage: Cannot unwrap Float32Array",
      "Error: in postMessage: Cannot unwrap Uint8ClampedArray",
      "Error: in postMessage: Cannot unwrap Map",
    ]);
  });

  test("from a page never bring other binary types to main", async () => {
    const figma = await scripted(echo);
    await figma.runCommand();
    await figma.settled();
    figma.ui.send({ data: new ArrayBuffer(4) });
    figma.ui.send({ data: new Float32Array(4) });
    expect(() => figma.ui.send({ call: () => 1 })).toThrow(/could not be cloned/);
    expect(await said(figma)).toEqual([
      "in postMessage: Cannot unwrap ArrayBuffer",
      "in postMessage: Cannot unwrap Float32Array",
    ]);
  });

  test("of a page with an origin count only when they name the plugin", async () => {
    const figma = await scripted(echo);
    await figma.runCommand();
    await figma.settled();
    figma.ui.send("own page, no name needed", { pluginId: "" });
    await figma.ui.navigate("https://panel.example/panel.html");
    figma.ui.send("wrong name", { pluginId: "another" });
    figma.ui.send("no name", { pluginId: "" });
    figma.ui.send("any name", { pluginId: "*" });
    figma.ui.send("right name");
    figma.ui.post("no envelope");
    figma.ui.send("from elsewhere", { origin: "https://evil.example" });
    expect(await said(figma)).toEqual([
      'null "own page, no name needed"',
      'https://panel.example "any name"',
      'https://panel.example "right name"',
      'https://evil.example "from elsewhere"', // main has to look at the origin itself
    ]);
  });

  test("of main wait for the page's second load, and are lost when it goes on before it listens", async () => {
    const figma = await scripted('figma.showUI(__html__); figma.ui.postMessage("early");');
    figma.ui.holdLoading(true);
    await figma.runCommand();
    await figma.settled();
    expect(figma.ui.lost).toEqual([]);
    const got: unknown[] = [];
    figma.ui.onmessage = (message, { origin }) => got.push([message, origin]);
    figma.ui.load();
    await figma.settled();
    expect(got).toEqual([["early", "https://www.figma.com"]]);

    await figma.runCommand();
    figma.ui.onmessage = (message) => got.push(message);
    figma.ui.load();
    await figma.ui.navigate("http://localhost:5173/");
    await figma.settled();
    expect(got).toHaveLength(1);
    expect(figma.ui.lost).toEqual(["early"]);
  });

  test("for one origin reach no page of another", async () => {
    const figma = await scripted(`
      figma.showUI(__html__);
      figma.ui.onmessage = () => figma.ui.postMessage("secret", { origin: "https://panel.example" });
    `);
    await figma.runCommand();
    await figma.settled();
    const got: unknown[] = [];
    figma.ui.onmessage = (message) => got.push(message);
    figma.ui.send("ask");
    await figma.settled();
    expect([got, figma.ui.lost]).toEqual([[], ["secret"]]);
    await figma.ui.navigate("https://panel.example/");
    figma.ui.onmessage = (message) => got.push(message);
    figma.ui.send("ask");
    await figma.settled();
    expect(got).toEqual(["secret"]);
  });
});

describe("the window", () => {
  test("is needed before anything is asked of it", async () => {
    const texts = await run(`
      say(() => figma.ui.postMessage(1));
      say(() => figma.ui.resize(1, 1));
      say(() => figma.ui.show());
      say(() => figma.ui.getPosition());
    `);
    expect(texts).toEqual(
      [
        "postMessage: No UI to send a message to",
        "resize: No UI to resize",
        "show: No UI to show",
        "getPosition: No UI to position",
      ].map((text) => `Error: in ${text}. Did you forget to create a UI by calling showUI?`),
    );
  });

  test("has a least and a most size, and closes for the next one", async () => {
    const figma = await scripted(`
      figma.showUI("<p>one");
      figma.showUI("<p>two", { width: 1, height: 9000, visible: false });
      figma.ui.reposition(1e6, -1e6);
      say(() => figma.ui.getPosition().windowSpace);
    `);
    await figma.runCommand();
    expect(await said(figma)).toEqual(['{"x":1210,"y":0}']);
    expect(figma.ui.html).toBe("<p>two");
    expect(await figma.window()).toEqual({ visible: false, width: 70, height: 750, title: "Tried" });
    await figma.closePlugin();
    expect(await figma.window()).toBeNull();
    expect(() => figma.ui.send("late")).toThrow("The plugin has no window");
  });
});

describe("addresses", () => {
  test("that the manifest does not list cannot be shown", async () => {
    const figma = await scripted(echo);
    await figma.runCommand();
    await figma.settled();
    await expect(figma.ui.navigate("https://other.example/")).rejects.toThrow(
      "Framing 'https://other.example/' violates the following Content Security Policy directive",
    );
    expect(figma.ui.origin).toBe("null");
  });

  test.each([
    ["https://a.example", "https://a.example/any", true],
    ["https://a.example", "http://a.example/", false],
    ["https://a.example", "https://b.a.example/", false],
    ["https://*.a.example", "https://b.a.example/", true],
    ["https://*.a.example", "https://a.example/", false],
    ["https://a.example/models/", "https://a.example/models/x.bin", true],
    ["https://a.example/models/", "https://a.example/other", false],
    ["https://a.example/exact", "https://a.example/exact/more", false],
    ["http://localhost:5173", "http://localhost:5173/panel", true],
    ["http://localhost:5173", "http://localhost:5174/", false],
    ["http://a.example", "https://a.example/", true],
    ["*", "https://any.example/", true],
  ])("by %s, %s may be reached: %s", (domain, address, may) => {
    expect(allows({ allowedDomains: [domain] }, address)).toBe(may);
  });

  test("make the policy of the frames; `none` is no host", () => {
    expect(policyOf({ allowedDomains: ["none"] })).toMatch(/^default-src data: blob:;/);
    expect(policyOf({ allowedDomains: ["https://a.example"], devAllowedDomains: ["http://localhost:1"] })).toBe(
      "default-src data: blob: https://a.example http://localhost:1; script-src 'unsafe-inline' 'unsafe-eval' data: blob: https://a.example http://localhost:1; style-src 'unsafe-inline' data: blob: https://a.example http://localhost:1",
    );
  });

  test("are checked for main's own fetch, whose answer is no Response", async () => {
    const server = createServer((_, response) => response.end('{"ok":1}')).listen(0);
    const { port } = server.address() as AddressInfo;
    const figma = await scripted(
      `later(() => fetch("http://localhost:${port}/here"));
       later(async () => { const answer = await fetch("http://localhost:${port}/here");
         return [answer.ok, answer.status, (await answer.json()).ok, (await answer.arrayBuffer()).byteLength, typeof answer.headers]; });
       later(() => fetch("http://localhost:${port + 1}/there"));`,
      {
        manifest: manifestWith({
          networkAccess: { allowedDomains: ["none"], devAllowedDomains: [`http://localhost:${port}`] },
        }),
      },
    );
    await figma.runCommand();
    const texts = await said(figma);
    server.close();
    expect(texts).toContain("TypeError: Failed to fetch");
    expect(texts).toContain('[true,200,1,8,"undefined"]');
  });
});
