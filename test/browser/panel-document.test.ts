import { builtInConditions, segmentation } from "@underdraw/engine";
import type { Theme } from "@underdraw/sdk/panel";
import axe from "axe-core";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { page, userEvent } from "vitest/browser";
import { landscapePicture, vectorHost } from "./panel/landscape.ts";
import { mount, type Stage, type StageOptions } from "./panel/stage.ts";

// Controls that read the document, as a person meets them: found, chosen, set and taken back with mouse and keyboard.

let stage: Stage;

const themes: readonly Theme[] = ["light", "dark", "photoshop", "darkest"];
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

beforeEach(async () => {
  document.documentElement.lang = "en";
  document.title = "Panel";
  await page.viewport(400, 1240);
});

afterEach(async () => {
  await stage.panel.dispose();
  stage.root.remove();
});

const found = (selector: string): HTMLElement => {
  const element = stage.frame.querySelector<HTMLElement>(selector);
  if (!element) throw new Error(`The panel has no ${selector}.`);
  return element;
};
const button = (name: string | RegExp) => page.getByRole("button", { name, exact: typeof name === "string" });
const under = (): string => found(".ud-name .ud-soft").textContent ?? "";

/** What tells the map that is shown from others: a sum over its bytes. */
function map(): number {
  const canvas = found(".ud-stage canvas") as HTMLCanvasElement;
  const data = canvas.getContext("2d")?.getImageData(0, 0, canvas.width, canvas.height).data;
  return Array.from(data ?? []).reduce((sum, value, at) => (Math.imul(sum, 31) + value * ((at % 7) + 1)) | 0, 7);
}

/** Waits until the newest map that is seen is one of a condition. */
async function seen(condition: string): Promise<void> {
  await expect.poll(() => stage.engine.drawn.at(-1)).toBe(condition);
  await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
}

/** A panel beside an editor in which a drawing is selected. */
async function selected(options: StageOptions = {}): Promise<void> {
  stage = mount({ host: vectorHost(), height: 1200, ...options });
  await expect.element(page.getByRole("textbox")).toBeVisible();
  await stage.host.kit.select(landscapePicture(256, 256), { x: 20, y: 20, width: 256, height: 256 });
  await expect.poll(under).toBe("Line art · shapes of Layer layer-1");
  await seen("lineart");
}

async function silent(): Promise<void> {
  for (const theme of themes) {
    stage.panel.setTheme(theme);
    const { violations } = await axe.run(stage.root, { runOnly: rules });
    expect(violations.map(({ id, nodes }) => [theme, id, nodes.map(({ html }) => html)])).toEqual([]);
  }
}

describe("the list of kinds", () => {
  test("stands in groups, those from the document first, and says what the others need", async () => {
    await selected();
    await button("Add a control").click();
    const headings = [...stage.frame.querySelectorAll(".ud-offers h3")].map(({ textContent }) => textContent);
    expect(headings).toEqual(["From the document", "From the picture"]);
    const [first] = stage.frame.querySelectorAll(".ud-offers ul");
    expect([...(first?.querySelectorAll("button") ?? [])].map(({ textContent }) => textContent)).toEqual([
      "Line art",
      "Scribble",
      "Depth by layer order",
      "Colour areas",
    ]);
    found(".ud-offers summary").click();
    await expect.element(page.getByText("Segmentation from layer names")).toBeVisible();
    await expect.element(page.getByText("needs the net “segmentation”")).toBeVisible();
    expect(stage.frame.querySelectorAll(".ud-lacking").length).toBeGreaterThan(8);
    await silent();
  });

  test("is gone through with the keyboard, and gives focus back", async () => {
    await selected();
    (button("Add a control").element() as HTMLElement).focus();
    await userEvent.keyboard("{Enter}");
    await userEvent.tab();
    await userEvent.tab();
    expect(document.activeElement?.textContent).toBe("Scribble");
    await userEvent.keyboard("{Escape}");
    expect(stage.frame.querySelector(".ud-offers")).toBeNull();
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Add a control");
    await userEvent.keyboard("{Enter}");
    for (let n = 0; n < 3; n++) await userEvent.tab();
    await userEvent.keyboard("{Enter}");
    await expect.element(button(/^Depth/)).toBeVisible();
    expect(document.activeElement?.getAttribute("aria-label")).toBe("Add a control");
    expect(stage.frame.querySelectorAll(".ud-control")).toHaveLength(2);
  });

  test("says so when nothing in shapes is selected, and offers no document to an editor that tells none", async () => {
    await selected();
    stage.host.scene = async () => {
      const capture = await stage.host.capture({ maxSide: 16 });
      return capture && { bounds: capture.bounds, shapes: [] };
    };
    await stage.panel.dispose();
    stage.root.remove();
    stage = mount({ host: stage.host, height: 1200 });
    await expect.poll(() => stage.frame.querySelector(".ud-thumb canvas")).not.toBeNull();
    expect(under()).toBe("Canny edges of Layer layer-1");
    await button("Add a control").click();
    await expect.element(page.getByText("Nothing drawn in shapes is selected.")).toBeVisible();
    await silent();
  });
});

