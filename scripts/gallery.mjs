import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { chromiumFlags, findChromium } from "./chromium.mjs";

// Makes the sheets of docs/img, and what they show. Run it after what they show changed:
//   npm run gallery              docs/conditions and conditions.jpg: every condition of one photo and one drawing
//   npm run gallery -- control   control.jpg: one sketch in every strength of its control

const [, , which = "conditions"] = process.argv;
const image = (path, label, note) => {
  const type = path.endsWith(".webp") ? "image/webp" : "image/png";
  const data = readFileSync(path).toString("base64");
  const small = note ? `<small>${note}</small>` : "";
  return `<figure><img src="data:${type};base64,${data}" alt=""><figcaption>${label}${small}</figcaption></figure>`;
};
const sheets = {
  conditions: {
    script: "examples/gallery/gallery.ts",
    columns: 8,
    cells: () =>
      JSON.parse(readFileSync("out/gallery/shown.json", "utf8")).map(({ id, file }) =>
        image(`docs/conditions/${file}`, id),
      ),
  },
  control: {
    script: "examples/gallery/control.ts",
    columns: 7,
    cells: () =>
      JSON.parse(readFileSync("out/gallery/control/shown.json", "utf8")).map(({ file, label, note }) =>
        image(`out/gallery/control/${file}`, label, note),
      ),
  },
};
const sheet = sheets[which];
if (!sheet) throw new Error(`There is no sheet "${which}": conditions or control.`);

const { status } = spawnSync(process.execPath, ["scripts/run.mjs", sheet.script], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const executablePath = findChromium();
if (executablePath === null) throw new Error("The sheet needs Chromium: install it, or set CHROMIUM.");
const html = `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; padding: 24px; background: #17181b; color: #d6d8dc; font: 13px/1.4 system-ui, sans-serif; }
  main { display: grid; grid-template-columns: repeat(${sheet.columns}, 1fr); gap: 14px 12px; }
  figure { margin: 0; }
  img { display: block; width: 100%; border-radius: 6px; background: #000; }
  figcaption { margin-top: 5px; text-align: center; }
  small { display: block; color: #9a9da3; }
</style><main>${sheet.cells().join("")}</main>`;

const browser = await chromium.launch({ executablePath, args: chromiumFlags });
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.setContent(html, { waitUntil: "load" });
  await page.screenshot({ path: `docs/img/${which}.jpg`, type: "jpeg", quality: 84, fullPage: true });
} finally {
  await browser.close();
}
