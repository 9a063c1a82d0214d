import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { openFigma } from "./index.ts";
import { readPlugin } from "./plugin-folder.ts";
import { manifestWith, run, said, scripted } from "./scripted.ts";
import { newerSyntax } from "./syntax.ts";

// What the simulated main realm refuses of nodes and of `figma`: one small misbehaving plugin a promise.

test("the realm has the language, Figma's globals, and nothing else", async () => {
  const [names = "", kinds] = await run(`
    tell(Object.getOwnPropertyNames(globalThis).filter((name) => !/^[A-Z]/.test(name)).join(" "));
    tell(["document", "window", "TextEncoder", "URL", "atob", "crypto", "Blob", "AbortController", "Worker", "performance",
      "queueMicrotask", "SharedArrayBuffer", "WebAssembly", "navigator", "require", "process"].map((name) => typeof globalThis[name]).join(" "));
  `);
  const own = [
    "figma",
    "console",
    "setTimeout",
    "setInterval",
    "clearTimeout",
    "clearInterval",
    "fetch",
    "structuredClone",
  ];
  const language =
    "parseInt parseFloat isNaN isFinite decodeURI decodeURIComponent encodeURI encodeURIComponent escape unescape undefined eval globalThis";
  expect(new Set(names.split(" "))).toEqual(
    new Set([...language.split(" "), ...own, "__html__", "tell", "fault", "say", "later"]),
  );
  expect(new Set(kinds?.split(" "))).toEqual(new Set(["undefined"]));
});

describe("nodes are shadows of the document", () => {
  test("a member that a type does not have is refused by name, even behind `?.`, and `in` tells", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      say(() => rect.characters?.length);
      say(() => figma.createText().vectorPaths);
      say(() => ["children" in rect, "fills" in rect, "nothing" in rect]);
      say(() => figma.createWidgetThing);
    `);
    expect(texts).toEqual([
      "TypeError: node.characters: no such property 'characters' on RECTANGLE node",
      "TypeError: node.vectorPaths: no such property 'vectorPaths' on TEXT node",
      "[false,true,false]",
      "TypeError: figma.createWidgetThing no such property 'createWidgetThing' on the figma global object",
    ]);
  });

  test("what Figma has and the simulator has not fails by name, so that nobody takes it for absent", async () => {
    const texts = await run(`
      say(() => figma.createRectangle().boundVariables);
      say(() => figma.variables);
    `);
    expect(texts).toEqual([
      "Error: The simulator does not have node.boundVariables of Figma's API.",
      "Error: The simulator does not have figma.variables of Figma's API.",
    ]);
  });

  test("nothing can be added to a node, and what is only read has no setter", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      say(() => { rect.mine = 1; });
      say(() => { rect.width = 5; });
      say(() => { rect.id = "9:9"; });
      say(() => { figma.command = "other"; });
      say(() => Object.isExtensible(rect));
    `);
    expect(texts).toEqual([
      "TypeError: Cannot add property mine, object is not extensible",
      "TypeError: no setter for property",
      "TypeError: no setter for property",
      "TypeError: no setter for property",
      "false",
    ]);
  });

  test("lists come as frozen copies: only setting one anew changes the node", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      say(() => { rect.fills.push(1); });
      say(() => { "use strict"; rect.fills[0].color.r = 0; });
      say(() => rect.fills === rect.fills);
      say(() => { const [fill] = rect.fills; rect.fills = [{ ...fill, opacity: 0.5 }]; return rect.fills[0].opacity; });
      say(() => figma.currentPage.children === figma.currentPage.children);
      say(() => figma.currentPage.children[0] === rect && figma.currentPage.children.indexOf(rect));
    `);
    expect(texts).toEqual([
      "TypeError: object is not extensible",
      "TypeError: 'r' is read-only",
      "false",
      "0.5",
      "false",
      "0",
    ]);
  });

  test("a node that was deleted throws at every touch but `removed`, `id` and `type`", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      rect.remove();
      say(() => [rect.removed, rect.id, rect.type]);
      say(() => rect.name);
      say(() => { rect.x = 1; });
      say(() => rect.remove());
      later(() => figma.getNodeByIdAsync(rect.id));
    `);
    expect(texts).toEqual([
      '[true,"1:2","RECTANGLE"]',
      'Error: in get_name: The node with id "1:2" does not exist',
      'Error: in set_x: The node with id "1:2" does not exist',
      'Error: in remove: The node with id "1:2" does not exist',
      "null",
    ]);
  });
});

