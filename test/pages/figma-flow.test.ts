import { mkdirSync } from "node:fs";
import { readPicture } from "@underdraw/engine/pictures";
import type { Frame } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { findChromium } from "../../scripts/chromium.mjs";
import { type ChromiumFigma, type FigmaBrowser, launchFigma, openFigmaPage } from "../hosts/figma/chromium.ts";
import type { Drawing } from "../hosts/figma/index.ts";
import { buildFigmaPanel, type FigmaPanel } from "./figma-panel.ts";

// The built plugin in the simulated Figma, all of it: main in its own realm, the loader that goes on to the panel's site,
// the panel there, the engine in its worker with the model pack. From a selection to a layer and back, and the days on
// which that does not go well.

const executablePath = findChromium();
const shots = "test/pages/out";
const phrase = "flat emoji of red apple";

let site: FigmaPanel;
let browser: FigmaBrowser;
/** A browser without storage, for the test that needs it. */
let denied: FigmaBrowser | undefined;
let figma: ChromiumFigma;
let panel: Frame;

beforeAll(async () => {
  if (executablePath === null) return;
  mkdirSync(shots, { recursive: true });
  // A processor that plays a GPU is slower than one that computes.
  [site, browser] = await Promise.all([buildFigmaPanel(), launchFigma(executablePath, { gpu: false })]);
}, 300_000);

afterAll(async () => {
  await browser?.close();
  await site?.remove();
});

beforeEach(async ({ skip }) => {
  if (executablePath === null)
    return skip("there is no Chromium: install Debian's package `chromium`, or set CHROMIUM");
  await site.start();
  figma = await openFigmaPage(browser.context, site.plugin);
});

afterEach(async () => {
  if (!figma) return;
  // The panel's pictures come by http here, of which Chromium warns; and where nothing serves, it says so.
  const said = figma.console.filter((text) => !/^Mixed Content|ERR_CONNECTION_REFUSED/.test(text));
  const logged = await figma.log();
  await figma.close();
  await denied?.close();
  denied = undefined;
  expect([said, logged]).toEqual([[], []]);
});

const isPanel = (frame: Frame): boolean => frame.url().startsWith(site.origin);
const button = (name: string) => panel.getByRole("button", { name, exact: true });
const map = (name: string) => panel.getByRole("img", { name: `Map of ${name}`, exact: true });
const picture = (number: number) => panel.getByRole("radio", { name: new RegExp(`^Picture ${number}, seed \\d+`) });
const applied = (number: number) =>
  panel.getByRole("radio", { name: new RegExp(`^Picture ${number}, seed \\d+, applied`) });
const card = (title: string) => panel.getByRole("article", { name: title, exact: true });
const shoot = (name: string) => figma.page.screenshot({ path: `${shots}/figma-${name}.png` });

/** Starts the plugin and waits for its panel. */
async function start(run = (): Promise<void> => figma.runCommand("open")): Promise<void> {
  await run();
  panel = await figma.panel(isPanel);
  await panel.getByRole("region", { name: "Underdraw" }).waitFor();
}

const ink = [{ type: "SOLID", color: { r: 0.1, g: 0.1, b: 0.1 } }];
const paper = [{ type: "SOLID", color: { r: 0.96, g: 0.95, b: 0.9 } }];

/** An apple with a stem, drawn in lines. */
const apple: readonly Drawing[] = [
  {
    type: "ELLIPSE",
    properties: { name: "Apple", x: 24, y: 40, width: 132, height: 120, fills: [], strokes: ink, strokeWeight: 5 },
  },
  { type: "RECTANGLE", properties: { x: 88, y: 10, width: 6, height: 44, rotation: -15, fills: ink } },
];

/** A sheet with an apple on it. */
const sheet = (properties: Readonly<Record<string, unknown>> = {}): Drawing => ({
  type: "FRAME",
  properties: { name: "Sheet", x: -480, y: -200, width: 180, height: 180, fills: paper, ...properties },
  children: apple,
});

