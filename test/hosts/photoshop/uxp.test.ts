import { setTimeout as wait } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import { manifest, openBare } from "./bare.ts";
import { type NodePhotoshop, openPhotoshop } from "./index.ts";

let ps: NodePhotoshop | undefined;
afterEach(async () => {
  await ps?.quit();
  ps = undefined;
});

async function open(options: Parameters<typeof openBare>[0] = {}): Promise<NodePhotoshop> {
  ps = await openBare(options);
  return ps;
}

const failure = async (simulator: NodePhotoshop, code: string): Promise<string> => {
  const words = await simulator.run(`try { ${code} } catch (error) { return error.message; } return null;`);
  return String(words);
};

describe("the realm", () => {
  const missing = [
    ..."Worker SharedArrayBuffer Atomics OffscreenCanvas createImageBitmap ImageData structuredClone".split(" "),
    ..."MutationObserver matchMedia indexedDB queueMicrotask process Buffer global setImmediate File".split(" "),
  ];
  test("has nothing that UXP lacks", async () => {
    const { run } = { run: (code: string) => open().then((one) => one.run(code)) };
    expect(await run(`return ${JSON.stringify(missing)}.filter((name) => name in globalThis)`)).toEqual([]);
  });

  test("has what UXP has, by version", async () => {
    const names = "fetch WebSocket Blob TextDecoder AbortController ReadableStream localStorage atob document".split(
      " ",
    );
    const code = `return ${JSON.stringify([...names, "URLSearchParams"])}.filter((name) => !(name in globalThis))`;
    expect(await (await open()).run(code)).toEqual(["URLSearchParams"]);
    await ps?.quit();
    expect(await (await open({ version: "27.4" })).run(code)).toEqual([]);
  });

  test.each(["eval('1')", "new Function('return 1')()", "(async () => {}).constructor('return 1')()"])(
    "makes no code of strings: %s",
    async (code) => {
      expect(await failure(await open(), `${code};`)).toContain("Code generation from strings disallowed");
    },
  );

  test("compiles WebAssembly only while the caller waits", async () => {
    const code = `const bytes = new Uint8Array([0, 97, 115, 109, 1, 0, 0, 0]);
      return [typeof WebAssembly.instantiate, new WebAssembly.Module(bytes) instanceof WebAssembly.Module];`;
    expect(await (await open()).run(code)).toEqual(["undefined", true]);
  });

  test("requires from the plugin's root, whichever file asks, and only what is there", async () => {
    const one = await open({
      files: {
        "deep/one.js": 'module.exports = { two: require("./two.js"), own: __names() };',
        "two.js": "module.exports = 2;",
        "deep/two.js": "module.exports = 'the one beside';",
      },
      main: "globalThis.__names = () => typeof module; require('uxp').entrypoints.setup({ panels: { panel: {} } });",
    });
    expect(await one.run('return require("./deep/one.js").two')).toBe(2);
    for (const name of ["crypto", "http", "url", "zlib", "./missing.js", "node:fs"]) {
      expect(await failure(one, `require("${name}");`)).toBe(`Module not found: "${name}"`);
    }
    expect(
      await one.run('return ["photoshop", "uxp", "fs", "os", "path", "process"].map((name) => typeof require(name))'),
    ).toEqual(Array(6).fill("object"));
  });

  test("runs a page's scripts in order, in one scope", async () => {
    const html = `<!doctype html><html><head><style>a { color: red }</style></head><body>
      <div id="box" class="a b"><p>Text<br>more</p></div><script src="./one.js"></script>
      <script>globalThis.sum = one + document.querySelectorAll("#box, p").length;</script></body></html>`;
    const one = await open({
      manifest: { main: "index.html" },
      files: { "index.html": html, "one.js": "const one = 1;" },
    });
    expect(await one.run('return [sum, document.querySelector(".b").textContent]')).toEqual([3, "Textmore"]);
  });
});

