import { afterEach, expect, test } from "vitest";
import type { NodePhotoshop, PhotoshopOptions } from "../../hosts/photoshop/index.ts";
import { connected, openPlugin } from "./simulated.ts";

// What the plugin does around its page: panel, menu commands, a page that is loaded again or not there at all.

const open: NodePhotoshop[] = [];
afterEach(async () => {
  for (const ps of open.splice(0)) await ps.quit();
});

async function studio(options: Partial<PhotoshopOptions> = {}): Promise<NodePhotoshop> {
  const ps = await openPlugin(options);
  open.push(ps);
  const bounds = { left: 4, top: 4, right: 12, bottom: 12 };
  ps.open({ width: 32, height: 24, layers: [{ name: "Fox", bounds, fill: [1, 2, 3, 255] }] });
  return ps;
}

/** The page's ear: what arrives, and a way to wait for the next. */
async function listening(ps: NodePhotoshop) {
  const page = await ps.page();
  const heard: unknown[] = [];
  page.listen(({ data }) => heard.push(data));
  const settled = () => new Promise((resolve) => setTimeout(resolve, 60));
  return {
    heard,
    async say(message: unknown): Promise<unknown[]> {
      page.post(message);
      await settled();
      return heard.splice(0);
    },
    settled,
  };
}

test("nothing is said to a page before it speaks, and then it is welcomed in Photoshop's language", async () => {
  const ps = await studio({ locale: "ko_KR" });
  const page = await listening(ps);
  await page.settled();
  expect(page.heard).toEqual([]);
  expect(await page.say({ shell: "ready" })).toEqual([{ shell: "welcome", language: "ko-KR" }]);
  expect(ps.problems).toEqual([]);
});

test("commands wait until the panel stands, also after the page was loaded again", async () => {
  const ps = await studio();
  const page = await listening(ps);
  const command = { shell: "command", command: { name: "extract" } };
  await ps.runCommand("underdraw.extract");
  await page.say({ shell: "ready" });
  expect(await page.say({ shell: "mounted" })).toEqual([command]);
  await ps.runCommand("underdraw.extract");
  await page.settled();
  expect(page.heard.splice(0)).toEqual([command]);
  await page.say({ shell: "ready" });
  await ps.runCommand("underdraw.extract");
  await page.settled();
  expect(page.heard).toEqual([]);
  expect(await page.say({ shell: "mounted" })).toEqual([command]);
});

test("a page that was loaded again gets a new connection, and the old one's messages are not heard", async () => {
  const ps = await studio();
  const before = await connected(ps);
  expect((await before.capture({ maxSide: 8 }))?.bounds.width).toBe(8);
  (await ps.page()).reload();
  const after = await connected(ps);
  expect((await after.capture({ maxSide: 8 }))?.bounds.width).toBe(8);
});

test("redrawing a layer that is not Underdraw's is answered with words", async () => {
  const ps = await studio();
  await ps.runCommand("underdraw.redraw");
  expect(ps.alerts).toEqual([expect.stringMatching(/was not drawn by Underdraw/)]);
});

test("redrawing shows the recipe of the layer, or of the group around it", async () => {
  const ps = await studio();
  const host = await connected(ps);
  const capture = await host.capture({ maxSide: 8 });
  if (!capture) throw new Error("Nothing was captured.");
  const { pixels, bounds, anchor = "" } = capture;
  const [id] = await host.place("Draw", [{ name: "fox", pixels, bounds, anchor, recipe: "{}" }]);
  const page = await listening(ps);
  await page.say({ shell: "ready" });
  await page.say({ shell: "mounted" });
  for (const name of ["fox", "Underdraw - fox"]) {
    ps.activate(name);
    await ps.runCommand("underdraw.redraw");
    await page.settled();
    expect(page.heard.splice(0)).toContainEqual({ shell: "command", command: { name: "redraw", layer: id } });
  }
});

test("a report holds both sides and goes to the clipboard", async () => {
  const ps = await studio();
  const page = await listening(ps);
  await page.say({ shell: "report", report: { webgpu: false } });
  await page.settled();
  const report = JSON.parse(ps.console.findLast(({ text }) => text.startsWith("{"))?.text ?? "null");
  expect(report).toMatchObject({ host: { photoshop: { name: "photoshop" } }, page: { webgpu: false } });
  expect(report.host["getPixels outside a modal scope"].failed).toMatch(/modal scope/);
  expect(ps.alerts).toEqual([expect.stringMatching(/copied/)]);
});

test("a page that is not there is said to be so, and can be asked for again", async () => {
  const ps = await openPlugin({}, { "webview/index.html": null });
  open.push(ps);
  await new Promise((resolve) => setTimeout(resolve, 50));
  const status = ps.uxp.getElementById("status");
  expect(status?.textContent).toMatch(/could not be loaded.*no file/);
  ps.disk.files.set("plugin:/webview/index.html", new TextEncoder().encode("<!doctype html>"));
  ps.uxp.getElementById("retry")?.dispatchEvent(new Event("click"));
  expect(await (await listening(ps)).say({ shell: "ready" })).toHaveLength(1);
});

test("malformed words of the page are not heard", async () => {
  const ps = await studio();
  const page = await listening(ps);
  for (const message of [{ shell: "format" }, { shell: "report" }, { shell: { ready: true } }, null, 7, "ready"]) {
    expect(await page.say(message)).toEqual([]);
  }
  expect(ps.problems).toEqual([]);
});
