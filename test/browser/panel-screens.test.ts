import { type ControlFidelity, canny, type Pixels } from "@underdraw/engine";
import type { Theme } from "@underdraw/sdk/panel";
import { afterEach, beforeAll, describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { landscapePicture, vectorHost } from "./panel/landscape.ts";
import { mount, picture, type Stage } from "./panel/stage.ts";
import { stageEngine } from "./panel/stage-engine.ts";

// Every screen of the panel at the widths of editors' panels: nothing is cut off, in no language. 115 px is the narrowest
// panel at 200 % zoom. With VITE_SCREENS=1 (scripts/screens.mjs) the pictures for docs/screens are taken on the way, in
// every theme.

const takes =
  (import.meta as ImportMeta & { readonly env: Readonly<Record<string, string>> }).env["VITE_SCREENS"] === "1";
const themes: readonly Theme[] = takes ? ["light", "dark", "photoshop", "darkest"] : ["light"];
const languages = takes ? (["en"] as const) : (["en", "ko"] as const);
const widths = takes ? [240, 320, 480] : [115, 230, 600];

let pictures: Awaited<ReturnType<typeof picture>>[];
let cat: Awaited<ReturnType<typeof picture>>;
let stages: Stage[] = [];
let board: HTMLElement;

beforeAll(async () => {
  document.title = "Panel";
  pictures = await Promise.all(["cat-1", "cat-2", "cat-3", "cat-4"].map(picture));
  cat = await picture("cat");
});

afterEach(async () => {
  for (const stage of stages) await stage.panel.dispose();
  board.remove();
  stages = [];
});

const processor = {
  provider: "wasm",
  precision: "float32",
  fallback: "WebGPU is not used, because there is no adapter; the CPU computes instead, which is much slower.",
} as const;

/** The frame that tests run in is scaled down to the window; pictures are taken at its full size. */
function unscale(): void {
  const holder = window.frameElement?.parentElement;
  if (holder) holder.style.transform = "none";
}

/** Screens in an editor that tells the structure of a drawing. */
const ofDocuments: readonly string[] = ["document", "kinds"];

/** One panel for each theme, side by side. */
function mountAll(width: number, language: string, name: string): void {
  board = document.createElement("div");
  board.style.cssText = "display: inline-flex; gap: 12px; padding: 12px; background: #8d9299";
  document.body.style.margin = "0";
  document.body.append(board);
  const engine = () => stageEngine({ pictures, device: name === "warning" ? processor : {} });
  const drawing = () => (ofDocuments.includes(name) ? { host: vectorHost(), nets: ["lines", "depth", "seg"] } : {});
  stages = themes.map((theme) => mount({ theme, width, language, parent: board, engine: engine(), ...drawing() }));
}

const inside = (stage: Stage, selector: string): HTMLElement => {
  const found = stage.frame.querySelector<HTMLElement>(selector);
  if (!found) throw new Error(`The panel has no ${selector}.`);
  return found;
};

/** Selects the cat in the editor, and waits for its map. */
async function select(stage: Stage): Promise<void> {
  await expect.poll(() => stage.frame.querySelector(".ud-main")).not.toBeNull();
  await stage.host.kit.select(cat, { x: 20, y: 20, width: 256, height: 256 });
  await expect.poll(() => stage.frame.querySelector(".ud-thumb canvas")).not.toBeNull();
}

/** Selects a drawing in the editor, and waits for its lines. */
async function selectDrawing(stage: Stage): Promise<void> {
  await expect.poll(() => stage.frame.querySelector(".ud-main")).not.toBeNull();
  await stage.host.kit.select(landscapePicture(256, 256), { x: 20, y: 20, width: 256, height: 256 });
  await expect.poll(() => stage.frame.querySelector(".ud-name")?.textContent).toMatch(/shapes|도형/);
  await expect.poll(() => stage.frame.querySelector(".ud-thumb canvas")).not.toBeNull();
}

async function addKind(stage: Stage, name: RegExp): Promise<void> {
  inside(stage, ".ud-head .ud-icon-button").click();
  const offer = () =>
    [...stage.frame.querySelectorAll<HTMLElement>(".ud-offers button")].find((one) => name.test(one.textContent ?? ""));
  await expect.poll(offer).toBeDefined();
  offer()?.click();
}

async function write(stage: Stage, text: string): Promise<void> {
  await userEvent.fill(inside(stage, "textarea"), text);
}

/** How well a picture follows the lines of the cat. */
async function fidelityOf(picture: Pixels): Promise<ControlFidelity> {
  const lines = canny();
  const see = (pixels: Pixels) => lines.extract(pixels, { run: () => Promise.reject(new Error("It runs no model.")) });
  const fidelity = await lines.compare(await see(cat), await see(picture));
  return { ...fidelity, condition: "canny", gain: (fidelity.value - fidelity.chance) / (1 - fidelity.chance) };
}

const prompts = { en: "3d render emoji of orange cat face", ko: "3d render emoji of orange cat face" };

const screens: Readonly<Record<string, (stage: Stage, language: "en" | "ko") => Promise<void>>> = {
  async "first-run"(stage) {
    await expect.poll(() => stage.frame.querySelector(".ud-dot-good")).not.toBeNull();
  },
  async draw(stage, language) {
    await select(stage);
    await write(stage, prompts[language]);
    for (let n = 1; n <= (takes ? 4 : 1); n++) {
      stage.engine.measure([await fidelityOf(pictures[n - 1] as Pixels)]);
      inside(stage, ".ud-main").click();
      await expect.poll(() => stage.frame.querySelectorAll(".ud-shot").length, { timeout: 5000 }).toBe(n);
      await expect.poll(() => stage.frame.querySelector(".ud-busy")).toBeNull();
    }
    inside(stage, ".ud-main").focus();
    inside(stage, ".ud-main").blur();
  },
  async working(stage) {
    await select(stage);
    stage.engine.pauseAt(13);
    inside(stage, ".ud-open").click();
    inside(stage, ".ud-main").click();
    await expect.poll(() => stage.frame.querySelector(".ud-told")?.textContent).toMatch(/13/);
    await write(stage, "flat emoji of house");
    await expect.poll(() => stage.frame.querySelector(".ud-menu")?.hasAttribute("hidden")).toBe(false);
  },
  async warning(stage) {
    await select(stage);
    inside(stage, ".ud-open").click();
    await expect.poll(() => stage.frame.querySelectorAll(".ud-switch").length).toBe(2);
    stage.frame.querySelectorAll<HTMLElement>(".ud-switch")[1]?.click(); // the map upside down: black on white
    await expect.poll(() => stage.frame.querySelector(".ud-note")).not.toBeNull();
    inside(stage, ".ud-open").click();
    await write(stage, "3d render emoji of orange castle");
    inside(stage, "textarea").blur();
    await expect.poll(() => stage.frame.querySelector(".ud-hint")).not.toBeNull();
    await expect.poll(() => stage.frame.querySelectorAll(".ud-note").length).toBe(2);
  },
  async document(stage) {
    await selectDrawing(stage);
    await addKind(stage, /layer names|레이어 이름/);
    await expect.poll(() => stage.frame.querySelector(".ud-notes")).not.toBeNull();
    inside(stage, ".ud-open").click();
    await expect.poll(() => stage.frame.querySelector(".ud-detail")).not.toBeNull();
    inside(stage, ".ud-head .ud-icon-button").blur();
  },
  async kinds(stage) {
    await selectDrawing(stage);
    inside(stage, ".ud-head .ud-icon-button").click();
    await expect.poll(() => stage.frame.querySelector(".ud-offers summary")).not.toBeNull();
    if (!takes) inside(stage, ".ud-offers summary").click();
  },
};

/** What of a panel reaches out of it sideways, or is cut off without an ellipsis. */
function cutOff({ frame }: Stage): readonly string[] {
  const box = frame.getBoundingClientRect();
  const body = inside({ frame } as Stage, ".ud-body");
  const found: string[] = body.scrollWidth > body.clientWidth ? ["the body scrolls sideways"] : [];
  for (const element of frame.querySelectorAll<HTMLElement>("*")) {
    const style = getComputedStyle(element);
    const { left, right, width } = element.getBoundingClientRect();
    if (width === 0 || element.closest(".ud-sr, .ud-over, [hidden]") || style.position === "absolute") continue;
    const name = `${element.tagName} .${element.className} "${element.textContent?.slice(0, 30)}"`;
    if (left < box.left - 0.5 || right > box.right + 0.5) found.push(`${name} lies outside`);
    const isCut =
      element.scrollWidth > element.clientWidth + 1 && style.overflowX !== "visible" && style.display !== "inline";
    if (isCut && style.textOverflow !== "ellipsis" && element.clientWidth > 0) found.push(`${name} is cut`);
  }
  return found;
}

describe.each(languages)("in %s", (language) => {
  describe.each(widths)("at %d px", (width) => {
    test.each(Object.keys(screens))("%s fits", async (name) => {
      const height = 760;
      await page.viewport(themes.length * (width + 12) + 12, height + 24);
      mountAll(width, language, name);
      for (const stage of stages) {
        stage.root.style.height = `${height}px`;
        await screens[name]?.(stage, language);
      }
      expect(stages.flatMap(cutOff)).toEqual([]);
      if (takes) unscale();
      if (takes) await page.screenshot({ path: `../../docs/screens/${name}-${width}.png`, element: board });
    });
  });
});

test("a part that reaches out is found", async () => {
  mountAll(320, "en", "draw");
  const [stage] = stages;
  if (!stage) throw new Error("Nothing was mounted.");
  await expect.poll(() => stage.frame.querySelector(".ud-main")).not.toBeNull();
  expect(cutOff(stage)).toEqual([]);
  inside(stage, ".ud-main").style.minWidth = "400px";
  expect(cutOff(stage).length).toBeGreaterThan(0);
});