async function ask(steps: number): Promise<void> {
  const prompt = panel.getByRole("textbox", { name: "Prompt" });
  await prompt.fill(phrase);
  await prompt.press("Escape");
  await button("More settings").click();
  await panel.getByRole("textbox", { name: "Steps" }).fill(String(steps));
  await button("More settings").click();
}

/** Begins to draw, and waits until a step has begun: it is looked for in every frame, for it is short. */
async function begin(): Promise<void> {
  await button("Generate").click();
  const isStepping = () => [...document.querySelectorAll("button")].some((one) => /^Step \d+ of/.test(one.textContent));
  await panel.waitForFunction(isStepping, null, { polling: "raf", timeout: 60_000 });
}

async function apply(number: number): Promise<void> {
  await button("Apply as layer").click();
  await applied(number).waitFor();
}

/** The id of the one node that is selected. */
async function chosen(): Promise<string> {
  const [id, ...more] = await figma.selection();
  expect(more).toEqual([]);
  return id ?? "";
}

/** The file that fills a placed layer. */
async function fileOf(layer: string): Promise<Uint8Array> {
  const node = await figma.node(layer);
  expect(node?.properties).toMatchObject({ fills: [{ type: "IMAGE", imageHash: expect.any(String) }] });
  const [fill] = (node?.properties["fills"] ?? []) as readonly { readonly imageHash: string }[];
  return (await figma.image(fill?.imageHash ?? "")) ?? new Uint8Array();
}

/** What a panel says first. */
const hello = (connection: string) => ({
  underdraw: "hello",
  connection,
  versions: [1],
  largest: 4 * 2 ** 20,
  most: 2 ** 28,
});

/** Posts to main from a page of the plugin's window, and gives what comes back with the same connection. */
const answersTo = (frame: Frame, pluginMessage: { readonly connection: string }, pluginId = "underdraw") =>
  frame.evaluate(
    async ([pluginMessage, pluginId]) => {
      const answers: unknown[] = [];
      const hear = ({ data }: MessageEvent): void => {
        if (data.pluginMessage?.connection === pluginMessage.connection) answers.push(data.pluginMessage);
      };
      addEventListener("message", hear);
      parent.postMessage({ pluginMessage, pluginId }, "https://www.figma.com");
      await new Promise((resolve) => setTimeout(resolve, 500));
      removeEventListener("message", hear);
      return answers;
    },
    [pluginMessage, pluginId] as const,
  );

const flows = [
  {
    what: "a turned frame that cuts its content off",
    theme: "light",
    drawing: sheet({ rotation: -20, height: 150, clipsContent: true }),
    chosen: 0,
    name: "Sheet",
  },
  {
    what: "a shape that its frame cuts off",
    theme: "dark",
    drawing: sheet({ width: 110, clipsContent: true }),
    chosen: 1,
    name: "Apple",
  },
] as const;

