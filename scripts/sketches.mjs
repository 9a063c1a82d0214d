import { readFileSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { chromium } from "playwright-core";
import { chromiumFlags, findChromium } from "./chromium.mjs";
import { serve } from "./serve.mjs";

// Draws the ten sketches of models/recipe/sketches/strokes.json with the mouse on the page of `npm run dev` (built by
// `npm run build`), and keeps what the page makes of them: the maps that the pack is judged by.
//   node scripts/sketches.mjs

const folder = "models/recipe/sketches";
const sketches = JSON.parse(readFileSync(`${folder}/strokes.json`, "utf8"));
const executablePath = findChromium();
if (executablePath === null) throw new Error("The sketches need Chromium: install it, or set CHROMIUM.");

/** The way of a hand through places: a curve of Catmull and Rom, some twelve moves between two places. */
function way(places) {
  const at = (n) => places[Math.min(Math.max(n, 0), places.length - 1)];
  const moves = [places[0]];
  for (let n = 0; n + 1 < places.length; n++)
    for (let k = 1; k <= 12; k++) {
      const t = k / 12;
      const [a, b, c, d] = [at(n - 1), at(n), at(n + 1), at(n + 2)];
      moves.push(
        [0, 1].map(
          (i) =>
            0.5 *
            (2 * b[i] +
              (c[i] - a[i]) * t +
              (2 * a[i] - 5 * b[i] + 4 * c[i] - d[i]) * t ** 2 +
              (3 * b[i] - a[i] - 3 * c[i] + d[i]) * t ** 3),
        ),
      );
    }
  return moves;
}

await mkdir(folder, { recursive: true });
const server = await serve("out/sketch", 0);
const browser = await chromium.launch({ executablePath, args: chromiumFlags });
try {
  const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
  await page.goto(`http://localhost:${server.address().port}/?device=cpu`);
  const pad = page.locator("canvas").first();
  const clear = page.locator("#use-clear");
  for (const [name, { strokes }] of Object.entries(sketches)) {
    // The button waits for something to clear.
    if ((await clear.getAttribute("aria-disabled")) !== "true") await clear.click();
    const box = await pad.boundingBox();
    for (const stroke of strokes) {
      const moves = way(stroke).map(([x, y]) => [box.x + (x / 256) * box.width, box.y + (y / 256) * box.height]);
      await page.mouse.move(...moves[0]);
      await page.mouse.down();
      for (const move of moves.slice(1)) await page.mouse.move(...move);
      await page.mouse.up();
    }
    const address = await pad.evaluate((canvas) => {
      const map = document.createElement("canvas");
      [map.width, map.height] = [256, 256];
      const context = map.getContext("2d");
      // The page's ink lies on nothing: where there is ink, the map is white.
      context.drawImage(canvas, 0, 0, 256, 256);
      context.globalCompositeOperation = "source-in";
      context.fillStyle = "white";
      context.fillRect(0, 0, 256, 256);
      context.globalCompositeOperation = "destination-over";
      context.fillStyle = "black";
      context.fillRect(0, 0, 256, 256);
      return map.toDataURL("image/png");
    });
    await writeFile(`${folder}/${name}.png`, Buffer.from(address.split(",")[1], "base64"));
  }
} finally {
  await browser.close();
  server.closeAllConnections();
  server.close();
}
