import { mkdirSync, readFileSync } from "node:fs";
import { fingerprintOf, parseRecipe, recipeKeyword } from "@underdraw/engine";
import { createPixels } from "@underdraw/engine/core";
import { nodeFolder } from "@underdraw/engine/node";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { miniFolder } from "@underdraw/model-mini/node";
import axe from "axe-core";
import { type Browser, chromium, type Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { chromiumFlags, findChromium } from "../../scripts/chromium.mjs";
import { openSite, type Site } from "./site.ts";

// The example page as it is built and served, in a real Chromium with real pointers and keys. What draws pictures here
// is onnxruntime's wasm provider (`?device=cpu`), since software WebGPU is far slower; one short test takes WebGPU.

const executablePath = findChromium();
const shots = "test/pages/out";

let site: Site;
let browser: Browser;
let page: Page;
let problems: string[] = [];

beforeAll(async () => {
  if (executablePath === null) return;
  mkdirSync(shots, { recursive: true });
  [site, browser] = await Promise.all([
    openSite("sketch"),
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
  await page?.context().close();
  expect(problems).toEqual([]);
});

/** Opens the page; whatever goes wrong on it, or leaves the machine, is a problem of the test. */
async function open(
  query = "?device=cpu",
  options: Parameters<Browser["newContext"]>[0] = {},
  where: Browser = browser,
): Promise<void> {
  const context = await where.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  page = await context.newPage();
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("request", (request) => {
    if (!/^(data|blob):/.test(request.url()) && !request.url().startsWith(site.origin)) problems.push(request.url());
  });
  // Shows the test what the page hands to its worker.
  await page.addInitScript(() => {
    const watched = globalThis as unknown as { calls: { call?: string }[]; workers: Worker[] };
    watched.calls = [];
    watched.workers = [];
    const post = Worker.prototype.postMessage as (this: Worker, message: unknown, transfer: Transferable[]) => void;
    Worker.prototype.postMessage = function (this: Worker, message: unknown, transfer: unknown): void {
      if (!watched.workers.includes(this)) watched.workers.push(this);
      watched.calls.push(structuredClone(message) as { call?: string });
      post.call(this, message, transfer as Transferable[]);
    };
  });
  await page.goto(site.address + query);
}

/** The place of the pad in the window. */
async function padBox(): Promise<{ x: number; y: number; side: number }> {
  const box = await page.locator("#pad").boundingBox();
  if (!box) throw new Error("The pad is not on the page.");
  return { x: box.x, y: box.y, side: box.width };
}

/** Draws a circle around the middle of the pad with the mouse; its radius in parts of the pad. */
async function drawCircle(radius = 0.3): Promise<void> {
  const { x, y, side } = await padBox();
  const at = (turn: number): [number, number] => [
    x + side * (0.5 + radius * Math.cos(turn * 2 * Math.PI)),
    y + side * (0.5 + radius * Math.sin(turn * 2 * Math.PI)),
  ];
  await page.mouse.move(...at(0));
  await page.mouse.down();
  for (let n = 1; n <= 24; n++) await page.mouse.move(...at(n / 24));
  await page.mouse.up();
}

/** The share of the pad that is inked. */
const inked = (): Promise<number> =>
  page.locator("#pad").evaluate((canvas) => {
    const { width, height } = canvas as HTMLCanvasElement;
    const data = (canvas as HTMLCanvasElement).getContext("2d")?.getImageData(0, 0, width, height).data ?? [];
    let count = 0;
    for (let i = 3; i < data.length; i += 4) if ((data[i] as number) > 127) count++;
    return count / (width * height);
  });

/** The last picture that the page asked its worker for: the seed, and the map of its one control. */
const lastDrawn = (): Promise<{ seed: string; map: number[] }> =>
  page.evaluate(() => {
    interface Asked {
      call?: string;
      request: { seed: bigint; controls: { map: { pixels: { data: Uint8ClampedArray } } }[] };
    }
    const call = (globalThis as unknown as { calls: Asked[] }).calls.findLast((one) => one.call === "generate");
    if (!call) throw new Error("The worker was never asked for a picture.");
    const { seed, controls } = call.request;
    return { seed: String(seed), map: [...(controls[0]?.map.pixels.data ?? [])] };
  });

async function chooseSteps(steps: number): Promise<void> {
  await page.getByRole("button", { name: "More settings" }).click();
  await page.getByLabel("Steps").fill(String(steps));
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

test("a mouse draws, and undo, redo and clear go back and forth", async () => {
  await open();
  expect(await inked()).toBe(0);
  await drawCircle();
  const circle = await inked();
  // A ring of width 4 and radius 0.3 x 256 on a sheet of 256 x 256.
  expect(circle).toBeCloseTo((2 * Math.PI * 0.3 * 256 * 4) / 256 ** 2, 2);

  await page.keyboard.press("Control+z");
  expect(await inked()).toBe(0);
  await page.keyboard.press("Control+Shift+Z");
  expect(await inked()).toBe(circle);
  await page.getByRole("button", { name: "Clear" }).click();
  expect(await inked()).toBe(0);
  await page.getByRole("button", { name: "Undo" }).click();
  expect(await inked()).toBe(circle);
});

test("the line has the width that was chosen, and the eraser rubs it out", async () => {
  await open();
  await drawCircle();
  const thin = await inked();
  await page.getByLabel("Line width").fill("12");
  await page.keyboard.press("Control+z");
  await drawCircle();
  expect((await inked()) / thin).toBeCloseTo(3, 1);
  await page.getByRole("button", { name: "Eraser" }).click();
  await drawCircle();
  expect(await inked()).toBeLessThan(0.001);
});

test("a finger draws and does not scroll; a second finger changes nothing", async () => {
  await open("?device=cpu", { viewport: { width: 480, height: 900 }, hasTouch: true });
  const { x, y, side } = await padBox();
  const device = await page.context().newCDPSession(page);
  const touch = (
    type: "touchStart" | "touchMove" | "touchEnd",
    ...places: [id: number, across: number, down: number][]
  ) =>
    device.send("Input.dispatchTouchEvent", {
      type,
      touchPoints: places.map(([id, across, down]) => ({ id, x: x + across * side, y: y + down * side })),
    });
  await touch("touchStart", [1, 0.1, 0.1]);
  for (let n = 1; n <= 8; n++) await touch("touchMove", [1, 0.1, 0.1 + n * 0.1]);
  // A browser hands moves on with the next frame: the line is whole when two looks at it agree.
  let line = 0;
  const settled = async () => {
    const before = line;
    line = await inked();
    return line === before;
  };
  await expect.poll(settled, { interval: 100 }).toBe(true);
  expect(line).toBeCloseTo((0.8 * 256 * 4) / 256 ** 2, 2);
  await touch("touchStart", [1, 0.1, 0.9], [2, 0.5, 0.5]);
  for (let n = 1; n <= 4; n++) await touch("touchMove", [1, 0.1, 0.9], [2, 0.5 + n * 0.1, 0.5]);
  await touch("touchEnd");
  expect(await inked()).toBeCloseTo(line, 3);
  expect(await page.evaluate(() => scrollY)).toBe(0);
});

test("a drawing stays the same when the window changes", async () => {
  await open();
  await drawCircle();
  const before = await inked();
  await page.setViewportSize({ width: 600, height: 900 });
  await expect.poll(inked).toBeCloseTo(before, 2);
});

test("suggestions complete a prompt from the keyboard", async () => {
  await open();
  const prompt = page.getByRole("textbox", { name: "Prompt" });
  const options = page.getByRole("option");
  await prompt.focus();
  await expect.poll(() => options.allInnerTexts()).toContainEqual(expect.stringContaining("flat emoji"));
  await prompt.pressSequentially("flat emoji of a hou");
  expect((await options.allInnerTexts()).map((text) => text.split("\n")[0])).toEqual(["house", "house with garden"]);
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("ArrowDown");
  expect(await prompt.getAttribute("aria-activedescendant")).toBe(
    await page.getByRole("option", { selected: true }).getAttribute("id"),
  );
  await page.keyboard.press("Enter");
  expect(await prompt.inputValue()).toBe("flat emoji of a house with garden");
  await prompt.pressSequentially(" on a re");
  await page.keyboard.press("Tab");
  expect(await prompt.inputValue()).toBe("flat emoji of a house with garden on a red background");
  await prompt.pressSequentially(", c");
  await page.keyboard.press("Escape");
  expect(await options.count()).toBe(0);
});

test("an empty sheet and a wrong seed are told in a sentence", async () => {
  await open();
  const generate = page.getByRole("button", { name: "Generate" });
  await generate.click();
  const note = page.locator("#note");
  await expect.poll(() => note.textContent()).toContain("Draw something first");
  await drawCircle();
  await page.getByRole("textbox", { name: "Seed" }).fill("18446744073709551616");
  await generate.click();
  await expect.poll(() => note.textContent()).toContain("18446744073709551615");
  expect(await page.locator("#status").textContent()).toContain("is no seed");
});

test("a picture that is opened becomes a sketch of its edges, and undo brings back what was there", async () => {
  await open();
  await drawCircle();
  const before = await inked();
  const picture = createPixels(64, 64);
  for (let i = 0; i < picture.data.length; i += 4) {
    const inside = Math.max(Math.abs(((i / 4) % 64) - 32), Math.abs(Math.floor(i / 256) - 32)) < 16;
    picture.data.set(inside ? [20, 90, 200, 255] : [250, 250, 250, 255], i);
  }
  const buffer = Buffer.from(await writePicture(picture, { format: "png" }));
  await page.locator("#file").setInputFiles({ name: "square.png", mimeType: "image/png", buffer });
  // The outline of a square of half the sheet's side, one pixel of 256 wide.
  await expect.poll(inked).toBeCloseTo((4 * 128) / 256 ** 2, 2);
  expect(await inked()).not.toBe(before);
  await page.keyboard.press("Control+z");
  await page.keyboard.press("Control+z");
  expect(await inked()).toBe(before);

  await page.locator("#file").setInputFiles({ name: "notes.png", mimeType: "image/png", buffer: Buffer.from("words") });
  await expect.poll(() => page.locator("#note").textContent()).toContain("“notes.png” could not be read");
});

test("a sketch and a prompt become a picture beside it, with progress, previews, stop and a recipe", async () => {
  await open();
  await drawCircle();
  await page.getByRole("textbox", { name: "Prompt" }).fill("flat emoji of red apple");
  await page.getByRole("textbox", { name: "Seed" }).fill("18446744073709551615");
  await page.getByRole("button", { name: "Keep the seed" }).click();
  await chooseSteps(4);
  const spoken: string[] = [];
  await page.exposeFunction("heard", (text: string) => spoken.push(text));
  await page.evaluate(() => {
    const status = document.getElementById("status") as HTMLElement;
    const { heard } = globalThis as unknown as { heard(text: string): void };
    new MutationObserver(() => heard(status.textContent ?? "")).observe(status, { childList: true });
  });

  const generate = page.locator("#generate");
  const image = page.locator("#image");
  await generate.click();
  const words = new Set<string>();
  let previewed = false;
  await expect
    .poll(
      async () => {
        words.add((await generate.textContent()) ?? "");
        previewed ||= await page.locator("#preview").isVisible();
        return image.isVisible();
      },
      { timeout: 120_000, interval: 50 },
    )
    .toBe(true);
  expect([...words].some((text) => /^Step \d of 4/.test(text))).toBe(true);
  expect(previewed).toBe(true);
  expect(spoken).toEqual(expect.arrayContaining(["Starting", "50 percent", "The picture is ready."]));
  expect(await page.locator("#facts").textContent()).toMatch(/^4 steps · [\d.]+ s · seed 18446744073709551615$/);
  expect(await page.locator("#device").textContent()).toBe("Processor");
  expect(await image.getAttribute("alt")).toBe("Picture: flat emoji of red apple");

  // The net reads white lines on black, whatever the page looks like.
  const { map, seed } = await lastDrawn();
  expect(seed).toBe("18446744073709551615");
  const reds = map.filter((_, i) => i % 4 === 0);
  expect(reds[0]).toBe(0);
  expect(Math.max(...reds)).toBe(255);
  expect(reds.reduce((sum, value) => sum + value, 0) / reds.length / 255).toBeCloseTo(await inked(), 2);

  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "Save" }).click();
  const download = await saving;
  expect(download.suggestedFilename()).toBe("underdraw-emoji-of-red-apple-18446744073709551615.png");
  const drawn = await readPicture(readFileSync(await download.path()), { name: "drawn.png" });
  expect(new Set(drawn.pixels.data).size).toBeGreaterThan(50);
  const recipe = parseRecipe(drawn.text.get(recipeKeyword) ?? "", "drawn.png");
  expect(recipe).toMatchObject({ prompt: "flat emoji of red apple", seed: "18446744073709551615", steps: 4 });
  expect(recipe.model).toEqual({ name: "model-mini", fingerprint: await fingerprintOf(nodeFolder(miniFolder())) });

  // Another sketch, the same seed: another picture. A word that the model was never taught is told beside it.
  const first = await image.getAttribute("src");
  const prompt = page.getByRole("textbox", { name: "Prompt" });
  await prompt.fill("flat emoji of a zqxjk");
  await drawCircle(0.15);
  await page.getByLabel("Steps").fill("2");
  await generate.click();
  await expect.poll(() => image.getAttribute("src"), { timeout: 60_000 }).not.toBe(first);
  await expect.poll(() => page.locator("#note-title").textContent()).toBe("The model has seen no drawing of “zqxjk”.");
  await page.screenshot({ path: `${shots}/untaught.png` });
  await prompt.fill("flat emoji of red apple");

  // Stop: at once for the person, and the last picture stays.
  const second = await image.getAttribute("src");
  await page.getByLabel("Steps").fill("50");
  await generate.click();
  await expect.poll(() => generate.textContent(), { timeout: 30_000 }).toMatch(/^Step/);
  await page.getByRole("button", { name: "Stop" }).focus();
  await page.keyboard.press("Enter");
  await expect.poll(() => generate.textContent(), { timeout: 1000 }).toBe("Generate");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("generate");
  expect(await image.getAttribute("src")).toBe(second);
  expect(await page.locator("#preview").isVisible()).toBe(false);
  expect(await page.locator("#status").textContent()).toBe("Stopped.");

  // The engine is ready for the next one, which gives way to the one after it.
  await generate.click();
  await expect.poll(() => generate.textContent(), { timeout: 30_000 }).toMatch(/^Step/);
  await page.getByLabel("Steps").fill("1");
  await prompt.press("Enter");
  await expect.poll(() => image.getAttribute("src"), { timeout: 60_000 }).not.toBe(second);
  expect(await page.locator("#facts").textContent()).toMatch(/^1 step · /);
  expect(await page.locator("#note").isVisible()).toBe(false);
  await page.screenshot({ path: `${shots}/picture.png` });
}, 240_000);

test("a worker that stops is told, and a new one is there", async () => {
  await open();
  await drawCircle();
  await page.locator("#generate").click();
  await page.evaluate(() => {
    const { workers } = globalThis as unknown as { workers: Worker[] };
    workers.at(-1)?.dispatchEvent(new ErrorEvent("error", { message: "boom" }));
  });
  const note = page.locator("#note");
  await expect.poll(() => note.textContent()).toContain("was started anew");
  expect(await page.locator("#generate").textContent()).toBe("Generate");
  const count = (): Promise<number> =>
    page.evaluate(() => (globalThis as unknown as { workers: Worker[] }).workers.length);
  await expect.poll(count).toBe(2);
  expect(await note.getByRole("button", { name: "Try again" }).isVisible()).toBe(true);
});

test.each(["light", "dark"] as const)("axe finds nothing in %s, in any state", async (colorScheme) => {
  await open("?device=cpu", { colorScheme });
  expect(await axeViolations()).toEqual([]);
  await page.locator("#prompt").pressSequentially("flat emoji of r");
  await page.keyboard.press("ArrowDown");
  expect(await axeViolations()).toEqual([]);
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "More settings" }).click();
  await page.getByRole("button", { name: "Generate" }).click();
  expect(await page.locator("#note").isVisible()).toBe(true);
  expect(await axeViolations()).toEqual([]);
  await page.getByRole("button", { name: "Mushroom" }).click();
  await page.getByRole("button", { name: "Generate" }).click();
  expect(await axeViolations()).toEqual([]);
});