test.each(flows)("$what, $theme: its map, a picture, a layer, one undo, redo, redrawn", async (flow) => {
  await figma.setTheme(flow.theme);
  await figma.draw({ type: "RECTANGLE", properties: { name: "Bystander", x: -560, y: 60, width: 60, height: 40 } });
  const ids = [await figma.draw(flow.drawing)];
  ids.push(...((await figma.node(ids[0] ?? ""))?.children ?? []));
  const source = ids[flow.chosen] ?? "";
  await start();
  await figma.select([source]);
  await map(flow.name).waitFor();
  await shoot(`${flow.theme}-map`);
  await ask(4);
  const before = await figma.snapshot();
  await begin();
  await shoot(`${flow.theme}-working`);
  await picture(1).waitFor({ timeout: 60_000 });
  expect(await figma.snapshot()).toBe(before);
  const pictureName = (await picture(1).getAttribute("aria-label")) ?? "";

  await apply(1);
  await panel.getByText(`Canny edges of ${phrase}`).waitFor();
  await figma.settled();
  const after = await figma.snapshot();
  const layer = await chosen();
  const [drawn, placed] = await Promise.all([figma.node(source), figma.node(layer)]);
  expect(placed).toMatchObject({ type: "RECTANGLE", parent: drawn?.parent, relaunch: { redraw: expect.any(String) } });
  const close = (numbers: readonly number[]) => numbers.map((number) => expect.closeTo(number, 6));
  expect([placed?.width, placed?.height]).toEqual(close([drawn?.width ?? 0, drawn?.height ?? 0]));
  expect(placed?.absoluteTransform.flat()).toEqual(close(drawn?.absoluteTransform.flat() ?? []));
  const siblings = (await figma.node(drawn?.parent ?? ""))?.children ?? [];
  expect(siblings.indexOf(layer)).toBe(siblings.indexOf(source) + 1);
  await shoot(`${flow.theme}-result`);

  // Neither the reading of the layer that was placed, nor of the source again, is in the way of undo and redo.
  await figma.undo();
  expect(await figma.snapshot()).toBe(before);
  await figma.select([source]);
  await panel.getByText(`Line art · shapes of ${flow.name}`).waitFor();
  await figma.settled();
  await figma.redo();
  expect(await figma.snapshot()).toBe(after);

  // The layer alone is selected: it says that it was drawn here, and draws itself again.
  await figma.select([layer]);
  await button("Redraw").click();
  await picture(2).waitFor({ timeout: 60_000 });
  const between = await figma.snapshot();
  await apply(2);
  const again = await chosen();
  expect(again).not.toBe(layer);
  const [first, second] = [await fileOf(layer), await fileOf(again)];
  expect(second).toEqual(first);
  expect((await figma.node(again))?.absoluteTransform).toEqual(placed?.absoluteTransform);
  const { pixels } = await readPicture(first);
  expect(new Set(new Uint32Array(pixels.data.buffer)).size).toBeGreaterThan(1000);
  await shoot(`${flow.theme}-redrawn`);
  await figma.undo();
  expect(await figma.snapshot()).toBe(between);

  // From the layer's own button the panel opens with the layer's recipe, whatever it showed before.
  await figma.select([layer]);
  expect(await figma.relaunchButtons()).toMatchObject([{ command: "redraw", name: "Redraw" }]);
  await start(() => figma.relaunch("redraw"));
  await panel.getByText("Line art kept with the layer").waitFor();
  expect(await panel.getByRole("textbox", { name: "Prompt" }).inputValue()).toBe(phrase);
  await button("More settings").click();
  expect(await panel.getByRole("textbox", { name: "Steps" }).inputValue()).toBe("4");
  const [seed] = pictureName.match(/\d+$/) ?? [];
  expect(await panel.getByRole("textbox", { name: "Seed number" }).inputValue()).toBe(seed);
  await shoot(`${flow.theme}-relaunched`);
  const other = flow.theme === "light" ? "dark" : "light";
  await figma.setTheme(other);
  await panel.locator(`.ud[data-theme=${other}]`).waitFor();
});