describe("entrypoints", () => {
  const setup = (panel: string) => `require("uxp").entrypoints.setup({ panels: { panel: ${panel} } });`;

  test("are set up once", async () => {
    const one = await open();
    expect(await failure(one, 'require("uxp").entrypoints.setup({});')).toContain("only once");
  });

  test("that are set up late are lost, and nothing can catch it", async () => {
    const one = await open({ main: `setTimeout(() => { ${setup("{}")} globalThis.went = "on"; }, 60);` });
    await wait(100);
    expect(await one.run("return went")).toBe("on");
    expect(one.problems).toEqual([expect.stringContaining("too late")]);
    await expect(one.showPanel()).rejects.toThrow("set up no panel");
  });

  test("show a panel once, and never hide it", async () => {
    const one = await open({
      main: `globalThis.calls = []; ${setup(`{ create(root) { calls.push("create " + root.isConnected); },
        show() { calls.push("show"); }, hide() { calls.push("hide"); }, destroy() { calls.push("destroy"); } }`)}`,
    });
    await one.showPanel();
    await one.showPanel();
    expect(await one.run("return calls")).toEqual(["create true", "show"]);
  });

  test("may take 300 ms, and what they throw is known", async () => {
    const one = await open({
      main: setup("{ create: () => new Promise(() => {}), show() { throw new Error('no'); } }"),
    });
    await one.showPanel();
    expect(one.problems).toEqual([
      "panel: create took more than 300 ms",
      expect.stringContaining("panel: show failed: Error: no"),
    ]);
  });

  test("that the manifest does not name are known", async () => {
    const one = await open({ main: 'require("uxp").entrypoints.setup({ panels: { other: {} } });' });
    expect(one.problems).toEqual([expect.stringContaining('"other"')]);
  });
});

describe("a manifest", () => {
  const files = { "main.js": "" };
  test.each([
    [{ manifestVersion: 4 }, "manifestVersion"],
    [{ name: "No" }, "3 to 45"],
    [{ version: "1.0" }, "x.y.z"],
    [{ version: "1.0.100" }, "x.y.z"],
    [{ host: { app: "ID", minVersion: "26.0.0" } }, '"PS"'],
    [{ host: { app: "PS", minVersion: "26.9.0" } }, "26.9.0"],
    [{ entrypoints: [] }, "entrypoints"],
    [{ requiredPermissions: { network: { domains: ["https://example.*"] } } }, "wildcard"],
    [{ requiredPermissions: { webview: { domains: ["example.com"] } } }, "no scheme"],
  ])("with %j is refused", async (parts, words) => {
    const opening = openPhotoshop({ plugin: { manifest: { ...manifest, ...parts }, files } });
    await expect(opening).rejects.toThrow(words);
  });
});

describe("permissions", () => {
  test("let no request out that the manifest does not name, by scheme, host and port", async () => {
    const one = await open({
      permissions: { network: { domains: ["https://*.example.com", "http://127.0.0.1:41777"] } },
    });
    for (const url of [
      "https://elsewhere.test/",
      "http://a.example.com/",
      "http://127.0.0.1:80/",
      "https://example.com/",
    ]) {
      expect(await failure(one, `await fetch("${url}");`)).toContain("Permission denied");
    }
    expect(await failure(one, 'new WebSocket("ws://127.0.0.1:41777");')).toContain("Permission denied");
    expect(one.plugin.manifest.mayFetch("https://a.example.com/x")).toBe(true);
    expect(one.plugin.manifest.mayFetch("http://127.0.0.1:41777/x")).toBe(true);
  });

  test("let fetch read the plugin's own files", async () => {
    const one = await open({ files: { "text.txt": "hello" } });
    expect(await one.run('return (await fetch("plugin:/text.txt")).text()')).toBe("hello");
  });

  test("of files: own folders always, pickers on request, others with full access", async () => {
    const fs = 'const { localFileSystem } = require("uxp").storage;';
    const one = await open({ files: { "a.txt": "A" } });
    expect(await failure(one, `${fs} await localFileSystem.getFileForOpening();`)).toContain("does not permit pickers");
    expect(await failure(one, `${fs} await localFileSystem.getEntryWithUrl("file:/x.txt");`)).toContain(
      "does not permit access",
    );
    const write = `${fs} const folder = await localFileSystem.getPluginFolder(); await folder.createFile("b.txt");`;
    expect(await failure(one, write)).toContain("read only");
    await one.quit();
    const two = await open({ permissions: { localFileSystem: "request" }, pickers: ["file:/a.txt", null] });
    two.disk.files.set("file:/a.txt", new TextEncoder().encode("picked"));
    const pick = `${fs} const file = await localFileSystem.getFileForOpening();
      return [await file.read(), await localFileSystem.getFileForOpening()];`;
    expect(await two.run(pick)).toEqual(["picked", null]);
  });

  test("of the clipboard", async () => {
    const code = 'await navigator.clipboard.writeText("copied");';
    expect(await failure(await open(), code)).toContain("clipboard");
    await ps?.quit();
    const two = await open({ permissions: { clipboard: "readAndWrite" } });
    expect(await two.run(`${code} return navigator.clipboard.readText();`)).toBe("copied");
  });

  test("of opening addresses, which the person is asked about too", async () => {
    const code = 'return await require("uxp").shell.openExternal("https://example.com/");';
    expect(await failure(await open(), code)).toContain("launchProcess");
    await ps?.quit();
    const permissions = { launchProcess: { schemes: ["https"] } };
    const two = await open({ permissions });
    expect([await two.run(code), two.opened]).toEqual(["", ["https://example.com/"]]);
    await two.quit();
    const three = await open({ permissions, consent: () => false });
    expect([await three.run(code), three.opened]).toEqual([expect.stringContaining("declined"), []]);
  });
});

