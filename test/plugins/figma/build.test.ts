import { readFileSync } from "node:fs";
import { type OutputAsset, type OutputChunk, type OutputOptions, type RollupOptions, rollup } from "rollup";
import ts from "typescript";
import { describe, expect, test } from "vitest";
import { headersOf, loaderPage, manifestOf, most, refusalOf, settingsOf } from "../../../plugins/figma/build.mjs";
import bundles from "../../../plugins/figma/bundles.mjs";

const manifest = JSON.parse(readFileSync("plugins/figma/manifest.json", "utf8"));

/** Makes one of the bundles in memory: its files by their names. */
async function built(input: string): Promise<ReadonlyMap<string, string>> {
  const config = (bundles as RollupOptions[]).find((one) => one.input === input);
  if (!config) throw new Error(`bundles.mjs no longer makes ${input}.`);
  const bundle = await rollup(config);
  const { output } = await bundle.generate(config.output as OutputOptions);
  const text = (file: OutputChunk | OutputAsset): string => String(file.type === "chunk" ? file.code : file.source);
  return new Map(output.map((file) => [file.fileName, text(file)]));
}

/** Kinds of syntax that came after ES2017. */
const newer: ReadonlySet<ts.SyntaxKind> = new Set([
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.QuestionDotToken,
  ts.SyntaxKind.QuestionQuestionEqualsToken,
  ts.SyntaxKind.BarBarEqualsToken,
  ts.SyntaxKind.AmpersandAmpersandEqualsToken,
  ts.SyntaxKind.SpreadAssignment,
  ts.SyntaxKind.PropertyDeclaration,
  ts.SyntaxKind.PrivateIdentifier,
  ts.SyntaxKind.ClassStaticBlockDeclaration,
  ts.SyntaxKind.BigIntLiteral,
  ts.SyntaxKind.ImportKeyword,
]);