test("values are checked before they count, in Figma's words", async () => {
  const texts = await run(`
    const rect = figma.createRectangle();
    const solid = { type: "SOLID", color: { r: 1, g: 0, b: 0 } };
    say(() => { rect.fills = [{ type: "PLAID" }]; });
    say(() => { rect.fills = [{ ...solid, color: { r: 1, g: 0, b: 0, a: 1 } }]; });
    say(() => { rect.fills = [{ ...solid, color: { r: 255, g: 0, b: 0 } }]; });
    say(() => { rect.opacity = "half"; });
    say(() => { rect.name = undefined; });
    say(() => { rect.blendMode = "BURN"; });
    say(() => { rect.relativeTransform = [[1, 0, 0]]; });
    say(() => rect.resize(0, 10));
    say(() => { rect.fills = [{ type: "IMAGE", scaleMode: "FILL", imageHash: "0000" }]; });
    say(() => rect.fills.length);
  `);
  expect(texts).toEqual([
    "Error: in set_fills: Property \"fills\" failed validation: Invalid discriminator value. Expected 'SOLID' | 'GRADIENT_LINEAR' | 'GRADIENT_RADIAL' | 'GRADIENT_ANGULAR' | 'GRADIENT_DIAMOND' | 'IMAGE' at [0].type",
    "Error: in set_fills: Property \"fills\" failed validation: Unrecognized key(s) in object: 'a' at [0].color",
    'Error: in set_fills: Property "fills" failed validation: Number must be less than or equal to 1 at [0].color.r',
    'Error: in set_opacity: Property "opacity" failed validation: Expected number, received string',
    'Error: in set_name: Property "name" failed validation: Required',
    expect.stringContaining('Property "blendMode" failed validation: Invalid enum value.'),
    'Error: in set_relativeTransform: Property "relativeTransform" failed validation: Array must contain exactly 2 element(s)',
    'Error: in resize: Property "width" failed validation: Number must be greater than or equal to 0.01',
    'Error: in set_fills: Image with hash "0000" does not exist',
    "1",
  ]);
});

test("selectionchange comes later, once for many changes, and a selection has no order", async () => {
  const figma = await scripted(`
    figma.on("selectionchange", () => tell("changed to " + figma.currentPage.selection.map((node) => node.name).join()));
    const [a, b, c] = ["a", "b", "c"].map((name) => Object.assign(figma.createRectangle(), { name }));
    figma.currentPage.selection = [a];
    figma.currentPage.selection = [a, b];
    figma.currentPage.selection = [a, b, c];
    tell("at once");
    say(() => { figma.currentPage.selection = [figma.currentPage]; });
    say(() => { figma.currentPage.selection = "all"; });
  `);
  await figma.runCommand();
  expect(await said(figma)).toEqual([
    "at once",
    "Error: in set_selection: Cannot select the page node",
    'Error: in set_selection: Property "selection" failed validation: Expected array',
    "changed to c,b,a", // neither as they were chosen nor as they lie
  ]);
  await figma.remove(["1:3"]);
  expect((await said(figma)).at(-1)).toBe("changed to c,a");
});

