import { createPixels, type Pixels, UnderdrawError } from "@underdraw/engine";
import { formatOf, readPicture, writePicture } from "@underdraw/engine/pictures";
import { expect, test } from "vitest";
import { drawing } from "../golden/pictures/realms.ts";

const difference = (a: Pixels, b: Pixels): number =>
  a.data.reduce((sum, value, i) => sum + Math.abs(value - (b.data[i] ?? 0)), 0) / a.data.length;

test.each([
  ["opaque", false, 2],
  ["with alpha", true, 6],
] as const)("a PNG that is %s gives back its pixels and stores only the channels it needs", async (_, alpha, type) => {
  const pixels = drawing(57, 31, alpha);
  const bytes = await writePicture(pixels, { format: "png" });
  expect(bytes[25]).toBe(type);
  const read = await readPicture(bytes);
  expect(read.pixels).toEqual(pixels);
  expect(read.notes).toEqual([]);
});

test("texts come back from a PNG, Latin-1 or not, in their order", async () => {
  const text = {
    parameters: "a cottage, f\u00fcr 20 \u00b0C\nsecond line",
    recipe: '{"prompt":"山の小屋 🏔"}',
    empty: "",
  };
  const bytes = await writePicture(drawing(4, 4), { format: "png", text });
  expect([...(await readPicture(bytes)).text]).toEqual(Object.entries(text));
  const kinds = Buffer.from(bytes).toString("latin1");
  expect(kinds).toContain("tEXtparameters");
  expect(kinds).toContain("iTXtrecipe");
});

test("compressed texts of other writers are read", async () => {
  // zTXt "old" and a compressed iTXt "new", as Pillow 13.0.0 writes them.
  const bytes = Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAAFXpUWHRvbGQAAHicS3mZ9UAhhbYEAMJMNk3hZqRfAAAAIWlUWHRuZXcAAQAAAHice7px4+PGdU839D/d2K3wdGRyAI+3rtlFN2U+AAAADElEQVR4nGNgYGAAAAAEAAH2FzhVAAAAAElFTkSuQmCC",
    "base64",
  );
  expect([...(await readPicture(bytes)).text]).toEqual([
    ["old", "d\u00e9j\u00e0 ".repeat(20)],
    ["new", "山の小屋 ".repeat(20)],
  ]);
});

test("a keyword that PNG does not allow is a RangeError", async () => {
  for (const keyword of ["", " lead", "two  spaces", "x".repeat(80), "山"]) {
    await expect(writePicture(drawing(2, 2), { format: "png", text: { [keyword]: "x" } })).rejects.toThrow(RangeError);
  }
});

test("a JPEG shows transparent parts over white and comes close to its pixels", async () => {
  const clear = createPixels(16, 16);
  for (let i = 0; i < clear.data.length; i += 4) clear.data.set([255, 0, 0, i < 512 ? 0 : 128], i);
  const read = (await readPicture(await writePicture(clear, { format: "jpeg", quality: 100 }))).pixels;
  const at = (x: number, y: number): number[] => [...read.data.subarray((y * 16 + x) * 4, (y * 16 + x) * 4 + 4)];
  for (const [place, wanted] of [
    [at(3, 2), [255, 255, 255, 255]],
    [at(3, 13), [255, 127, 127, 255]],
  ] as const) {
    wanted.forEach((value, channel) => {
      expect(Math.abs((place[channel] ?? 0) - value)).toBeLessThanOrEqual(3);
    });
  }
  const fine = await writePicture(drawing(64, 48), { format: "jpeg", quality: 95 });
  const coarse = await writePicture(drawing(64, 48), { format: "jpeg", quality: 20 });
  expect(fine.length).toBeGreaterThan(coarse.length);
  expect(difference((await readPicture(fine)).pixels, drawing(64, 48))).toBeLessThan(12);
});

test("a WebP without a quality is lossless, with one it is smaller", async () => {
  const pixels = drawing(64, 48, true);
  const lossless = await writePicture(pixels, { format: "webp" });
  expect((await readPicture(lossless)).pixels).toEqual(pixels);
  const lossy = await writePicture(pixels, { format: "webp", quality: 40 });
  expect(lossy.length).toBeLessThan(lossless.length);
  expect(difference((await readPicture(lossy)).pixels, pixels)).toBeLessThan(25);
});

