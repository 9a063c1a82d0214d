import { readPicture, writePicture } from "@underdraw/engine/pictures";
import { expect, test } from "vitest";
import { agreed, drawing, fingerprints } from "../golden/pictures/realms.ts";

/** Vitest serves the repository from the root of its address. */
const golden = async (name: string): Promise<Uint8Array> => {
  const response = await fetch(`/test/golden/pictures/${name}`);
  if (!response.ok) throw new Error(`${name} was not served: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
};

test("pictures are read and written to the byte as in Node", async () => {
  expect(await fingerprints(golden)).toEqual(agreed);
});

test("a strip longer than any canvas goes through PNG and JPEG", async () => {
  const strip = drawing(40_000, 3);
  expect((await readPicture(await writePicture(strip, { format: "png" }))).pixels).toEqual(strip);
  const { pixels } = await readPicture(await writePicture(strip, { format: "jpeg" }));
  expect([pixels.width, pixels.height]).toEqual([40_000, 3]);
});

test("the browser itself shows what was written", async () => {
  const pixels = drawing(57, 31);
  const bytes = await writePicture(pixels, { format: "png" });
  const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
  const context = new OffscreenCanvas(57, 31).getContext("2d");
  context?.drawImage(bitmap, 0, 0);
  expect(context?.getImageData(0, 0, 57, 31).data).toEqual(pixels.data);
});

test("the page's own ImageData is left in its place", async () => {
  const own = globalThis.ImageData;
  await readPicture(await golden("lossy.webp"));
  expect(globalThis.ImageData).toBe(own);
  expect(new ImageData(2, 1).data).toHaveLength(8);
});