describe("the form of a control", () => {
  test("changes its kind: the map, the name and the options are those of the new one, the strength stays", async () => {
    await selected();
    await button(/^Lines/).click();
    const stops = page.getByRole("slider", { name: "Strength of Lines", exact: true });
    (stops.element() as HTMLElement).focus();
    await userEvent.keyboard("{Home}");
    const before = map();
    const kinds = page.getByRole("combobox", { name: "Kind of Lines" });
    expect([...kinds.element().querySelectorAll("optgroup")].map(({ label }) => label)).toEqual([
      "From the document",
      "From the picture",
    ]);
    await kinds.selectOptions("Depth by layer order");
    await expect.poll(under).toBe("Layer order · shapes of Layer layer-1");
    await expect.poll(map).not.toBe(before);
    await expect.element(page.getByRole("textbox", { name: "Exact strength of Depth" })).toHaveValue("0.7");
    await expect.element(page.getByRole("combobox", { name: "Gradient" })).toBeVisible();
    await page.getByRole("combobox", { name: "Kind of Depth" }).selectOptions("Canny edges");
    await expect.poll(under).toBe("Canny edges of Layer layer-1");
    await silent();
  });

  test("draws while a slider moves, the newest last, and takes all back", async () => {
    await selected();
    await button(/^Lines/).click();
    const first = map();
    await page.getByRole("radio", { name: "all equal" }).click();
    await expect.poll(map).not.toBe(first);
    const width = page.getByRole("slider", { name: "Width", exact: true });
    (width.element() as HTMLElement).focus();
    for (let n = 0; n < 40; n++) await userEvent.keyboard("{ArrowRight}");
    const field = page.getByRole("textbox", { name: "Width" });
    const value = (field.element() as HTMLInputElement).value;
    expect(Number(value)).toBeGreaterThan(3);
    await new Promise((done) => setTimeout(done, 300));
    const wide = map();
    await userEvent.fill(field, "2");
    await expect.poll(map).not.toBe(wide);
    await userEvent.fill(field, value);
    await expect.poll(map).toBe(wide);
    const back = button("Reset the settings of Lines");
    await expect.element(back).toHaveAttribute("aria-disabled", "false");
    await back.click();
    await expect.poll(map).toBe(first);
    await expect.element(back).toHaveAttribute("aria-disabled", "true");
    await expect.element(field).toHaveValue("2.0");
    await silent();
  });

  test("leaves an option without a preset to the condition until a number is written", async () => {
    const hed = builtInConditions.find(({ id }) => id === "softedge-hed");
    if (!hed) throw new Error("There is no HED.");
    await page.viewport(400, 800);
    stage = mount({ controls: [{ kind: hed, net: "lines" }], detectors: ["hed"] });
    await expect.element(page.getByRole("textbox")).toBeVisible();
    await stage.host.kit.select(landscapePicture(64, 64), { x: 20, y: 20, width: 64, height: 64 });
    await expect.element(button(/^Lines/)).toBeVisible();
    await button(/^Lines/).click();
    const field = page.getByRole("textbox", { name: "Resolution" });
    await expect.element(field).toHaveAttribute("placeholder", "auto");
    await userEvent.fill(field, "512");
    await expect.element(button("Reset the settings of Lines")).toHaveAttribute("aria-disabled", "false");
    await userEvent.clear(field);
    await expect.element(button("Reset the settings of Lines")).toHaveAttribute("aria-disabled", "true");
  });
});

test("what a condition says of the names in a drawing stands under its control, with suggestions", async () => {
  await selected({ nets: ["lines", "segmentation"] });
  await button("Add a control").click();
  await button("Segmentation by layer names").click();
  await expect.element(page.getByText("Some layer names are not known")).toBeVisible();
  const note = found(".ud-notes").textContent ?? "";
  expect(note).toContain('"Blob 7"');
  expect(note).not.toContain('"Sky"');
  expect(note).not.toContain("나무");
  await silent();
  await button("Use Segmentation").click();
  expect(stage.frame.querySelector(".ud-notes")).toBeNull();
  expect(segmentation.nets).toContain("segmentation");
});

test("speaks Korean of conditions, their options and what they lack", async () => {
  stage = mount({ host: vectorHost(), height: 1200, language: "ko" });
  await expect.element(page.getByRole("textbox")).toBeVisible();
  await stage.host.kit.select(landscapePicture(256, 256), { x: 20, y: 20, width: 256, height: 256 });
  await expect.poll(() => stage.frame.querySelector(".ud-thumb canvas")).not.toBeNull();
  await expect.poll(under, { timeout: 5000 }).toBe("라인 아트 · Layer layer-1의 도형");
  await button(/^선 ?라인/).click();
  await expect.element(page.getByText("가려진 선", { exact: true })).toBeVisible();
  await button("컨트롤 추가").click();
  await expect.element(page.getByRole("heading", { name: "문서에서" })).toBeVisible();
  found(".ud-offers summary").click();
  await expect.element(page.getByText("“segmentation” 네트 필요")).toBeVisible();
  const texts = [...stage.frame.querySelectorAll(".ud-offers button, .ud-offers li, .ud-detail .ud-label")];
  expect(texts.length).toBeGreaterThan(30);
  expect(texts.filter(({ textContent }) => !/[가-힣]/.test(textContent ?? ""))).toEqual([]);
});
