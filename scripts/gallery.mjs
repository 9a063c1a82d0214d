import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { chromiumFlags, findChromium } from "./chromium.mjs";

// Makes the sheets of docs/img, and what they show. Run it after what they show changed:
//   npm run gallery              docs/conditions and conditions.jpg: every condition of one photo and one drawing
//   npm run gallery -- control   control.jpg: one sketch in every strength of its control
//   npm run gallery -- sketches  sketches.jpg: the ten sketches and what the pack draws of them

const [, , which = "conditions"] = process.argv;
const image = (paths, label, note) => {
  const pictures = [paths].flat().map((path) => {
    const type = path.endsWith(".webp") ? "image/webp" : "image/png";
    return `<img src="data:${type};base64,${readFileSync(path).toString("base64")}" alt="">`;
  });
  const small = note ? `<small>${note}</small>` : "";
  return `<figure><div>${pictures.join("")}</div><figcaption>${label}${small}</figcaption></figure>`;
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
  sketches: {
    script: "examples/gallery/sketches.ts",
    columns: 5,
    cells: () =>
      JSON.parse(readFileSync("out/gallery/sketches/shown.json", "utf8")).map(({ sketch, file, label, note }) =>
        image([sketch, file], label, note),
      ),
  },
};
const sheet = sheets[which];
if (!sheet) throw new Error(`There is no sheet "${which}": ${Object.keys(sheets).join(", ")}.`);

const { status } = spawnSync(process.execPath, ["scripts/run.mjs", sheet.script], { stdio: "inherit" });
if (status !== 0) process.exit(status ?? 1);

const executablePath = findChromium();
if (executablePath === null) throw new Error("The sheet needs Chromium: install it, or set CHROMIUM.");
const html = `<!doctype html><meta charset="utf-8"><style>
  body { margin: 0; background: #17181b; color: #d6d8dc; font: 13px/1.4 system-ui, sans-serif; }
  main { padding: 24px; display: grid; grid-template-columns: repeat(${sheet.columns}, 1fr); gap: 14px 12px; }
  figure { margin: 0; }
  figure > div { display: flex; gap: 6px; }
  img { display: block; flex: 1; min-width: 0; width: 100%; border-radius: 6px; background: #000; }
  figcaption { margin-top: 5px; text-align: center; }
  small { display: block; color: #9a9da3; }
</style><main>${sheet.cells().join("")}</main>`;

const browser = await chromium.launch({ executablePath, args: chromiumFlags });
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  await page.setContent(html, { waitUntil: "load" });
  await page.locator("main").screenshot({ path: `docs/img/${which}.jpg`, type: "jpeg", quality: 84 });
} finally {
  await browser.close();
}
