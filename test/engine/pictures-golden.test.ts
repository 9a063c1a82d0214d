import { readFileSync } from "node:fs";
import { readPicture } from "@underdraw/engine/pictures";
import { expect, test } from "vitest";
import expected from "../golden/pictures/expected.json" with { type: "json" };

const golden = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../golden/pictures/${name}`, import.meta.url)));

test.each(Object.entries(expected))("%s is read as its maker meant it", async (name, { pixels, ...wanted }) => {
  const read = await readPicture(golden(name), { name });
  expect(read.format).toBe(name.split(".")[1]?.replace("jpg", "jpeg"));
  expect([read.pixels.width, read.pixels.height]).toEqual([wanted.width, wanted.height]);
  const bytes = Buffer.from(pixels, "base64");
  let worst = 0;
  for (let i = 0; i < read.pixels.data.length; i++) {
    const opaque = wanted.channels === 3;
    const value = opaque ? (i % 4 === 3 ? 255 : bytes[i - (i >> 2)]) : bytes[i];
    worst = Math.max(worst, Math.abs((read.pixels.data[i] ?? Number.NaN) - (value ?? Number.NaN)));
  }
  expect(worst).toBeLessThanOrEqual(wanted.tolerance);
});
