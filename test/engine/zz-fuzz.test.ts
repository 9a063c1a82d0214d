import { readFileSync } from "node:fs";
import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { test } from "vitest";
test("speed", async () => {
  const w = 3000, h = 2000; const data = new Uint8ClampedArray(w * h * 4);
  for (let i = 0; i < data.length; i++) data[i] = i % 4 === 3 ? 255 : (Math.sin(i / 977) * 100 + 128 + ((i * 2654435761) >>> 29));
  const time = async (n: string, f: () => Promise<any>) => { const t = performance.now(); const r = await f(); console.log(n, Math.round(performance.now() - t), r.length ?? ""); return r; };
  for (const format of ["png", "jpeg", "webp"] as const) { const b = await time("write " + format, () => writePicture({ width: w, height: h, data }, { format, ...(format === "webp" ? { quality: 80 } : {}) })); await time("read " + format, () => readPicture(b)); }
  const p = await readPicture(new Uint8Array(readFileSync("test/golden/pictures/strip.png"))); console.log(p.pixels.width, "ImageData" in globalThis);
}, 60000);