test("the keyboard reaches everything, in reading order", async () => {
  await open();
  await drawCircle();
  await page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur());
  const names: string[] = [];
  for (let n = 0; n < 15; n++) {
    await page.keyboard.press("Tab");
    names.push(await page.evaluate(() => document.activeElement?.id ?? ""));
  }
  const tools = ["use-pen", "use-eraser", "width", "use-undo", "use-redo", "use-clear", "use-open"];
  const rest = ["prompt", "use-idea", "seed", "use-dice", "use-lock", "generate", "more"];
  expect(names.slice(0, -1)).toEqual([...tools, ...rest]);
});

test.each([
  [1280, 800],
  [480, 900],
  [240, 700],
])("nothing is cut off at %i x %i", async (width, height) => {
  for (const colorScheme of ["light", "dark"] as const) {
    await open("?device=cpu", { viewport: { width, height }, colorScheme });
    await page.screenshot({ path: `${shots}/${width}-${colorScheme}-first.png` });
    const wide = (): Promise<unknown> =>
      page.evaluate(() =>
        [...document.querySelectorAll("body *")]
          .filter((element) => element.getBoundingClientRect().right > innerWidth + 0.5)
          .map((element) => element.outerHTML.slice(0, 120)),
      );
    expect(await wide()).toEqual([]);
    await drawCircle();
    await page.locator("#prompt").pressSequentially("flat emoji of re");
    await page.screenshot({ path: `${shots}/${width}-${colorScheme}-words.png` });
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "More settings" }).click();
    await page.getByRole("textbox", { name: "Seed" }).fill("none");
    await page.locator("#generate").click();
    await page.screenshot({ path: `${shots}/${width}-${colorScheme}-note.png` });
    expect(await wide()).toEqual([]);
    await page.context().close();
  }
});

