import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { recipeKeyword } from "@underdraw/engine";
import { type Browser, chromium, type Frame } from "playwright-core";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { chromiumFlags, findChromium } from "../../scripts/chromium.mjs";
import { openPhotoshopPage, type PhotoshopPage } from "../hosts/photoshop/browser.ts";
import { buildWholePlugin } from "../hosts/photoshop/kit.ts";
import type { Theme } from "../hosts/photoshop/shell/config.ts";

// The built plugin in Photoshop's simulator, all of it: UXP's side, the bridge, the page in the webview, its worker and the
// model pack. From a selection to a layer and back, and the days on which that does not go well.

const executablePath = findChromium();
const shots = "test/pages/out";
const phrase = "flat emoji of red apple";

let browser: Browser;
let ps: PhotoshopPage;
let panel: Frame;

beforeAll(async () => {
  if (executablePath === null) return;
  mkdirSync(shots, { recursive: true });
  [browser] = await Promise.all([
    // A processor that plays a GPU is slower than one that computes.
    chromium.launch({ executablePath, args: chromiumFlags.filter((flag) => flag !== "--enable-unsafe-webgpu") }),
    buildWholePlugin(),
  ]);
}, 180_000);
afterAll(() => browser?.close());
beforeEach(({ skip }) => {
  if (executablePath === null) skip("there is no Chromium: install Debian's package `chromium`, or set CHROMIUM");
});

const button = (name: string | RegExp) => panel.getByRole("button", { name, exact: true });
const card = (title: string) => panel.getByRole("article", { name: title });
const pictures = () => panel.getByRole("radio", { name: /^Picture \d+, seed/ });
const applied = () => panel.getByRole("radio", { name: /^Picture \d+, seed \d+, applied/ });
const shoot = (name: string) => ps.page.screenshot({ path: `${shots}/photoshop-${name}.png` });

/** Opens Photoshop with the panel, for the tests of one group. */
function openPhotoshopWith(theme: Theme): void {
  beforeAll(async () => {
    if (executablePath === null) return;
    ps = await openPhotoshopPage(browser, { plugin: await buildWholePlugin(), theme });
    await ps.photoshop((photoshop) => photoshop.showPanel());
    panel = await ps.frame();
  });
  afterAll(async () => {
    if (executablePath === null) return;
    const { leaks, problems } = await ps.photoshop(({ leaks, problems }) => ({ leaks, problems }));
    await ps.close();
    expect([leaks, problems, ps.errors]).toEqual([{ handles: 0, bytes: 0 }, [], []]);
  });
}