describe("files", () => {
  const fs = 'const { localFileSystem, formats } = require("uxp").storage;';

  test("are made by createEntryWithUrl and only found by getEntryWithUrl", async () => {
    const one = await open();
    const find = `${fs} await localFileSystem.getEntryWithUrl("plugin-data:/x.bin");`;
    expect(await failure(one, find)).toContain("Could not find");
    const make = `${fs} const file = await localFileSystem.createEntryWithUrl("plugin-data:/x.bin");
      await file.write(new Uint8Array([1, 2, 255]), { format: formats.binary });
      const data = new Uint8Array(await (await localFileSystem.getEntryWithUrl("plugin-data:/x.bin")).read({ format: formats.binary }));
      return [...data];`;
    expect(await one.run(make)).toEqual([1, 2, 255]);
    expect(await failure(one, `${fs} await localFileSystem.createEntryWithUrl("plugin-data:/x.bin");`)).toContain(
      "exists already",
    );
  });

  test("have tokens: a session's dies with Photoshop, a persistent one does not, and neither do the files", async () => {
    const one = await open();
    const code = `${fs} const file = await localFileSystem.createEntryWithUrl("plugin-data:/x.txt");
      await file.write("kept");
      const temporary = await localFileSystem.createEntryWithUrl("plugin-temp:/y.txt");
      return [localFileSystem.createSessionToken(file), await localFileSystem.createPersistentToken(file)];`;
    const [session, persistent] = await one.run<string[]>(code);
    const ask = (token: unknown, kind: string) =>
      `${fs} const file = await localFileSystem.getEntryFor${kind}Token("${token}"); return file.read();`;
    expect(await one.run(ask(session, "Session"))).toBe("kept");
    await one.quit();
    const two = await open({ disk: one.disk });
    expect(await failure(two, ask(session, "Session"))).toContain("not valid");
    expect(await two.run(ask(persistent, "Persistent"))).toBe("kept");
    expect(two.disk.has("plugin-temp:/y.txt")).toBe(false);
  });

  test("do not fit on a full disk", async () => {
    const one = await open();
    one.disk.limit = 10;
    const code = `${fs} const file = await localFileSystem.createEntryWithUrl("plugin-temp:/x.txt"); await file.write("x".repeat(11));`;
    expect(await failure(one, code)).toContain("not enough space");
  });

  test("localStorage outlives Photoshop, secureStorage may vanish", async () => {
    const one = await open();
    await one.run('localStorage.setItem("a", 1); await require("uxp").storage.secureStorage.setItem("b", "two");');
    await one.quit();
    one.disk.secure.clear();
    const two = await open({ disk: one.disk });
    const code = 'return [localStorage.getItem("a"), await require("uxp").storage.secureStorage.getItem("b")]';
    expect(await two.run(code)).toEqual(["1", undefined]);
  });
});

test("versions and hosts are told", async () => {
  const code =
    'const { host, versions } = require("uxp"); return [host.name, host.version, host.uiLocale, versions.uxp, versions.plugin]';
  expect(await (await open({ version: "26.10", locale: "ko_KR" })).run(code)).toEqual([
    "photoshop",
    "26.10.0",
    "ko_KR",
    "uxp-9.0.0",
    "1.0.0",
  ]);
});