test("what lies in a selected frame is not selected with it, and other pages' nodes cannot be", async () => {
  const texts = await run(`
    const frame = figma.createFrame();
    const inside = figma.createRectangle();
    frame.appendChild(inside);
    figma.currentPage.selection = [frame, inside];
    say(() => figma.currentPage.selection.map((node) => node.type));
    const other = figma.createPage();
    later(async () => { await other.loadAsync(); other.appendChild(inside); figma.currentPage.selection = [inside]; });
  `);
  expect(texts).toEqual([
    '["FRAME"]',
    "Error: in set_selection: The selection of a page can only include nodes in that page",
  ]);
});

test("under dynamic-page, what needs a loaded page or the whole file throws until it is loaded", async () => {
  const texts = await run(`
    const other = figma.createPage();
    say(() => figma.getNodeById("0:1"));
    say(() => { figma.currentPage = other; });
    say(() => other.children);
    say(() => other.appendChild(figma.createRectangle()));
    say(() => figma.root.findAll());
    say(() => figma.on("documentchange", () => {}));
    later(async () => {
      await other.loadAsync();
      tell(other.children.length);
      await figma.loadAllPagesAsync();
      figma.on("documentchange", () => {});
      await figma.setCurrentPageAsync(other);
      return [figma.currentPage === other, figma.root.findAll().length];
    });
  `);
  expect(texts).toEqual([
    "Error: in getNodeById: Cannot call with documentAccess: dynamic-page. Use figma.getNodeByIdAsync instead.",
    "Error: in set_currentPage: Cannot call with documentAccess: dynamic-page. Use figma.setCurrentPageAsync instead.",
    expect.stringContaining(
      "Error: in get_children: Cannot access property `children` on a page that has not been explicitly loaded.",
    ),
    expect.stringContaining(
      "Error: in appendChild: Cannot access method `appendChild()` on a page that has not been explicitly loaded.",
    ),
    "Error: in findAll: Cannot call with documentAccess: dynamic-page without calling figma.loadAllPagesAsync() first.",
    "Error: in on: Cannot register documentchange handler in incremental mode without calling figma.loadAllPagesAsync first.",
    "0",
    "[true,3]",
  ]);
});

describe("changes are told as nodechange", () => {
  const watching = `
    figma.currentPage.on("nodechange", ({ nodeChanges }) => tell(nodeChanges.map((change) =>
      [change.type, change.origin, change.id, change.node.removed, (change.properties || []).join("+")].join(" ")).join("; ")));
  `;

  test("once for a batch, and of what was made or deleted only the highest", async () => {
    const figma = await scripted(watching);
    await figma.runCommand();
    const frame = await figma.draw({ type: "FRAME", children: [{ type: "RECTANGLE" }] });
    expect(await said(figma)).toEqual([`CREATE LOCAL ${frame} false `]);
    await figma.edit(frame, { x: 5, fills: [] });
    expect((await said(figma)).at(-1)).toBe(`PROPERTY_CHANGE LOCAL ${frame} false fills+relativeTransform+x`);
    await figma.remove([frame]);
    expect((await said(figma)).at(-1)).toBe(`DELETE LOCAL ${frame} true `);
  });

  test("another person's are told as remote", async () => {
    const figma = await scripted(watching);
    const rect = await figma.draw({ type: "RECTANGLE" });
    await figma.runCommand();
    await figma.edit(rect, { opacity: 0.5 }, "another");
    expect(await said(figma)).toEqual([`PROPERTY_CHANGE REMOTE ${rect} false opacity`]);
  });
});