test("a strip of 40,000 x 3 goes through PNG and JPEG", async () => {
  const strip = drawing(40_000, 3);
  expect((await readPicture(await writePicture(strip, { format: "png" }))).pixels).toEqual(strip);
  const { pixels } = await readPicture(await writePicture(strip, { format: "jpeg" }));
  expect([pixels.width, pixels.height]).toEqual([40_000, 3]);
});

test("a side that the format cannot hold is refused with a way out", async () => {
  const error = await writePicture(createPixels(16_384, 1), { format: "webp" }).catch((caught: unknown) => caught);
  expect(UnderdrawError.is(error, "file-unwritable")).toBe(true);
  expect(String(error)).toContain("Write a PNG");
});

test("options that make no sense are a programmer's errors", async () => {
  const pixels = drawing(2, 2);
  await expect(writePicture(pixels, { format: "jpeg", quality: 0 })).rejects.toThrow(RangeError);
  await expect(writePicture(pixels, { format: "webp", quality: Number.NaN })).rejects.toThrow(RangeError);
  await expect(writePicture(pixels, { format: "jpeg", text: { a: "b" } })).rejects.toThrow(TypeError);
  await expect(writePicture({ ...pixels, width: 3 }, { format: "png" })).rejects.toThrow(RangeError);
});

test("Node keeps no trace of the codecs' stand-in for ImageData", async () => {
  await writePicture(drawing(8, 8), { format: "jpeg" });
  expect("ImageData" in globalThis).toBe(false);
});

test("a file name tells what to write", () => {
  expect(["a.png", "b.JPG", "c.jpeg", "d.WebP"].map(formatOf)).toEqual(["png", "jpeg", "jpeg", "webp"]);
  expect(["e.gif", "f", "g.png.txt", ".constructor"].map(formatOf)).toEqual([null, null, null, null]);
});

/** Independent bytes: nothing takes longer to pack. */
function noise(width: number, height: number): Pixels {
  const pixels = createPixels(width, height);
  let state = 9;
  for (let i = 0; i < pixels.data.length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    pixels.data[i] = i % 4 === 3 ? 255 : state >>> 24;
  }
  return pixels;
}

/** How long a work takes, and how often others had their turn meanwhile. */
async function watched<Result>(work: () => Promise<Result>): Promise<{ result: Result; took: number; turns: number }> {
  let turns = 0;
  const timer = setInterval(() => turns++);
  const began = performance.now();
  const result = await work().finally(() => clearInterval(timer));
  return { result, took: performance.now() - began, turns };
}

test("a large PNG is written and read with turns for others, and stops at once with the signal's own reason", async () => {
  const pixels = noise(3200, 1600);
  const written = await watched(() => writePicture(pixels, { format: "png" }));
  const read = await watched(() => readPicture(written.result));
  expect(Buffer.compare(Buffer.from(read.result.pixels.data), Buffer.from(pixels.data))).toBe(0);
  for (const { took, turns } of [written, read]) expect(turns).toBeGreaterThan(Math.min(took / 400, 3));
  const reason = new Error("enough");
  const stopped = async (work: (signal: AbortSignal) => Promise<unknown>): Promise<number> => {
    const stopping = new AbortController();
    setTimeout(() => stopping.abort(reason), 20);
    const began = performance.now();
    await expect(work(stopping.signal)).rejects.toBe(reason);
    return performance.now() - began;
  };
  const whole = written.took;
  expect(await stopped((signal) => writePicture(pixels, { format: "png", signal }))).toBeLessThan(whole * 0.7);
  await stopped((signal) => readPicture(written.result, { signal }));
  await expect(writePicture(pixels, { format: "webp", signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
});

test("a picture of so many pixels that it is packed faster comes back as it was, rows alike and rows of nothing too", async () => {
  const pixels = createPixels(4200, 2000);
  const words = new Uint32Array(pixels.data.buffer).fill(0xff204060);
  for (let y = 900; y < 1000; y++)
    for (let x = 0; x < 4200; x++) words[y * 4200 + x] = 0xff000000 | Math.imul(x, y * 977);
  const bytes = await writePicture(pixels, { format: "png" });
  expect(bytes.length).toBeLessThan(1_500_000);
  expect(Buffer.compare(Buffer.from((await readPicture(bytes)).pixels.data), Buffer.from(pixels.data))).toBe(0);
});