describe("a webview", () => {
  const local = { allow: "yes", allowLocalRendering: "yes", enableMessageBridge: "localOnly", domains: [] };
  const main = `globalThis.heard = []; globalThis.events = [];
    addEventListener("message", ({ data, origin, source }) => heard.push({ data, origin, own: source === view }));
    const view = document.createElement("webview");
    for (const type of ["loadstart", "loadstop", "loaderror"]) {
      view.addEventListener(type, (event) => events.push([type, event.url, event.message]));
    }
    view.setAttribute("src", "plugin:/page/index.html");
    require("uxp").entrypoints.setup({ panels: { panel: { create(root) { root.appendChild(view); } } } });
    globalThis.view = view;`;
  const files = { "page/index.html": "<!doctype html>" };

  async function openPage(more: Parameters<typeof openBare>[0] = {}) {
    const one = await open({ main, files, permissions: { webview: local }, ...more });
    await one.showPanel();
    return { one, page: await one.page() };
  }

  test("carries JSON and nothing else, tells the plugin's id as origin, and the element as source", async () => {
    const { one, page } = await openPage();
    const got: unknown[] = [];
    page.listen((message) => got.push(message));
    await one.run("view.postMessage({ bytes: new Uint8Array([7, 8]), none: undefined, date: new Date(0) })");
    await expect
      .poll(() => got, { interval: 2 })
      .toEqual([{ data: { bytes: { 0: 7, 1: 8 }, date: "1970-01-01T00:00:00.000Z" }, origin: "com.example.bare" }]);
    page.post({ hello: [1, null] });
    await expect
      .poll(() => one.run("return heard"), { interval: 2 })
      .toEqual([{ data: { hello: [1, null] }, origin: "plugin:/page/index.html", own: true }]);
    expect(await one.run("return events.map(([type]) => type)")).toEqual(["loadstart", "loadstop"]);
  });

  test("loses what is sent before the page listens", async () => {
    const { one, page } = await openPage();
    await one.run("view.postMessage('early')");
    await expect.poll(() => page.lost, { interval: 2 }).toBe(1);
  });

  test("keeps the order of messages, and takes its time for large ones", async () => {
    const { one, page } = await openPage({ bridge: { mbPerS: 10, latencyMs: 1 } });
    const got: number[] = [];
    page.listen(({ data }) => got.push((data as string).length));
    const start = performance.now();
    await one.run('for (const n of [1000000, 10, 20]) view.postMessage("x".repeat(n));');
    await expect.poll(() => got, { interval: 2 }).toEqual([1_000_000, 10, 20]);
    expect(performance.now() - start).toBeGreaterThan(95);
  });

  test("that is reloaded is another page, and the old one is gone", async () => {
    const { one, page } = await openPage();
    page.reload();
    expect(() => page.post(1)).toThrow("reloaded");
    const next = await one.page();
    expect(next).not.toBe(page);
    next.post("again");
    await expect.poll(() => one.run("return heard.map(({ data }) => data)"), { interval: 2 }).toEqual(["again"]);
  });

  test.each([
    [{}, "asks for no webview"],
    [{ webview: { ...local, allow: "no" } }, "webview.allow"],
    [{ webview: { ...local, allowLocalRendering: "no" } }, "allowLocalRendering"],
  ])("is not shown with the permissions %j", async (permissions, words) => {
    const one = await open({ main, files, permissions });
    await one.showPanel();
    await expect
      .poll(() => one.run("return events"), { interval: 2 })
      .toEqual([["loaderror", "plugin:/page/index.html", expect.stringContaining(words)]]);
  });

  test("without the bridge says nothing; of a file that is not there tells an error", async () => {
    const { one } = await openPage({ permissions: { webview: { ...local, enableMessageBridge: "no" } } });
    expect(await failure(one, "view.postMessage(1);")).toContain("message bridge");
    await one.quit();
    const two = await open({ main, permissions: { webview: local } });
    await two.showPanel();
    await expect.poll(() => two.run("return events.map(([type]) => type)"), { interval: 2 }).toEqual(["loaderror"]);
  });

  test("of another domain needs the manifest to name it, which it need not since 26.10", async () => {
    const remote = main.replace("plugin:/page/index.html", "https://example.com/");
    const events = (one: NodePhotoshop) => one.run("return events.map(([type]) => type)");
    const { domains: _, ...bare } = local;
    for (const [webview, version, wanted] of [
      [local, "26.0", ["loaderror"]],
      [{ ...local, domains: ["https://example.com"] }, "26.0", ["loadstart", "loadstop"]],
      [bare, "26.9", ["loaderror"]],
      [bare, "26.10", ["loadstart", "loadstop"]],
    ] as const) {
      const one = await open({ main: remote, version, permissions: { webview } });
      await one.showPanel();
      await expect.poll(() => events(one), { interval: 2 }).toEqual(wanted);
      // A page from elsewhere has no bridge where it is for local ones only.
      expect(await failure(one, "view.postMessage(1);")).toContain(wanted.length === 1 ? "" : "message bridge");
      await one.quit();
    }
  });
});