/** Opens a document with an apple that somebody drew, and nothing else. A person waits while the panel reads the selection. */
const openApple = (depth: 8 | 16) =>
  ps.photoshop(async (photoshop, bits) => {
    for (const id of photoshop.documents) {
      for (;;) {
        try {
          photoshop.close(id);
          break;
        } catch (error) {
          if (!String(error).includes("is modal")) throw error;
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    }
    photoshop.open({
      name: "Apple.psd",
      width: 331,
      height: 277,
      depth: bits,
      layers: [
        {
          name: "Sketch",
          bounds: { left: 60, top: 20, right: 260, bottom: 240 },
          fill: (x, y) => {
            const away = Math.hypot(x - 160, (y - 140) * 1.1);
            const isStem = Math.abs(x - 160 - (70 - y) / 5) < 3 && y > 30 && y < 70;
            return (away > 74 && away < 80) || isStem ? [20, 20, 20, 255] : [0, 0, 0, 0];
          },
        },
        { name: "Background", kind: "background", fill: (x, y) => [255 - x / 4, 240, 200 + y / 8] },
      ],
    });
  }, depth);

/** Selects the apple with a soft edge, and waits until its map is seen. */
async function selectSoftly(): Promise<void> {
  await ps.person((photoshop) =>
    photoshop.select({ ellipse: { left: 61, top: 23, right: 262, bottom: 240 } }, { feather: 6 }),
  );
  await panel.getByText("Selection · 233 × 249", { exact: true }).waitFor();
  await panel.getByRole("img", { name: /^Map of / }).waitFor();
}

async function ask(steps: number): Promise<void> {
  const prompt = panel.getByRole("textbox", { name: "Prompt" });
  await prompt.fill(phrase);
  await prompt.press("Escape"); // its suggestions lie over what is below
  await button("More settings").click();
  await panel.getByRole("textbox", { name: "Steps" }).fill(String(steps));
  await button("More settings").click();
}

/** Begins to draw, and waits until the model has begun with a step: it is looked for in every frame, for it is short. */
async function begin(): Promise<void> {
  await button("Generate").click();
  const isStepping = () => [...document.querySelectorAll("button")].some((one) => /^Step \d+ of/.test(one.textContent));
  await panel.waitForFunction(isStepping, null, { polling: "raf", timeout: 60_000 });
}

/** What of the document no generation may touch. */
const documentNow = () => ps.photoshop((photoshop) => ({ bytes: photoshop.snapshot(), history: photoshop.history }));

/** The same after one more step of the history. */
const oneStepMore = ({ history }: Awaited<ReturnType<typeof documentNow>>) => ({
  names: [...history.names, `Underdraw: ${phrase}`],
  current: history.current + 1,
});

/** Every sample of the layers that were placed, and of their masks, the lowest first. */
const placed = () =>
  ps.photoshop((photoshop) =>
    photoshop.layers
      .filter(({ pixels, parent }) => pixels && parent?.startsWith("Underdraw"))
      .map(({ pixels, mask }) => [pixels, mask].map((one) => one && { ...one, data: [...one.data].join() }))
      .reverse(),
  );

/** How many pixels the last step changed, inside of the selection and outside of it. */
const changed = () =>
  ps.photoshop((photoshop) => {
    const { selection } = photoshop;
    const now = photoshop.picture();
    photoshop.undo();
    const then = photoshop.picture();
    photoshop.redo();
    const isSelected = (x: number, y: number): boolean => {
      if (!selection || x < selection.left || x >= selection.right || y < selection.top) return false;
      return (selection.data[(y - selection.top) * selection.width + x - selection.left] ?? 0) > 0;
    };
    const pixels = { inside: 0, outside: 0 };
    for (let at = 0; at < now.data.length; at += now.channels) {
      const isSame = now.data.subarray(at, at + now.channels).every((value, i) => value === then.data[at + i]);
      const [x, y] = [(at / now.channels) % now.width, Math.floor(at / now.channels / now.width)];
      if (!isSame) pixels[isSelected(x, y) ? "inside" : "outside"]++;
    }
    return pixels;
  });

/** A soft selection, its map, a picture, one state, back, again, and redrawn from the layer. */
async function flow(depth: 8 | 16, theme: Theme): Promise<void> {
  await openApple(depth);
  await selectSoftly();
  await shoot(`${theme}-map`);
  await ask(4);
  const before = await documentNow();
  await begin();
  await shoot(`${theme}-working`);
  await button("Apply as layer").waitFor({ timeout: 60_000 });
  await shoot(`${theme}-result`);
  expect(await documentNow()).toEqual(before);

  await button("Apply as layer").click();
  await applied().waitFor();
  const after = await documentNow();
  expect(after.history).toEqual(oneStepMore(before));
  const { inside, outside } = await changed();
  expect(outside).toBe(0);
  expect(inside).toBeGreaterThan(20_000);

  await ps.person((photoshop) => photoshop.undo());
  expect((await documentNow()).bytes).toBe(before.bytes);
  await ps.person((photoshop) => photoshop.redo());
  expect(await documentNow()).toEqual(after);

  // The layer alone is selected: it says that it was drawn here, and draws itself again.
  await ps.person((photoshop, name) => {
    photoshop.select(null);
    photoshop.activate(name);
  }, phrase);
  await button("Redraw").click();
  await expect.poll(() => pictures().count(), { timeout: 60_000 }).toBe(2);
  const between = await documentNow();
  await button("Apply as layer").click();
  await expect.poll(() => applied().count()).toBe(2);
  expect((await documentNow()).history).toEqual(oneStepMore(between));
  const [first, second, ...more] = await placed();
  expect(more).toEqual([]);
  expect(first?.map((one) => one?.depth)).toEqual([depth, depth]);
  expect(second).toEqual(first);
  await shoot(`${theme}-redrawn`);
}

describe("in 8 bits, in a dark Photoshop", () => {
  openPhotoshopWith("darkest");

  test("from a soft selection to a layer, one undo back, redo, and the same pixels from the layer's recipe", () =>
    flow(8, "darkest"));

  test("while another plugin holds Photoshop the panel says so, and applies when it may", async () => {
    await openApple(8);
    await selectSoftly();
    const before = await documentNow();
    const count = await pictures().count();
    await button("Generate").click();
    await expect.poll(() => pictures().count(), { timeout: 60_000 }).toBe(count + 1);
    await ps.photoshop((photoshop) => {
      Object.assign(globalThis, { release: photoshop.busy("com.example.other") });
    });
    await button("Apply as layer").click();
    const busy = card("The editor is busy");
    await busy.waitFor();
    await busy.getByText("Details").click();
    await shoot("darkest-busy");
    expect(await busy.getByText("com.example.other is at work").isVisible()).toBe(true);
    expect(await documentNow()).toEqual(before);
    await ps.page.evaluate("release()");
    await busy.getByRole("button", { name: "Try again" }).click();
    await expect.poll(async () => (await documentNow()).history).toEqual(oneStepMore(before));
    await expect.poll(() => busy.count()).toBe(0);
  });

  test("a document that is closed while a picture is drawn: the panel says so, and the picture can be saved", async () => {
    await openApple(8);
    await selectSoftly();
    await ask(20);
    const count = await pictures().count();
    await begin();
    await ps.person((photoshop) => photoshop.close());
    expect(await button(/^Step \d+ of/).count()).toBe(1);
    await expect.poll(() => pictures().count(), { timeout: 60_000 }).toBe(count + 1);
    await button("Apply as layer").click();
    const closed = card("The document was closed");
    await closed.waitFor();
    await shoot("darkest-closed");
    const [download] = await Promise.all([
      ps.page.waitForEvent("download"),
      closed.getByRole("button", { name: "Save" }).click(),
    ]);
    const file = await readFile(await download.path());
    expect(download.suggestedFilename()).toMatch(/^underdraw-\d+\.png$/);
    expect(file.subarray(1, 4).toString()).toBe("PNG");
    expect(file.includes(recipeKeyword)).toBe(true);
    expect(await pictures().count()).toBe(count + 1);
    expect(await ps.photoshop((photoshop) => photoshop.documents)).toEqual([]);
  });
});

describe("in 16 bits, in a light Photoshop", () => {
  openPhotoshopWith("lightest");

  test("from a soft selection to a layer, one undo back, redo, and the same pixels from the layer's recipe", () =>
    flow(16, "lightest"));

  test("a panel that is loaded anew while it draws connects again, and draws", async () => {
    await openApple(16);
    await selectSoftly();
    await ask(20);
    const before = await documentNow();
    await begin();
    await panel.evaluate("window.old = true; setTimeout(() => location.reload())");
    await expect.poll(() => panel.evaluate("window.old ?? null").catch(() => true), { timeout: 20_000 }).toBe(null);
    await panel.getByRole("img", { name: /^Map of / }).waitFor();
    await expect.poll(() => ps.page.workers().length).toBe(1);
    expect(await pictures().count()).toBe(0);
    expect(await documentNow()).toEqual(before);
    await ask(1);
    await button("Generate").click();
    await button("Apply as layer").click({ timeout: 60_000 });
    await expect.poll(async () => (await documentNow()).history).toEqual(oneStepMore(before));
  });

  test("a panel that is closed while it draws leaves nothing behind", async () => {
    await openApple(16);
    await selectSoftly();
    await ask(20);
    const before = await documentNow();
    await begin();
    await ps.page.evaluate("document.querySelector('uxp-panel').remove()");
    await expect.poll(() => ps.page.workers().length).toBe(0);
    await expect.poll(() => ps.page.frames().length).toBe(1);
    expect(await documentNow()).toEqual(before);
    // Nobody hears of this, and nobody holds the document when Photoshop ends.
    await ps.person(async (photoshop) => {
      photoshop.select(null);
      await photoshop.plugin.entrypoints.destroy();
    });
    expect(await ps.photoshop(({ modal }) => modal)).toBe(false);
  });
});