describe("moving nodes", () => {
  test("is refused by the kind of the new parent", async () => {
    const figma = await scripted(`
      const find = (type) => figma.currentPage.findOne((node) => node.type === type);
      const rect = figma.createRectangle();
      say(() => find("INSTANCE").appendChild(rect));
      say(() => find("INSTANCE").children[0].remove());
      say(() => rect.appendChild === undefined);
      say(() => find("FRAME").insertChild(5, rect));
      say(() => find("FRAME").appendChild(find("FRAME")));
      say(() => find("COMPONENT").appendChild(figma.createComponent()));
      say(() => figma.root.appendChild(rect));
    `);
    const component = await figma.draw({ type: "COMPONENT", children: [{ type: "RECTANGLE" }] });
    await figma.draw({ type: "INSTANCE", properties: { mainComponent: component } });
    await figma.draw({ type: "FRAME" });
    await figma.draw({ type: "COMPONENT_SET" });
    await figma.runCommand();
    expect(await said(figma)).toEqual([
      "Error: in appendChild: Cannot move node. New parent is an instance or is inside of an instance",
      "Error: in remove: Removing this node is not allowed",
      "TypeError: node.appendChild: no such property 'appendChild' on RECTANGLE node",
      "Error: in insertChild: Cannot insert node at index greater than the number of existing siblings",
      "Error: in appendChild: Cannot move node. Doing so would create a parenting cycle",
      "Error: in appendChild: Cannot move node. Reparenting would create a component inside a component",
      "Error: in appendChild: Cannot move node. The root node cannot have children of type other than PAGE",
    ]);
  });

  test("a component set takes components alone", async () => {
    const texts = await run("say(() => figma.currentPage.children[0].appendChild(figma.createRectangle()));", (figma) =>
      figma.draw({ type: "COMPONENT_SET" }),
    );
    expect(texts).toEqual([
      "Error: in appendChild: Cannot move node. A COMPONENT_SET node cannot have children of type other than COMPONENT",
    ]);
  });
});