describe("a bad day", () => {
  test("the site is out of reach: the loader's own page makes maps, and goes on when the site is back", async () => {
    await site.stop();
    await figma.setTheme("dark");
    const source = await figma.draw(sheet({ rotation: 15 }));
    await figma.select([source]);
    await figma.runCommand("open");
    const loader = await figma.panel((frame) => frame.getByText("The panel is out of reach").isVisible());
    expect(await loader.locator("#why").textContent()).toContain(site.origin);
    // Its page has no origin: it is answered as the loader and never as a panel.
    expect(await answersTo(loader, hello("0123456789abcdef"))).toEqual([]);
    const before = await figma.snapshot();
    await loader.getByRole("button", { name: "Read the selection" }).click();
    await loader.getByRole("img", { name: "Map" }).waitFor();
    await loader.getByRole("combobox", { name: "Map" }).selectOption("Scribble");
    await loader.getByRole("button", { name: "Place as layer", disabled: false }).waitFor();
    await shoot("loader");
    await loader.getByRole("button", { name: "Place as layer" }).click();
    await loader.getByText("Placed above the selection.").waitFor();
    const [drawn, placed] = await Promise.all([figma.node(source), chosen().then((id) => figma.node(id))]);
    expect(placed).toMatchObject({ name: "Scribble: Sheet", absoluteTransform: drawn?.absoluteTransform });
    await figma.undo();
    expect(await figma.snapshot()).toBe(before);

    await figma.select([source]);
    await site.start();
    await loader.getByRole("button", { name: "Try again" }).click();
    panel = await figma.panel(isPanel);
    await map("Sheet").waitFor();
  });

  test("storage is denied: the panel says so, and draws", async () => {
    denied = await launchFigma(executablePath as string, { storage: "denied", gpu: false });
    await figma.close();
    figma = await openFigmaPage(denied.context, site.plugin);
    await figma.select([await figma.draw(sheet())]);
    await start();
    await card("Nothing can be kept here").waitFor();
    await map("Sheet").waitFor();
    await shoot("denied");
    await ask(1);
    await button("Generate").click();
    await picture(1).waitFor({ timeout: 60_000 });
    await apply(1);
  });

  test("the panel is loaded anew in the middle of a job, and the plugin closed in another: both begin again", async () => {
    await figma.select([await figma.draw(sheet())]);
    await start();
    await map("Sheet").waitFor();
    const before = await figma.snapshot();
    await ask(40);
    await begin();
    await panel.evaluate(() => {
      Object.assign(globalThis, { isOld: true });
      location.reload();
    });
    await panel.waitForFunction(() => !("isOld" in globalThis));
    await map("Sheet").waitFor();
    expect(await panel.getByRole("textbox", { name: "Prompt" }).inputValue()).toBe("");
    await figma.settled();
    expect(await figma.snapshot()).toBe(before);

    await ask(40);
    await begin();
    await figma.closePlugin();
    await expect.poll(() => figma.page.frames()).toHaveLength(1);
    expect(await figma.isRunning()).toBe(false);
    expect(await figma.snapshot()).toBe(before);
    await start();
    await map("Sheet").waitFor();
  });

  test("another person changes the source while a picture is drawn, and deletes it: nothing of theirs is undone", async () => {
    const source = await figma.draw(sheet({ rotation: 25 }));
    const other = await figma.draw({ type: "RECTANGLE", properties: { x: -560, y: 60, width: 60, height: 40 } });
    await figma.select([source]);
    await start();
    await map("Sheet").waitFor();
    const drawn = await figma.node(source);
    await ask(40);
    await begin();
    await figma.edit(other, { name: "Theirs" }, "another");
    await figma.remove([source], "another");
    const before = await figma.snapshot();
    await picture(1).waitFor({ timeout: 60_000 });
    await apply(1);
    const placed = await figma.node(await chosen());
    expect(placed?.parent).toBe(await figma.currentPage());
    expect(placed?.absoluteTransform.flat()).toEqual(
      drawn?.absoluteTransform.flat().map((number) => expect.closeTo(number, 6)),
    );
    await figma.undo();
    expect(await figma.snapshot()).toBe(before);
    expect((await figma.node(other))?.name).toBe("Theirs");
  });

  test("what cannot be captured is said in words, and a selection that can be is shown again", async () => {
    const id = await figma.draw(sheet());
    const empty = await figma.draw({ type: "RECTANGLE", properties: { name: "Nothing", fills: [], strokes: [] } });
    await start();
    await panel.getByText("Select a layer or draw a marquee.").waitFor();
    await shoot("first");
    await button("Generate").click({ force: true });
    await card("Nothing is selected").waitFor();
    await figma.edit(id, { visible: false });
    await figma.select([id]);
    await card("The selection is hidden").waitFor();
    await shoot("hidden");
    await figma.edit(id, { visible: true });
    await map("Sheet").waitFor();
    await figma.edit(id, { locked: true });
    await card("The selection is locked").waitFor();
    expect(await card("The selection is hidden").count()).toBe(0);
    await figma.select([empty]);
    await card("The selection is empty").waitFor();
    await figma.edit(id, { locked: false, x: -200 });
    await figma.select([id]);
    await map("Sheet").waitFor();
    expect(await panel.locator(".ud-note b").allTextContents()).toEqual(["Drawing on the processor"]);
  });
});

