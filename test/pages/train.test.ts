import { mkdirSync } from "node:fs";
import { createPixels, type Pixels } from "@underdraw/engine/core";
import { writePicture } from "@underdraw/engine/pictures";
import axe from "axe-core";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { canKeep } from "../../examples/train/plan-view.ts";
import { chromiumFlags, findChromium } from "../../scripts/chromium.mjs";
import { openSite, type Site } from "./site.ts";

// The page that trains, as it is built and served, in a real Chromium on onnxruntime's wasm provider (`?device=cpu`): pairs
// of 64 px, two a step, a few steps.

const executablePath = findChromium();
const shots = "test/pages/out";

let site: Site;
let browser: Browser;
let context: BrowserContext;
let page: Page;
let problems: string[] = [];

beforeAll(async () => {
  if (executablePath === null) return;
  mkdirSync(shots, { recursive: true });
  [site, browser] = await Promise.all([
    openSite("train"),
    chromium.launch({ executablePath, args: chromiumFlags as string[] }),
  ]);
}, 180_000);

afterAll(async () => {
  await browser?.close();
  await site?.close();
});

beforeEach(({ skip }) => {
  if (executablePath === null) skip("there is no Chromium: install Debian's package `chromium`, or set CHROMIUM");
  problems = [];
});

afterEach(async () => {
  await context?.close();
  expect(problems).toEqual([]);
});

/** Opens the page; whatever goes wrong on it, or leaves the machine, is a problem of the test. */
async function open(): Promise<void> {
  context = await browser.newContext({ viewport: { width: 1200, height: 900 }, acceptDownloads: true });
  page = await context.newPage();
  // Shows the test what the page tells of its progress, and its workers.
  await page.addInitScript(() => {
    const heard = globalThis as unknown as { values: number[]; workers: Worker[] };
    heard.values = [];
    heard.workers = [];
    globalThis.Worker = class extends Worker {
      constructor(address: string | URL, options?: WorkerOptions) {
        super(address, options);
        heard.workers.push(this);
      }
    };
    addEventListener("DOMContentLoaded", () => {
      const progress = document.getElementById("progress") as HTMLProgressElement;
      new MutationObserver(() => heard.values.push(progress.value)).observe(progress, { attributeFilter: ["value"] });
    });
  });
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(site.origin)) problems.push(request.url());
  });
  await page.goto(`${site.address}?device=cpu`);
  await expect.poll(() => page.locator("#device").textContent(), { timeout: 60_000 }).toBe("Processor");
}

const text = (id: string): Promise<string | null> => page.locator(`#${id}`).textContent();
const isReady = (): Promise<boolean> =>
  page.locator("#train").evaluate((button) => button.ariaDisabled !== "true" && button.textContent === "Train");

/** A square on a ground, filled or its outline. */
function square(at: number, colour: readonly [number, number, number], ground: number, isOutline: boolean): Pixels {
  const pixels = createPixels(64, 64);
  for (let y = 0; y < 64; y++)
    for (let x = 0; x < 64; x++) {
      const inside = (by: number) => x >= at + by && x < 56 - by && y >= at + by && y < 56 - by;
      const isOn = inside(0) && !(isOutline && inside(2));
      pixels.data.set(isOn ? [...colour, 255] : [ground, ground, ground, 255], 4 * (y * 64 + x));
    }
  return pixels;
}

interface PickedFile {
  readonly name: string;
  readonly mimeType: string;
  readonly buffer: Buffer;
}

/** Pairs as one flat set of files: a list, maps and pictures. `broken` is no picture. */
async function pairFiles(count: number, { broken = -1 } = {}): Promise<PickedFile[]> {
  const files: PickedFile[] = [];
  const lines: string[] = [];
  for (let n = 0; n < count; n++) {
    const colour = [(n * 53) % 200, (n * 91) % 200, (n * 29) % 200] as const;
    const picture = await writePicture(square(6 + n, colour, 255, false), { format: "png" });
    const map = await writePicture(square(6 + n, [255, 255, 255], 0, true), { format: "png" });
    const add = (name: string, buffer: Uint8Array | string) =>
      files.push({ name, mimeType: "image/png", buffer: Buffer.from(buffer) });
    add(`picture-${n}.png`, n === broken ? "no picture" : picture);
    add(`map-${n}.png`, map);
    lines.push(
      JSON.stringify({ source: `map-${n}.png`, target: `picture-${n}.png`, prompt: `flat emoji of square ${n}` }),
    );
  }
  files.push({ name: "prompt.json", mimeType: "application/json", buffer: Buffer.from(lines.join("\n")) });
  return files;
}