describe("what is written on nodes", () => {
  test("an entry of plugin data has 100 kB at most, key and plugin id counted", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      const most = 100000 - figma.pluginId.length - "run".length;
      say(() => rect.setPluginData("run", "x".repeat(most)));
      say(() => rect.setPluginData("run", "x".repeat(most + 1)));
      say(() => rect.setPluginData("run", "ü".repeat(60000)));
      say(() => rect.getPluginData("run").length === most);
      say(() => rect.getPluginData("missing") === "");
      say(() => { rect.setPluginData("run", ""); return rect.getPluginDataKeys(); });
      say(() => rect.setSharedPluginData("a", "key", "value"));
    `);
    const limit = "Error: in setPluginData: This pluginData entry exceeds 100 kB per entry limit.";
    expect(texts).toEqual([
      "undefined",
      limit,
      limit,
      "true",
      "true",
      "[]",
      "Error: in setSharedPluginData: Namespace must be at least 3 alphanumeric characters",
    ]);
  });

  test("relaunch data is replaced as a whole, and has 1000 characters a description at most", async () => {
    const texts = await run(`
      const rect = figma.createRectangle();
      rect.setRelaunchData({ edit: "Change it", open: "" });
      rect.setRelaunchData({ edit: "Again" });
      say(() => rect.getRelaunchData());
      say(() => rect.setRelaunchData({ edit: "x".repeat(1001) }));
      rect.setRelaunchData({});
      say(() => rect.getRelaunchData());
    `);
    expect(texts).toEqual([
      '{"edit":"Again"}',
      "Error: in setRelaunchData: A description must be at most 1000 characters",
      "{}",
    ]);
  });

  test("a button shows for one selected node whose command the manifest has, and starts the plugin", async () => {
    const figma = await scripted(
      `if (figma.command === "edit") tell("edits " + figma.currentPage.selection[0].id);
       else figma.createRectangle().setRelaunchData({ edit: "Change it", gone: "Nobody knows it" });`,
      { manifest: manifestWith({ relaunchButtons: [{ command: "edit", name: "Edit" }] }) },
    );
    await figma.runCommand();
    expect(await figma.relaunchButtons()).toEqual([]);
    await figma.select(["1:2"]);
    expect(await figma.relaunchButtons()).toEqual([{ command: "edit", name: "Edit", description: "Change it" }]);
    await expect(figma.relaunch("gone")).rejects.toThrow('The selection shows no button for "gone".');
    await figma.relaunch("edit");
    expect(await said(figma)).toEqual(["edits 1:2"]);
  });
});

test("clientStorage holds 5 MB for a plugin, outlives its runs, and gives copies", async () => {
  const figma = await scripted(`
    later(async () => {
      const before = await figma.clientStorage.getAsync("bytes");
      await figma.clientStorage.setAsync("bytes", new Uint8Array(4e6));
      return before instanceof Uint8Array ? before.length : String(before);
    }).then(() => later(() => figma.clientStorage.setAsync("more", new Uint8Array(1e6))))
      .then(() => later(() => figma.clientStorage.setAsync("call", () => 1)))
      .then(() => later(() => figma.clientStorage.keysAsync()));
  `);
  await figma.runCommand();
  const texts = await said(figma);
  expect(texts[0]).toBe("undefined");
  expect(texts[1]).toMatch(/^Error: in setAsync: Exceeded the quota/);
  expect(texts.slice(2)).toEqual(["Error: in setAsync: Cannot unwrap function", '["bytes"]']);
  await figma.runCommand();
  expect((await said(figma))[4]).toBe("4000000");
});

test("a text can only be written when its font was loaded", async () => {
  const texts = await run(`
    const text = figma.createText();
    say(() => { text.characters = "Hello"; });
    later(async () => {
      await figma.loadFontAsync({ family: "Inter", style: "Regular" });
      text.characters = "Hello";
      return text.characters;
    });
  `);
  expect(texts[0]).toContain('in set_characters: Cannot write to node with unloaded font "Inter Regular".');
  expect(texts[1]).toBe("Hello");
});

test("after closePlugin the code runs on, and every touch of Figma throws", async () => {
  const figma = await scripted(`
    const rect = figma.createRectangle();
    figma.on("close", () => tell("closing"));
    setTimeout(() => tell("never"), 1);
    figma.closePlugin("Done");
    tell("still here");
    say(() => rect.x);
    say(() => figma.currentPage);
    say(() => figma.ui.show());
  `);
  await figma.runCommand();
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await said(figma)).toEqual([
    "closing",
    "still here",
    "Error: in x: The plugin has been closed",
    "Error: in currentPage: The plugin has been closed",
    "Error: in ui: The plugin has been closed",
  ]);
  expect(await figma.isRunning()).toBe(false);
  expect((await figma.notices()).map(({ message }) => message)).toEqual(["Done"]);
  await figma.close();
});

test("notices wait for each other, are cut at 100 characters, and a button's false keeps one", async () => {
  const figma = await scripted(`
    let presses = 0;
    figma.notify("x".repeat(150), { timeout: Infinity, button: { text: "Keep", action: () => ++presses < 2 ? false : undefined },
      onDequeue: (reason) => tell(reason) });
    const second = figma.notify("second", { timeout: Infinity, onDequeue: (reason) => tell("second " + reason) });
    setTimeout(() => second.cancel(), 1);
  `);
  await figma.runCommand();
  const [first] = await figma.notices();
  expect(first).toMatchObject({ message: "x".repeat(100), button: "Keep" });
  await figma.pressNotice(first?.id ?? 0);
  expect((await figma.notices())[0]).toEqual(first);
  await figma.pressNotice(first?.id ?? 0);
  await expect.poll(async () => (await said(figma)).join()).toBe("action_button_click,second dismiss");
});

test("what waits when the plugin is closed never goes on", async () => {
  const figma = await scripted(`
    const rect = figma.createRectangle();
    setInterval(() => tell("tick"), 1);
    figma.on("run", () => {
      rect.exportAsync().then(() => tell("exported"), () => tell("rejected"));
      tell("begins");
      figma.closePlugin();
    });
  `);
  await figma.runCommand();
  await expect.poll(() => figma.isRunning()).toBe(false);
  const before = (await said(figma)).filter((text) => text !== "tick");
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(before).toEqual(["begins"]);
  expect((await said(figma)).filter((text) => text !== "tick")).toEqual(["begins"]);
});

describe("main's text", () => {
  test.each([
    ["an import expression, even in a text", "const hint = 'import(x)';", "possible import expression rejected"],
    ["an HTML comment", "const a = 1; <!-- b", "possible html comment rejected"],
    ["its end", "let a = 3; while (a --> 0) {}", "possible html comment rejected"],
    ["a direct eval", "eval('1')", "possible direct eval expression rejected"],
  ])("is refused for %s", async (_, main, message) => {
    const figma = await scripted(main);
    await expect(figma.runCommand()).rejects.toThrow(message);
    expect(await figma.isRunning()).toBe(false);
  });

  test.each([
    "a?.b",
    "a ?? b",
    "a ??= 1",
    "class A { x = 1; }",
    "class A { #p() {} }",
    "class A { static {} }",
    "b = { ...a }",
    "const { ...b } = c;",
    "async function f() { for await (const x of y); }",
    "async function* g() {}",
    "try {} catch {}",
    "/(?<=a)b/",
    "/a/s",
    "1n",
    "1_000",
    "b = { c: [{ ...a }] }",
  ])("in newer syntax than ES2017 is found by the build's check: %s", (main) => {
    expect(newerSyntax(main)).toHaveLength(1);
  });

  test("in ES2017 has nothing newer", () => {
    const main =
      "const f = async ({ a = 1 }, [b, ...c]) => { await g(...c); for (const x of c) try { x ** 2; } catch (e) { `e`; } }; class A { static b() {} }; /(?:a)b/u; b = { c: f(...d) };";
    expect(newerSyntax(main)).toEqual([]);
  });

  test("that throws while it starts leaves nothing running", async () => {
    const figma = await scripted("figma.showUI(__html__); missing();");
    await expect(figma.runCommand()).rejects.toThrow("ReferenceError: missing is not defined");
    expect(await figma.window()).toBeNull();
  });
});

test("a plugin is read from its folder by what its manifest names", async () => {
  const folder = await mkdtemp(join(tmpdir(), "plugin-"));
  await writeFile(
    join(folder, "manifest.json"),
    JSON.stringify(manifestWith({ main: "code.js", ui: { one: "a.html" } })),
  );
  await writeFile(join(folder, "code.js"), "console.log(__uiFiles__.one, typeof __html__)");
  await writeFile(join(folder, "a.html"), "<p>one");
  const figma = await openFigma(await readPlugin(folder));
  await rm(folder, { recursive: true });
  await figma.runCommand();
  expect(await said(figma)).toEqual(["<p>one undefined"]);
});

describe("the manifest is refused", () => {
  test.each([
    ["without dynamic-page", { documentAccess: undefined }, '"documentAccess" must be "dynamic-page"'],
    ["without an id", { id: "" }, '"id" must be a text'],
    ["with an unknown editor", { editorType: ["sketch"] }, 'unknown editor "sketch"'],
    ["for FigJam and Dev Mode at once", { editorType: ["figjam", "dev"] }, 'cannot be both "figjam" and "dev"'],
    ["without a domain", { networkAccess: { allowedDomains: [] } }, "at least one entry"],
    [
      "with an IP address",
      { networkAccess: { allowedDomains: ["none"], devAllowedDomains: ["http://127.0.0.1:5173"] } },
      '"http://127.0.0.1:5173" is not a valid domain',
    ],
    ["with every domain and no reason", { networkAccess: { allowedDomains: ["*"] } }, "reasoning is required"],
    [
      "with localhost and no reason",
      { networkAccess: { allowedDomains: ["http://localhost:1"] } },
      "reasoning is required",
    ],
  ])("%s", async (_, more, message) => {
    await expect(scripted("", { manifest: manifestWith(more) })).rejects.toThrow(message);
  });
});
