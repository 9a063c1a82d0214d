import { mkdirSync } from "node:fs";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { chromiumFlags, findChromium } from "../../scripts/chromium.mjs";
import { openSite, type Site } from "./site.ts";

// Excalidraw with the panel docked, as it is built and served: drawn on with the mouse, from strokes to a layer and back.

const executablePath = findChromium();
const shots = "test/pages/out";

/** What the test needs of the editor, which the page puts at hand in the console. */
declare const excalidraw: {
  getSceneElements(): readonly {
    readonly id: string;
    readonly type: string;
    readonly fileId?: string | null;
    readonly customData?: { readonly underdraw?: { readonly recipe?: string } };
  }[];
  getFiles(): Readonly<Record<string, { readonly dataURL: string }>>;
  getAppState(): { readonly activeTool: { readonly type: string } };
  updateScene(change: { readonly appState: { readonly selectedElementIds: Readonly<Record<string, true>> } }): void;
};

let site: Site;
let browser: Browser;
let page: Page;
const outside: string[] = [];
const problems: string[] = [];

beforeAll(async () => {
  if (executablePath === null) return;
  mkdirSync(shots, { recursive: true });
  [site, browser] = await Promise.all([
    openSite("playground"),
    chromium.launch({ executablePath, args: chromiumFlags as string[] }),
  ]);
  page = await browser.newPage({ viewport: { width: 1280, height: 860 } });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("request", (request) => {
    if (/^http/.test(request.url()) && !request.url().startsWith(site.origin)) outside.push(request.url());
  });
  await page.goto(site.address);
  await page.getByRole("region", { name: "Underdraw" }).waitFor();
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

beforeEach(({ skip }) => {
  if (executablePath === null) skip("there is no Chromium: install Debian's package `chromium`, or set CHROMIUM");
});

const panel = () => page.getByRole("region", { name: "Underdraw" });
const button = (name: string) => panel().getByRole("button", { name, exact: true });

/** The document as it is saved: without collaboration's counters. */
const drawing = () =>
  page.evaluate(() =>
    JSON.stringify(excalidraw.getSceneElements().map((one) => ({ ...one, version: 0, versionNonce: 0, updated: 0 }))),
  );

/** The bytes of each picture in the document, the lowest first. */
const pictures = () =>
  page.evaluate(() =>
    excalidraw
      .getSceneElements()
      .flatMap((one) => (one.type === "image" && one.fileId ? [excalidraw.getFiles()[one.fileId]?.dataURL ?? ""] : [])),
  );

/** The conditions of the maps in the recipe of each placed layer. */
const recipes = () =>
  page.evaluate(() =>
    excalidraw.getSceneElements().flatMap(({ customData }) => {
      const text = customData?.underdraw?.recipe;
      if (text === undefined) return [];
      const { recipe } = JSON.parse(text) as {
        readonly recipe: { readonly controls: readonly { readonly condition: string }[] };
      };
      return [recipe.controls.map(({ condition }) => condition)];
    }),
  );

async function stroke([first, ...rest]: readonly (readonly [number, number])[]): Promise<void> {
  if (!first) return;
  await page.mouse.move(...first);
  await page.mouse.down();
  for (const point of rest) await page.mouse.move(...point, { steps: 3 });
  await page.mouse.up();
}

/** An apple, about 300 units wide, in the middle of the canvas. */
function apple(): readonly (readonly [number, number])[] {
  return Array.from({ length: 41 }, (_, i) => {
    const angle = (i / 40) * 2 * Math.PI - Math.PI / 2;
    const radius = 140 + 18 * Math.abs(Math.cos(angle)) - (i === 0 || i === 40 ? 24 : 0);
    return [460 + radius * Math.cos(angle), 450 + radius * Math.sin(angle)] as const;
  });
}

test("from strokes to a layer, one undo back, redo, and the same pixels from the layer's recipe", async () => {
  await page.mouse.click(460, 450);
  await page.keyboard.press("p");
  await stroke(apple());
  await stroke([
    [460, 320],
    [470, 285],
    [490, 262],
  ]);
  await page.keyboard.press("v");
  await page.keyboard.press("Control+a");

  // The map of what is selected shows by itself.
  await panel()
    .getByRole("img", { name: /^Map of 2 elements/ })
    .waitFor();
  // It is the drawing's own line art: the pen's two lines, not the edges on both sides of each.
  await panel().getByText("Line art · shapes of 2 elements").waitFor();
  await page.screenshot({ path: `${shots}/playground-map.png` });

  await panel().getByRole("textbox", { name: "Prompt" }).fill("flat emoji of red apple");
  await page.keyboard.press("Escape");
  await button("More settings").click();
  await panel().getByRole("textbox", { name: "Steps" }).fill("6");
  await button("More settings").click();
  await button("Generate").click();
  await button("Apply as layer").waitFor({ timeout: 120_000 });
  await page.screenshot({ path: `${shots}/playground-result.png` });

  const before = await drawing();
  await button("Apply as layer").click();
  await expect.poll(async () => (await pictures()).length).toBe(1);
  const after = await drawing();
  const [placed] = await pictures();
  expect(await recipes()).toEqual([["lineart"]]);

  await page.locator('[data-testid="button-undo"]').click();
  await expect.poll(drawing).toBe(before);
  await page.locator('[data-testid="button-redo"]').click();
  await expect.poll(drawing).toBe(after);

  // The layer alone is selected: it says that it was drawn here, and draws itself again.
  await page.evaluate(() => {
    const image = excalidraw.getSceneElements().find(({ type }) => type === "image");
    excalidraw.updateScene({ appState: { selectedElementIds: { [image?.id ?? ""]: true } } });
  });
  await button("Redraw").click({ timeout: 20_000 });
  await expect
    .poll(
      () =>
        panel()
          .getByRole("radio", { name: /^Picture 2, seed/ })
          .count(),
      { timeout: 120_000 },
    )
    .toBe(1);
  await button("Apply as layer").click();
  await expect.poll(async () => (await pictures()).length).toBe(2);
  expect((await pictures())[1]).toBe(placed);
  await page.screenshot({ path: `${shots}/playground-redrawn.png` });
});

test("the order of shapes gives a map of depth", async () => {
  await page.evaluate(() => {
    excalidraw.updateScene({ appState: { selectedElementIds: {} } });
  });
  await page.keyboard.press("Escape");
  await page.mouse.click(300, 130);
  await page.keyboard.press("r");
  await stroke([
    [640, 140],
    [700, 200],
    [800, 280],
  ]);
  await page.keyboard.press("o");
  await stroke([
    [680, 160],
    [720, 200],
    [760, 250],
  ]);
  await page.keyboard.press("v");
  const ids = await page.evaluate(() =>
    excalidraw.getSceneElements().flatMap(({ id, type }) => (type === "rectangle" || type === "ellipse" ? [id] : [])),
  );
  expect(ids).toHaveLength(2);
  await page.evaluate((chosen) => {
    const selectedElementIds = Object.fromEntries(chosen.map((id) => [id, true as const]));
    excalidraw.updateScene({ appState: { selectedElementIds } });
  }, ids);
  await panel()
    .getByRole("img", { name: /^Map of 2 elements/ })
    .waitFor();
  await button("Add a control").click();
  await button("Depth by layer order").click();
  await panel().getByText("Layer order · shapes of 2 elements").waitFor();
  await panel()
    .getByRole("button", { name: /^Depth Layer order/ })
    .waitFor();
  await page.screenshot({ path: `${shots}/playground-document.png` });
});

test("keys in the panel draw nothing in the editor", async () => {
  const before = await page.evaluate(() => excalidraw.getAppState().activeTool.type);
  await button("More settings").focus();
  await page.keyboard.press("d");
  expect(await page.evaluate(() => excalidraw.getAppState().activeTool.type)).toBe(before);
});

test("axe is silent about the panel", async () => {
  await page.evaluate(axe.source);
  const violations = await page.evaluate(async () => {
    const { axe: run } = globalThis as unknown as { readonly axe: typeof axe };
    const { violations } = await run.run("#panel", {
      runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    });
    return violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]);
  });
  expect(violations).toEqual([]);
});

test("nothing was asked from outside, and nothing went wrong", () => {
  expect(outside).toEqual([]);
  expect(problems).toEqual([]);
});