/** Small pictures, few pairs a step, a few steps, each of them kept. */
async function chooseSmall(steps: number): Promise<void> {
  await page.locator("summary", { hasText: "More settings" }).click();
  await page.getByLabel("Picture side, px").selectOption("64");
  await page.getByLabel("Pairs a step").fill("2");
  await page.getByLabel("Minutes").fill("");
  await page.getByLabel("Steps at most").fill(String(steps));
  await page.getByLabel("Steps a look").fill("1");
}

async function axeViolations(): Promise<unknown> {
  await page.evaluate(axe.source);
  return page.evaluate(async () => {
    const run = (globalThis as unknown as { axe: typeof axe }).axe.run;
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const { violations } = await run(document, { runOnly: tags });
    return violations.map(({ id, nodes }) => [id, nodes.map(({ html, failureSummary }) => [html, failureSummary])]);
  });
}

/** Looks at the page at two widths, light and dark: nothing is cut off, and axe finds nothing. */
async function lookWell(name: string): Promise<void> {
  for (const [width, height] of [
    [1200, 900],
    [360, 800],
  ] as const)
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize({ width, height });
      await page.emulateMedia({ colorScheme });
      // The chart is drawn anew after its element has another width.
      await page.waitForTimeout(200);
      await page.screenshot({ path: `${shots}/train-${name}-${width}-${colorScheme}.png`, fullPage: true });
      const wide = await page.evaluate(() =>
        [...document.querySelectorAll("body *")]
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
          .map((element) => element.outerHTML.slice(0, 120)),
      );
      expect(wide).toEqual([]);
      // What axe finds depends on colours, not on widths.
      if (width > 360) expect(await axeViolations()).toEqual([]);
    }
  await page.setViewportSize({ width: 1200, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
}

test("pairs are looked at before anything is learnt, and what is wrong stands beside them", async () => {
  await open();
  await lookWell("first");
  await chooseSmall(3);
  await page.locator("#files").setInputFiles(await pairFiles(9, { broken: 4 }));
  await expect.poll(isReady, { timeout: 90_000 }).toBe(true);
  expect(await text("pairs-count")).toBe("8 of 9 can be learnt from");
  const first = page.locator("#thumbs li").first();
  expect(await first.textContent()).toContain("picture-4.png");
  expect(await first.textContent()).toContain("left out");
  expect(await page.locator("#thumbs canvas").count()).toBe(16);
  expect(await text("findings")).toContain("8 pairs are few");
  expect(await text("plan")).toMatch(/MB at the most: .* weights, .* work/);
  expect(await text("plan")).toMatch(/zero convolutions: [\d,]{9,} numbers/);
  expect(await text("plan")).toMatch(/the base's UNet, all of it: model-mini, [\d,]{9,} numbers/);
  await lookWell("pairs");

  // Light learns less, and takes less.
  const weights = async () => Number(/([\d.]+) MB weights/.exec((await text("plan-memory")) ?? "")?.[1]);
  const whole = await weights();
  await page.getByRole("radio", { name: /^Light/ }).check();
  await expect.poll(weights, { timeout: 60_000 }).toBeLessThan(whole);
  expect(await text("plan-facts")).toContain("low-rank parts");

  // Dark lines on white would teach the opposite.
  await page.getByLabel("Maps show").selectOption("canny");
  await page.locator("#invert").check();
  await expect.poll(() => text("findings"), { timeout: 60_000 }).toContain("Wrong polarity");
  expect(await text("findings")).toContain("Tick “Invert” beside your pairs to train on white lines on black.");
  await page.locator("#invert").uncheck();
  await expect.poll(isReady, { timeout: 60_000 }).toBe(true);
  expect(await text("findings")).not.toContain("Wrong polarity");

  // Too few pairs are refused with words, and nothing can be begun.
  await page.locator("#files").setInputFiles((await pairFiles(3)).slice(0));
  await expect.poll(() => text("note"), { timeout: 60_000 }).toContain("too few");
  expect(await page.locator("#train").getAttribute("aria-disabled")).toBe("true");

  // Pictures alone: the condition that is chosen draws their maps.
  const alone = (await pairFiles(5)).filter(({ name }) => name.startsWith("picture"));
  await page.locator("#files").setInputFiles(alone);
  await expect.poll(isReady, { timeout: 90_000 }).toBe(true);
  expect(await page.getByLabel("Files are").inputValue()).toBe("pictures");
  expect(await page.getByLabel("Maps show").inputValue()).toBe("canny");
  await page.getByLabel("Maps show").selectOption("silhouette");
  await expect.poll(isReady, { timeout: 90_000 }).toBe(true);
  expect(await page.locator("#thumbs li").count()).toBe(5);
}, 400_000);

test("a net is trained, stopped, gone on with after a reload, tried and saved", async () => {
  await open();
  await chooseSmall(300);
  await page.locator("#files").setInputFiles(await pairFiles(9));
  await page.getByLabel("Maps show").selectOption("canny");
  await expect.poll(isReady, { timeout: 90_000 }).toBe(true);

  await page.locator("#train").click();
  const number = (at: number): Promise<string | null> => page.locator("#numbers dd b").nth(at).textContent();
  await expect.poll(() => page.locator("#run").isVisible(), { timeout: 300_000 }).toBe(true);
  await expect.poll(() => number(0), { timeout: 300_000 }).toMatch(/^[2-9]$/);
  expect(await text("train-text")).toMatch(/^Step \d of 300/);
  expect(Number(await number(1))).toBeGreaterThan(0);
  expect(await page.locator("#chart svg").getAttribute("aria-label")).toMatch(/^Loss curve\. Loss: [\d.]+ in step 1/);
  expect(await page.locator("#samples .sample").count()).toBe(2);
  expect(await text("proof")).toContain("At step 0 the loss with the net is that without it");
  await lookWell("learning");

  // The page goes away in the middle of a step: what the last checkpoint holds is there.
  await page.reload();
  await expect.poll(() => page.locator("#kept").isVisible(), { timeout: 60_000 }).toBe(true);
  expect(await text("kept-title")).toBe("“these files” was being trained.");
  const kept = Number(/^(\d+) steps?/.exec((await text("kept-text")) ?? "")?.[1]);
  expect(kept).toBeGreaterThanOrEqual(1);
  await lookWell("kept");
  await page.getByRole("button", { name: "Go on" }).first().click();
  await expect.poll(() => text("told"), { timeout: 300_000 }).toContain(`Goes on from step ${kept}, `);
  expect(await page.getByLabel("Maps show").inputValue()).toBe("canny");
  await expect.poll(async () => Number(await number(0)), { timeout: 300_000 }).toBeGreaterThan(kept);

  // A drawing with the net of now comes in between steps.
  await page.locator("#maps button").first().click();
  await page.getByRole("textbox", { name: "Prompt" }).fill("flat emoji of red square");
  await page.getByRole("button", { name: "Draw" }).click();
  await expect.poll(() => text("drawn-facts"), { timeout: 300_000 }).toMatch(/^net of step \d+ · [\d.]+ s/);
  expect(await page.locator("#drawn").getAttribute("aria-label")).toBe("Picture: flat emoji of red square");

  // Stop is answered at once, and ends after the step.
  await page.getByRole("button", { name: "Stop" }).focus();
  await page.keyboard.press("Enter");
  expect(await text("train-text")).toBe("Stopping after this step…");
  await expect.poll(() => text("train-text"), { timeout: 300_000 }).toBe("Go on");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("train");
  expect(await page.locator("#note").isVisible()).toBe(false);
  // What was told of the progress never fell; a run begins at 0.
  const values = await page.evaluate(() => (globalThis as unknown as { values: number[] }).values);
  expect(values.length).toBeGreaterThan(3);
  expect(values.filter((value, n) => value > 0 && value < (values[n - 1] ?? 0))).toEqual([]);

  // Nothing is written without a licence.
  await page.getByRole("button", { name: "Make the files" }).click();
  expect(await page.locator("#licence").getAttribute("aria-invalid")).toBe("true");
  expect(await page.locator("#written").isVisible()).toBe(false);
  await page.getByLabel("Name").fill("my squares");
  await page.getByLabel("Licence").fill("CC0-1.0");
  await page.getByRole("button", { name: "Make the files" }).click();
  await expect.poll(() => page.locator("#written").isVisible(), { timeout: 300_000 }).toBe(true);
  const card = await page.locator("#card").inputValue();
  expect(card).toContain("# my squares");
  expect(card).toContain('license: "cc0-1.0"');
  expect(await text("proof")).toContain("The largest difference that the fresh net made is 0, exactly.");
  const hashes = await page.locator("#proof code").allTextContents();
  expect(hashes).toHaveLength(2);
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(hashes[1]).toBe(hashes[0]);
  const saving = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download config.json" }).click();
  const download = await saving;
  expect(download.suggestedFilename()).toBe("config.json");
  expect(await text("net-files")).toContain("diffusion_pytorch_model.safetensors");
  await lookWell("saved");

  // Going on in the same page goes on from the same step, to an end that is reached at once.
  const last = Number(await number(0));
  await page.locator("summary", { hasText: "More settings" }).click();
  await page.getByLabel("Steps at most").fill(String(last + 1));
  await page.locator("#train").click();
  await expect.poll(() => text("status"), { timeout: 300_000 }).toBe("The training has ended.");
  expect(Number(await number(0))).toBe(last + 1);
  await page.locator("#train").click();
  expect(await text("note")).toContain(`${last + 1} steps are done.`);

  // What is kept can be forgotten.
  await page.reload();
  await expect.poll(() => text("kept-text"), { timeout: 60_000 }).toContain(`${last + 1} steps are kept`);
  await page.getByRole("button", { name: "Forget it" }).click();
  await expect.poll(() => page.locator("#kept").isVisible()).toBe(false);
  const left = () =>
    page.evaluate(async () => {
      const folder = await (await navigator.storage.getDirectory()).getDirectoryHandle("training");
      const run = await folder.getDirectoryHandle("run");
      let count = 0;
      for await (const _ of run.keys()) count++;
      return count;
    });
  await expect.poll(left).toBe(0);
}, 1_500_000);

test("another training erases a kept one only when that was agreed to", async () => {
  await open();
  // What a training of another day left: five steps.
  await page.evaluate(async () => {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("training", { create: true });
    const write = async (folder: string, name: string, text: string): Promise<void> => {
      const at = await root.getDirectoryHandle(folder, { create: true });
      const out = await (await at.getFileHandle(name, { create: true })).createWritable();
      await out.write(text);
      await out.close();
    };
    const description = {
      ...{ version: 1, name: "my icons", count: 1, reading: { kind: "pairs", condition: null, invert: false } },
      ...{ request: { mode: "whole", batch: 2, side: 64 }, settings: { every: 1 } },
    };
    await write("data", "a.png", "x");
    await write("run", "checkpoint-5.safetensors", "x");
    await write("chosen", "training.json", JSON.stringify(description));
  });
  const kept = () =>
    page.evaluate(async () => {
      const root = await (await navigator.storage.getDirectory()).getDirectoryHandle("training");
      const file = await (await root.getDirectoryHandle("chosen")).getFileHandle("training.json");
      return (JSON.parse(await (await file.getFile()).text()) as { name: string }).name;
    });
  await page.reload();
  await expect.poll(() => text("kept-text"), { timeout: 60_000 }).toContain("5 steps are kept");
  await chooseSmall(1);
  await page.locator("#files").setInputFiles(await pairFiles(5));
  await expect.poll(isReady, { timeout: 90_000 }).toBe(true);

  // The question has the focus and a name, and Escape leaves all as it is.
  const question = page.getByRole("dialog", { name: "“my icons” is kept here" });
  await page.locator("#train").focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => question.isVisible()).toBe(true);
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Leave it");
  expect(await page.locator("#replacing").getAttribute("aria-describedby")).toBe("replacing-text");
  expect(await text("replacing-text")).toMatch(/^5 steps of that training .* what was learnt is erased\.$/);
  await lookWell("replacing");
  await page.keyboard.press("Escape");
  await expect.poll(() => question.isVisible()).toBe(false);
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("train");
  await expect.poll(() => text("train-text")).toBe("Train");
  await page.keyboard.press("Enter");
  await expect.poll(() => question.isVisible()).toBe(true);
  await page.keyboard.press("Enter");
  await expect.poll(() => question.isVisible()).toBe(false);
  expect(await kept()).toBe("my icons");
  expect(await page.locator("#kept").isVisible()).toBe(true);

  // Agreed to, the other takes its place.
  await page.locator("#train").click();
  await page.getByRole("button", { name: "Erase it and train" }).click();
  await expect.poll(() => text("status"), { timeout: 300_000 }).toBe("The training has ended.");
  expect(await kept()).toBe("these files");
}, 800_000);

test("where the browser gives no room, that is said, and training goes on without it", async () => {
  await open();
  const session = await context.newCDPSession(page);
  await session.send("Storage.overrideQuotaForOrigin", { origin: site.origin, quotaSize: 5_000_000 });
  await chooseSmall(2);
  await page.locator("#files").setInputFiles(await pairFiles(5));
  await expect.poll(isReady, { timeout: 90_000 }).toBe(true);
  await page.locator("#train").click();
  await expect.poll(() => text("note-title"), { timeout: 300_000 }).toBe("This training cannot be kept here.");
  expect(await page.locator("#note").getAttribute("class")).toContain("bad");
  // What was learnt until then is not lost.
  await page.getByRole("button", { name: "Train without keeping it" }).click();
  await expect.poll(() => text("status"), { timeout: 300_000 }).toBe("The training has ended.");
  expect(await page.locator("#numbers dd b").first().textContent()).toBe("2");
  // Five pairs are too few to keep some aside: the net can be tried all the same.
  expect(await page.locator("#samples .sample").count()).toBe(0);
  expect(await page.locator("#try").isVisible()).toBe(true);
  // Whoever closes the page is asked, as the net is nowhere else.
  const asked: string[] = [];
  page.on("dialog", (dialog) => {
    asked.push(dialog.type());
    void dialog.accept();
  });
  await page.reload();
  expect(asked).toEqual(["beforeunload"]);
}, 800_000);

test("a worker that stops is told, and a new one is there; one that never begins is not tried again", async () => {
  await open();
  const count = () => page.evaluate(() => (globalThis as unknown as { workers: Worker[] }).workers.length);
  const stopLast = () =>
    page.evaluate(() => {
      const { workers } = globalThis as unknown as { workers: Worker[] };
      workers.at(-1)?.dispatchEvent(new ErrorEvent("error", { message: "boom" }));
    });
  await stopLast();
  expect(await text("note")).toContain("was started anew");
  expect(await text("note")).toContain("It failed: boom. Nothing was learnt yet.");
  expect(await count()).toBe(2);
  // The second one has said nothing yet.
  await stopLast();
  expect(await text("note")).toContain("Close other tabs");
  expect(await page.locator("#note-act").textContent()).toBe("Reload");
  expect(await count()).toBe(2);
});

test("an error that nobody caught ends the run and is told; one that is only reported is told, and ends nothing", async () => {
  await open();
  await chooseSmall(300);
  await page.locator("#files").setInputFiles(await pairFiles(5));
  await expect.poll(isReady, { timeout: 90_000 }).toBe(true);
  await page.locator("#train").click();
  const done = async () => Number(await page.locator("#numbers dd b").first().textContent());
  await expect.poll(done, { timeout: 300_000 }).toBeGreaterThan(0);

  const worker = page.workers().at(-1);
  if (!worker) throw new Error("The page has no worker.");
  await worker.evaluate(() => reportError(new Error("There is no room for a checkpoint.")));
  await expect.poll(() => text("note-text")).toBe("There is no room for a checkpoint.");
  const before = await done();
  await expect.poll(done, { timeout: 300_000 }).toBeGreaterThan(before);

  await worker.evaluate(() => void Promise.reject(new Error("nobody waits for this")));
  await expect.poll(() => text("note-text"), { timeout: 60_000 }).toMatch(/^It failed: .*nobody waits for this\./);
  expect(await text("note-text")).toContain("go on with the training that is kept.");
  expect(await text("train-text")).toBe("Train");
  await expect.poll(() => page.locator("#kept").isVisible(), { timeout: 60_000 }).toBe(true);
  // The browser tells of it too.
  problems = problems.filter((problem) => problem !== "nobody waits for this");
}, 800_000);

test("a training is kept where there is room, or where nobody tells", () => {
  expect(canKeep({ room: 3e8, keeping: 2e8 })).toBe(true);
  expect(canKeep({ room: 2e8, keeping: 3e8 })).toBe(false);
  expect(canKeep({ room: null, keeping: 3e8 })).toBe(true);
  expect(canKeep({ room: 2e8, keeping: null })).toBe(true);
  expect(canKeep({ room: 0, keeping: null })).toBe(false);
});