test("software WebGPU opens and loads the model, and Stop ends a picture that it would take minutes to draw", async () => {
  await open("?device=webgpu");
  await drawCircle();
  const device = page.locator("#device");
  await expect.poll(() => device.textContent(), { timeout: 110_000 }).toMatch(/^WebGPU · fp(16|32)$/);
  await page.locator("#generate").click();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect.poll(() => page.locator("#generate").textContent()).toBe("Generate");
  expect(await page.locator("#note").isVisible()).toBe(false);
}, 120_000);

test("without WebGPU, the page says in a sentence that the processor draws", async () => {
  const plain = await chromium.launch({
    executablePath: executablePath as string,
    args: (chromiumFlags as string[]).filter((flag) => flag !== "--enable-unsafe-webgpu"),
  });
  try {
    await open("", {}, plain);
    await drawCircle();
    const fallback = page.locator("#fallback");
    await expect.poll(() => fallback.textContent(), { timeout: 110_000 }).toMatch(/^WebGPU is not used, because .+\.$/);
    expect(await page.locator("#device").textContent()).toBe("Processor");
    await expect.poll(() => page.locator("#status").textContent()).toContain("WebGPU is not used");
    await page.screenshot({ path: `${shots}/fallback.png` });
  } finally {
    await plain.close();
  }
}, 120_000);