/** The constructs of a script that an ES2017 engine does not read. */
function tooNew(code: string): readonly string[] {
  const found: string[] = [];
  const file = ts.createSourceFile("main.js", code, ts.ScriptTarget.Latest, false, ts.ScriptKind.JS);
  const look = (node: ts.Node): void => {
    const isNew =
      newer.has(node.kind) ||
      (ts.isCatchClause(node) && !node.variableDeclaration) ||
      (ts.isForOfStatement(node) && node.awaitModifier !== undefined) ||
      (ts.isFunctionLike(node) && "asteriskToken" in node && node.asteriskToken !== undefined && isAsync(node)) ||
      (ts.isBindingElement(node) && node.dotDotDotToken !== undefined && ts.isObjectBindingPattern(node.parent)) ||
      (ts.isRegularExpressionLiteral(node) && /\/[a-z]*[sdv][a-z]*$|\(\?<|\\p\{/.test(node.text));
    if (isNew) found.push(ts.SyntaxKind[node.kind]);
    ts.forEachChild(node, look);
  };
  const setParents = (node: ts.Node, parent: ts.Node): void => {
    Object.assign(node, { parent });
    ts.forEachChild(node, (child) => setParents(child, node));
  };
  setParents(file, file);
  look(file);
  return found;
}

const isAsync = (node: ts.Node): boolean =>
  ts.canHaveModifiers(node) && (ts.getModifiers(node) ?? []).some(({ kind }) => kind === ts.SyntaxKind.AsyncKeyword);

describe("main", () => {
  test("is one ES2017 script below 40 kB without what Figma refuses, beside its manifest", async () => {
    const files = await built("plugins/figma/src/main/main.ts");
    expect([...files.keys()].sort()).toEqual(["main.js", "manifest.json"]);
    const code = files.get("main.js") as string;
    expect(refusalOf(code)).toBeNull();
    expect(tooNew(code)).toEqual([]);
    expect(code.length).toBeGreaterThan(10_000);
    expect(code).not.toMatch(/^\s*(?:import|export)\b/m);
  });

  test.each([
    "a?.b",
    "a ?? b",
    "({...a})",
    "const {a, ...b} = c",
    "try { a() } catch { b() }",
    "class A { b = 1 }",
    "async function* a() {}",
    "async () => { for await (const a of b) a() }",
    "/(?<year>1)/",
    "/./s",
    "10n",
  ])("would be found too new with %s in it", (code) => {
    expect(tooNew(code)).not.toEqual([]);
  });

  test.each(['import ("a")', '"<!-- a"', "a-->b", "eval (a)"])("is refused with %s in it", (code) => {
    expect(refusalOf(code)).toContain("contains");
  });

  test("is refused when it is too large", () => {
    expect(refusalOf("a".repeat(most.main))).toContain("bytes");
    expect(refusalOf("medieval(a); imports(b)")).toBeNull();
  });
});

describe("the loader's page", () => {
  test("is one file below 10 kB, with its script inside and a place for the settings", async () => {
    const files = await built("plugins/figma/src/loader/loader.ts");
    expect([...files.keys()]).toEqual(["ui.html"]);
    const page = files.get("ui.html") as string;
    expect(Buffer.byteLength(page)).toBeLessThan(10_000);
    expect(page.match(/"UNDERDRAW_SETTINGS"/g)).toHaveLength(1);
    expect(page.match(/<script/g)).toHaveLength(2);
    expect(page).not.toMatch(/src=|https?:\/\//);
  });

  test("is refused when it is too large, and no script can end its own element", () => {
    expect(() => loaderPage("<script>/* loader.ts */</script>", "a".repeat(most.loader))).toThrow(/fewer than/);
    expect(loaderPage("/* loader.ts */", 'a="</script>$&"')).toBe('a="<\\/script>$&"');
  });
});

describe("a build", () => {
  const origins = (panel: string): unknown =>
    manifestOf(manifest, settingsOf({ UNDERDRAW_PANEL: panel }, manifest)).networkAccess;

  test("without settings leads to the manifest's placeholder", () => {
    expect(settingsOf({}, manifest)).toEqual({
      id: "underdraw",
      panelAddress: "https://panel.underdraw.example/",
      panelOrigin: "https://panel.underdraw.example",
      editorOrigin: "https://www.figma.com",
    });
    expect(manifestOf(manifest, settingsOf({}, manifest))).toEqual(manifest);
  });

  test("lets the plugin reach the panel's origin and nothing else", () => {
    expect(origins("https://a.example:8443/folder")).toMatchObject({
      allowedDomains: ["https://a.example:8443"],
      devAllowedDomains: ["http://localhost:5173"],
    });
    expect(origins("http://localhost:6000")).toMatchObject({
      allowedDomains: ["none"],
      devAllowedDomains: ["http://localhost:6000"],
    });
    expect(settingsOf({ UNDERDRAW_PANEL: "https://a.example/folder" }, manifest).panelAddress).toBe(
      "https://a.example/folder/",
    );
  });

  test.each([
    "http://127.0.0.1:5173",
    "http://[::1]:5173",
    "http://a.example",
    "ftp://a.example",
    "a.example",
    "https://a.example/?b",
  ])("refuses %s for the panel", (panel) => {
    expect(() => origins(panel)).toThrow(/UNDERDRAW_PANEL/);
  });

  test("lets the editor that it is for frame the panel", () => {
    const headers = readFileSync("plugins/figma/static/_headers", "utf8");
    expect(headersOf(headers, settingsOf({}, manifest))).toContain(
      "frame-ancestors https://www.figma.com https://*.figma.com\n",
    );
    const simulated = headersOf(headers, settingsOf({ UNDERDRAW_EDITOR: "http://localhost:7000" }, manifest));
    expect(simulated).toContain("frame-ancestors http://localhost:7000\n");
    expect(simulated).not.toContain("figma.com");
    expect(headers).not.toMatch(/x-frame-options/i);
    expect(headers).toMatch(/^\/health\.json\n {2}Access-Control-Allow-Origin: \*$/m);
  });
});

test("the manifest is what Figma needs of it, and no more", () => {
  expect(manifest).toMatchObject({
    api: "1.0.0",
    main: "main.js",
    ui: "ui.html",
    editorType: ["figma"],
    documentAccess: "dynamic-page",
  });
  expect(manifest).not.toHaveProperty("permissions");
  expect(manifest).not.toHaveProperty("capabilities");
  const commands = manifest.menu.map(({ command }: { command: string }) => command);
  for (const { command } of manifest.relaunchButtons) expect(commands).toContain(command);
});
