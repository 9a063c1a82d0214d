import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { chromiumFlags, findChromium } from "./chromium.mjs";

// Makes docs/conditions and docs/img/conditions.jpg: every condition of one photo and one drawing, a page for each and one
// sheet of all. Run it after a condition, its options or its map changed:
//   npm run gallery

const { status } = spawnSync(process.execPath, ["scripts/run.mjs", "examples/gallery/gallery.ts"], {
  stdio: "inherit",
});
if (status !== 0) process.exit(status ?? 1);

const executablePath = findChromium();
if (executablePath === null) throw new Error("The sheet needs Chromium: install it, or set CHROMIUM.");

const cells = JSON.parse(readFileSync("out/gallery/shown.json", "utf8")).map(({ id, file }) => {
  const type = file.endsWith(".webp") ? "image/webp" : "image/png";
  const data = readFileSync(`docs/conditions/${file}`).toString("base64");
  return `<figure><img src="data:${type};base64,${data}" alt=""><figcaption>${id}</figcaption></figure>`;
});
const html = `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; padding: 24px; background: #17181b; color: #d6d8dc; font: 13px/1.4 system-ui, sans-serif; }
  main { display: grid; grid-template-columns: repeat(8, 1fr); gap: 14px 12px; }
  figure { margin: 0; }
  img { display: block; width: 100%; border-radius: 6px; background: #000; }
  figcaption { margin-top: 5px; text-align: center; }
</style><main>${cells.join("")}</main>`;

const browser = await chromium.launch({ executablePath, args: chromiumFlags });
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.setContent(html, { waitUntil: "load" });
  await page.screenshot({ path: "docs/img/conditions.jpg", type: "jpeg", quality: 84, fullPage: true });
} finally {
  await browser.close();
}