describe("who is listened to", () => {
  test("a message with another plugin's id is not answered; a second panel takes over, and the first is told", async () => {
    await start();
    expect(await answersTo(panel, hello("0123456789abcdef"), "other")).toEqual([]);
    expect(await card("The editor is no longer connected").count()).toBe(0);
    const answers = await answersTo(panel, hello("fedcba9876543210"));
    expect(answers).toMatchObject([{ underdraw: "welcome", connection: "fedcba9876543210", host: "figma" }]);
    await card("The editor is no longer connected").waitFor();
    await card("The editor is no longer connected").getByText("Details").click();
    await panel.getByText("Another panel has taken over.").waitFor();
    await shoot("taken-over");
  });

  test("the panel hears the editor's page alone, whatever another frame knows", async () => {
    await start();
    // The connection's own number, as it stands in all that crosses.
    const heard = panel.evaluate(
      () =>
        new Promise<string>((resolve) =>
          addEventListener("message", ({ data }) => resolve(data.pluginMessage.connection), { once: true }),
        ),
    );
    await figma.select([await figma.draw(sheet())]);
    const bye = { pluginMessage: { underdraw: "bye", connection: await heard, reason: "Said by a stranger." } };
    await map("Sheet").waitFor();
    await figma.page.evaluate(async (message) => {
      const stranger = document.createElement("iframe");
      const script = `parent.frames[0][0][0].postMessage(${JSON.stringify(message)}, "*"); parent.postMessage("sent", "*");`;
      stranger.src = `data:text/html,<script>${encodeURIComponent(script)}</script>`;
      const sent = new Promise((resolve) =>
        addEventListener("message", ({ data, source }) => {
          if (source === stranger.contentWindow && data === "sent") resolve(null);
        }),
      );
      document.body.append(stranger);
      await sent;
      stranger.remove();
    }, bye);
    await figma.select([]);
    await panel.getByText("Select a layer or draw a marquee.").waitFor();
    expect(await card("The editor is no longer connected").count()).toBe(0);
    // The same words from the editor's page are heard: nothing else was wrong with them.
    await figma.page.evaluate((message) => frames[0]?.[0]?.[0]?.postMessage(message, "*"), bye);
    await card("The editor is no longer connected").waitFor();
    await panel.getByText("Said by a stranger.").waitFor({ state: "attached" });
  });
});

test("the site is served as its headers say", async () => {
  const headersOf = async (path: string) => (await fetch(`${site.origin}${path}`)).headers;
  const page = await headersOf("/");
  expect(page.get("content-security-policy")).toContain("frame-ancestors https://www.figma.com");
  const asset = (await (await fetch(`${site.origin}/panel.js`)).text()).match(/assets\/[\w.-]+\.\w+/)?.[0];
  const paths = ["/", "/panel.js", "/page.css", "/health.json", `/${asset}`];
  expect(await Promise.all(paths.map(async (path) => (await headersOf(path)).get("cache-control")))).toEqual([
    "no-cache",
    "no-cache",
    "no-cache",
    "no-store",
    "public, max-age=31536000, immutable",
  ]);
  expect((await headersOf("/health.json")).get("access-control-allow-origin")).toBe("*");
});
